/* SPDX-License-Identifier: MIT */
/*
 * Oracle device_view: a device reads what its owner handed over with the mapping or the last sync (FACTS 4.1), not what
 * waits in the cache, and not what became of the memory since: a page reference keeps the page, not the object (C33).
 * Innocent: bytes of FROM_DEVICE mappings; what the device itself wrote; a freed object whose bytes nobody changed;
 * bytes of which the CPU held an old copy when it handed them over.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "device_view"

extern const struct oracle oracle_device_view;

#define NO_MAPPING                                                                                                     \
	UINT32_MAX /* id of accesses that no DMA call was told of: the device is meant to see what was stored */

enum { KNOWN, CPU_OWNS, FREED, PLANES };

struct view {
	struct shadow
		shadow;    /* KNOWN: handed over as expected[]; CPU_OWNS: synced for the CPU; FREED: object is gone */
	uint8_t *expected; /* per byte of RAM */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct view *view = state;

	(void)context;
	if (!view->expected)
		view->expected = shadow_map(RAM_SIZE_MAX);
	shadow_begin(&view->shadow, PLANES);
}

static void destroy(void *state)
{
	struct view *view = state;

	shadow_unmap(view->expected, RAM_SIZE_MAX);
	shadow_destroy(&view->shadow);
	*view = (struct view){0};
}

static void forget(struct view *view, struct ram_range range)
{
	for (unsigned plane = 0; plane < PLANES; plane++)
		shadow_clear(&view->shadow, plane, range.offset, range.size);
}

/* A clean line that differs from RAM holds what the CPU read before a device wrote: nobody handed that over. */
static bool is_old_copy(const struct sim *sim, uint32_t offset)
{
	return sim->lines && !(sim->lines[offset >> sim->line_shift] & LINE_DIRTY) &&
	       cpu_byte(offset) != sim->ram_view[offset];
}

static void hand_over(struct view *view, const struct sim *sim, struct ram_range range)
{
	for (uint32_t i = range.offset; i < range.offset + range.size; i++) {
		if (is_old_copy(sim, i))
			continue;
		view->expected[i] = cpu_byte(i);
		shadow_set(&view->shadow, KNOWN, i, 1);
	}
}

static void on_mapping(struct view *view, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	bool to_cpu = event->kind == EVENT_DMA_SYNC && event->text && strcmp(event->text, "cpu") == 0;

	forget(view, range);
	if (event->kind == EVENT_DMA_UNMAP || event->value == DMA_FROM_DEVICE)
		return;
	if (to_cpu)
		shadow_set(&view->shadow, CPU_OWNS, range.offset, range.size);
	else
		hand_over(view, context->sim, range);
}

static void on_object_free(struct view *view, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&view->shadow, KNOWN, i, end)) < end; i++)
		shadow_set(&view->shadow, FREED, i, 1);
}

static void on_device_write(struct view *view, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	if (shadow_any(&view->shadow, KNOWN, range.offset, range.size))
		memset(view->expected + range.offset, (int)(uint8_t)event->value, range.size);
}

/* True iff the device sees another byte here than its owner meant; *wanted is that. */
static bool is_wrong(const struct view *view, const struct sim *sim, uint32_t offset, bool mapped, uint8_t *wanted)
{
	if (shadow_bit(&view->shadow, KNOWN, offset))
		*wanted = view->expected[offset];
	else if ((!mapped || shadow_bit(&view->shadow, CPU_OWNS, offset)) && !is_old_copy(sim, offset))
		*wanted = cpu_byte(offset);
	else
		return false;
	return sim->ram_view[offset] != *wanted;
}

static void on_device_read(const struct view *view, const struct oracle_context *context, const struct event *event,
			   struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t i = range.offset, end = range.offset + range.size;
	uint8_t wanted = 0;
	bool freed;

	while (i < end && !is_wrong(view, sim, i, event->id != NO_MAPPING, &wanted))
		i++;
	if (i == end)
		return;
	freed = shadow_bit(&view->shadow, FREED, i);
	finding_add(out, context, NAME, freed ? TITLE_USE_AFTER_FREE : TITLE_DMA_USE_WITHOUT_SYNC,
		    freed ? "client" : "dma", byte_owner_name(context, RAM_BASE + i, NULL), sim->by,
		    "bytes %s: the device reads %02x at byte %s, its owner handed over %02x",
		    range_text(event->addr, event->size).text, sim->ram_view[i], range_text(RAM_BASE + i, 1).text,
		    wanted);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	switch (event->kind) {
	case EVENT_DMA_MAP:
	case EVENT_DMA_UNMAP:
	case EVENT_DMA_SYNC:
		on_mapping(state, context, event);
		break;
	case EVENT_OBJECT_FREE:
		on_object_free(state, context, event);
		break;
	case EVENT_DEVICE_WRITE:
		on_device_write(state, context, event);
		break;
	case EVENT_DEVICE_READ:
		on_device_read(state, context, event, out);
		break;
	default:
		break;
	}
}

const struct oracle oracle_device_view = {
	.name = NAME,
	.invariant = "A device reads what its owner handed over.",
	.state_size = sizeof(struct view),
	.wants = EVENT_BIT(DMA_MAP) | EVENT_BIT(DMA_UNMAP) | EVENT_BIT(DMA_SYNC) | EVENT_BIT(OBJECT_FREE) |
		 EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(DEVICE_READ),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
