/* SPDX-License-Identifier: MIT */
/*
 * slabfuzz bench: where the time of a run goes, in this process and without an engine: the same 32-op programs decoded,
 * reset, executed with the oracles deaf, executed with them; and the cost of a reset against the size of RAM.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz/session.h"
#include "fuzz/tool.h"
#include "program/bytes.h"
#include "program/mutate.h"

enum { BENCH_PROGRAMS = 256, BENCH_OPS = 32, BENCH_BYTES = 1 + BENCH_OPS * OP_BYTES };

static struct session session;
static struct target_plan plan;
static struct program program;
static uint8_t inputs[BENCH_PROGRAMS][BENCH_BYTES];

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Random programs of exactly 32 ops in the first variant. */
static void make_inputs(void)
{
	struct op_profile profile = {&plan.set, 1, BENCH_OPS};
	struct prng r = {1};

	for (unsigned i = 0; i < BENCH_PROGRAMS;) {
		program_generate(&program, &profile, &r);
		if (program.op_count == BENCH_OPS &&
		    program_encode(&program, &plan.set, inputs[i], BENCH_BYTES) == BENCH_BYTES)
			i++;
	}
}

static void bench_decode(unsigned i)
{
	program_decode(&program, &plan.set, inputs[i % BENCH_PROGRAMS], BENCH_BYTES);
	program.variant %= plan.variant_count;
}

static void bench_reset(unsigned i)
{
	(void)i;
	world_prepare(&session.world, &plan.configs[0]);
}

static void bench_run(unsigned i)
{
	bench_decode(i);
	session_run(&session, &program, &plan.configs[0]);
}

/* Nanoseconds per call, median of five. */
static double measure(void (*call)(unsigned i))
{
	double best[5];

	for (unsigned round = 0; round < 5; round++) {
		double begin = seconds_now(), end = begin;
		unsigned n = 0;

		while (end - begin < 0.15) {
			for (unsigned i = 0; i < 64; i++)
				call(n++);
			end = seconds_now();
		}
		best[round] = (end - begin) / n * 1e9;
	}
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = i + 1; k < 5; k++)
			if (best[k] < best[i]) {
				double swap = best[i];

				best[i] = best[k];
				best[k] = swap;
			}
	return best[2];
}

static void row(const char *what, double ns)
{
	printf("%-44s %9.0f ns\n", what, ns);
}

/* The same one-page program in a small and a large machine. */
static void bench_arena(void)
{
	static const uint32_t pages[] = {256, 16384};
	struct world_config saved = plan.configs[0];
	char what[64];

	for (unsigned i = 0; i < 2; i++) {
		plan.configs[0].ram_pages = pages[i];
		snprintf(what, sizeof(what), "32 ops in %u MiB of RAM", pages[i] / 256);
		row(what, measure(bench_run));
	}
	plan.configs[0] = saved;
}

int tool_bench(int argc, char **argv)
{
	int status = tool_parse(argc, argv, NULL, NULL);
	const char *name = optind < argc ? argv[optind] : "slub_clean", *wrong = NULL;
	const struct target *target = NULL;

	if (status)
		return status;
	wrong = tool_take_target(name, &target);
	/* A tool for code from outside the tree has targets of its own only. */
	if (wrong && optind == argc && targets[0]) {
		target = targets[0];
		wrong = NULL;
	}
	if (wrong) {
		fprintf(stderr, "slabfuzz bench: %.80s: %s\n", name, wrong);
		return STATUS_USAGE;
	}
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	target_resolve(&plan, target);
	make_inputs();
	printf("where the time goes, %u random programs of %u ops on %s:\n", BENCH_PROGRAMS, BENCH_OPS, target->name);
	row("decode", measure(bench_decode));
	row("reset of an untouched world", measure(bench_reset));
	session.world.deaf = true;
	row("decode, reset, execute; oracles deaf", measure(bench_run));
	session.world.deaf = false;
	row("decode, reset, execute, all oracles", measure(bench_run));
	bench_arena();
	session_destroy(&session);
	return STATUS_CLEAN;
}
