/* SPDX-License-Identifier: MIT */
/* The oracle cacheline_overlap finds its planted situations and stays silent at their innocent neighbours. */
#include "tests/oracle_rig.h"

/* Damage.  ppc8xx: 16-byte lines, write-allocate, maps discard all lines that they touch. */

static void test_c48_a_neighbours_store_is_lost(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/object/dma_map", "lost-write/dma/object/dma_map");
	load(neighbour); /* the loss is told once, by one oracle */
	expect(0);
}

static void test_c48_a_clean_neighbour_loses_nothing(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	cache_clean(&rig.sim, rig.page, 32);
	store(0, 0x66); /* dirties the line again, but not the neighbour's bytes */
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	expect(1, "cacheline-overlap/toy/object/dma_map");
}

static void test_a_sub_line_loss_spares_the_next_line(void **state)
{
	uint32_t mine, next;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 16);
	next = object(rig.page + 16, 16);
	store(mine, 1);
	store(next, 2);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	load(next);
	expect(0);
}

static void test_to_device_mappings_may_share_lines(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_TO_DEVICE);
	unmap(0, rig.page, 12, DMA_TO_DEVICE);
	load(neighbour);
	expect(0);
}

static void test_d6_a_free_pointer_reverts(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 8);
	neighbour = object(rig.page + 8, 8);
	store(neighbour, 0x77);
	store(mine, 0x66);
	release(neighbour);
	map(0, rig.page, 8, DMA_FROM_DEVICE); /* garbage of a dead client is nobody's loss */
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
	target_store(&rig.sim, rig.page + 8, 4, 0x50000010, ROLE_FREE_POINTER);
	map(1, rig.page, 8, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/free-pointer/dma_map", "lost-write/dma/free-pointer/dma_map");
}

static void test_c51_clean_edges_keep_the_neighbour(void **state)
{
	uint32_t neighbour;

	(void)state;
	rig.policy[POLICY_dma_edge] = DMA_EDGE_CLEAN_EDGE;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	/* C52(a): the neighbour stores while the device owns the buffer. */
	store(neighbour, 0x78);
	device(0, rig.page, 12, 0xa5);
	evict(rig.page, 16);
	expect(1, "lost-dma-write/cache/object/cache_evict");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_c52_a_stale_line_hides_device_data(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 12);
	neighbour = object(rig.page + 12, 4);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	load(neighbour);
	device(0, rig.page, 12, 0xa5);
	load(mine); /* still the device's: another oracle's matter */
	unmap(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(0);
	load(mine);
	expect(1, "stale-read/cache/object/obj_read");
}

static void test_c52_a_repeat_at_unmap_cures_the_stale_line(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	rig.policy[POLICY_dma_unmap] = DMA_REPEAT_AGAIN;
	start("ppc8xx");
	mine = object(rig.page, 12);
	neighbour = object(rig.page + 12, 4);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	device(0, rig.page, 12, 0xa5);
	unmap(0, rig.page, 12, DMA_FROM_DEVICE);
	load(mine);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	rig.policy[POLICY_dma_unmap] = DMA_REPEAT_ARCH;
}

static void test_stale_bytes_of_a_former_buffer_are_no_loss(void **state)
{
	uint32_t mine, again;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 16);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page, 16);
	device(0, rig.page, 16, 0xa5);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	release(mine);
	target_store(&rig.sim, rig.page, 4, 0, ROLE_FREE_POINTER); /* dirties the stale line */
	again = object(rig.page, 16);
	op("cache_clean");
	cache_clean(&rig.sim, rig.page, 16);
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	load(again);
	expect(0);
}

/* Line of a buffer that the CPU filled before the device wrote, dirtied by a store beside the buffer. */
static void make_dirty_stale_buffer(void)
{
	start("ppc8xx");
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page, 16);
	device(0, rig.page, 8, 0xa5);
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	target_store(&rig.sim, rig.page + 8, 8, 1, ROLE_NONE);
}

static void test_dropping_a_line_gives_the_device_data_back(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	load(0);
	expect(0);
}

