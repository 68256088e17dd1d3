/* SPDX-License-Identifier: MIT */
/* slabfuzz list: every table, as text or as the Markdown that docs/ keeps. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/program_file.h"
#include "fuzz/tool.h"

static bool markdown;

static void heading(const char *a, const char *b, const char *c)
{
	if (markdown)
		printf("| %s | %s | %s |\n| --- | --- | --- |\n", a, b, c);
}

/* A bar would end a Markdown cell. */
static void cell(const char *text)
{
	for (; *text; text++) {
		if (markdown && *text == '|')
			putchar('\\');
		putchar(*text);
	}
}

static void row(const char *a, const char *b, const char *c)
{
	if (!markdown) {
		printf("%-34s %-34s %s\n", a, b, c);
		return;
	}
	printf("| `");
	cell(a);
	printf("` | ");
	cell(b);
	printf(" | ");
	cell(c);
	printf(" |\n");
}

/* Adds a part to a cell's text; what does not fit is cut. */
static void join(char *text, size_t size, const char *separator, const char *part)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? separator : "", part);
}

static void list_ops(void)
{
	static const char *const yields[] = {"", "o", "c", "p", "m"};

	heading("op", "arguments", "meaning");
	for (unsigned i = 0; i < OP_COUNT; i++) {
		const struct op_descriptor *d = &op_descriptors[i];
		char arguments[120] = "";

		if (d->yields)
			snprintf(arguments, sizeof(arguments), "%sN = ", yields[d->yields]);
		for (unsigned k = 0; k < d->arg_count; k++) {
			join(arguments, sizeof(arguments), k ? ", " : "", arg_kind_descriptors[d->args[k]].name);
		}
		row(d->name, arguments, d->help);
	}
}

static void list_args(void)
{
	char bytes[12];

	heading("kind", "bytes", "text");
	for (unsigned i = ARG_NOTHING + 1; i < ARG_KIND_COUNT; i++) {
		snprintf(bytes, sizeof(bytes), "%u", arg_kind_descriptors[i].bytes);
		row(arg_kind_descriptors[i].name, bytes, arg_kind_descriptors[i].help);
	}
}

static void list_targets(void)
{
	static const char *const kinds[] = {"clean", "history", "misuse", "canary"};

	heading("target", "kind", "what");
	for (unsigned i = 0; targets[i]; i++)
		row(targets[i]->name, kinds[targets[i]->kind], targets[i]->help);
}

static void list_oracles(void)
{
	heading("oracle", "", "invariant");
	for (unsigned i = 0; i < oracle_count; i++)
		row(oracles[i]->name, "", oracles[i]->invariant);
}

static void list_titles(void)
{
	heading("title", "grade", "meaning");
	for (unsigned i = 0; i < TITLE_COUNT; i++)
		row(title_rows[i].name, title_rows[i].grade == GRADE_HAZARD ? "hazard" : "damage", title_rows[i].help);
}

static void list_allocators(void)
{
	char contract[80];

	heading("allocator", "contract", "");
	for (unsigned i = 0; i < allocator_count; i++) {
		const struct allocator_contract *c = &allocators[i]->contract;

		snprintf(contract, sizeof(contract), "align %u, largest %llu", c->align_min,
			 (unsigned long long)c->size_max);
		row(allocators[i]->name, contract, "");
	}
}

static void list_arches(void)
{
	char numbers[80];

	heading("arch", "layout, line, coherent", "what");
	for (unsigned i = 0; i < arch_count(); i++) {
		snprintf(numbers, sizeof(numbers), "%s, %u, %s", layouts[arches[i].layout].name,
			 1u << arches[i].line_shift, arches[i].coherent ? "yes" : "no");
		row(arches[i].name, numbers, arches[i].help);
	}
}

static void list_policies(void)
{
	heading("policy", "values", "meaning");
	for (unsigned i = 0; i < POLICY_COUNT; i++) {
		char values[120] = "";

		for (unsigned k = 0; policy_rows[i].values[k]; k++) {
			join(values, sizeof(values), ", ", policy_rows[i].values[k]);
		}
		row(policy_rows[i].name, values, policy_rows[i].help);
	}
}

static void list_profiles(void)
{
	heading("profile", "page_mapping", "what");
	for (unsigned i = 0; i < profile_count(); i++)
		row(profiles[i].name, profiles[i].page_mapping, profiles[i].help);
}

static void list_faults(void)
{
	heading("fault point", "", "what fails");
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		row(fault_rows[i].name, "", fault_rows[i].help);
}

static void list_planted(void)
{
	heading("allocator", "", "signature it must show");
	for (unsigned i = 0; planted_allocators[i].name; i++)
		row(planted_allocators[i].name, "", planted_allocators[i].expect);
}

static void world_row(void *context, const char *key, const char *help)
{
	(void)context;
	row(key, "", help);
}

static void list_world(void)
{
	heading("key", "", "meaning");
	world_keys_list(world_row, NULL);
}

static int is_program(const struct dirent *entry)
{
	return is_text_name(entry->d_name);
}

/* The claims are programs; their first lines are the table. */
static void list_claims(void)
{
	static const char directory[] = "corpora/claims";
	static struct program p;
	static struct program_notes notes;
	struct dirent **entries;
	int count = scandir(directory, &entries, is_program, alphasort);

	heading("claim", "source", "expected");
	for (int i = 0; i < count; i++) {
		char path[400], expect[NOTE_MAX * 3] = "";

		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		free(entries[i]);
		if (program_load(path, NULL, &p, &notes))
			continue;
		for (unsigned k = 0; k < notes.expect_count && k < 3; k++) {
			join(expect, sizeof(expect), ", ", notes.expect[k]);
		}
		row(notes.claim, notes.source, expect);
	}
	if (count >= 0)
		free(entries);
}

static const struct list_kind {
	const char *name;
	void (*list)(void);
} kinds[] = {{"targets", list_targets}, {"ops", list_ops},           {"args", list_args},
	     {"oracles", list_oracles}, {"titles", list_titles},     {"allocators", list_allocators},
	     {"arches", list_arches},   {"policies", list_policies}, {"profiles", list_profiles},
	     {"faults", list_faults},   {"claims", list_claims},     {"planted", list_planted},
	     {"world", list_world}};

int tool_list(int argc, char **argv)
{
	markdown = argc > 1 && !strcmp(argv[1], "--markdown");
	if (argc != 2 + markdown)
		return tool_usage("list", "which kind?");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[1 + markdown])) {
			kinds[i].list();
			return STATUS_CLEAN;
		}
	fprintf(stderr, "slabfuzz list: there is no kind '%s' (see slabfuzz --help)\n", argv[1 + markdown]);
	return STATUS_USAGE;
}
