/* SPDX-License-Identifier: MIT */
/* The handlers' question is always the same: does code under test run, in an op that can be unwound? */
#include "fuzz/containment.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include "fuzz/framework_bug.h"
#include "fuzz/watchdog.h"

enum { ALTERNATE_STACK = 256 * 1024, RUNS_PER_LOOK = 256, FIRST_RUNS = 16 };

static const struct {
	int number;
	const char *name;
} crash_signals[] = {
	{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"},
};
enum { CRASH_SIGNALS = sizeof(crash_signals) / sizeof(crash_signals[0]) };

/* Handlers are plain functions; there is one world in a process. */
static struct session *contained;
static struct sigaction previous[CRASH_SIGNALS];

static const char *signal_name(int number)
{
	for (unsigned i = 0; i < CRASH_SIGNALS; i++)
		if (crash_signals[i].number == number)
			return crash_signals[i].name;
	return "signal";
}

/* For addr2line: where the tool is loaded differs from run to run. */
static unsigned long code_offset(const void *context)
{
	extern const char __executable_start[] __attribute__((weak));
	const ucontext_t *machine = context;
	unsigned long pc = 0;

#if defined(__x86_64__)
	pc = (unsigned long)machine->uc_mcontext.gregs[REG_RIP];
#elif defined(__i386__)
	pc = (unsigned long)machine->uc_mcontext.gregs[REG_EIP];
#else
	(void)machine;
#endif
	return __executable_start ? pc - (unsigned long)(uintptr_t)__executable_start : pc;
}

static _Noreturn void framework_crashed(int number, const siginfo_t *info, const void *context)
{
	const struct sim *sim = &contained->world.sim;
	char what[300];

	snprintf(what, sizeof(what), "%s%s at 0x%llx, code offset 0x%lx, op %u %s: not in code under test",
		 signal_name(number), sim->under_test ? " while booting" : "",
		 number == SIGABRT ? 0ull : (unsigned long long)(uintptr_t)info->si_addr, code_offset(context), sim->op,
		 contained->executor.running && sim->by ? sim->by : "none");
	framework_bug_end(what);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
	struct sim *sim = &contained->world.sim;

	/* Somebody else sent it: nobody here is to blame. */
	if (info->si_code <= 0 && info->si_pid != getpid()) {
		containment_release();
		raise(number);
		return;
	}
	if (!sim->under_test || !sim->recovery)
		framework_crashed(number, info, context);
	if (number == SIGSEGV || number == SIGBUS)
		sim_oops(sim, (uintptr_t)info->si_addr, "native code");
	sim_bug(sim, number == SIGABRT ? "abort() in native code" : "illegal instruction in native code");
}

/* Who was there before us is who comes after us: our own handler is not remembered. */
static bool is_ours(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_crash;
}

static void install_handlers(void)
{
	static uint8_t stack[ALTERNATE_STACK]; /* recursion without end leaves no room on the other */
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	if (is_ours(SIGSEGV))
		return;
	sigaltstack(&alternate, NULL);
	for (unsigned i = 0; i < CRASH_SIGNALS; i++)
		if (!is_ours(crash_signals[i].number))
			sigaction(crash_signals[i].number, &crash, &previous[i]);
}

void containment_install(struct session *s)
{
	contained = s;
	framework_bug_install(s);
	install_handlers();
	watchdog_arm(s);
}

static bool is_native(const struct world_config *config)
{
	bool native = !config->allocator->contract.frames_are_frames;

	for (unsigned i = 0; i < config->peer_count; i++)
		native = native || !config->peers[i]->contract.frames_are_frames;
	return native;
}

void containment_prepare(struct session *s, const struct world_config *config)
{
	uint64_t runs = s->executor.runs;

	/* System calls cost more than a short program. */
	if (runs >= FIRST_RUNS && runs % RUNS_PER_LOOK && !is_native(config))
		return;
	contained = s;
	install_handlers();
	watchdog_arm(s);
}

void containment_release(void)
{
	watchdog_disarm();
	framework_bug_install(NULL);
	for (unsigned i = 0; i < CRASH_SIGNALS; i++)
		if (is_ours(crash_signals[i].number))
			sigaction(crash_signals[i].number, &previous[i], NULL);
}
