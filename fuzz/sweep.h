/* SPDX-License-Identifier: MIT */
/*
 * Runs of one program under faults, each in a fresh world, judged against the run without any: what slabfuzz sweep is
 * made of.  A variant of the program (an interrupt put in, a fault set) is a run of its own; what the plain program
 * finds is charged to no variant.
 */
#ifndef SLABFUZZ_FUZZ_SWEEP_H
#define SLABFUZZ_FUZZ_SWEEP_H

#include "fuzz/session.h"

enum sweep_outcome {
	SWEEP_NOT_TRIPPED, /* the fault never came */
	SWEEP_HANDLED,     /* nothing was found that the plain run does not find */
	SWEEP_LEAKED,      /* memory is not given back, or does not fit any more */
	SWEEP_CHANGED,     /* an op that failed changed something, or any other damage */
	SWEEP_CRASHED,     /* an oops, a BUG or a hang */
	SWEEP_OUTCOME_COUNT
};
extern const char *const sweep_outcome_names[SWEEP_OUTCOME_COUNT];

/* One program in one world.  The caller owns the program, which must stay while the case is in use. */
struct sweep_case {
	const struct program *program;
	struct world_config config; /* with drain=1 */
	struct findings plain;      /* of the run without faults */
	uint32_t hits[FAULT_COUNT]; /* of that run, without its drain; of flips at most so many */
};

/* Runs the program without faults, in the world of *config with drain=1. */
void sweep_begin(struct session *s, struct sweep_case *c, const struct program *p, const struct world_config *config);

/*
 * The gravest finding of the last run that counts and that the plain run has not; NULL = none, or the run shows one
 * that is known.
 */
const struct finding *sweep_finding(const struct session *s, const struct sweep_case *c);
enum sweep_outcome sweep_outcome_of(const struct finding *finding);

/*
 * Runs the program with these faults in force from the first op on.  *finding (of the session, until its next run) and
 * *trip as the last one tripped are set if not NULL; trip->point is FAULT_COUNT if none of them tripped.
 */
enum sweep_outcome sweep_run(struct session *s, const struct sweep_case *c, const struct fault_injection *faults,
			     unsigned count, const struct finding **finding, struct fault_trip *trip);
/* Runs a variant of the program as it stands. */
enum sweep_outcome sweep_run_variant(struct session *s, const struct sweep_case *c, const struct program *variant,
				     const struct finding **finding);

/* The program with the faults as its first ops and drain=1 in its world.  False iff there is no room for them. */
bool sweep_program(struct program *out, const struct sweep_case *c, const struct fault_injection *faults,
		   unsigned count);

/*
 * Minimises *variant while it shows the signature and saves it with its report in dir, as `fuzz` does.  False if the
 * disk refuses or the program does not show it; path receives the name.
 */
bool sweep_save(struct session *s, const struct sweep_case *c, struct program *variant, const char *signature,
		const char *dir, char *path, size_t path_size);

#endif
