/* SPDX-License-Identifier: MIT */
/* slabfuzz print, encode and minimize: commands that give back a program. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/input_file.h"
#include "fuzz/minimize_run.h"
#include "fuzz/program_file.h"
#include "fuzz/tool.h"
#include "fuzz/watchdog.h"
#include "program/bytes.h"

enum { TEXT_MAX = 512 * 1024 };

_Static_assert((int)FINDINGS_MAX <= (int)NOTES_MAX, "a program can expect all that it finds");

struct program_options {
	bool has_plan, expect;
	struct target_plan plan;
	struct program overrides;
	const char *input, *output, *signature;
};

static struct program_options options;
static struct program program;
static struct program_notes notes;
static char text[TEXT_MAX];

/* tool_take, of all three */
static const char *take_option(void *context, int letter, const char *value)
{
	const struct target *target;
	const char *wrong;

	(void)context;
	switch (letter) {
	case 't':
		wrong = tool_take_target(value, &target);
		options.has_plan = !wrong;
		if (!wrong)
			target_resolve(&options.plan, target);
		return wrong;
	case 's':
		return tool_take_setting(value, &options.overrides);
	case 'x':
		options.expect = true;
		return NULL;
	case 'm':
		return tool_take_timeout(value);
	case 'g':
		options.signature = value;
		return NULL;
	default:
		options.output = value;
		return NULL;
	}
}

static int parse_options(int argc, char **argv)
{
	int status = tool_parse(argc, argv, take_option, NULL);

	if (status)
		return status;
	if (optind + 1 != argc)
		return tool_usage(argv[0], "exactly one file, please");
	if (!strcmp(argv[0], "encode") && (!options.has_plan || !options.output))
		return tool_usage(argv[0], "--target and --output are needed");
	options.input = argv[optind];
	return program_load(options.input, options.has_plan ? &options.plan : NULL, &program, &notes);
}

/* To the file, atomically, or to standard output, of which main() tells when it takes nothing. */
static int give(const char *command, const void *bytes, size_t size)
{
	const char *path = options.output;

	if (!path) {
		fwrite(bytes, 1, size, stdout);
		return 0;
	}
	return file_write_atomically(path, bytes, size) ? 0
							: tool_option_error(command, "output", path, strerror(errno));
}

static int give_text(const char *command)
{
	struct text_buffer out = {text, 0, sizeof(text), false};

	program_print(&program, &notes, &out);
	if (out.overflow)
		return input_error(options.input, "its text is too long");
	return give(command, text, out.size);
}

/* Runs the program without the ops that its last run skipped, until none is.  What came after the end stays. */
static void drop_skipped(struct session *s, const struct world_config *config)
{
	bool dropped = true;

	while (dropped) {
		dropped = false;
		session_run(s, &program, config);
		for (unsigned i = program.op_count; i-- > 0 && !s->executor.over;)
			if (s->executor.skipped[i]) {
				program_remove_op(&program, i);
				dropped = true;
			}
	}
}

/* Notes exactly what the program finds, which is what run --check compares with. */
static int note_findings(void)
{
	static struct session session;
	const struct findings *findings = &session.world.findings;
	struct world_config config;
	int status = program_world(options.input, &program, NULL, &config);

	if (status)
		return status;
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	drop_skipped(&session, &config);
	for (unsigned i = 0; i < findings->count; i++)
		snprintf(notes.expect[i], NOTE_MAX, "%s", findings->list[i].signature);
	notes.expect_count = findings->count;
	if (!findings->count)
		snprintf(notes.expect[notes.expect_count++], NOTE_MAX, "clean");
	session_destroy(&session);
	return status;
}

int tool_print(int argc, char **argv)
{
	int status = parse_options(argc, argv);

	if (!status && options.expect)
		status = note_findings();
	return status ? status : give_text(argv[0]);
}

int tool_encode(int argc, char **argv)
{
	static uint8_t bytes[PROGRAM_BYTES_MAX];
	int status = parse_options(argc, argv), variant;
	size_t size;

	if (status)
		return status;
	variant = target_variant_of(&options.plan, &program);
	if (variant < 0) {
		fprintf(stderr, "%s:0:0: target %s has no such world\n", options.input, options.plan.target->name);
		return STATUS_USAGE;
	}
	program.variant = (unsigned)variant;
	size = program_encode(&program, &options.plan.set, bytes, sizeof(bytes));
	if (!size) {
		fprintf(stderr, "%s:0:0: target %s lacks an op of this program\n", options.input,
			options.plan.target->name);
		return STATUS_USAGE;
	}
	return give(argv[0], bytes, size);
}

int tool_minimize(int argc, char **argv)
{
	static struct session session;
	struct world_config config;
	char signature[SIGNATURE_MAX] = "";
	unsigned runs;
	int status = parse_options(argc, argv);

	if (!status)
		status = program_world(options.input, &program, &options.overrides, &config);
	if (status)
		return status;
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	if (options.signature)
		snprintf(signature, sizeof(signature), "%s", options.signature);
	runs = minimize_run(&session, &program, &config, signature, 0);
	for (unsigned i = 0; !runs && i < session.world.findings.count; i++)
		fprintf(stderr, "found instead: %s\n", session.world.findings.list[i].signature);
	session_destroy(&session);
	if (!runs) {
		fprintf(stderr, "%s:0:0: no finding%s%s to minimise\n", options.input, signature[0] ? " " : "",
			signature);
		return STATUS_USAGE;
	}
	memset(&notes, 0, sizeof(notes));
	notes.expect_count = 1;
	snprintf(notes.expect[0], NOTE_MAX, "%s", signature);
	status = give_text(argv[0]);
	if (!status && tool_flush())
		fprintf(stderr, "%s: %u ops after %u runs%s\n", signature, program.op_count, runs,
			is_clock_hang(signature) ? "; hangs by the clock are not minimised" : "");
	return status;
}
