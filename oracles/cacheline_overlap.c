/* SPDX-License-Identifier: MIT */
/*
 * Oracle cacheline_overlap: no cache line takes a stranger's bytes with it.  Damage: stores of the CPU or data of the
 * device vanish, or the CPU reads stale bytes.  Hazards: a device-writable mapping shares a line with a stranger, a
 * flush that was asked for left dirty bytes.
 * Innocent: TO_DEVICE mappings; device data that nobody owns or has mapped; bytes of the mapping under maintenance; the
 * rest of the client's own objects and their slack; padding; bytes that nobody owns; bytes that the device wrote; what
 * an object held when it was allocated, zeros excepted (kzalloc).
 */
#include <stdio.h>

#include "oracles/attribution.h"
#include "oracles/owner_runs.h"
#include "oracles/shadow.h"

#define NAME "cacheline_overlap"

extern const struct oracle oracle_cacheline_overlap;

enum { DEVICE, STALE, PLANES, MAPPINGS_MAX = 512, DEPTH_MAX = 8 };

struct mapping {
	target_addr_t addr;
	uint64_t size;
	uint32_t id, client;
	enum dma_direction direction;
	target_addr_t cpu_addr; /* of what a sync gave to the cpu: */
	uint64_t cpu_size;      /* 0 = nothing */
};

struct lines {
	struct shadow shadow; /* DEVICE: the device wrote, the CPU has not since; STALE: views differ without a store */
	uint32_t mapping_count;
	struct mapping mappings[MAPPINGS_MAX]; /* live ones, oldest first */
	struct maintained {
		bool under_way; /* maintenance of this range: */
		struct mapping range;
	} calls[DEPTH_MAX], *call; /* by depth of ops: an interrupt may come between two steps; that of now */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct lines *lines = state;

	(void)context;
	shadow_begin(&lines->shadow, PLANES);
	lines->mapping_count = 0;
	memset(lines->calls, 0, sizeof(lines->calls));
	lines->call = lines->calls;
}

static void destroy(void *state)
{
	shadow_destroy(&((struct lines *)state)->shadow);
}

static bool inside(const struct mapping *mapping, target_addr_t addr)
{
	return addr - mapping->addr < mapping->size;
}

static bool device_writes(const struct mapping *mapping)
{
	return mapping->direction == DMA_FROM_DEVICE || mapping->direction == DMA_BIDIRECTIONAL;
}

static bool views_differ(const struct sim *sim, uint32_t offset)
{
	return cpu_byte(offset) != sim->ram_view[offset];
}

static const char *backend(const struct lines *lines)
{
	return lines->call->under_way ? "dma" : "cache";
}

/* True iff the line event takes away what somebody stored at this byte, whoever that was. */
static bool is_lost(const struct lines *lines, const struct sim *sim, enum event_kind kind, uint32_t offset)
{
	if (!views_differ(sim, offset))
		return false;
	if (kind == EVENT_LINE_WRITEBACK)
		return shadow_bit(&lines->shadow, DEVICE, offset);
	if (lines->call->under_way && device_writes(&lines->call->range) &&
	    inside(&lines->call->range, RAM_BASE + offset))
		return false;
	return !shadow_bit(&lines->shadow, DEVICE, offset) && !shadow_bit(&lines->shadow, STALE, offset);
}

/* Bytes of the event's line, all of one owner, are gone. */
static void tell_loss(const struct lines *lines, const struct oracle_context *context, const struct event *event,
		      const struct owner_run *lost, struct findings *out)
{
	const struct sim *sim = context->sim;
	uint32_t offset = (uint32_t)(lost->addr - RAM_BASE);
	enum title title = event->kind == EVENT_LINE_DISCARD ? TITLE_LOST_WRITE : TITLE_LOST_DMA_WRITE;
	struct finding *finding;
	struct owner_run run;

	finding = finding_add(out, context, NAME, title, backend(lines), lost->owner, sim->by,
			      "bytes %s of line %s: first byte %02x in the cache, %02x in RAM",
			      range_text(lost->addr, lost->size).text, range_text(event->addr, event->size).text,
			      cpu_byte(offset), sim->ram_view[offset]);
	for (target_addr_t addr = event->addr; finding && addr < event->addr + event->size; addr += run.size) {
		run = owner_run_at(context, addr, event->addr + event->size);
		owner_run_tell(finding, &run);
	}
}

