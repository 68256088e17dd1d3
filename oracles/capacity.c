/* SPDX-License-Identifier: MIT */
/*
 * Oracle capacity: when the client has given all back (drain=1), the allocator has too, and what fitted once fits
 * again; who gives back a block page by page loses none of it.  Innocent: pages that stay in use in programs that are
 * not drained; allocators that never reuse, which are not asked.
 */
#include "oracles/attribution.h"

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

/* The owner of a block without __GFP_COMP dropped its reference: the first page goes, nobody gives back the rest. */
static void lost_pages(struct capacity *capacity, const struct oracle_context *context, const struct event *event,
		       struct findings *out)
{
	target_addr_t rest = event->addr + PAGE_SIZE;
	uint64_t size = event->size - PAGE_SIZE;

	finding_add(
		out, context, NAME, TITLE_LEAK, "client", "page", context->sim->by,
		"a block of %llu pages without __GFP_COMP is given back by its first page: %llu of them lost, bytes %s",
		(unsigned long long)(event->size >> PAGE_SHIFT), (unsigned long long)(size >> PAGE_SHIFT),
		range_text(rest, size).text);
	capacity->pages -= (int64_t)(size >> PAGE_SHIFT);
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
	case EVENT_PAGE_PUT:
		if (event->size)
			lost_pages(capacity, context, event, out);
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
	.wants = EVENT_BIT(PAGE_ALLOC) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(PAGE_PUT) | EVENT_BIT(DRAINED) |
		 EVENT_BIT(PROBE),
	.begin = begin,
	.observe = observe,
};
