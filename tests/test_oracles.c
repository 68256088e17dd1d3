/* SPDX-License-Identifier: MIT */
/*
 * Findings, object_lifetime, page_overlay and kernel_report: each finds its planted situations and stays silent at
 * their innocent neighbours.
 */
#include "tests/oracle_rig.h"

/* Findings and owners. */

static struct finding *add(const char *victim, const char *format)
{
	return finding_add(&rig.findings, &rig.context, "test", TITLE_LEAK, "toy", victim, NULL, format ? "%s" : NULL,
			   format);
}

static void test_findings_are_deduplicated_and_bounded(void **state)
{
	char victim[16], text[2 * DETAIL_MAX];
	struct finding *finding;

	(void)state;
	start("x86");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	finding = add("object", text);
	assert_string_equal(finding->signature, "leak/toy/object/-");
	assert_int_equal(strlen(finding->detail), DETAIL_MAX - 1);
	assert_string_equal(finding->detail + DETAIL_MAX - 4, "...");
	finding_detail(finding, "more");
	finding_detail(NULL, "nothing");
	assert_int_equal(strlen(finding->detail), DETAIL_MAX - 1);
	assert_null(add("object", NULL));
	for (int i = 1; i < FINDINGS_MAX; i++) {
		snprintf(victim, sizeof(victim), "v%d", i);
		finding = add(victim, NULL);
		assert_non_null(finding);
		finding_detail(finding, "one %d", 1);
		finding_detail(finding, "two");
		assert_string_equal(finding->detail, "one 1\ntwo");
	}
	assert_null(add("last", NULL));
	assert_int_equal(rig.findings.count, FINDINGS_MAX);
	assert_int_equal(title_rows[TITLE_MISSED_FLUSH].grade, GRADE_HAZARD);
	assert_string_equal(title_rows[TITLE_STATE_CHANGED].name, "state-changed-by-failure");
}

static const char *owner(target_addr_t addr)
{
	return byte_owner_name(&rig.context, addr, NULL);
}

static void test_bytes_have_one_owner(void **state)
{
	uint32_t o;

	(void)state;
	start("ppc8xx");
	assert_string_equal(owner(rig.page), "page");
	target_store(&rig.sim, rig.page, 8, 0, ROLE_FREE_POINTER);
	assert_string_equal(owner(rig.page + 7), "free-pointer");
	o = object(rig.page, 32);
	assert_string_equal(owner(rig.page), "object");
	assert_string_equal(owner(rig.page + 32), "unused");
	release(o);
	assert_string_equal(owner(rig.page), "free-pointer");
	assert_string_equal(owner(rig.page + 31), "free-object");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	assert_string_equal(owner(rig.page), "free-page");
	assert_string_equal(owner(KERNEL_BASE), "kernel-data");
	assert_string_equal(owner(16), "nowhere");
	expect(0);
}

/* object_lifetime */

static void test_objects_that_share_a_byte_overlap(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page + 64, 64);
	object(rig.page, 64);
	object(rig.page + 128, 1);
	expect(0);
	object(rig.page + 127, 1);
	expect(1, "overlap/toy/object/kmalloc");
	release(a);
	object(rig.page + 64, 64);
	expect(0);
}

static void test_an_object_lies_in_memory_in_use(void **state)
{
	(void)state;
	start("x86");
	object(16, 0);
	object(rig.page + PAGE_SIZE - 8, 8);
	expect(0);
	object(4, 8);
	expect(1, "overlap/toy/free-page/kmalloc");
	object(RAM_BASE + (60 << PAGE_SHIFT), 8);
	expect(1, "overlap/toy/free-page/kmalloc");
}

