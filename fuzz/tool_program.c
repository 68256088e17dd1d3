/* SPDX-License-Identifier: MIT */
/* slabfuzz print, encode and minimize: commands that give back a program. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/minimize_run.h"
#include "fuzz/program_file.h"
#include "fuzz/tool.h"
#include "program/bytes.h"

enum { TEXT_MAX = 512 * 1024 };

struct program_options {
	bool has_plan;
	struct target_plan plan;
	struct program overrides;
	const char *input, *output, *signature;
};

static struct program_options options;
static struct program program;
static struct program_notes notes;
static char text[TEXT_MAX];

static int parse_options(int argc, char **argv, const char *command)
{
	static const struct option longs[] = {{"target", required_argument, NULL, 't'},
					      {"set", required_argument, NULL, 's'},
					      {"signature", required_argument, NULL, 'g'},
					      {"output", required_argument, NULL, 'o'},
					      {NULL, 0, NULL, 0}};
	const struct target *target;
	int c;

	while ((c = getopt_long(argc, argv, "o:", longs, NULL)) != -1) {
		if (c == 't') {
			target = tool_target(optarg);
			if (!target)
				return STATUS_USAGE;
			target_resolve(&options.plan, target);
			options.has_plan = true;
		} else if (c == 's') {
			if (!settings_parse(&options.overrides, optarg))
				return tool_usage(command, "--set wants key=value");
		} else if (c == 'g') {
			options.signature = optarg;
		} else if (c == 'o') {
			options.output = optarg;
		} else {
			return STATUS_USAGE;
		}
	}
	if (optind + 1 != argc)
		return tool_usage(command, "exactly one file, please");
	options.input = argv[optind];
	return program_load(options.input, options.has_plan ? &options.plan : NULL, &program, &notes);
}

/* To the file, atomically, or to standard output. */
static int give(const char *path, const void *bytes, size_t size)
{
	if (!path)
		return fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : STATUS_USAGE;
	if (file_write_atomically(path, bytes, size))
		return 0;
	fprintf(stderr, "%s:0:0: cannot write: %s\n", path, strerror(errno));
	return STATUS_USAGE;
}

static int give_text(const char *path)
{
	struct text_buffer out = {text, 0, sizeof(text), false};

	program_print(&program, &notes, &out);
	return give(path, text, out.size);
}

int tool_print(int argc, char **argv)
{
	int status = parse_options(argc, argv, "print");

	return status ? status : give_text(options.output);
}

int tool_encode(int argc, char **argv)
{
	static uint8_t bytes[PROGRAM_BYTES_MAX];
	int status = parse_options(argc, argv, "encode"), variant;
	size_t size;

	if (status)
		return status;
	if (!options.has_plan || !options.output)
		return tool_usage("encode", "--target and -o are needed");
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
	return give(options.output, bytes, size);
}

int tool_minimize(int argc, char **argv)
{
	static struct session session;
	struct world_config config;
	char signature[SIGNATURE_MAX] = "";
	unsigned runs;
	int status = parse_options(argc, argv, "minimize");

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
	fprintf(stderr, "%s: %u ops after %u runs\n", signature, program.op_count, runs);
	memset(&notes, 0, sizeof(notes));
	notes.expect_count = 1;
	snprintf(notes.expect[0], NOTE_MAX, "%s", signature);
	return give_text(options.output);
}
