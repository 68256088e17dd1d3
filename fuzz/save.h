/* SPDX-License-Identifier: MIT */
/* Saving what a run of a target has found, and going on: for engines that collect instead of stopping. */
#ifndef SLABFUZZ_FUZZ_SAVE_H
#define SLABFUZZ_FUZZ_SAVE_H

#include "fuzz/session.h"

/*
 * Saves every finding of the last run of p that is neither known nor in dir already, and makes it known.  A signature
 * that another process has saved there is only made known.  p gets its variant's world.  False, and one line on stderr,
 * iff one could not be saved.
 */
bool target_save_findings(struct session *s, const struct target_plan *plan, struct program *p, const char *dir);

#endif
