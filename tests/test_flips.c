/* SPDX-License-Identifier: MIT */
/* What contracts promise of flipped bits holds for each bit: all are reported in time, with any letters of debugging.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness.h"

/* Spread over all slabs: those of c1 have slots that flips lead between, with debug=P on arm926. */
enum { BITS = 400, STRIDE = 37 };

/* Slabs that are full, in part and empty; objects come and go, and at last all of them, and their pages. */
#define TRAFFIC                                                                                                        \
	"c0 = kmem_cache_create 72 0 0\n"                                                                              \
	"c1 = kmem_cache_create 60 0 0\n"                                                                              \
	"o0 = kmem_cache_alloc c0 GFP_KERNEL repeat=6\n"                                                               \
	"o6 = kmem_cache_alloc c1 GFP_KERNEL repeat=4\n"                                                               \
	"o10 = kmalloc 1000 GFP_KERNEL repeat=5\n"                                                                     \
	"kmem_cache_free c0 o1\n"                                                                                      \
	"kmem_cache_free c0 o2\n"                                                                                      \
	"kmem_cache_free c1 o6\n"                                                                                      \
	"%s"                                                                                                           \
	"o15 = kmem_cache_alloc c0 GFP_KERNEL\n"                                                                       \
	"kmem_cache_free c1 o7\n"                                                                                      \
	"cache_validate c0\n"                                                                                          \
	"kmem_cache_shrink c1\n"                                                                                       \
	"o16 = kmem_cache_alloc c1 GFP_KERNEL repeat=2\n"                                                              \
	"kmem_cache_free c0 o0\n"                                                                                      \
	"kmem_cache_free c0 o3\n"                                                                                      \
	"kmem_cache_free c0 o15\n"                                                                                     \
	"kmem_cache_free c0 o4\n"                                                                                      \
	"kmem_cache_free c0 o5\n"                                                                                      \
	"kmem_cache_shrink c0\n"

static const char *const worlds[] = {
	"allocator=slub debug=FZPU",
	"allocator=slub debug=FZPU policy.slub_report=2.6.23",
	"allocator=slub debug=FZPU arch=ppc8xx",
	"allocator=slub debug=FZPU profile=2.6.22",
	"allocator=slub debug=F",
	"allocator=slub debug=Z",
	"allocator=slub debug=P",
	"allocator=slub debug=U",
	"allocator=slub debug=PU profile=2.6.22",
	"allocator=slub",
	"allocator=slab debug=FZPU",
	"allocator=slab debug=FZPU arch=ppc8xx",
	"allocator=slab debug=F profile=2.6.22",
	"allocator=slab debug=ZPU",
	"allocator=slab",
};

static const struct point {
	const char *name;
	enum misuse kind;
} points[] = {
	{"flip_free_pointer", MISUSE_free_pointer_flip},
	{"flip_page_field", MISUSE_slub_offset_flip},
	{"flip_descriptor", MISUSE_slab_desc_flip},
};

/* Sits in front of the oracles. */
static void count_told(void *context, const struct event *event)
{
	unsigned *told = context;

	if (event->kind == EVENT_MISUSE)
		told[event->id]++;
	world_observe(&harness_session()->world, event);
}

/* The fault comes before the op after the next.  Adds to the numbers of flips that were told of, by kind. */
static const char *run(const char *world, const char *point, unsigned bit, unsigned *told)
{
	struct world *w = &harness_session()->world;
	static char text[2048];
	char fault[120];
	int used;

	snprintf(fault, sizeof(fault), "fault_set %s 2 1\nfault_attr %s bit %u\n", point, point, bit);
	used = snprintf(text, sizeof(text), "world %s%s misuse=1 damage=1 drain=1\n",
			strstr(world, "arch=") ? "" : "arch=arm926 ", world);
	snprintf(text + used, sizeof(text) - (size_t)used, TRAFFIC, fault);
	w->sim.observe = count_told;
	w->sim.observe_context = told;
	harness_run(text, NULL);
	w->sim.observe = world_observe;
	w->sim.observe_context = w;
	return text;
}

static void no_flip_that_must_be_reported_is_missed(void **state)
{
	unsigned told[MISUSE_COUNT] = {0};

	(void)state;
	for (size_t w = 0; w < sizeof(worlds) / sizeof(worlds[0]); w++)
		for (size_t p = 0; p < sizeof(points) / sizeof(points[0]); p++)
			for (unsigned bit = 0; bit < BITS; bit++) {
				const char *text = run(worlds[w], points[p].name, bit * STRIDE, told);

				if (harness_found("missed-detection"))
					fail_msg("%s%s", text, harness_signatures());
			}
	/* Not by saying nothing. */
	for (size_t p = 0; p < sizeof(points) / sizeof(points[0]); p++) {
		print_message("%s: %u that must be reported\n", points[p].name, told[points[p].kind]);
		assert_true(told[points[p].kind] > 0);
	}
}

/* The field has 16 bits in each struct page; SLUB looks at them in the slabs that have objects. */
static void a_promise_is_exact_about_the_bit(void **state)
{
	unsigned told[MISUSE_COUNT] = {0}, offset_bits = 0;

	(void)state;
	for (unsigned bit = 0; bit < 32 * 8; bit++) {
		unsigned before = told[MISUSE_slub_offset_flip];

		run("allocator=slub debug=F", "flip_page_field", bit, told);
		offset_bits += told[MISUSE_slub_offset_flip] - before;
	}
	assert_int_equal(offset_bits, 16);
	assert_int_equal(told[MISUSE_other], 32 * 8 - 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flip_that_must_be_reported_is_missed),
		cmocka_unit_test(a_promise_is_exact_about_the_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
