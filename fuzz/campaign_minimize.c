/* SPDX-License-Identifier: MIT */
/*
 * Raw findings are minimised by processes of their own, because a world can exist only once in a process and the code
 * under test may misbehave.  The loop never waits for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/campaign.h"
#include "fuzz/child.h"
#include "fuzz/input_file.h"
#include "fuzz/minimize_run.h"
#include "fuzz/program_file.h"
#include "fuzz/shell_word.h"
#include "fuzz/watchdog.h"

enum { MINIMIZE_SECONDS = 3 };

/* The child: minimises into DIR/findings and prints one line. */
static int minimize_saved(const struct campaign *c, const struct campaign_finding *f)
{
	static struct session session;
	static struct program program;
	static struct program_notes notes;
	struct world_config config;
	char directory[CAMPAIGN_PATH_MAX], saved[CAMPAIGN_PATH_MAX], signature[SIGNATURE_MAX], raw[CAMPAIGN_PATH_MAX];
	const struct findings *findings = &session.world.findings;

	/* It is filed as it was found: two runs need not agree. */
	if (is_clock_hang(f->signature))
		return EXIT_USAGE;
	campaign_path(c, "findings", directory);
	snprintf(signature, sizeof(signature), "%s", f->signature);
	if (program_load(f->path, NULL, &program, &notes) || program_world(f->path, &program, NULL, &config) ||
	    !session_create(&session))
		return EXIT_FRAMEWORK;
	/* A bug of the framework is saved where the campaign looks for it. */
	snprintf(raw, sizeof(raw), "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
	session.findings_dir = raw;
	if (!minimize_run(&session, &program, &config, signature, MINIMIZE_SECONDS))
		return EXIT_FRAMEWORK;
	session_run(&session, &program, &config);
	for (unsigned i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (strcmp(finding->signature, signature) != 0)
			continue;
		if (!finding_save(&session, &program, finding, directory, saved, sizeof(saved)))
			return EXIT_USAGE;
		printf("%s\t%u\t%s\n", finding->oracle, program.op_count, saved);
		return fflush(stdout) == 0 ? 0 : EXIT_USAGE;
	}
	return EXIT_FRAMEWORK;
}

static bool start(struct campaign *c, struct minimizer *m, unsigned finding)
{
	int fd[2], null;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return false;
	m->pid = child_fork();
	if (m->pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		unsetenv("SLABFUZZ_KNOWN");
		unsetenv("SLABFUZZ_FINDINGS");
		_exit(minimize_saved(c, &c->finding[finding]));
	}
	close(fd[1]);
	m->fd = fd[0];
	m->finding = finding;
	if (m->pid > 0)
		return true;
	close(fd[0]);
	m->pid = 0;
	return false;
}

static void filed(struct campaign *c, struct campaign_finding *f, const char *path)
{
	char raw[CAMPAIGN_PATH_MAX];

	snprintf(raw, sizeof(raw), "%s", f->path);
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->state = FINDING_FILED;
	/* Only once the list names the new pair. */
	if (campaign_write_list(c) && strcmp(raw, f->path) != 0)
		campaign_drop_pair(raw);
}

/* Copies a text file; the line of a report that says how to replay gets the program's new place. */
static bool copy_text(const char *from, const char *to, const char *prog)
{
	char line[4096], word[2 * CAMPAIGN_PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *in = fopen(from, "r"), *out = in ? open_memstream(&text, &size) : NULL;
	bool ok = out != NULL;

	while (ok && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, "  replay: ", 10))
			fprintf(out, "  replay: build/slabfuzz run %s\n", shell_word(prog, word, sizeof(word)));
		else
			fputs(line, out);
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	ok = ok && file_write_atomically(to, text, size);
	free(text);
	return ok;
}

/* As its engine saved it. */
static void file_as_is(struct campaign *c, struct campaign_finding *f)
{
	static struct program program;
	static struct program_notes notes;
	char directory[CAMPAIGN_PATH_MAX], to[CAMPAIGN_PATH_MAX], report[CAMPAIGN_PATH_MAX], raw[CAMPAIGN_PATH_MAX];
	const char *name = strrchr(f->path, '/');

	campaign_path(c, "findings", directory);
	if (snprintf(to, sizeof(to), "%.300s/%s", directory, name ? name + 1 : f->path) >= (int)sizeof(to))
		return;
	if (program_load(f->path, NULL, &program, &notes) == 0)
		f->ops = program.op_count;
	if (!strcmp(f->path, to) || copy_text(f->path, to, to)) {
		snprintf(raw, sizeof(raw), "%.*s.txt", (int)strlen(f->path) - 5, f->path);
		snprintf(report, sizeof(report), "%.*s.txt", (int)strlen(to) - 5, to);
		if (strcmp(f->path, to) != 0 && !copy_text(raw, report, to) && errno != ENOENT)
			campaign_disk_failed(c, report);
		else
			filed(c, f, to);
		return;
	}
	campaign_disk_failed(c, to);
}

/* What a minimiser printed before it ended. */
static bool take_line(struct campaign *c, struct minimizer *m)
{
	struct campaign_finding *f = &c->finding[m->finding];
	char line[2048] = "", oracle[40], path[CAMPAIGN_PATH_MAX];
	ssize_t n = read(m->fd, line, sizeof(line) - 1);
	unsigned ops;

	close(m->fd);
	if (n <= 0 || sscanf(line, "%39[^\t]\t%u\t%511[^\n]", oracle, &ops, path) != 3)
		return false;
	snprintf(f->oracle, sizeof(f->oracle), "%s", oracle);
	f->ops = ops;
	f->minimized = true;
	filed(c, f, path);
	return true;
}

static void reap(struct campaign *c, struct minimizer *m)
{
	int status;

	if (waitpid(m->pid, &status, WNOHANG) != m->pid)
		return;
	m->pid = 0;
	if (!take_line(c, m))
		file_as_is(c, &c->finding[m->finding]);
}

static bool is_served(const struct campaign *c, unsigned finding)
{
	for (unsigned i = 0; i < c->jobs; i++)
		if (c->minimizer[i].pid && c->minimizer[i].finding == finding)
			return true;
	return false;
}

static struct minimizer *idle_minimizer(struct campaign *c)
{
	for (unsigned i = 0; i < c->jobs; i++)
		if (!c->minimizer[i].pid)
			return &c->minimizer[i];
	return NULL;
}

unsigned minimizers_serve(struct campaign *c)
{
	unsigned raw = 0;

	for (unsigned i = 0; i < c->jobs; i++)
		if (c->minimizer[i].pid)
			reap(c, &c->minimizer[i]);
	for (unsigned i = 0; i < c->finding_count; i++) {
		struct minimizer *idle;

		if (c->finding[i].state != FINDING_RAW)
			continue;
		raw++;
		idle = is_served(c, i) ? NULL : idle_minimizer(c);
		if (idle)
			start(c, idle, i);
	}
	return raw;
}

void minimizers_end(struct campaign *c)
{
	for (unsigned i = 0; i < c->jobs; i++) {
		struct minimizer *m = &c->minimizer[i];

		if (!m->pid)
			continue;
		child_kill(m->pid);
		m->pid = 0;
		take_line(c, m);
	}
	for (unsigned i = 0; i < c->finding_count && !c->disk_error; i++)
		if (c->finding[i].state == FINDING_RAW)
			file_as_is(c, &c->finding[i]);
}
