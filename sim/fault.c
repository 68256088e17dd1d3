/* SPDX-License-Identifier: MIT */
/* The one place that decides whether a fault-capable call fails. */
#include "sim/sim.h"

/* Nobody else calls this: a place for a breakpoint. */
static void __attribute__((noinline)) fault_tripped(struct sim *sim, enum fault_point point)
{
	struct event event = {.kind = EVENT_FAULT_TRIPPED, .id = point, .value = sim->faults.hits[point]};

	sim->faults.trips++;
	sim_emit(sim, &event);
}

bool should_fail(struct sim *sim, enum fault_point point)
{
	struct faults *faults = &sim->faults;
	bool fail = false;

	faults->hits[point]++;
	if (faults->fail_nth) {
		fail = --faults->fail_nth == 0;
	} else if (faults->fail[point]) {
		if (faults->skip[point]) {
			faults->skip[point]--;
		} else {
			faults->fail[point]--;
			fail = true;
		}
	}
	if (unlikely(fail))
		fault_tripped(sim, point);
	return fail;
}

void fault_set(struct faults *faults, enum fault_point point, uint32_t nth, uint32_t count)
{
	faults->skip[point] = nth ? nth - 1 : 0;
	faults->fail[point] = nth ? (count ? count : 1) : 0;
}
