/* SPDX-License-Identifier: MIT */
/* slabfuzz: one tool, its commands in a table. */
#include <stdio.h>
#include <string.h>

#include "fuzz/tool.h"
#include "fuzz/watchdog.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, operands, help, zero, one) {#name, tool_##name},
#define OPTION(command, letter, name, value, help)
#include "fuzz/tool_commands.def"
};

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* Anywhere before the end of the options: who asks for help wants nothing else. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return true;
	return false;
}

static const struct command *command_by_name(const char *name)
{
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int run_command(int argc, char **argv)
{
	bool help = argc > 1 && !strcmp(argv[1], "help");
	const struct command *command = argc > 1 + help ? command_by_name(argv[1 + help]) : NULL;
	unsigned seconds;

	tool_called = argv[0];
	if (command && (help || asks_for_help(argc - 2, argv + 2))) {
		tool_help_command(command->name, stdout);
		return STATUS_CLEAN;
	}
	if (!watchdog_seconds(&seconds))
		return STATUS_USAGE;
	if (command)
		return command->run(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		printf("slabfuzz %s\n", SLABFUZZ_VERSION);
		return STATUS_CLEAN;
	}
	if (argc < 2 || is_help(argv[1]) || (help && argc == 2)) {
		tool_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? STATUS_USAGE : STATUS_CLEAN;
	}
	fprintf(stderr, "slabfuzz: there is no command '%s' (see slabfuzz --help)\n", argv[1 + help]);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	tool_open_standard_files();
	return tool_end(run_command(argc, argv));
}
