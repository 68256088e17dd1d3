/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance on lines of RAM (DESIGN 3).  CPU view = what loads see; RAM view = what a bus master sees.  An
 * absent line has equal views.  Ranges are rounded outwards to lines.  All are no-ops on a coherent row.  Dirty lines
 * that are written back to RAM or dropped emit LINE_WRITEBACK / LINE_DISCARD first, while both views still differ.
 *
 * A row with an outer cache has a third view between the two: what the lines of the first level are filled from and
 * written back to.  What fills a line of the first level has filled it in the outer cache, too.  Operations of software
 * and evictions reach RAM; cache_inner() and cache_outer() are the two steps of which an arch's DMA code is made.
 */
#ifndef SLABFUZZ_BACKENDS_CACHE_H
#define SLABFUZZ_BACKENDS_CACHE_H

#include "sim/page.h"

void cache_clean(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_invalidate(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_flush(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_evict(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_prefetch(struct sim *sim, target_addr_t addr, uint64_t size);
/* The first level only, and the outer cache only (nothing without one). */
void cache_inner(struct sim *sim, enum cache_operation operation, target_addr_t addr, uint64_t size);
void cache_outer(struct sim *sim, enum cache_operation operation, target_addr_t addr, uint64_t size);
/* True iff some line of the range is dirty. */
bool cache_dirty(const struct sim *sim, target_addr_t addr, uint64_t size);
/* A bus master stores a byte to RAM: true iff a line hides it from the CPU. */
bool cache_hides(struct sim *sim, uint64_t offset, uint8_t value);

#endif
