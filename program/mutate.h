/* SPDX-License-Identifier: MIT */
/* Op-level editing for engines: one core, thin ABIs in fuzz/libfuzzer.c and fuzz/aflplusplus.c. */
#ifndef SLABFUZZ_PROGRAM_MUTATE_H
#define SLABFUZZ_PROGRAM_MUTATE_H

#include "program/prng.h"
#include "program/program.h"

/* What a target lets programs do. */
struct op_profile {
	const struct op_set *set;
	unsigned variant_count; /* >= 1 */
	unsigned ops_max;       /* longest program generated, <= PROGRAM_OPS_MAX */
};

/* One to four edits (insert, remove, duplicate, mutate argument, retarget handle, swap, set property); normalised. */
void program_mutate(struct program *p, const struct op_profile *profile, struct prng *r);

/* Replaces *child by a splice of two parents whose handles keep pointing at the same kind of op. */
void program_crossover(struct program *child, const struct program *a, const struct program *b,
		       const struct op_profile *profile, struct prng *r);

/*
 * Seeded swarm generation, no feedback: a random subset of ops with random weights, a random small set of sizes,
 * object-level locality (recently yielded handles are preferred).  This is the `random` engine's only input.
 */
void program_generate(struct program *p, const struct op_profile *profile, struct prng *r);

#endif
