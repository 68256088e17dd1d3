/* SPDX-License-Identifier: MIT */
/* Compares what a run has found with the # expect: and # assert: lines of its program. */
#ifndef SLABFUZZ_FUZZ_EXPECTATIONS_H
#define SLABFUZZ_FUZZ_EXPECTATIONS_H

#include <stdio.h>

#include "fuzz/session.h"

/*
 * After session_run(s, p, ...): true iff the findings are exactly the expected ones, nothing that matters was skipped
 * and every assertion holds.  Writes a line to out for each that does not, beginning with path.
 */
bool expectations_hold(struct session *s, const struct program *p, const struct program_notes *notes, const char *path,
		       FILE *out);

#endif
