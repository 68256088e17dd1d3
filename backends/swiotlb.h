/* SPDX-License-Identifier: MIT */
/*
 * Bounce buffers (FACTS 4.4): memory that a device must not touch itself is copied through slots of its own.  The slots
 * are taken from ZONE_DMA at the first bounce, and run out.
 */
#ifndef SLABFUZZ_BACKENDS_SWIOTLB_H
#define SLABFUZZ_BACKENDS_SWIOTLB_H

#include "sim/page.h"

enum { SWIOTLB_SLOT = 2048, SWIOTLB_SLOTS = 16, SWIOTLB_ORDER = 3 };

struct swiotlb {
	frame_t frame; /* first page of the slots, FRAME_NONE until the first bounce */
	struct {
		target_addr_t original; /* of a mapping's first slot; 0 = free, or a further slot of a mapping */
		uint64_t size;
		uint32_t id;   /* of the mapping */
		uint8_t slots; /* of the mapping */
		bool used;
	} slot[SWIOTLB_SLOTS];
};

static inline void swiotlb_begin(struct swiotlb *swiotlb)
{
	if (swiotlb->frame != FRAME_NONE)
		memset(swiotlb, 0, sizeof(*swiotlb));
	swiotlb->frame = FRAME_NONE;
}

/* True iff a mapping of this memory must go through slots: by the device's mask, or by policy kmalloc_bounce. */
bool swiotlb_needed(const struct sim *sim, target_addr_t addr, uint64_t size, enum dma_direction direction);
/* Bus address of slots that stand for the memory, filled from it; 0 if there is no room. */
uint64_t swiotlb_map(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size);
/*
 * Bus address for an address that a mapping's client names: lists keep the addresses of their memory.  Any other is
 * returned as it is.
 */
uint64_t swiotlb_bus(const struct sim *sim, uint32_t id, uint64_t addr);
/* True iff the bus address lies in a slot in use. */
bool swiotlb_owns(const struct sim *sim, uint64_t dma);
/*
 * Between slots and memory, a part of a mapping or all of it; emits DMA_BOUNCE.  from_slot: after the device, else
 * before it.
 */
void swiotlb_copy(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, bool from_slot);
/* Gives the mapping's slots back; dma is its start. */
void swiotlb_unmap(struct sim *sim, uint64_t dma);
/* Gives the pages of the slots back, which must all be free.  False if they are not. */
bool swiotlb_exit(struct sim *sim);

#endif
