/* SPDX-License-Identifier: MIT */
/* DMA mappings as the executor knows them, and the legal-use rules of DMA-API.txt (FACTS 4.1). */
#include "fuzz/execute.h"

unsigned mapping_pieces(const struct executor *x, const struct mapping_handle *m)
{
	invariant(m->how != MAPPED_SG || m->sg < x->count[YIELDS_SG]);
	return m->how == MAPPED_SG ? x->lists[m->sg].count : 1;
}

struct sg_entry mapping_piece(const struct executor *x, const struct mapping_handle *m, unsigned i)
{
	if (m->how == MAPPED_SG) {
		invariant(m->sg < x->count[YIELDS_SG] && i < x->lists[m->sg].count);
		return x->lists[m->sg].entries[i];
	}
	invariant(i == 0);
	return (struct sg_entry){m->dma, m->size, m->memory};
}

struct mapping_handle *live_mapping(struct executor *x, uint32_t handle)
{
	struct mapping_handle *m = handle < x->count[YIELDS_MAPPING] ? &x->mappings[handle] : NULL;

	return m && m->live && !m->busy ? m : NULL;
}

const struct page_handle *page_of_object(const struct executor *x, uint32_t memory)
{
	const struct page_handle *p;

	if (memory == HANDLE_NONE || !(memory & HANDLE_OTHER))
		return NULL;
	invariant((memory & ~HANDLE_OTHER) < x->count[YIELDS_PAGE]);
	p = &x->pages[memory & ~HANDLE_OTHER];
	return p->object ? p : NULL;
}

/* A page reference let the mapping outlive its object: the next owner of the bytes knows nothing of it (C33). */
static bool is_stale(const struct executor *x, uint32_t memory)
{
	const struct page_handle *p = page_of_object(x, memory);

	invariant(!p || p->object <= x->count[YIELDS_OBJECT]);
	return p && x->objects[p->object - 1].state == OBJECT_FREED;
}

/* A range sync gives the cpu some of the bytes. */
static bool cpu_has(const struct mapping_handle *m, target_addr_t addr, uint64_t size)
{
	if (!m->cpu_owns)
		return false;
	return m->how == MAPPED_SG || (addr >= m->dma + m->cpu_from && addr + size <= m->dma + m->cpu_until);
}

static bool device_owns_piece(const struct executor *x, const struct mapping_handle *m, struct sg_entry piece,
			      target_addr_t addr, uint64_t size)
{
	target_addr_t end = addr + size < piece.addr + piece.size ? addr + size : piece.addr + piece.size;

	if (addr < piece.addr)
		addr = piece.addr;
	return addr < end && !cpu_has(m, addr, end - addr) && !is_stale(x, piece.memory);
}

bool device_owns(struct executor *x, target_addr_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++) {
		const struct mapping_handle *m = &x->mappings[i];

		for (unsigned n = 0; m->live && n < mapping_pieces(x, m); n++)
			if (device_owns_piece(x, m, mapping_piece(x, m, n), addr, size))
				return true;
	}
	return false;
}

bool cpu_has_synced(struct executor *x, target_addr_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++)
		if (x->mappings[i].live && x->mappings[i].how != MAPPED_SG && cpu_has(&x->mappings[i], addr, size))
			return true;
	return false;
}

bool memory_range(struct executor *x, uint32_t memory, uint64_t offset, uint64_t length)
{
	uint64_t size;

	memory_address(x, memory, &size);
	return memory_is_live(x, memory) && offset < size && length <= size - offset;
}

static struct object *object_of(struct executor *x, uint32_t memory)
{
	return memory & HANDLE_OTHER ? NULL : live_object(x, memory);
}

bool whole_lines(const struct executor *x, uint64_t offset, uint64_t length, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << x->sim->line_shift) - 1;

	return !(offset & mask) && (!(length & mask) || offset + length == size);
}

/* Bounced by its size alone: a part of a buffer whose own size is not of whole lines would not be (FACTS 4.4). */
static bool tells_its_size(const struct executor *x, uint64_t offset, uint64_t length, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << x->sim->line_shift) - 1;

	return !sim_kmalloc_bounces(x->sim) || !(size & mask) || (!offset && length == size);
}

/*
 * Strict: kmalloc memory, or a kmem_cache whose align (HWCACHE_ALIGN is one) and size are multiples of the line; one
 * mapping per object.
 */
