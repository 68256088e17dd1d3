/* SPDX-License-Identifier: MIT */
/*
 * SLOB 2.6.24, the heaps: each page is one, blocks never leave it (FACTS 2.5).  Units of 2 bytes; a free block keeps
 * its size and the offset of the next in its first two units, a block of one unit minus that offset.  An offset of a
 * whole page ends the list: 0 could not be told from a size.  The page's fields lie in struct page, over _mapcount,
 * index and lru, so others misread them.
 */
#include "allocators/slob_internal.h"

static target_addr_t page_of(target_addr_t block)
{
	return block & ~(target_addr_t)(PAGE_SIZE - 1);
}

static int load_unit(struct sim *sim, target_addr_t addr)
{
	return (int16_t)(uint16_t)target_load(sim, addr, SLOB24_UNIT);
}

static void store_unit(struct sim *sim, target_addr_t addr, int value)
{
	target_store(sim, addr, SLOB24_UNIT, (uint64_t)value, ROLE_SLOB_HEADER);
}

static int block_units(struct sim *sim, target_addr_t block)
{
	int units = load_unit(sim, block);

	return units > 0 ? units : 1;
}

static target_addr_t block_next(struct sim *sim, target_addr_t block)
{
	int units = load_unit(sim, block);
	int offset = units < 0 ? -units : load_unit(sim, block + SLOB24_UNIT);

	return page_of(block) + (target_addr_t)(offset * SLOB24_UNIT);
}

/* `next` may be the end of the page. */
static void set_block(struct sim *sim, target_addr_t block, int units, target_addr_t next)
{
	int offset = (int)((next - page_of(block)) / SLOB24_UNIT);

	if (units > 1) {
		store_unit(sim, block, units);
		store_unit(sim, block + SLOB24_UNIT, offset);
	} else {
		store_unit(sim, block, -offset);
	}
}

static bool is_last(struct sim *sim, target_addr_t block)
{
	return !(block_next(sim, block) & (PAGE_SIZE - 1));
}

static int page_units(struct sim *sim, frame_t slob)
{
	return (int16_t)(uint16_t)page_field_load(sim, slob, PF_slob_2624_units);
}

static void set_page_units(struct sim *sim, frame_t slob, int units)
{
	page_field_store(sim, slob, PF_slob_2624_units, (uint16_t)units);
}

static int units_of(uint64_t size)
{
	return (int)((size + SLOB24_UNIT - 1) / SLOB24_UNIT);
}

static void set_slob_page_free(struct allocator *a, frame_t slob)
{
	struct sim *sim = a->sim;
	uint8_t *writers = sim->page_writers + slob * PAGE_WORD_COUNT;

	list_add(sim, page_lru(sim, slob), slob24_state(a)->free_slob_pages);
	writers[PAGE_WORD_LRU_NEXT] = OWNER_slob_2624;
	writers[PAGE_WORD_LRU_PREV] = OWNER_slob_2624;
	page_set_flag(sim, slob, PG_private);
}

static void clear_slob_page_free(struct sim *sim, frame_t slob)
{
	list_del(sim, page_lru(sim, slob));
	page_clear_flag(sim, slob, PG_private);
}

/* Links `prev`, or the page if that is 0, to the free block `next`. */
static void relink(struct sim *sim, frame_t slob, target_addr_t prev, target_addr_t next)
{
	if (prev)
		set_block(sim, prev, block_units(sim, prev), next);
	else
		page_field_store(sim, slob, PF_slob_2624_free, next);
}

/* Takes `units` of the free block at cur, behind the fragment that alignment costs, which stays free. */
static target_addr_t take(struct sim *sim, frame_t slob, target_addr_t prev, target_addr_t cur, int units, int skip)
{
	int have = block_units(sim, cur) - skip;
	target_addr_t next = block_next(sim, cur);

	if (skip) {
		prev = cur;
		cur += (target_addr_t)(skip * SLOB24_UNIT);
		set_block(sim, prev, skip, cur);
	}
	if (have > units) {
		target_addr_t rest = cur + (target_addr_t)(units * SLOB24_UNIT);

		set_block(sim, rest, have - units, next);
		next = rest;
	}
	relink(sim, slob, prev, next);
	set_page_units(sim, slob, page_units(sim, slob) - units);
	if (!page_units(sim, slob))
		clear_slob_page_free(sim, slob);
	return cur;
}

/* First fit in one page; 0 if no block is large enough. */
static target_addr_t page_first_fit(struct sim *sim, frame_t slob, int units, uint64_t align)
{
	target_addr_t prev = 0, cur = page_field_load(sim, slob, PF_slob_2624_free);

	for (;;) {
		int skip = (int)((slob_align_up(cur, align) - cur) / SLOB24_UNIT);

		if (block_units(sim, cur) >= units + skip)
			return take(sim, slob, prev, cur, units, skip);
		if (is_last(sim, cur))
			return 0;
		prev = cur;
		cur = block_next(sim, cur);
	}
}

