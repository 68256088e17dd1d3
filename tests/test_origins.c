/* SPDX-License-Identifier: MIT */
/* Where an object came from decides how it is freed, mapped and asked about; buffers of pages come from no kmem_cache.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/harness.h"

static void test_an_index_is_read_by_its_kind_only(void **state)
{
	uint32_t index = 77;

	(void)state;
	assert_false(origin_index((struct origin){ORIGIN_BOOT, 3}, ORIGIN_CREATED, &index));
	assert_false(origin_index((struct origin){ORIGIN_PAGES, 0}, ORIGIN_BOOT, &index));
	assert_int_equal(index, 77);
	assert_true(origin_index((struct origin){ORIGIN_BOOT, 3}, ORIGIN_BOOT, &index));
	assert_int_equal(index, 3);
}

static void test_numbers_of_origins_differ(void **state)
{
	const struct origin all[] = {{ORIGIN_KMALLOC, 0}, {ORIGIN_CREATED, 0}, {ORIGIN_CREATED, 255},
				     {ORIGIN_BOOT, 0},    {ORIGIN_BOOT, 31},   {ORIGIN_PAGES, 0}};
	const unsigned count = sizeof(all) / sizeof(all[0]);

	(void)state;
	for (unsigned a = 0; a < count; a++)
		for (unsigned b = 0; b < count; b++) {
			assert_int_equal(origin_number(all[a]) == origin_number(all[b]), a == b);
			assert_int_equal(origin_same(all[a], all[b]), a == b);
		}
}

static void test_a_buffer_of_pages_is_mapped(void **state)
{
	(void)state;
	harness_check("arch=arm926 allocator=slub profile=safe policy.io_buffer=page",
		      "o0 = alloc_buffer 64 GFP_KERNEL\n"
		      "m0 = dma_map o0 0 64 FROM_DEVICE\n"
		      "device_write m0 0 64 0xaa\n"
		      "dma_unmap m0\n"
		      "obj_read o0 0 64\n",
		      "", "");
	/* Two chunks of 24 bytes share a line. */
	harness_check("arch=arm926 allocator=slub profile=safe policy.io_buffer=chunk",
		      "o0 = alloc_buffer 24 GFP_KERNEL repeat=2\n"
		      "m0 = dma_map o1 0 24 FROM_DEVICE\n",
		      "1", "");
}

static void test_a_grace_period_gives_a_buffer_back_to_the_page_allocator(void **state)
{
	(void)state;
	harness_check("arch=x86 allocator=slub policy.io_buffer=page drain=1",
		      "o0 = alloc_buffer 64 GFP_KERNEL\n"
		      "call_rcu o0\n"
		      "grace_period\n",
		      "", "");
	harness_check("arch=x86 allocator=slub policy.io_buffer=chunk drain=1",
		      "o0 = alloc_buffer 64 GFP_KERNEL repeat=2\n"
		      "call_rcu o1\n"
		      "grace_period\n"
		      "free_buffer o0\n",
		      "", "");
}

static void test_a_kmem_cache_does_not_take_a_buffer_of_pages(void **state)
{
	(void)state;
	harness_check("arch=x86 allocator=slub policy.io_buffer=page misuse=1",
		      "c0 = kmem_cache_create 64 0 0\n"
		      "o0 = alloc_buffer 64 GFP_KERNEL\n"
		      "kmem_cache_free c0 o0\n",
		      "", "invalid-free/slub/object/kmem_cache_free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_index_is_read_by_its_kind_only),
		cmocka_unit_test(test_numbers_of_origins_differ),
		cmocka_unit_test(test_a_buffer_of_pages_is_mapped),
		cmocka_unit_test(test_a_grace_period_gives_a_buffer_back_to_the_page_allocator),
		cmocka_unit_test(test_a_kmem_cache_does_not_take_a_buffer_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
