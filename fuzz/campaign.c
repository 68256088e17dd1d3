/* SPDX-License-Identifier: MIT */
/* The campaign's loop: starts jobs, takes note of findings while they run, shows one status line. */
#include "fuzz/campaign.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/child.h"
#include "fuzz/input_file.h"

enum { RESTARTS_MAX = 20, RECALL_SECONDS = 60, TICK_MICROSECONDS = 20000, DISK_RESERVE = 64 << 10 };

static const double status_seconds = 5, status_seconds_terminal = 0.5, patience = 0.5;

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	(void)number;
	signalled = 1;
}

/* A second signal ends the process at once; its children go with it. */
static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_done(const struct campaign *c, const struct campaign_job *job)
{
	return job->failed || (c->until_declared && job_satisfied(c, job));
}

/* The engine could not save a finding: whether the disk still refuses, and why. */
static void ask_disk(struct campaign *c, struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX];

	job_path(c, job, "new/probe.tmp", path);
	if (file_write_atomically(path, "probe", 5)) {
		unlink(path);
		job->failed = true;
		return;
	}
	job_path(c, job, "new", path);
	campaign_disk_failed(c, path);
}

/* What a child that ended otherwise than by exit 0 says of its job. */
static void judge_end(struct campaign *c, struct campaign_job *job, int status, bool new_finding)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == EXIT_USAGE && job->target)
		ask_disk(c, job);
	if (new_finding)
		job->restarts++; /* the engine ended at a finding, and goes on behind it */
	else if (!job->target || code == 127 || ++job->restarts > RESTARTS_MAX)
		job->failed = true;
	if (job->failed && code >= 0)
		snprintf(job->trouble, sizeof(job->trouble), "exit status %d", code);
	else if (job->failed)
		snprintf(job->trouble, sizeof(job->trouble), "signal %d, %s", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
}

/* The phase after one that ended by itself. */
static enum job_phase next_phase(const struct campaign *c, const struct campaign_job *job, bool crashed, double now)
{
	if (is_done(c, job) || now >= job->slice_end || (!job->target && !crashed))
		return JOB_DONE;
	if (crashed)
		return job->phase;
	switch (job->phase) {
	case JOB_SEARCH:
		return JOB_READY;
	case JOB_PRELUDE:
		return JOB_ENGINE;
	default:
		return JOB_DONE;
	}
}

static void job_ended(struct campaign *c, struct campaign_job *job, int status, double now)
{
	bool crashed = !WIFEXITED(status) || WEXITSTATUS(status) != 0, new_finding;
	enum job_phase phase;

	job->pid = 0;
	new_finding = job_collect(c, job, now);
	if (crashed)
		judge_end(c, job, status, new_finding);
	phase = next_phase(c, job, crashed, now);
	if (phase == JOB_DONE || phase == JOB_READY)
		job->phase = phase;
	else if (!job_start(c, job, phase, now))
		job->phase = JOB_DONE;
}

/* A search whose time is over still gets its slice of the exploring. */
static void end_slice(struct campaign *c, struct campaign_job *job, double now)
{
	child_ask(job->pid);
	usleep(TICK_MICROSECONDS);
	child_kill(job->pid);
	job->pid = 0;
	job_collect(c, job, now);
	job->phase = job->phase == JOB_SEARCH && !is_done(c, job) ? JOB_READY : JOB_DONE;
}

static void poll_job(struct campaign *c, struct campaign_job *job, double now)
{
	int status;

	if (!job->pid)
		return;
	if (waitpid(job->pid, &status, WNOHANG) == job->pid) {
		job_ended(c, job, status, now);
		return;
	}
	job_collect(c, job, now);
	if ((job->phase != JOB_SEARCH && is_done(c, job)) || now >= job->slice_end + 1)
		end_slice(c, job, now);
}

/* Those that declare something go first: most are soon done, and leave their time to the others. */
static struct campaign_job *next_waiting(struct campaign *c, unsigned *waiting, unsigned *running)
{
	struct campaign_job *next = NULL;

	*waiting = *running = 0;
	for (unsigned i = 0; i < c->job_count; i++) {
		struct campaign_job *job = &c->job[i];
		bool first = job->phase == JOB_WAITING && job_declares(c, job);

		*running += job->pid != 0;
		if (job->phase != JOB_WAITING && job->phase != JOB_READY)
			continue;
		++*waiting;
		if (!next || (first && !(next->phase == JOB_WAITING && job_declares(c, next))))
			next = job;
	}
	return next;
}

static bool is_searched_first(const struct campaign *c, const struct campaign_job *job)
{
	bool by_work = c->seconds <= 0 && c->until_declared && engine_is_inside(c->engine);

	return job->phase == JOB_WAITING && job_declares(c, job) && (c->engine == ENGINE_ALL || by_work);
}

static enum job_phase first_phase(const struct campaign *c, const struct campaign_job *job)
{
	if (is_searched_first(c, job))
		return JOB_SEARCH;
	return job->target && job->phase == JOB_WAITING && c->engine == ENGINE_ALL ? JOB_PRELUDE : JOB_ENGINE;
}

/* Jobs share what is left of the time evenly, but a search may take three shares. */
static double slice(struct campaign *c, enum job_phase phase, unsigned waiting, double now)
{
	unsigned shares = waiting > c->jobs ? waiting : c->jobs;
	double share = (c->seconds > 0 ? (c->seconds - now) * c->jobs : c->explore) / shares;

	if (c->seconds > 0)
		return phase == JOB_SEARCH && waiting > 3 * c->jobs ? 3 * share : share;
	if (phase == JOB_SEARCH)
		return SEARCH_SECONDS;
	c->explore -= share;
	return share;
}

