/* SPDX-License-Identifier: MIT */
/* More memory for heaps that manage a region: what lies behind it, in the order of asking. */
#include "allocators/allocator.h"
#include "sim/page.h"

/* Somebody else has the page behind what was given last. */
static void leave_out_page(struct sim *sim)
{
	sim->frame_state[virt_to_frame(sim, sim->region_next)] = FRAME_FREE;
	sim_disown(sim, sim->region_next, PAGE_SIZE);
	sim->region_next += PAGE_SIZE;
}

struct memory_region region_more(struct allocator *a, uint64_t size)
{
	struct sim *sim = a->sim;
	struct memory_region region = {0, 0};
	uint64_t left = sim->region_end - sim->region_next;

	size = (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	if (!size || size > left || should_fail(sim, FAULT_region_refused, .size = (uint32_t)(size >> PAGE_SHIFT)))
		return region;
	if (size > PAGE_SIZE && should_fail(sim, FAULT_region_short, .size = (uint32_t)(size >> PAGE_SHIFT)))
		size = size / 2 & ~(uint64_t)(PAGE_SIZE - 1);
	if (size + PAGE_SIZE <= left && should_fail(sim, FAULT_region_gap, .size = (uint32_t)(size >> PAGE_SHIFT)))
		leave_out_page(sim);
	region = (struct memory_region){sim->region_next, size};
	sim->region_next += size;
	return region;
}
