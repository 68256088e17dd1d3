/* SPDX-License-Identifier: MIT */
/* Never reuses memory; each block has an 8-byte header.  Proves that the contract is not made for slabs only. */
#include "tests/bump_heap.h"

#include <stdlib.h>

struct bump {
	uint8_t *next, *end;
	unsigned blocks;
};

enum { GROWING_MAX = 1 << 16 };

static volatile uintptr_t nowhere = 8;

static void misbehave(const struct allocator *a)
{
	if (a->ops == &allocator_bump_wild)
		*(volatile uint8_t *)nowhere = 0; /* NOLINT: on purpose */
	while (a->ops == &allocator_bump_spin)
		nowhere = 8;
	if (a->ops == &allocator_bump_abort)
		abort();
}

static bool bump_init(struct allocator *a, const struct memory_region *region)
{
	struct bump *heap = a->state;

	heap->next = (uint8_t *)(uintptr_t)region->base;
	heap->end = heap->next + region->size;
	return true;
}

static target_addr_t bump_alloc(struct allocator *a, const struct alloc_request *request)
{
	struct bump *heap = a->state;
	uint64_t size = (request->size + 15) & ~UINT64_C(7);
	uint8_t *block = heap->next;

	if (size > (uint64_t)(heap->end - block))
		return 0;
	if (++heap->blocks == 3)
		misbehave(a);
	*(volatile uint64_t *)(void *)block = request->size;
	heap->next += a->ops == &allocator_bump_overlap && request->size == 48 ? size - 16 : size;
	if (a->ops == &allocator_bump_overrun)
		*(volatile uint64_t *)(void *)heap->next = 0; /* "the next header": past the region when it is full */
	return (uintptr_t)block + 8;
}

/* Asks for more when it is full, and takes what it gets; its variants believe that they got what they asked for. */
static target_addr_t growing_alloc(struct allocator *a, const struct alloc_request *request)
{
	struct bump *heap = a->state;
	uint64_t size = (request->size + 15) & ~UINT64_C(7);
	struct memory_region more;

	if (size > GROWING_MAX)
		return 0;
	if (size > (uint64_t)(heap->end - heap->next)) {
		more = region_more(a, size);
		if (!more.size && a->ops != &allocator_bump_unrefused)
			return 0;
		if (a->ops == &allocator_bump_unshortened)
			more.size = (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
		if (!more.size)
			more.base = PAGE_SIZE; /* as if NULL were memory: nothing is mapped there either */
		if (more.base != (uintptr_t)heap->end && a->ops != &allocator_bump_adjacent)
			heap->next = heap->end = (uint8_t *)(uintptr_t)more.base; /* NOLINT: target memory */
		heap->end += more.size;
	}
	if (size > (uint64_t)(heap->end - heap->next) && a->ops != &allocator_bump_unrefused)
		return 0;
	heap->blocks++;
	*(volatile uint64_t *)(void *)heap->next = request->size;
	heap->next += size;
	return (uintptr_t)heap->next - size + 8;
}

static void bump_free(struct allocator *a, target_addr_t kmem_cache, target_addr_t object)
{
	(void)a;
	(void)kmem_cache;
	(void)object;
}

#define BUMP(symbol, text)                                                                                             \
	const struct allocator_ops symbol = {                                                                          \
		.name = text,                                                                                          \
		.state_size = sizeof(struct bump),                                                                     \
		.contract = {.align_min = 8, .size_max = 1 << 20, .never_reuses = true, .region_frames = 4},           \
		.init = bump_init,                                                                                     \
		.alloc = bump_alloc,                                                                                   \
		.free = bump_free}
BUMP(allocator_bump, "bump");
BUMP(allocator_bump_overrun, "bump+overrun");
BUMP(allocator_bump_overlap, "bump+overlap");
BUMP(allocator_bump_wild, "bump+wild");
BUMP(allocator_bump_spin, "bump+spin");
BUMP(allocator_bump_abort, "bump+abort");

#define GROWING(symbol, text)                                                                                          \
	const struct allocator_ops symbol = {.name = text,                                                             \
					     .state_size = sizeof(struct bump),                                        \
					     .contract = {.align_min = 8,                                              \
							  .size_max = GROWING_MAX - 16,                                \
							  .never_reuses = true,                                        \
							  .region_frames = 1,                                          \
							  .region_more = 14},                                          \
					     .init = bump_init,                                                        \
					     .alloc = growing_alloc,                                                   \
					     .free = bump_free}
GROWING(allocator_bump_growing, "bump-growing");
GROWING(allocator_bump_unrefused, "bump-growing+unrefused");
GROWING(allocator_bump_unshortened, "bump-growing+unshortened");
GROWING(allocator_bump_adjacent, "bump-growing+adjacent");
