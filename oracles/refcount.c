/* SPDX-License-Identifier: MIT */
/*
 * Oracle refcount: a page lives as long as somebody holds a reference, and nobody drops one that he does not hold
 * (FACTS 1.4).  References count at the head of a compound page, else at the page itself, one by one.
 * Innocent: an owner who frees while others hold references, if the page stays until the last of them; a reference
 * that is never dropped.
 */
#include <string.h>

#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "refcount"

extern const struct oracle oracle_refcount;

struct refcount {
	uint32_t *held;   /* per frame: references taken and not dropped */
	frame_t *heads;   /* per frame: where references count, + 1; 0 = not allocated since begin() */
	frame_t taken;    /* where the op under way took a reference, FRAME_NONE = nowhere */
	frame_t used_end; /* frames from here on are zero in both */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct refcount *refs = state;

	(void)context;
	if (!refs->held) {
		refs->held = shadow_map(RAM_FRAMES_MAX * sizeof(*refs->held));
		refs->heads = shadow_map(RAM_FRAMES_MAX * sizeof(*refs->heads));
	}
	memset(refs->held, 0, refs->used_end * sizeof(*refs->held));
	memset(refs->heads, 0, refs->used_end * sizeof(*refs->heads));
	refs->used_end = 0;
	refs->taken = FRAME_NONE;
}

static void destroy(void *state)
{
	struct refcount *refs = state;

	shadow_unmap(refs->held, RAM_FRAMES_MAX * sizeof(*refs->held));
	shadow_unmap(refs->heads, RAM_FRAMES_MAX * sizeof(*refs->heads));
	*refs = (struct refcount){0};
}

static void on_alloc(struct refcount *refs, const struct event *event)
{
	frame_t first = (frame_t)((event->addr - RAM_BASE) >> PAGE_SHIFT);
	frame_t end = first + (frame_t)(event->size >> PAGE_SHIFT);

	invariant(first < end && end <= RAM_FRAMES_MAX);
	for (frame_t frame = first; frame < end; frame++) {
		refs->heads[frame] = (event->id ? first : frame) + 1;
		refs->held[frame] = 0;
	}
	if (end > refs->used_end)
		refs->used_end = end;
}

static void on_free(const struct refcount *refs, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	frame_t first = (frame_t)((event->addr - RAM_BASE) >> PAGE_SHIFT);
	frame_t end = first + (frame_t)(event->size >> PAGE_SHIFT);

	for (frame_t frame = first; frame < end && frame < refs->used_end; frame++)
		if (refs->held[frame])
			finding_add(out, context, NAME, TITLE_REFCOUNT_UNDERFLOW, context->sim->actor, "page",
				    context->sim->by, "page %05x becomes free while %u references are held",
				    (unsigned)(page_address(frame) >> PAGE_SHIFT), refs->held[frame]);
}

/* Where a reference to the page counts; FRAME_NONE for pages of the boot. */
static frame_t counted_at(const struct refcount *refs, target_addr_t addr)
{
	frame_t frame = (frame_t)((addr - RAM_BASE) >> PAGE_SHIFT);

	return frame < refs->used_end && refs->heads[frame] ? refs->heads[frame] - 1 : FRAME_NONE;
}

static void on_put(struct refcount *refs, const struct oracle_context *context, const struct event *event,
		   struct findings *out)
{
	frame_t frame = counted_at(refs, event->addr);

	if (frame == FRAME_NONE || event->text)
		return;
	if (refs->held[frame])
		refs->held[frame]--;
	else
		finding_add(out, context, NAME, TITLE_REFCOUNT_UNDERFLOW,
			    context->sim->running ? context->sim->running : "client", "page", context->sim->by,
			    "page %05x: a reference is dropped that nobody holds",
			    (unsigned)(event->addr >> PAGE_SHIFT));
}

/* One for each reference that is held, and one for the owner, who may have gone. */
static void check_taken(struct refcount *refs, const struct oracle_context *context, struct findings *out)
{
	frame_t frame = refs->taken;
	int64_t count, held;

	invariant(frame < refs->used_end);
	count = page_count_quiet(context->sim, frame);
	held = refs->held[frame];
	refs->taken = FRAME_NONE;
	if (held && (count < held || count > held + 1))
		finding_add(out, context, NAME, TITLE_REFCOUNT_UNDERFLOW, context->sim->actor, "count",
			    context->sim->by,
			    "page %05x counts %lld while %lld references are held besides its owner's",
			    (unsigned)(page_address(frame) >> PAGE_SHIFT), (long long)count, (long long)held);
}

/* What was taken before has happened by now. */
static void on_get(struct refcount *refs, const struct oracle_context *context, const struct event *event,
		   struct findings *out)
{
	frame_t frame = counted_at(refs, event->addr);

	if (refs->taken != FRAME_NONE)
		check_taken(refs, context, out);
	if (frame == FRAME_NONE || event->text)
		return;
	refs->held[frame]++;
	refs->taken = frame;
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct refcount *refs = state;

	switch (event->kind) {
	case EVENT_PAGE_ALLOC:
		on_alloc(refs, event);
		break;
	case EVENT_PAGE_FREE:
		on_free(refs, context, event, out);
		break;
	case EVENT_PAGE_GET:
		on_get(refs, context, event, out);
		break;
	case EVENT_PAGE_PUT:
		on_put(refs, context, event, out);
		break;
	default:
		if (refs->taken != FRAME_NONE)
			check_taken(refs, context, out);
		break;
	}
}

const struct oracle oracle_refcount = {
	.name = NAME,
	.invariant = "A page lives while references are held, counts each once, and only holders drop them.",
	.state_size = sizeof(struct refcount),
	.wants = EVENT_BIT(PAGE_ALLOC) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(PAGE_GET) | EVENT_BIT(PAGE_PUT) |
		 EVENT_BIT(OP_END),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
