/* SPDX-License-Identifier: MIT */
/*
 * Fault points (fault.def, FACTS 6).  The schedule is part of the program: `fault_set` and the property fail_nth;
 * no probability, no clock.  fail_nth counts all points together and takes precedence.
 */
#ifndef SLABFUZZ_SIM_FAULT_H
#define SLABFUZZ_SIM_FAULT_H

#include "sim/types.h"

enum fault_point {
#define FAULT(name, help) FAULT_##name,
#include "sim/fault.def"
#undef FAULT
	FAULT_COUNT
};

struct fault_row {
	const char *name, *help;
};
extern const struct fault_row fault_rows[FAULT_COUNT];

struct faults {
	uint32_t fail_nth;          /* 0 = off; counts down over all points */
	uint32_t skip[FAULT_COUNT]; /* hits that still pass */
	uint32_t fail[FAULT_COUNT]; /* hits that then fail */
	uint32_t hits[FAULT_COUNT]; /* since the program began */
	uint32_t trips;
};

struct sim;

/* True iff the call must fail now.  Emits FAULT_TRIPPED.  __GFP_NOFAIL callers do not ask. */
bool should_fail(struct sim *sim, enum fault_point point);
/* The nth hit (1 = next) of a point and the count-1 after it fail.  nth 0 clears the point. */
void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count);

#endif
