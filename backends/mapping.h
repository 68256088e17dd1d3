/* SPDX-License-Identifier: MIT */
/* Callers of struct page as page cache (FACTS 3.3, 4.7): page_mapping(), flush_dcache_page(), set_page_dirty(), kmap.
 */
#ifndef SLABFUZZ_BACKENDS_MAPPING_H
#define SLABFUZZ_BACKENDS_MAPPING_H

#include "sim/page.h"

/* Address of the function that genuine address_space_operations name as set_page_dirty. */
#define SET_PAGE_DIRTY_TEXT UINT64_C(0xc0105000)

/* Target address of what the caller takes for an address_space, by the policy page_mapping; 0 if none. */
target_addr_t page_mapping(struct sim *sim, frame_t frame);
/* i_mmap tree not empty or i_mmap_nonlinear list not empty. */
bool mapping_mapped(struct sim *sim, target_addr_t mapping);
/* The walk over i_mmap, under tree_lock: flushes the page where vmas map it.  Reads the key of the root node first, of
 * a raw tree or of vmas. */
void mapping_walk(struct sim *sim, target_addr_t mapping, frame_t frame);
/* page->index and page_mapcount() as page-cache code reads them, whoever keeps what there (C19). */
uint64_t page_index(struct sim *sim, frame_t frame);
uint64_t page_mapcount(struct sim *sim, frame_t frame);
/* As the arch row really behaved; by policy fdp_caller the driver may skip slab pages. */
void flush_dcache_page(struct sim *sim, frame_t frame);
/* After a page fault: does what flush_dcache_page() put off (PG_arch_1), where the arch puts it off. */
void update_mmu_cache(struct sim *sim, frame_t frame);
/* Calls a_ops->set_page_dirty of what page_mapping() returns; returns normally only if that is harmless. */
void set_page_dirty(struct sim *sim, frame_t frame);
target_addr_t kmap(struct sim *sim, frame_t frame);
void kunmap(struct sim *sim, frame_t frame);
/* Takes whatever address it is given: on most machines the argument is ignored (C04). */
void kunmap_atomic(struct sim *sim, target_addr_t addr);
/* False where the machine has no such function (FACTS 3.3).  No field of struct page is read. */
bool flush_dcache_range(struct sim *sim, target_addr_t addr, uint64_t size);
/* Real on parisc, generic no-op elsewhere. */
void flush_kernel_dcache_page(struct sim *sim, frame_t frame);

#endif
