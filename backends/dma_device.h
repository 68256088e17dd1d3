/* SPDX-License-Identifier: MIT */
/*
 * The one bus master of the machine: what of RAM it reaches, and the bounce slots that the DMA layer keeps for it.
 * Bus addresses are RAM addresses; for the mask they count from the start of RAM.  The executor owns the struct and
 * hangs it into sim->device.
 */
#ifndef SLABFUZZ_BACKENDS_DMA_DEVICE_H
#define SLABFUZZ_BACKENDS_DMA_DEVICE_H

#include "backends/swiotlb.h"

struct dma_device {
	uint64_t mask; /* highest address that it can put on the bus; further bits are not wired */
	uint64_t segment_max, segment_boundary; /* of scatter list entries; 0 = any */
	struct swiotlb swiotlb;
};

/* As after power on: reaches everything, no slots. */
static inline void dma_device_begin(struct dma_device *device)
{
	device->mask = UINT64_MAX;
	device->segment_max = device->segment_boundary = 0;
	swiotlb_begin(&device->swiotlb);
}

/* dma_set_mask(): 2^bits - 1.  False, and nothing changed, if that does not cover the zone that GFP_DMA takes from. */
bool dma_set_mask(struct sim *sim, unsigned bits);

/* dma_set_max_seg_size() and dma_set_seg_boundary(); 0 = any. */
void dma_set_segments(struct sim *sim, uint64_t max, uint64_t boundary);

static inline uint64_t dma_mask(const struct sim *sim)
{
	return sim->device ? sim->device->mask : UINT64_MAX;
}

/* True iff the device can address all of the range. */
static inline bool dma_reaches(const struct sim *sim, uint64_t dma, uint64_t size)
{
	return dma - RAM_BASE + size - 1 <= dma_mask(sim);
}

/* Where in RAM an access of the device to a bus address ends up. */
static inline uint64_t dma_wired(const struct sim *sim, uint64_t dma)
{
	return RAM_BASE + ((dma - RAM_BASE) & dma_mask(sim));
}

/* What a caller's GFP mask must be joined with so that the device reaches the memory. */
static inline gfp_t dma_gfp(const struct sim *sim)
{
	return dma_reaches(sim, RAM_BASE, sim->ram_size) ? 0 : GFP_ZONE_DMA;
}

#endif
