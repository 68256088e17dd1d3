/* SPDX-License-Identifier: MIT */
/* dma_map_page, scatter lists and range syncs: which uses are legal, and what becomes of the lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness.h"

#define STRICT "arch=sh4 allocator=slub profile=safe policy.kmalloc_minalign=line"
#define ERA    "arch=arm926 allocator=slub profile=2.6.22 dma=era"

static void test_each_mapping_is_undone_by_its_own_call(void **state)
{
	(void)state;
	harness_check(STRICT,
		      "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
		      "m0 = dma_map_page o0 0 64 FROM_DEVICE\n"
		      "dma_unmap m0\n"
		      "dma_unmap_sg m0\n"
		      "s0 = sg_init_one o1 0 64\n"
		      "m1 = dma_map_sg s0 FROM_DEVICE\n"
		      "dma_unmap m1\n"
		      "dma_sync_for_cpu m1\n"
		      "dma_unmap_page m0\n"
		      "dma_unmap_sg m1\n",
		      "2367", "");
}

static void test_a_mapped_list_is_the_device_s(void **state)
{
	(void)state;
	harness_check(STRICT,
		      "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
		      "s0 = sg_init_one o0 0 64\n"
		      "s1 = sg_init_one o1 0 64\n"
		      "sg_chain s0 s1\n"
		      "m0 = dma_map_sg s0 FROM_DEVICE\n"
		      "sg_chain s0 s1\n"
		      "obj_write o1 0 1 0x11\n"
		      "kfree o1\n"
		      "device_write m0 60 8 0xa5\n"
		      "dma_unmap_sg m0\n"
		      "obj_read o1 0 4\n"
		      "kfree o1\n",
		      "567", "");
}

static void test_entries_of_a_list_must_not_overlap(void **state)
{
	(void)state;
	harness_check(ERA,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "s0 = sg_init_one o0 0 40\n"
		      "s1 = sg_init_one o0 32 32\n"
		      "sg_chain s0 s1\n"
		      "m0 = dma_map_sg s0 FROM_DEVICE\n",
		      "4", "");
}

static void test_entries_of_one_list_are_no_neighbours(void **state)
{
	(void)state;
	/* One driver, one call: C49 needs two mappings. */
	harness_check(ERA,
		      "o0 = kmalloc 32 GFP_KERNEL\n"
		      "s0 = sg_init_one o0 0 16\n"
		      "s1 = sg_init_one o0 16 16\n"
		      "sg_chain s0 s1\n"
		      "m0 = dma_map_sg s0 FROM_DEVICE\n"
		      "device_write m0 0 32 0xa5\n"
		      "dma_unmap_sg m0\n"
		      "obj_read o0 0 32\n",
		      "", "");
	harness_check(ERA,
		      "o0 = kmalloc 32 GFP_KERNEL\n"
		      "s0 = sg_init_one o0 0 16\n"
		      "s1 = sg_init_one o0 16 16\n"
		      "m0 = dma_map_sg s0 FROM_DEVICE\n"
		      "m1 = dma_map_sg s1 FROM_DEVICE\n",
		      "", "cacheline-overlap/dma/mapping/dma_map_sg");
}

static void test_a_range_sync_gives_the_range(void **state)
{
	(void)state;
	harness_check(STRICT,
		      "o0 = kmalloc 96 GFP_KERNEL\n"
		      "m0 = dma_map o0 0 96 BIDIRECTIONAL\n"
		      "dma_sync_range_for_cpu m0 32 32\n"
		      "obj_write o0 32 32 0x11\n"
		      "obj_write o0 0 32 0x11\n"
		      "device_write m0 0 32 0xa5\n"
		      "device_write m0 32 32 0xa5\n"
		      "dma_sync_for_device m0\n"
		      "dma_sync_range_for_device m0 32 32\n"
		      "device_read m0 0 96\n"
		      "dma_sync_range_for_cpu m0 8 32\n",
		      "467"
		      "10",
		      "");
}

static void test_a_range_sync_shows_what_the_device_wrote(void **state)
{
	const char *program = "o0 = kmalloc 64 GFP_KERNEL\n"
			      "m0 = dma_map o0 0 64 FROM_DEVICE\n"
			      "cache_prefetch o0 0 64\n"
			      "device_write m0 0 64 0xa5\n"
			      "dma_sync_range_for_cpu m0 32 32\n"
			      "obj_read o0 32 32\n";

	(void)state;
	harness_check(STRICT, program, "", "");
	harness_check(STRICT " policy.dma_sync=nothing", program, "", "stale-read/cache/object/obj_read");
}

