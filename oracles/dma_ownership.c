/* SPDX-License-Identifier: MIT */
/*
 * Oracle dma_ownership: what dma-debug checks (FACTS 4.3), and what it cannot.  Unmaps and syncs name a mapping as it
 * was made; errors are checked; only memory that may be mapped is; nothing is left when the driver goes.  A device
 * touches its mappings only, in their direction and while it owns them; the CPU touches them only between syncs.  No
 * line is in too many mappings, and none that a device writes is written back by the mapping of another.
 * Innocent: mappings left at the end of a program; syncs of a part; TO_DEVICE mappings that share lines among
 * themselves; shared lines on coherent machines; two mappings that a device writes on one line, of which
 * cacheline_overlap tells; a mapping whose object is gone, and what the device reads, of which device_view tells.
 */
#include <string.h>

#include "oracles/attribution.h"
#include "oracles/shadow.h"

#define NAME "dma_ownership"

extern const struct oracle oracle_dma_ownership;

enum { MAPPINGS_MAX = 512, OVERLAPS_MAX = 7, PIECES_MAX = 8, ENTRIES_MAX = 9 };

enum how { SINGLE, PAGE, LIST, COHERENT };

/* One piece of memory, or one per entry of a scatter list. */
struct mapping {
	struct piece {
		target_addr_t addr;
		uint64_t size;
	} pieces[PIECES_MAX];
	unsigned count;
	enum how how;
	enum dma_direction direction;
	bool live, unchecked, cpu_owns;
	bool orphan; /* its memory was freed */
};

/* Calls on a list tell of one entry after another. */
struct entries {
	uint32_t id;
	enum event_kind kind;
	unsigned seen;
	uint32_t op; /* the call is over when its op is */
	const char *by;
};

struct ownership {
	struct entries
		under_way[ENTRIES_MAX]; /* an interrupt between two entries may have a list, too: the innermost last */
	unsigned under_way_count;
	uint64_t segment_max, segment_boundary; /* what the device takes of a list entry; 0 = anything */
	uint64_t mask;                          /* highest address that the device reaches, from the start of RAM */
	uint32_t used_end;                      /* mappings from here on are zero */
	uint32_t live;
	struct mapping mappings[MAPPINGS_MAX]; /* by handle */
};

/* What is told and by whom: most findings differ in the victim only. */
struct judge {
	const struct oracle_context *context;
	const struct event *event;
	struct findings *out;
};

static void begin(void *state, const struct oracle_context *context)
{
	struct ownership *own = state;

	(void)context;
	memset(own->mappings, 0, own->used_end * sizeof(own->mappings[0]));
	own->used_end = own->live = 0;
	own->mask = UINT64_MAX;
	own->under_way_count = 0;
	own->segment_max = own->segment_boundary = 0;
}

/* A finding about the mapping of the event; `why` is its one sentence. */
static struct finding *tell(const struct judge *j, enum title title, const char *culprit, const char *victim,
			    const struct mapping *m, const char *why)
{
	struct finding *finding =
		finding_add(j->out, j->context, NAME, title, culprit, victim, j->context->sim->by, "m%u bytes %s: %s",
			    j->event->id, range_text(j->event->addr, j->event->size).text, why);

	for (unsigned i = 0; m && i < m->count; i++)
		finding_detail(finding, "mapped: bytes %s %s", range_text(m->pieces[i].addr, m->pieces[i].size).text,
			       dma_direction_names[m->direction]);
	return finding;
}

static struct mapping *slot_of(struct ownership *own, uint32_t id)
{
	if (id >= MAPPINGS_MAX)
		return NULL;
	if (id >= own->used_end)
		own->used_end = id + 1;
	return &own->mappings[id];
}

static bool device_writes(const struct mapping *m)
{
	return m->direction == DMA_FROM_DEVICE || m->direction == DMA_BIDIRECTIONAL;
}

