/* SPDX-License-Identifier: MIT */
/*
 * Oracle failure_atomicity: an op that reports failure keeps no page that it took.
 * Innocent: pages that it gave back on the way, at once or after a grace period (a slab that an interrupt made
 * needless), or that a block amid it gave back; what such a block took meanwhile, or put into a page of the op; an op
 * of which some repetitions succeeded.
 */
#include "oracles/oracle.h"

#define NAME "failure_atomicity"

extern const struct oracle oracle_failure_atomicity;

enum { DEPTH_MAX = 32 };

/* One op under way; an interrupt block nests. */
struct attempt {
	int64_t pages;        /* taken less given back */
	target_addr_t latest; /* block taken last, and its pages */
	int64_t latest_pages;
	bool yielded;
};

struct failure {
	unsigned depth;
	struct attempt attempts[DEPTH_MAX];
};

static void begin(void *state, const struct oracle_context *context)
{
	(void)context;
	((struct failure *)state)->depth = 0;
}

static void on_end(struct failure *failure, const struct oracle_context *context, const struct event *event,
		   struct findings *out)
{
	const struct attempt *attempt;

	if (failure->depth == 0 || --failure->depth >= DEPTH_MAX)
		return;
	attempt = &failure->attempts[failure->depth];
	/* What an interrupt got may lie in a page of the op that it interrupted. */
	if (attempt->yielded && failure->depth > 0)
		failure->attempts[failure->depth - 1].yielded = true;
	/* What it gave back beyond its own may be of the op that it interrupted. */
	if (attempt->pages < 0 && failure->depth > 0)
		failure->attempts[failure->depth - 1].pages += attempt->pages;
	if (event->value != RESULT_FAILED || attempt->yielded || attempt->pages <= 0)
		return;
	finding_add(out, context, NAME, TITLE_STATE_CHANGED, context->sim->actor, "page", context->sim->by,
		    "the op failed and keeps %lld pages more than before", (long long)attempt->pages);
}

static void on_page(struct attempt *now, const struct event *event)
{
	int64_t pages = (int64_t)(event->size >> PAGE_SHIFT);

	switch (event->kind) {
	case EVENT_PAGE_ALLOC:
		now->pages += pages;
		now->latest = event->addr;
		now->latest_pages = pages;
		break;
	case EVENT_PAGE_FREE:
		now->pages -= pages;
		break;
	case EVENT_RCU_QUEUE:
		if (event->addr == now->latest) {
			now->pages -= now->latest_pages;
			now->latest_pages = 0;
		}
		break;
	default:
		now->yielded = true;
		break;
	}
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct failure *failure = state;

	if (event->kind == EVENT_OP_BEGIN) {
		if (failure->depth++ < DEPTH_MAX)
			failure->attempts[failure->depth - 1] = (struct attempt){0};
	} else if (event->kind == EVENT_OP_END) {
		on_end(failure, context, event, out);
	} else if (failure->depth > 0 && failure->depth <= DEPTH_MAX) {
		on_page(&failure->attempts[failure->depth - 1], event);
	}
}

const struct oracle oracle_failure_atomicity = {
	.name = NAME,
	.invariant = "An op that reports failure changed nothing.",
	.state_size = sizeof(struct failure),
	.wants = EVENT_BIT(OP_BEGIN) | EVENT_BIT(OP_END) | EVENT_BIT(PAGE_ALLOC) | EVENT_BIT(PAGE_FREE) |
		 EVENT_BIT(RCU_QUEUE) | EVENT_BIT(OBJECT_ALLOC) | EVENT_BIT(CACHE_CREATE),
	.begin = begin,
	.observe = observe,
};
