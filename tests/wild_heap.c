/* SPDX-License-Identifier: MIT */
/* What lies in front of the state on the host's heap are the states of the last oracles, pointers among them. */
#include "tests/wild_heap.h"

#include "tests/bump_heap.h"

enum { STRAY_BYTES = 2048 };

struct wild {
	uint8_t bump[64];
	uint64_t allocs;
};

static void stray(struct allocator *a)
{
	volatile uint8_t *before = a->state;

	for (unsigned i = 1; i <= STRAY_BYTES; i++)
		before[-(intptr_t)i] = 0xa5;
}

static bool wild_init(struct allocator *a, const struct memory_region *region)
{
	((struct wild *)a->state)->allocs = 0;
	return allocator_bump.init(a, region);
}

static target_addr_t wild_alloc(struct allocator *a, const struct alloc_request *request)
{
	struct wild *wild = a->state;

	if (++wild->allocs == 3)
		stray(a);
	return allocator_bump.alloc(a, request);
}

static void wild_free(struct allocator *a, target_addr_t kmem_cache, target_addr_t object)
{
	allocator_bump.free(a, kmem_cache, object);
}

const struct allocator_ops allocator_wild_heap = {
	.name = "wild-heap",
	.state_size = sizeof(struct wild),
	.contract = {.align_min = 8, .size_max = 1 << 20, .never_reuses = true, .region_frames = 4},
	.init = wild_init,
	.alloc = wild_alloc,
	.free = wild_free,
};
