/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22, debug reports in the form of FACTS 7.2. */
#include "tests/slub_rig.h"

static void debug_finds_double_free(void **state)
{
	target_addr_t a, b;

	(void)state;
	boot("x86", ALL_DEBUG);
	a = kmalloc(64);
	b = kmalloc(64);
	kfree(a);
	kfree(a);
	assert_report(0, "*** SLUB kmalloc-64: Object 0x");
	assert_report(0, "already free in slab @0x");
	kfree(b);
	assert_int_equal(report_count, 1);
	kfree(b + 1);
	assert_report(1, "Invalid object pointer");
}

static void debug_finds_overrun_at_free_and_keeps_the_object(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 64, 0);
	kfree(o);
	assert_report(0, "*** SLUB kmalloc-64: Redzone Active@0x5");
	assert_report(0, "@@@ SLUB kmalloc-64: Restoring Redzone (0xcc) from 0x5");
	assert_report(0, "Last alloc: op 7 jiffies_ago=0 cpu=0 pid=0");
	assert_report(0, "Object 0x5");
	kfree(o);
	assert_int_equal(report_count, 1);
}

static void later_reports_have_a_banner_and_the_range(void **state)
{
	target_addr_t o;

	(void)state;
	policy[POLICY_slub_report] = 1;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 65, 0x11);
	kfree(o);
	kfree(o);
	policy[POLICY_slub_report] = 0;
	assert_int_equal(report_count, 1);
	assert_int_equal(strncmp(reports[0], "=====", 5), 0);
	assert_report(0, "=\nBUG kmalloc-64: Redzone overwritten\n---");
	assert_report(0, ":041-0x50400:041. First byte 0x11 instead of 0xcc\n");
	assert_report(0, "INFO: Slab 0x50400:000 objects=36 used=1 fp=0x50400:070 flags=0x");
	assert_report(0, "INFO: Object 0x50400:000 @offset=0 fp=0x50400:070");
	assert_report(0, "INFO: Allocated in op 7 age=0 cpu=0 pid=0");
	assert_report(0, "FIX kmalloc-64: Restoring 0x50400:041-0x50400:043=0xcc");
}

/* Words of a report's last line, or of the one before. */
static void what_was_not_done_is_said(void **state)
{
	static const char *const fix[] = {"\n@@@ SLUB", "\nFIX"};
	char text[80];

	(void)state;
	for (unsigned era = 0; era < 2; era++) {
		target_addr_t o;

		policy[POLICY_slub_report] = (uint8_t)era;
		boot("x86", ALL_DEBUG);
		o = kmalloc(64);
		write_byte(o + 64, 0x11);
		kfree(o);
		snprintf(text, sizeof(text), "%s kmalloc-64: Object at 0x50400:000 not freed", fix[era]);
		assert_report(0, text);
		kfree(o);
		kfree(o);
		assert_report(1, "Object 0x50400:000 already free");
		assert_report(1, text);
		write_byte(o, 0x11);
		kmalloc(64);
		assert_report(2, "Poison");
		snprintf(text, sizeof(text), "%s kmalloc-64: Marking all objects used", fix[era]);
		assert_report(2, text);
		assert_int_equal(report_count, 3);
	}
	policy[POLICY_slub_report] = 0;
}

static void what_is_only_mended_is_not_undone(void **state)
{
	target_addr_t o, s;

	(void)state;
	boot("x86", ALL_DEBUG);
	s = cache("kmalloc-64");
	o = kmalloc(64);
	write_byte(o + target_load_field(&sim, s, LF_kmem_cache_size) - 1, 0x11);
	kfree(o);
	assert_report(0, "Object padding check fails");
	assert_null(strstr(reports[0], "not freed"));
	write_byte(o, 0x11);
	allocator_slub.cache_validate(&slub, s);
	assert_report(1, "Poison check failed");
	assert_null(strstr(reports[1], "Marking"));
}