/* The next search starts at the page behind `prev`: the list's head moves there. */
static void rotate(struct sim *sim, target_addr_t head, target_addr_t prev)
{
	target_addr_t first = list_next(sim, prev);

	if (prev == head || first == head)
		return;
	list_del(sim, head);
	list_add_tail(sim, head, first);
}

static frame_t link_frame(struct sim *sim, target_addr_t link)
{
	frame_t slob = page_of_lru(sim, link);

	if (unlikely(slob == FRAME_NONE))
		sim_oops(sim, link, "free_slob_pages");
	return slob;
}

static target_addr_t search_pages(struct allocator *a, int units, uint64_t align)
{
	struct sim *sim = a->sim;
	target_addr_t head = slob24_state(a)->free_slob_pages, prev = head, link, block;

	for (link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		frame_t slob = link_frame(sim, link);

		/* Too few units in all: not worth a walk. */
		block = page_units(sim, slob) >= units ? page_first_fit(sim, slob, units, align) : 0;
		if (block) {
			rotate(sim, head, prev);
			return block;
		}
		prev = link;
	}
	return 0;
}

static target_addr_t alloc_from_new_page(struct allocator *a, frame_t slob, int units, uint64_t align)
{
	struct sim *sim = a->sim;
	target_addr_t page = page_address(slob);

	page_set_flag(sim, slob, PG_active);
	set_page_units(sim, slob, SLOB24_PAGE_UNITS);
	page_field_store(sim, slob, PF_slob_2624_free, page);
	set_block(sim, page, SLOB24_PAGE_UNITS, page + PAGE_SIZE);
	set_slob_page_free(a, slob);
	return page_first_fit(sim, slob, units, align);
}

target_addr_t slob24_alloc(struct allocator *a, uint64_t size, gfp_t gfp, uint64_t align)
{
	struct sim *sim = a->sim;
	int units = units_of(size);
	bool irqs_off = slob_lock(sim);
	target_addr_t block = search_pages(a, units, align), page;

	slob_unlock(sim, irqs_off);
	if (block)
		return block;
	page = slob_get_pages(sim, gfp, 0);
	if (!page)
		return 0;
	irqs_off = slob_lock(sim);
	block = alloc_from_new_page(a, slob_frame(sim, page), units, align);
	slob_unlock(sim, irqs_off);
	return block;
}

/* The page allocator wants its fields back as it gave them. */
static void free_slob_page(struct sim *sim, frame_t slob)
{
	page_clear_flag(sim, slob, PG_active);
	page_field_store(sim, slob, PF_allocated_mapcount, UINT32_MAX);
	page_field_store(sim, slob, PF_allocated_mapping, 0);
}

/* Behind the first free block: merges with both neighbours. */
static void insert_behind(struct sim *sim, target_addr_t first, target_addr_t block, int units)
{
	target_addr_t prev = first, next = block_next(sim, prev);
	target_addr_t end = block + (target_addr_t)(units * SLOB24_UNIT);

	while (block > next) {
		prev = next;
		next = block_next(sim, prev);
	}
	if (!is_last(sim, prev) && end == next) {
		units += block_units(sim, next);
		next = block_next(sim, next);
	}
	if (prev + (target_addr_t)(block_units(sim, prev) * SLOB24_UNIT) == block) {
		set_block(sim, prev, block_units(sim, prev) + units, next);
		return;
	}
	set_block(sim, block, units, next);
	set_block(sim, prev, block_units(sim, prev), block);
}

/* True iff the page is empty now; it is on no list then. */
static bool free_block_in(struct allocator *a, frame_t slob, target_addr_t block, int units)
{
	struct sim *sim = a->sim;
	int before = page_units(sim, slob);
	target_addr_t first;

	if (before + units == SLOB24_PAGE_UNITS) {
		if (page_flag(sim, slob, PG_private))
			clear_slob_page_free(sim, slob);
		free_slob_page(sim, slob);
		return true;
	}
	set_page_units(sim, slob, before + units);
	if (!page_flag(sim, slob, PG_private)) {
		page_field_store(sim, slob, PF_slob_2624_free, block);
		set_block(sim, block, units, page_of(block) + PAGE_SIZE);
		set_slob_page_free(a, slob);
		return false;
	}
	first = page_field_load(sim, slob, PF_slob_2624_free);
	if (block < first) {
		/* Stays apart from the block above it even if they touch. */
		set_block(sim, block, units, first);
		page_field_store(sim, slob, PF_slob_2624_free, block);
	} else {
		insert_behind(sim, first, block, units);
	}
	return false;
}

void slob24_free(struct allocator *a, target_addr_t block, uint64_t size)
{
	struct sim *sim = a->sim;
	frame_t slob = slob_frame(sim, block);
	bool irqs_off = slob_lock(sim);
	bool empty = free_block_in(a, slob, block, units_of(size));

	slob_unlock(sim, irqs_off);
	if (empty)
		slob_free_pages(sim, page_of(block), 0);
}

bool slob24_heap_init(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = kernel_alloc(sim, sim->layout->size[LS_list_head]);

	if (!head)
		return false;
	list_init(sim, head);
	slob24_state(a)->free_slob_pages = head;
	return true;
}
