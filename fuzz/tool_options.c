/* SPDX-License-Identifier: MIT */
/* Help and parsing of options, both from fuzz/tool_commands.def. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/tool.h"
#include "fuzz/watchdog.h"

static const struct command {
	const char *name, *operands, *help, *zero, *one;
} commands[] = {
#define COMMAND(name, operands, help, zero, one) {#name, operands, help, zero, one},
#define OPTION(command, letter, name, value, help)
#include "fuzz/tool_commands.def"
};

static const struct option_row {
	const char *command;
	int letter;
	const char *name, *value, *help;
} rows[] = {
#define COMMAND(name, operands, help, zero, one)
#define OPTION(command, letter, name, value, help) {#command, letter, name, value, help},
#include "fuzz/tool_commands.def"
};

enum {
	COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]),
	ROW_COUNT = sizeof(rows) / sizeof(rows[0]),
	COMPLAINT_MAX = 240
};

const char *tool_called = "build/slabfuzz";
static char complaint[COMPLAINT_MAX];

static bool is_row_of(unsigned row, const char *command)
{
	return !strcmp(rows[row].command, command);
}

static const struct option_row *row_of_letter(const char *command, int letter)
{
	for (unsigned i = 0; i < ROW_COUNT; i++)
		if (is_row_of(i, command) && rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

void tool_help(FILE *out)
{
	fprintf(out, "slabfuzz: break memory allocators, and the DMA around them, within minutes.\n\n"
		     "usage: slabfuzz COMMAND [OPTION]... [OPERAND]...\n\n");
	for (unsigned i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-9s %-9s %s\n", commands[i].name, commands[i].operands, commands[i].help);
	fprintf(out,
		"\n  slabfuzz COMMAND --help   the options of a command\n"
		"  slabfuzz --version\n\n"
		"A file ending in .prog is a text program (docs/program_format.md), any other holds the bytes of a "
		"target.\nexit status: 0 clean, 1 a finding, 2 wrong usage or input, 3 framework bug, 130 a campaign "
		"was "
		"interrupted\n");
}

void tool_help_command(const char *command, FILE *out)
{
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, command) != 0)
			continue;
		fprintf(out, "usage: slabfuzz %s [OPTION]...%s%s\n%s\n\n", c->name, *c->operands ? " " : "",
			c->operands, c->help);
		for (unsigned k = 0; k < ROW_COUNT; k++) {
			char left[64];

			if (!is_row_of(k, command))
				continue;
			snprintf(left, sizeof(left), "-%c, --%s%s%s", rows[k].letter, rows[k].name,
				 rows[k].value ? " " : "", rows[k].value ? rows[k].value : "");
			fprintf(out, "  %-34s %s\n", left, rows[k].help);
		}
		fprintf(out, "  %-34s this text\n\nexit status: 0 %s; ", "-h, --help", c->zero);
		if (c->one)
			fprintf(out, "1 %s; ", c->one);
		fprintf(out, "2 wrong usage or input; 3 framework bug\n");
	}
}

int tool_usage(const char *command, const char *what)
{
	fprintf(stderr, "slabfuzz %s: %s (see slabfuzz %s --help)\n", command, what, command);
	return STATUS_USAGE;
}

int tool_option_error(const char *command, const char *option, const char *value, const char *what)
{
	fprintf(stderr, "slabfuzz %s: --%s %.200s: %s (see slabfuzz %s --help)\n", command, option, value, what,
		command);
	return STATUS_USAGE;
}

/* Words separated by | that are all lower case are the choices; TARGET|all is open. */
static const char *check_choice(const struct option_row *row, const char *value)
{
	size_t length;

	if (!row->value || !strchr(row->value, '|') || (row->value[0] >= 'A' && row->value[0] <= 'Z'))
		return NULL;
	for (const char *word = row->value; *word; word += length + (word[length] == '|')) {
		length = strcspn(word, "|");
		if (strlen(value) == length && !strncmp(word, value, length))
			return NULL;
	}
	snprintf(complaint, sizeof(complaint), "must be %s", row->value);
	return complaint;
}

