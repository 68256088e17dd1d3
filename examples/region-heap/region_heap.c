/* SPDX-License-Identifier: MIT */
/*
 * A first-fit heap as an embedded project has one: blocks behind 16-byte headers, split on alloc, merged on free.  It
 * knows nothing of slabfuzz; the adapter is the end of the file.  Two bugs are left in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
	uint32_t size;   /* payload bytes, a multiple of 16 */
	uint32_t before; /* payload bytes of the block in front, if `first` is not this one */
	uint32_t used;
	uint32_t unused;
};

struct heap {
	struct block *first;
	uintptr_t end;
};

static struct block *at(uintptr_t address)
{
	return (struct block *)address;
}

static struct block *next_of(const struct block *block)
{
	return at((uintptr_t)(block + 1) + block->size);
}

static bool inside(const struct heap *heap, const struct block *block)
{
	return (uintptr_t)block < heap->end;
}

static void heap_init(struct heap *heap, uintptr_t base, size_t size)
{
	heap->first = at(base);
	heap->end = base + size;
	*heap->first = (struct block){.size = (uint32_t)(size - sizeof(struct block))};
}

/* Leaves `size` bytes in the block and makes a free one of the rest. */
static void split(struct block *block, uint32_t size)
{
	struct block *rest;

	if (block->size < size + 2 * sizeof(struct block))
		return;
	rest = at((uintptr_t)(block + 1) + size);
	*rest = (struct block){.size = block->size - size - (uint32_t)sizeof(struct block), .before = size};
	block->size = size;
}

static void *heap_alloc(struct heap *heap, size_t bytes)
{
	uint32_t size = (uint32_t)((bytes + 15) & ~(size_t)15);

	for (struct block *block = heap->first; inside(heap, block); block = next_of(block)) {
		if (block->used || block->size < size)
			continue;
		split(block, size);
		block->used = 1;
		return block + 1;
	}
	return NULL;
}

/* `block` takes in the block behind it. */
static void merge(const struct heap *heap, struct block *block, const struct block *behind)
{
	block->size += (uint32_t)sizeof(struct block) + behind->size;
	if (inside(heap, next_of(block)))
		next_of(block)->before = block->size;
}

static void heap_free(struct heap *heap, void *memory)
{
	struct block *block = (struct block *)memory - 1, *behind, *front;

	block->used = 0;
	behind = next_of(block);
	if (inside(heap, behind) && !behind->used)
		merge(heap, block, behind);
	if (block == heap->first)
		return;
	front = at((uintptr_t)(block - 1) - block->before);
	if (!front->used)
		merge(heap, front, block);
}

/* The adapter: three functions and the contract. */
#include "allocators/allocator.h"

static bool region_init(struct allocator *a, const struct memory_region *region)
{
	heap_init(a->state, (uintptr_t)region->base, (size_t)region->size);
	return true;
}

static target_addr_t region_alloc(struct allocator *a, const struct alloc_request *request)
{
	return (uintptr_t)heap_alloc(a->state, (size_t)request->size);
}

static void region_free(struct allocator *a, target_addr_t kmem_cache, target_addr_t object)
{
	(void)kmem_cache;
	if (object)
		heap_free(a->state, (void *)(uintptr_t)object); /* NOLINT: target memory is mapped at its address */
}

extern const struct allocator_ops allocator_region_heap;
const struct allocator_ops allocator_region_heap = {
	.name = "region-heap",
	.state_size = sizeof(struct heap),
	.contract = {.align_min = 16, .size_max = UINT64_MAX, .region_frames = 16},
	.init = region_init,
	.alloc = region_alloc,
	.free = region_free,
};