static void slab_without_a_cache_is_told(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		target_addr_t o, s;

		policy[POLICY_bug_free_wrong_cache] = (uint8_t)bug;
		boot("x86", ALL_DEBUG);
		s = cache("kmalloc-64");
		o = kmalloc(64);
		page_field_store(&sim, virt_to_frame(&sim, o), PF_slub_slab, 0);
		free_to(s, o);
		assert_report(0, "*** SLUB kmalloc-64: no slab for object 0x50400:000 in slab @0x50400:000");
	}
	assert_report(0, "\n@@@ SLUB kmalloc-64: Object at 0x50400:000 not freed");
}

/* Only the first rows of an object are shown, and those from where the damage begins. */
static void rows_with_the_damage_are_shown(void **state)
{
	target_addr_t o;

	(void)state;
	boot("x86", ALL_DEBUG);
	o = kmalloc(512);
	kfree(o);
	write_byte(o + 300, 0x11);
	kmalloc(512);
	assert_report(0, "    Object 0x50400:030:");
	assert_report(0, "\n         *\n    Object 0x50400:120:  6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 11 6b 6b 6b");
	assert_report(0, "    Object 0x50400:150:");
	assert_null(strstr(reports[0], "Object 0x50400:040:"));
	assert_null(strstr(reports[0], "Object 0x50400:160:"));
}

static void debug_finds_write_after_free_at_alloc_and_retires_the_slab(void **state)
{
	target_addr_t o, other;

	(void)state;
	boot("x86", ALL_DEBUG);
	o = kmalloc(64);
	kfree(o);
	write_byte(o + 63, 0);
	other = kmalloc(64);
	assert_report(0, "Poison check failed");
	assert_int_not_equal(slab_of(o), slab_of(other));
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_inuse), 30);
}

static void debug_repairs_padding_and_goes_on(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 111, 0);
	write_byte(page_address(slab_of(o)) + 4095, 0);
	kfree(o);
	assert_int_equal(report_count, 2);
	assert_report(0, "Padding check failed in slab @0x");
	assert_report(1, "Object padding check fails");
	assert_int_equal(kmalloc(64), o);
	assert_int_equal(report_count, 2);
}

static void debug_finds_a_corrupt_free_pointer(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	target_store_word(&sim, o + 68, 0x1234, ROLE_NONE);
	kfree(o);
	assert_report(0, "Freepointer corrupt");
	assert_int_equal(target_load_word(&sim, o + 68), 0);
}

static void validate_finds_what_nobody_met(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	assert_int_equal(allocator_slub.cache_validate(&slub, cache("kmalloc-64")), 0);
	write_byte(o + 64, 0);
	assert_int_equal(allocator_slub.cache_validate(&slub, cache("kmalloc-64")), 1);
	assert_report(0, "Redzone Active");
	assert_null(allocator_slub.invariants(&slub));
}

static void reports_survive_a_full_buffer(void **state)
{
	(void)state;
	boot("arm926", ALL_DEBUG);
	for (unsigned i = 0; i < 200; i++) {
		target_addr_t o = kmalloc(64);

		write_byte(o + 64, 0);
		kfree(o);
	}
	assert_int_equal(counts[EVENT_REPORT], 200);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(debug_finds_double_free, setup),
	cmocka_unit_test_setup(debug_finds_overrun_at_free_and_keeps_the_object, setup),
	cmocka_unit_test_setup(later_reports_have_a_banner_and_the_range, setup),
	cmocka_unit_test_setup(rows_with_the_damage_are_shown, setup),
	cmocka_unit_test_setup(what_was_not_done_is_said, setup),
	cmocka_unit_test_setup(what_is_only_mended_is_not_undone, setup),
	cmocka_unit_test_setup(slab_without_a_cache_is_told, setup),
	cmocka_unit_test_setup(debug_finds_write_after_free_at_alloc_and_retires_the_slab, setup),
	cmocka_unit_test_setup(debug_repairs_padding_and_goes_on, setup),
	cmocka_unit_test_setup(debug_finds_a_corrupt_free_pointer, setup),
	cmocka_unit_test_setup(validate_finds_what_nobody_met, setup),
	cmocka_unit_test_setup(reports_survive_a_full_buffer, setup),
};

RUN_SLUB_TESTS(tests)