/* getopt's tables for one command. */
static void make_getopt(const char *command, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (unsigned i = 0; i < ROW_COUNT; i++) {
		if (!is_row_of(i, command))
			continue;
		*longs++ = (struct option){rows[i].name, rows[i].value ? required_argument : no_argument, NULL,
					   rows[i].letter};
		*shorts++ = (char)rows[i].letter;
		if (rows[i].value)
			*shorts++ = ':';
	}
	*longs = (struct option){NULL, 0, NULL, 0};
	*shorts = 0;
}

/* getopt stopped at a word it does not know, or that lacks its value. */
static int refuse(const char *command, const char *word, int letter)
{
	const struct option_row *row = row_of_letter(command, letter);
	char what[120];

	if (row && row->value)
		snprintf(what, sizeof(what), "--%s wants %s", row->name, row->value);
	else if (row)
		snprintf(what, sizeof(what), "--%s takes no value", row->name);
	else if (letter)
		snprintf(what, sizeof(what), "there is no option -%c", letter);
	else
		snprintf(what, sizeof(what), "there is no option %.80s", word);
	return tool_usage(command, what);
}

int tool_parse(int argc, char **argv, tool_take *take, void *context)
{
	struct option longs[ROW_COUNT + 1];
	char shorts[2 * ROW_COUNT + 2];
	int letter;

	make_getopt(argv[0], longs, shorts);
	optind = 0; /* getopt starts afresh, in a test after another command */
	opterr = 0;
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = row_of_letter(argv[0], letter);
		const char *wrong;

		if (!row || letter == '?')
			return refuse(argv[0], argv[optind - 1], optopt);
		wrong = row->value ? check_choice(row, optarg) : NULL;
		if (!wrong)
			wrong = take(context, letter, optarg);
		if (wrong)
			return tool_option_error(argv[0], row->name, row->value ? optarg : "", wrong);
	}
	return 0;
}

const char *tool_take_number(const char *value, unsigned long low, unsigned long high, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(value, &end, 10);
	if (!errno && *value >= '0' && *value <= '9' && !*end && *out >= low && *out <= high)
		return NULL;
	snprintf(complaint, sizeof(complaint), "wants a number from %lu to %lu", low, high);
	return complaint;
}

const char *tool_take_timeout(const char *value)
{
	unsigned long seconds;
	const char *wrong = tool_take_number(value, 0, WATCHDOG_SECONDS_MAX, &seconds);

	if (!wrong)
		setenv(WATCHDOG_VARIABLE, value, 1);
	return wrong;
}

const char *tool_take_setting(const char *value, struct program *settings)
{
	struct world_config config;
	struct text_error error;

	if (!*value || !settings_parse(settings, value))
		return "wants key=value";
	world_config_default(&config);
	if (world_config_resolve(&config, settings, &error))
		return NULL;
	snprintf(complaint, sizeof(complaint), "%s", error.what);
	return complaint;
}

bool tool_is_raw(const char *name)
{
	for (unsigned i = 0; raw_targets[i].name; i++)
		if (!strcmp(raw_targets[i].name, name))
			return true;
	return false;
}

const char *tool_take_target(const char *value, const struct target **out)
{
	const char *plain = strncmp(value, "fuzz_", 5) ? value : value + 5;

	if (strchr(value, ','))
		return "wants one target, not a list";
	for (unsigned i = 0; targets[i]; i++)
		if (!strcmp(targets[i]->name, plain)) {
			*out = targets[i];
			return NULL;
		}
	if (!tool_is_raw(plain))
		return "there is no such target (slabfuzz list targets)";
	snprintf(complaint, sizeof(complaint), "a parser has no world: build/fuzz_%s FILE replays its inputs", plain);
	return complaint;
}
