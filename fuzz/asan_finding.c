/* SPDX-License-Identifier: MIT */
/*
 * The hooks run inside a sanitizer's report: the op under way is caught at the instruction, so nothing may run again
 * here; the program and the sanitizer's text are written as they are.
 */
#include "fuzz/asan_finding.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/atomic_file.h"
#include "fuzz/containment.h"
#include "fuzz/framework_bug.h"
#include "sim/asan.h"

/* Any sanitizer has it; without one there is nothing to hook. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Sanitizers call plain functions. */
static struct session *session;
static bool told; /* what ends the process has its signature already */

static void save(const char *signature, const char *report)
{
	struct session *s = session;
	static struct program program;
	char path[1024];
	size_t length;

	if (!s->findings_dir)
		return;
	program = *s->executor.running;
	if (s->plan)
		target_supply_world(s->plan, &program);
	if (finding_save_program(&program, signature, s->findings_dir, path, sizeof(path))) {
		length = strlen(path);
		memcpy(path + length - 5, ".txt", 5);
		if (file_write_atomically(path, report, strlen(report)))
			return;
	}
	fprintf(stderr, "slabfuzz: %s: cannot save %s: %s\n", s->findings_dir, signature, strerror(errno));
}

/* Between the marks, in an op: the code under test did it. */
static bool is_finding(const struct session *s)
{
	return s->executor.running && s->world.sim.under_test && s->world.sim.recovery;
}

static void tell(const char *title, const char *victim, const char *detail, const char *report)
{
	const struct sim *sim = &session->world.sim;
	static char text[64 * 1024];
	char signature[SIGNATURE_MAX];

	snprintf(signature, sizeof(signature), "%s/%s/%s/%s", title, sim->actor, victim, sim->by);
	snprintf(text, sizeof(text), "BUG: %s\n\n  a sanitizer's report, at op %u; %s\n\n%s", signature, sim->op,
		 detail, report);
	fprintf(stderr, "\nBUG: %s\n\n  a sanitizer's report, at op %u; %s\n", signature, sim->op, detail);
	save(signature, text);
	told = true;
}

/*
 * The process is about to end.  What is no memory error of ASan's comes here only: UBSan's reports, MSan's.  An engine
 * that was here before keeps its input when somebody aborts.
 */
static void on_death(void)
{
	struct session *s = session;
	struct sigaction aborts;

	if (!s->world.allocator.sim)
		return;
	if (!told && !is_finding(s))
		framework_bug_end("a sanitizer's report (above): not in code under test");
	if (!told)
		tell("oops", "pointer", "undefined behaviour", "");
	framework_bug_say_last_words();
	s->world.sim.recovery = NULL;
	s->world.sim.under_test = false;
	containment_release();
	if (sigaction(SIGABRT, NULL, &aborts) == 0 && aborts.sa_handler != SIG_DFL)
		abort();
}

#ifdef SIM_ASAN

static void on_report(const char *report)
{
	struct session *s = session;
	struct sim *sim = &s->world.sim;
	target_addr_t addr = (uintptr_t)__asan_get_report_address();
	char detail[80];

	if (!is_finding(s))
		return;
	if (addr - RAM_BASE >= sim->ram_size) {
		tell("oops", "pointer", "host memory", report);
		return;
	}
	snprintf(detail, sizeof(detail), "target address %llx:%03x", (unsigned long long)(addr >> PAGE_SHIFT),
		 (unsigned)(addr & (PAGE_SIZE - 1)));
	tell(sim->frame_touched[(addr - RAM_BASE) >> PAGE_SHIFT] ? "use-after-free" : "out-of-bounds", "free-page",
	     detail, report);
}

static void hook_reports(void)
{
	__asan_set_error_report_callback(on_report);
}

#else

static void hook_reports(void)
{
}

#endif

void asan_finding_install(struct session *s)
{
	session = s;
	told = false;
	hook_reports();
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(on_death);
}
