/* SPDX-License-Identifier: MIT */
/* Cache maintenance of the DMA API (FACTS 3.4): executes the row of sim/dma_code.c, its bugs and the dma_* policies. */
#ifndef SLABFUZZ_BACKENDS_DMA_MAINTAIN_H
#define SLABFUZZ_BACKENDS_DMA_MAINTAIN_H

#include "sim/page.h"

/*
 * What the arch's `call` does to the lines of [base + offset, base + offset + size); base is where the mapping or the
 * scatter list entry begins.  Nothing on a coherent row.  Oopses where the era's code used a bad address (D8).
 */
void dma_maintain(struct sim *sim, enum dma_call call, target_addr_t base, uint64_t offset, uint64_t size,
		  enum dma_direction direction);

#endif
