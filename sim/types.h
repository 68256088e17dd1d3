/* SPDX-License-Identifier: MIT */
/* The kernel's integer types and bits that every layer speaks of. */
#ifndef SLABFUZZ_SIM_TYPES_H
#define SLABFUZZ_SIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address of the simulated machine.  Inside target memory it equals the host address of the CPU view. */
typedef uint64_t target_addr_t;
typedef uint32_t gfp_t;
/* Frame number counted from the start of RAM.  Reports print the real pfn, RAM_PFN + index. */
typedef uint32_t frame_t;

enum {
	PAGE_SHIFT = 12,
	PAGE_SIZE = 1 << PAGE_SHIFT,
	MAX_ORDER = 11, /* largest block: 2^(MAX_ORDER - 1) pages */
	CPUS_MAX = 8,
};

#define FRAME_NONE 0xffffffffu

/* GFP bits; __GFP_ZERO and __GFP_HIGHMEM are BUGs to a slab allocator that must grow (FACTS 2.1, D28). */
enum gfp_bits {
	GFP_WAIT = 1,
	GFP_ZERO = 2,
	GFP_ZONE_DMA = 4,
	GFP_HIGHMEM = 8,
	GFP_NOFAIL = 16,
	GFP_COMP = 32,
};

enum slab_flags {
#define SLAB_FLAG(name, value) SLAB_##name = (int)(value),
#include "sim/slab_flags.def"
#undef SLAB_FLAG
};
#define SLAB_CACHE_DMA 0x00004000u

enum dma_direction {
#define DMA_DIRECTION(name) DMA_##name,
#include "sim/dma_direction.def"
#undef DMA_DIRECTION
	DMA_DIRECTION_COUNT
};

/* Rows of gfp.def: what programs may pass. */
struct gfp_row {
	const char *name;
	gfp_t bits;
};
extern const struct gfp_row gfp_rows[];
unsigned gfp_row_count(void);
enum {
	GFP_ROWS = 0
#define GFP(name, bits) +1
#include "sim/gfp.def"
#undef GFP
};

extern const char *const dma_direction_names[DMA_DIRECTION_COUNT];

/* Byte values of FACTS 2.1. */
enum poison_bytes {
	POISON_FREE = 0x6b,
	POISON_END = 0xa5,
	POISON_INUSE = 0x5a,
	SLUB_RED_INACTIVE = 0xbb,
	SLUB_RED_ACTIVE = 0xcc,
};
#define LIST_POISON1 0x00100100u
#define LIST_POISON2 0x00200200u

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
