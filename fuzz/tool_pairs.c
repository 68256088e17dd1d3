/* SPDX-License-Identifier: MIT */
/*
 * slabfuzz pairs: every ordered pair of ops, with what they need before them (program/pairs.h), in the worlds of all
 * targets, as they are and with misuse=1.  What is found there is nobody's concern; that the tool survives is.  The
 * programs run in child processes, so that one that kills the tool is told of and the rest still runs.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/child.h"
#include "fuzz/session.h"
#include "fuzz/tool.h"
#include "program/pairs.h"

enum {
	WORLDS_MAX = 1024,
	JOBS_MAX = 64,
	DEATHS_MAX = 20,
	PROGRAMS = OP_COUNT * OP_COUNT * PAIR_CHOICES, /* of one world */
	POLL_MS = 50,
	TELL_SECONDS = 8,
	HANG_SECONDS = 20,
};

struct pair_world {
	struct world_config config;
	struct program settings;
};

/* What the processes have in common. */
struct board {
	uint8_t ran[OP_COUNT];            /* 1: the verb did something */
	uint8_t both[OP_COUNT][OP_COUNT]; /* 1: both did, in one program at least */
	struct seat {
		volatile uint32_t world, next; /* program that runs, or is to run next */
		volatile uint64_t programs;    /* run so far */
	} seats[JOBS_MAX];
	uint32_t taken; /* worlds */
};

struct worker {
	pid_t pid; /* 0 = none */
	uint64_t seen;
	time_t moved;
};

static struct {
	struct pair_world worlds[WORLDS_MAX];
	unsigned world_count;
	unsigned long every, jobs;
	const char *out;
	struct board *board;
	struct worker workers[JOBS_MAX];
	unsigned deaths;
} job;

static struct session session;
static struct program program;

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	(void)context;
	switch (letter) {
	case 'e':
		return tool_take_number(value, 1, PROGRAMS, &job.every);
	case 'j':
		return tool_take_number(value, 1, JOBS_MAX, &job.jobs);
	default:
		job.out = value;
		return NULL;
	}
}

/* Worlds */

static void add_world(const struct world_config *config, const struct program *settings)
{
	struct pair_world *world = &job.worlds[job.world_count];

	for (unsigned i = 0; i < job.world_count; i++)
		if (world_config_equal(&job.worlds[i].config, config))
			return;
	if (job.world_count == WORLDS_MAX) {
		fprintf(stderr, "FRAMEWORK BUG: there are more than %u worlds\n", (unsigned)WORLDS_MAX);
		exit(STATUS_FRAMEWORK);
	}
	world->config = *config;
	world->settings.setting_count = settings->setting_count;
	memcpy(world->settings.settings, settings->settings, sizeof(settings->settings));
	job.world_count++;
}

static void add_worlds(void)
{
	static struct target_plan plan;

	for (unsigned t = 0; targets[t]; t++) {
		target_resolve(&plan, targets[t]);
		for (unsigned i = 0; i < plan.variant_count; i++) {
			add_world(&plan.configs[i], &plan.settings[i]);
			plan.configs[i].misuse = true;
			if (program_set(&plan.settings[i], "misuse", "1"))
				add_world(&plan.configs[i], &plan.settings[i]);
		}
	}
}

/* The n-th program of a world; where its two ops stand. */
static void compose(uint32_t n, unsigned at[2])
{
	uint32_t pair = n / PAIR_CHOICES;

	pair_compose(&program, (enum verb)(pair / OP_COUNT), (enum verb)(pair % OP_COUNT),
		     (enum pair_choice)(n % PAIR_CHOICES), at);
}

/* A worker's process */

/* What comes after a crash did not run. */
static bool did_something(unsigned i)
{
	const struct executor *x = &session.executor;

	return !x->skipped[i] && (!x->over || i <= session.world.sim.op);
}

static void run_program(uint32_t n, const struct pair_world *world)
{
	unsigned at[2];
	bool did[2];

	compose(n, at);
	session_run(&session, &program, &world->config);
	for (unsigned i = 0; i < 2; i++) {
		did[i] = did_something(at[i]);
		if (did[i])
			job.board->ran[program.ops[at[i]].verb] = 1;
	}
	if (did[0] && did[1])
		job.board->both[program.ops[at[0]].verb][program.ops[at[1]].verb] = 1;
}

/* Goes on where a predecessor on the same seat died, then takes worlds that nobody has. */
static void work(struct seat *seat)
{
	if (!session_create(&session))
		_exit(STATUS_FRAMEWORK);
	session.findings_dir = job.out; /* what broke the framework goes there, too */
	session.always_runs = true;
	while (seat->world < job.world_count) {
		for (; seat->next < PROGRAMS; seat->next += (uint32_t)job.every) {
			run_program(seat->next, &job.worlds[seat->world]);
			seat->programs++;
		}
		seat->world = __atomic_fetch_add(&job.board->taken, 1, __ATOMIC_RELAXED);
		/* Other programs in each world. */
		seat->next = seat->world % (uint32_t)job.every;
	}
	_exit(0);
}

/* The parent */

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool start(unsigned i)
{
	struct worker *w = &job.workers[i];

	w->pid = child_fork();
	if (w->pid == 0)
		work(&job.board->seats[i]);
	w->moved = seconds_now();
	return w->pid > 0;
}

