/* SPDX-License-Identifier: MIT */
/* The end of a campaign, on one screen: a line for each kind of target, the gravest findings, and the verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/campaign.h"
#include "fuzz/shell_word.h"

enum { FEW_TARGETS = 3, BEST_OF_MANY = 5, BEST_OF_FEW = 10, COMPLAINTS_SHOWN = 12, KIND_RAW = TARGET_CANARY + 1 };

static const char *const kinds[] = {"clean", "history", "misuse", "canary", "parsers"};

static bool counts(const struct campaign_finding *f)
{
	return f->state != FINDING_GONE;
}

static unsigned findings_of(const struct campaign *c, const struct target *target, const char *pattern)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->finding_count; i++)
		count += c->finding[i].target == target && counts(&c->finding[i]) &&
			 (!pattern || signature_matches(pattern, c->finding[i].signature));
	return count;
}

static unsigned in_state(const struct campaign *c, enum finding_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->finding_count; i++)
		count += c->finding[i].state == state;
	return count;
}

__attribute__((format(printf, 3, 4))) static bool complain(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return true;
}

/* What it declares and did not find; the first one. */
static const char *not_found(const struct campaign *c, const struct target *target)
{
	for (unsigned i = 0; i < TARGET_EXPECTS_MAX && target->expects[i]; i++)
		if (!findings_of(c, target, target->expects[i]))
			return target->expects[i];
	return NULL;
}

bool job_declares(const struct campaign *c, const struct campaign_job *job)
{
	return !c->overrides.setting_count && job->target && job->target->expects[0] &&
	       job->target->kind != TARGET_CLEAN && job->target->kind != TARGET_MISUSE;
}

bool job_satisfied(const struct campaign *c, const struct campaign_job *job)
{
	return job_declares(c, job) && !not_found(c, job->target);
}

bool job_complaint(const struct campaign *c, const struct campaign_job *job, char *text, size_t size)
{
	char path[CAMPAIGN_PATH_MAX];
	unsigned count;

	job_path(c, job, "log", path);
	if (job->failed)
		return complain(text, size, "%s (%s), see %s", job->target ? "the engine failed" : "the parser crashed",
				job->trouble, path);
	if (!job->ran)
		return !c->interrupted && complain(text, size, "not run: no time was left");
	if (!job->target)
		return false;
	count = findings_of(c, job->target, target_counts_only(job->target));
	if (c->overrides.setting_count)
		return count && complain(text, size, "found %u", count);
	if (job->target->kind == TARGET_CLEAN)
		return count && complain(text, size, "must stay silent, but found %u", count);
	if (job->target->kind == TARGET_MISUSE)
		return count && complain(text, size, "missed misuse: found %u", count);
	if (job_satisfied(c, job) || (c->interrupted && job->phase != JOB_DONE) || !job_declares(c, job))
		return false;
	return complain(text, size, "did not find %s", not_found(c, job->target));
}

/* A finding's title is the first part of its signature. */
static unsigned title_of(const struct campaign_finding *f)
{
	size_t length = strcspn(f->signature, "/");

	for (unsigned i = 0; i < TITLE_COUNT; i++)
		if (strlen(title_rows[i].name) == length && !strncmp(title_rows[i].name, f->signature, length))
			return i;
	return TITLE_COUNT;
}

static enum grade grade_of(const struct campaign_finding *f)
{
	unsigned title = title_of(f);

	return title < TITLE_COUNT ? title_rows[title].grade : GRADE_DAMAGE;
}

/* Whether a is to be shown before b: new ones, grave ones, short ones. */
static bool is_before(const struct campaign_finding *a, const struct campaign_finding *b)
{
	bool old_a = a->state == FINDING_BEFORE, old_b = b->state == FINDING_BEFORE;

	if (old_a != old_b)
		return old_b;
	if (grade_of(a) != grade_of(b))
		return grade_of(a) > grade_of(b);
	if (a->ops != b->ops)
		return a->ops < b->ops;
	return strcmp(a->signature, b->signature) < 0;
}

static void print_finding(const struct campaign *c, const struct campaign_finding *f)
{
	char tool[CAMPAIGN_PATH_MAX], path[2 * CAMPAIGN_PATH_MAX];

	printf("  %s\n    %u ops, target %s, oracle %s%s\n", f->signature, f->ops, f->target->name, f->oracle,
	       f->state == FINDING_BEFORE ? ", from before" : "");
	printf("    %s run %s\n", shell_word(c->called, tool, sizeof(tool)), shell_word(f->path, path, sizeof(path)));
}