static bool is_mapped(const struct lines *lines, target_addr_t addr)
{
	for (uint32_t i = 0; i < lines->mapping_count; i++)
		if (inside(&lines->mappings[i], addr))
			return true;
	return false;
}

/* Does anybody miss the bytes?  Those of the device are its driver's as long as he has them mapped. */
static bool is_missed(const struct lines *lines, const struct oracle_context *context, bool discard,
		      const struct owner_run *run)
{
	if (discard)
		return !owner_is_worthless(run->owner) && !owner_is_slack(context, run->addr);
	return !owner_is_nobody(run->owner) || is_mapped(lines, run->addr);
}

/* A dirty line is written back over device data, or dropped with stores of the CPU. */
static void on_line(struct lines *lines, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t end = range.offset + range.size, next;
	bool discard = event->kind == EVENT_LINE_DISCARD;

	if (discard && !owners_may_matter(context, RAM_BASE + range.offset, RAM_BASE + end, NO_CLIENT))
		end = range.offset;
	for (uint32_t i = range.offset; i < end; i = next) {
		struct owner_run run;

		next = i + 1;
		if (!is_lost(lines, sim, event->kind, i))
			continue;
		run = owner_run_at(context, RAM_BASE + i, RAM_BASE + end);
		while (next < i + run.size && is_lost(lines, sim, event->kind, next) &&
		       is_mapped(lines, RAM_BASE + next) == is_mapped(lines, run.addr))
			next++;
		run.size = next - i;
		if (!discard)
			shadow_clear(&lines->shadow, DEVICE, i, next - i);
		if (is_missed(lines, context, discard, &run))
			tell_loss(lines, context, event, &run, out);
	}
	shadow_clear(&lines->shadow, STALE, range.offset, range.size);
}

/* Nobody relies on what the device wrote here any more. */
static void give_up(struct lines *lines, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&lines->shadow, DEVICE, i, end)) < end; i++) {
		shadow_clear(&lines->shadow, DEVICE, i, 1);
		if (views_differ(context->sim, i))
			shadow_set(&lines->shadow, STALE, i, 1);
	}
}

struct edges {
	target_addr_t first, begin, end, last; /* strangers may lie in [first, begin) and [end, last) */
};

struct granule_text {
	char text[32];
};

/* What maintenance takes as a whole: policy dma_granule. */
static struct granule_text granule_text(const struct sim *sim)
{
	unsigned size = (unsigned)sim_dma_granule(sim);
	struct granule_text granule;

	snprintf(granule.text, sizeof(granule.text), "%s of %u bytes", size == PAGE_SIZE ? "page" : "line", size);
	return granule;
}

static struct edges mapping_edges(const struct sim *sim, const struct mapping *mapping)
{
	uint64_t mask = sim_dma_granule(sim) - 1;
	target_addr_t end = mapping->addr + mapping->size;

	return (struct edges){mapping->addr & ~mask, mapping->addr, end, (end + mask) & ~mask};
}

static bool is_stranger(const struct oracle_context *context, const struct mapping *mapping,
			const struct owner_run *run)
{
	if (strcmp(run->owner, "object") == 0)
		return context->objects[run->handle].client != mapping->client;
	return !owner_is_worthless(run->owner) && !owner_is_slack(context, run->addr);
}

static void judge_edge(const struct oracle_context *context, const struct mapping *mapping, target_addr_t from,
		       target_addr_t to, struct findings *out)
{
	const struct sim *sim = context->sim;
	struct finding *finding;
	struct owner_run run;

	if (!owners_may_matter(context, from, to, mapping->client))
		return;
	for (target_addr_t addr = from; addr < to; addr += run.size) {
		run = owner_run_at(context, addr, to);
		if (!is_stranger(context, mapping, &run))
			continue;
		finding = finding_add(out, context, NAME, TITLE_CACHELINE_OVERLAP, sim->actor, run.owner, sim->by,
				      "m%u bytes %s share a %s with", mapping->id,
				      range_text(mapping->addr, mapping->size).text, granule_text(sim).text);
		owner_run_tell(finding, &run);
	}
}

