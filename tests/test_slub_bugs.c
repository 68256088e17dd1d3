/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22, the era's bugs (FACTS 8.7) on and off. */
#include "tests/slub_rig.h"

/* D2 */
static void dma_kmalloc_sizes(void **state)
{
	target_addr_t o;

	(void)state;
	o = alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(allocator_slub.ksize(&slub, o), 96);
	policy[POLICY_bug_kmalloc_dma_size] = 1;
	boot("arm926", 0);
	o = alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA), o + 8);
	assert_int_equal(alloc_from(0, 64, GFP_ZONE_DMA) % 64, 0);
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_LINE;
	boot("arm926", 0);
	o = alloc_from(0, 190, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(alloc_from(0, 190, GFP_WAIT | GFP_ZONE_DMA), o + 32);
}

/* D19: 9 used and 2 empty slabs strand 9; 10 used and 1 empty strand 10. */
static void shrink_strands_sorted_slabs(void **state)
{
	static const unsigned used[] = {9, 10}, empty[] = {2, 1};
	target_addr_t o[64];

	(void)state;
	policy[POLICY_bug_shrink_strands] = 1;
	for (unsigned i = 0; i < 2; i++) {
		boot_cpus("x86", 0, "", 2);
		target_addr_t s = build_partial(used[i], empty[i], o);

		allocator_slub.cache_shrink(&slub, s);
		assert_int_equal(nr_partial(s), used[i]);
		assert_string_equal(allocator_slub.invariants(&slub), "nr_partial does not match the partial list");
		assert_int_equal(counts[EVENT_UNOWNED], 0);
		for (unsigned j = 1; j < 4; j++)
			kfree(o[j]);
		assert_true(counts[EVENT_UNOWNED] > 0);
	}
}

/* D20 */
static void destroy_with_live_objects(void **state)
{
	target_addr_t s = create("drv", 100, 0, (uint32_t)SLAB_CTOR), o = alloc_from(s, 0, GFP_WAIT);

	(void)state;
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_BUSY);
	assert_report(0, "drv: kmem_cache_destroy called for cache that still has objects");
	free_to(s, o);
	assert_int_equal(counts[EVENT_UNOWNED], 0);
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
	policy[POLICY_bug_destroy_live] = 1;
	boot("arm926", 0);
	s = create("drv", 100, 0, (uint32_t)SLAB_CTOR);
	o = alloc_from(s, 0, GFP_WAIT);
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
	assert_int_equal(counts[EVENT_UNOWNED], 0);
	kfree(o);
	assert_true(counts[EVENT_UNOWNED] > 0);
}

/* D21 */
static void destroy_with_pending_callbacks(void **state)
{
	target_addr_t s;

	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_destroy_rcu] = (uint8_t)bug;
		boot("x86", 0);
		rcu_limbo(&s);
		assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
		assert_int_equal(allocator_slub.grace_period(&slub), bug);
		assert_int_equal(counts[EVENT_UNOWNED] > 0, bug);
		assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	}
}

/* D1 */
static void limbo_slab_keeps_its_mapping(void **state)
{
	target_addr_t s, o;

	(void)state;
	o = rcu_limbo(&s);
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_mapping), 0);
	policy[POLICY_bug_rcu_limbo_mapping] = 1;
	boot("arm926", 0);
	o = rcu_limbo(&s);
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_mapping), s);
	assert_false(page_flag(&sim, slab_of(o), PG_slab));
	assert_int_equal(allocator_slub.grace_period(&slub), 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
}

/* D27 */
static void free_through_the_wrong_cache(void **state)
{
	target_addr_t o[8], b;

	(void)state;
	fill_slabs(2, o);
	b = cache("kmalloc-512");
	free_to(b, o[0]);
	assert_report(0, "belongs to slab kmalloc-1024");
	assert_null(allocator_slub.invariants(&slub));
	policy[POLICY_bug_free_wrong_cache] = 1;
	boot("arm926", 0);
	fill_slabs(2, o);
	b = cache("kmalloc-512");
	free_to(b, o[0]);
	assert_int_equal(report_count, 0);
	assert_int_equal(nr_partial(b), 1);
	assert_string_equal(allocator_slub.invariants(&slub), "slab of another kmem_cache");
}

/* D28 */
static void unexpected_gfp_bits_bug_only_when_growing(void **state)
{
	target_addr_t o = alloc_from(0, 64, GFP_WAIT | GFP_ZERO);

	(void)state;
	assert_int_equal(target_find_other(&sim, o, 64, 0), 0);
	policy[POLICY_bug_grow_gfp] = 1;
	boot("arm926", 0);
	assert_true(FAULTS(alloc_from(0, 64, GFP_WAIT | GFP_HIGHMEM)));
	assert_int_not_equal(kmalloc(64), 0);
	assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_ZERO), 0);
}

/* D29 */
static void merging_and_command_line_debug(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_merge_drops_debug] = (uint8_t)bug;
		boot_cpus("arm926", DEBUG_Z | DEBUG_P | DEBUG_U, "drv", 1);
		assert_int_equal(create("drv-a", 64, 0, 0) == cache("kmalloc-64"), bug);
	}
}

/* D3 */
static void kfree_of_a_plain_page(void **state)
{
	target_addr_t page = page_address(alloc_pages(&sim, GFP_WAIT, 0));

	(void)state;
	kfree(page);
	assert_report(0, "Not a valid slab page");
	policy[POLICY_bug_kfree_any_page] = 1;
	boot("arm926", 0);
	page = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	assert_true(FAULTS(kfree(page)));
	assert_int_equal(sim.fault_address, sim.layout->field[LF_kmem_cache_cpu_slab].offset);
	assert_true(FAULTS(kfree(0x1000)));
}

/* D4: written after free, then the slab goes. */
static void check_at_discard(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		target_addr_t o;

		policy[POLICY_bug_destroy_check] = (uint8_t)bug;
		boot("arm926", ALL_DEBUG);
		o = kmalloc(64);
		kfree(o);
		write_byte(o + 5, 0x11);
		allocator_slub.cache_shrink(&slub, cache("kmalloc-64"));
		assert_int_equal(report_count, !bug);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(dma_kmalloc_sizes, setup),
	cmocka_unit_test_setup(shrink_strands_sorted_slabs, setup),
	cmocka_unit_test_setup(destroy_with_live_objects, setup),
	cmocka_unit_test_setup(destroy_with_pending_callbacks, setup),
	cmocka_unit_test_setup(limbo_slab_keeps_its_mapping, setup),
	cmocka_unit_test_setup(free_through_the_wrong_cache, setup),
	cmocka_unit_test_setup(unexpected_gfp_bits_bug_only_when_growing, setup),
	cmocka_unit_test_setup(merging_and_command_line_debug, setup),
	cmocka_unit_test_setup(kfree_of_a_plain_page, setup),
	cmocka_unit_test_setup(check_at_discard, setup),
};

RUN_SLUB_TESTS(tests)
