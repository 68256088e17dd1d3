/* SPDX-License-Identifier: MIT */
/*
 * Oracle differential: SLUB with one function spoilt against sound peers.  Each spoiling is found under its own name,
 * and its innocent neighbour is silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/harness.h"

extern const struct allocator_ops allocator_slub;

#define WORLD "world arch=x86 allocator=slub peers=slab,slob-2622,slob-2624 ram_pages=128\n"

static target_addr_t refusing_alloc(struct allocator *a, const struct alloc_request *request)
{
	return request->size == 64 ? 0 : allocator_slub.alloc(a, request);
}

/* The last byte of each object is not as it was. */
static target_addr_t spoiling_alloc(struct allocator *a, const struct alloc_request *request)
{
	target_addr_t object = allocator_slub.alloc(a, request);

	if (object && request->size == 64)
		target_fill(a->sim, object + 63, 1, 0x33, ROLE_NONE);
	return object;
}

/* The objects allocated last lose a byte when another is freed. */
static target_addr_t last_object;

static target_addr_t remembering_alloc(struct allocator *a, const struct alloc_request *request)
{
	last_object = allocator_slub.alloc(a, request);
	return last_object;
}

static void spoiling_free(struct allocator *a, target_addr_t kmem_cache, target_addr_t object)
{
	target_fill(a->sim, last_object + 1, 1, 0x33, ROLE_NONE);
	allocator_slub.free(a, kmem_cache, object);
}

static enum destroy_result busy_destroy(struct allocator *a, target_addr_t kmem_cache)
{
	allocator_slub.cache_destroy(a, kmem_cache);
	return DESTROY_BUSY;
}

static void expect_found(const char *ops_text, const struct allocator_ops *ops, const char *signature)
{
	char text[1024];

	snprintf(text, sizeof(text), WORLD "%s", ops_text);
	harness_run(text, ops);
	if (!harness_found(signature))
		fail_msg("wanted %s, found %s:\n%s", signature, harness_signatures(), text);
}

static void expect_silent(const char *ops_text, const struct allocator_ops *ops)
{
	char text[1024];

	snprintf(text, sizeof(text), WORLD "%s", ops_text);
	harness_run(text, ops);
	if (harness_found("differs"))
		fail_msg("found %s:\n%s", harness_signatures(), text);
}

static void a_refusal_without_reason_is_found(void **state)
{
	struct allocator_ops ops = allocator_slub;

	(void)state;
	ops.alloc = refusing_alloc;
	expect_found("o0 = kmalloc 64 GFP_KERNEL\n", &ops, "differs/slub/refusal/kmalloc");
	expect_found("o0 = kmalloc 32 GFP_KERNEL\no1 = krealloc o0 64 GFP_KERNEL\n", &ops,
		     "differs/slub/refusal/krealloc");
	expect_silent("o0 = kmalloc 128 GFP_KERNEL\n", &ops);
	/* Nobody is satisfied: the largest object leaves no room, and an injected fault hits all. */
	expect_silent("o0 = kmalloc 131072 GFP_KERNEL repeat=4\no4 = kmalloc 64 GFP_KERNEL\n", &ops);
	expect_silent("o0 = kmalloc 64 GFP_KERNEL fail_nth=1\n", NULL);
	/* Memory runs out at different places. */
	expect_silent("o0 = kmalloc 4096 GFP_KERNEL repeat=64\no64 = kmalloc 2048 GFP_KERNEL repeat=64\n"
		      "o128 = kmalloc 100 GFP_KERNEL repeat=64\n",
		      NULL);
}

static void what_constructors_leave_is_compared(void **state)
{
	struct allocator_ops ops = allocator_slub;

	(void)state;
	ops.alloc = spoiling_alloc;
	expect_found("c0 = kmem_cache_create 64 0 CTOR\no0 = kmem_cache_alloc c0 GFP_KERNEL\n", &ops,
		     "differs/slub/constructed-object/kmem_cache_alloc");
	/* Without a constructor nobody promises anything, nor once an object was written. */
	expect_silent("c0 = kmem_cache_create 64 0 0\no0 = kmem_cache_alloc c0 GFP_KERNEL\n", &ops);
	expect_silent("c0 = kmem_cache_create 40 0 CTOR\no0 = kmem_cache_alloc c0 GFP_KERNEL\n"
		      "obj_write o0 0 40 0x11\nkmem_cache_free c0 o0\no1 = kmem_cache_alloc c0 GFP_KERNEL\n",
		      NULL);
}

