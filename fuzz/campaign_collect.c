/* SPDX-License-Identifier: MIT */
/* What engines leave in DIR/work/<job>/new: findings, and bugs of the framework. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/campaign.h"

static const char bug_prefix[] = "framework-bug-";

struct campaign_finding *campaign_find(struct campaign *c, const struct target *target, const char *signature)
{
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].target == target && !strcmp(c->finding[i].signature, signature))
			return &c->finding[i];
	return NULL;
}

/* From the report beside a saved program. */
static bool read_report(const char *report, struct campaign_finding *f)
{
	char line[2 * SIGNATURE_MAX] = "";
	FILE *in = fopen(report, "r");

	if (!in)
		return false;
	while ((!f->signature[0] || !f->oracle[0]) && fgets(line, sizeof(line), in)) {
		sscanf(line, "BUG: %119s", f->signature);
		sscanf(line, "  oracle %39[^: \n]", f->oracle);
	}
	fclose(in);
	return f->signature[0] != 0;
}

/* A program whose report was cut off by the end of the process: <signature with + for />-<hash>. */
static void signature_of_name(const char *name, char signature[SIGNATURE_MAX])
{
	const char *end = strrchr(name, '-');
	int length = (int)(end ? end - name : (long)strlen(name));

	snprintf(signature, SIGNATURE_MAX, "%.*s", length, name);
	for (char *at = signature; *at; at++)
		if (*at == '+')
			*at = '/';
}

void campaign_drop_pair(const char *prog)
{
	char report[CAMPAIGN_PATH_MAX];

	unlink(prog);
	snprintf(report, sizeof(report), "%.*s.txt", (int)strlen(prog) - 5, prog);
	unlink(report);
}

/* One saved program: new, a finding again that was gone, or one that another process has found, too. */
static bool note_program(struct campaign *c, const struct campaign_job *job, const char *name, const char *path,
			 double now)
{
	struct campaign_finding f = {.target = job->target, .state = FINDING_RAW, .seconds = now - job->started}, *same;
	char report[CAMPAIGN_PATH_MAX];

	snprintf(report, sizeof(report), "%.*s.txt", (int)strlen(path) - 5, path);
	if (!read_report(report, &f)) {
		/* The report is written last: as long as the engine runs, it may come. */
		if (job->pid)
			return false;
		signature_of_name(name, f.signature);
	}
	snprintf(f.path, sizeof(f.path), "%s", path);
	same = campaign_find(c, job->target, f.signature);
	if (same && same->state != FINDING_GONE) {
		if (strcmp(same->path, path) != 0)
			campaign_drop_pair(path);
		return false;
	}
	if (same)
		*same = f;
	else
		c->finding[c->finding_count++] = f;
	return true;
}

/* Moves one file of a framework bug to DIR/framework-bugs. */
static void keep_framework_bug(struct campaign *c, const char *name, const char *path)
{
	char directory[CAMPAIGN_PATH_MAX], to[2 * CAMPAIGN_PATH_MAX];
	size_t length = strlen(name);

	campaign_path(c, "framework-bugs", directory);
	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		campaign_disk_failed(c, directory);
	snprintf(to, sizeof(to), "%s/%s", directory, name);
	if (rename(path, to) == 0 && length > 4 && !strcmp(name + length - 4, ".txt"))
		c->framework_bugs++;
}

static bool note_file(struct campaign *c, const struct campaign_job *job, const char *name, double now)
{
	char directory[CAMPAIGN_PATH_MAX], path[CAMPAIGN_PATH_MAX];
	size_t length = strlen(name);

	job_path(c, job, "new", directory);
	if (snprintf(path, sizeof(path), "%.300s/%s", directory, name) >= (int)sizeof(path))
		return false;
	if (length > 4 && !strcmp(name + length - 4, ".tmp")) {
		if (!job->pid)
			unlink(path); /* of a process that was killed while it wrote */
		return false;
	}
	if (!strncmp(name, bug_prefix, sizeof(bug_prefix) - 1)) {
		keep_framework_bug(c, name, path);
		return false;
	}
	/* What the table cannot take stays where the engine saved it. */
	if (length < 6 || strcmp(name + length - 5, ".prog") != 0 || c->finding_count == CAMPAIGN_FINDINGS_MAX)
		return false;
	return note_program(c, job, name, path, now);
}

bool job_collect(struct campaign *c, const struct campaign_job *job, double now)
{
	char directory[CAMPAIGN_PATH_MAX];
	struct dirent **entries;
	bool any = false;
	int count;

	if (!job->target)
		return false;
	job_path(c, job, "new", directory);
	count = scandir(directory, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			any |= note_file(c, job, entries[i]->d_name, now);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return any;
}