static void test_old_data_of_a_buffer_mapped_again_is_no_loss(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	evict(rig.page, 16);
	expect(1, "lost-dma-write/cache/object/cache_evict");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_FLUSH;
	make_dirty_stale_buffer();
	map(1, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
	make_dirty_stale_buffer();
	map(1, rig.page, 8, DMA_BIDIRECTIONAL);
	expect(1, "lost-dma-write/dma/object/dma_map");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_a_sync_for_the_device_gives_read_data_up(void **state)
{
	(void)state;
	rig.policy[POLICY_dma_edge] = DMA_EDGE_FLUSH;
	for (int for_cpu = 0; for_cpu < 2; for_cpu++) {
		start("ppc8xx");
		object(rig.page, 8);
		map(0, rig.page, 8, DMA_FROM_DEVICE);
		op("dma_sync_for_cpu");
		if (for_cpu)
			dma_sync_single_for_cpu(&rig.sim, 0, rig.page, 8, DMA_FROM_DEVICE);
		cache_prefetch(&rig.sim, rig.page, 16);
		device(0, rig.page, 8, 0xa5);
		target_store(&rig.sim, rig.page + 8, 8, 1, ROLE_NONE);
		op("dma_sync_for_device");
		dma_sync_single_for_device(&rig.sim, 0, rig.page, 8, DMA_FROM_DEVICE);
		if (for_cpu)
			expect(0);
		else
			expect(1, "lost-dma-write/dma/object/dma_sync_for_device");
	}
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_the_owner_may_overwrite_device_data(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	store(0, 0x31);
	evict(rig.page, 16);
	load(0);
	expect(0);
}

static void test_undefined_content_is_no_loss_but_zeros_are(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page, 16);
	store(a, 0x77);
	release(a);
	object(rig.page, 16); /* kmalloc: holds what the last owner stored */
	flush_page("deferred");
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(0);
	store(1, 0x77);
	cache_clean(&rig.sim, rig.page, 16);
	release(1);
	target_fill(&rig.sim, rig.page, 16, 0, ROLE_NONE);
	object(rig.page, 16); /* kzalloc */
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(1, "lost-write/cache/object/cache_invalidate");
}

static void test_an_explicit_invalidate_loses_live_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page, 16);
	store(a, 0x11);
	op("cache_flush");
	cache_flush(&rig.sim, rig.page, 16);
	expect(0);
	store(a, 0x22);
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(1, "lost-write/cache/object/cache_invalidate");
}

/* Hazards. */

static void test_slack_and_padding_are_innocent(void **state)
{
	(void)state;
	start("ppc8xx");
	target_fill(&rig.sim, rig.page, 14, POISON_FREE, ROLE_POISON); /* the slot: object and slack */
	target_fill(&rig.sim, rig.page + 14, 2, POISON_INUSE, ROLE_PADDING);
	object(rig.page, 10);
	map(0, rig.page, 10, DMA_FROM_DEVICE);
	unmap(0, rig.page, 10, DMA_FROM_DEVICE);
	map(1, rig.page + 4, 4, DMA_FROM_DEVICE); /* and so is the rest of the client's own object */
	expect(0);
}

static void test_metadata_on_the_line_is_a_hazard(void **state)
{
	(void)state;
	start("ppc8xx");
	target_fill(&rig.sim, rig.page + 12, 4, SLUB_RED_ACTIVE, ROLE_REDZONE);
	target_store(&rig.sim, rig.page + 16, 4, 3, ROLE_SLOB_HEADER);
	target_fill(&rig.sim, rig.page + 36, 12, POISON_FREE, ROLE_POISON);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	object(rig.page, 12);
	object(rig.page + 20, 16);
	map(0, rig.page, 12, DMA_BIDIRECTIONAL);
	expect(1, "cacheline-overlap/toy/redzone/dma_map");
	map(1, rig.page + 20, 12, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/toy/slob-header/dma_map");
}

static void test_a_free_neighbours_poison_is_a_hazard(void **state)
{
	(void)state;
	start("ppc8xx");
	target_store(&rig.sim, rig.page + 8, 2, 0, ROLE_FREE_POINTER);
	target_fill(&rig.sim, rig.page + 10, 6, POISON_FREE, ROLE_POISON);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/free-pointer/dma_map", "cacheline-overlap/toy/poison/dma_map");
}

static void test_objects_of_one_client_may_share_lines(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 8);
	object(rig.page + 8, 8);
	rig.objects[1].client = rig.objects[0].client; /* repeat=2 */
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
}

