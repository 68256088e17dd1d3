/* SPDX-License-Identifier: MIT */
/* dma_pool on top of coherent memory: a bitmap per area, first fit. */
#include "backends/dma_pool.h"

static uint64_t round_up(uint64_t size, uint64_t align)
{
	return (size + align - 1) / align * align;
}

/* Blocks that fit between two multiples of the boundary; 0 = there is none. */
static uint64_t per_boundary(const struct dma_pool *pool)
{
	return pool->boundary && pool->boundary < pool->area_size ? pool->boundary / pool->size : 0;
}

bool dma_pool_init(struct dma_pool *pool, uint64_t size, uint64_t align, uint64_t boundary, bool debug)
{
	uint64_t per;

	if (!size || size > PAGE_SIZE << (MAX_ORDER - 1))
		return false;
	if (size < POOL_BLOCK_MIN)
		size = POOL_BLOCK_MIN;
	size = round_up(size, align ? align : 1);
	if (boundary && boundary < size)
		return false;
	*pool = (struct dma_pool){.size = size, .boundary = boundary, .debug = debug};
	pool->area_size = size > PAGE_SIZE ? size : PAGE_SIZE;
	per = per_boundary(pool);
	pool->per_area = (uint32_t)(per && boundary ? per * (pool->area_size / boundary) : pool->area_size / size);
	return true;
}

static uint64_t block_offset(const struct dma_pool *pool, uint32_t block)
{
	uint64_t per = per_boundary(pool);

	return per ? block / per * pool->boundary + block % per * pool->size : block * pool->size;
}

/* Index of the block that begins there, or per_area. */
static uint32_t block_at(const struct dma_pool *pool, uint64_t offset)
{
	uint32_t block = 0;

	while (block < pool->per_area && block_offset(pool, block) != offset)
		block++;
	return block;
}

/* Another area of free blocks; its index, or POOL_AREAS_MAX.  Others may use the pool while memory is got. */
static unsigned grow(struct sim *sim, struct dma_pool *pool, const struct coherent_kmalloc *kmalloc, gfp_t gfp)
{
	struct coherent_area area;
	unsigned i;

	if (pool->area_count == POOL_AREAS_MAX ||
	    should_fail(sim, FAULT_pool_refill, .size = (uint32_t)pool->size, .gfp = gfp) ||
	    !coherent_take(sim, kmalloc, pool->area_size, gfp, &area))
		return POOL_AREAS_MAX;
	i = pool->area_count;
	if (i == POOL_AREAS_MAX) {
		coherent_give(sim, kmalloc, &area);
		return POOL_AREAS_MAX;
	}
	pool->areas[i].area = area;
	invariant(pool->per_area && pool->per_area <= sizeof(pool->areas[i].used) * 8);
	if (pool->debug)
		coherent_fill(sim, &pool->areas[i].area, 0, pool->area_size, POOL_FREED);
	memset(pool->areas[i].used, 0, sizeof(pool->areas[i].used));
	return pool->area_count++;
}

static uint32_t free_block_of(const struct dma_pool *pool, unsigned i)
{
	uint32_t block = 0;

	while (block < pool->per_area && pool->areas[i].used[block / 8] >> block % 8 & 1)
		block++;
	return block;
}

static void hand_out(struct sim *sim, struct dma_pool *pool, unsigned i, uint32_t block, struct coherent_area *out)
{
	uint64_t offset = block_offset(pool, block);

	invariant(i < POOL_AREAS_MAX && block < pool->per_area && !(pool->areas[i].used[block / 8] >> block % 8 & 1));
	pool->areas[i].used[block / 8] |= (uint8_t)(1 << block % 8);
	*out = pool->areas[i].area;
	out->cpu += offset;
	out->dma += offset;
	out->size = pool->size;
	if (pool->debug)
		coherent_fill(sim, out, 0, pool->size, POOL_ALLOCATED);
}

bool dma_pool_take(struct sim *sim, uint32_t id, struct dma_pool *pool, const struct coherent_kmalloc *kmalloc,
		   gfp_t gfp, struct coherent_area *block)
{
	unsigned i = 0;

	while (i < pool->area_count && free_block_of(pool, i) == pool->per_area)
		i++;
	if (i == pool->area_count)
		i = grow(sim, pool, kmalloc, gfp);
	if (i == POOL_AREAS_MAX)
		return false;
	hand_out(sim, pool, i, free_block_of(pool, i), block);
	coherent_tell(sim, id, block, "alloc", coherent_flags(block) | COHERENT_PIECE);
	return true;
}

static void report(struct sim *sim, const char *text)
{
	struct event event = {.kind = EVENT_REPORT, .text = text};

	sim_emit(sim, &event);
}

/* Area of a block, or area_count. */
static unsigned area_of(const struct dma_pool *pool, uint64_t dma)
{
	unsigned i = 0;

	while (i < pool->area_count && dma - pool->areas[i].area.dma >= pool->area_size)
		i++;
	return i;
}

void dma_pool_give(struct sim *sim, uint32_t id, struct dma_pool *pool, const struct coherent_area *block)
{
	unsigned i = area_of(pool, block->dma);
	uint32_t index = pool->per_area;

	coherent_tell(sim, id, block, "free", coherent_flags(block) | COHERENT_PIECE);
	if (i < pool->area_count)
		index = block_at(pool, block->dma - pool->areas[i].area.dma);
	if (index == pool->per_area) {
		report(sim, "dma_pool_free: the address is outside of the pool");
		return;
	}
	if (pool->debug && !(pool->areas[i].used[index / 8] >> index % 8 & 1)) {
		report(sim, "dma_pool_free: dma address already free");
		return;
	}
	pool->areas[i].used[index / 8] &= (uint8_t) ~(1 << index % 8);
	if (pool->debug)
		coherent_fill(sim, block, 0, pool->size, POOL_FREED);
}

static bool is_busy(const struct dma_pool *pool, unsigned i)
{
	for (uint32_t block = 0; block < pool->per_area; block++)
		if (pool->areas[i].used[block / 8] >> block % 8 & 1)
			return true;
	return false;
}

void dma_pool_exit(struct sim *sim, struct dma_pool *pool, const struct coherent_kmalloc *kmalloc)
{
	invariant(pool->area_count <= POOL_AREAS_MAX);
	for (unsigned i = 0; i < pool->area_count; i++) {
		if (is_busy(pool, i))
			report(sim, "dma_pool_destroy: pool still has objects");
		else
			coherent_give(sim, kmalloc, &pool->areas[i].area);
	}
	pool->area_count = 0;
}
