/* SPDX-License-Identifier: MIT */
/*
 * Coherent memory (FACTS 3.4, 4.1): the CPU and the device see the same bytes without syncs.  Where DMA is not coherent
 * it is whole pages, zeroed, their linear mapping flushed, seen through an uncached alias outside the linear map, on
 * which virt_to_page() is undefined.  Policy coherent_alloc.
 */
#ifndef SLABFUZZ_BACKENDS_COHERENT_H
#define SLABFUZZ_BACKENDS_COHERENT_H

#include "backends/dma_device.h"

/* The uncached alias of all RAM; the machine has no memory there. */
#define COHERENT_ALIAS UINT64_C(0xf8000000)

enum coherent_kind {
	COHERENT_NONE,     /* memory of another call: to give it back does nothing */
	COHERENT_REMAPPED, /* pages, seen through the alias */
	COHERENT_PAGES,    /* pages, seen through the linear map */
	COHERENT_KMALLOC,  /* an object of the allocator under test */
};

struct coherent_area {
	target_addr_t cpu; /* what the driver gets */
	uint64_t dma;      /* bus address */
	uint64_t size;     /* bytes asked for */
	enum coherent_kind kind;
};

/* kmalloc() and kfree() of the machine, which this layer does not know. */
struct coherent_kmalloc {
	target_addr_t (*alloc)(void *context, uint64_t size, gfp_t gfp);
	void (*free)(void *context, target_addr_t addr);
	void *context;
};

/* False if there is no memory.  Emits nothing: also for layers that hand the memory on in pieces. */
bool coherent_take(struct sim *sim, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
		   struct coherent_area *area);
void coherent_give(struct sim *sim, const struct coherent_kmalloc *kmalloc, const struct coherent_area *area);

/* The driver's calls: take and COHERENT "alloc", COHERENT "free" and give.  Freeing is forbidden with interrupts off.
 */
bool dma_alloc_coherent(struct sim *sim, uint32_t id, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
			struct coherent_area *area);
void dma_free_coherent(struct sim *sim, uint32_t id, const struct coherent_kmalloc *kmalloc,
		       const struct coherent_area *area);
/* Tells of a client's piece of coherent memory; flags: enum coherent_flag. */
void coherent_tell(struct sim *sim, uint32_t id, const struct coherent_area *area, const char *what, unsigned flags);
/* How the CPU sees an area: enum coherent_flag. */
unsigned coherent_flags(const struct coherent_area *area);

/*
 * Memory for dma_alloc_noncoherent() (FACTS 3.4 parisc, C27): cached, the driver maintains it.  Policy
 * bug.pa11_kmalloc: an object, which shares its lines unless kmalloc() aligns it.
 */
bool noncoherent_take(struct sim *sim, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
		      struct coherent_area *area);

/* The CPU's stores and loads; the range lies in the area.  coherent_fill() emits nothing. */
void coherent_fill(struct sim *sim, const struct coherent_area *area, uint64_t offset, uint64_t size, uint8_t value);
void coherent_store(struct sim *sim, uint32_t id, const struct coherent_area *area, uint64_t offset, uint64_t size,
		    uint8_t value);
void coherent_load(struct sim *sim, uint32_t id, const struct coherent_area *area, uint64_t offset, uint64_t size);

/* virt_to_page() as a shift and an addition, whatever the address: the frame may have no struct page. */
frame_t coherent_virt_to_frame(const struct coherent_area *area, uint64_t offset);

#endif
