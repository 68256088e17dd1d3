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
	/* Of fault_attribute.def: */
	uint32_t interval, passed;
	uint32_t space;
	uint32_t bit;
	/* Filters; 0 or NULL = all calls are hits. */
	uint32_t min_order;
	bool by_gfp; /* only calls with all these bits, and that may wait only if they say so: */
	gfp_t gfp;
	target_addr_t cache; /* only of this kmem_cache */
	const char *by;      /* only in ops of this verb: its name in op_descriptors */
};

enum fault_attribute {
#define FAULT_ATTRIBUTE(name, ...) FAULT_ATTRIBUTE_##name,
#include "sim/fault_attribute.def"
#undef FAULT_ATTRIBUTE
	FAULT_ATTRIBUTE_COUNT
};

/* What a point tells of the call; what it does not know is 0. */
struct fault_call {
	uint32_t size; /* in the unit of `space`; 0 counts as 1 */
	uint32_t order;
	gfp_t gfp;
	target_addr_t cache;
};

struct fault_trip {
	enum fault_point point;
	uint32_t op;  /* number of the op under way */
	uint32_t hit; /* the point's hits since the program began, this one included */
};

struct faults {
	uint32_t fail_nth; /* 0 = off; counts down over all points */
	uint32_t armed;    /* bit per point that is not off */
	bool used;         /* some schedule was ever set since the last reset */
	struct fault_schedule schedule[FAULT_COUNT];
	uint32_t hits[FAULT_COUNT]; /* since the program began */
	uint32_t trips;
	struct fault_trip trip[FAULT_TRIPS_MAX]; /* the first ones */
};
/* Mask of the points that flip a bit, which are neighbours in the table. */
#define FAULT_FLIPS (((2u << FAULT_flip_descriptor) - 1) & ~((1u << FAULT_flip_object) - 1))
_Static_assert(FAULT_COUNT <= 32, "faults.armed is a mask");

/* What a sweep lets happen before the first op, as `fault_set` would. */
struct fault_injection {
	enum fault_point point;
	uint32_t nth, count;
	uint32_t bit, interval; /* attributes of that name */
};

struct sim;

/* For should_fail(): a point is armed, or a failure of this op is asked for. */
bool fault_decide(struct sim *sim, enum fault_point point, const struct fault_call *call);
/*
 * The nth hit (1 = next) of a point and the count-1 after it fail, all of them if count is FAULT_FOR_EVER.  nth 0
 * clears the point.
 */
void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count);
/* Of a point that is set, or will be. */
void fault_attribute_set(struct faults *faults, enum fault_point point, enum fault_attribute attribute, uint32_t value);
/* The schedule of a point, to set its filters. */
struct fault_schedule *fault_filter(struct faults *faults, enum fault_point point);
/* Before a program. */
void fault_reset(struct faults *faults);
/* No point fails any more; what was hit and tripped stays known. */
void fault_stop(struct faults *faults);

#endif
