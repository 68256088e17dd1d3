/* SPDX-License-Identifier: MIT */
/* What the guided engine keeps: a program for each shape of the allocators' lists, the shortest, of sound states only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "fuzz/elites.h"
#include "tests/harness.h"

static struct elites elites;
static struct program program;
static struct program_notes notes;

/* Runs and learns; the number of shapes known then. */
static unsigned learn(const char *text)
{
	struct text_error error = {0, 0, ""};

	harness_run(text, NULL);
	assert_true(program_parse(&program, &notes, text, strlen(text), &error));
	elites_learn(&elites, harness_session(), &program);
	return elites.count;
}

static void has(const char *text, enum shape_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
	struct allocator *allocator = harness_session()->executor.allocator;
	struct shape shape = {.count = 0}, wanted = {.count = 0};

	assert_int_equal(harness_run(text, NULL), 0);
	allocator->ops->shape(allocator, &shape);
	shape_add(&wanted, kind, a, b, c);
	for (unsigned i = 0; i < shape.count; i++)
		if (shape.row[i] == wanted.row[0])
			return;
	fail_msg("no row %u %u %u %u after\n%s", kind, (unsigned)a, (unsigned)b, (unsigned)c, text);
}

static void steps_are_powers_of_two(void **state)
{
	static const unsigned first[SHAPE_STEPS] = {0, 1, 2, 4, 8, 16, 32, 64};

	(void)state;
	for (unsigned i = 0; i < SHAPE_STEPS; i++) {
		assert_int_equal(shape_step(first[i]), i);
		if (i > 0)
			assert_int_equal(shape_step(first[i] - 1), i - 1);
	}
	assert_int_equal(shape_step(UINT64_MAX), SHAPE_STEPS - 1);
}

