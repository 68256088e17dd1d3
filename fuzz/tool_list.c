/* SPDX-License-Identifier: MIT */
/* slabfuzz list: every table, as text or as the Markdown that docs/ keeps. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/tool.h"

static bool markdown;
static int status; /* what a list cannot be made of */

/* A bar would end a Markdown cell. */
static void cell(const char *text)
{
	for (; *text; text++) {
		if (markdown && *text == '|')
			putchar('\\');
		putchar(*text);
	}
}

/* As many cells as there are before the first NULL; the first one is what the row is about. */
static void row(const char *const cells[4])
{
	for (unsigned i = 0; i < 4 && cells[i]; i++) {
		bool last = i == 3 || !cells[i + 1];

		if (!markdown) {
			printf(last ? "%s" : "%-34s ", cells[i]);
			continue;
		}
		printf(i ? " " : "| `");
		cell(cells[i]);
		printf(i ? " |" : "` |");
	}
	putchar('\n');
}

static void heading(const char *const cells[4])
{
	if (!markdown)
		return;
	for (unsigned i = 0; i < 4 && cells[i]; i++)
		printf("%s %s |", i ? "" : "|", cells[i]);
	printf("\n|");
	for (unsigned i = 0; i < 4 && cells[i]; i++)
		printf(" --- |");
	putchar('\n');
}

#define ROW(...)     row((const char *const[4]){__VA_ARGS__})
#define HEADING(...) heading((const char *const[4]){__VA_ARGS__})

/* Adds a part to a cell's text; what does not fit is cut. */
static void join(char *text, size_t size, const char *separator, const char *part)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? separator : "", part);
}

static void list_ops(void)
{
	HEADING("op", "arguments", "meaning");
	for (unsigned i = 0; i < OP_COUNT; i++) {
		const struct op_descriptor *d = &op_descriptors[i];
		char arguments[120] = "";

		if (d->yields)
			snprintf(arguments, sizeof(arguments), "%cN = ", yields_letter(d->yields));
		for (unsigned k = 0; k < d->arg_count; k++) {
			join(arguments, sizeof(arguments), k ? ", " : "", arg_kind_descriptors[d->args[k]].name);
		}
		ROW(d->name, arguments, d->help);
	}
}

static void list_args(void)
{
	char bytes[12];

	HEADING("kind", "bytes", "text");
	for (unsigned i = ARG_NOTHING + 1; i < ARG_KIND_COUNT; i++) {
		snprintf(bytes, sizeof(bytes), "%u", arg_kind_descriptors[i].bytes);
		ROW(arg_kind_descriptors[i].name, bytes, arg_kind_descriptors[i].help);
	}
}

static void list_targets(void)
{
	static const char *const kinds[] = {"clean", "history", "misuse", "canary"};

	HEADING("target", "kind", "what");
	for (unsigned i = 0; targets[i]; i++)
		ROW(targets[i]->name, kinds[targets[i]->kind], targets[i]->help);
	for (unsigned i = 0; raw_targets[i].name; i++)
		ROW(raw_targets[i].name, "parser", raw_targets[i].help);
}

static void list_oracles(void)
{
	HEADING("oracle", "invariant");
	for (unsigned i = 0; i < oracle_count; i++)
		ROW(oracles[i]->name, oracles[i]->invariant);
}

static void list_titles(void)
{
	HEADING("title", "grade", "meaning");
	for (unsigned i = 0; i < TITLE_COUNT; i++)
		ROW(title_rows[i].name, title_rows[i].grade == GRADE_HAZARD ? "hazard" : "damage", title_rows[i].help);
}

static void list_allocators(void)
{
	char contract[80];

	HEADING("allocator", "contract");
	for (unsigned i = 0; i < allocator_count; i++) {
		const struct allocator_contract *c = &allocators[i]->contract;

		snprintf(contract, sizeof(contract), "align %u, largest %llu", c->align_min,
			 (unsigned long long)c->size_max);
		ROW(allocators[i]->name, contract);
	}
}

static void join_unless(char *text, size_t size, bool no, const char *part)
{
	if (!no)
		join(text, size, ", ", part);
}

