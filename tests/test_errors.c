/* SPDX-License-Identifier: MIT */
/* The three classes of trouble: marks, invariants, the watchdog, and who is asked when native code may be to blame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/event_log.h"
#include "fuzz/minimize_run.h"
#include "fuzz/watchdog.h"
#include "tests/bump_heap.h"
#include "tests/harness.h"

static const char one[] = "world arch=x86\no0 = kmalloc 48 GFP_KERNEL\n";
static volatile uintptr_t nowhere = 8;

/* What the allocator does in alloc(), and what an observer does meanwhile. */
static void (*in_alloc)(struct allocator *a);
static void (*in_observer)(void);

static void crash(void)
{
	*(volatile uint8_t *)nowhere = 0; /* NOLINT: on purpose */
}

static void loop(void)
{
	for (;;)
		nowhere = 8;
}

static target_addr_t alloc(struct allocator *a, const struct alloc_request *request)
{
	if (in_alloc)
		in_alloc(a);
	return allocator_bump.alloc(a, request);
}

/* The event log is written by the framework while code under test waits: a log that misbehaves. */
static ssize_t write_log(void *cookie, const char *bytes, size_t size)
{
	(void)cookie;
	if (in_observer && memmem(bytes, size, "observer", 8))
		in_observer();
	return (ssize_t)size;
}

static void observe_by_log(bool on)
{
	static struct event_log log;
	const cookie_io_functions_t functions = {.write = write_log};

	if (on && !log.file) {
		log.file = fopencookie(NULL, "w", functions);
		assert_non_null(log.file);
		setvbuf(log.file, NULL, _IONBF, 0);
	}
	harness_session()->world.log = on ? &log : NULL;
}

static struct allocator_ops allocator(void)
{
	struct allocator_ops ops = allocator_bump;

	ops.name = "errs";
	ops.alloc = alloc;
	return ops;
}

static struct allocator_ops errs;
static char directory[] = "/tmp/slabfuzz-errors-XXXXXX";

static int run(void (*alloc_does)(struct allocator *), void (*observer_does)(void))
{
	errs = allocator();
	in_alloc = alloc_does;
	in_observer = observer_does;
	return (int)harness_run(one, &errs);
}

/* As framework code that code under test calls back into. */
static void call_back(struct allocator *a)
{
	const struct event event = {.kind = EVENT_CHECK, .text = "observer"};

	a->sim->observe(a->sim->observe_context, &event);
}

/* Runs in a child with the observer in place; its exit status, 100 + signal if that ended it. */
static char child_text[65536];
static int child(void (*alloc_does)(struct allocator *), void (*observer_does)(void))
{
	int fd[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	harness_session();
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		setenv("SLABFUZZ_FINDINGS", directory, 1);
		harness_session()->timeout = 1;
		harness_session()->findings_dir = directory;
		observe_by_log(true);
		_exit(run(alloc_does, observer_does) ? 1 : 0);
	}
	close(fd[1]);
	while (used + 1 < sizeof(child_text) && (n = read(fd[0], child_text + used, sizeof(child_text) - 1 - used)) > 0)
		used += (size_t)n;
	child_text[used] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Files in the directory whose name begins with `prefix` and ends with `suffix`; they are removed. */
static unsigned take_files(const char *prefix, const char *suffix, char *text, size_t size)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *files = opendir(directory);

	assert_non_null(files);
	while ((entry = readdir(files)) != NULL) {
		char path[600];
		size_t length = strlen(entry->d_name);
		FILE *in;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || length < strlen(suffix) ||
		    strcmp(entry->d_name + length - strlen(suffix), suffix) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		in = fopen(path, "r");
		assert_non_null(in);
		text[fread(text, 1, size - 1, in)] = 0;
		fclose(in);
		unlink(path);
		count++;
	}
	closedir(files);
	return count;
}

/* The child ended as a bug of the framework, and left the program and a text that is no report of a finding. */
static void expect_framework_bug(int status, const char *what)
{
	char text[4096];

	assert_int_equal(status, 3);
	assert_non_null(strstr(child_text, "FRAMEWORK BUG: "));
	assert_non_null(strstr(child_text, what));
	assert_non_null(strstr(child_text, "program saved: "));
	assert_null(strstr(child_text, "\nBUG: "));
	assert_int_equal(take_files("framework-bug-", ".prog", text, sizeof(text)), 1);
	assert_non_null(strstr(text, "o0 = kmalloc 48 GFP_KERNEL"));
	assert_int_equal(take_files("framework-bug-", ".txt", text, sizeof(text)), 1);
	assert_non_null(strstr(text, what));
	assert_non_null(strstr(text, "at op 0 kmalloc, allocator errs"));
}

