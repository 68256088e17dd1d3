/* SPDX-License-Identifier: MIT */
/*
 * Schedules: the blocks of ops `irq` and `task` that wait for a preemption point of the op after them, and come between
 * two of its steps (docs/interleavings.md).  A block runs to its end before what it came between goes on.
 *
 * As in PCT the number of such changes is bounded; each counts the points down that are for it, wherever they are
 * passed, in the op or in another block amid the op.  At a point where several are due they run in order.  What is
 * still waiting when the op is over runs then.
 */
#ifndef SLABFUZZ_FUZZ_SCHEDULE_H
#define SLABFUZZ_FUZZ_SCHEDULE_H

#include "sim/point.h"
#include "sim/types.h"

enum { SCHEDULE_MAX = 8 }; /* blocks that wait at a time; one more runs at once */
#define SCHEDULE_UNWATCHED UINT32_MAX

struct waiting_block {
	unsigned from, to; /* ops */
	uint32_t points;   /* preemption points still to pass */
	unsigned header;   /* op */
	unsigned level;    /* of the op that it waits in */
	uint8_t cpu;       /* of a task */
	bool task;         /* a task, not an interrupt */
	bool lockless;     /* none of its ops takes a lock */
};

struct schedule {
	unsigned count;
	struct waiting_block waiting[SCHEDULE_MAX]; /* in order */
	unsigned level;                             /* blocks under way: one amid an op of another */
	unsigned amid;                              /* > 0: a block runs amid an op */
	int migrate;                                /* cpu that the interrupted task shall go on on, -1 = this one */
	/* For a sweep: the block with that header, and where it came; POINT_COUNT = only when its op was over. */
	unsigned watched;
	enum preempt_point watched_at;
};

struct executor;

void schedule_begin(struct executor *x);
/* The ops [from, to) of the `irq` or `task` block with that header wait for a point of the next op. */
void schedule_add(struct executor *x, unsigned header, unsigned from, unsigned to);
/* An op of the current level is over: what waited in it runs now. */
void schedule_flush(struct executor *x);

#endif