/* C49: two mappings on one line destroy each other's data whoever owns the bytes. */
static void judge_neighbours(const struct lines *lines, const struct oracle_context *context,
			     const struct mapping *mapping, struct findings *out)
{
	const struct sim *sim = context->sim;
	struct edges mine = mapping_edges(sim, mapping);

	for (uint32_t i = 0; i < lines->mapping_count; i++) {
		const struct mapping *other = &lines->mappings[i];
		struct edges theirs = mapping_edges(sim, other);

		if (other->id == mapping->id || !device_writes(other) || theirs.first >= mine.last ||
		    mine.first >= theirs.last)
			continue;
		finding_add(out, context, NAME, TITLE_CACHELINE_OVERLAP, "dma", "mapping", sim->by,
			    "m%u bytes %s share a %s with\nm%u bytes %s", mapping->id,
			    range_text(mapping->addr, mapping->size).text, granule_text(sim).text, other->id,
			    range_text(other->addr, other->size).text);
	}
}

static void on_map(struct lines *lines, const struct oracle_context *context, const struct event *event,
		   struct findings *out)
{
	const struct object *object = object_at(context, event->addr, NULL);
	struct mapping mapping = {.addr = event->addr,
				  .size = event->size,
				  .id = event->id,
				  .client = object ? object->client : NO_CLIENT,
				  .direction = (enum dma_direction)event->value};

	if (device_writes(&mapping)) {
		struct edges edges = mapping_edges(context->sim, &mapping);

		judge_edge(context, &mapping, edges.first, edges.begin, out);
		judge_edge(context, &mapping, edges.end, edges.last, out);
		judge_neighbours(lines, context, &mapping, out);
	}
	if (mapping.direction == DMA_FROM_DEVICE)
		give_up(lines, context, event);
	if (lines->mapping_count < MAPPINGS_MAX)
		lines->mappings[lines->mapping_count++] = mapping;
}

/* Index of the live mapping, or entry of one of a scatter list, that an event speaks of, or mapping_count. */
static uint32_t mapping_index(const struct lines *lines, const struct event *event)
{
	uint32_t i = 0;

	while (i < lines->mapping_count &&
	       (lines->mappings[i].id != event->id || !inside(&lines->mappings[i], event->addr)))
		i++;
	return i;
}

static void on_unmap(struct lines *lines, const struct event *event)
{
	uint32_t i = mapping_index(lines, event);

	if (i == lines->mapping_count)
		return;
	lines->mapping_count--;
	memmove(&lines->mappings[i], &lines->mappings[i + 1], (lines->mapping_count - i) * sizeof(lines->mappings[0]));
}

/* A second part that is synced joins the first: one driver had both in hand. */
static void give_to_cpu(struct mapping *mapping, const struct event *event, bool to_cpu)
{
	target_addr_t end = event->addr + event->size, old = mapping->cpu_addr + mapping->cpu_size;

	if (!mapping->cpu_size || event->addr < mapping->cpu_addr)
		mapping->cpu_addr = event->addr;
	mapping->cpu_size = to_cpu ? (mapping->cpu_size && old > end ? old : end) - mapping->cpu_addr : 0;
}

static void on_sync(struct lines *lines, const struct oracle_context *context, const struct event *event)
{
	uint32_t i = mapping_index(lines, event);
	bool to_cpu = event->text && strcmp(event->text, "cpu") == 0;

	if (i == lines->mapping_count)
		return;
	/* Handing a read buffer back ends the interest in what the device wrote before. */
	if (!to_cpu && lines->mappings[i].cpu_size && event->value == DMA_FROM_DEVICE)
		give_up(lines, context, event);
	give_to_cpu(&lines->mappings[i], event, to_cpu);
}

/* Maintenance of this DMA call follows, until the op ends. */
static void maintain(struct lines *lines, const struct event *event)
{
	enum dma_direction direction = (enum dma_direction)event->value;

	*lines->call = (struct maintained){true, {event->addr, event->size, event->id, NO_CLIENT, direction, 0, 0}};
}

/* Quick test of dirty lines: the CPU sees something, and it is not what RAM holds. */
static SIM_UNCHECKED bool may_disown(const struct sim *sim, uint32_t offset, uint32_t size)
{
	const view_word *cpu = (const void *)target_pointer(RAM_BASE + offset);
	const view_word *ram = (const void *)(sim->ram_view + offset);
	uint64_t seen = 0, differs = 0;

	for (uint32_t i = 0; i < size / 8; i++) {
		seen |= cpu[i];
		differs |= cpu[i] ^ ram[i];
	}
	return seen && differs;
}

