/* SPDX-License-Identifier: MIT */
/*
 * One cell: every claim in its world, then fuzzing, then the shortest program for each oracle is saved.
 *
 * A claim keeps of its own world what the cell does not decide: debugging letters, DEBUG_VM, cpus, RAM and how drivers
 * behave.  What it expects does not hold here; what counts is what is found.  Claims that break the API on purpose say
 * nothing about a world and are left out.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/matrix.h"
#include "fuzz/minimize_run.h"
#include "fuzz/program_file.h"
#include "program/mutate.h"

enum { PLANS_MAX = 40, MINIMIZE_SECONDS = 1, SHORTEN_SECONDS = 5, PROGRAMS_PER_LOOK = 16, ANSWER = ORACLES_MAX };
enum { STATUS_NOT_WRITTEN = 3 };

static struct {
	const struct matrix *m;
	struct matrix_cell *cell;
	const struct matrix_question *question;
	const char *settings;
	uint64_t active; /* by index of oracles[]: judged something */
	struct program best[ORACLES_MAX + 1];
	unsigned plan_count;
	struct target_plan plans[PLANS_MAX];
	/* Of a plan made from a question's list of worlds. */
	struct target target;
	char variants[TARGET_VARIANTS_MAX][MATRIX_SETTINGS_MAX];
	uint8_t verbs[OP_COUNT + 1];
	bool left_out[OP_COUNT]; /* by the question, or by the book of this arch */
} run;

static struct session session;
static struct program program, trial;

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* By the book: each clean target in its own worlds, instead of all ops in the question's. */
static bool by_the_book(void)
{
	return !*run.question->worlds;
}

/* Puts the cell's world in place of what p says of it. */
static bool set_world(struct program *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->setting_count; i++) {
		const char *key = p->settings[i].key;

		if (strncmp(key, "policy.", 7) != 0 && strcmp(key, "profile") != 0)
			p->settings[kept++] = p->settings[i];
	}
	p->setting_count = kept;
	return program_set(p, "arch", run.cell->arch->name) &&
	       program_set(p, "allocator", allocator_name(run.cell->allocator)) && settings_parse(p, run.settings);
}

static unsigned oracle_index(const char *name)
{
	unsigned i = 0;

	while (i < oracle_count && strcmp(oracles[i]->name, name) != 0)
		i++;
	return i;
}

static struct matrix_answer *slot(unsigned index)
{
	return index == ANSWER ? &run.cell->answer : &run.cell->oracles[index];
}

static bool is_better(const struct matrix_answer *old, enum verdict verdict, unsigned ops)
{
	return verdict > old->verdict || (verdict == old->verdict && ops < old->ops);
}

static void keep(unsigned index, enum verdict verdict, const char *signature, const char *from)
{
	struct matrix_answer *a = slot(index);

	if (!is_better(a, verdict, trial.op_count))
		return;
	a->verdict = verdict;
	a->ops = trial.op_count;
	snprintf(a->signature, sizeof(a->signature), "%s", signature);
	snprintf(a->from, sizeof(a->from), "%s", from);
	run.best[index] = trial;
}

static bool answers_question(const struct finding *finding)
{
	const struct matrix_question *q = run.question;
	const char *by = strrchr(finding->signature, '/');

	return (!*q->titles || matrix_list_has(q->titles, title_rows[finding->title].name)) &&
	       (!*q->by || (by && matrix_list_has(q->by, by + 1)));
}

/* A finding of the last run of p, seen for the first time in this cell. */
static void consider(const struct program *p, const struct world_config *config, const struct finding *finding,
		     const char *from)
{
	enum verdict verdict = title_rows[finding->title].grade == GRADE_DAMAGE ? VERDICT_DAMAGE : VERDICT_HAZARD;
	bool answers = answers_question(finding);
	unsigned oracle = oracle_index(finding->oracle);
	char signature[SIGNATURE_MAX];

	snprintf(signature, sizeof(signature), "%s", finding->signature);
	session_add_known(&session, signature);
	if (!(oracle < oracle_count && is_better(slot(oracle), verdict, 1)) &&
	    !(answers && is_better(slot(ANSWER), verdict, 1)))
		return;
	trial = *p;
	if (!minimize_run(&session, &trial, config, signature, MINIMIZE_SECONDS))
		return;
	if (oracle < oracle_count)
		keep(oracle, verdict, signature, from);
	if (answers)
		keep(ANSWER, verdict, signature, from);
}

