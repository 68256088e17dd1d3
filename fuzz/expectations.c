/* SPDX-License-Identifier: MIT */
/* Exactly the expected set, nothing skipped silently, and every assertion. */
#include "fuzz/expectations.h"

#include <string.h>

static bool is_expected(const struct program_notes *notes, const char *signature)
{
	for (unsigned i = 0; i < notes->expect_count; i++)
		if (signature_matches(notes->expect[i], signature))
			return true;
	return false;
}

static bool was_found(const struct findings *findings, const char *pattern)
{
	for (unsigned i = 0; i < findings->count; i++)
		if (signature_matches(pattern, findings->list[i].signature))
			return true;
	return false;
}

static bool findings_match(const struct findings *findings, const struct program_notes *notes, const char *path,
			   FILE *out)
{
	bool clean = notes->expect_count == 1 && !strcmp(notes->expect[0], "clean"), well = true;

	for (unsigned i = 0; i < findings->count; i++)
		if (clean || !is_expected(notes, findings->list[i].signature)) {
			fprintf(out, "%s: unexpected finding %s\n", path, findings->list[i].signature);
			well = false;
		}
	for (unsigned i = 0; i < notes->expect_count && !clean; i++)
		if (!was_found(findings, notes->expect[i])) {
			fprintf(out, "%s: expected %s, did not happen\n", path, notes->expect[i]);
			well = false;
		}
	return well;
}

bool expectations_hold(struct session *s, const struct program *p, const struct program_notes *notes, const char *path,
		       FILE *out)
{
	bool well = findings_match(&s->world.findings, notes, path, out);
	char why[120];

	for (unsigned i = 0; i < p->op_count && notes->expect_count; i++)
		if (s->executor.skipped[i] && !s->executor.over) {
			fprintf(out, "%s: op %u was skipped: its precondition does not hold\n", path, i);
			well = false;
		}
	for (unsigned i = 0; i < notes->assert_count; i++)
		if (!executor_assert(&s->executor, &notes->asserts[i], why, sizeof(why))) {
			fprintf(out, "%s:%u:1: assertion does not hold: %s\n", path, notes->asserts[i].line, why);
			well = false;
		}
	return well;
}
