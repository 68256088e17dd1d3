/* SPDX-License-Identifier: MIT */
/* The commands of slabfuzz.  argv[0] is the command's name; each returns the exit status (DESIGN 8). */
#ifndef SLABFUZZ_FUZZ_TOOL_H
#define SLABFUZZ_FUZZ_TOOL_H

#include "fuzz/target.h"

enum { STATUS_CLEAN = 0, STATUS_FINDING = 1, STATUS_USAGE = 2, STATUS_FRAMEWORK = 3 };

/* TOOL_COMMAND(name, function, "arguments", "what it does") */
#define TOOL_COMMANDS(TOOL_COMMAND)                                                                                    \
	TOOL_COMMAND("run", tool_run,                                                                                  \
		     "[--target T] [--set key=value] [--grade G] [--events FILE] [--check] [--repeat N] FILE...",      \
		     "run programs; report findings")                                                                  \
	TOOL_COMMAND("fuzz", tool_fuzz,                                                                                \
		     "[--target T|all] [--time S] [--jobs N] [--engine libfuzzer|afl|random] [--seed N] "              \
		     "[--until-declared] --out DIR",                                                                   \
		     "a campaign: findings in DIR/findings")                                                           \
	TOOL_COMMAND("print", tool_print, "[--target T] FILE", "print a program as text")                              \
	TOOL_COMMAND("encode", tool_encode, "--target T FILE -o OUT", "text to the bytes that engines mutate")         \
	TOOL_COMMAND("minimize", tool_minimize, "[--target T] [--set key=value] [--signature S] FILE [-o OUT]",        \
		     "smallest program with the same signature")                                                       \
	TOOL_COMMAND("import", tool_import, "--format ftrace|mtrace FILE -o DIR", "recorded traces to programs")       \
	TOOL_COMMAND("list", tool_list, "[--markdown] KIND",                                                           \
		     "targets, ops, oracles, allocators, arches, policies, profiles, faults, claims, planted, "        \
		     "titles, args, world")                                                                            \
	TOOL_COMMAND("bench", tool_bench, "[TARGET]", "where the time of a run goes")                                  \
	TOOL_COMMAND("kill", tool_kill,                                                                                \
		     "[--allocator MODEL+BUG] [--seeds N] [--time S] [--beyond S] [--save DIR] "                       \
		     "[--engine mutate|random]",                                                                       \
		     "time until fuzzing finds a planted bug")

#define TOOL_COMMAND(name, function, arguments, help) int function(int argc, char **argv);
TOOL_COMMANDS(TOOL_COMMAND)
#undef TOOL_COMMAND

/* Target by name, with or without fuzz_ in front; NULL and a line on stderr if there is none. */
const struct target *tool_target(const char *name);
/* One line on stderr; returns STATUS_USAGE. */
int tool_usage(const char *command, const char *what);

#endif
