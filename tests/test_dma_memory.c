/* SPDX-License-Identifier: MIT */
/* Memory of the DMA layer: zones, coherent areas, pools and bounce slots, and what oracles say of their misuse. */
#include "backends/dma_pool.h"
#include "tests/oracle_rig.h"

static struct dma_device wired;
static const struct coherent_kmalloc no_kmalloc;

static void start_with_device(const char *arch)
{
	start(arch);
	wired.swiotlb.frame = 0;
	dma_device_begin(&wired);
	rig.sim.device = &wired;
}

static void test_zone_dma(void **state)
{
	struct sim_config config = {
		.arch = arch_by_name("x86"), .actor = "toy", .policy = rig.policy, .ram_frames = 64, .zone_dma = 6};
	uint32_t total;

	(void)state;
	rig.sim.observe = NULL;
	sim_configure(&rig.sim, &config);
	total = nr_free_pages(&rig.sim);
	assert_int_equal(total, 64);
	for (unsigned i = 0; i < 6; i++)
		assert_true(alloc_pages(&rig.sim, GFP_ZONE_DMA, 0) < 6);
	assert_int_equal(alloc_pages(&rig.sim, GFP_ZONE_DMA, 0), FRAME_NONE);
	free_pages(&rig.sim, 4, 0);
	free_pages(&rig.sim, 5, 0);
	/* The last resort of all others. */
	for (unsigned i = 0; i < 58; i++)
		assert_true(alloc_pages(&rig.sim, 0, 0) >= 6);
	assert_int_equal(alloc_pages(&rig.sim, 0, 1), 4);
	assert_int_equal(nr_free_pages(&rig.sim), 0);
	for (frame_t i = 6; i < 64; i++)
		free_pages(&rig.sim, i, 0);
	free_pages(&rig.sim, 4, 1);
	for (frame_t i = 0; i < 4; i++)
		free_pages(&rig.sim, i, 0);
	assert_int_equal(nr_free_pages(&rig.sim), total);
	assert_int_equal(alloc_pages(&rig.sim, GFP_ZONE_DMA, 2), 0);
}

static void test_masks_cover_the_zone(void **state)
{
	(void)state;
	start_with_device("x86");
	assert_false(dma_set_mask(&rig.sim, PAGE_SHIFT + 5));
	assert_true(dma_set_mask(&rig.sim, PAGE_SHIFT + 6));
	assert_int_equal(dma_gfp(&rig.sim), 0);
	assert_true(dma_set_mask(&rig.sim, 255));
}

static void test_pool_blocks_keep_off_the_boundary(void **state)
{
	struct dma_pool pool;
	struct coherent_area block;
	uint64_t last = 0;

	(void)state;
	start_with_device("arm926");
	assert_false(dma_pool_init(&pool, 0, 8, 0, false));
	assert_false(dma_pool_init(&pool, 65, 0, 64, false));
	assert_true(dma_pool_init(&pool, 20, 8, 64, false));
	op("dma_pool_alloc");
	for (uint32_t id = 0; id < 140; id++) {
		assert_true(dma_pool_take(&rig.sim, id, &pool, &no_kmalloc, 0, &block));
		assert_int_equal(block.dma % 8, 0);
		assert_int_equal(block.dma / 64, (block.dma + 20 - 1) / 64);
		assert_true(block.dma >= last + 20 || (block.dma & (PAGE_SIZE - 1)) == 0);
		last = block.dma;
	}
	expect(0);
}

static void test_pool_poison_and_exhaustion(void **state)
{
	struct dma_pool pool;
	struct coherent_area block;
	uint32_t id = 0;

	(void)state;
	start_with_device("x86");
	assert_true(dma_pool_init(&pool, PAGE_SIZE, 0, 0, true));
	op("dma_pool_alloc");
	assert_true(dma_pool_take(&rig.sim, id++, &pool, &no_kmalloc, 0, &block));
	assert_int_equal(*target_pointer(block.dma), POOL_ALLOCATED);
	op("dma_pool_free");
	dma_pool_give(&rig.sim, 0, &pool, &block);
	assert_int_equal(*target_pointer(block.dma), POOL_FREED);
	op("dma_pool_alloc");
	while (dma_pool_take(&rig.sim, id, &pool, &no_kmalloc, 0, &block))
		id++;
	assert_int_equal(id, 1 + POOL_AREAS_MAX);
	expect(0);
}