static void note_active(void)
{
	const struct watch *watch = &session.world.image->watch;

	for (unsigned kind = 0; kind < EVENT_COUNT; kind++)
		for (unsigned k = 0; k < watch->watcher_count[kind]; k++)
			run.active |= UINT64_C(1) << watch->watchers[kind][k];
}

static void run_program(const struct program *p, const struct world_config *config, const char *from)
{
	static struct findings all;

	if (!session_run(&session, p, config))
		return;
	all = session.world.findings; /* minimising runs others */
	for (unsigned i = 0; i < all.count; i++)
		if (session_counts(&session, &all.list[i]))
			consider(p, config, &all.list[i], from);
}

static bool is_named(const struct target *target)
{
	return matrix_names_target(run.question, target);
}

static bool uses_what_is_left_out(const struct target_plan *plan)
{
	for (unsigned i = 0; i < plan->set.count; i++)
		if (run.left_out[plan->set.verbs[i]])
			return true;
	return false;
}

static void add_book_plan(const struct target *target)
{
	struct target_plan *plan = &run.plans[run.plan_count];
	unsigned kept = 0;

	target_resolve(plan, target);
	if (uses_what_is_left_out(plan))
		return;
	for (unsigned i = 0; i < plan->variant_count; i++) {
		struct text_error error;

		/* A planted one calls itself as its model does. */
		if (strcmp(plan->configs[i].allocator->name, run.cell->allocator->name) != 0)
			continue;
		plan->settings[kept] = plan->settings[i];
		world_config_default(&plan->configs[kept]);
		if (set_world(&plan->settings[kept]) &&
		    world_config_resolve(&plan->configs[kept], &plan->settings[kept], &error))
			kept++;
	}
	plan->variant_count = kept;
	run.plan_count += kept > 0;
}

/* A word of the question's ops that is the name of one, or -name. */
static void take_op_word(struct op_set *set, const char *word, size_t length)
{
	bool out = *word == '-';
	enum verb verb = verb_by_name(word + out, length - out);

	if (verb != OP_COUNT && out)
		run.left_out[verb] = true;
	else if (verb != OP_COUNT)
		op_set_add(set, verb);
}

static void collect_ops(void)
{
	struct op_set set = {0};
	unsigned count = 0;

	for (const char *at = run.question->ops; *at; at += strspn(at, " ")) {
		take_op_word(&set, at, strcspn(at, " "));
		at += strcspn(at, " ");
	}
	for (unsigned i = 0; targets[i]; i++)
		for (const uint8_t *verb = targets[i]->verbs; is_named(targets[i]) && verb && *verb != OP_COUNT; verb++)
			op_set_add(&set, (enum verb) * verb);
	for (unsigned i = 0; i < set.count; i++)
		if (!run.left_out[set.verbs[i]])
			run.verbs[count++] = set.verbs[i];
	run.verbs[count] = OP_COUNT;
}

/* All ops of the question, in each of its worlds. */
static void add_worlds_plan(void)
{
	const char *at = run.question->worlds;
	unsigned count = 0;

	collect_ops();
	for (; *at && count < TARGET_VARIANTS_MAX; at += strcspn(at, ";"), at += *at == ';', count++) {
		snprintf(run.variants[count], MATRIX_SETTINGS_MAX, "%.*s", (int)strcspn(at, ";"), at);
		run.target.variants[count] = run.variants[count];
	}
	run.target.name = "matrix";
	run.target.verbs = run.verbs;
	target_resolve(&run.plans[0], &run.target);
	run.plan_count = 1;
	for (unsigned i = 0; i < run.plans[0].variant_count; i++) {
		struct text_error error;

		world_config_default(&run.plans[0].configs[i]);
		if (!set_world(&run.plans[0].settings[i]) ||
		    !world_config_resolve(&run.plans[0].configs[i], &run.plans[0].settings[i], &error))
			run.plan_count = 0;
	}
}

