/* SPDX-License-Identifier: MIT */
/* Interrupt blocks that nest: what the client may not do there is skipped, and none is left pending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness.h"

/* An object that any op under way still uses is not freed in an interrupt, however deep. */
static void test_objects_in_use_are_kept(void **state)
{
	static const char text[] = "world arch=arm926 allocator=slub profile=safe debug=FZPU\n"
				   "o0 = kmalloc 1 GFP_KERNEL repeat=5\n"
				   "irq 3 0 {\n"
				   "irq 1 0 {\n"
				   "o5 = krealloc o1 16 GFP_ATOMIC\n"
				   "}\n"
				   "o6 = krealloc o4 16 GFP_ATOMIC\n"
				   "}\n"
				   "o7 = krealloc o1 16 GFP_KERNEL\n";

	(void)state;
	assert_int_equal(harness_run(text, NULL), 0);
	assert_true(harness_session()->executor.skipped[3]);
	assert_false(harness_session()->executor.skipped[4]);
	assert_false(harness_session()->executor.skipped[5]);
}

/* The interrupt armed by the last op of another comes before the program is over. */
static void test_none_is_left_pending(void **state)
{
	char *log = harness_events("world arch=x86 allocator=slub profile=safe\n"
				   "irq 2 0 {\n"
				   "irq 1 0 {\n"
				   "o0 = kmalloc 8 GFP_ATOMIC\n"
				   "}\n"
				   "}\n"
				   "grace_period\n");

	(void)state;
	assert_non_null(strstr(log, "object-alloc 0"));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_in_use_are_kept),
		cmocka_unit_test(test_none_is_left_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