static void test_bounce_slots_run_out(void **state)
{
	uint64_t dma[SWIOTLB_SLOTS / 2];
	uint32_t a;

	(void)state;
	rig.policy[POLICY_kmalloc_bounce] = 1;
	start_with_device("arm926");
	a = object(rig.page, 16);
	store(a, 0x11);
	op("dma_map");
	/* Slots are taken first fit, and given back. */
	for (uint32_t i = 0; i < SWIOTLB_SLOTS; i++)
		assert_int_not_equal(swiotlb_map(&rig.sim, 100 + i, rig.page + 64, 16), 0);
	assert_int_equal(dma_map_single(&rig.sim, 0, rig.page, 16, DMA_FROM_DEVICE), DMA_MAPPING_ERROR);
	assert_false(swiotlb_exit(&rig.sim));
	for (uint32_t i = 0; i < SWIOTLB_SLOTS; i++)
		swiotlb_unmap(&rig.sim, page_address(wired.swiotlb.frame) + i * SWIOTLB_SLOT);
	dma[0] = dma_map_single(&rig.sim, 0, rig.page, 16, DMA_FROM_DEVICE);
	assert_int_equal(dma[0], page_address(wired.swiotlb.frame));
	device_write(&rig.sim, 0, dma[0] + 4, 4, 0xa5);
	assert_int_equal(*target_pointer(rig.page + 4), 0x11);
	dma_sync_single_range_for_cpu(&rig.sim, 0, dma[0], 0, 6, DMA_FROM_DEVICE);
	assert_int_equal(*target_pointer(rig.page + 5), 0xa5);
	assert_int_equal(*target_pointer(rig.page + 6), 0x11); /* beyond the part */
	op("dma_unmap");
	dma_unmap_single(&rig.sim, 0, dma[0], 16, DMA_FROM_DEVICE);
	assert_int_equal(*target_pointer(rig.page + 3), 0x11); /* the device left it */
	assert_int_equal(*target_pointer(rig.page + 7), 0xa5);
	assert_true(swiotlb_exit(&rig.sim));
	/* Large enough, or read by the device only: the memory itself. */
	op("dma_map");
	assert_int_equal(dma_map_single(&rig.sim, 1, rig.page, 64, DMA_FROM_DEVICE), rig.page);
	/* Below two lines the bucket counts: kmalloc-48 there is none, kmalloc-64 is two lines. */
	assert_int_equal(dma_map_single(&rig.sim, 3, rig.page, 48, DMA_FROM_DEVICE), rig.page);
	assert_int_equal(dma_map_single(&rig.sim, 2, rig.page + 64, 16, DMA_TO_DEVICE), rig.page + 64);
	rig.policy[POLICY_kmalloc_bounce] = 0;
}

/* 96 bytes are more than a line of 64, and less than two: their bucket does not end on a line (FACTS 4.4). */
static void test_a_bucket_between_lines_bounces(void **state)
{
	(void)state;
	rig.policy[POLICY_kmalloc_bounce] = 1;
	start_with_device("arm64");
	object(rig.page, 96);
	op("dma_map");
	assert_int_not_equal(dma_map_single(&rig.sim, 0, rig.page, 96, DMA_FROM_DEVICE), rig.page);
	assert_int_equal(dma_map_single(&rig.sim, 1, rig.page, 128, DMA_FROM_DEVICE), rig.page);
	rig.policy[POLICY_kmalloc_bounce] = 0;
}

/* While memory has an uncached address, its pages say that they are not for others to touch. */
static void test_remapped_pages_are_reserved(void **state)
{
	struct coherent_area area;
	frame_t frame;

	(void)state;
	start_with_device("arm926");
	op("dma_alloc_coherent");
	assert_true(dma_alloc_coherent(&rig.sim, 0, &no_kmalloc, PAGE_SIZE, 0, &area));
	assert_int_equal(area.kind, COHERENT_REMAPPED);
	assert_int_not_equal(area.cpu, area.dma);
	frame = virt_to_frame(&rig.sim, area.dma);
	assert_true(page_flag(&rig.sim, frame, PG_reserved));
	dma_free_coherent(&rig.sim, 0, &no_kmalloc, &area);
	assert_false(page_flag(&rig.sim, frame, PG_reserved));
	expect(0);
}

static void test_buffers_freed_under_the_device(void **state)
{
	uint32_t a, b;

	(void)state;
	rig.context.misuse = true;
	start_with_device("x86");
	a = object(rig.page, 64);
	b = object(rig.page + 64, 64);
	map(0, rig.page, 64, DMA_FROM_DEVICE);
	map(1, rig.page + 64, 64, DMA_TO_DEVICE);
	release(b); /* the device only reads it (C33) */
	expect(0);
	release(a);
	expect(1, "dma-use-without-sync/client/object/kfree");
	rig.context.misuse = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zone_dma),
		cmocka_unit_test(test_a_bucket_between_lines_bounces),
		cmocka_unit_test(test_remapped_pages_are_reserved),
		cmocka_unit_test(test_masks_cover_the_zone),
		cmocka_unit_test(test_pool_blocks_keep_off_the_boundary),
		cmocka_unit_test(test_pool_poison_and_exhaustion),
		cmocka_unit_test(test_bounce_slots_run_out),
		cmocka_unit_test(test_buffers_freed_under_the_device),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