static void make_plans(void)
{
	if (!by_the_book()) {
		add_worlds_plan();
		return;
	}
	/* Drivers need not expect from a cpu what it never does. */
	run.left_out[OP_cache_prefetch] = !run.cell->arch->speculates;
	for (unsigned i = 0; targets[i] && run.plan_count < PLANS_MAX; i++)
		if (is_named(targets[i]))
			add_book_plan(targets[i]);
}

/* Leaves out what the set does not have. */
static void keep_ops(struct program *p, const struct op_set *set)
{
	for (unsigned i = p->op_count; i-- > 0;)
		if (!op_set_has(set, (enum verb)p->ops[i].verb))
			program_remove_op(p, i);
}

/* As far as the claim's ops are asked about. */
static void replay_claim(const struct claim_program *c, const struct op_set *ops)
{
	struct world_config config;
	struct text_error error;

	program = c->program;
	keep_ops(&program, ops);
	world_config_default(&config);
	if (!program.op_count || !set_world(&program) || !world_config_resolve(&config, &program, &error))
		return;
	if (config.misuse)
		return;
	run_program(&program, &config, c->file);
	note_active();
	run.cell->claims++;
}

static void replay_claims(void)
{
	const struct claim_list *claims = &run.m->claims;

	for (unsigned k = 0; k < (by_the_book() ? run.plan_count : 1); k++)
		for (unsigned i = 0; i < claims->count; i++)
			replay_claim(&claims->list[i], &run.plans[k].set);
}

static void fuzz_random(struct prng *r)
{
	double end = seconds_now() + run.m->slice;

	for (unsigned long n = 0; run.plan_count && (n % PROGRAMS_PER_LOOK || seconds_now() < end); n++) {
		const struct target_plan *plan = &run.plans[n % run.plan_count];
		struct op_profile profile = {&plan->set, plan->variant_count, plan->ops_max};

		program_generate(&program, &profile, r);
		program.variant %= plan->variant_count;
		target_supply_world(plan, &program);
		run_program(&program, &plan->configs[program.variant], "random");
		run.cell->programs++;
	}
	if (run.plan_count)
		note_active();
}

/* Another engine's finding, as far as the question goes; by the book only in a world that the target has for this
 * model. */
static void take_engine_program(unsigned plan)
{
	struct world_config config;

	if (by_the_book() && target_variant_of(&run.plans[plan], &program) < 0)
		return;
	keep_ops(&program, &run.plans[plan].set);
	if (!program_world("cell", &program, NULL, &config))
		run_program(&program, &config, "libfuzzer");
}

/* Asks libFuzzer in the world of the cell, and of nothing of the target's own but what that leaves open. */
static void fuzz_engine(void)
{
	static struct program_notes notes;
	char set[MATRIX_SETTINGS_MAX + 100], directory[MATRIX_PATH_MAX], pattern[MATRIX_PATH_MAX + 10];
	glob_t files;

	snprintf(set, sizeof(set), "arch=%s allocator=%s %s", run.cell->arch->name, allocator_name(run.cell->allocator),
		 run.settings);
	for (unsigned k = 0; k < run.plan_count; k++) {
		const char *target = by_the_book() ? run.plans[k].target->name : matrix_engine_target(run.question);

		if (!matrix_engine_run(run.m, target, set, directory))
			fprintf(stderr, "\nslabfuzz matrix: libFuzzer's fuzz_%s failed in the world %s\n", target, set);
		snprintf(pattern, sizeof(pattern), "%s/*.prog", directory);
		if (glob(pattern, 0, NULL, &files) == 0) {
			for (size_t i = 0; i < files.gl_pathc; i++)
				if (!program_load(files.gl_pathv[i], NULL, &program, &notes))
					take_engine_program(k);
			globfree(&files);
		}
		matrix_engine_clean(directory);
	}
}

