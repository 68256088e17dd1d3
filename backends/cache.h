/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance on lines of RAM (DESIGN 3).  CPU view = what loads see; RAM view = what a bus master sees.  An
 * absent line has equal views.  Ranges are rounded outwards to lines.  All are no-ops on a coherent row.  Dirty lines
 * that are written back or dropped emit LINE_WRITEBACK / LINE_DISCARD first, while both views still differ.
 */
#ifndef SLABFUZZ_BACKENDS_CACHE_H
#define SLABFUZZ_BACKENDS_CACHE_H

#include "sim/page.h"

void cache_clean(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_invalidate(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_flush(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_evict(struct sim *sim, target_addr_t addr, uint64_t size);
void cache_prefetch(struct sim *sim, target_addr_t addr, uint64_t size);
/* True iff some line of the range is dirty. */
bool cache_dirty(const struct sim *sim, target_addr_t addr, uint64_t size);

#endif