static bool holds(const struct mapping *m, target_addr_t addr, uint64_t size)
{
	for (unsigned i = 0; i < m->count; i++) {
		uint64_t offset = addr - m->pieces[i].addr;

		if (offset < m->pieces[i].size && size <= m->pieces[i].size - offset)
			return true;
	}
	return false;
}

static bool touches(const struct mapping *m, target_addr_t addr, uint64_t size)
{
	for (unsigned i = 0; m->live && i < m->count; i++)
		if (addr < m->pieces[i].addr + m->pieces[i].size && m->pieces[i].addr < addr + size)
			return true;
	return false;
}

/* Live mappings, other than m, that a device writes in the lines [first, end). */
static unsigned writers_in(const struct ownership *own, const struct mapping *m, target_addr_t first, target_addr_t end)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < own->used_end; i++) {
		const struct mapping *other = &own->mappings[i];

		count += other != m && other->how != COHERENT && device_writes(other) &&
			 touches(other, first, end - first);
	}
	return count;
}

/* True iff the map call, which follows, has something to write back to a line of [first, end) that a device writes. */
static bool writes_back(const struct ownership *own, const struct judge *j, const struct mapping *m,
			target_addr_t first, target_addr_t end)
{
	const struct sim *sim = j->context->sim;
	uint64_t line = UINT64_C(1) << sim->line_shift;

	for (target_addr_t at = first; at < end; at += line)
		if (sim->lines[(at - RAM_BASE) >> sim->line_shift] & LINE_DIRTY && writers_in(own, m, at, at + line))
			return true;
	return false;
}

/* All lines of the mapping, not its first only. */
static void judge_lines(const struct ownership *own, const struct judge *j, const struct mapping *m)
{
	const struct sim *sim = j->context->sim;
	uint64_t line = UINT64_C(1) << sim->line_shift;
	target_addr_t first = j->event->addr & ~(line - 1);
	target_addr_t end = (j->event->addr + j->event->size + line - 1) & ~(line - 1);
	unsigned writers = sim->lines ? writers_in(own, m, first, end) : 0;

	if (writers && !device_writes(m) && writes_back(own, j, m, first, end))
		tell(j, TITLE_CACHELINE_OVERLAP, "dma", "mapping", m,
		     "what the CPU stored for it is written back over lines that a device writes");
	if (writers <= OVERLAPS_MAX || !device_writes(m))
		return;
	for (target_addr_t at = first; at < end; at += line)
		if (writers_in(own, m, at, at + line) > OVERLAPS_MAX) {
			tell(j, TITLE_CACHELINE_OVERLAP, "dma", "line", m, "more than 7 mappings share a line with it");
			return;
		}
}

static void judge_reach(const struct ownership *own, const struct judge *j, const struct mapping *m)
{
	if (j->event->addr - RAM_BASE + j->event->size - 1 > own->mask)
		tell(j, TITLE_INVALID_MAPPING, "dma", "reach", m, "the device cannot address it");
}

static enum how how_of(const struct event *event)
{
	if (event->kind == EVENT_COHERENT)
		return COHERENT;
	if (event->kind == EVENT_DMA_SYNC || !event->text)
		return SINGLE;
	return strcmp(event->text, "sg") == 0 ? LIST : PAGE;
}

static void judge_segment(const struct ownership *own, const struct judge *j, const struct mapping *m)
{
	const struct event *event = j->event;
	uint64_t offset = event->addr - RAM_BASE;

	if (own->segment_max && event->size > own->segment_max)
		tell(j, TITLE_INVALID_MAPPING, "client", "segment", m, "the device takes shorter entries only");
	if (own->segment_boundary &&
	    offset / own->segment_boundary != (offset + event->size - 1) / own->segment_boundary)
		tell(j, TITLE_INVALID_MAPPING, "client", "boundary", m, "the device takes no entry across a boundary");
}

