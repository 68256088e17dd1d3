/* SPDX-License-Identifier: MIT */
/*
 * Oracle coherent_view: coherent memory shows the CPU and the device the same bytes without syncs, is nobody else's,
 * begins as zeros where that is promised, and leaves nothing of itself in the cache (FACTS 4.1).
 * Innocent: bytes that nobody has written yet; memory that the driver syncs itself; dirty lines of cached coherent
 * memory, until the device or the CPU looks.
 */
#include <string.h>

#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "coherent_view"

extern const struct oracle oracle_coherent_view;

enum { LIVE, KNOWN, PLANES, AREAS_MAX = 512 };

struct area {
	target_addr_t addr;
	uint64_t size; /* 0 = not live */
	unsigned flags;
};

struct coherent_view {
	struct shadow shadow; /* LIVE: byte of a live area; KNOWN: expected[] is what both sides must see */
	uint8_t *expected;    /* per byte of RAM */
	uint32_t used_end;    /* areas from here on are zero */
	struct area areas[AREAS_MAX];
};

static void begin(void *state, const struct oracle_context *context)
{
	struct coherent_view *view = state;

	(void)context;
	if (!view->expected)
		view->expected = shadow_map(RAM_SIZE_MAX);
	shadow_begin(&view->shadow, PLANES);
	memset(view->areas, 0, view->used_end * sizeof(view->areas[0]));
	view->used_end = 0;
}

static void destroy(void *state)
{
	struct coherent_view *view = state;

	shadow_unmap(view->expected, RAM_SIZE_MAX);
	shadow_destroy(&view->shadow);
	*view = (struct coherent_view){0};
}

static void learn(struct coherent_view *view, struct ram_range range, uint8_t value)
{
	memset(view->expected + range.offset, value, range.size);
	shadow_set(&view->shadow, KNOWN, range.offset, range.size);
}

static const char *range_of(const struct event *event, struct range_text *text)
{
	*text = range_text(event->addr, event->size);
	return text->text;
}

/* What the page was before must neither be read nor be written back later. */
static void check_clean(const struct oracle_context *context, const struct event *event, struct ram_range range,
			struct findings *out)
{
	const struct sim *sim = context->sim;
	struct range_text text;

	for (uint32_t i = range.offset; event->value & COHERENT_ZEROED && i < range.offset + range.size; i++) {
		uint8_t seen = event->value & COHERENT_UNCACHED ? sim->ram_view[i] : cpu_byte(i);

		if (!seen)
			continue;
		finding_add(out, context, NAME, TITLE_NOT_ZEROED, "dma", "coherent", sim->by,
			    "m%u bytes %s: %02x at %s", event->id, range_of(event, &text), seen,
			    range_text(RAM_BASE + i, 1).text);
		break;
	}
	for (uint32_t i = range.offset; sim->lines && event->value & COHERENT_UNCACHED && i < range.offset + range.size;
	     i++) {
		if (!(sim->lines[i >> sim->line_shift] & LINE_PRESENT))
			continue;
		finding_add(out, context, NAME, TITLE_MISSED_FLUSH, "dma", "coherent", sim->by,
			    "m%u bytes %s: the linear mapping is still in the cache at %s", event->id,
			    range_of(event, &text), range_text(RAM_BASE + i, 1).text);
		break;
	}
}

static void on_alloc(struct coherent_view *view, const struct oracle_context *context, const struct event *event,
		     struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	struct range_text text;
	uint32_t handle;

	if (range.size != event->size || event->id >= AREAS_MAX)
		return;
	if (shadow_any(&view->shadow, LIVE, range.offset, range.size))
		finding_add(out, context, NAME, TITLE_OVERLAP, "dma", "coherent", sim->by,
			    "m%u bytes %s are coherent memory of another already", event->id, range_of(event, &text));
	for (target_addr_t at = event->addr; at < event->addr + event->size; at += PAGE_SIZE)
		if (sim->frame_state[(at - RAM_BASE) >> PAGE_SHIFT] == FRAME_FREE || object_at(context, at, &handle)) {
			finding_add(out, context, NAME, TITLE_OVERLAP, "dma", byte_owner_name(context, at, NULL),
				    sim->by, "m%u bytes %s lie in memory that is not theirs", event->id,
				    range_of(event, &text));
			break;
		}
	check_clean(context, event, range, out);
	view->areas[event->id] = (struct area){event->addr, event->size, (unsigned)event->value};
	if (event->id >= view->used_end)
		view->used_end = event->id + 1;
	shadow_clear(&view->shadow, KNOWN, range.offset, range.size);
	shadow_set(&view->shadow, LIVE, range.offset, range.size);
	if (event->value & COHERENT_ZEROED)
		learn(view, range, 0);
}

/* The range of an access, cut to the live area of its mapping. */
static struct ram_range accessed(const struct coherent_view *view, const struct sim *sim, const struct event *event)
{
	const struct area *area = event->id < AREAS_MAX ? &view->areas[event->id] : NULL;

	if (!area || event->addr - area->addr >= area->size || event->size > area->addr + area->size - event->addr)
		return (struct ram_range){0, 0};
	return ram_range(sim, event->addr, event->size);
}

static void on_free(struct coherent_view *view, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	struct ram_range range = accessed(view, context->sim, event);

	if (event->value & COHERENT_IRQS_OFF)
		finding_add(out, context, NAME, TITLE_SLEEP_IN_ATOMIC, "client", "coherent", context->sim->by,
			    "m%u is freed with interrupts off", event->id);
	if (!range.size)
		return;
	view->areas[event->id].size = 0;
	shadow_clear(&view->shadow, LIVE, range.offset, range.size);
	shadow_clear(&view->shadow, KNOWN, range.offset, range.size);
}

/* One side looks: what it sees must be what was stored last, by whichever side. */
static void on_look(const struct coherent_view *view, const struct oracle_context *context, const struct event *event,
		    bool cpu, struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = accessed(view, sim, event);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&view->shadow, KNOWN, i, end)) < end; i++) {
		bool cached = cpu && !(view->areas[event->id].flags & COHERENT_UNCACHED);
		uint8_t seen = cached ? cpu_byte(i) : sim->ram_view[i];

		if (seen == view->expected[i])
			continue;
		finding_add(out, context, NAME, cpu ? TITLE_STALE_READ : TITLE_DMA_USE_WITHOUT_SYNC, "dma", "coherent",
			    sim->by, "m%u byte %s: the %s sees %02x, %02x was stored last", event->id,
			    range_text(RAM_BASE + i, 1).text, cpu ? "CPU" : "device", seen, view->expected[i]);
		return;
	}
}

static void on_store(struct coherent_view *view, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = accessed(view, context->sim, event);

	if (range.size)
		learn(view, range, (uint8_t)event->value);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	if (event->kind == EVENT_DEVICE_READ)
		on_look(state, context, event, false, out);
	else if (event->kind == EVENT_DEVICE_WRITE || strcmp(event->text, "write") == 0)
		on_store(state, context, event);
	else if (strcmp(event->text, "alloc") == 0)
		on_alloc(state, context, event, out);
	else if (strcmp(event->text, "free") == 0)
		on_free(state, context, event, out);
	else
		on_look(state, context, event, true, out);
}

const struct oracle oracle_coherent_view = {
	.name = NAME,
	.invariant = "Coherent memory shows the CPU and the device the same bytes, and is nobody else's.",
	.state_size = sizeof(struct coherent_view),
	.wants = EVENT_BIT(COHERENT) | EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(DEVICE_READ),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
