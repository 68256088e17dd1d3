/* SPDX-License-Identifier: MIT */
/*
 * The shape of an allocator's state: how long its lists are, in powers of two.  Two states of one shape are as good as
 * the same to an engine that keeps programs for what they lead to.
 */
#ifndef SLABFUZZ_ALLOCATORS_SHAPE_H
#define SLABFUZZ_ALLOCATORS_SHAPE_H

#include <stdint.h>

/* The last two are not the allocator's: what its client holds, and how much of that memory has a new owner. */
enum shape_kind { SHAPE_CACHE, SHAPE_CPU, SHAPE_HEAP, SHAPE_WAITING, SHAPE_CLIENT, SHAPE_REUSED, SHAPE_KINDS };

enum { SHAPE_STEPS = 8, SHAPES_OF_A_KIND = SHAPE_STEPS * SHAPE_STEPS * SHAPE_STEPS };
enum { SHAPES = SHAPE_KINDS * SHAPES_OF_A_KIND, SHAPE_ROWS_MAX = 64 };

/* Rows of one state, each a number below SHAPES; those beyond the table are left out. */
struct shape {
	unsigned count;
	uint16_t row[SHAPE_ROWS_MAX];
};

/* 0, 1, 2-3, 4-7 ... 64 and more. */
static inline unsigned shape_step(uint64_t n)
{
	unsigned step = 0;

	for (; n && step < SHAPE_STEPS - 1; n >>= 1)
		step++;
	return step;
}

static inline void shape_add(struct shape *shape, enum shape_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
	unsigned row = (unsigned)kind;

	row = row * SHAPE_STEPS + shape_step(a);
	row = row * SHAPE_STEPS + shape_step(b);
	row = row * SHAPE_STEPS + shape_step(c);
	if (shape->count < SHAPE_ROWS_MAX)
		shape->row[shape->count++] = (uint16_t)row;
}

#endif