/* "32 bytes, write-through, VIPT, 4-way ..., 4 colours, outer cache, not coherent" */
static void describe_cache(char *text, size_t size, const struct arch *arch)
{
	char colours[32];

	snprintf(text, size, "%u bytes, %s", 1u << arch->line_shift,
		 arch->write_through ? "write-through" : "write-back");
	join_unless(text, size, arch->write_allocate, "read-allocate");
	join(text, size, ", ", arch->cache);
	snprintf(colours, sizeof(colours), "%u colours", arch->colours);
	join_unless(text, size, arch->colours == 1, colours);
	join_unless(text, size, !arch->outer_cache, "outer cache with a pure invalidate");
	join_unless(text, size, !arch->speculates, "speculative fills");
	join(text, size, ", ", arch->coherent ? "coherent" : "not coherent");
}

static void list_arches(void)
{
	HEADING("arch", "layout, kmalloc", "D-cache", "what");
	for (unsigned i = 0; i < arch_count(); i++) {
		const struct arch *arch = &arches[i];
		char numbers[80], cache[200], page[32];

		snprintf(numbers, sizeof(numbers), "%s %s, %u", layouts[arch->layout].name,
			 arch->big_endian ? "big" : "little", arch->kmalloc_minalign);
		describe_cache(cache, sizeof(cache), arch);
		snprintf(page, sizeof(page), "real pages of %u KiB", arch->page_kib);
		join_unless(cache, sizeof(cache), !arch->page_kib, page);
		ROW(arch->name, numbers, cache, arch->help);
	}
}

static void list_policies(void)
{
	HEADING("policy", "values", "meaning");
	for (unsigned i = 0; i < POLICY_COUNT; i++) {
		char values[120] = "";

		for (unsigned k = 0; policy_rows[i].values[k]; k++) {
			join(values, sizeof(values), ", ", policy_rows[i].values[k]);
		}
		ROW(policy_rows[i].name, values, policy_rows[i].help);
	}
}

static void list_profiles(void)
{
	HEADING("profile", "policies", "what");
	for (unsigned i = 0; i < profile_count(); i++)
		ROW(profiles[i].name, profiles[i].policies, profiles[i].help);
}

static void list_points(void)
{
	static const char *const kinds[] = {"open", "closed", "locked"};

	HEADING("point", "what may come", "where");
	for (unsigned i = 0; i < POINT_COUNT; i++)
		ROW(point_rows[i].name, kinds[point_rows[i].kind], point_rows[i].help);
}

static void list_faults(void)
{
	static const char *const kinds[] = {"call", "event", "damage"};

	HEADING("fault point", "kind", "what happens", "where");
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		ROW(fault_rows[i].name, kinds[fault_rows[i].kind], fault_rows[i].help, fault_rows[i].where);
	putchar('\n');
	HEADING("attribute", "meaning");
#define FAULT_ATTRIBUTE(name, help) ROW(#name, help);
#include "sim/fault_attribute.def"
#undef FAULT_ATTRIBUTE
}

static void list_planted(void)
{
	HEADING("allocator", "signature it must show");
	for (unsigned i = 0; planted_allocators[i].name; i++)
		ROW(planted_allocators[i].name, planted_allocators[i].expect);
}

static void world_row(void *context, const char *key, const char *help)
{
	(void)context;
	ROW(key, help);
}

static void list_world(void)
{
	HEADING("key", "meaning");
	world_keys_list(world_row, NULL);
}

static void list_claims(void)
{
	status = claims_table(markdown);
}

static const struct list_kind {
	const char *name;
	void (*list)(void);
} kinds[] = {{"targets", list_targets}, {"ops", list_ops},           {"args", list_args},
	     {"oracles", list_oracles}, {"titles", list_titles},     {"allocators", list_allocators},
	     {"arches", list_arches},   {"policies", list_policies}, {"profiles", list_profiles},
	     {"faults", list_faults},   {"points", list_points},     {"claims", list_claims},
	     {"planted", list_planted}, {"world", list_world}};

/* tool_take: there is one option. */
static const char *take_option(void *context, int letter, const char *value)
{
	(void)context, (void)letter, (void)value;
	markdown = true;
	return NULL;
}

int tool_list(int argc, char **argv)
{
	char what[120];

	status = tool_parse(argc, argv, take_option, NULL);
	if (status)
		return status;
	if (optind + 1 != argc)
		return tool_usage("list", "which kind?");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[optind])) {
			kinds[i].list();
			return status;
		}
	snprintf(what, sizeof(what), "there is no kind '%.60s'", argv[optind]);
	return tool_usage("list", what);
}