static void rows_beyond_the_table_are_left_out(void **state)
{
	static struct shape shape;

	(void)state;
	for (unsigned i = 0; i < 2 * SHAPE_ROWS_MAX; i++)
		shape_add(&shape, SHAPE_HEAP, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_int_equal(shape.count, SHAPE_ROWS_MAX);
	for (unsigned i = 0; i < SHAPE_ROWS_MAX; i++)
		assert_in_range(shape.row[i], 0, SHAPES - 1);
}

static void lists_are_measured(void **state)
{
	(void)state;
	/* Ten slabs of four; the last is the cpu's and emptied onto the partial list, two others get room. */
	has("world arch=arm926 allocator=slub profile=safe\n"
	    "o0 = kmem_cache_alloc kmalloc-2048 GFP_KERNEL repeat=37\n"
	    "kfree o36\ncache_validate kmalloc-2048\nkfree o0\nkfree o4\n",
	    SHAPE_CACHE, 3, 1, 10);
	has("world arch=arm926 allocator=slub profile=safe cpus=2\nc0 = kmem_cache_create 64 0 DESTROY_BY_RCU\n"
	    "o0 = kmem_cache_alloc c0 GFP_KERNEL\nkmem_cache_free c0 o0\nkmem_cache_shrink c0\n",
	    SHAPE_WAITING, 0, 1, 2);
	/* One slab waits beside one that has room; in a kernel that still has page->slab then. */
	has("world arch=arm926 allocator=slub profile=2.6.22\nc0 = kmem_cache_create 1024 0 DESTROY_BY_RCU\n"
	    "o0 = kmem_cache_alloc c0 GFP_KERNEL repeat=8\nkmem_cache_shrink c0\nkmem_cache_free c0 o0 repeat=7\n",
	    SHAPE_WAITING, 1, 1, 1);
	has("world arch=x86 allocator=slab profile=safe cpus=2\nc0 = kmem_cache_create 64 0 DESTROY_BY_RCU\n"
	    "cpu 1 3 {\n\to0 = kmem_cache_alloc c0 GFP_KERNEL\n\tkmem_cache_free c0 o0\n\tkmem_cache_shrink c0\n}\n",
	    SHAPE_WAITING, 1, 1, 0);
	/* In that era the callback of another cpu may outlive the cache. */
	has("world arch=x86 allocator=slab profile=2.6.22 cpus=2\nc0 = kmem_cache_create 64 0 DESTROY_BY_RCU\n"
	    "cpu 1 3 {\n\to0 = kmem_cache_alloc c0 GFP_KERNEL\n\tkmem_cache_free c0 o0\n\tkmem_cache_shrink c0\n}\n"
	    "kmem_cache_destroy c0\n",
	    SHAPE_WAITING, 1, 1, 1);
	/* Two objects a slab: one slab full, one half, and a refill takes no more than it must. */
	has("world arch=x86 allocator=slab profile=safe\no0 = kmem_cache_alloc kmalloc-2048 GFP_KERNEL repeat=2\n",
	    SHAPE_CACHE, 0, 0, 1);
	has("world arch=x86 allocator=slab profile=safe\no0 = kmem_cache_alloc kmalloc-2048 GFP_KERNEL repeat=2\n"
	    "kfree o0\n",
	    SHAPE_CPU, 0, 1, 0);
}

static void the_shortest_is_kept(void **state)
{
	const char *one = "world arch=arm926 allocator=slub profile=safe\no0 = kmalloc 64 GFP_KERNEL\n";
	const char *two = "world arch=arm926 allocator=slub profile=safe\no0 = kmalloc 64 GFP_KERNEL\nkfree o0\n";
	unsigned known = learn(two);

	(void)state;
	assert_true(known > 0);
	assert_int_equal(learn(one), known);
	assert_int_equal(elites.program[elites.shape[SHAPE_CACHE][0]]->op_count, 1);
	assert_int_equal(learn(two), known);
	assert_int_equal(elites.program[elites.shape[SHAPE_CACHE][0]]->op_count, 1);
	elites_end(&elites);
}

static void damage_is_no_news(void **state)
{
	(void)state;
	assert_int_equal(
		learn("world arch=arm926 allocator=slub profile=2.6.22\no0 = kmalloc 90 GFP_KERNEL|GFP_DMA repeat=2\n"),
		0);
	assert_true(harness_found("overlap/slub"));
	/* Of an allocator that measures nothing, only what its client holds. */
	assert_int_equal(learn("world arch=arm926 allocator=slob-2624 profile=safe\no0 = kmalloc 64 GFP_KERNEL\n"), 1);
	assert_int_equal(
		learn("world arch=arm926 allocator=slob-2624 profile=safe\no0 = kmalloc 64 GFP_KERNEL repeat=9\n"), 1);
	elites_end(&elites);
}

/* How many mappings are of memory that another owns is told only where some are of memory that was given back. */
static void the_client_holds(const char *text, uint64_t mappings, uint64_t of_freed, uint64_t reused, uint64_t pages)
{
	struct shape shape = {.count = 0}, wanted = {.count = 0};

	assert_int_equal(harness_run(text, NULL), 0);
	client_shape(&harness_session()->executor, &shape);
	shape_add(&wanted, SHAPE_CLIENT, mappings, of_freed, pages);
	if (of_freed)
		shape_add(&wanted, SHAPE_REUSED, of_freed, reused, pages);
	assert_int_equal(shape.count, wanted.count);
	assert_memory_equal(shape.row, wanted.row, wanted.count * sizeof(wanted.row[0]));
}

#define HELD                                                                                                           \
	"world arch=x86 allocator=slub profile=2.6.22 dma=era\no0 = kmalloc 64 GFP_KERNEL\np0 = virt_to_page o0 0\n"   \
	"get_page p0\nm0 = dma_map p0 0 64 TO_DEVICE\n"

static void what_the_client_holds_is_measured(void **state)
{
	(void)state;
	the_client_holds(HELD, 1, 0, 0, 1);
	the_client_holds(HELD "o1 = kmalloc 64 GFP_KERNEL\n", 1, 0, 0, 1);
	the_client_holds(HELD "kfree o0\n", 1, 1, 0, 1);
	the_client_holds(HELD "kfree o0\no1 = kmalloc 64 GFP_KERNEL\n", 1, 1, 1, 1);
	the_client_holds(HELD "kfree o0\no1 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o1\n", 1, 1, 0, 1);
	the_client_holds(HELD "kfree o0\ndma_unmap m0\nput_page p0\n", 0, 0, 0, 0);
}

static void what_is_next_comes_of_what_is_kept(void **state)
{
	static struct program next;
	const struct op_profile profile = {op_set_all(), 1, 16};
	struct prng r = {5};
	unsigned of_it = 0;

	(void)state;
	elites_next(&elites, &next, &profile, &r); /* nothing is kept yet: random */
	learn("world arch=arm926 allocator=slub profile=safe\no0 = kmem_cache_alloc kmalloc-192 GFP_KERNEL "
	      "repeat=23\n");
	for (unsigned i = 0; i < 400; i++) {
		elites_next(&elites, &next, &profile, &r);
		for (unsigned n = 0; n < next.op_count; n++)
			of_it += next.ops[n].verb == OP_kmem_cache_alloc && next.ops[n].repeat == 23;
	}
	assert_in_range(of_it, 100, 600);
	elites_end(&elites);
}

/* One shape of what the client holds beside many of a cache: an edit of its program is no rarer for that. */
static void kinds_have_equal_shares(void **state)
{
	static struct program next;
	const struct op_profile profile = {op_set_all(), 1, 16};
	struct prng r = {5};
	unsigned of_it = 0;

	(void)state;
	for (unsigned objects = 1; objects <= 64; objects += 3)
		for (unsigned freed = 1; freed <= objects; freed += 3) {
			char text[256];

			snprintf(text, sizeof(text),
				 "world arch=x86 allocator=slub profile=safe\n"
				 "o0 = kmem_cache_alloc kmalloc-2048 GFP_KERNEL repeat=%u\nkfree o0 repeat=%u\n",
				 objects, freed);
			learn(text);
		}
	assert_in_range(elites.count_of[SHAPE_CACHE], 8, SHAPES_OF_A_KIND);
	learn("world arch=x86 allocator=slub profile=safe\no0 = kmalloc 61 GFP_KERNEL\n"
	      "m0 = dma_map o0 0 61 TO_DEVICE\n");
	for (unsigned i = 0; i < 400; i++) {
		elites_next(&elites, &next, &profile, &r);
		for (unsigned n = 0; n < next.op_count; n++)
			if (next.ops[n].verb == OP_kmalloc && next.ops[n].arg[0] == 61) {
				of_it++;
				break;
			}
	}
	assert_in_range(of_it, 70, 200);
	elites_end(&elites);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_powers_of_two),
		cmocka_unit_test(rows_beyond_the_table_are_left_out),
		cmocka_unit_test(lists_are_measured),
		cmocka_unit_test(the_shortest_is_kept),
		cmocka_unit_test(damage_is_no_news),
		cmocka_unit_test(what_the_client_holds_is_measured),
		cmocka_unit_test(what_is_next_comes_of_what_is_kept),
		cmocka_unit_test(kinds_have_equal_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