static void test_an_object_keeps_its_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 200);
	store(a, 0x5c);
	load(a);
	target_store(&rig.sim, rig.page + 200, 8, 1, ROLE_ALLOCATOR);
	load(a);
	expect(0);
	op("kfree");
	target_store(&rig.sim, rig.page + 130, 1, 0xbb, ROLE_REDZONE);
	load(a);
	expect(1, "out-of-bounds/toy/object/obj_read");
	load(a);
	expect(0);
	target_store(&rig.sim, rig.page + 3, 1, 0xbb, ROLE_REDZONE);
	release(a);
	expect(1, "out-of-bounds/toy/object/kfree");
	target_store(&rig.sim, rig.page, 8, 1, ROLE_FREE_POINTER);
	a = object(rig.page, 200);
	load(a);
	expect(0);
}

static void test_device_writes_are_legal_changes(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 32, DMA_FROM_DEVICE);
	device(0, rig.page, 32, 0xa5);
	unmap(0, rig.page, 32, DMA_FROM_DEVICE);
	load(a);
	expect(0);
	*target_pointer(rig.page + 32) = 0;
	load(a);
	expect(1, "out-of-bounds/toy/object/obj_read");
}

static void test_a_mapped_buffer_is_the_devices(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 32, DMA_FROM_DEVICE);
	*target_pointer(rig.page) = 0; /* a bus master without events */
	unmap(0, rig.page, 32, DMA_FROM_DEVICE);
	load(a);
	expect(0);
	store(a, 0x5c);
	device(0, rig.page, 32, 0xa5);
	load(a);
	expect(0);
}

static void test_pages_stay_under_live_objects(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	release(a);
	op("kmem_cache_shrink");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
	start("x86");
	object(rig.page + 4000, 64);
	op("put_page");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(1, "use-after-free/toy/object/put_page");
}

static uint32_t rcu_object(void)
{
	uint32_t handle = object(rig.page, 64);

	rig.objects[handle].rcu = true;
	return handle;
}

static void test_rcu_pages_stay_for_a_grace_period(void **state)
{
	(void)state;
	start("x86");
	release(rcu_object());
	release(rcu_object()); /* reuse by the same type at once */
	op("grace_period");
	emit((struct event){.kind = EVENT_GRACE_PERIOD});
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
	start("x86");
	emit((struct event){.kind = EVENT_GRACE_PERIOD});
	release(rcu_object());
	op("kmem_cache_shrink");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(1, "use-after-free/toy/rcu-object/kmem_cache_shrink");
	start("x86");
	release(rcu_object());
	start("x86"); /* another program */
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
}

static void test_unowned_memory_is_not_touched(void **state)
{
	target_addr_t cache;

	(void)state;
	start("x86");
	cache = kernel_alloc(&rig.sim, 64);
	op("kmalloc");
	target_load(&rig.sim, cache, 8);
	target_load(&rig.sim, rig.page, 8);
	expect(0);
	kernel_free(&rig.sim, cache, 64);
	target_load(&rig.sim, cache, 8);
	target_load(&rig.sim, RAM_BASE + (60 << PAGE_SHIFT), 8);
	expect(2, "use-after-free/toy/kernel-data/kmalloc", "use-after-free/toy/free-page/kmalloc");
}

static void test_begin_forgets_the_last_program(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 128);
	map(0, rig.page + 8, 8, DMA_FROM_DEVICE);
	device(0, rig.page + 8, 8, 1);
	start("ppc8xx");
	object(rig.page + 16, 64);
	object(rig.page, 16);
	load(1);
	expect(0);
}

/* page_overlay */

static void test_a_page_field_is_read_by_its_owner(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_set_flag(&rig.sim, frame, PG_slab);
	page_field_store(&rig.sim, frame, PF_slub_slab, 0);
	op("page_mapping");
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	page_field_load(&rig.sim, frame, PF_slub_slab);
	expect(0);
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	expect(1, "page-field-alias/toy/slub-page/page_mapping");
	page_clear_flag(&rig.sim, frame, PG_slab);
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	expect(1, "page-field-alias/toy/rcu-limbo-slab/page_mapping");
}

static void test_a_bad_page_names_its_owner(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_set_flag(&rig.sim, frame, PG_slab);
	page_field_store(&rig.sim, frame, PF_slab_cache, KERNEL_HEAP_BASE);
	op("put_page");
	put_page(&rig.sim, frame);
	expect(1, "bad-page-state/toy/slab-page/put_page");
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	op("put_page");
	put_page(&rig.sim, frame);
	expect(1, "bad-page-state/toy/slub-page/put_page");
}