/* Bytes of the range in dirty lines [from, to). */
static void disown_lines(struct lines *lines, const struct sim *sim, struct ram_range range, uint32_t from, uint32_t to)
{
	uint32_t end = range.offset + range.size;

	for (uint32_t at = from > (range.offset & ~7u) ? from : range.offset & ~7u; at < to && at < end; at += 8) {
		uint64_t word = cpu_word(at);
		unsigned stale = nonzero_bytes(word) & nonzero_bytes(word ^ view_word_at(sim->ram_view, at));

		if (stale)
			shadow_set_byte(&lines->shadow, STALE, at,
					(uint8_t)(stale & bytes_inside(at, range.offset, end)));
	}
}

/* How many lines from this clean one on are surely clean: 1, or 8. */
static uint32_t clean_lines(const uint8_t *state, uint32_t line)
{
	uint64_t states;

	memcpy(&states, state + line, sizeof(states));
	return states & LINE_DIRTY * UINT64_C(0x0101010101010101) ? 1 : 8;
}

/* What dirty lines hold of a new object is the last owner's or poison, unless it was cleared for the new one. */
static void disown_content(struct lines *lines, const struct sim *sim, struct ram_range range)
{
	uint32_t line_size = 1u << sim->line_shift, next;
	const uint8_t *state = sim->lines;

	for (uint32_t line = range.offset & ~(line_size - 1); line < range.offset + range.size; line = next) {
		next = line + line_size;
		if (!(state[line >> sim->line_shift] & LINE_DIRTY)) {
			next = line + clean_lines(state, line >> sim->line_shift) * line_size;
			continue;
		}
		while (next & (PAGE_SIZE - 1) && next < range.offset + range.size &&
		       state[next >> sim->line_shift] & LINE_DIRTY)
			next += line_size;
		if (may_disown(sim, line, next - line))
			disown_lines(lines, sim, range, line, next);
	}
}

static void on_alloc(struct lines *lines, const struct oracle_context *context, const struct event *event,
		     struct findings *out)
{
	const struct sim *sim = context->sim;
	target_addr_t end = event->addr + event->size;

	give_up(lines, context, event);
	disown_content(lines, sim, ram_range(sim, event->addr, event->size));
	for (uint32_t i = 0; event->size && i < lines->mapping_count; i++) {
		const struct mapping *mapping = &lines->mappings[i];
		struct edges edges = mapping_edges(sim, mapping);

		if (!device_writes(mapping) || mapping->client == event->id ||
		    !((event->addr < edges.begin && edges.first < end) ||
		      (event->addr < edges.last && edges.end < end)))
			continue;
		finding_add(out, context, NAME, TITLE_CACHELINE_OVERLAP, sim->actor, "object", sim->by,
			    "o%u bytes %s share a %s with\nm%u bytes %s", event->id,
			    range_text(event->addr, event->size).text, granule_text(sim).text, mapping->id,
			    range_text(mapping->addr, mapping->size).text);
	}
}

static bool device_owns(const struct lines *lines, target_addr_t addr)
{
	for (uint32_t i = 0; i < lines->mapping_count; i++)
		if (inside(&lines->mappings[i], addr) &&
		    addr - lines->mappings[i].cpu_addr >= lines->mappings[i].cpu_size)
			return true;
	return false;
}

static void on_read(struct lines *lines, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&lines->shadow, DEVICE, i, end)) < end; i++) {
		if (!views_differ(sim, i) || device_owns(lines, RAM_BASE + i))
			continue;
		finding_add(out, context, NAME, TITLE_STALE_READ, backend(lines), "object", sim->by,
			    "o%u byte %05x:%03x: %02x in the cache, the device wrote %02x", event->id,
			    (unsigned)((RAM_BASE + i) >> PAGE_SHIFT), (unsigned)(i & (PAGE_SIZE - 1)), cpu_byte(i),
			    sim->ram_view[i]);
		return;
	}
}

static void on_device_write(struct lines *lines, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	shadow_set(&lines->shadow, DEVICE, range.offset, range.size);
	shadow_clear(&lines->shadow, STALE, range.offset, range.size);
}

static void on_write(struct lines *lines, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	shadow_clear(&lines->shadow, DEVICE, range.offset, range.size);
	shadow_clear(&lines->shadow, STALE, range.offset, range.size);
}

/* First byte of [addr, end) whose store waits in a dirty line, or end. */
static target_addr_t dirty_byte(const struct lines *lines, const struct sim *sim, target_addr_t addr, target_addr_t end)
{
	for (; addr < end; addr++) {
		uint32_t offset = (uint32_t)(addr - RAM_BASE);

		if (sim->lines[offset >> sim->line_shift] & LINE_DIRTY && views_differ(sim, offset) &&
		    !shadow_bit(&lines->shadow, STALE, offset))
			return addr;
	}
	return end;
}

