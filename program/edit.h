/* SPDX-License-Identifier: MIT */
/*
 * Composing sensible ops, private to program/: generate.c writes programs with it, mutate.c single ops.
 * A composer walks a program and keeps a cheap guess of which handles are still live at the place it has reached.
 */
#ifndef SLABFUZZ_PROGRAM_EDIT_H
#define SLABFUZZ_PROGRAM_EDIT_H

#include "program/args.h"
#include "program/prng.h"
#include "program/program.h"

enum { LIVE_MAX = 64, FAVOURED_SIZES_MAX = 4 };

/* Live handles of one class, oldest first, each with the index of the op that yields it. */
struct live_list {
	unsigned count;
	uint32_t handle[LIVE_MAX];
	uint16_t maker[LIVE_MAX];
};

struct composer {
	const struct program *program;
	const struct op_set *set; /* verbs that may be composed */
	struct prng *r;
	struct arg_scope scope;
	struct live_list live[YIELDS_COUNT];
	uint32_t sizes[FAVOURED_SIZES_MAX];
	unsigned size_count;
	bool faults; /* fail_nth may be set */
};

void composer_begin(struct composer *c, const struct program *p, const struct op_set *set, struct prng *r);
/* Accounts for op i of the program, which is normalised and was entered with scope_enter. */
void composer_account(struct composer *c, unsigned i);
/* The verb itself, or a verb of the set yielding what it needs when nothing of that class is live. */
enum verb composer_feasible_verb(const struct composer *c, enum verb verb);
/* Fills *op with sensible arguments for the entered place; clipped. */
void composer_fill(const struct composer *c, enum verb verb, struct op *op);

/* Blocks, faults and upkeep: a few of them say all, and upkeep of all slabs costs as much as many other ops. */
static inline bool verb_is_rare(enum verb verb)
{
	enum op_family family = op_descriptors[verb].family;

	return family == FAMILY_BLOCK || family == FAMILY_FAULT || family == FAMILY_UPKEEP;
}

static inline bool verb_opens_block(enum verb verb)
{
	return op_descriptors[verb].flags & OP_OPENS_BLOCK;
}

/* Index of the op before `before` that yields a handle, or PROGRAM_OPS_MAX. */
unsigned program_maker(const struct program *p, enum yields class, uint32_t handle, unsigned before);

#endif
