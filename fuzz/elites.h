/* SPDX-License-Identifier: MIT */
/*
 * The shortest program known to lead to each shape of the allocator's state (allocators/shape.h): what an engine
 * without instrumentation edits further.
 */
#ifndef SLABFUZZ_FUZZ_ELITES_H
#define SLABFUZZ_FUZZ_ELITES_H

#include "fuzz/session.h"
#include "program/mutate.h"

struct elites {
	unsigned count, count_of[SHAPE_KINDS];
	uint16_t shape[SHAPE_KINDS][SHAPES_OF_A_KIND]; /* that some program leads to, in the order of their discovery */
	struct program *program[SHAPES];               /* owned; NULL = none yet */
};

/* Remembers p, which the session just ran: for what is new in the state it left, or what longer programs led to. */
void elites_learn(struct elites *e, struct session *s, const struct program *p);
/* A program for the next run: an edit or a cross of what is kept, or now and then a random one. */
void elites_next(const struct elites *e, struct program *p, const struct op_profile *profile, struct prng *r);
/* Frees the programs. */
void elites_end(struct elites *e);

#endif
