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

enum { MAPPINGS_MAX = 512, OVERLAPS_MAX = 7 };

struct mapping {
	target_addr_t addr;
	uint64_t size;
	enum dma_direction direction;
	bool live, coherent, unchecked, cpu_owns;
	bool orphan; /* its memory was freed */
};

struct ownership {
	uint64_t mask;     /* highest address that the device reaches, from the start of RAM */
	uint32_t used_end; /* mappings from here on are zero */
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
}

/* A finding about the mapping of the event; `why` is its one sentence. */
static struct finding *tell(const struct judge *j, enum title title, const char *culprit, const char *victim,
			    const struct mapping *m, const char *why)
{
	struct finding *finding =
		finding_add(j->out, j->context, NAME, title, culprit, victim, j->context->sim->by, "m%u bytes %s: %s",
			    j->event->id, range_text(j->event->addr, j->event->size).text, why);

	if (m && m->size)
		finding_detail(finding, "mapped: bytes %s %s", range_text(m->addr, m->size).text,
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
	return addr >= m->addr && addr - m->addr < m->size && size <= m->addr + m->size - addr;
}

static bool touches(const struct mapping *m, target_addr_t addr, uint64_t size)
{
	return m->live && addr < m->addr + m->size && m->addr < addr + size;
}

/* Live mappings, other than m, that a device writes in the lines [first, end). */
static unsigned writers_in(const struct ownership *own, const struct mapping *m, target_addr_t first, target_addr_t end)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < own->used_end; i++) {
		const struct mapping *other = &own->mappings[i];

		count += other != m && !other->coherent && device_writes(other) && touches(other, first, end - first);
	}
	return count;
}

/* All lines of the mapping, not its first only. */
static void judge_lines(const struct ownership *own, const struct judge *j, const struct mapping *m)
{
	const struct sim *sim = j->context->sim;
	uint64_t line = UINT64_C(1) << sim->line_shift;
	target_addr_t first = m->addr & ~(line - 1), end = (m->addr + m->size + line - 1) & ~(line - 1);
	unsigned writers = sim->lines ? writers_in(own, m, first, end) : 0;

	if (writers && !device_writes(m))
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
	if (m->addr - RAM_BASE + m->size - 1 > own->mask)
		tell(j, TITLE_INVALID_MAPPING, "dma", "reach", m, "the device cannot address it");
}

static void on_map(struct ownership *own, const struct judge *j, bool coherent)
{
	const struct event *event = j->event;
	struct mapping *m = slot_of(own, event->id);

	if (!m || !event->size)
		return;
	*m = (struct mapping){.addr = event->addr,
			      .size = event->size,
			      .direction = coherent ? DMA_BIDIRECTIONAL : (enum dma_direction)event->value,
			      .live = true,
			      .coherent = coherent};
	own->live++;
	judge_reach(own, j, m);
	if (coherent)
		return;
	for (uint32_t i = 0; i < own->used_end; i++)
		if (own->mappings[i].coherent && touches(&own->mappings[i], event->addr, event->size))
			tell(j, TITLE_INVALID_MAPPING, "client", "coherent", m, "it is coherent memory already");
	judge_lines(own, j, m);
}

/* The error value, or an offset from it: RAM lies below 4 GiB. */
static bool is_error(target_addr_t addr)
{
	return addr >= UINT32_MAX;
}

/* The live mapping that an unmap or a sync speaks of, or NULL and a finding. */
static struct mapping *named(struct ownership *own, const struct judge *j, bool coherent)
{
	struct mapping *m = slot_of(own, j->event->id);

	if (is_error(j->event->addr))
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "error", NULL, "the mapping had failed");
	else if (!m || !m->live)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "mapping", NULL, "it is not mapped");
	else if (m->coherent != coherent)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "function", m, "another call made the mapping");
	else
		return m;
	return NULL;
}