static void test_whole_pages_are_dropped_where_that_is_all_there_is(void **state)
{
	(void)state;
	harness_check("arch=sh4 allocator=slub profile=2.6.22 dma=era policy.dma_granule=page",
		      "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
		      "m0 = dma_map o0 0 64 FROM_DEVICE\n",
		      "", "cacheline-overlap/slub/object/dma_map");
	harness_check("arch=sh4 allocator=slub profile=2.6.22 dma=era",
		      "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
		      "m0 = dma_map o0 0 64 FROM_DEVICE\n",
		      "", "");
}

static void test_an_access_without_a_mapping_sees_ram(void **state)
{
	(void)state;
	harness_check(ERA,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "obj_write o0 32 32 0x11\n"
		      "device_read_unmapped o0 32 32\n",
		      "", ""); /* read-allocate: the store went to RAM; SLUB has read the first line only */
	harness_check(ERA,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "obj_read o0 0 64\n"
		      "obj_write o0 0 64 0x11\n"
		      "device_read_unmapped o0 0 64\n",
		      "", "dma-use-without-sync/dma/object/device_read_unmapped");
	harness_check(STRICT,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "device_read_unmapped o0 0 64\n",
		      "1", "");
}

/* FACTS 3.4: the edge is cleaned, then invalidated; what an interrupt stores there in between is lost. */
static void test_an_interrupt_comes_between_clean_and_invalidate(void **state)
{
	(void)state;
	harness_check(ERA,
		      "o0 = kmalloc 16 GFP_KERNEL repeat=2\n"
		      "obj_read o1 0 16\n"
		      "irq 1 0 {\n"
		      "	obj_write o1 0 16 0x11\n"
		      "}\n"
		      "m0 = dma_map o0 0 16 FROM_DEVICE\n",
		      "", "lost-write/dma/object/dma_map");
	/* The memory is the device's already. */
	harness_check(ERA,
		      "o0 = kmalloc 16 GFP_KERNEL repeat=2\n"
		      "irq 2 0 {\n"
		      "	kfree o0\n"
		      "	obj_write o0 0 16 0x11\n"
		      "}\n"
		      "m0 = dma_map o0 0 16 FROM_DEVICE\n",
		      "23", "cacheline-overlap");
}

static void test_flush_kernel_dcache_page_is_real_on_parisc(void **state)
{
	const char *program = "o0 = kmalloc 64 GFP_KERNEL\n"
			      "obj_read o0 0 64\n"
			      "obj_write o0 0 64 0x11\n"
			      "flush_kernel_dcache_page o0\n"
			      "device_read_unmapped o0 0 64\n";

	(void)state;
	harness_check("arch=pa11 allocator=slub profile=2.6.22 dma=era", program, "", "");
	harness_check(ERA, program, "", "dma-use-without-sync/dma/object/device_read_unmapped");
}

/* The refusal of foreign memory is no second finding; one of another call in the same program is a finding of its own.
 */
static void test_foreign_memory_is_one_finding(void **state)
{
	const char *program = "m0 = dma_alloc_coherent 64 GFP_KERNEL\n"
			      "p0 = coherent_to_page m0 0\n"
			      "dma_map_foreign 0 64 TO_DEVICE\n"
			      "m1 = dma_map p0 0 64 TO_DEVICE\n";

	(void)state;
	harness_check("arch=arm926 allocator=slub profile=5.4 misuse=1", program, "",
		      "invalid-mapping/client/stack/dma_map_foreign");
	assert_int_equal(harness_session()->world.findings.count, 1);
	assert_non_null(strstr(harness_session()->world.findings.list[0].detail, "stack memory"));
	harness_check("arch=arm926 allocator=slub profile=6.5 misuse=1", program, "",
		      "invalid-mapping/client/stack/dma_map_foreign");
	assert_int_equal(harness_session()->world.findings.count, 2);
	assert_true(harness_found("invalid-mapping/dma/pointer/dma_map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mapping_is_undone_by_its_own_call),
		cmocka_unit_test(test_a_mapped_list_is_the_device_s),
		cmocka_unit_test(test_entries_of_a_list_must_not_overlap),
		cmocka_unit_test(test_entries_of_one_list_are_no_neighbours),
		cmocka_unit_test(test_a_range_sync_gives_the_range),
		cmocka_unit_test(test_a_range_sync_shows_what_the_device_wrote),
		cmocka_unit_test(test_whole_pages_are_dropped_where_that_is_all_there_is),
		cmocka_unit_test(test_an_access_without_a_mapping_sees_ram),
		cmocka_unit_test(test_flush_kernel_dcache_page_is_real_on_parisc),
		cmocka_unit_test(test_an_interrupt_comes_between_clean_and_invalidate),
		cmocka_unit_test(test_foreign_memory_is_one_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
