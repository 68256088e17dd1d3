/* SPDX-License-Identifier: MIT */
/*
 * The engine ABI of a target: LLVMFuzzerTestOneInput and libFuzzer's custom mutator.  The same object is linked with
 * libFuzzer, with AFL++'s driver, or with replay.c and no engine.  Only this layer aborts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/containment.h"
#include "fuzz/engine.h"
#include "fuzz/input_file.h"
#include "fuzz/report.h"
#include "fuzz/save.h"
#include "program/bytes.h"
#include "program/mutate.h"

extern const struct target target;

/* Engines call plain functions, so the session is the one thing with static life. */
static struct {
	bool ready;
	struct session session;
	struct target_plan plan;
	struct program program, other, child;
} engine;

/* SLABFUZZ_SET: settings in place of the target's own. */
static void engine_override(void)
{
	static struct program settings;
	const char *set = getenv("SLABFUZZ_SET");
	struct text_error error = {0, 0, "wants key=value ..."};

	if (!set || !*set)
		return;
	if (settings_parse(&settings, set) && target_override(&engine.plan, &settings, &error))
		return;
	fprintf(stderr, "slabfuzz: SLABFUZZ_SET: %s\n", error.what);
	exit(2);
}

static void engine_start(void)
{
	if (engine.ready)
		return;
	if (!session_create(&engine.session))
		exit(3);
	target_resolve(&engine.plan, &target);
	engine_override();
	engine.session.only = target_counts_only(&target);
	engine.session.plan = &engine.plan;
	engine.ready = true;
}

struct session *engine_session(void)
{
	engine_start();
	return &engine.session;
}

const struct target_plan *engine_plan(void)
{
	engine_start();
	return &engine.plan;
}

const struct finding *engine_run(const struct program *p)
{
	return session_run(&engine.session, p, &engine.plan.configs[p->variant % engine.plan.variant_count]);
}

/* Collects in SLABFUZZ_FINDINGS and goes on; without it reports and aborts, so that the engine keeps the input. */
static void engine_finding(struct program *p, const struct finding *finding)
{
	struct session *s = &engine.session;
	struct finding copy = *finding;

	if (s->findings_dir) {
		if (!target_save_findings(s, &engine.plan, p, s->findings_dir))
			_exit(EXIT_USAGE);
		return;
	}
	target_supply_world(&engine.plan, p);
	report_print(s, p, &engine.plan.configs[p->variant], &copy, NULL, stderr);
	fflush(NULL);
	containment_release(); /* this abort() is the engine's */
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct finding *finding;

	engine_start();
	program_decode(&engine.program, &engine.plan.set, data, size);
	engine.program.variant %= engine.plan.variant_count;
	finding = engine_run(&engine.program);
	if (finding)
		engine_finding(&engine.program, finding);
	return 0;
}

static struct op_profile op_profile(void)
{
	return (struct op_profile){&engine.plan.set, engine.plan.variant_count, engine.plan.ops_max};
}

/* Encodes p, cut to what max_size holds. */
static size_t encode_cut(struct program *p, uint8_t *out, size_t max_size)
{
	unsigned most = max_size ? (unsigned)((max_size - 1) / OP_BYTES) : 0;

	if (p->op_count > most) {
		p->op_count = most;
		program_normalize(p);
	}
	return program_encode(p, &engine.plan.set, out, max_size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct prng r = {seed};
	struct op_profile profile;

	engine_start();
	profile = op_profile();
	program_decode(&engine.program, &engine.plan.set, data, size);
	/* From nothing a whole random program is worth more than one op. */
	if (engine.program.op_count == 0 || prng_one_in(&r, 50))
		program_generate(&engine.program, &profile, &r);
	else
		program_mutate(&engine.program, &profile, &r);
	return encode_cut(&engine.program, data, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
				 size_t out_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
				 size_t out_max, unsigned seed)
{
	struct prng r = {seed};
	struct op_profile profile;

	engine_start();
	profile = op_profile();
	program_decode(&engine.program, &engine.plan.set, a, a_size);
	program_decode(&engine.other, &engine.plan.set, b, b_size);
	program_crossover(&engine.child, &engine.program, &engine.other, &profile, &r);
	return encode_cut(&engine.child, out, out_max);
}