static void test_a_stranger_may_come_later(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	object(rig.page + 16, 8);
	expect(0);
	object(rig.page + 8, 8);
	expect(1, "cacheline-overlap/toy/object/kmalloc");
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	release(2);
	map(1, rig.page, 8, DMA_TO_DEVICE);
	object(rig.page + 8, 8);
	expect(0);
}

static void test_coherent_rows_have_no_hazard(void **state)
{
	uint32_t mine;

	(void)state;
	start("x86");
	mine = object(rig.page, 8);
	object(rig.page + 8, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	map(1, rig.page + 8, 8, DMA_FROM_DEVICE);
	device(0, rig.page, 8, 1);
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	load(mine);
	expect(0);
}

static void test_c49_two_mappings_on_a_line(void **state)
{
	(void)state;
	start("arm926"); /* 32-byte lines */
	object(rig.page, 64);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	map(1, rig.page + 32, 16, DMA_FROM_DEVICE);
	map(2, rig.page + 16, 16, DMA_TO_DEVICE);
	expect(0);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	map(0, rig.page, 16, DMA_FROM_DEVICE); /* beside the one to the device */
	expect(0);
	unmap(2, rig.page + 16, 16, DMA_TO_DEVICE);
	map(3, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	map(4, rig.page, 8, DMA_FROM_DEVICE); /* a gap between them, the other order */
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
}

static void test_c49_the_first_buffers_data_is_destroyed(void **state)
{
	uint32_t o;

	(void)state;
	start("arm926");
	o = object(rig.page, 32);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	map(1, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
	device(0, rig.page, 16, 0x11);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	op("obj_read"); /* reads, then writes its half */
	target_load(&rig.sim, rig.page, 4);
	target_fill(&rig.sim, rig.page, 16, 0x22, ROLE_NONE);
	emit((struct event){.kind = EVENT_OBJECT_WRITE, .addr = rig.page, .size = 16, .value = 0x22, .id = o});
	device(1, rig.page + 16, 16, 0x33);
	unmap(1, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(0);
	load(o);
	evict(rig.page, 32);
	expect(2, "stale-read/cache/object/obj_read", "lost-dma-write/cache/object/cache_evict");
}

static void test_a_flush_that_leaves_dirty_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page + 64, 16);
	store(a, 0x44);
	flush_page("none"); /* the row has nothing to flush */
	release(a);
	flush_page("deferred"); /* dirty bytes of nobody */
	a = object(rig.page + 64, 16);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	flush_page("deferred");
	expect(0);
	store(a, 0x55);
	flush_page("deferred");
	expect(1, "missed-flush/toy/object/flush_dcache_page");
	flush_page("skipped");
	expect(1, "missed-flush/toy/object/flush_dcache_page");
	cache_flush(&rig.sim, rig.page, PAGE_SIZE);
	flush_page("flushed");
	map(0, rig.page + 64, 16, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page + 64, 16);
	device(0, rig.page + 64, 16, 0x66);
	flush_page("deferred"); /* stale, but clean */
	expect(0);
}

/* Bytes beside an object: the driver misses them while he has them mapped, and nobody does afterwards. */
static void test_device_data_that_nobody_owns_is_no_loss(void **state)
{
	(void)state;
	for (unsigned mapped = 0; mapped < 2; mapped++) {
		uint32_t mine;

		start("ppc8xx");
		mine = object(rig.page, 8);
		map(0, rig.page + 8, 8, DMA_FROM_DEVICE);
		rig.findings.count = 0;
		device(0, rig.page + 8, 8, 0xa5);
		if (!mapped)
			unmap(0, rig.page + 8, 8, DMA_FROM_DEVICE);
		/* A line that came before the device wrote, as a speculating cpu has it. */
		memset(target_pointer(rig.page + 8), 0, 8);
		store(mine, 0x11);
		evict(rig.page, 16);
		if (mapped)
			expect(1, "lost-dma-write/cache/unused/cache_evict");
		else
			expect(0);
	}
}

/* Every page of a client's block is the client's, mapped or not. */
static void test_device_data_in_a_tail_page_is_its_clients(void **state)
{
	target_addr_t tail;

	(void)state;
	start("ppc8xx");
	tail = page_address(alloc_pages(&rig.sim, GFP_COMP, 1)) + PAGE_SIZE;
	map(0, tail, 16, DMA_FROM_DEVICE);
	device(0, tail, 16, 0xa5);
	unmap(0, tail, 16, DMA_FROM_DEVICE);
	memset(target_pointer(tail), 0, 16);
	target_store(&rig.sim, tail, 4, 0x11111111, ROLE_NONE);
	evict(tail, 16);
	expect(1, "lost-dma-write/cache/page/cache_evict");
}

static void test_the_text_names_the_granule_that_was_used(void **state)
{
	static const char *const texts[] = {"share a line of 16 bytes with", "share a page of 4096 bytes with"};

	(void)state;
	for (uint8_t page = 0; page < 2; page++) {
		rig.policy[POLICY_dma_granule] = page;
		start("ppc8xx");
		object(rig.page, 8);
		object(rig.page + 8, 8);
		map(0, rig.page + 8, 8, DMA_FROM_DEVICE);
		assert_non_null(strstr(rig.findings.list[0].detail, texts[page]));
		expect(1, "cacheline-overlap/toy/object/dma_map");
	}
	rig.policy[POLICY_dma_granule] = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c48_a_neighbours_store_is_lost),
		cmocka_unit_test(test_c48_a_clean_neighbour_loses_nothing),
		cmocka_unit_test(test_a_sub_line_loss_spares_the_next_line),
		cmocka_unit_test(test_to_device_mappings_may_share_lines),
		cmocka_unit_test(test_d6_a_free_pointer_reverts),
		cmocka_unit_test(test_c51_clean_edges_keep_the_neighbour),
		cmocka_unit_test(test_c52_a_stale_line_hides_device_data),
		cmocka_unit_test(test_c52_a_repeat_at_unmap_cures_the_stale_line),
		cmocka_unit_test(test_stale_bytes_of_a_former_buffer_are_no_loss),
		cmocka_unit_test(test_dropping_a_line_gives_the_device_data_back),
		cmocka_unit_test(test_old_data_of_a_buffer_mapped_again_is_no_loss),
		cmocka_unit_test(test_a_sync_for_the_device_gives_read_data_up),
		cmocka_unit_test(test_the_owner_may_overwrite_device_data),
		cmocka_unit_test(test_undefined_content_is_no_loss_but_zeros_are),
		cmocka_unit_test(test_an_explicit_invalidate_loses_live_bytes),
		cmocka_unit_test(test_slack_and_padding_are_innocent),
		cmocka_unit_test(test_metadata_on_the_line_is_a_hazard),
		cmocka_unit_test(test_a_free_neighbours_poison_is_a_hazard),
		cmocka_unit_test(test_objects_of_one_client_may_share_lines),
		cmocka_unit_test(test_a_stranger_may_come_later),
		cmocka_unit_test(test_coherent_rows_have_no_hazard),
		cmocka_unit_test(test_c49_two_mappings_on_a_line),
		cmocka_unit_test(test_c49_the_first_buffers_data_is_destroyed),
		cmocka_unit_test(test_a_flush_that_leaves_dirty_bytes),
		cmocka_unit_test(test_device_data_that_nobody_owns_is_no_loss),
		cmocka_unit_test(test_device_data_in_a_tail_page_is_its_clients),
		cmocka_unit_test(test_the_text_names_the_granule_that_was_used),
	};

	return cmocka_run_group_tests_name("cacheline_overlap", tests, setup, teardown);
}
