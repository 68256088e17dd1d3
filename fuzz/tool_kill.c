/* SPDX-License-Identifier: MIT */
/*
 * slabfuzz kill: how long fuzzing takes to find a planted bug, seed by seed, in this process.  Two engines without
 * feedback: `mutate` edits programs of the seed corpus, `random` generates (the baseline).  It fuzzes every clean and
 * misuse target of the model, with the planted allocator in its worlds, and stops at the first finding.  --target keeps
 * to one of them, for a part that few can see.  --also adds a target in which others are at fault, too: there only what
 * matches --want counts.
 *
 * Is that oracle the only one that sees the bug?  With --beyond, and as long as no seed told otherwise, fuzzing goes on
 * after the first finding until another oracle reports or the time is up.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/program_file.h"
#include "fuzz/session.h"
#include "fuzz/tool.h"
#include "program/mutate.h"

enum {
	KILL_TARGETS_MAX = 24,
	KILL_SEEDS_MAX = 128,
	PROGRAMS_PER_LOOK = 16,
	EDITS_MAX = 4,
	TEXT_MAX = 256 * 1024,
};

struct kill_target {
	struct target_plan plan;  /* only variants of the model, and in their worlds the planted allocator */
	struct target_plan twins; /* the same without the bug */
	unsigned seed_count;
	struct program *seeds; /* KILL_SEEDS_MAX */
};

static struct {
	const char *allocator;
	const char *save; /* directory, NULL = none */
	const char *also, *want;
	const char *target; /* only this one; NULL = all */
	char model[40];
	unsigned seeds;
	double seconds, beyond;
	bool random;
	uint32_t seen; /* by index of oracles[]: reported this bug, whatever the seed */
	unsigned target_count;
	struct kill_target targets[KILL_TARGETS_MAX];
} job = {.allocator = "", .seeds = 10, .seconds = 60};

static struct session session;
static struct program program;

/* Of this process: the figure is about one core, whatever else runs. */
static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *take_number(const char *value, double least, double *out)
{
	char *end;

	*out = strtod(value, &end);
	return *end || end == value || *out < least ? "wants a number" : NULL;
}

static const char *take(void *context, int letter, const char *value)
{
	double number;
	const char *wrong;

	(void)context;
	switch (letter) {
	case 'a':
		job.allocator = value;
		return NULL;
	case 'n':
		wrong = take_number(value, 1, &number);
		job.seeds = (unsigned)number;
		return wrong;
	case 's':
		return take_number(value, 0.001, &job.seconds);
	case 'b':
		return take_number(value, 0, &job.beyond);
	case 'd':
		job.save = value;
		return NULL;
	case 'm':
		return tool_take_timeout(value);
	case 't':
		job.also = value;
		return NULL;
	case 'w':
		job.want = value;
		return NULL;
	case 'o':
		job.target = value;
		return NULL;
	default:
		job.random = !strcmp(value, "random");
		return job.random || !strcmp(value, "mutate") ? NULL : "wants mutate or random";
	}
}

static int parse_options(int argc, char **argv)
{
	int status = tool_parse(argc, argv, take, NULL);

	if (!status && !job.also != !job.want)
		return tool_usage("kill", "--also goes with --want");
	/* Bugs of the machine are in this binary, whatever the allocator. */
	snprintf(job.model, sizeof(job.model), "%.*s", (int)strcspn(job.allocator, "+"), job.allocator);
	return status;
}

/* Drops the variants of other models. */
static void keep_variants(struct target_plan *plan)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < plan->variant_count; i++) {
		if (job.model[0] && strcmp(plan->configs[i].allocator->name, job.model) != 0)
			continue;
		plan->configs[kept] = plan->configs[i];
		plan->settings[kept++] = plan->settings[i];
	}
	plan->variant_count = kept;
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

static bool is_also(const struct target *target)
{
	return job.also && !strcmp(target->name, job.also);
}

static bool is_wanted(const struct target *target)
{
	if (job.target && strcmp(target->name, job.target) != 0)
		return false;
	return target->kind == TARGET_CLEAN || target->kind == TARGET_MISUSE;
}

static int add_target(const struct target *target)
{
	struct kill_target *t = &job.targets[job.target_count];

	if (!is_also(target) && !is_wanted(target))
		return 0;
	target_resolve(&t->twins, target);
	keep_variants(&t->twins);
	if (!t->twins.variant_count)
		return 0;
	t->plan = t->twins;
	if (!plant(&t->plan)) {
		char what[120];

		allocator_unknown(job.allocator, what, sizeof(what));
		fprintf(stderr, "slabfuzz kill: %s\n", what);
		return STATUS_USAGE;
	}
	t->seeds = calloc(KILL_SEEDS_MAX, sizeof(*t->seeds));
	if (!t->seeds)
		return STATUS_FRAMEWORK;
	load_seeds(t);
	job.target_count++;
	return 0;
}

