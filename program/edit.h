/* SPDX-License-Identifier: MIT */
/*
 * Composing sensible ops, private to program/: compose.c makes single ops, generate.c whole programs of them, mutate.c
 * edits with them. A composer walks a program and keeps a cheap guess of which handles are still live at the place it
 * has reached.
 */
#ifndef SLABFUZZ_PROGRAM_EDIT_H
#define SLABFUZZ_PROGRAM_EDIT_H

#include "program/args.h"
#include "program/prng.h"
#include "program/program.h"

enum { LIVE_MAX = 64, ENDED_MAX = 8, OPEN_MAX = 8, PAIRS = 10, FAVOURED_SIZES_MAX = 4, NO_DIRECTION = 0xff };

/* Live handles of one class, oldest first, each with the index of the op that yields it. */
struct live_list {
	unsigned count;
	uint32_t handle[LIVE_MAX];
	uint16_t maker[LIVE_MAX];
};

/* The last handles of a class that ended, as a ring; count is of all that ever did. */
struct ended_list {
	unsigned count;
	uint32_t handle[ENDED_MAX];
	uint16_t maker[ENDED_MAX];
};

/* First arguments of ops whose counterpart (a put for a get) has not come yet. */
struct open_list {
	unsigned count;
	uint32_t value[OPEN_MAX];
};

struct composer {
	const struct program *program;
	const struct op_set *set; /* verbs that may be composed */
	struct prng *r;
	struct arg_scope scope;
	struct live_list live[YIELDS_COUNT];
	struct ended_list ended[YIELDS_COUNT];
	struct open_list open[PAIRS];
	unsigned at;        /* the op to be composed next */
	enum yields recent; /* class of the handle yielded last */
	/* Habits of the program. */
	unsigned ended_in;  /* one handle in this many is one that has ended */
	unsigned other_in;  /* one handle in this many is of the second class of its kind */
	uint32_t direction; /* favoured, or NO_DIRECTION */
	bool bulk;          /* allocates many at once */
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

/*
 * The op at the end of the program, which is accounted for and ended a handle, again for every n-th live handle that
 * was made alike: holes in what was handed out.  The program gets no longer than `length`.
 */
void composer_sweep(struct composer *c, struct program *p, unsigned length);

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

/* Argument (plus one; 0 = none) whose handle is no longer live after the verb. */
unsigned consumed_arg(unsigned verb);
/* Classes of argument a that the verb cannot do without; a boot cache serves where a cache is not consumed. */
bool arg_needs(enum verb verb, unsigned a, enum yields *low, enum yields *high);
/* A random verb of the set that yields the class, or OP_COUNT. */
enum verb random_yielder(const struct op_set *set, enum yields class, struct prng *r);
/* The second verb wants that the first came before it, for the same first argument, and mostly undoes it. */
struct verb_pair {
	uint8_t opens, closes;
};
extern const struct verb_pair verb_pairs[PAIRS];
/* The first pair from `from` on that the verb closes, or PAIRS. */
unsigned pair_closed_by(unsigned verb, unsigned from);
/* A random verb of the set that opens what this one closes, or OP_COUNT. */
enum verb verb_opener(enum verb verb, const struct op_set *set, struct prng *r);
/* The n-th verb that makes what the verb takes, or OP_COUNT; none at all: any of the class will do. */
enum verb maker_for(enum verb verb, unsigned n);
/* True iff the verb takes what op `maker` yields: some want a maker of their own, devices a direction. */
bool maker_serves(const struct op *maker, enum verb verb);

/* Index of the op before `before` that yields a handle, or PROGRAM_OPS_MAX. */
unsigned program_maker(const struct program *p, enum yields class, uint32_t handle, unsigned before);

#endif
