/* SPDX-License-Identifier: MIT */
/* Generates, runs, saves; the clock is looked at between programs only. */
#include "fuzz/random_engine.h"

#include <stdio.h>
#include <time.h>

#include "fuzz/elites.h"
#include "fuzz/input_file.h"
#include "fuzz/save.h"

enum { PROGRAMS_PER_LOOK = 16 };

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool all_declared_known(const struct session *s, const struct target *target)
{
	for (unsigned i = 0; i < TARGET_EXPECTS_MAX && target->expects[i]; i++)
		if (!session_knows_one_of(s, target->expects[i]))
			return false;
	return true;
}

/* One program; false iff it had a finding that could not be saved. */
static bool run_one(const struct random_search *search, struct session *s, struct elites *elites, struct prng *r)
{
	static struct program p;
	const struct target_plan *plan = search->plan;
	struct op_profile profile = {&plan->set, plan->variant_count, plan->ops_max};

	if (search->guided)
		elites_next(elites, &p, &profile, r);
	else
		program_generate(&p, &profile, r);
	p.variant %= plan->variant_count;
	if (session_run(s, &p, &plan->configs[p.variant]))
		return target_save_findings(s, plan, &p, search->dir);
	if (search->guided)
		elites_learn(elites, s, &p);
	return true;
}

static bool goes_on(const struct random_search *search, const struct session *s, uint64_t programs, double end)
{
	if (search->programs && programs >= search->programs)
		return false;
	if (search->until_declared && all_declared_known(s, search->plan->target))
		return false;
	return programs % PROGRAMS_PER_LOOK || seconds_now() < end;
}

int random_engine_run(const struct random_search *search)
{
	static struct session s;
	static struct elites elites;
	struct prng r = {search->seed};
	double begin = seconds_now();
	uint64_t programs = 0;
	bool saved = true;

	if (!session_create(&s))
		return EXIT_FRAMEWORK;
	s.only = target_counts_only(search->plan->target);
	s.plan = search->plan;
	s.findings_dir = search->dir;
	s.always_runs = true;
	while (saved && goes_on(search, &s, programs, begin + search->seconds)) {
		saved = run_one(search, &s, &elites, &r);
		programs++;
	}
	fprintf(stderr, "%s: %llu programs in %.1f s, %u findings\n", search->guided ? "guided" : "random",
		(unsigned long long)programs, seconds_now() - begin, s.known_count);
	elites_end(&elites);
	session_destroy(&s);
	return saved ? 0 : EXIT_USAGE;
}
