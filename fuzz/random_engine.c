/* SPDX-License-Identifier: MIT */
/* Generates, runs, saves; the clock is looked at between programs only. */
#include "fuzz/random_engine.h"

#include <stdio.h>
#include <time.h>

#include "fuzz/elites.h"
#include "fuzz/save.h"

enum { PROGRAMS_PER_LOOK = 16 };

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int random_engine_run(const struct target_plan *plan, double seconds, uint64_t seed, bool guided, const char *dir)
{
	static struct session s;
	static struct program p;
	static struct elites elites;
	struct prng r = {seed};
	struct op_profile profile;
	double end = seconds_now() + seconds;
	uint64_t programs = 0;

	if (!session_create(&s))
		return 3;
	s.only = target_counts_only(plan->target);
	s.plan = plan;
	s.findings_dir = dir;
	s.always_runs = true;
	profile = (struct op_profile){&plan->set, plan->variant_count, plan->ops_max};
	while (programs % PROGRAMS_PER_LOOK || seconds_now() < end) {
		if (guided)
			elites_next(&elites, &p, &profile, &r);
		else
			program_generate(&p, &profile, &r);
		p.variant %= plan->variant_count;
		if (session_run(&s, &p, &plan->configs[p.variant]))
			target_save_findings(&s, plan, &p, dir);
		else if (guided)
			elites_learn(&elites, &s, &p);
		programs++;
	}
	fprintf(stderr, "%s: %llu programs in %.1f s, %u findings\n", guided ? "guided" : "random",
		(unsigned long long)programs, seconds, s.known_count);
	elites_end(&elites);
	session_destroy(&s);
	return 0;
}