static void on_flush_page(const struct lines *lines, const struct oracle_context *context, const struct event *event,
			  struct findings *out)
{
	const struct sim *sim = context->sim;
	const char *what = event->text ? event->text : "";

	/* Where there is nothing to flush ("none") dirty lines are right. */
	if (virt_to_frame(sim, event->addr) == FRAME_NONE || strcmp(what, "none") == 0)
		return;
	for (uint32_t i = 0; i < *context->object_count; i++) {
		const struct object *object = &context->objects[i];
		target_addr_t page_end = event->addr + PAGE_SIZE, end = object->addr + object->size, dirty;
		target_addr_t from = object->addr > event->addr ? object->addr : event->addr;

		end = end < page_end ? end : page_end;
		if (object->state != OBJECT_LIVE || from >= end || (dirty = dirty_byte(lines, sim, from, end)) == end)
			continue;
		finding_add(out, context, NAME, TITLE_MISSED_FLUSH, sim->actor, "object", sim->by,
			    "flush of page %05x was %s; o%u byte %05x:%03x stays dirty in the cache",
			    (unsigned)(event->addr >> PAGE_SHIFT), what, i, (unsigned)(dirty >> PAGE_SHIFT),
			    (unsigned)(dirty & (PAGE_SIZE - 1)));
		return;
	}
}

static void observe_dma(struct lines *lines, const struct oracle_context *context, const struct event *event,
			struct findings *out)
{
	if (event->kind == EVENT_DMA_MAP)
		on_map(lines, context, event, out);
	else if (event->kind == EVENT_DMA_UNMAP)
		on_unmap(lines, event);
	else
		on_sync(lines, context, event);
	maintain(lines, event);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct lines *lines = state;

	lines->call = &lines->calls[context->depth % DEPTH_MAX];
	switch (event->kind) {
	case EVENT_OP_BEGIN:
	case EVENT_OP_END:
		lines->call->under_way = false;
		break;
	case EVENT_OBJECT_ALLOC:
		on_alloc(lines, context, event, out);
		break;
	case EVENT_OBJECT_FREE:
	case EVENT_PAGE_FREE:
		/* From here on only what is stored there anew counts. */
		on_write(lines, context, event);
		break;
	case EVENT_OBJECT_WRITE:
	case EVENT_DMA_BOUNCE:
	case EVENT_PAGE_STORE:
		on_write(lines, context, event);
		break;
	case EVENT_COHERENT:
		if (strcmp(event->text, "read") != 0)
			on_write(lines, context, event);
		break;
	case EVENT_OBJECT_READ:
		on_read(lines, context, event, out);
		break;
	case EVENT_LINE_DISCARD:
	case EVENT_LINE_WRITEBACK:
		on_line(lines, context, event, out);
		break;
	case EVENT_DMA_MAP:
	case EVENT_DMA_UNMAP:
	case EVENT_DMA_SYNC:
		observe_dma(lines, context, event, out);
		break;
	case EVENT_DEVICE_WRITE:
		on_device_write(lines, context, event);
		break;
	case EVENT_FLUSH_PAGE:
		on_flush_page(lines, context, event, out);
		break;
	default:
		break;
	}
}

const struct oracle oracle_cacheline_overlap = {
	.name = NAME,
	.invariant = "No cache line takes a stranger's bytes with it.",
	.state_size = sizeof(struct lines),
	.wants = EVENT_BIT(OP_BEGIN) | EVENT_BIT(OP_END) | EVENT_BIT(OBJECT_ALLOC) | EVENT_BIT(OBJECT_FREE) |
		 EVENT_BIT(PAGE_FREE) | EVENT_BIT(OBJECT_WRITE) | EVENT_BIT(OBJECT_READ) | EVENT_BIT(LINE_DISCARD) |
		 EVENT_BIT(LINE_WRITEBACK) | EVENT_BIT(DMA_MAP) | EVENT_BIT(DMA_UNMAP) | EVENT_BIT(DMA_SYNC) |
		 EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(FLUSH_PAGE) | EVENT_BIT(DMA_BOUNCE) | EVENT_BIT(COHERENT) |
		 EVENT_BIT(PAGE_STORE),
	.idle = IDLE_IF_COHERENT, /* one view, no lines */
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
