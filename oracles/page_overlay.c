/* SPDX-License-Identifier: MIT */
/*
 * Oracle page_overlay: every field of struct page is read by its owner's type, a page is freed in the state that its
 * fields require, and no page is handed out or returned twice.
 * Innocent: a foreign field that holds the reader's "none" (sim/ does not report it); pages of the boot, whose first
 * event is taken as true.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "page_overlay"

extern const struct oracle oracle_page_overlay;

enum page_state { PAGE_UNKNOWN, PAGE_ALLOCATED, PAGE_FREED };

struct overlay {
	uint8_t *pages;   /* enum page_state per frame */
	frame_t used_end; /* frames from here on are PAGE_UNKNOWN */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct overlay *overlay = state;

	(void)context;
	if (!overlay->pages)
		overlay->pages = shadow_map(RAM_FRAMES_MAX);
	memset(overlay->pages, PAGE_UNKNOWN, overlay->used_end);
	overlay->used_end = 0;
}

static void destroy(void *state)
{
	struct overlay *overlay = state;

	shadow_unmap(overlay->pages, RAM_FRAMES_MAX);
	*overlay = (struct overlay){0};
}

/* Who last wrote what a page allocator's check can object to. */
static const char *bad_page_owner(const struct sim *sim, frame_t frame, uint64_t flags)
{
	static const enum page_word words[] = {PAGE_WORD_MAPPING, PAGE_WORD_LRU_NEXT, PAGE_WORD_MAPCOUNT,
					       PAGE_WORD_INDEX, PAGE_WORD_PRIVATE};

	if (frame == FRAME_NONE)
		return "page";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		enum page_owner owner = page_word_writer(sim, frame, words[i]);

		if (owner > OWNER_allocated)
			return page_owner_names[owner];
	}
	return flags & (1u << PG_slab) ? page_owner_names[OWNER_slab] : "page";
}

static void on_block(struct overlay *overlay, const struct oracle_context *context, const struct event *event,
		     struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	frame_t end = (range.offset + range.size) >> PAGE_SHIFT;
	enum page_state now = event->kind == EVENT_PAGE_ALLOC ? PAGE_ALLOCATED : PAGE_FREED;

	for (frame_t frame = range.offset >> PAGE_SHIFT; frame < end; frame++) {
		if (overlay->pages[frame] == now)
			finding_add(out, context, NAME, TITLE_BAD_PAGE_STATE, sim->actor, "page", sim->by,
				    "page %s is %s", range_text(page_address(frame), PAGE_SIZE).text,
				    now == PAGE_ALLOCATED ? "handed out twice" : "freed twice");
		overlay->pages[frame] = (uint8_t)now;
	}
	if (end > overlay->used_end)
		overlay->used_end = end;
}

static void on_misread(const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct sim *sim = context->sim;
	const char *field = event->id < PF_COUNT ? page_field_rows[event->id].name : "?";

	finding_add(out, context, NAME, TITLE_PAGE_FIELD_ALIAS, sim->actor, misread_victim(sim, event), sim->by,
		    "%s of page %05x is read as 0x%llx; the bytes were written by %s", field,
		    (unsigned)(event->addr >> PAGE_SHIFT), (unsigned long long)event->value,
		    page_owner_names[event->size < OWNER_COUNT ? event->size : OWNER_nobody]);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct sim *sim = context->sim;

	switch (event->kind) {
	case EVENT_PAGE_ALLOC:
	case EVENT_PAGE_FREE:
		on_block(state, context, event, out);
		break;
	case EVENT_PAGE_FIELD_MISREAD:
		on_misread(context, event, out);
		break;
	case EVENT_PAGE_BAD:
		finding_add(out, context, NAME, TITLE_BAD_PAGE_STATE, sim->actor,
			    bad_page_owner(sim, virt_to_frame(sim, event->addr), event->value), sim->by,
			    "page %05x, flags 0x%llx: %s", (unsigned)(event->addr >> PAGE_SHIFT),
			    (unsigned long long)event->value, event->text ? event->text : "");
		break;
	default:
		break;
	}
}

const struct oracle oracle_page_overlay = {
	.name = NAME,
	.invariant =
		"Fields of struct page are read by their owner, and pages change hands once and in the required state.",
	.state_size = sizeof(struct overlay),
	.wants = EVENT_BIT(PAGE_ALLOC) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(PAGE_FIELD_MISREAD) | EVENT_BIT(PAGE_BAD),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
