/* SPDX-License-Identifier: MIT */
/* Oracle device_view, and object_lifetime's word on reads of freed objects: what they find, and their innocents. */
#include "tests/oracle_rig.h"

static void fetch(uint32_t id, target_addr_t addr, uint64_t size)
{
	op("device_read");
	device_read(&rig.sim, id, addr, size);
}

static void test_a_device_reads_what_was_handed_over(void **state)
{
	uint32_t a;

	(void)state;
	start("arm926");
	a = object(rig.page, 64);
	load(a);
	store(a, 0x5c); /* waits in the cache: the mapping cleans it */
	map(0, rig.page, 64, DMA_TO_DEVICE);
	fetch(0, rig.page, 64);
	expect(0);
	*target_pointer(rig.page + 40) = 0x11; /* the CPU stores, and the line is evicted */
	rig.sim.ram_view[40 + rig.page - RAM_BASE] = 0x11;
	fetch(0, rig.page, 40);
	expect(0);
	fetch(0, rig.page, 64);
	expect(1, "dma-use-without-sync/dma/object/device_read");
	unmap(0, rig.page, 64, DMA_TO_DEVICE);
	fetch(0, rig.page, 64); /* what the device reads now is not a mapping's */
	expect(0);
}

static void test_a_mapping_that_cleans_nothing_is_found(void **state)
{
	uint32_t a;

	(void)state;
	rig.policy[POLICY_dma_edge] = DMA_EDGE_NONE;
	start("arm926");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
	a = object(rig.page, 64);
	load(a);
	store(a, 0x5c);
	map(0, rig.page, 64, DMA_TO_DEVICE);
	fetch(0, rig.page, 64);
	expect(1, "dma-use-without-sync/dma/object/device_read");
}

static void test_the_last_sync_counts(void **state)
{
	uint32_t a;

	(void)state;
	start("arm926");
	a = object(rig.page, 64);
	map(0, rig.page, 64, DMA_BIDIRECTIONAL);
	device(0, rig.page, 32, 0xa5);
	fetch(0, rig.page, 64);
	op("dma_sync_for_cpu");
	dma_sync_single_for_cpu(&rig.sim, 0, rig.page, 64, DMA_BIDIRECTIONAL);
	load(a);
	fetch(0, rig.page, 64);
	expect(0);
	store(a, 0x5c);
	fetch(0, rig.page, 64);
	expect(1, "dma-use-without-sync/dma/object/device_read");
	op("dma_sync_for_device");
	dma_sync_single_for_device(&rig.sim, 0, rig.page, 64, DMA_BIDIRECTIONAL);
	fetch(0, rig.page, 64);
	expect(0);
}

static void test_a_freed_object_changes_under_the_device(void **state)
{
	uint32_t a, b;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 64, DMA_TO_DEVICE);
	release(a);
	fetch(0, rig.page, 64); /* nobody changed it */
	expect(0);
	target_store(&rig.sim, rig.page, 8, 0, ROLE_FREE_POINTER);
	fetch(0, rig.page, 64);
	expect(1, "use-after-free/client/free-pointer/device_read");
	b = object(rig.page, 64);
	store(b, 0x11);
	fetch(0, rig.page, 64);
	expect(1, "use-after-free/client/object/device_read");
}

static void test_other_directions_and_old_copies_are_innocent(void **state)
{
	uint32_t a;

	(void)state;
	start("arm926");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 64, DMA_FROM_DEVICE);
	load(a); /* an early look leaves an old copy, which the unmap of this machine does not drop */
	device(0, rig.page, 64, 0xa5);
	fetch(0, rig.page, 64);
	unmap(0, rig.page, 64, DMA_FROM_DEVICE);
	map(1, rig.page, 64, DMA_TO_DEVICE);
	fetch(1, rig.page, 64);
	expect(0);
}

static void test_begin_forgets_the_last_program(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 64, DMA_TO_DEVICE);
	start("x86");
	target_store(&rig.sim, rig.page, 8, 0, ROLE_NONE);
	fetch(0, rig.page, 64);
	expect(0);
}

static void read_freed(uint32_t handle)
{
	op("obj_read");
	emit((struct event){.kind = EVENT_FREED_READ, .addr = rig.objects[handle].addr, .size = 8, .id = handle});
}

static void test_freed_objects_are_not_read(void **state)
{
	uint32_t a, b;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	release(a);
	read_freed(a);
	expect(1, "use-after-free/client/free-object/obj_read");
	b = object(rig.page, 64);
	rig.objects[b].origin = (struct origin){ORIGIN_CREATED, 1};
	read_freed(a);
	expect(1, "use-after-free/client/object/obj_read");
}

static void test_an_rcu_reader_may_look_until_the_page_goes(void **state)
{
	uint32_t a, b;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	rig.objects[a].rcu = true;
	rig.objects[a].origin = (struct origin){ORIGIN_CREATED, 0};
	release(a);
	rig.sim.rcu_readers = 1;
	read_freed(a);
	b = object(rig.page, 64);
	rig.objects[b].origin = (struct origin){ORIGIN_CREATED, 0};
	read_freed(a);
	expect(0);
	rig.objects[b].origin = (struct origin){ORIGIN_CREATED, 1};
	read_freed(a);
	expect(1, "use-after-free/client/object/obj_read");
	rig.objects[b].origin = (struct origin){ORIGIN_CREATED, 0};
	rig.sim.rcu_readers = 0;
	read_freed(a);
	expect(1, "use-after-free/client/object/obj_read");
	release(b);
	rig.sim.rcu_readers = 1;
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	rig.findings.count = 0; /* in the grace period: the next test of the other file */
	read_freed(a);
	expect(1, "use-after-free/client/free-page/obj_read");
	rig.sim.rcu_readers = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_device_reads_what_was_handed_over),
		cmocka_unit_test(test_a_mapping_that_cleans_nothing_is_found),
		cmocka_unit_test(test_the_last_sync_counts),
		cmocka_unit_test(test_a_freed_object_changes_under_the_device),
		cmocka_unit_test(test_other_directions_and_old_copies_are_innocent),
		cmocka_unit_test(test_begin_forgets_the_last_program),
		cmocka_unit_test(test_freed_objects_are_not_read),
		cmocka_unit_test(test_an_rcu_reader_may_look_until_the_page_goes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
