/* SPDX-License-Identifier: MIT */
/*
 * struct page: real unions in 2.6.22 order in target memory (FACTS 1), a shadow of who wrote each word last, flags,
 * `_count` rules (FACTS 1.4) and the page allocator (sim/page_alloc.c): buddy with compound pages and per-cpu lists.
 */
#ifndef SLABFUZZ_SIM_PAGE_H
#define SLABFUZZ_SIM_PAGE_H

#include "sim/memory.h"
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
SIM_PART target_addr_t page_struct(const struct sim *sim, frame_t frame)
{
	return KERNEL_BASE + (uint64_t)frame * sim->page_struct_size;
}

SIM_PART target_addr_t page_lru(const struct sim *sim, frame_t frame)
{
	return page_struct(sim, frame) + sim->layout->field[LF_page_lru_next].offset;
}

/* Frame of a struct page; FRAME_NONE if it is not one. */
SIM_PART frame_t page_struct_frame(const struct sim *sim, target_addr_t page)
{
	uint64_t offset = page - KERNEL_BASE;
	/* 32 bits: a wide division costs more than the rest of a list operation. */
	uint32_t frame = (uint32_t)offset / sim->page_struct_size;
	bool exact = (uint64_t)frame * sim->page_struct_size == offset;

	return exact && frame < sim->ram_frames ? frame : FRAME_NONE;
}

/* Frame of an lru link; FRAME_NONE if it is not one. */
SIM_ACCESSOR frame_t page_of_lru(const struct sim *sim, target_addr_t link)
{
	return page_struct_frame(sim, link - sim->layout->field[LF_page_lru_next].offset);
}

SIM_PART target_addr_t page_address(frame_t frame)
{
	return RAM_BASE + ((uint64_t)frame << PAGE_SHIFT);
}

/* virt_to_page(): FRAME_NONE outside RAM. */
SIM_ACCESSOR frame_t virt_to_frame(const struct sim *sim, target_addr_t addr)
{
	return addr - RAM_BASE < sim->ram_size ? (frame_t)((addr - RAM_BASE) >> PAGE_SHIFT) : FRAME_NONE;
}

/* A frame computed by a model may be wild: there is no struct page for it. */
SIM_PART void page_check_frame(struct sim *sim, frame_t frame)
{
	if (unlikely(frame >= sim->ram_frames))
		sim_oops(sim, page_struct(sim, frame), "struct page outside mem_map");
}

/* mem_map is the machine's own: a valid frame needs no check, only width and byte order. */
SIM_PART uint64_t page_member_get(const struct sim *sim, frame_t frame, enum layout_field member)
{
	struct layout_place place = sim->layout->field[member];

	return target_get(page_struct(sim, frame) + place.offset, place.width, sim->big_endian);
}

SIM_PART void page_member_put(struct sim *sim, frame_t frame, enum layout_field member, uint64_t value)
{
	struct layout_place place = sim->layout->field[member];
	target_addr_t addr = page_struct(sim, frame) + place.offset;

	memory_touch_chunk(sim, (uint32_t)((addr - KERNEL_BASE) / KERNEL_CHUNK));
	target_put(addr, place.width, sim->big_endian, value);
}

/* Emits PAGE_FIELD_MISREAD unless the value is the field's none. */
void page_field_misread(struct sim *sim, frame_t frame, enum page_field field, uint64_t value);

/*
 * Reads a field as its owner believes it; emits PAGE_FIELD_MISREAD if another owner wrote the bytes last (not its
 * none).  The page allocator resets what it hands out: its words read as nobody's by any owner.
 */
SIM_ACCESSOR uint64_t page_field_load(struct sim *sim, frame_t frame, enum page_field field)
{
	const struct page_field_row *row = &page_field_rows[field];
	uint64_t value;
	uint8_t writer;

	page_check_frame(sim, frame);
	sim_step(sim);
	value = page_member_get(sim, frame, (enum layout_field)row->layout_field);
	writer = sim->page_writers[frame * PAGE_WORD_COUNT + row->word];
	if (unlikely(writer != row->owner && writer > OWNER_allocated))
		page_field_misread(sim, frame, field, value);
	return value;
}