static void on_map(struct ownership *own, const struct judge *j)
{
	const struct event *event = j->event;
	struct mapping *m = slot_of(own, event->id);
	enum how how = how_of(event);

	if (!m || !event->size)
		return;
	if (!m->live || how != LIST || m->how != LIST || m->count == PIECES_MAX) {
		own->live += !m->live;
		*m = (struct mapping){.how = how, .live = true};
		m->direction = how == COHERENT ? DMA_BIDIRECTIONAL : (enum dma_direction)event->value;
	}
	m->pieces[m->count++] = (struct piece){event->addr, event->size};
	judge_reach(own, j, m);
	if (how == COHERENT)
		return;
	if (how == LIST)
		judge_segment(own, j, m);
	for (uint32_t i = 0; i < own->used_end; i++)
		if (own->mappings[i].how == COHERENT && touches(&own->mappings[i], event->addr, event->size))
			tell(j, TITLE_INVALID_MAPPING, "client", "coherent", m, "it is coherent memory already");
	judge_lines(own, j, m);
}

/* The error value, or an offset from it: RAM lies below 4 GiB. */
static bool is_error(target_addr_t addr)
{
	return addr >= UINT32_MAX;
}

/* The live mapping that an unmap or a sync speaks of, or NULL and a finding. */
static struct mapping *named(struct ownership *own, const struct judge *j)
{
	enum how how = how_of(j->event);
	struct mapping *m = slot_of(own, j->event->id);

	if (is_error(j->event->addr))
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "error", NULL, "the mapping had failed");
	else if (!m || !m->live)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "mapping", NULL, "it is not mapped");
	else if (m->how != how && (j->event->kind != EVENT_DMA_SYNC || m->how == COHERENT))
		tell(j, TITLE_UNMAP_MISMATCH, "client", "function", m, "another call made the mapping");
	else
		return m;
	return NULL;
}

static bool is_entry_of(const struct entries *entries, const struct event *event, uint32_t op)
{
	return event->id == entries->id && event->kind == entries->kind && op == entries->op;
}

static void count_entry(struct ownership *own, const struct judge *j)
{
	const struct sim *sim = j->context->sim;
	unsigned n = own->under_way_count;

	if (n && is_entry_of(&own->under_way[n - 1], j->event, sim->op)) {
		own->under_way[n - 1].seen++;
	} else if (n < ENTRIES_MAX) {
		own->under_way[n] = (struct entries){j->event->id, j->event->kind, 1, sim->op, sim->by};
		own->under_way_count++;
	}
}

/* A call that ended named all entries of its list, or as many as it should not have. */
static void end_entries(struct ownership *own, const struct oracle_context *context, struct findings *out)
{
	const struct entries *entries = &own->under_way[--own->under_way_count];
	struct mapping *m = &own->mappings[entries->id];

	if (entries->seen != m->count)
		finding_add(out, context, NAME, TITLE_UNMAP_MISMATCH, "client", "entries", entries->by,
			    "m%u: %u entries of a list that was mapped with %u", entries->id, entries->seen, m->count);
	if (entries->kind == EVENT_DMA_UNMAP && m->live) {
		m->live = false;
		own->live--;
	}
}

static bool has_piece(const struct mapping *m, const struct event *event, bool with_size)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->pieces[i].addr == event->addr && (!with_size || m->pieces[i].size == event->size))
			return true;
	return false;
}

static void on_unmap(struct ownership *own, const struct judge *j)
{
	const struct event *event = j->event;
	struct mapping *m = named(own, j);

	if (m && !has_piece(m, event, false))
		tell(j, TITLE_UNMAP_MISMATCH, "client", "address", m, "it begins elsewhere");
	else if (m && !has_piece(m, event, true))
		tell(j, TITLE_UNMAP_MISMATCH, "client", "size", m, "it has another size");
	if (m && m->how != COHERENT && m->direction != (enum dma_direction)event->value)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "direction", m, dma_direction_names[event->value & 3]);
	if (m && m->unchecked)
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "unchecked", m, "dma_mapping_error() was not asked");
	if (m && m->how == LIST) {
		count_entry(own, j);
		return;
	}
	m = slot_of(own, event->id);
	if (m && m->live) {
		m->live = false;
		own->live--;
	}
}

