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

static bool schedule_says(struct faults *faults, enum fault_point point)
{
	struct fault_schedule *schedule = &faults->schedule[point];

	if (!schedule->fail)
		return false;
	if (schedule->skip) {
		schedule->skip--;
		return false;
	}
	if (schedule->fail != UINT32_MAX && --schedule->fail == 0)
		faults->armed &= ~(1u << point);
	return true;
}

bool fault_decide(struct sim *sim, enum fault_point point)
{
	struct faults *faults = &sim->faults;
	bool fail;

	if (faults->fail_nth && fault_rows[point].kind == FAULT_IS_CALL)
		fail = --faults->fail_nth == 0;
	else
		fail = schedule_says(faults, point);
	if (fail)
		fault_tripped(sim, point);
	return fail;
}

void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count)
{
	struct fault_schedule *schedule = &faults->schedule[point];

	schedule->skip = nth ? nth - 1 : 0;
	schedule->fail = !nth ? 0 : count == FAULT_FOR_EVER ? UINT32_MAX : count ? count : 1;
	faults->armed = nth ? faults->armed | 1u << point : faults->armed & ~(1u << point);
}

void fault_stop(struct faults *faults)
{
	faults->fail_nth = 0;
	faults->armed = 0;
	memset(faults->schedule, 0, sizeof(faults->schedule));
}
