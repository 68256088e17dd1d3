/* SPDX-License-Identifier: MIT */
/* Child processes of a campaign: the engines inside the tool in a fork, libFuzzer or AFL++ by exec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/campaign.h"
#include "fuzz/child.h"
#include "fuzz/input_file.h"
#include "fuzz/random_engine.h"

enum { PRELUDE_SECONDS = 2 };

void job_path(const struct campaign *c, const struct campaign_job *job, const char *leaf, char *path)
{
	snprintf(path, CAMPAIGN_PATH_MAX, "%.*s/work/%s/%s", CAMPAIGN_OUT_MAX, c->out, job->name, leaf);
}

static void make_directory(struct campaign *c, const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		campaign_disk_failed(c, path);
}

void job_prepare(struct campaign *c, const struct campaign_job *job)
{
	static const char *const leaves[] = {"", "corpus", "new", "artifacts"};
	char path[CAMPAIGN_PATH_MAX];

	for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		job_path(c, job, leaves[i], path);
		make_directory(c, path);
	}
	job_path(c, job, "log", path);
	unlink(path);
}

/* Signatures found so far, one a line, for the next start. */
static void write_known(struct campaign *c, const struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].target == job->target && c->finding[i].state != FINDING_GONE)
			fprintf(out, "%s\n", c->finding[i].signature);
	fclose(out);
	job_path(c, job, "known", path);
	if (!file_write_atomically(path, text, size))
		campaign_disk_failed(c, path);
	free(text);
}

static void redirect(const struct campaign *c, const struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX];
	int fd;

	job_path(c, job, "log", path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static _Noreturn void child_inside(const struct campaign *c, const struct campaign_job *job, enum job_phase phase,
				   double seconds)
{
	static struct target_plan plan;
	struct text_error error;
	char dir[CAMPAIGN_PATH_MAX];
	struct random_search search = {
		.plan = &plan,
		.dir = dir,
		.seed = c->seed + UINT64_C(1000003) * job->restarts,
		.guided = c->engine == ENGINE_GUIDED,
		.seconds = seconds,
		.programs = phase == JOB_SEARCH && c->seconds <= 0 ? SEARCH_PROGRAMS : 0,
		.until_declared = job_declares(c, job) && (phase == JOB_SEARCH || c->until_declared),
	};

	target_resolve(&plan, job->target);
	if (!target_override(&plan, &c->overrides, &error))
		_exit(EXIT_FRAMEWORK); /* the command line was checked */
	job_path(c, job, "new", dir);
	_exit(random_engine_run(&search));
}

bool job_start(struct campaign *c, struct campaign_job *job, enum job_phase phase, double now)
{
	double left = job->slice_end - now;
	char known[CAMPAIGN_PATH_MAX];

	if (phase == JOB_PRELUDE)
		left = left / 4 < PRELUDE_SECONDS ? left / 4 : PRELUDE_SECONDS;
	write_known(c, job);
	job->pid = child_fork();
	if (job->pid < 0) {
		job->pid = 0;
		return false;
	}
	if (job->pid == 0) {
		redirect(c, job);
		job_path(c, job, "known", known);
		setenv("SLABFUZZ_KNOWN", known, 1);
		unsetenv("SLABFUZZ_FINDINGS");
		if (phase != JOB_ENGINE || engine_is_inside(c->engine))
			child_inside(c, job, phase, left);
		campaign_exec_engine(c, job, left);
	}
	job->phase = phase;
	job->ran = true;
	return true;
}

/* The number before a word, or behind it; 0 if the line does not have it. */
static unsigned long long count_in(const char *line, bool *total)
{
	const char *at = strstr(line, " programs in ");
	const char *stat = "stat::number_of_executed_units:";

	*total = true;
	if (at) {
		while (at > line && at[-1] != ' ')
			at--;
		return strtoull(at, NULL, 10);
	}
	if (!strncmp(line, stat, strlen(stat)))
		return strtoull(line + strlen(stat), NULL, 10);
	*total = false;
	return line[0] == '#' ? strtoull(line + 1, NULL, 10) : 0;
}

/* An engine that was killed has no last line, so its latest progress line counts. */
unsigned long long job_programs(const struct campaign *c, const struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX], line[512];
	unsigned long long sum = 0, pending = 0;
	FILE *in;

	job_path(c, job, "log", path);
	in = fopen(path, "r");
	if (!in)
		return 0;
	while (fgets(line, sizeof(line), in)) {
		bool total;
		unsigned long long count = count_in(line, &total);

		if (total || (count && count < pending)) /* smaller: another process has begun */
			sum += total ? count : pending;
		pending = total ? 0 : count ? count : pending;
	}
	fclose(in);
	return sum + pending;
}