static void on_sync(struct ownership *own, const struct judge *j)
{
	const struct event *event = j->event;
	struct mapping *m = named(own, j);
	bool to_cpu = event->text && strcmp(event->text, "cpu") == 0;

	if (!m)
		return;
	if (!holds(m, event->addr, event->size))
		tell(j, TITLE_UNMAP_MISMATCH, "client", "range", m, "the sync reaches beyond the mapping");
	if (m->direction != DMA_BIDIRECTIONAL && m->direction != (enum dma_direction)event->value) {
		if (to_cpu && m->direction == DMA_TO_DEVICE)
			tell(j, TITLE_UNMAP_MISMATCH, "client", "read-only", m, "the device only reads it");
		else if (!to_cpu && m->direction == DMA_FROM_DEVICE)
			tell(j, TITLE_UNMAP_MISMATCH, "client", "write-only", m, "the device only writes it");
		else
			tell(j, TITLE_UNMAP_MISMATCH, "client", "direction", m, "the direction is another");
	}
	/* A sync of a part leaves the rest with its owner, and nobody else may touch the mapping meanwhile. */
	if (has_piece(m, event, true))
		m->cpu_owns = to_cpu;
	if (m->how == LIST)
		count_entry(own, j);
}

static const char *owner_of(const struct judge *j, target_addr_t addr)
{
	return virt_to_frame(j->context->sim, addr) == FRAME_NONE ? NULL : byte_owner_name(j->context, addr, NULL);
}

/* The first byte from addr on that is not mapped: what the device reaches there is somebody else's. */
static target_addr_t first_beyond(const struct mapping *m, target_addr_t addr)
{
	for (unsigned i = 0; i < m->count; i++)
		if (addr - m->pieces[i].addr < m->pieces[i].size)
			return m->pieces[i].addr + m->pieces[i].size;
	return addr;
}

/* A device does what its driver told it, so the driver is to blame, but for what its wires make of an address. */
static void on_device(struct ownership *own, const struct judge *j, bool writes)
{
	const struct oracle_context *context = j->context;
	const struct event *event = j->event;
	const struct mapping *m = slot_of(own, event->id);

	if (event->id == UINT32_MAX) /* what no DMA call was told of is no matter of the API */
		return;
	if (is_error(event->addr)) {
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "error", NULL, "the mapping had failed");
		return;
	}
	if (m && m->live && !holds(m, event->addr, event->size))
		tell(j, TITLE_OUT_OF_BOUNDS, own->mask == UINT64_MAX ? "client" : "dma",
		     owner_of(j, first_beyond(m, event->addr)), m, "the device reaches beyond its mapping");
	else if (!context->misuse && !context->damage) /* the executor keeps its device away, as it does the CPU */
		return;
	else if (!m || !m->live)
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, "client", owner_of(j, event->addr), m,
		     "the device has no mapping of it any more");
	else if (!context->misuse)
		return;
	else if (m->cpu_owns && m->how != COHERENT && writes)
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, "client", owner_of(j, event->addr), m, "the CPU owns it");
	else if (m->direction == (writes ? DMA_TO_DEVICE : DMA_FROM_DEVICE))
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, "client", "direction", m, "against its direction");
}

/* In worlds with misuse only; elsewhere the executor keeps owners away. */
static void on_cpu(struct ownership *own, const struct judge *j)
{
	const struct event *event = j->event;
	bool frees = event->kind == EVENT_OBJECT_FREE;

	for (uint32_t i = 0; own->live && i < own->used_end; i++) {
		struct mapping *m = &own->mappings[i];

		if (!touches(m, event->addr, event->size) || m->cpu_owns || m->orphan || m->how == COHERENT)
			continue;
		if (!frees || device_writes(m))
			finding_add(j->out, j->context, NAME, TITLE_DMA_USE_WITHOUT_SYNC, "client", "object",
				    j->context->sim->by, "o%u bytes %s: %s while the device owns m%u", event->id,
				    range_text(event->addr, event->size).text, frees ? "freed" : "touched", i);
		m->orphan = frees;
	}
}

