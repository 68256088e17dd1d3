/* SPDX-License-Identifier: MIT */
/* Ticks are counted, not time: each says that the same op of the same run is still under way. */
#include "fuzz/watchdog.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "fuzz/framework_bug.h"

enum { TICKS_PER_SECOND = 4, OPS_TIME = 60 /* times the limit: a whole run */ };

/* Handlers are plain functions; there is one world in a process. */
static struct {
	struct session *session;
	uint64_t run;
	uint32_t op;
	unsigned op_ticks, run_ticks;
	bool idle;
	double idle_since; /* processor time */
} watch;

bool watchdog_seconds(unsigned *seconds)
{
	const char *text = getenv(WATCHDOG_VARIABLE);
	unsigned long number = WATCHDOG_SECONDS;
	char *end;

	if (text && *text) {
		number = strtoul(text, &end, 10);
		if (*end || *text < '0' || *text > '9' || number > WATCHDOG_SECONDS_MAX) {
			fprintf(stderr, "slabfuzz: " WATCHDOG_VARIABLE ": '%.40s' is no number of seconds up to %d\n",
				text, WATCHDOG_SECONDS_MAX);
			return false;
		}
	}
	*seconds = (unsigned)number;
	return true;
}

bool is_clock_hang(const char *signature)
{
	const char *victim = strchr(signature, '/');

	victim = victim && !strncmp(signature, "hang/", 5) ? strchr(victim + 1, '/') : NULL;
	return victim && (!strncmp(victim, "/clock/", 7) || !strcmp(victim, "/clock"));
}

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Between two runs: waiting for a disk is no crime, working for nothing is. */
static void on_idle_tick(struct session *s)
{
	double now = processor_seconds();
	char what[160];

	if (!watch.idle)
		watch.idle_since = now;
	watch.idle = true;
	if (!s->always_runs || now - watch.idle_since <= s->timeout)
		return;
	/* An engine asks the allocator about its state. */
	if (s->world.sim.under_test && s->world.sim.recovery) {
		watch.idle = false;
		sim_hang_by_clock(&s->world.sim);
	}
	snprintf(what, sizeof(what), "no program was run for %u s of processor time", s->timeout);
	framework_bug_end(what);
}

static void overdue(struct session *s, unsigned limit)
{
	struct sim *sim = &s->world.sim;
	char what[160];

	if (sim->under_test && sim->recovery) {
		watch.op_ticks = 0;
		sim_hang_by_clock(sim);
	}
	sim->overdue = true; /* an observer ran: the code that it watches is ended when it goes on */
	if (watch.op_ticks <= 2 * limit && watch.run_ticks <= OPS_TIME * limit + limit)
		return;
	snprintf(what, sizeof(what), "%s did not end in %u s, op %u %s: not in code under test",
		 watch.op_ticks > 2 * limit ? "an op" : "a run",
		 (watch.op_ticks > 2 * limit ? watch.op_ticks : watch.run_ticks) / TICKS_PER_SECOND, sim->op,
		 sim->by ? sim->by : "");
	framework_bug_end(what);
}

static void on_tick(int number)
{
	struct session *s = watch.session;
	unsigned limit = s->timeout * TICKS_PER_SECOND;
	bool same_run = s->executor.running && watch.run == s->executor.runs;

	(void)number;
	if (!s->timeout)
		return;
	if (!s->executor.running) {
		on_idle_tick(s);
		return;
	}
	watch.idle = false;
	watch.run_ticks = same_run ? watch.run_ticks + 1 : 0;
	watch.op_ticks = same_run && watch.op == s->world.sim.op ? watch.op_ticks + 1 : 0;
	watch.run = s->executor.runs;
	watch.op = s->world.sim.op;
	if (watch.op_ticks > limit || watch.run_ticks > OPS_TIME * limit)
		overdue(s, limit);
}

static bool is_armed(void)
{
	struct sigaction now;
	struct itimerval left;

	return sigaction(SIGALRM, NULL, &now) == 0 && now.sa_handler == on_tick && getitimer(ITIMER_REAL, &left) == 0 &&
	       left.it_interval.tv_usec;
}

static void set_timer(long microseconds)
{
	struct itimerval interval = {.it_interval = {.tv_usec = microseconds}, .it_value = {.tv_usec = microseconds}};

	setitimer(ITIMER_REAL, &interval, NULL);
}

void watchdog_arm(struct session *s)
{
	struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART | SA_NODEFER};

	watch.session = s;
	if (is_armed())
		return;
	sigaction(SIGALRM, &tick, NULL);
	set_timer(1000000 / TICKS_PER_SECOND);
}

void watchdog_disarm(void)
{
	if (!is_armed())
		return;
	set_timer(0);
	signal(SIGALRM, SIG_DFL);
}
