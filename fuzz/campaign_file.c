/* SPDX-License-Identifier: MIT */
/*
 * What a campaign keeps in DIR besides programs: the lock, and the list of findings, findings.tsv.  Its columns are
 * named in its first line; files are relative to DIR, settings are those of --set.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/campaign.h"
#include "fuzz/input_file.h"

enum { COLUMNS = 9, SETTINGS_TEXT_MAX = SETTINGS_MAX * (SETTING_KEY_MAX + SETTING_VALUE_MAX) };

static const char header[] = "state\ttarget\tsettings\tsignature\toracle\tops\tseconds\tminimized\tfile\n";

void campaign_path(const struct campaign *c, const char *leaf, char *path)
{
	snprintf(path, CAMPAIGN_PATH_MAX, "%.*s/%.300s", CAMPAIGN_OUT_MAX, c->out, leaf);
}

void campaign_disk_failed(struct campaign *c, const char *path)
{
	if (c->disk_error)
		return;
	c->disk_error = errno ? errno : EIO;
	snprintf(c->disk_path, sizeof(c->disk_path), "%s", path);
}

static int refuse(const char *path, const char *what)
{
	fprintf(stderr, "slabfuzz fuzz: --out %s: %s\n", path, what);
	return EXIT_USAGE;
}

static const char *settings_text(const struct campaign *c, char text[SETTINGS_TEXT_MAX])
{
	const struct program *p = &c->overrides;
	size_t used = 0;

	text[0] = 0;
	for (unsigned i = 0; i < p->setting_count; i++)
		used += (size_t)snprintf(text + used, SETTINGS_TEXT_MAX - used, "%s%s=%s", i ? " " : "",
					 p->settings[i].key, p->settings[i].value);
	return text;
}

bool campaign_write_list(struct campaign *c)
{
	char path[CAMPAIGN_PATH_MAX], settings[SETTINGS_TEXT_MAX], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return false;
	settings_text(c, settings);
	fprintf(out, "%s%s", header, c->carried ? c->carried : "");
	for (unsigned i = 0; i < c->finding_count; i++) {
		const struct campaign_finding *f = &c->finding[i];

		fprintf(out, "%s\t%s\t%s\t%s\t%s\t%u\t%.2f\t%s\t%s\n", f->state == FINDING_GONE ? "gone" : "shown",
			f->target->name, settings, f->signature, f->oracle, f->ops, f->seconds,
			f->minimized ? "yes" : "no", f->path + strlen(c->out) + 1);
	}
	fclose(out);
	campaign_path(c, "findings.tsv", path);
	ok = file_write_atomically(path, text, size);
	if (!ok)
		campaign_disk_failed(c, path);
	free(text);
	return ok;
}

/* The lock belongs to the process, children do not have it; the kernel takes it back when the process ends. */
static int take_lock(const struct campaign *c)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, holder = whole;
	char path[CAMPAIGN_PATH_MAX], what[120];
	int fd;

	campaign_path(c, "lock", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return refuse(c->out, strerror(errno));
	if (fcntl(fd, F_SETLK, &whole) == 0)
		return 0; /* the descriptor stays open */
	snprintf(what, sizeof(what), "%s", strerror(errno));
	if (fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK)
		snprintf(what, sizeof(what), "another campaign runs there, process %ld", (long)holder.l_pid);
	close(fd);
	return refuse(c->out, what);
}

static const struct target *target_of(const struct campaign *c, const char *name)
{
	for (unsigned i = 0; i < c->job_count; i++)
		if (c->job[i].target && !strcmp(c->job[i].target->name, name))
			return c->job[i].target;
	return NULL;
}

static void carry(struct campaign *c, const char *line)
{
	size_t used = c->carried ? strlen(c->carried) : 0;
	char *longer = realloc(c->carried, used + strlen(line) + 2);

	if (!longer)
		return;
	c->carried = longer;
	sprintf(longer + used, "%s\n", line);
}

/* Splits a line in place.  False if it does not have all columns. */
static bool split(char *line, char *column[COLUMNS])
{
	for (unsigned i = 0; i < COLUMNS; i++) {
		column[i] = line;
		line = strchr(line, '\t');
		if (!line)
			return i == COLUMNS - 1;
		*line++ = 0;
	}
	return false;
}

/* A row of this campaign's targets and world becomes a finding, if its file is still there; others are carried on. */
static bool take_row(struct campaign *c, const char *line, const char *settings)
{
	struct campaign_finding *f = &c->finding[c->finding_count];
	char copy[2048], *column[COLUMNS];

	if (snprintf(copy, sizeof(copy), "%s", line) >= (int)sizeof(copy) || !split(copy, column))
		return false;
	f->target = target_of(c, column[1]);
	if (!f->target || strcmp(column[2], settings) != 0 || c->finding_count == CAMPAIGN_FINDINGS_MAX) {
		carry(c, line);
		return true;
	}
	f->state = FINDING_BEFORE;
	snprintf(f->signature, sizeof(f->signature), "%s", column[3]);
	snprintf(f->oracle, sizeof(f->oracle), "%s", column[4]);
	f->ops = (unsigned)strtoul(column[5], NULL, 10);
	f->seconds = strtod(column[6], NULL);
	f->minimized = !strcmp(column[7], "yes");
	campaign_path(c, column[8], f->path);
	if (access(f->path, R_OK) == 0)
		c->finding_count++;
	return true;
}

static int read_list(struct campaign *c)
{
	char path[CAMPAIGN_PATH_MAX], settings[SETTINGS_TEXT_MAX];
	struct input input;
	unsigned number = 1;
	bool good;

	campaign_path(c, "findings.tsv", path);
	if (access(path, F_OK) != 0)
		return 0;
	if (input_read(path, &input))
		return EXIT_USAGE;
	settings_text(c, settings);
	good = !strncmp(input.bytes, header, sizeof(header) - 1);
	for (char *line = good ? input.bytes + sizeof(header) - 1 : input.bytes; good && *line;) {
		char *end = strchr(line, '\n');

		number++;
		good = end != NULL;
		if (!good)
			break;
		*end = 0;
		good = take_row(c, line, settings);
		line = end + 1;
	}
	if (!good)
		fprintf(stderr, "%s:%u:1: this is no list of findings as slabfuzz writes it\n", path, number);
	input_free(&input);
	return good ? 0 : EXIT_USAGE;
}

int campaign_open(struct campaign *c)
{
	static const char *const leaves[] = {"findings", "work"};
	char path[CAMPAIGN_PATH_MAX];
	int status;

	if (mkdir(c->out, 0755) != 0 && errno != EEXIST)
		return refuse(c->out, strerror(errno));
	status = take_lock(c);
	for (unsigned i = 0; !status && i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		campaign_path(c, leaves[i], path);
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			status = refuse(c->out, strerror(errno));
	}
	if (!status)
		status = read_list(c);
	return status;
}
