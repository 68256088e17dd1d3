/* SPDX-License-Identifier: MIT */
/* The third engine: seeded swarm generation without feedback, same worlds and oracles; wins on shallow bugs. */
#ifndef SLABFUZZ_FUZZ_RANDOM_ENGINE_H
#define SLABFUZZ_FUZZ_RANDOM_ENGINE_H

#include "fuzz/target.h"

/* Runs random programs of the target for `seconds`, or guided edits of them (elites.h), saving each new finding in dir
 * and going on.  Returns the exit status. */
int random_engine_run(const struct target_plan *plan, double seconds, uint64_t seed, bool guided, const char *dir);

#endif
