/* SPDX-License-Identifier: MIT */
/* slabfuzz run: replays programs, reports findings, checks expectations and assertions. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/event_log.h"
#include "fuzz/expectations.h"
#include "fuzz/framework_bug.h"
#include "fuzz/input_file.h"
#include "fuzz/program_file.h"
#include "fuzz/report.h"
#include "fuzz/shell_word.h"
#include "fuzz/tool.h"

enum { REPEAT_MAX = 1000000000 };

struct run_options {
	bool has_plan, check;
	struct target_plan plan;
	struct program overrides;
	const char *events;
	unsigned long repeat;
	enum grade grade;
};

static struct session session;
static struct program program;
static struct program_notes notes;
static int events_reason; /* errno, if something of the event log was lost */

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	struct run_options *o = context;
	const struct target *target;
	const char *wrong;
	unsigned long number;

	switch (letter) {
	case 't':
		wrong = tool_take_target(value, &target);
		o->has_plan = !wrong;
		if (!wrong)
			target_resolve(&o->plan, target);
		return wrong;
	case 's':
		return tool_take_setting(value, &o->overrides);
	case 'g':
		o->grade = !strcmp(value, "damage") ? GRADE_DAMAGE : GRADE_HAZARD;
		return NULL;
	case 'm':
		return tool_take_timeout(value);
	case 'e':
		o->events = value;
		return NULL;
	case 'n':
		wrong = tool_take_number(value, 1, REPEAT_MAX, &number);
		o->repeat = number;
		return wrong;
	default:
		o->check = true;
		return NULL;
	}
}

/* The command that runs the file in this world again; not how this one was called, or reports would differ. */
static void replay_command(const char *path, const struct program *overrides, char *text, size_t size)
{
	char word[PATH_MAX];
	size_t used = (size_t)snprintf(text, size, "build/slabfuzz run");

	for (unsigned i = 0; i < overrides->setting_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, " --set %s=%s", overrides->settings[i].key,
					 overrides->settings[i].value);
	if (used < size)
		snprintf(text + used, size - used, " %s", shell_word(path, word, sizeof(word)));
}

/* What did nothing could look as if it were allowed. */
static void report_clean(const char *path)
{
	unsigned skipped = 0;

	for (unsigned i = 0; i < program.op_count; i++)
		skipped += session.executor.skipped[i];
	printf("%s: clean (%u ops", path, program.op_count);
	if (skipped)
		printf(", %u of them skipped as misuse or impossible: see --check; misuse=1 runs misuse", skipped);
	printf(")\n");
}

static int report_findings(const char *path, const struct run_options *o, const struct world_config *config)
{
	static struct findings copy;
	char replay[PATH_MAX + 900];
	int status = 0;

	copy = session.world.findings;
	replay_command(path, &o->overrides, replay, sizeof(replay));
	for (unsigned i = 0; i < copy.count; i++) {
		if (title_rows[copy.list[i].title].grade < session.grade ||
		    session_knows(&session, copy.list[i].signature))
			continue;
		report_print(&session, &program, config, &copy.list[i], replay, stdout);
		status = STATUS_FINDING;
	}
	if (!status)
		report_clean(path);
	return status;
}

static int run_file(const char *path, struct run_options *o, struct event_log *log)
{
	struct world_config config;
	int status = program_load(path, o->has_plan ? &o->plan : NULL, &program, &notes);

	/* Silence would look as if all held. */
	if (!status && o->check && !notes.expect_count)
		return input_error(path, "it has no # expect: line to check (slabfuzz print --expect notes them)");
	if (!status)
		status = program_world(path, &program, &o->overrides, &config);
	if (status)
		return status;
	for (unsigned long i = 0; i < o->repeat; i++) {
		session.world.log = log;
		session_run(&session, &program, &config);
		session.world.log = NULL;
	}
	if (o->check)
		return expectations_hold(&session, &program, &notes, path, stdout) ? 0 : STATUS_FINDING;
	return report_findings(path, o, &config);
}

/* A crash in one file must not make a secret of the files that it leaves. */
static void note_rest(char *const *paths, int count)
{
	static char line[PATH_MAX + 100];

	line[0] = 0;
	if (count == 1)
		snprintf(line, sizeof(line), "slabfuzz run: not run after that: %s\n", paths[0]);
	else if (count > 1)
		snprintf(line, sizeof(line), "slabfuzz run: not run after that: %s and %d more\n", paths[0], count - 1);
	framework_bug_last_words(line);
}

static int run_files(char **paths, int count, struct run_options *o, struct event_log *log)
{
	int status = 0;

	for (int i = 0; i < count && status != STATUS_USAGE; i++) {
		int one;

		note_rest(paths + i + 1, count - i - 1);
		one = run_file(paths[i], o, log);
		status = one > status ? one : status;
		/* What a crash of the next one would take along. */
		tool_flush();
		if (log && fflush(log->file) != 0 && !events_reason)
			events_reason = errno;
	}
	framework_bug_last_words("");
	return status;
}

/* Whole or absent.  Devices stay. */
static int close_events(FILE *file, const char *path, int status)
{
	struct stat st;
	bool plain = fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode), lost = ferror(file);

	if (fclose(file) != 0)
		lost = true;
	if (lost && !events_reason)
		events_reason = errno;
	if (plain && (lost || status == STATUS_USAGE))
		unlink(path);
	if (lost && status != STATUS_USAGE)
		return tool_option_error("run", "events", path, strerror(events_reason));
	return status;
}

int tool_run(int argc, char **argv)
{
	static struct run_options o;
	struct event_log log = {NULL};
	int status = 0;

	o.repeat = 1;
	status = tool_parse(argc, argv, take_option, &o);
	if (status)
		return status;
	if (optind == argc)
		return tool_usage("run", "which file?");
	if (o.events && !(log.file = fopen(o.events, "w")))
		return tool_option_error("run", "events", o.events, strerror(errno));
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	session.grade = o.grade;
	status = run_files(argv + optind, argc - optind, &o, log.file ? &log : NULL);
	session_destroy(&session);
	return log.file ? close_events(log.file, o.events, status) : status;
}
