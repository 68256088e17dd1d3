/* SPDX-License-Identifier: MIT */
/* Keeps a candidate iff the same signature appears among its findings. */
#include "fuzz/minimize_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz/watchdog.h"
#include "program/minimize.h"

struct minimize_context {
	struct session *session;
	const struct world_config *config;
	const char *signature;
	time_t deadline; /* 0 = none */
	unsigned hangs; /* runs that used up the step budget of an op, which takes a thousand times as long as others */
};

enum { HANGS_MAX = 300 };

static bool shows(void *context, const struct program *candidate)
{
	struct minimize_context *m = context;
	const struct findings *findings = &m->session->world.findings;

	executor_run(&m->session->executor, candidate, m->config);
	for (unsigned i = 0; i < findings->count; i++)
		m->hangs += findings->list[i].title == TITLE_HANG;
	for (unsigned i = 0; i < findings->count; i++)
		if (!strcmp(findings->list[i].signature, m->signature))
			return true;
	return false;
}

static bool in_time(void *context)
{
	const struct minimize_context *m = context;

	return m->hangs < HANGS_MAX && (!m->deadline || time(NULL) < m->deadline);
}

/* Skipped ops did nothing, so dropping them is one cheap try. */
static unsigned drop_skipped(struct minimize_context *m, struct program *p)
{
	static struct program trial;
	struct executor *x = &m->session->executor;

	executor_run(x, p, m->config);
	trial = *p;
	for (unsigned i = trial.op_count; i-- > 0;)
		if (x->skipped[i])
			program_remove_op(&trial, i);
	if (shows(m, &trial))
		*p = trial;
	return 2;
}

/* Completes a signature: of the findings that match what is given, the first one of the highest grade. */
static bool choose(const struct session *s, char signature[SIGNATURE_MAX])
{
	const struct findings *findings = &s->world.findings;
	const struct finding *best = NULL;

	for (unsigned i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (signature[0] ? !signature_matches(signature, finding->signature)
				 : session_knows(s, finding->signature))
			continue;
		if (!best || title_rows[finding->title].grade > title_rows[best->title].grade)
			best = finding;
	}
	if (best)
		snprintf(signature, SIGNATURE_MAX, "%s", best->signature);
	return best != NULL;
}

unsigned minimize_run(struct session *s, struct program *p, const struct world_config *config,
		      char signature[SIGNATURE_MAX], unsigned seconds)
{
	struct minimize_context m = {s, config, signature, seconds ? time(NULL) + (time_t)seconds : 0, 0};
	unsigned runs;

	session_run(s, p, config);
	if (!choose(s, signature))
		return 0;
	/* Each try would take the whole time, and two runs need not agree. */
	if (is_clock_hang(signature))
		return 1;
	if (!shows(&m, p))
		return 0;
	runs = drop_skipped(&m, p);
	return runs + program_minimize(p, shows, &m, in_time);
}