static void judge_silence(void)
{
	run.cell->answer.verdict = VERDICT_GREEN;
	for (unsigned i = 0; i < oracle_count; i++)
		run.cell->oracles[i].verdict = VERDICT_GREEN;
}

/* Oracles that had nothing to judge are no green ones. */
static void judge_idle(void)
{
	for (unsigned i = 0; i < oracle_count; i++)
		if (!(run.active >> i & 1) && run.cell->oracles[i].verdict == VERDICT_GREEN)
			run.cell->oracles[i].verdict = VERDICT_NOT_APPLICABLE;
}

/* Writes the program below DIR/programs; the one that answers the question with its report. */
static bool save(unsigned index)
{
	struct matrix_answer *a = slot(index);
	struct program *p = &run.best[index];
	char dir[MATRIX_PATH_MAX], path[MATRIX_PATH_MAX + 200];
	struct world_config config;
	const char *slash;

	if (a->verdict < VERDICT_HAZARD)
		return true;
	errno = 0;
	snprintf(dir, sizeof(dir), "%.400s/programs", run.m->out);
	if (program_world("cell", p, NULL, &config))
		return false;
	session_run(&session, p, &config);
	for (unsigned i = 0; i < session.world.findings.count; i++) {
		const struct finding finding = session.world.findings.list[i];

		if (strcmp(finding.signature, a->signature) != 0)
			continue;
		if (!(index == ANSWER ? finding_save(&session, p, &finding, dir, path, sizeof(path))
				      : finding_save_program(p, finding.signature, dir, path, sizeof(path))))
			return false;
		slash = strrchr(path, '/');
		snprintf(a->program, sizeof(a->program), "%.*s", (int)strlen(slash + 1) - 5, slash + 1);
		return true;
	}
	errno = 0; /* it does not show again */
	return false;
}

/* An answer should fit a screen: what is longer gets the time that was not there while others waited. */
static void shorten_answer(void)
{
	struct matrix_answer *a = &run.cell->answer;
	struct world_config config;
	char signature[SIGNATURE_MAX], from[sizeof(a->from)];

	if (a->verdict < VERDICT_HAZARD || a->ops <= MATRIX_OPS_WANTED ||
	    program_world("cell", &run.best[ANSWER], NULL, &config))
		return;
	trial = run.best[ANSWER];
	snprintf(signature, sizeof(signature), "%s", a->signature);
	snprintf(from, sizeof(from), "%s", a->from);
	if (minimize_run(&session, &trial, &config, signature, SHORTEN_SECONDS))
		keep(ANSWER, a->verdict, signature, from);
}

static uint64_t cell_seed(void)
{
	return 1 + run.cell->column + UINT64_C(1000) * (unsigned)(run.cell->arch - arches);
}

static int exit_status(bool written)
{
	if (written)
		return 0;
	return errno > 0 && errno + CELL_ERRNO <= UINT8_MAX ? errno + CELL_ERRNO : STATUS_NOT_WRITTEN;
}

int matrix_cell_run(const struct matrix *m, struct matrix_cell *cell)
{
	struct prng r;
	bool saved = true;

	run.m = m;
	run.cell = cell;
	run.question = &matrix_questions[m->columns[cell->column].question];
	run.settings = m->columns[cell->column].settings;
	if (run.question->applies == NOT_COHERENT && cell->arch->coherent)
		return exit_status(matrix_cell_write(m, cell));
	if (!session_create(&session))
		return 3;
	session.known_count = 0; /* SLABFUZZ_KNOWN is for campaigns */
	judge_silence();
	make_plans();
	replay_claims();
	r = (struct prng){cell_seed()};
	fuzz_random(&r);
	if (m->libfuzzer)
		fuzz_engine();
	judge_idle();
	shorten_answer();
	cell->signatures = session.known_count;
	for (unsigned i = 0; i < oracle_count && saved; i++)
		saved = save(i);
	saved = saved && save(ANSWER);
	return exit_status(saved && matrix_cell_write(m, cell));
}