static void defined_bytes_are_compared(void **state)
{
	struct allocator_ops ops = allocator_slub;

	(void)state;
	ops.alloc = remembering_alloc;
	ops.free = spoiling_free;
	expect_found("o0 = kmalloc 64 GFP_KERNEL\no1 = kmalloc 64 GFP_KERNEL\nobj_write o1 0 8 0x11\nkfree o0\n"
		     "obj_read o1 0 8\n",
		     &ops, "differs/slub/contents/obj_read");
	expect_found("o0 = kmalloc 64 GFP_KERNEL\no1 = kzalloc 64 GFP_KERNEL\nkfree o0\nkfree o1\n", &ops,
		     "differs/slub/contents/kfree");
	/* What krealloc() takes along is defined, what it adds is not. */
	expect_found("o0 = kmalloc 64 GFP_KERNEL\no1 = kzalloc 32 GFP_KERNEL\no2 = krealloc o1 64 GFP_KERNEL\n"
		     "kfree o0\nkfree o2\n",
		     &ops, "differs/slub/contents/kfree");
	expect_silent("o0 = kmalloc 64 GFP_KERNEL\no1 = kmalloc 64 GFP_KERNEL\nkfree o0\nobj_read o1 0 8\n", &ops);
}

static void a_kmem_cache_that_stays_is_found(void **state)
{
	struct allocator_ops ops = allocator_slub;

	(void)state;
	ops.cache_destroy = busy_destroy;
	expect_found("c0 = kmem_cache_create 64 0 0\nkmem_cache_destroy c0\n", &ops,
		     "differs/slub/kmem-cache/kmem_cache_destroy");
	expect_silent("c0 = kmem_cache_create 64 0 0\nkmem_cache_destroy c0\n", NULL);
}

static void the_odd_one_out_is_the_culprit(void **state)
{
	static const char program[] = "world arch=x86 allocator=slab peers=slub+ctor-first-missed,slob-2622\n"
				      "c0 = kmem_cache_create 64 0 CTOR\no0 = kmem_cache_alloc c0 GFP_KERNEL\n";

	(void)state;
	harness_run(program, NULL);
	if (!harness_found("differs/slub/constructed-object/kmem_cache_alloc"))
		fail_msg("found %s", harness_signatures());
}

/* An interrupt block runs where the allocator has interrupts on: that is no client's business. */
static void what_depends_on_places_is_not_compared(void **state)
{
	struct allocator_ops ops = allocator_slub;

	(void)state;
	ops.alloc = refusing_alloc;
	expect_silent("irq 1 0 {\n\to0 = kmalloc 64 GFP_ATOMIC\n}\no1 = kmalloc 64 GFP_KERNEL\n", &ops);
}

static void peers_leave_no_trace(void **state)
{
	static const char ops[] = "o0 = kmalloc 64 GFP_KERNEL repeat=3\nkfree o1\n";
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), WORLD "%s", ops);
	assert_int_equal(harness_run(text, NULL), 0);
	assert_string_equal(harness_session()->world.config.allocator->name, "slub");
	assert_int_equal(harness_session()->world.config.peer_count, 3);
	/* Another world has no peers, and nothing of these. */
	assert_int_equal(harness_run("world arch=x86 allocator=slub\no0 = kmalloc 64 GFP_KERNEL\n", NULL), 0);
	assert_int_equal(harness_session()->world.oracle_context.runs, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_without_reason_is_found),
		cmocka_unit_test(what_constructors_leave_is_compared),
		cmocka_unit_test(defined_bytes_are_compared),
		cmocka_unit_test(a_kmem_cache_that_stays_is_found),
		cmocka_unit_test(the_odd_one_out_is_the_culprit),
		cmocka_unit_test(what_depends_on_places_is_not_compared),
		cmocka_unit_test(peers_leave_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