static void test_a_page_changes_hands_once(void **state)
{
	struct event event = {.addr = RAM_BASE + (60 << PAGE_SHIFT), .size = 2 * PAGE_SIZE, .value = 1};

	(void)state;
	start("x86");
	op("alloc_pages");
	event.kind = EVENT_PAGE_FREE; /* of the boot: no event told of its allocation */
	emit(event);
	event.kind = EVENT_PAGE_ALLOC;
	emit(event);
	event.kind = EVENT_PAGE_FREE;
	emit(event);
	event.kind = EVENT_PAGE_ALLOC;
	emit(event);
	expect(0);
	event.size = PAGE_SIZE;
	emit(event);
	expect(1, "bad-page-state/toy/page/alloc_pages");
	event.kind = EVENT_PAGE_FREE;
	emit(event);
	expect(0);
	op("kfree");
	event.size = 2 * PAGE_SIZE;
	emit(event);
	expect(1, "bad-page-state/toy/page/kfree");
}

/* kernel_report */

static void test_reports_map_to_titles(void **state)
{
	static const char *const rows[][2] = {
		{"Redzone overwritten", "redzone-overwritten/toy/object/kfree"},
		{"Poison overwritten", "poison-overwritten/toy/object/kfree"},
		{"Object already free", "double-free/toy/object/kfree"},
		{"Freechain corrupt", "freelist-corrupted/toy/object/kfree"},
		{"object belongs to slab kmalloc-64", "wrong-cache/toy/object/kfree"},
		{"object at 0x10 is outside of slab", "invalid-free/toy/object/kfree"},
		{"Padding overwritten", "out-of-bounds/toy/object/kfree"},
	};

	(void)state;
	start("x86");
	op("kfree");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		emit((struct event){.kind = EVENT_REPORT, .addr = rig.page, .text = rows[i][0]});
		expect(1, rows[i][1]);
	}
}

static void test_an_oops_names_the_misread_field(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	op("flush_dcache_page");
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	emit((struct event){.kind = EVENT_OOPS, .addr = 13, .text = "load"});
	expect(2, "page-field-alias/toy/rcu-limbo-slab/flush_dcache_page", "oops/toy/rcu-limbo-slab/flush_dcache_page");
	op("kfree");
	emit((struct event){.kind = EVENT_OOPS, .addr = 13, .text = "load"});
	emit((struct event){.kind = EVENT_KERNEL_BUG, .text = "not PageSlab"});
	emit((struct event){.kind = EVENT_HANG});
	expect(3, "oops/toy/pointer/kfree", "kernel-bug/toy/pointer/kfree", "hang/toy/op/kfree");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings_are_deduplicated_and_bounded),
		cmocka_unit_test(test_bytes_have_one_owner),
		cmocka_unit_test(test_objects_that_share_a_byte_overlap),
		cmocka_unit_test(test_an_object_lies_in_memory_in_use),
		cmocka_unit_test(test_an_object_keeps_its_bytes),
		cmocka_unit_test(test_device_writes_are_legal_changes),
		cmocka_unit_test(test_a_mapped_buffer_is_the_devices),
		cmocka_unit_test(test_pages_stay_under_live_objects),
		cmocka_unit_test(test_rcu_pages_stay_for_a_grace_period),
		cmocka_unit_test(test_unowned_memory_is_not_touched),
		cmocka_unit_test(test_begin_forgets_the_last_program),
		cmocka_unit_test(test_a_page_field_is_read_by_its_owner),
		cmocka_unit_test(test_a_bad_page_names_its_owner),
		cmocka_unit_test(test_a_page_changes_hands_once),
		cmocka_unit_test(test_reports_map_to_titles),
		cmocka_unit_test(test_an_oops_names_the_misread_field),
	};

	return cmocka_run_group_tests_name("oracles", tests, setup, teardown);
}
