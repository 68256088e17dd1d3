/* SPDX-License-Identifier: MIT */
/*
 * Oracle capacity: when the client has given all back (drain=1), the allocator has too, and what fitted once fits
 * again. Innocent: pages that stay in use in programs that are not drained; allocators that never reuse, which are not
 * asked.
 */
#include "oracles/oracle.h"

#define NAME "capacity"

extern const struct oracle oracle_capacity;

struct capacity {
	int64_t pages; /* taken from the page allocator since the program began, less those given back */
};

static void begin(void *state, const struct oracle_context *context)
{
	(void)context;
	((struct capacity *)state)->pages = 0;
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct capacity *capacity = state;
	const struct sim *sim = context->sim;

	switch (event->kind) {
	case EVENT_PAGE_ALLOC:
		capacity->pages += (int64_t)(event->size >> PAGE_SHIFT);
		break;
	case EVENT_PAGE_FREE:
		capacity->pages -= (int64_t)(event->size >> PAGE_SHIFT);
		break;
	case EVENT_DRAINED:
		if (capacity->pages > 0)
			finding_add(out, context, NAME, TITLE_LEAK, sim->actor, "page", sim->by,
				    "%lld pages are still allocated when everything has been freed",
				    (long long)capacity->pages);
		break;
	case EVENT_PROBE:
		if (!event->value)
			finding_add(out, context, NAME, TITLE_CAPACITY_LOST, sim->actor, "object", sim->by,
				    "%llu bytes do not fit any more", (unsigned long long)event->size);
		break;
	default:
		break;
	}
}

const struct oracle oracle_capacity = {
	.name = NAME,
	.invariant = "An empty allocator gives its pages back, and what fitted once fits again.",
	.state_size = sizeof(struct capacity),
	.wants = EVENT_BIT(PAGE_ALLOC) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(DRAINED) | EVENT_BIT(PROBE),
	.begin = begin,
	.observe = observe,
};
