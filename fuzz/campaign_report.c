/* SPDX-License-Identifier: MIT */
/* The end of a campaign: the table of findings, a line for each target, and the verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/campaign.h"

static unsigned findings_of(const struct campaign *c, const struct target *target, const char *pattern)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->finding_count; i++)
		count += c->finding[i].target == target &&
			 (!pattern || signature_matches(pattern, c->finding[i].signature));
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

bool job_complaint(const struct campaign *c, const struct campaign_job *job, char *text, size_t size)
{
	char path[CAMPAIGN_PATH_MAX];
	const char *missing;
	unsigned count;

	job_path(c, job, "log", path);
	if (job->failed)
		return complain(text, size, "%s, see %s", job->target ? "the engine failed" : "crashed", path);
	if (!job->target)
		return false;
	count = findings_of(c, job->target, target_counts_only(job->target));
	if (c->overrides.setting_count)
		return count && complain(text, size, "found %u", count);
	if (job->target->kind == TARGET_CLEAN)
		return count && complain(text, size, "must stay silent, but found %u", count);
	if (job->target->kind == TARGET_MISUSE)
		return count && complain(text, size, "missed misuse: found %u", count);
	missing = not_found(c, job->target);
	return missing && complain(text, size, "did not find %s", missing);
}

static void print_findings(const struct campaign *c)
{
	if (c->finding_count)
		printf("%-52s %-24s %-18s %4s %8s\n", "signature", "target", "oracle", "ops", "seconds");
	for (unsigned i = 0; i < c->finding_count; i++) {
		const struct campaign_finding *f = &c->finding[i];

		printf("%-52s %-24s %-18s %4u %8.2f\n    %s run %s\n", f->signature, f->target->name, f->oracle, f->ops,
		       f->seconds, c->called, f->path);
	}
	printf(c->finding_count ? "\n" : "no findings\n\n");
}

bool campaign_report(const struct campaign *c, bool whole)
{
	bool other_world = c->overrides.setting_count > 0;
	char text[COMPLAINT_MAX];
	unsigned complaints = 0;

	print_findings(c);
	for (unsigned i = 0; i < c->job_count; i++) {
		bool complains = job_complaint(c, &c->job[i], text, sizeof(text));

		printf("%-28s %s\n", c->job[i].name, complains ? text : other_world ? "clean" : "as declared");
		complaints += complains;
	}
	printf("\nverdict: ");
	if (other_world)
		printf("%s in another world, where nothing is declared", complaints ? "findings" : "clean");
	else
		printf(complaints ? "NOT as declared" : "as declared");
	if (!whole)
		printf(", as far as it came");
	for (unsigned i = 0, printed = 0; i < c->job_count; i++)
		if (job_complaint(c, &c->job[i], text, sizeof(text)))
			printf("%s%s %s", printed++ ? "; " : ": ", c->job[i].name, text);
	printf("\n");
	return complaints == 0;
}
