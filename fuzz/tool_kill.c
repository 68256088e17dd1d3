/* SPDX-License-Identifier: MIT */
/*
 * slabfuzz kill: how long fuzzing takes to find a planted bug, seed by seed, in this process.  Two engines without
 * feedback: `mutate` edits programs of the seed corpus, `random` generates (the baseline).  It fuzzes every clean
 * target of the model, with the planted allocator in its worlds, and stops at the first finding.
 */
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/program_file.h"
#include "fuzz/session.h"
#include "fuzz/tool.h"
#include "program/mutate.h"

enum { KILL_TARGETS_MAX = 8, KILL_SEEDS_MAX = 128, PROGRAMS_PER_LOOK = 16, EDITS_MAX = 4 };

struct kill_target {
	struct target_plan plan;
	unsigned seed_count;
	struct program *seeds; /* KILL_SEEDS_MAX */
};

static struct {
	const char *allocator;
	char model[40];
	unsigned seeds;
	double seconds;
	bool random;
	unsigned target_count;
	struct kill_target targets[KILL_TARGETS_MAX];
} job = {.allocator = "", .seeds = 10, .seconds = 60};

static struct session session;
static struct program program;

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"allocator", required_argument, NULL, 'a'},
						{"seeds", required_argument, NULL, 'n'},
						{"time", required_argument, NULL, 's'},
						{"engine", required_argument, NULL, 'e'},
						{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'a')
			job.allocator = optarg;
		else if (c == 'n')
			job.seeds = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			job.seconds = strtod(optarg, NULL);
		else if (c == 'e')
			job.random = !strcmp(optarg, "random");
		else
			return STATUS_USAGE;
	}
	if (!job.seeds || job.seconds <= 0 || optind != argc)
		return tool_usage("kill", "--seeds and --time are at least 1");
	/* Bugs of the machine are in this binary, whatever the allocator. */
	snprintf(job.model, sizeof(job.model), "%.*s", (int)strcspn(job.allocator, "+"), job.allocator);
	return 0;
}

/* The planted allocator takes the place of its model in every variant.  False iff there is none of that name. */
static bool plant(struct target_plan *plan)
{
	for (unsigned i = 0; i < plan->variant_count && job.allocator[0]; i++) {
		struct text_error error;

		if (!program_set(&plan->settings[i], "allocator", job.allocator) ||
		    !world_config_resolve(&plan->configs[i], &plan->settings[i], &error))
			return false;
	}
	return true;
}

static void load_seeds(struct kill_target *t)
{
	char pattern[120];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "corpora/%.60s/*.prog", t->plan.target->name);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && t->seed_count < KILL_SEEDS_MAX; i++) {
		static struct program_notes notes;

		if (program_load(found.gl_pathv[i], NULL, &t->seeds[t->seed_count], &notes) == 0)
			t->seed_count++;
	}
	globfree(&found);
}

static int choose_targets(void)
{
	for (unsigned i = 0; targets[i] && job.target_count < KILL_TARGETS_MAX; i++) {
		struct kill_target *t = &job.targets[job.target_count];

		target_resolve(&t->plan, targets[i]);
		if (targets[i]->kind != TARGET_CLEAN ||
		    (job.model[0] && strcmp(t->plan.configs[0].allocator->name, job.model) != 0))
			continue;
		if (!plant(&t->plan)) {
			fprintf(stderr, "slabfuzz kill: there is no allocator %s\n", job.allocator);
			return STATUS_USAGE;
		}
		t->seeds = calloc(KILL_SEEDS_MAX, sizeof(*t->seeds));
		if (!t->seeds)
			return STATUS_FRAMEWORK;
		load_seeds(t);
		job.target_count++;
	}
	if (job.target_count)
		return 0;
	fprintf(stderr, "slabfuzz kill: no clean target has allocator %s\n", job.model);
	return STATUS_USAGE;
}

/* The next program: generated, or a seed of the corpus edited. */
static void next_program(const struct kill_target *t, struct prng *r)
{
	struct op_profile profile = {&t->plan.set, t->plan.variant_count, t->plan.ops_max};

	if (job.random || !t->seed_count || prng_one_in(r, 4)) {
		program_generate(&program, &profile, r);
	} else {
		program = t->seeds[prng_below(r, t->seed_count)];
		program.variant = prng_below(r, t->plan.variant_count);
		for (unsigned n = 1 + prng_below(r, EDITS_MAX); n > 0; n--)
			program_mutate(&program, &profile, r);
	}
	program.variant %= t->plan.variant_count;
}

/* One line: engine, seed, seconds, programs, the oracles that saw it, the first signature; "-" if nothing was found. */
static bool hunt(unsigned seed)
{
	struct prng r = {seed};
	double begin = seconds_now();
	unsigned long programs = 0;
	const struct finding *finding = NULL;

	while (!finding && (programs % PROGRAMS_PER_LOOK || seconds_now() < begin + job.seconds)) {
		const struct kill_target *t = &job.targets[programs++ % job.target_count];

		next_program(t, &r);
		finding = session_run(&session, &program, &t->plan.configs[program.variant]);
	}
	printf("%s\t%u\t%.4f\t%lu\t", job.random ? "random" : "mutate", seed, seconds_now() - begin, programs);
	for (unsigned i = 0; i < session.world.findings.count; i++)
		printf("%s%s", i ? "," : "", session.world.findings.list[i].oracle);
	printf("\t%s\n", finding ? finding->signature : "-");
	fflush(stdout);
	return finding != NULL;
}

int tool_kill(int argc, char **argv)
{
	unsigned killed = 0;
	int status = parse_options(argc, argv);

	if (!status)
		status = choose_targets();
	if (status)
		return status;
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	for (unsigned seed = 1; seed <= job.seeds; seed++)
		killed += hunt(seed);
	session_destroy(&session);
	return killed == job.seeds ? STATUS_FINDING : STATUS_CLEAN;
}