static void start_waiting(struct campaign *c, double now)
{
	struct campaign_job *job;
	unsigned waiting, running;

	while ((job = next_waiting(c, &waiting, &running)) != NULL && running < c->jobs) {
		enum job_phase phase = first_phase(c, job);

		if (job->phase == JOB_WAITING)
			job->started = now;
		job->slice_end = now + slice(c, phase, waiting, now);
		if (is_done(c, job)) {
			job->ran = true; /* what it declares was found before */
			job->phase = JOB_DONE;
		} else if (!job_start(c, job, phase, now)) {
			job->phase = JOB_DONE;
			job->failed = true;
			snprintf(job->trouble, sizeof(job->trouble), "no process: %s", strerror(errno));
		}
	}
}

static unsigned count_phase(const struct campaign *c, enum job_phase phase)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->job_count; i++)
		count += c->job[i].phase == phase;
	return count;
}

static void status_line(const struct campaign *c, double now, unsigned raw, bool terminal)
{
	char line[160];
	int used;

	used = snprintf(line, sizeof(line), "[%.0f", now);
	if (c->seconds > 0)
		used += snprintf(line + used, sizeof(line) - (size_t)used, " of %.0f", c->seconds);
	used += snprintf(line + used, sizeof(line) - (size_t)used, " s] %u of %u targets done, %u findings",
			 count_phase(c, JOB_DONE), c->job_count, c->finding_count);
	if (raw)
		used += snprintf(line + used, sizeof(line) - (size_t)used, ", %u to minimise", raw);
	for (unsigned i = 0; i < c->job_count && used < 90; i++)
		if (c->job[i].pid)
			used += snprintf(line + used, sizeof(line) - (size_t)used, "%s %s",
					 strchr(line, '|') ? "," : " |", c->job[i].name);
	fprintf(stderr, terminal ? "\r\033[K%.100s" : "%.100s\n", line);
	fflush(stderr);
}

/* An engine notices a full disk late, or only in its corpus. */
static void watch_disk(struct campaign *c)
{
	struct statvfs disk;

	if (statvfs(c->out, &disk) != 0 || disk.f_blocks == 0 || disk.f_bavail * disk.f_frsize >= DISK_RESERVE)
		return;
	errno = ENOSPC;
	campaign_disk_failed(c, c->out);
}

/* All at once, and no longer than it takes an engine to write its last file. */
static void stop_all(struct campaign *c, double now)
{
	double end = clock_seconds() + patience;
	unsigned running = 1;

	for (unsigned i = 0; i < c->job_count; i++)
		if (c->job[i].pid)
			child_ask(c->job[i].pid);
	while (running && clock_seconds() < end) {
		running = 0;
		for (unsigned i = 0; i < c->job_count; i++)
			running += c->job[i].pid && !child_has_ended(c->job[i].pid);
		usleep(TICK_MICROSECONDS);
	}
	for (unsigned i = 0; i < c->job_count; i++) {
		if (!c->job[i].pid)
			continue;
		child_kill(c->job[i].pid);
		c->job[i].pid = 0;
		job_collect(c, &c->job[i], now);
	}
}

static void run_jobs(struct campaign *c, double begin)
{
	bool terminal = isatty(STDERR_FILENO);
	double now = clock_seconds() - begin, shown = 0;
	unsigned raw = 1;

	while (!signalled && !c->disk_error && (c->seconds <= 0 || now < c->seconds) &&
	       (raw || count_phase(c, JOB_DONE) < c->job_count)) {
		start_waiting(c, now);
		usleep(TICK_MICROSECONDS);
		now = clock_seconds() - begin;
		for (unsigned i = 0; i < c->job_count; i++)
			poll_job(c, &c->job[i], now);
		raw = minimizers_serve(c);
		watch_disk(c);
		if (now - shown >= (terminal ? status_seconds_terminal : status_seconds)) {
			status_line(c, now, raw, terminal);
			shown = now;
		}
	}
	if (terminal)
		fprintf(stderr, "\r\033[K");
	stop_all(c, now);
	minimizers_end(c);
	for (unsigned i = 0; i < c->job_count; i++)
		job_collect(c, &c->job[i], now); /* a minimiser may have met a bug of the framework */
	campaign_write_list(c);
}

static int exit_status(const struct campaign *c, bool as_declared)
{
	bool failed = c->framework_bugs > 0;

	for (unsigned i = 0; i < c->job_count; i++)
		failed |= c->job[i].failed;
	if (failed)
		return EXIT_FRAMEWORK;
	if (!as_declared)
		return 1;
	return c->interrupted ? CAMPAIGN_INTERRUPTED : 0;
}

int campaign_run(struct campaign *c)
{
	double begin = clock_seconds();
	bool as_declared;

	catch_signals();
	c->explore = (c->engine == ENGINE_ALL ? EXPLORE_SECONDS : ENGINE_SECONDS) * (double)c->jobs;
	campaign_recall(c, c->seconds > 0 ? c->seconds : RECALL_SECONDS);
	for (unsigned i = 0; i < c->job_count; i++) {
		job_prepare(c, &c->job[i]);
		job_collect(c, &c->job[i], 0); /* what a campaign left that was killed */
	}
	run_jobs(c, begin);
	c->interrupted = signalled;
	if (c->disk_error) {
		fprintf(stderr, "slabfuzz fuzz: %s: %s\n", c->disk_path, strerror(c->disk_error));
		return EXIT_USAGE;
	}
	as_declared = campaign_report(c);
	return exit_status(c, as_declared);
}
