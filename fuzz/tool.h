/* SPDX-License-Identifier: MIT */
/*
 * The commands of slabfuzz, rows of fuzz/tool_commands.def.  argv[0] is the command's name; each returns the exit
 * status (fuzz/main.c prints the list).  Complaints about the command line are one line on stderr that names the
 * option.
 */
#ifndef SLABFUZZ_FUZZ_TOOL_H
#define SLABFUZZ_FUZZ_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "fuzz/target.h"

#define SLABFUZZ_VERSION "0.1-dev"

enum { STATUS_CLEAN = 0, STATUS_FINDING = 1, STATUS_USAGE = 2, STATUS_FRAMEWORK = 3 };

#define COMMAND(name, operands, help, zero, one) int tool_##name(int argc, char **argv);
#define OPTION(command, letter, name, value, help)
#include "fuzz/tool_commands.def"

/* How the tool was called; "build/slabfuzz" in a test. */
extern const char *tool_called;

/* All commands, one a line; and one command with its options. */
void tool_help(FILE *out);
void tool_help_command(const char *command, FILE *out);

/*
 * Hands each option of the command argv[0] to take(), which returns NULL or what the option wants instead.  0, or
 * STATUS_USAGE after one line on stderr.  argv[optind] is then the first operand.
 */
typedef const char *tool_take(void *context, int letter, const char *value);
int tool_parse(int argc, char **argv, tool_take *take, void *context);

/* For take(): what is wrong with the value, in memory that the next call reuses, or NULL. */
const char *tool_take_number(const char *value, unsigned long low, unsigned long high, unsigned long *out);
/* Seconds of one op, for sessions of this process and its children. */
const char *tool_take_timeout(const char *value);
/* Adds key=value to settings; it must be a world setting that exists. */
const char *tool_take_setting(const char *value, struct program *settings);
/* Target by name, with or without fuzz_ in front. */
const char *tool_take_target(const char *value, const struct target **out);
/* True iff it names a target without a world. */
bool tool_is_raw(const char *name);

/* Runs all claims and prints what they show; `slabfuzz list claims` and docs/claims.md. */
int claims_table(bool markdown);

/*
 * Standard files that were closed are opened; what is printed to such a one is lost and tool_end() tells. tool_flush():
 * false iff something on standard output is lost.  tool_end(): the exit status, after one line on stderr if so.
 */
void tool_open_standard_files(void);
bool tool_flush(void);
int tool_end(int status);
/* A directory that can be written to, made if it was absent.  False, and errno, if it is none. */
bool tool_make_directory(const char *path);

/* Each prints one line on stderr and returns STATUS_USAGE. */
int tool_usage(const char *command, const char *what);
int tool_option_error(const char *command, const char *option, const char *value, const char *what);

#endif
