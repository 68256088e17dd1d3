/* SPDX-License-Identifier: MIT */
/* The engines inside the tool: random programs, and random programs with feedback from the allocator. */
#ifndef SLABFUZZ_FUZZ_RANDOM_ENGINE_H
#define SLABFUZZ_FUZZ_RANDOM_ENGINE_H

#include "fuzz/session.h"

struct random_search {
	const struct target_plan *plan;
	const char *dir;     /* where findings are saved */
	uint64_t seed;       /* the same seed runs the same programs */
	bool guided;         /* keeps programs that bring the allocator into new states, and edits those */
	double seconds;      /* of wall time, at most */
	uint64_t programs;   /* at most; 0 = no limit */
	bool until_declared; /* ends as soon as all that the target declares is found or known */
};

/*
 * Runs until a limit is reached; SLABFUZZ_KNOWN names what is known.  Returns an exit status: 0, 2 if a finding could
 * not be saved, 3 if there is no machine to run on.
 */
int random_engine_run(const struct random_search *search);

#endif
