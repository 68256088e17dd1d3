/* SPDX-License-Identifier: MIT */
/*
 * Oracle packet_bytes: what goes on the wire is what its sender handed over: a reference to a page keeps the page, not
 * the object (C33), and end_io of a bio does not wait for the network (C42).
 * Innocent: an owner that changes bytes of an object it still has, and frees it later; a freed object whose bytes
 * nobody changed since; packets that are dropped unread.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "packet_bytes"

extern const struct oracle oracle_packet_bytes;

#define NO_OBJECT 0xffffffffu

enum { SKB_FRAGS = 4 /* as EVENT_SKB_FRAG numbers them */, FRAGS_MAX = 512 * SKB_FRAGS };

struct fragment {
	target_addr_t addr;
	uint32_t size;
	uint32_t object; /* handle of the object there when its sender handed it over, or NO_OBJECT */
};

struct packet_bytes {
	uint8_t *handed; /* PAGE_SIZE bytes per fragment: as its sender handed it over, or left it behind */
	struct fragment *fragments;
	uint32_t used; /* fragments of this program lie below */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct packet_bytes *packets = state;

	(void)context;
	packets->used = 0;
	if (packets->handed)
		return;
	packets->handed = shadow_map((size_t)FRAGS_MAX * PAGE_SIZE);
	packets->fragments = shadow_map(FRAGS_MAX * sizeof(*packets->fragments));
}

static void destroy(void *state)
{
	struct packet_bytes *packets = state;

	if (!packets->handed)
		return;
	shadow_unmap(packets->handed, (size_t)FRAGS_MAX * PAGE_SIZE);
	shadow_unmap(packets->fragments, FRAGS_MAX * sizeof(*packets->fragments));
	*packets = (struct packet_bytes){0};
}

static uint8_t *bytes_of(struct packet_bytes *packets, uint32_t id)
{
	return packets->handed + (size_t)(id % FRAGS_MAX) * PAGE_SIZE;
}

static void take_bytes(struct packet_bytes *packets, const struct oracle_context *context, uint32_t id)
{
	const struct fragment *fragment = &packets->fragments[id % FRAGS_MAX];
	struct ram_range range = ram_range(context->sim, fragment->addr, fragment->size);
	uint8_t *bytes = bytes_of(packets, id);

	for (uint32_t i = 0; i < range.size && i < PAGE_SIZE; i++)
		bytes[i] = cpu_byte(range.offset + i);
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
	uint32_t id = event->id % FRAGS_MAX;
	struct fragment *fragment = &packets->fragments[id];

	invariant(event->id < FRAGS_MAX && event->value <= FRAGS_MAX);
	if (id >= packets->used)
		packets->used = id + 1;
	*fragment = (struct fragment){event->addr, (uint32_t)event->size, NO_OBJECT};
	if (event->value) {
		uint32_t from = (uint32_t)(event->value - 1) % FRAGS_MAX;

		memcpy(bytes_of(packets, id), bytes_of(packets, from), PAGE_SIZE);
		fragment->object = packets->fragments[from].object;
		return;
	}
	take_bytes(packets, context, id);
	if (!object_at(context, event->addr, &fragment->object))
		fragment->object = freed_object(context, event->addr);
}

/* Until now the owner was free to change them: from here on nobody is. */
static void on_free(struct packet_bytes *packets, const struct oracle_context *context, const struct event *event)
{
	for (uint32_t id = 0; id < packets->used; id++)
		if (packets->fragments[id].object == event->id)
			take_bytes(packets, context, id);
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

	if (!is_gone(context, packets->fragments[event->id % FRAGS_MAX].object))
		return;
	while (i < range.size && sim->ram_view[range.offset + i] == bytes[i])
		i++;
	if (i == range.size)
		return;
	finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, "client", byte_owner_name(context, event->addr + i, NULL),
		    sim->by,
		    "k%u bytes %s of o%u, which is freed: %02x goes on the wire at %s, its sender handed over %02x",
		    event->id / SKB_FRAGS, range_text(event->addr, event->size).text,
		    packets->fragments[event->id % FRAGS_MAX].object, sim->ram_view[range.offset + i],
		    range_text(event->addr + i, 1).text, bytes[i]);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	if (event->kind == EVENT_SKB_FRAG)
		on_frag(state, context, event);
	else if (event->kind == EVENT_OBJECT_FREE)
		on_free(state, context, event);
	else
		on_read(state, context, event, out);
}

const struct oracle oracle_packet_bytes = {
	.name = NAME,
	.invariant = "The network sends what was handed to it, not what became of the memory since.",
	.state_size = sizeof(struct packet_bytes),
	.wants = EVENT_BIT(SKB_FRAG) | EVENT_BIT(SKB_READ) | EVENT_BIT(OBJECT_FREE),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
