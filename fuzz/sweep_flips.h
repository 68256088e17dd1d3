/* SPDX-License-Identifier: MIT */
/*
 * Who notices a flipped bit, and how soon: flips spread over a structure, each in a run of its own of one program that
 * allocates, frees, and in the end gives all back.  Same figures in every build.
 */
#ifndef SLABFUZZ_FUZZ_SWEEP_FLIPS_H
#define SLABFUZZ_FUZZ_SWEEP_FLIPS_H

#include <stdio.h>

#include "fuzz/sweep.h"

/* Runs all of the table and prints it, text or Markdown.  False iff it was interrupted (*stop, may be NULL). */
bool sweep_flips(struct session *s, const volatile int *stop, bool markdown, FILE *out);

#endif
