/* SPDX-License-Identifier: MIT */
/*
 * struct page: real unions in 2.6.22 order in target memory (FACTS 1), a shadow of who wrote each word last, flags,
 * `_count` rules (FACTS 1.4) and the page allocator (sim/page_alloc.c): buddy with compound pages and per-cpu lists.
 */
#ifndef SLABFUZZ_SIM_PAGE_H
#define SLABFUZZ_SIM_PAGE_H

#include "sim/target_memory.h"

/* Bit numbers of FACTS 1.3. */
enum page_flag {
	PG_locked = 0,
	PG_error = 1, /* SLUB: slab has debugging on */
	PG_referenced = 2,
	PG_uptodate = 3,
	PG_dirty = 4,
	PG_lru = 5,
	PG_active = 6, /* SLUB: frozen */
	PG_slab = 7,
	PG_checked = 8,
	PG_arch_1 = 9, /* arm: PG_dcache_dirty */
	PG_reserved = 10,
	PG_private = 11,
	PG_writeback = 12,
	PG_compound = 14,
	PG_swapcache = 15,
	PG_mappedtodisk = 16,
	PG_reclaim = 17, /* with PG_compound: tail */
	PG_buddy = 19,
};

/* Address of a frame's struct page, and of the link in its lru. */
static inline target_addr_t page_struct(const struct sim *sim, frame_t frame)
{
	return KERNEL_BASE + (uint64_t)frame * sim->page_struct_size;
}

static inline target_addr_t page_lru(const struct sim *sim, frame_t frame)
{
	return page_struct(sim, frame) + sim->layout->field[LF_page_lru_next].offset;
}

/* Frame of an lru link; FRAME_NONE if it is not one. */
static inline frame_t page_of_lru(const struct sim *sim, target_addr_t link)
{
	uint64_t offset = link - KERNEL_BASE - sim->layout->field[LF_page_lru_next].offset;

	return offset / sim->page_struct_size < sim->ram_frames && offset % sim->page_struct_size == 0
		       ? (frame_t)(offset / sim->page_struct_size)
		       : FRAME_NONE;
}

static inline target_addr_t page_address(frame_t frame)
{
	return RAM_BASE + ((uint64_t)frame << PAGE_SHIFT);
}

/* virt_to_page(): FRAME_NONE outside RAM. */
static inline frame_t virt_to_frame(const struct sim *sim, target_addr_t addr)
{
	return addr - RAM_BASE < sim->ram_size ? (frame_t)((addr - RAM_BASE) >> PAGE_SHIFT) : FRAME_NONE;
}

/* Reads a field as its owner believes it; emits PAGE_FIELD_MISREAD if another owner wrote the bytes last (not its
 * none). */
uint64_t page_field_load(struct sim *sim, frame_t frame, enum page_field field);
/* Stores, and remembers the owner as last writer of the word. */
void page_field_store(struct sim *sim, frame_t frame, enum page_field field, uint64_t value);
/* Reads a member of struct page without a belief (debug output, asserts). */
uint64_t page_member(struct sim *sim, frame_t frame, enum layout_field field);
enum page_owner page_word_writer(const struct sim *sim, frame_t frame, enum page_word word);

bool page_flag(struct sim *sim, frame_t frame, enum page_flag flag);
void page_set_flag(struct sim *sim, frame_t frame, enum page_flag flag);
void page_clear_flag(struct sim *sim, frame_t frame, enum page_flag flag);
uint32_t page_flags(struct sim *sim, frame_t frame);

/* compound_head(): the frame itself unless it is a compound tail. */
frame_t page_head(struct sim *sim, frame_t frame);
bool page_is_tail(struct sim *sim, frame_t frame);
/* Order of the compound page, 0 if not compound. */
unsigned compound_order(struct sim *sim, frame_t head);

/* FACTS 1.4.  page_count() redirects tails; raw does not. */
int32_t page_count(struct sim *sim, frame_t frame);
int32_t page_count_raw(struct sim *sim, frame_t frame);
void page_count_set_raw(struct sim *sim, frame_t frame, int32_t count);
void get_page(struct sim *sim, frame_t frame);
void put_page(struct sim *sim, frame_t frame);

/* First frame of a block, or FRAME_NONE.  gfp & GFP_COMP makes it compound if order > 0.  Fault point page_alloc. */
frame_t alloc_pages(struct sim *sim, gfp_t gfp, unsigned order);
/* __free_pages(): drops one reference; frees the block when it was the last. */
void free_pages(struct sim *sim, frame_t frame, unsigned order);
/* Pages of the page allocator that are free, per-cpu lists included. */
uint32_t nr_free_pages(struct sim *sim);

/* Of sim/page_alloc.c, for sim_configure(): all frames free. */
void page_alloc_boot(struct sim *sim);
/* Gives one page or a block back, its count already zero (used by put_page). */
void free_block(struct sim *sim, frame_t frame, unsigned order);

#endif
