/* SPDX-License-Identifier: MIT */
/*
 * Two ops and what they need before them: for trying every ordered pair.  Handles are made by the verbs that serve the
 * op, or are those that the first op used or yielded.
 */
#ifndef SLABFUZZ_PROGRAM_PAIRS_H
#define SLABFUZZ_PROGRAM_PAIRS_H

#include "program/program.h"

/*
 * What both ops are given: SHARED, sensible values, the second op takes the handles of the first and what it made;
 * APART, other sensible values, and each has handles of its own; HOSTILE, values at or beyond every edge, and the
 * second op takes any handle of the class, whoever made it, or none.
 */
enum pair_choice { PAIR_SHARED, PAIR_APART, PAIR_HOSTILE, PAIR_CHOICES };

/* Ops only, in normal form, no settings.  at[] are the places of the two ops. */
void pair_compose(struct program *p, enum verb first, enum verb second, enum pair_choice choice, unsigned at[2]);

#endif
