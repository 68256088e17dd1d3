/* SPDX-License-Identifier: MIT */
/* slabfuzz: one tool, its commands in a table. */
#include <stdio.h>
#include <string.h>

#include "fuzz/tool.h"

static const struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
#define TOOL_COMMAND(name, function, arguments, help) {name, arguments, help, function},
	TOOL_COMMANDS(TOOL_COMMAND)
#undef TOOL_COMMAND
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static int help(FILE *out, int status)
{
	fprintf(out, "slabfuzz: break memory allocators, and the DMA around them, within minutes.\n\nusage:\n");
	for (unsigned i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  slabfuzz %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	fprintf(out,
		"\nA file ending in .prog is a text program (docs/program_format.md), any other holds the bytes of a "
		"target.\nexit status: 0 clean, 1 a finding, 2 wrong usage or input, 3 framework bug\n");
	return status;
}

int tool_usage(const char *command, const char *what)
{
	fprintf(stderr, "slabfuzz %s: %s (see slabfuzz --help)\n", command, what);
	return STATUS_USAGE;
}

const struct target *tool_target(const char *name)
{
	const char *plain = strncmp(name, "fuzz_", 5) ? name : name + 5;

	for (unsigned i = 0; targets[i]; i++)
		if (!strcmp(targets[i]->name, plain))
			return targets[i];
	fprintf(stderr, "slabfuzz: there is no target '%s' (see slabfuzz list targets)\n", name);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr, STATUS_USAGE);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(stdout, STATUS_CLEAN);
	for (unsigned i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i].name)) {
			if (argc > 2 && !strcmp(argv[2], "--help"))
				return printf("usage: slabfuzz %s %s\n%s\n", commands[i].name, commands[i].arguments,
					      commands[i].help) < 0;
			return commands[i].run(argc - 1, argv + 1);
		}
	fprintf(stderr, "slabfuzz: there is no command '%s' (see slabfuzz --help)\n", argv[1]);
	return STATUS_USAGE;
}
