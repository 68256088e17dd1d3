/* SPDX-License-Identifier: MIT */
/*
 * dma_pool (FACTS 4.1): small blocks of coherent memory of one size and alignment, none of which crosses a multiple of
 * the boundary.  Free blocks are counted out of band.  Under debugging free blocks hold 0xa7, new ones 0xa9.
 */
#ifndef SLABFUZZ_BACKENDS_DMA_POOL_H
#define SLABFUZZ_BACKENDS_DMA_POOL_H

#include "backends/coherent.h"

enum {
	POOL_FREED = 0xa7,
	POOL_ALLOCATED = 0xa9,
	POOL_AREAS_MAX = 8,
	POOL_BLOCK_MIN = 8,
	POOL_BLOCKS_MAX = PAGE_SIZE / POOL_BLOCK_MIN, /* of an area */
};

struct dma_pool {
	uint64_t size, boundary; /* bytes; size is a multiple of the alignment */
	uint64_t area_size;      /* bytes of coherent memory taken at once */
	uint32_t per_area;       /* blocks */
	bool debug;
	unsigned area_count;
	struct {
		struct coherent_area area; /* kind COHERENT_NONE: given back */
		uint8_t used[POOL_BLOCKS_MAX / 8];
	} areas[POOL_AREAS_MAX];
};

/* False if the sizes make no sense: size 0 or beyond the boundary, which is 0 (none) or a power of two. */
bool dma_pool_init(struct dma_pool *pool, uint64_t size, uint64_t align, uint64_t boundary, bool debug);
/* A block as coherent memory of its own: emits COHERENT "alloc".  False if there is no memory, or no room for more. */
bool dma_pool_take(struct sim *sim, uint32_t id, struct dma_pool *pool, const struct coherent_kmalloc *kmalloc,
		   gfp_t gfp, struct coherent_area *block);
/* Emits COHERENT "free" on entry; a block that is not the pool's or free already is reported, with debugging. */
void dma_pool_give(struct sim *sim, uint32_t id, struct dma_pool *pool, const struct coherent_area *block);
/* Gives all areas back; those with blocks in use are reported and kept. */
void dma_pool_exit(struct sim *sim, struct dma_pool *pool, const struct coherent_kmalloc *kmalloc);

#endif
