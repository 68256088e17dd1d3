/* SPDX-License-Identifier: MIT */
/*
 * Oracle packet_bytes: what goes on the wire is what its sender handed over: a reference to a page keeps the page, not
 * the object (C33), and end_io of a bio does not wait for the network (C42).
 * Innocent: an owner that changes bytes of an object it still has; a freed object whose bytes nobody changed; packets
 * that are dropped unread.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "packet_bytes"

extern const struct oracle oracle_packet_bytes;

#define NO_OBJECT 0xffffffffu

enum { SKB_FRAGS = 4 /* as EVENT_SKB_FRAG numbers them */, FRAGS_MAX = 512 * SKB_FRAGS };

struct packet_bytes {
	uint8_t *handed;  /* PAGE_SIZE bytes per fragment: as its sender handed it over */
	uint32_t *object; /* per fragment: handle of the object there at that time, or NO_OBJECT */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct packet_bytes *packets = state;

	(void)context;
	if (packets->handed)
		return;
	packets->handed = shadow_map((size_t)FRAGS_MAX * PAGE_SIZE);
	packets->object = shadow_map(FRAGS_MAX * sizeof(*packets->object));
}

static void destroy(void *state)
{
	struct packet_bytes *packets = state;

	if (!packets->handed)
		return;
	shadow_unmap(packets->handed, (size_t)FRAGS_MAX * PAGE_SIZE);
	shadow_unmap(packets->object, FRAGS_MAX * sizeof(*packets->object));
	*packets = (struct packet_bytes){0};
}

static uint8_t *bytes_of(struct packet_bytes *packets, uint32_t id)
{
	return packets->handed + (size_t)(id % FRAGS_MAX) * PAGE_SIZE;
}

/* What lies in a slab and is no live object was one: its sender came too late (C82). */
static uint32_t freed_object(const struct oracle_context *context, target_addr_t addr)
{
	frame_t frame = virt_to_frame(context->sim, addr);

	if (frame == FRAME_NONE || !(page_flags_quiet(context->sim, frame) & (1u << PG_slab)))
		return NO_OBJECT;
	for (uint32_t i = *context->object_count; i > 0; i--)
		if (context->objects[i - 1].state == OBJECT_FREED &&
		    addr - context->objects[i - 1].addr < context->objects[i - 1].size)
			return i - 1;
	return NO_OBJECT;
}

/* A clone carries what its original does. */
static void on_frag(struct packet_bytes *packets, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	uint8_t *bytes = bytes_of(packets, event->id);
	uint32_t handle = NO_OBJECT;

	if (event->value) {
		uint32_t from = (uint32_t)(event->value - 1) % FRAGS_MAX;

		memcpy(bytes, bytes_of(packets, from), range.size);
		packets->object[event->id % FRAGS_MAX] = packets->object[from];
		return;
	}
	for (uint32_t i = 0; i < range.size && i < PAGE_SIZE; i++)
		bytes[i] = cpu_byte(range.offset + i);
	if (!object_at(context, event->addr, &handle))
		handle = freed_object(context, event->addr);
	packets->object[event->id % FRAGS_MAX] = handle;
}

static bool is_gone(const struct oracle_context *context, uint32_t handle)
{
	return handle < *context->object_count && context->objects[handle].state == OBJECT_FREED;
}

static void on_read(struct packet_bytes *packets, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	const uint8_t *bytes = bytes_of(packets, event->id);
	uint32_t i = 0;

	if (!is_gone(context, packets->object[event->id % FRAGS_MAX]))
		return;
	while (i < range.size && sim->ram_view[range.offset + i] == bytes[i])
		i++;
	if (i == range.size)
		return;
	finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, "client", byte_owner_name(context, event->addr + i, NULL),
		    sim->by,
		    "k%u bytes %s of o%u, which is freed: %02x goes on the wire at %s, its sender handed over %02x",
		    event->id / SKB_FRAGS, range_text(event->addr, event->size).text,
		    packets->object[event->id % FRAGS_MAX], sim->ram_view[range.offset + i],
		    range_text(event->addr + i, 1).text, bytes[i]);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	if (event->kind == EVENT_SKB_FRAG)
		on_frag(state, context, event);
	else
		on_read(state, context, event, out);
}

const struct oracle oracle_packet_bytes = {
	.name = NAME,
	.invariant = "The network sends what was handed to it, not what became of the memory since.",
	.state_size = sizeof(struct packet_bytes),
	.wants = EVENT_BIT(SKB_FRAG) | EVENT_BIT(SKB_READ),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
