/* SPDX-License-Identifier: MIT */
/* The one place that decides whether a fault-capable call fails. */
#include <string.h>

#include "sim/sim.h"

/* Nobody else calls this: a place for a breakpoint. */
static void __attribute__((noinline)) fault_tripped(struct sim *sim, enum fault_point point)
{
	struct faults *faults = &sim->faults;
	struct event event = {.kind = EVENT_FAULT_TRIPPED, .id = point, .value = faults->hits[point]};

	if (faults->trips < FAULT_TRIPS_MAX)
		faults->trip[faults->trips] = (struct fault_trip){point, sim->op, faults->hits[point]};
	faults->trips++;
	sim_emit(sim, &event);
}

/* Is this call one that the point counts? */
static bool passes_filters(const struct sim *sim, const struct fault_schedule *schedule, const struct fault_call *call)
{
	gfp_t wanted = schedule->gfp | (call->gfp & ~(gfp_t)GFP_WAIT);

	return call->order >= schedule->min_order && (!schedule->by_gfp || call->gfp == wanted) &&
	       (!schedule->cache || call->cache == schedule->cache) && (!schedule->by || sim->by == schedule->by);
}

static bool budget_left(struct fault_schedule *schedule, uint32_t size)
{
	if (schedule->space <= size)
		return false;
	schedule->space -= size;
	return true;
}

static bool schedule_says(struct faults *faults, enum fault_point point, const struct fault_call *call)
{
	struct fault_schedule *schedule = &faults->schedule[point];

	if (!schedule->fail)
		return false;
	if (schedule->skip) {
		schedule->skip--;
		return false;
	}
	if (schedule->space && budget_left(schedule, call->size ? call->size : 1))
		return false;
	if (schedule->interval > 1 && schedule->passed++ % schedule->interval)
		return false;
	if (schedule->fail != UINT32_MAX && --schedule->fail == 0)
		faults->armed &= ~(1u << point);
	return true;
}

bool fault_decide(struct sim *sim, enum fault_point point, const struct fault_call *call)
{
	struct faults *faults = &sim->faults;
	bool fail;

	if (faults->used && !passes_filters(sim, &faults->schedule[point], call))
		return false;
	if (faults->fail_nth && fault_rows[point].kind == FAULT_IS_CALL)
		fail = --faults->fail_nth == 0;
	else
		fail = schedule_says(faults, point, call);
	if (fail)
		fault_tripped(sim, point);
	return fail;
}

void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count)
{
	struct fault_schedule *schedule = &faults->schedule[point];

	invariant(point < FAULT_COUNT);
	faults->used = true;
	schedule->skip = nth ? nth - 1 : 0;
	schedule->passed = 0;
	schedule->fail = !nth ? 0 : count == FAULT_FOR_EVER ? UINT32_MAX : count ? count : 1;
	faults->armed = nth ? faults->armed | 1u << point : faults->armed & ~(1u << point);
}

struct fault_schedule *fault_filter(struct faults *faults, enum fault_point point)
{
	invariant(point < FAULT_COUNT);
	faults->used = true;
	return &faults->schedule[point];
}

void fault_attribute_set(struct faults *faults, enum fault_point point, enum fault_attribute attribute, uint32_t value)
{
	struct fault_schedule *schedule = fault_filter(faults, point);

	invariant(attribute < FAULT_ATTRIBUTE_COUNT);
	switch (attribute) {
	case FAULT_ATTRIBUTE_interval:
		schedule->interval = value;
		break;
	case FAULT_ATTRIBUTE_times:
		if (schedule->fail)
			schedule->fail = value ? value : UINT32_MAX;
		break;
	case FAULT_ATTRIBUTE_space:
		schedule->space = value;
		break;
	case FAULT_ATTRIBUTE_min_order:
		schedule->min_order = value;
		break;
	case FAULT_ATTRIBUTE_nth:
		schedule->skip = value ? value - 1 : 0;
		break;
	default:
		schedule->bit = value;
		break;
	}
}

void fault_reset(struct faults *faults)
{
	fault_stop(faults);
	faults->trips = 0;
	memset(faults->hits, 0, sizeof(faults->hits));
}

void fault_stop(struct faults *faults)
{
	faults->fail_nth = 0;
	faults->armed = 0;
	if (faults->used)
		memset(faults->schedule, 0, sizeof(faults->schedule));
	faults->used = false;
}
