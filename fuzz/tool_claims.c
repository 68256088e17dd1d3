/* SPDX-License-Identifier: MIT */
/* slabfuzz claims, and the table of slabfuzz list claims: runs what was claimed and tells who was right. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/claims.h"
#include "fuzz/expectations.h"
#include "fuzz/program_file.h"
#include "fuzz/tool.h"

enum { OUTCOME_MAX = FINDINGS_MAX * (SIGNATURE_MAX + 2) };

struct outcome {
	bool well;
	char found[OUTCOME_MAX]; /* signatures, or "clean" */
	char *complaints;        /* lines; on the heap */
};

static struct session session;
static struct claim_list claims;
static struct outcome *outcomes; /* by index of claims.list */

static void describe(struct outcome *o)
{
	const struct findings *findings = &session.world.findings;
	size_t used = 0;

	snprintf(o->found, sizeof(o->found), "clean");
	for (unsigned i = 0; i < findings->count; i++)
		used += (size_t)snprintf(o->found + used, sizeof(o->found) - used, "%s%s", i ? ", " : "",
					 findings->list[i].signature);
}

static bool run_one(struct claim_program *c, struct outcome *o)
{
	struct world_config config;
	size_t size;
	FILE *out = open_memstream(&o->complaints, &size);

	if (!out)
		return false;
	o->well = program_world(c->file, &c->program, NULL, &config) == 0;
	if (o->well) {
		session_run(&session, &c->program, &config);
		o->well = expectations_hold(&session, &c->program, &c->notes, c->file, out);
		describe(o);
	}
	return fclose(out) == 0;
}

static int run_all(void)
{
	int status = claims_load(&claims);

	if (status)
		return status;
	outcomes = calloc(claims.count + 1, sizeof(*outcomes));
	if (!outcomes || !session_create(&session))
		return STATUS_FRAMEWORK;
	for (unsigned i = 0; i < claims.count; i++)
		if (!run_one(&claims.list[i], &outcomes[i]))
			status = STATUS_FRAMEWORK;
	session_destroy(&session);
	return status;
}

static void release(void)
{
	for (unsigned i = 0; outcomes && i < claims.count; i++)
		free(outcomes[i].complaints);
	free(outcomes);
	claims_free(&claims);
}

/* What the programs of one id have shown. */
struct tally {
	unsigned programs, differ;
	const char *verdict;
};

static struct tally tally_of(char letter, unsigned number)
{
	struct tally t = {0, 0, ""};

	for (unsigned i = 0; i < claims.count; i++) {
		if (claims.list[i].letter != letter || claims.list[i].number != number)
			continue;
		if (!t.programs)
			t.verdict = claims.list[i].notes.verdict;
		t.programs++;
		t.differ += !outcomes[i].well;
	}
	return t;
}

struct summary {
	unsigned ids, missing, differ;
};

static void count_id(void *context, char letter, unsigned number)
{
	struct summary *s = context;
	struct tally t = tally_of(letter, number);

	s->ids++;
	s->missing += !t.programs;
	s->differ += t.differ > 0;
}

static struct summary summarise(void)
{
	struct summary s = {0, 0, 0};

	for (unsigned i = 0; i < claim_group_count; i++)
		claim_group_walk(&claim_groups[i], count_id, &s);
	return s;
}

static void print_id(void *context, char letter, unsigned number)
{
	struct tally t = tally_of(letter, number);
	char id[8];

	(void)context;
	claim_id_print(letter, number, id);
	if (!t.programs) {
		printf("%-4s missing\n", id);
		return;
	}
	printf("%-4s %-11s %u program%s; %s\n", id, t.differ ? "DIFFERS" : "as expected", t.programs,
	       t.programs > 1 ? "s" : "", *t.verdict ? t.verdict : "no verdict yet");
	for (unsigned i = 0; i < claims.count; i++)
		if (claims.list[i].letter == letter && claims.list[i].number == number && !outcomes[i].well)
			fputs(outcomes[i].complaints, stdout);
}

/* Missing ones count: the claims hold when all of them have been shown. */
int tool_claims(int argc, char **argv)
{
	int status = tool_parse(argc, argv, NULL, NULL);
	struct summary s;

	if (!status && optind != argc)
		return tool_usage("claims", "there are no operands");
	if (!status)
		status = run_all();
	if (!status) {
		for (unsigned i = 0; i < claim_group_count; i++) {
			printf("%s%s\n", i ? "\n" : "", claim_groups[i].title);
			claim_group_walk(&claim_groups[i], print_id, NULL);
		}
		s = summarise();
		printf("\nclaims: %u of %u as expected, %u differ, %u missing; %u programs\n",
		       s.ids - s.missing - s.differ, s.ids, s.differ, s.missing, claims.count);
		status = s.differ || s.missing ? STATUS_FINDING : STATUS_CLEAN;
	}
	release();
	return status;
}

/* A bar would end a Markdown cell. */
static void put_cell(const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
	printf(" | ");
}

static void markdown_id(void *context, char letter, unsigned number)
{
	char id[8];
	bool any = false;

	(void)context;
	claim_id_print(letter, number, id);
	for (unsigned i = 0; i < claims.count; i++) {
		const struct claim_program *c = &claims.list[i];

		if (c->letter != letter || c->number != number)
			continue;
		printf("| %s | ", any ? "" : id);
		any = true;
		put_cell(c->notes.says);
		put_cell(c->notes.verdict);
		printf("%s`%s` | [%s](../corpora/claims/%s) |\n", outcomes[i].well ? "" : "**differs** ",
		       outcomes[i].found, c->file, c->file);
	}
	if (!any)
		printf("| %s | | | *no program yet* | |\n", id);
}

static void markdown_table(void)
{
	struct summary s = summarise();

	printf("Every claim is a program, run just now: `make claims`. %u of %u ids are as expected, %u differ, %u "
	       "have no "
	       "program yet.\nSeeds are the five threads of 2005 to 2008; D stands for what no one had claimed. "
	       "*Today* is what the program finds.\n",
	       s.ids - s.missing - s.differ, s.ids, s.differ, s.missing);
	for (unsigned i = 0; i < claim_group_count; i++) {
		printf("\n## %s\n\n| claim | says | verdict | today | program |\n| --- | --- | --- | --- | --- |\n",
		       claim_groups[i].title);
		claim_group_walk(&claim_groups[i], markdown_id, NULL);
	}
}

static void text_table(void)
{
	for (unsigned i = 0; i < claims.count; i++) {
		const struct claim_program *c = &claims.list[i];
		char id[8];

		claim_id_print(c->letter, c->number, id);
		printf("%-4s %-28s %-11s %s\n     says: %s\n     verdict: %s\n     expected:", id, c->file,
		       outcomes[i].well ? "as expected" : "DIFFERS", outcomes[i].found, c->notes.says,
		       c->notes.verdict);
		for (unsigned k = 0; k < c->notes.expect_count; k++)
			printf("%s %s", k ? "," : "", c->notes.expect[k]);
		putchar('\n');
	}
}

int claims_table(bool markdown)
{
	int status = run_all();

	if (!status && markdown)
		markdown_table();
	else if (!status)
		text_table();
	release();
	return status;
}