static const char *region_of(target_addr_t addr)
{
	if (addr - KERNEL_TEXT_BASE < KERNEL_TEXT_SIZE)
		return "kernel-text";
	if (addr - KERNEL_STACK_BASE < KERNEL_STACK_SIZE)
		return "stack";
	return "vmalloc";
}

/* No mapping comes of it, so there is none to name. */
static void on_foreign(const struct judge *j)
{
	const char *region = region_of(j->event->addr);

	finding_add(j->out, j->context, NAME, TITLE_INVALID_MAPPING, "client", region, j->context->sim->by,
		    "%llu bytes of %s memory, which may not be mapped", (unsigned long long)j->event->size, region);
}

static void on_release(struct ownership *own, const struct judge *j)
{
	uint32_t i = 0;

	while (own->live && i < own->used_end && !own->mappings[i].live)
		i++;
	if (!own->live || i == own->used_end)
		return;
	finding_add(j->out, j->context, NAME, TITLE_LEAK, "client", "mapping", j->context->sim->by,
		    "the driver leaves %u mappings, one of them m%u bytes %s %s", own->live, i,
		    range_text(own->mappings[i].pieces[0].addr, own->mappings[i].pieces[0].size).text,
		    dma_direction_names[own->mappings[i].direction]);
}

static void on_driver(struct ownership *own, const struct judge *j)
{
	const char *what = j->event->text;
	struct mapping *m = slot_of(own, j->event->id);

	if (strcmp(what, "mask") == 0)
		own->mask = j->event->value;
	else if (strcmp(what, "released") == 0)
		on_release(own, j);
	else if (strcmp(what, "foreign") == 0)
		on_foreign(j);
	else if (strcmp(what, "unchecked") == 0 && m)
		m->unchecked = true;
	else if (strcmp(what, "segment-max") == 0)
		own->segment_max = j->event->value;
	else if (strcmp(what, "segment-boundary") == 0)
		own->segment_boundary = j->event->value;
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct judge j = {context, event, out};
	struct ownership *own = state;

	switch (event->kind) {
	case EVENT_OP_END:
		if (unlikely(own->under_way_count != 0) && own->under_way[own->under_way_count - 1].op == event->id)
			end_entries(own, context, out);
		break;
	case EVENT_DMA_MAP:
		on_map(own, &j);
		break;
	case EVENT_DMA_UNMAP:
		on_unmap(own, &j);
		break;
	case EVENT_DMA_SYNC:
		on_sync(own, &j);
		break;
	case EVENT_COHERENT:
		if (strcmp(event->text, "alloc") == 0)
			on_map(own, &j);
		else if (strcmp(event->text, "free") == 0)
			on_unmap(own, &j);
		break;
	case EVENT_DEVICE_WRITE:
	case EVENT_DEVICE_READ:
		on_device(own, &j, event->kind == EVENT_DEVICE_WRITE);
		break;
	case EVENT_DMA_DRIVER:
		on_driver(own, &j);
		break;
	default:
		on_cpu(own, &j);
		break;
	}
}

static void end(void *state, const struct oracle_context *context, struct findings *out)
{
	struct ownership *own = state;

	while (own->under_way_count)
		end_entries(own, context, out);
}

const struct oracle oracle_dma_ownership = {
	.name = NAME,
	.invariant = "Mappings are undone as they were made, and only their owner of the moment touches them.",
	.state_size = sizeof(struct ownership),
	.wants = EVENT_BIT(OP_END) | EVENT_BIT(DMA_MAP) | EVENT_BIT(DMA_UNMAP) | EVENT_BIT(DMA_SYNC) |
		 EVENT_BIT(COHERENT) | EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(DEVICE_READ) | EVENT_BIT(DMA_DRIVER),
	.wants_in_misuse = EVENT_BIT(OBJECT_WRITE) | EVENT_BIT(OBJECT_READ) | EVENT_BIT(OBJECT_FREE),
	.begin = begin,
	.observe = observe,
	.end = end,
};