static int choose_targets(void)
{
	int status = 0;

	for (unsigned i = 0; targets[i] && !status && job.target_count < KILL_TARGETS_MAX; i++)
		status = add_target(targets[i]);
	if (status || job.target_count)
		return status;
	fprintf(stderr, "slabfuzz kill: no clean or misuse target %s has allocator %s\n", job.target ? job.target : "",
		job.model);
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

/* The oracles whose findings of the last run count for its target. */
static uint32_t reporting_oracles(void)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < session.world.findings.count; i++)
		for (unsigned k = 0; k < oracle_count; k++)
			if (session_counts(&session, &session.world.findings.list[i]) &&
			    !strcmp(session.world.findings.list[i].oracle, oracles[k]->name))
				mask |= 1u << k;
	return mask;
}

/*
 * Fuzzes until an oracle that is not in `muted` reports or the time is up.  Returns the target of that program, which
 * is in `program`, or NULL; *r goes on where it stood.
 */
static const struct kill_target *fuzz_until_seen(struct prng *r, uint32_t muted, double seconds,
						 unsigned long *programs)
{
	double end = seconds_now() + seconds;

	for (unsigned long n = 0; n % PROGRAMS_PER_LOOK || seconds_now() < end; n++) {
		const struct kill_target *t = &job.targets[(*programs)++ % job.target_count];

		next_program(t, r);
		session.only = is_also(t->plan.target) ? job.want : target_counts_only(t->plan.target);
		if (session_run(&session, &program, &t->plan.configs[program.variant]) &&
		    (!muted || reporting_oracles() & ~muted))
			return t;
	}
	return NULL;
}

static void print_oracles(uint32_t mask)
{
	const char *comma = "";

	for (unsigned k = 0; k < oracle_count; k++)
		if (mask >> k & 1) {
			printf("%s%s", comma, oracles[k]->name);
			comma = ",";
		}
}

static void file_name(char path[PATH_MAX], unsigned seed, bool twin)
{
	snprintf(path, PATH_MAX, "%.*s/%u-%s.prog", PATH_MAX - 40, job.save, seed, twin ? "twin" : "bug");
}

/* DIR/SEED-bug.prog, and DIR/SEED-twin.prog in the same world without the bug.  False after a line on stderr. */
static bool save(const struct kill_target *t, unsigned seed, const char *signature)
{
	static char bytes[TEXT_MAX];
	static struct program_notes notes;
	const struct target_plan *const plans[] = {&t->plan, &t->twins};
	char path[PATH_MAX];

	if (!job.save)
		return true;
	notes.expect_count = 1;
	snprintf(notes.expect[0], sizeof(notes.expect[0]), "%s", signature);
	for (unsigned i = 0; i < 2; i++) {
		struct text_buffer text = {bytes, 0, TEXT_MAX, false};

		target_supply_world(plans[i], &program);
		program_print(&program, i ? NULL : &notes, &text);
		file_name(path, seed, i);
		if (!text.overflow && file_write_atomically(path, text.bytes, text.size))
			continue;
		tool_option_error("kill", "save", job.save, text.overflow ? "a text is too long" : strerror(errno));
		file_name(path, seed, 0);
		unlink(path); /* both or none */
		return false;
	}
	return true;
}

/*
 * One line: engine, seed, seconds, programs, the oracles that saw it, the first signature ("-" if nothing was found),
 * the oracles that saw it only beyond that.  STATUS_FINDING, STATUS_CLEAN, or STATUS_USAGE where it cannot be saved.
 */
static int hunt(unsigned seed)
{
	struct prng r = {seed};
	double begin = seconds_now(), seconds;
	unsigned long programs = 0;
	const struct kill_target *t = fuzz_until_seen(&r, 0, job.seconds, &programs);
	uint32_t first = t ? reporting_oracles() : 0, later = 0;
	char signature[SIGNATURE_MAX] = "-";

	for (unsigned i = session.world.findings.count; t && i > 0; i--)
		if (session_counts(&session, &session.world.findings.list[i - 1]))
			snprintf(signature, sizeof(signature), "%s", session.world.findings.list[i - 1].signature);
	seconds = seconds_now() - begin;
	if (t && !save(t, seed, signature))
		return STATUS_USAGE;
	printf("%s\t%u\t%.4f\t%lu\t", job.random ? "random" : "mutate", seed, seconds, programs);
	print_oracles(first);
	printf("\t%s\t", signature);
	job.seen |= first;
	/* Two oracles are enough to know that none is alone. */
	if (t && job.beyond > 0 && !(job.seen & (job.seen - 1)) && fuzz_until_seen(&r, first, job.beyond, &programs))
		later = reporting_oracles() & ~first;
	job.seen |= later;
	print_oracles(later);
	printf("\n");
	tool_flush();
	return t ? STATUS_FINDING : STATUS_CLEAN;
}

int tool_kill(int argc, char **argv)
{
	unsigned killed = 0;
	int status = parse_options(argc, argv);

	if (!status && job.save && !tool_make_directory(job.save))
		return tool_option_error("kill", "save", job.save, strerror(errno));
	if (!status)
		status = choose_targets();
	if (status)
		return status;
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	session.always_runs = true;
	for (unsigned seed = 1; seed <= job.seeds && status != STATUS_USAGE; seed++) {
		status = hunt(seed);
		killed += status == STATUS_FINDING;
	}
	session_destroy(&session);
	if (status == STATUS_USAGE)
		return status;
	return killed == job.seeds ? STATUS_FINDING : STATUS_CLEAN;
}