static bool mark_seen, mark_in_observer;

static void look_at_mark(struct allocator *a)
{
	mark_seen = a->sim->under_test;
	call_back(a);
	mark_seen = mark_seen && a->sim->under_test;
}

static void look_in_observer(void)
{
	mark_in_observer = harness_session()->world.sim.under_test;
}

static int nested(struct sim *sim)
{
	return UNDER_TEST(sim, sim->under_test) && sim->under_test;
}

static void test_the_mark_is_on_in_code_under_test_only(void **state)
{
	struct sim *sim = &harness_session()->world.sim;

	(void)state;
	observe_by_log(true);
	mark_in_observer = true;
	run(look_at_mark, look_in_observer);
	observe_by_log(false);
	assert_true(mark_seen);
	assert_false(mark_in_observer);
	assert_false(sim->under_test);
	/* The value of a call is the expression's, and marks nest. */
	assert_int_equal(UNDER_TEST(sim, nested(sim) + 2), 3);
	assert_false(sim->under_test);
}

static void crash_in_alloc(struct allocator *a)
{
	(void)a;
	crash();
}

static void abort_in_alloc(struct allocator *a)
{
	(void)a;
	abort();
}

static void test_signals_between_the_marks_are_findings(void **state)
{
	(void)state;
	run(crash_in_alloc, NULL);
	assert_string_equal(harness_signatures(), "oops/errs/pointer/kmalloc ");
	assert_false(harness_session()->world.sim.under_test);
	run(abort_in_alloc, NULL);
	assert_string_equal(harness_signatures(), "kernel-bug/errs/pointer/kmalloc ");
}

static void test_signals_elsewhere_are_framework_bugs(void **state)
{
	(void)state;
	expect_framework_bug(child(call_back, crash), "SIGSEGV at 0x8");
	expect_framework_bug(child(call_back, abort), "SIGABRT");
}

static void invariant_in_alloc(struct allocator *a)
{
	invariant(a->ops == NULL);
}

static void invariant_in_observer(void)
{
	invariant(nowhere == 9);
}

static void test_broken_invariants_are_framework_bugs_everywhere(void **state)
{
	(void)state;
	expect_framework_bug(child(invariant_in_alloc, NULL), "tests/test_errors.c:");
	expect_framework_bug(child(call_back, invariant_in_observer), "nowhere == 9");
}

static void loop_in_alloc(struct allocator *a)
{
	(void)a;
	loop();
}

/* Most of its time is the observers'. */
static void observed_loop(struct allocator *a)
{
	for (;;)
		call_back(a);
}

static void some_work(void)
{
	for (unsigned i = 0; i < 100000; i++)
		nowhere = 8;
}

static void test_the_clock_ends_code_under_test(void **state)
{
	struct session *s = harness_session();
	char *log = NULL;
	size_t size = 0;
	struct event_log events = {open_memstream(&log, &size)};

	(void)state;
	s->timeout = 1;
	s->world.log = &events;
	run(loop_in_alloc, NULL);
	s->world.log = NULL;
	fclose(events.file);
	assert_string_equal(harness_signatures(), "hang/errs/clock/kmalloc ");
	assert_null(strstr(log, "hang"));
	free(log);
	observe_by_log(true);
	run(observed_loop, some_work);
	observe_by_log(false);
	assert_string_equal(harness_signatures(), "hang/errs/clock/kmalloc ");
	/* The next op has its whole time again. */
	assert_int_equal(run(NULL, NULL), 0);
	s->timeout = WATCHDOG_SECONDS;
}

static void test_a_loop_of_the_framework_is_its_bug(void **state)
{
	(void)state;
	expect_framework_bug(child(call_back, loop), "did not end");
}

static volatile unsigned calls;

static void loop_and_count(struct allocator *a)
{
	calls++;
	loop_in_alloc(a);
}

static void test_hangs_by_the_clock_are_not_minimised(void **state)
{
	struct session *s = harness_session();
	char signature[SIGNATURE_MAX] = "";
	static struct program p;
	struct world_config config;

	(void)state;
	assert_int_equal(run(NULL, NULL), 0);
	config = s->world.config;
	p = *s->executor.program;
	in_alloc = loop_and_count;
	calls = 0;
	s->timeout = 1;
	assert_int_equal(minimize_run(s, &p, &config, signature, 0), 1);
	s->timeout = WATCHDOG_SECONDS;
	assert_string_equal(signature, "hang/errs/clock/kmalloc");
	assert_int_equal(calls, 1);
	assert_int_equal(p.op_count, 1);
}

