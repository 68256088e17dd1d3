/* SPDX-License-Identifier: MIT */
/* Shrinks a program against a caller's predicate; knows nothing of running. */
#ifndef SLABFUZZ_PROGRAM_MINIMIZE_H
#define SLABFUZZ_PROGRAM_MINIMIZE_H

#include "program/program.h"

/* True iff the candidate still shows what the caller is after.  The candidate is normalised. */
typedef bool minimize_predicate(void *context, const struct program *candidate);

/*
 * Cuts the tail, then removes chunks (halving) and single ops, unwraps blocks, lowers repeats, drops fail_nth and
 * simplifies arguments towards zero, until nothing more goes.  p must satisfy the predicate and still does afterwards.
 * Returns the number of predicate calls.  `keep_going` (may be NULL) is asked between steps: false stops early.
 */
unsigned program_minimize(struct program *p, minimize_predicate *keeps, void *context,
			  bool (*keep_going)(void *context));

#endif
