/* SPDX-License-Identifier: MIT */
/* The campaign's loop: starts jobs, collects findings while they run, shows one status line. */
#include "fuzz/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void job_path(const struct campaign *c, const struct campaign_job *job, const char *leaf, char *path)
{
	snprintf(path, CAMPAIGN_PATH_MAX, "%.200s/work/%s/%s", c->out, job->name, leaf);
}

static unsigned running(const struct campaign *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->job_count; i++)
		count += c->job[i].pid > 0;
	return count;
}

static void stop_job(struct campaign_job *job)
{
	if (job->pid <= 0)
		return;
	kill(job->pid, SIGTERM);
	for (int i = 0; i < 20 && waitpid(job->pid, NULL, WNOHANG) == 0; i++)
		usleep(50000);
	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL);
	waitpid(job->pid, NULL, WNOHANG);
	job->pid = 0;
}

/* A job that is over once it has found what it declares. */
static bool must_find(const struct campaign *c, const struct campaign_job *job)
{
	return c->until_declared && job->target && job->target->kind != TARGET_CLEAN &&
	       job->target->kind != TARGET_MISUSE;
}

static bool satisfied(const struct campaign *c, const struct campaign_job *job)
{
	char text[COMPLAINT_MAX];

	return must_find(c, job) && !job_complaint(c, job, text, sizeof(text));
}

/* A child ended: next phase, a restart after a finding, or done. */
static void job_ended(struct campaign *c, struct campaign_job *job, int status, double now)
{
	bool crashed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool new_finding = job_collect(c, job, now);

	job->pid = 0;
	if (crashed && !new_finding && job->phase == JOB_ENGINE && !job->target)
		job->failed = true;
	if (crashed && !new_finding && job->target && ++job->restarts > 20)
		job->failed = true;
	if (satisfied(c, job) || job->failed || now >= job->slice_end || (!job->target && !crashed) ||
	    !job_start(c, job, now))
		job->phase = JOB_DONE;
}

static void poll_job(struct campaign *c, struct campaign_job *job, double now)
{
	int status;
	pid_t ended;

	if (job->pid <= 0)
		return;
	ended = waitpid(job->pid, &status, WNOHANG);
	if (ended == job->pid) {
		job_ended(c, job, status, now);
		return;
	}
	if (job->target)
		job_collect(c, job, now);
	if (!satisfied(c, job) && now < job->slice_end + 2)
		return;
	stop_job(job);
	job_collect(c, job, now);
	job->phase = JOB_DONE;
}

static void status_line(const struct campaign *c, double now, bool terminal)
{
	fprintf(stderr, "%s[%3.0f/%.0f s] %u findings |", terminal ? "\r\033[K" : "", now, c->seconds,
		c->finding_count);
	for (unsigned i = 0; i < c->job_count; i++)
		if (c->job[i].pid > 0)
			fprintf(stderr, " %s %s", c->job[i].name, c->job[i].phase == JOB_RANDOM ? "random" : "engine");
	fprintf(stderr, terminal ? "" : "\n");
	fflush(stderr);
}

/* Those that must find something go first: most are soon done, and leave their time to the others. */
static struct campaign_job *next_waiting(struct campaign *c, unsigned *waiting)
{
	struct campaign_job *next = NULL;

	*waiting = 0;
	for (unsigned i = 0; i < c->job_count; i++) {
		struct campaign_job *job = &c->job[i];

		if (job->phase != JOB_WAITING)
			continue;
		++*waiting;
		if (!next || (must_find(c, job) && !must_find(c, next)))
			next = job;
	}
	return next;
}

/* Waiting jobs share what is left of the time evenly, but who must find something may take three shares. */
static void start_waiting(struct campaign *c, double now)
{
	struct campaign_job *job;
	unsigned waiting;

	while (running(c) < c->jobs && (job = next_waiting(c, &waiting)) != NULL) {
		double share = (c->seconds - now) * c->jobs / (waiting > c->jobs ? waiting : c->jobs);

		job->started = now;
		job->slice_end = now + share;
		if (must_find(c, job) && waiting > 3 * c->jobs)
			job->slice_end += 2 * share;
		if (!job_start(c, job, now)) {
			job->phase = JOB_DONE;
			job->failed = true;
		}
	}
}

static bool all_done(const struct campaign *c)
{
	for (unsigned i = 0; i < c->job_count; i++)
		if (c->job[i].phase != JOB_DONE)
			return false;
	return true;
}

int campaign_run(struct campaign *c)
{
	double begin = clock_seconds(), now = 0, shown = -10;
	bool terminal = isatty(STDERR_FILENO);
	bool as_declared;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (!interrupted && !all_done(c) && now < c->seconds + 5) {
		start_waiting(c, now);
		usleep(50000);
		now = clock_seconds() - begin;
		for (unsigned i = 0; i < c->job_count; i++)
			poll_job(c, &c->job[i], now);
		if (now - shown >= (terminal ? 0.5 : 10)) {
			status_line(c, now, terminal);
			shown = now;
		}
	}
	for (unsigned i = 0; i < c->job_count; i++)
		stop_job(&c->job[i]);
	if (terminal)
		fprintf(stderr, "\r\033[K");
	as_declared = campaign_report(c, !interrupted);
	if (interrupted)
		fprintf(stderr, "interrupted: corpora are in %s/work, go on with the same --out\n", c->out);
	return as_declared ? 0 : 1;
}