/* The best one that is not shown yet; of many targets, of a title that is not shown yet. */
static int next_best(const struct campaign *c, const bool shown[], const bool title_shown[], bool few)
{
	int best = -1;

	for (unsigned i = 0; i < c->finding_count; i++) {
		if (!counts(&c->finding[i]) || shown[i] || (!few && title_shown[title_of(&c->finding[i])]))
			continue;
		if (best < 0 || is_before(&c->finding[i], &c->finding[best]))
			best = (int)i;
	}
	return best;
}

static void print_findings(const struct campaign *c)
{
	static bool shown[CAMPAIGN_FINDINGS_MAX];
	bool title_shown[TITLE_COUNT + 1] = {false}, few = c->job_count <= FEW_TARGETS;
	unsigned gone = in_state(c, FINDING_GONE), count = c->finding_count - gone,
		 limit = few ? BEST_OF_FEW : BEST_OF_MANY;
	char list[CAMPAIGN_PATH_MAX], word[2 * CAMPAIGN_PATH_MAX];
	int best;

	campaign_path(c, "findings.tsv", list);
	printf("\n");
	if (count)
		printf("%u finding%s, %u from before; %s lists all\n", count, count == 1 ? "" : "s",
		       in_state(c, FINDING_BEFORE), shell_word(list, word, sizeof(word)));
	else
		printf("no findings\n");
	if (gone)
		printf("%u from before that this build no longer shows\n", gone);
	for (unsigned printed = 0; printed < limit && (best = next_best(c, shown, title_shown, few)) >= 0; printed++) {
		print_finding(c, &c->finding[best]);
		shown[best] = title_shown[title_of(&c->finding[best])] = true;
	}
}

struct kind_row {
	unsigned targets, as_declared, not_run, findings;
	unsigned long long programs;
};

static unsigned kind_of(const struct campaign_job *job)
{
	return job->target ? (unsigned)job->target->kind : KIND_RAW;
}

static void add_up(const struct campaign *c, const struct campaign_job *job, struct kind_row *row)
{
	char text[COMPLAINT_MAX];

	row->targets++;
	row->not_run += !job->ran;
	row->as_declared += job->ran && !job_complaint(c, job, text, sizeof(text));
	row->findings += job->target ? findings_of(c, job->target, NULL) : 0;
	row->programs += job->ran ? job_programs(c, job) : 0;
}

static void print_row(const char *name, const struct kind_row *row)
{
	printf("%-26s %7u %12u %8u %9u %12llu\n", name, row->targets, row->as_declared, row->not_run, row->findings,
	       row->programs);
}

static void print_table(const struct campaign *c)
{
	bool few = c->job_count <= FEW_TARGETS;

	printf("%-26s %7s %12s %8s %9s %12s\n", few ? "target" : "targets of kind", "targets",
	       c->overrides.setting_count ? "clean" : "as declared", "not run", "findings", "programs");
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		struct kind_row row = {0};

		for (unsigned i = 0; i < c->job_count; i++) {
			struct kind_row alone = {0};

			if (kind_of(&c->job[i]) != kind)
				continue;
			add_up(c, &c->job[i], few ? &alone : &row);
			if (few)
				print_row(c->job[i].name, &alone);
		}
		if (row.targets)
			print_row(kinds[kind], &row);
	}
}

/* Returns how many jobs have one. */
static unsigned print_complaints(const struct campaign *c)
{
	char text[COMPLAINT_MAX];
	unsigned complaints = 0;

	for (unsigned i = 0; i < c->job_count; i++) {
		if (!job_complaint(c, &c->job[i], text, sizeof(text)))
			continue;
		if (++complaints <= COMPLAINTS_SHOWN)
			printf("%s%s: %s\n", complaints == 1 ? "\n" : "", c->job[i].name, text);
	}
	if (complaints > COMPLAINTS_SHOWN)
		printf("... and %u more targets\n", complaints - COMPLAINTS_SHOWN);
	return complaints;
}

static unsigned unfinished(const struct campaign *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->job_count; i++)
		count += c->job[i].phase != JOB_DONE;
	return count;
}

static void print_verdict(const struct campaign *c, unsigned complaints)
{
	printf("\nverdict: ");
	if (c->framework_bugs)
		printf("%u framework bugs, kept in %.*s/framework-bugs; ", c->framework_bugs, CAMPAIGN_OUT_MAX, c->out);
	if (c->interrupted)
		printf("interrupted with %u of %u targets unfinished; so far ", unfinished(c), c->job_count);
	if (c->overrides.setting_count)
		printf("%s in another world, where nothing is declared\n", complaints ? "findings" : "clean");
	else
		printf("%s\n", complaints ? "NOT as declared" : "as declared");
	if (c->interrupted)
		printf("the same --out goes on with the corpora and findings\n");
}

bool campaign_report(const struct campaign *c)
{
	unsigned complaints;

	print_table(c);
	print_findings(c);
	complaints = print_complaints(c);
	print_verdict(c, complaints);
	return complaints == 0;
}
