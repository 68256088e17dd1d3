/* SPDX-License-Identifier: MIT */
/*
 * Fault points (fault.def, FACTS 6).  The schedule is part of the program: `fault_set`, its filters, and the property
 * fail_nth; no probability, no clock.  fail_nth counts all points that are failing calls together and takes precedence.
 */
#ifndef SLABFUZZ_SIM_FAULT_H
#define SLABFUZZ_SIM_FAULT_H

#include "sim/types.h"

enum fault_point {
#define FAULT(name, ...) FAULT_##name,
#include "sim/fault.def"
#undef FAULT
	FAULT_COUNT
};

enum fault_kind { FAULT_IS_CALL, FAULT_IS_EVENT, FAULT_IS_DAMAGE };

struct fault_row {
	const char *name, *help, *where;
	enum fault_kind kind;
};
extern const struct fault_row fault_rows[FAULT_COUNT];

enum { FAULT_TRIPS_MAX = 16 };

#define FAULT_FOR_EVER 255u /* as the count of fault_set(): persistent */

/* When a point fails, and which calls are hits of it at all. */
struct fault_schedule {
	uint32_t skip; /* hits that still pass */
	uint32_t fail; /* failures left, UINT32_MAX = for ever; 0 = the point is off */
};

struct fault_trip {
	enum fault_point point;
	uint32_t op;  /* number of the op under way */
	uint32_t hit; /* the point's hits since the program began, this one included */
};

struct faults {
	uint32_t fail_nth; /* 0 = off; counts down over all points */
	uint32_t armed;    /* bit per point that is not off */
	struct fault_schedule schedule[FAULT_COUNT];
	uint32_t hits[FAULT_COUNT]; /* since the program began */
	uint32_t trips;
	struct fault_trip trip[FAULT_TRIPS_MAX]; /* the first ones */
};
_Static_assert(FAULT_COUNT <= 32, "faults.armed is a mask");

/* What a sweep lets happen before the first op, as `fault_set` would. */
struct fault_injection {
	enum fault_point point;
	uint32_t nth, count;
};

struct sim;

/* For should_fail(): a point is armed, or a failure of this op is asked for. */
bool fault_decide(struct sim *sim, enum fault_point point);
/*
 * The nth hit (1 = next) of a point and the count-1 after it fail, all of them if count is FAULT_FOR_EVER.  nth 0
 * clears the point.
 */
void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count);
/* No point fails any more; what was hit and tripped stays known. */
void fault_stop(struct faults *faults);

#endif