/* The program that a worker died of, for `slabfuzz run`. */
static void save(const struct seat *seat)
{
	char path[512];
	unsigned at[2];

	compose(seat->next, at);
	program.setting_count = job.worlds[seat->world].settings.setting_count;
	memcpy(program.settings, job.worlds[seat->world].settings.settings, sizeof(program.settings));
	if (finding_save_program(&program, "pairs", job.out, path, sizeof(path)))
		fprintf(stderr, "FRAMEWORK BUG: %s\n", path);
	else
		fprintf(stderr, "FRAMEWORK BUG: %s, %s; %s cannot be written: %s\n",
			op_descriptors[program.ops[at[0]].verb].name, op_descriptors[program.ops[at[1]].verb].name,
			job.out, strerror(errno));
}

/* A worker has ended; if not by itself, another one goes on after the program that it died of. */
static void ended(unsigned i, int status)
{
	struct seat *seat = &job.board->seats[i];

	job.workers[i].pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "FRAMEWORK BUG: signal %d\n", WTERMSIG(status));
	save(seat);
	seat->next += (uint32_t)job.every;
	seat->programs++;
	if (++job.deaths < DEATHS_MAX && !start(i))
		fprintf(stderr, "slabfuzz: no process for a worker: %s\n", strerror(errno));
}

/* Only the clock knows of a loop without end in the framework. */
static void look_for_hang(unsigned i)
{
	struct worker *w = &job.workers[i];
	uint64_t programs = job.board->seats[i].programs;

	if (programs != w->seen) {
		w->seen = programs;
		w->moved = seconds_now();
	} else if (seconds_now() - w->moved > HANG_SECONDS) {
		fprintf(stderr, "FRAMEWORK BUG: a program takes more than %d s\n", HANG_SECONDS);
		kill(w->pid, SIGKILL);
		w->moved = seconds_now();
	}
}

static uint64_t programs_run(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < job.jobs; i++)
		sum += job.board->seats[i].programs;
	return sum;
}

static unsigned pairs_with_both(void)
{
	unsigned sum = 0;

	for (unsigned a = 0; a < OP_COUNT; a++)
		for (unsigned b = 0; b < OP_COUNT; b++)
			sum += job.board->both[a][b];
	return sum;
}

static void tell(time_t *told)
{
	if (seconds_now() - *told < TELL_SECONDS)
		return;
	*told = seconds_now();
	printf("pairs: %llu of %llu programs, %u of %u worlds begun\n", (unsigned long long)programs_run(),
	       (unsigned long long)PROGRAMS * job.world_count / job.every,
	       job.board->taken < job.world_count ? job.board->taken : job.world_count, job.world_count);
	tool_flush();
}

static void supervise(void)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	time_t told = seconds_now();
	unsigned alive = 1;

	while (alive) {
		alive = 0;
		for (unsigned i = 0; i < job.jobs; i++) {
			int status;

			if (job.workers[i].pid <= 0)
				continue;
			if (waitpid(job.workers[i].pid, &status, WNOHANG) > 0)
				ended(i, status);
			else
				look_for_hang(i);
			alive += job.workers[i].pid > 0;
		}
		tell(&told);
		nanosleep(&pause, NULL);
	}
}

static int summarize(void)
{
	int status = 0;

	for (unsigned verb = 0; verb < OP_COUNT; verb++)
		if (!job.board->ran[verb]) {
			printf("pairs: %s never did anything\n", op_descriptors[verb].name);
			status = STATUS_FINDING;
		}
	printf("pairs: %u ordered pairs of ops, %llu programs in %u worlds; in %u pairs both did something; %u killed "
	       "the "
	       "tool\n",
	       OP_COUNT * OP_COUNT, (unsigned long long)programs_run(), job.world_count, pairs_with_both(), job.deaths);
	return job.deaths ? STATUS_FRAMEWORK : status;
}

int tool_pairs(int argc, char **argv)
{
	int status;

	job.every = 1;
	job.jobs = (unsigned long)sysconf(_SC_NPROCESSORS_ONLN);
	job.jobs = job.jobs < JOBS_MAX ? job.jobs : JOBS_MAX;
	job.out = "build/pairs";
	status = tool_parse(argc, argv, take_option, NULL);
	if (status)
		return status;
	if (optind < argc)
		return tool_usage("pairs", "takes no files");
	if (!tool_make_directory(job.out))
		return tool_option_error("pairs", "out", job.out, strerror(errno));
	job.board = mmap(NULL, sizeof(*job.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job.board == MAP_FAILED) {
		fprintf(stderr, "slabfuzz: out of memory\n");
		return STATUS_FRAMEWORK;
	}
	add_worlds();
	for (unsigned i = 0; i < job.jobs; i++) {
		job.board->seats[i].world = job.board->taken++;
		job.board->seats[i].next = job.board->seats[i].world % (uint32_t)job.every;
	}
	for (unsigned i = 0; i < job.jobs; i++)
		if (!start(i)) {
			fprintf(stderr, "slabfuzz: no process for a worker: %s\n", strerror(errno));
			return STATUS_FRAMEWORK;
		}
	supervise();
	return summarize();
}
