/* SPDX-License-Identifier: MIT */
/* The allocator contract: SLUB and a foreign bump heap behind the same three functions; ASan on target memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/asan.h"
#include "tests/bump_heap.h"
#include "tests/harness.h"

static void test_bump_heap_runs_legal_programs_clean(void **state)
{
	(void)state;
	assert_int_equal(harness_run("world arch=x86\n"
				     "o0 = kmalloc 48 GFP_KERNEL repeat=20\n"
				     "obj_write o3 0 48 0x11\n"
				     "obj_read o3 0 48\n"
				     "kfree o3\n"
				     "o20 = kzalloc 100 GFP_KERNEL\n",
				     &allocator_bump),
			 0);
}

static void test_bump_heap_out_of_memory_is_no_finding(void **state)
{
	(void)state;
	assert_int_equal(harness_run("world arch=x86\no0 = kmalloc 9000 GFP_KERNEL repeat=3\n", &allocator_bump), 0);
}

static void test_bump_heap_overlap_is_found(void **state)
{
	(void)state;
	harness_run("world arch=x86\no0 = kmalloc 48 GFP_KERNEL repeat=2\n", &allocator_bump_overlap);
	assert_true(harness_found("overlap/bump+overlap/object/kmalloc"));
}

static void test_ops_without_capability_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(harness_run("world arch=x86\n"
				     "c0 = kmem_cache_create 64 0 0\n"
				     "o0 = kmem_cache_alloc c0 GFP_KERNEL\n"
				     "kmem_cache_shrink kmalloc-64\n"
				     "grace_period\n",
				     &allocator_bump),
			 0);
	assert_true(harness_session()->executor.skipped[1]);
}

static void test_native_heap_and_model_run_in_turn(void **state)
{
	static const char text[] = "world arch=arm926\no0 = kmalloc 64 GFP_KERNEL repeat=5\nkfree o1\n";

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(harness_run(text, &allocator_bump), 0);
		assert_int_equal(harness_run(text, NULL), 0);
	}
}

static const char three[] = "world arch=x86\no0 = kmalloc 16 GFP_KERNEL repeat=2\no2 = kmalloc 8 GFP_KERNEL\n"
			    "kfree o0\n";

static void test_crashes_and_hangs_of_native_code_are_findings(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) { /* and the process goes on */
		harness_run(three, &allocator_bump_wild);
		assert_string_equal(harness_signatures(), "oops/bump+wild/pointer/kmalloc ");
		assert_int_equal(harness_session()->world.sim.fault_address, 8);
		harness_run(three, &allocator_bump_abort);
		assert_string_equal(harness_signatures(), "kernel-bug/bump+abort/pointer/kmalloc ");
		assert_int_equal(harness_run(three, &allocator_bump), 0);
	}
	harness_session()->timeout = 1;
	harness_run(three, &allocator_bump_spin);
	assert_string_equal(harness_signatures(), "hang/bump+spin/clock/kmalloc ");
}

#ifdef SIM_ASAN
/* A region of 4 frames: 127 blocks of 128 bytes leave the next "header" just past it. */
static const char overrun[] = "world arch=x86\n"
			      "o0 = kmalloc 120 GFP_KERNEL repeat=64\n"
			      "o64 = kmalloc 120 GFP_KERNEL repeat=64\n";

static void test_asan_catches_a_store_past_the_region_at_the_instruction(void **state)
{
	char text[65536];
	size_t used = 0;
	ssize_t n;
	int fd[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		harness_run(overrun, &allocator_bump_overrun);
		_exit(0);
	}
	close(fd[1]);
	while (used + 1 < sizeof(text) && (n = read(fd[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	assert_non_null(strstr(text, "bump_alloc"));
	assert_non_null(strstr(text, "BUG: out-of-bounds/bump+overrun/free-page/kmalloc"));
}

static void test_asan_is_silent_for_the_clean_twin(void **state)
{
	(void)state;
	assert_int_equal(harness_run(overrun, &allocator_bump), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bump_heap_runs_legal_programs_clean),
		cmocka_unit_test(test_bump_heap_out_of_memory_is_no_finding),
		cmocka_unit_test(test_bump_heap_overlap_is_found),
		cmocka_unit_test(test_ops_without_capability_are_skipped),
		cmocka_unit_test(test_native_heap_and_model_run_in_turn),
		cmocka_unit_test(test_crashes_and_hangs_of_native_code_are_findings),
#ifdef SIM_ASAN
		cmocka_unit_test(test_asan_catches_a_store_past_the_region_at_the_instruction),
		cmocka_unit_test(test_asan_is_silent_for_the_clean_twin),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
