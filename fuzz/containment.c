/* SPDX-License-Identifier: MIT */
/* Signal handlers for native allocators; they unwind the op as sim_oops(), sim_bug() and sim_hang() do. */
#include "fuzz/containment.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

enum { ALTERNATE_STACK = 64 * 1024 };

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASH_SIGNALS = sizeof(crash_signals) / sizeof(crash_signals[0]) };

/* Handlers are plain functions; there is one world in a process. */
static struct session *contained;
static struct sigaction previous[CRASH_SIGNALS];

static struct sim *sim_under_test(void)
{
	struct sim *sim = &contained->world.sim;

	return sim->recovery && !contained->world.config.allocator->contract.frames_are_frames ? sim : NULL;
}

/* The old handler has its turn when the instruction runs again. */
static void step_aside(int number)
{
	for (unsigned i = 0; i < CRASH_SIGNALS; i++)
		if (crash_signals[i] == number)
			sigaction(number, &previous[i], NULL);
	if (number == SIGABRT)
		raise(number);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
	struct sim *sim = sim_under_test();

	(void)context;
	if (!sim) {
		step_aside(number);
		return;
	}
	if (number == SIGSEGV || number == SIGBUS)
		sim_oops(sim, (uintptr_t)info->si_addr, "native code");
	sim_bug(sim, number == SIGABRT ? "abort() in native code" : "illegal instruction in native code");
}

/* The same op of the same run as at the last tick: it had a whole interval to itself. */
static void on_tick(int number)
{
	static uint64_t last_run;
	static uint32_t last_op;
	struct sim *sim = sim_under_test();
	uint64_t run = contained->executor.runs;

	(void)number;
	if (sim && run == last_run && sim->op == last_op)
		sim_hang(sim);
	last_run = sim ? run : 0;
	last_op = sim ? sim->op : 0;
}

static bool crash_handlers_are_ours(void)
{
	struct sigaction now;

	return sigaction(SIGSEGV, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_crash;
}

/* Again after an engine or a test framework put its own in place. */
static void install_crash_handlers(void)
{
	struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	for (unsigned i = 0; i < CRASH_SIGNALS; i++)
		sigaction(crash_signals[i], &crash, &previous[i]);
}

static void install_watchdog(void)
{
	static uint8_t stack[ALTERNATE_STACK]; /* recursion without end leaves no room on the other */
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART | SA_NODEFER};
	struct itimerval interval = {.it_interval = {.tv_sec = HANG_SECONDS}, .it_value = {.tv_sec = HANG_SECONDS}};

	sigaltstack(&alternate, NULL);
	sigaction(SIGVTALRM, &tick, NULL);
	setitimer(ITIMER_VIRTUAL, &interval, NULL);
}

void containment_prepare(struct session *s, const struct world_config *config)
{
	bool native = !config->allocator->contract.frames_are_frames;

	for (unsigned i = 0; i < config->peer_count; i++)
		native = native || !config->peers[i]->contract.frames_are_frames;
	if (!native)
		return;
	if (!contained)
		install_watchdog();
	contained = s;
	if (!crash_handlers_are_ours())
		install_crash_handlers();
}