static void on_unmap(struct ownership *own, const struct judge *j, bool coherent)
{
	const struct event *event = j->event;
	struct mapping *m = named(own, j, coherent);

	if (m && m->addr != event->addr)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "address", m, "it begins elsewhere");
	if (m && m->size != event->size)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "size", m, "it has another size");
	if (m && !coherent && m->direction != (enum dma_direction)event->value)
		tell(j, TITLE_UNMAP_MISMATCH, "client", "direction", m, dma_direction_names[event->value & 3]);
	if (m && m->unchecked)
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "unchecked", m, "dma_mapping_error() was not asked");
	m = slot_of(own, event->id);
	if (m && m->live) {
		m->live = false;
		own->live--;
	}
}

static void on_sync(struct ownership *own, const struct judge *j)
{
	const struct event *event = j->event;
	struct mapping *m = named(own, j, false);
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
	if (m->addr == event->addr && m->size == event->size)
		m->cpu_owns = to_cpu;
}

/* A device does what its driver told it, so the driver is to blame, but for what its wires make of an address. */
static void on_device(struct ownership *own, const struct judge *j, bool writes)
{
	const struct oracle_context *context = j->context;
	const struct event *event = j->event;
	const struct mapping *m = slot_of(own, event->id);
	const char *owner = NULL;

	if (is_error(event->addr)) {
		tell(j, TITLE_UNCHECKED_MAPPING_ERROR, "client", "error", NULL, "the mapping had failed");
		return;
	}
	if (virt_to_frame(context->sim, event->addr) != FRAME_NONE)
		owner = byte_owner_name(context, event->addr, NULL);
	if (!m || !m->live)
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, "client", owner, m, "the device has no mapping of it any more");
	else if (!holds(m, event->addr, event->size))
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, own->mask == UINT64_MAX ? "client" : "dma", owner, m,
		     "the device reaches beyond its mapping");
	else if (m->cpu_owns && !m->coherent && writes)
		tell(j, TITLE_DMA_USE_WITHOUT_SYNC, "client", owner, m, "the CPU owns it");
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

		if (!touches(m, event->addr, event->size) || m->cpu_owns || m->orphan || m->coherent)
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

static void on_release(struct ownership *own, const struct judge *j)
{
	uint32_t i = 0;

	while (own->live && i < own->used_end && !own->mappings[i].live)
		i++;
	if (!own->live || i == own->used_end)
		return;
	finding_add(j->out, j->context, NAME, TITLE_LEAK, "client", "mapping", j->context->sim->by,
		    "the driver leaves %u mappings, one of them m%u bytes %s %s", own->live, i,
		    range_text(own->mappings[i].addr, own->mappings[i].size).text,
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
		tell(j, TITLE_INVALID_MAPPING, "client", region_of(j->event->addr), NULL, "it may not be mapped");
	else if (strcmp(what, "unchecked") == 0 && m)
		m->unchecked = true;
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct judge j = {context, event, out};

	switch (event->kind) {
	case EVENT_DMA_MAP:
		on_map(state, &j, false);
		break;
	case EVENT_DMA_UNMAP:
		on_unmap(state, &j, false);
		break;
	case EVENT_DMA_SYNC:
		on_sync(state, &j);
		break;
	case EVENT_COHERENT:
		if (strcmp(event->text, "alloc") == 0)
			on_map(state, &j, true);
		else if (strcmp(event->text, "free") == 0)
			on_unmap(state, &j, true);
		break;
	case EVENT_DEVICE_WRITE:
	case EVENT_DEVICE_READ:
		on_device(state, &j, event->kind == EVENT_DEVICE_WRITE);
		break;
	case EVENT_DMA_DRIVER:
		on_driver(state, &j);
		break;
	default:
		on_cpu(state, &j);
		break;
	}
}

const struct oracle oracle_dma_ownership = {
	.name = NAME,
	.invariant = "Mappings are undone as they were made, and only their owner of the moment touches them.",
	.state_size = sizeof(struct ownership),
	.wants = EVENT_BIT(DMA_MAP) | EVENT_BIT(DMA_UNMAP) | EVENT_BIT(DMA_SYNC) | EVENT_BIT(COHERENT) |
		 EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(DEVICE_READ) | EVENT_BIT(DMA_DRIVER),
	.wants_in_misuse = EVENT_BIT(OBJECT_WRITE) | EVENT_BIT(OBJECT_READ) | EVENT_BIT(OBJECT_FREE),
	.begin = begin,
	.observe = observe,
};
