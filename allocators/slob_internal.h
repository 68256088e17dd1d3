/* SPDX-License-Identifier: MIT */
/*
 * Shared by SLOB of 2.6.22 and of 2.6.24 (FACTS 2.4, 2.5): state kept outside target memory, locks, the kmem_cache
 * record, and the footer through which an object of a DESTROY_BY_RCU cache waits for a grace period.
 */
#ifndef SLABFUZZ_ALLOCATORS_SLOB_INTERNAL_H
#define SLABFUZZ_ALLOCATORS_SLOB_INTERNAL_H

#include "allocators/allocator.h"
#include "sim/page.h"

enum {
	SLOB_CTOR_BYTE = 0xc7,
	SLOB_KMALLOC_SHIFT_HIGH = 22, /* 4 MiB */
	SLOB24_UNIT = 2,              /* s16, for pages up to 32 KiB */
	SLOB24_PAGE_UNITS = PAGE_SIZE / SLOB24_UNIT,
	/* struct kmem_cache {unsigned size, align, flags, objsize}; FACTS name no layout, and nobody misreads it. */
	SLOB_CACHE_size = 0, /* with the footer */
	SLOB_CACHE_align = 4,
	SLOB_CACHE_flags = 8,
	SLOB_CACHE_objsize = 12, /* as the client asked */
	SLOB_CACHE_BYTES = 16,
};

#define SLOB_FIELD(sim, s, field) target_load(sim, (s) + SLOB_CACHE_##field, 4)

/* Footers that wait for a grace period, oldest first. */
struct slob_rcu {
	target_addr_t first, last;
};

/* Only addresses of what lies in target memory, and a lock that somebody forgot. */
struct slob22_state {
	target_addr_t arena;     /* the static list head, one unit in kernel data */
	target_addr_t slobfree;  /* the rover: searches start behind it */
	target_addr_t bigblocks; /* records {order, pages, next}, newest first */
	target_addr_t spare;     /* records to be used again: kernel data never comes back in a program */
	struct slob_rcu rcu;
	bool block_lock; /* left locked: only ksize()'s bug does that */
};

struct slob24_state {
	target_addr_t free_slob_pages; /* list head */
	struct slob_rcu rcu;
};

static inline struct slob22_state *slob22_state(struct allocator *a)
{
	return a->state;
}

static inline struct slob24_state *slob24_state(struct allocator *a)
{
	return a->state;
}

static inline uint64_t slob_align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* Smallest order that holds `size` bytes; MAX_ORDER if none does. */
static inline unsigned slob_order(uint64_t size)
{
	unsigned order = 0;

	while (order < MAX_ORDER && (uint64_t)PAGE_SIZE << order < size)
		order++;
	return order;
}

/* spin_lock_irqsave(): an interrupt may come before, none until slob_unlock() with what this returned. */
static inline bool slob_lock(struct sim *sim)
{
	bool irqs_off = sim->irqs_off;

	sim_preempt_point(sim, POINT_slob_lock);
	sim->irqs_off = true;
	return irqs_off;
}

static inline void slob_unlock(struct sim *sim, bool irqs_off)
{
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slob_unlock);
}

/* 2.6.22: a unit is the header {int units, pointer next}; the pointer is aligned. */
static inline uint64_t slob22_unit(const struct sim *sim)
{
	return 2 * (uint64_t)sim->layout->word;
}

/* slob_caches.c: kmem_caches, pages and RCU of both. */
/* Objects are aligned to `align_floor` at least. */
target_addr_t slob_cache_create(struct allocator *a, const struct kmem_cache_request *request, uint32_t align_floor);
enum destroy_result slob_cache_destroy(struct allocator *a, target_addr_t s);
void slob_cache_shrink(struct allocator *a, target_addr_t s);
uint64_t slob_object_size(struct allocator *a, target_addr_t s);
/* Frame of an address in RAM; others fault as virt_to_page() does. */
frame_t slob_frame(struct sim *sim, target_addr_t addr);
/* __get_free_pages(): an address or 0. */
target_addr_t slob_get_pages(struct sim *sim, gfp_t gfp, unsigned order);
void slob_free_pages(struct sim *sim, target_addr_t addr, unsigned order);
/* Queues the free of an object of `size` bytes, its footer included. */
void slob_rcu_queue(struct allocator *a, struct slob_rcu *rcu, target_addr_t object, uint64_t size);
/* Runs the queued frees; returns how many. */
unsigned slob_rcu_run(struct allocator *a, struct slob_rcu *rcu,
		      void (*rcu_free)(struct allocator *a, target_addr_t object, uint64_t size));

/* slob_2622_heap.c: the one list of free blocks. */
bool slob22_heap_init(struct allocator *a);
target_addr_t slob22_alloc(struct allocator *a, uint64_t size, gfp_t gfp, uint64_t align);
/* size 0: the block's header tells. */
void slob22_free(struct allocator *a, target_addr_t block, uint64_t size);
/* One tick of the timer: a page goes back if a whole one is free. */
bool slob22_timer(struct allocator *a); /* true iff a page went back */
uint64_t slob22_units(struct sim *sim, target_addr_t block);

/* slob_2622_bigblock.c: blocks of pages and their records. */
target_addr_t slob22_big_alloc(struct allocator *a, uint64_t size, gfp_t gfp);
/* False iff there is no big block at this address. */
bool slob22_big_free(struct allocator *a, target_addr_t pages);
/* Bytes of the big block at this address, 0 if there is none. */
uint64_t slob22_big_size(struct allocator *a, target_addr_t pages);

/* slob_2624_heap.c: heaps of one page each. */
bool slob24_heap_init(struct allocator *a);
target_addr_t slob24_alloc(struct allocator *a, uint64_t size, gfp_t gfp, uint64_t align);
void slob24_free(struct allocator *a, target_addr_t block, uint64_t size);

/* slob_2622_invariants.c, slob_2624_invariants.c */
const char *slob22_invariants(struct allocator *a);
const char *slob24_invariants(struct allocator *a);

#endif