static void test_signatures_of_the_clock(void **state)
{
	(void)state;
	assert_true(is_clock_hang("hang/slub/clock/kfree"));
	assert_false(is_clock_hang("hang/slub/op/kfree"));
	assert_false(is_clock_hang("oops/slub/clock/kfree"));
	assert_false(is_clock_hang("hang/slub"));
}

static void test_the_limit_is_a_number(void **state)
{
	static const char *const wrong[] = {"abc", "-1", "1s", "86401", "99999999999999999999"};
	unsigned seconds = 77;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv(WATCHDOG_VARIABLE, wrong[i], 1);
		assert_false(watchdog_seconds(&seconds));
	}
	setenv(WATCHDOG_VARIABLE, "0", 1);
	assert_true(watchdog_seconds(&seconds));
	assert_int_equal(seconds, 0);
	unsetenv(WATCHDOG_VARIABLE);
	assert_true(watchdog_seconds(&seconds));
	assert_int_equal(seconds, WATCHDOG_SECONDS);
}

/* A script in the place of the tool with ASan. */
static void set_asan_tool(const char *script)
{
	static char path[600];
	FILE *out;

	snprintf(path, sizeof(path), "%s/asan-tool", directory);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", script);
	fclose(out);
	chmod(path, 0755);
	setenv("SLABFUZZ_ASAN", path, 1);
}

static void test_asan_is_asked_about_crashes_in_worlds_with_native_code(void **state)
{
	char text[4096];

	(void)state;
	set_asan_tool("grep -q kmalloc $2 || exit 3; echo; echo BUG: use-after-free/errs/free-page/kmalloc; exit 1");
	assert_int_equal(child(call_back, crash), 1);
	assert_non_null(strstr(child_text, "\nBUG: use-after-free/errs/free-page/kmalloc"));
	assert_null(strstr(child_text, "FRAMEWORK"));
	assert_int_equal(take_files("use-after-free+errs+free-page+kmalloc-", ".prog", text, sizeof(text)), 1);
	assert_non_null(strstr(text, "kmalloc 48"));
	assert_int_equal(take_files("use-after-free+errs+free-page+kmalloc-", ".txt", text, sizeof(text)), 1);
	assert_int_equal(take_files("framework-bug-", "", text, sizeof(text)), 0);
	/* It finds nothing, or breaks down itself: the framework is to blame. */
	set_asan_tool("exit 0");
	expect_framework_bug(child(call_back, crash), "SIGSEGV");
	set_asan_tool("echo FRAMEWORK BUG: x; exit 3");
	expect_framework_bug(child(call_back, crash), "SIGSEGV");
	unsetenv("SLABFUZZ_ASAN");
}

static int make_directory(void **state)
{
	(void)state;
	setenv("SLABFUZZ_ASAN", "", 1);
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char path[600];

	(void)state;
	snprintf(path, sizeof(path), "%s/asan-tool", directory);
	unlink(path);
	return rmdir(directory);
}

#ifdef SIM_ASAN
static volatile int large = INT32_MAX;

static void overflow(void)
{
	large = large + 1; /* NOLINT: on purpose */
}

static void overflow_in_alloc(struct allocator *a)
{
	(void)a;
	overflow();
}

static void test_what_sanitizers_report_belongs_to_who_did_it(void **state)
{
	char text[8192];

	(void)state;
	assert_int_not_equal(child(overflow_in_alloc, NULL), 0);
	assert_non_null(strstr(child_text, "signed integer overflow"));
	assert_non_null(strstr(child_text, "\nBUG: oops/errs/pointer/kmalloc"));
	assert_null(strstr(child_text, "FRAMEWORK"));
	assert_int_equal(take_files("oops+errs+pointer+kmalloc-", ".prog", text, sizeof(text)), 1);
	assert_int_equal(take_files("oops+errs+pointer+kmalloc-", ".txt", text, sizeof(text)), 1);
	expect_framework_bug(child(call_back, overflow), "a sanitizer's report");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_mark_is_on_in_code_under_test_only),
		cmocka_unit_test(test_signals_between_the_marks_are_findings),
		cmocka_unit_test(test_signals_elsewhere_are_framework_bugs),
		cmocka_unit_test(test_broken_invariants_are_framework_bugs_everywhere),
		cmocka_unit_test(test_the_clock_ends_code_under_test),
		cmocka_unit_test(test_a_loop_of_the_framework_is_its_bug),
		cmocka_unit_test(test_hangs_by_the_clock_are_not_minimised),
		cmocka_unit_test(test_signatures_of_the_clock),
		cmocka_unit_test(test_the_limit_is_a_number),
		cmocka_unit_test(test_asan_is_asked_about_crashes_in_worlds_with_native_code),
#ifdef SIM_ASAN
		cmocka_unit_test(test_what_sanitizers_report_belongs_to_who_did_it),
#endif
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