static bool may_map_strictly(struct executor *x, uint32_t memory)
{
	const struct object *o = object_of(x, memory);
	uint64_t line = UINT64_C(1) << x->sim->line_shift;
	const struct kmem_cache_handle *c;

	if (!o)
		return !page_named(x, memory)->object && page_named(x, memory)->mappings == 0;
	if (o->mapping)
		return false;
	/* Lines are shared by chunks of a page only. */
	if (o->origin.kind == ORIGIN_PAGES)
		return o->addr % line == 0 && (o->size % line == 0 || !io_buffer_is_chunk(x, o));
	c = created_home(x, o);
	if (!c)
		return true;
	return ((c->flags & SLAB_HWCACHE_ALIGN) || c->align) && c->align % line == 0 && c->size % line == 0;
}

/*
 * Through a page of an object the era's drivers mapped the object's bytes.  Once it is gone, the holder of a reference
 * may let the device read on: that is what references were thought to be for (C33).
 */
static bool may_map_page(struct executor *x, uint32_t memory, target_addr_t addr, uint64_t length, unsigned direction)
{
	const struct page_handle *p = page_of_object(x, memory);
	const struct object *o;

	if (!p)
		return true;
	o = &x->objects[p->object - 1];
	if (addr < o->addr || length > o->addr + o->size - addr)
		return false;
	return o->state == OBJECT_LIVE || direction == DMA_TO_DEVICE;
}

bool may_map(struct executor *x, uint32_t memory, uint64_t offset, uint64_t length, enum dma_direction direction)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, memory, &size);

	invariant(direction < DMA_DIRECTION_COUNT);
	if (!memory_range(x, memory, offset, length) || direction == DMA_NONE)
		return false;
	if (!may_map_page(x, memory, addr + offset, length, direction) || device_owns(x, addr + offset, length))
		return false;
	if ((memory & HANDLE_OTHER) && !page_may_be_mapped(x, page_named(x, memory)))
		return false;
	return x->world->config.dma_era || (may_map_strictly(x, memory) && whole_lines(x, offset, length, size) &&
					    tells_its_size(x, offset, length, size));
}

/* Handle + 1 of a live mapping that uses that memory, 0 if none: another of the same object may still live (C49). */
static uint32_t mapping_of(const struct executor *x, uint32_t memory)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++) {
		const struct mapping_handle *m = &x->mappings[i];

		for (unsigned n = 0; m->live && n < mapping_pieces(x, m); n++)
			if (mapping_piece(x, m, n).memory == memory)
				found = i + 1;
	}
	return found;
}

void count_mapping(struct executor *x, uint32_t handle, bool live)
{
	struct mapping_handle *m = &x->mappings[handle];

	invariant(handle < x->count[YIELDS_MAPPING] && m->live != live);
	m->live = live;
	for (unsigned n = 0; n < mapping_pieces(x, m); n++) {
		uint32_t memory = mapping_piece(x, m, n).memory;
		struct object *o = object_of(x, memory);

		if (memory & HANDLE_OTHER) {
			struct page_handle *p = page_named(x, memory);

			invariant(live || p->mappings);
			p->mappings += live ? 1 : UINT32_MAX;
			if (m->direction != DMA_TO_DEVICE)
				p->stored |= STORED_BY_KERNEL;
		} else if (o) {
			o->mapping = live ? handle + 1 : mapping_of(x, memory);
		}
	}
	if (m->how == MAPPED_SG) {
		invariant(live || x->lists[m->sg].mappings);
		x->lists[m->sg].mappings += live ? 1 : UINT32_MAX;
	}
}

/* The mapping holds memory whose owner gave it back: of an object that is freed, maybe under a page that is held. */
static bool is_of_freed(const struct executor *x, const struct mapping_handle *m)
{
	uint32_t memory = mapping_piece(x, m, 0).memory;

	return is_stale(x, memory) ||
	       (memory != HANDLE_NONE && !(memory & HANDLE_OTHER) && x->objects[memory].state == OBJECT_FREED);
}

/* Some of its bytes have another owner now: a live object that came later. */
static bool is_reused(const struct executor *x, const struct mapping_handle *m)
{
	struct sg_entry piece = mapping_piece(x, m, 0);

	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		const struct object *o = &x->objects[i];

		if (o->state == OBJECT_LIVE && o->addr < piece.addr + piece.size && piece.addr < o->addr + o->size)
			return true;
	}
	return false;
}

void client_shape(const struct executor *x, struct shape *shape)
{
	unsigned mappings = 0, of_freed = 0, reused = 0, held = 0;

	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++) {
		if (!x->mappings[i].live)
			continue;
		mappings++;
		if (is_of_freed(x, &x->mappings[i])) {
			of_freed++;
			reused += is_reused(x, &x->mappings[i]);
		}
	}
	for (uint32_t i = 0; i < x->count[YIELDS_PAGE]; i++)
		held += x->pages[i].object && x->pages[i].extra_references;
	shape_add(shape, SHAPE_CLIENT, mappings, of_freed, held);
	if (of_freed)
		shape_add(shape, SHAPE_REUSED, of_freed, reused, held);
}