/* Stores, and remembers the owner as last writer of the word. */
SIM_ACCESSOR void page_field_store(struct sim *sim, frame_t frame, enum page_field field, uint64_t value)
{
	const struct page_field_row *row = &page_field_rows[field];

	page_check_frame(sim, frame);
	sim_step(sim);
	page_member_put(sim, frame, (enum layout_field)row->layout_field, value);
	sim->page_writers[frame * PAGE_WORD_COUNT + row->word] = row->owner;
}

/* Reads a member of struct page without a belief (debug output, asserts). */
SIM_ACCESSOR uint64_t page_member(struct sim *sim, frame_t frame, enum layout_field field)
{
	page_check_frame(sim, frame);
	return page_member_get(sim, frame, field);
}

SIM_PART enum page_owner page_word_writer(const struct sim *sim, frame_t frame, enum page_word word)
{
	return sim->page_writers[frame * PAGE_WORD_COUNT + word];
}

SIM_PART uint32_t page_flags_part(struct sim *sim, frame_t frame)
{
	page_check_frame(sim, frame);
	return (uint32_t)page_member_get(sim, frame, LF_page_flags);
}

SIM_ACCESSOR uint32_t page_flags(struct sim *sim, frame_t frame)
{
	return page_flags_part(sim, frame);
}

SIM_ACCESSOR void page_put_flags(struct sim *sim, frame_t frame, uint32_t flags)
{
	page_check_frame(sim, frame);
	page_member_put(sim, frame, LF_page_flags, flags);
}

SIM_ACCESSOR bool page_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	return page_flags_part(sim, frame) >> flag & 1;
}

SIM_ACCESSOR void page_set_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	page_member_put(sim, frame, LF_page_flags, page_flags_part(sim, frame) | 1u << flag);
}

SIM_ACCESSOR void page_clear_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	page_member_put(sim, frame, LF_page_flags, page_flags_part(sim, frame) & ~(1u << flag));
}

SIM_PART bool page_is_tail(struct sim *sim, frame_t frame)
{
	const uint32_t tail = 1u << PG_compound | 1u << PG_reclaim;

	return (page_flags_part(sim, frame) & tail) == tail;
}

frame_t page_head_of_tail(struct sim *sim, frame_t frame);

/* compound_head(): the frame itself unless it is a compound tail. */
SIM_ACCESSOR frame_t page_head(struct sim *sim, frame_t frame)
{
	return likely(!page_is_tail(sim, frame)) ? frame : page_head_of_tail(sim, frame);
}

/* Order of the compound page, 0 if not compound. */
unsigned compound_order(struct sim *sim, frame_t head);

/* FACTS 1.4.  page_count() redirects tails; raw does not. */
SIM_ACCESSOR int32_t page_count_raw(struct sim *sim, frame_t frame)
{
	page_check_frame(sim, frame);
	return (int32_t)(uint32_t)page_member_get(sim, frame, LF_page__count);
}

SIM_ACCESSOR int32_t page_count(struct sim *sim, frame_t frame)
{
	return page_count_raw(sim, page_head(sim, frame));
}

SIM_ACCESSOR void page_count_set_raw(struct sim *sim, frame_t frame, int32_t count)
{
	page_check_frame(sim, frame);
	page_member_put(sim, frame, LF_page__count, (uint32_t)count);
}

void get_page(struct sim *sim, frame_t frame);
void put_page(struct sim *sim, frame_t frame);
/* The same by holders that oracles should know of: PAGE_GET or PAGE_PUT comes first. */
void page_hold(struct sim *sim, frame_t frame);
void page_drop(struct sim *sim, frame_t frame);
/* What drivers of the era did to pages whose count was 0 (FACTS 4.6): no head, no check, nothing freed at 0. */
void page_hold_raw(struct sim *sim, frame_t frame);
void page_drop_raw(struct sim *sim, frame_t frame);

/* Policy mem_hole: so many frames at the end of mem_map are nobody's. */
enum { HOLE_FRAMES = 8 };

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
