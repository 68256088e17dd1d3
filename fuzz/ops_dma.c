/* SPDX-License-Identifier: MIT */
/* Ops on cache lines, DMA mappings and the bus master, with the legal-use rules of DMA-API.txt (FACTS 4.1). */
#include "backends/cache.h"
#include "fuzz/execute.h"

typedef void cache_op(struct sim *sim, target_addr_t addr, uint64_t size);

static enum op_result cache_range(struct executor *x, const struct op *op, cache_op *fn)
{
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (!addr || !length)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]) && op->arg[1] < size && length <= size - op->arg[1]);
	fn(x->sim, addr + op->arg[1], length);
	return RESULT_OK;
}

enum op_result run_cache_clean(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_clean);
}

/* Dropping dirty lines loses stores by definition, so legal use has none. */
enum op_result run_cache_invalidate(struct executor *x, const struct op *op)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	REQUIRE(x, !cache_dirty(x->sim, addr + op->arg[1], size_value(x, op->arg[2])));
	return cache_range(x, op, cache_invalidate);
}

enum op_result run_cache_flush(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_flush);
}

enum op_result run_cache_evict(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_evict);
}

enum op_result run_cache_prefetch(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_prefetch);
}

static struct object *object_of(struct executor *x, uint32_t memory)
{
	return memory & HANDLE_OTHER ? NULL : live_object(x, memory);
}

/* Strict: no line is partly inside, but at the end of the object, whose slack is its own. */
static bool whole_lines(struct executor *x, uint64_t offset, uint64_t length, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << x->sim->line_shift) - 1;

	return !(offset & mask) && (!(length & mask) || offset + length == size);
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
		return !x->pages[memory & ~HANDLE_OTHER].object && x->pages[memory & ~HANDLE_OTHER].mappings == 0;
	if (o->mapping)
		return false;
	if (!o->kmem_cache || (o->kmem_cache & BOOT_CACHE))
		return true;
	c = &x->caches[o->kmem_cache - 1];
	return ((c->flags & SLAB_HWCACHE_ALIGN) || c->align) && c->align % line == 0 && c->size % line == 0;
}

/*
 * Through a page of an object the era's drivers mapped the object's bytes.  Once it is gone, the holder of a reference
 * may let the device read on: that is what references were thought to be for (C33).
 */
static bool may_map_page(struct executor *x, uint32_t memory, target_addr_t addr, uint64_t length, unsigned direction)
{
	const struct page_handle *p = memory & HANDLE_OTHER ? &x->pages[memory & ~HANDLE_OTHER] : NULL;
	const struct object *o;

	if (!p || !p->object)
		return true;
	o = &x->objects[p->object - 1];
	if (addr < o->addr || length > o->addr + o->size - addr)
		return false;
	return o->state == OBJECT_LIVE || direction == DMA_TO_DEVICE;
}

static void count_mapping(struct executor *x, uint32_t memory, uint32_t handle, bool live)
{
	struct object *o = object_of(x, memory);

	if (memory & HANDLE_OTHER)
		x->pages[memory & ~HANDLE_OTHER].mappings += live ? 1 : UINT32_MAX;
	else if (o)
		o->mapping = live ? handle + 1 : 0;
	/* Another mapping of the same object may still be live (C49). */
	for (uint32_t i = 0; o && !live && i < x->count[YIELDS_MAPPING]; i++)
		if (x->mappings[i].live && x->mappings[i].memory == memory)
			o->mapping = i + 1;
}

enum op_result run_dma_map(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[x->yield];
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);
	enum dma_direction direction = (enum dma_direction)op->arg[3];

	if (!addr || !length)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]) && op->arg[1] < size && length <= size - op->arg[1]);
	REQUIRE(x, may_map_page(x, op->arg[0], addr + op->arg[1], length, direction));
	REQUIRE(x, direction != DMA_NONE && !device_owns(x, addr + op->arg[1], length));
	REQUIRE(x, x->world->config.dma_era ||
			   (may_map_strictly(x, op->arg[0]) && whole_lines(x, op->arg[1], length, size)));
	REQUIRE(x, !(op->arg[0] & HANDLE_OTHER) || page_may_be_mapped(x, &x->pages[op->arg[0] & ~HANDLE_OTHER]));
	m->dma = dma_map_single(x->sim, x->yield, addr + op->arg[1], length, direction);
	if (m->dma == DMA_MAPPING_ERROR)
		return RESULT_FAILED;
	m->size = length;
	m->direction = (uint8_t)direction;
	m->memory = op->arg[0];
	m->live = true;
	if ((m->memory & HANDLE_OTHER) && direction != DMA_TO_DEVICE)
		x->pages[m->memory & ~HANDLE_OTHER].stored |= STORED_BY_KERNEL;
	count_mapping(x, m->memory, x->yield, true);
	return RESULT_OK;
}

static struct mapping_handle *live_mapping(struct executor *x, uint32_t handle)
{
	return handle < x->count[YIELDS_MAPPING] && x->mappings[handle].live ? &x->mappings[handle] : NULL;
}

enum op_result run_dma_unmap(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m)
		return RESULT_SKIP;
	dma_unmap_single(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction);
	m->live = false;
	count_mapping(x, m->memory, op->arg[0], false);
	return RESULT_OK;
}

enum op_result run_dma_sync_for_cpu(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, !m->cpu_owns);
	dma_sync_single_for_cpu(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction);
	m->cpu_owns = true;
	return RESULT_OK;
}

enum op_result run_dma_sync_for_device(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, m->cpu_owns);
	dma_sync_single_for_device(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction);
	m->cpu_owns = false;
	return RESULT_OK;
}

static enum op_result device_range(struct executor *x, const struct op *op, enum dma_direction forbidden)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);
	uint64_t length = size_value(x, op->arg[2]);

	if (!m || !length)
		return RESULT_SKIP;
	REQUIRE(x, op->arg[1] < m->size && length <= m->size - op->arg[1]);
	REQUIRE(x, !m->cpu_owns && m->direction != forbidden);
	return RESULT_OK;
}

enum op_result run_device_write(struct executor *x, const struct op *op)
{
	enum op_result result = device_range(x, op, DMA_TO_DEVICE);

	if (result == RESULT_OK)
		device_write(x->sim, op->arg[0], x->mappings[op->arg[0]].dma + op->arg[1], size_value(x, op->arg[2]),
			     (uint8_t)op->arg[3]);
	return result;
}

enum op_result run_device_read(struct executor *x, const struct op *op)
{
	enum op_result result = device_range(x, op, DMA_FROM_DEVICE);

	if (result == RESULT_OK)
		device_read(x->sim, op->arg[0], x->mappings[op->arg[0]].dma + op->arg[1], size_value(x, op->arg[2]));
	return result;
}
