/* SPDX-License-Identifier: MIT */
/* Streaming DMA mappings (FACTS 3.4, 4.1) and the bus master that uses them. */
#ifndef SLABFUZZ_BACKENDS_DMA_H
#define SLABFUZZ_BACKENDS_DMA_H

#include "sim/page.h"

#define DMA_MAPPING_ERROR UINT64_C(0xffffffff)

/* Identity mapped: the DMA address is the RAM address.  Fault point dma_map; policy require_line_alignment.  BUGs on
 * direction NONE. */
uint64_t dma_map_single(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction);
void dma_unmap_single(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction);
void dma_sync_single_for_cpu(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction);
void dma_sync_single_for_device(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size,
				enum dma_direction direction);

/* The same bytes by page and offset; an arch may treat them otherwise (C77). */
uint64_t dma_map_page(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction);
void dma_unmap_page(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction);
/* Bytes [offset, offset + size) of the mapping at dma. */
void dma_sync_single_range_for_cpu(struct sim *sim, uint32_t id, uint64_t dma, uint64_t offset, uint64_t size,
				   enum dma_direction direction);
void dma_sync_single_range_for_device(struct sim *sim, uint32_t id, uint64_t dma, uint64_t offset, uint64_t size,
				      enum dma_direction direction);

/* One entry of a scatter list. */
struct dma_segment {
	target_addr_t addr;
	uint64_t size;
};

/* One event per entry, all with the same id.  False iff nothing was mapped. */
bool dma_map_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		enum dma_direction direction);
void dma_unmap_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		  enum dma_direction direction);
void dma_sync_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		 enum dma_direction direction, bool to_cpu);

/* The bus master.  Stores reach the RAM view; a present line hides them from the CPU. */
void device_write(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, uint8_t value);
void device_read(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size);

#endif
