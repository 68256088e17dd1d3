/* SPDX-License-Identifier: MIT */
/*
 * SLOB 2.6.22, the heap: one circular list of free blocks in address order, closed by a static head in kernel data.
 * First fit from a rover; a free block merges with both neighbours, whatever page they lie in, so blocks straddle pages
 * (FACTS 2.4).  The header {units, next} lies in the first unit of the block, free or not.
 */
#include "allocators/slob_internal.h"

/* The units are an int: a damaged header may be negative. */
static int64_t block_units(struct sim *sim, target_addr_t block)
{
	return (int32_t)(uint32_t)target_load(sim, block, 4);
}

static void set_units(struct sim *sim, target_addr_t block, int64_t units)
{
	target_store(sim, block, 4, (uint64_t)units, ROLE_SLOB_HEADER);
}

static target_addr_t block_next(struct sim *sim, target_addr_t block)
{
	return target_load_word(sim, block + sim->layout->word);
}

static void set_next(struct sim *sim, target_addr_t block, target_addr_t next)
{
	target_store_word(sim, block + sim->layout->word, next, ROLE_SLOB_HEADER);
}

static target_addr_t block_end(struct sim *sim, target_addr_t block)
{
	return block + (uint64_t)block_units(sim, block) * slob22_unit(sim);
}

static int64_t units_of(const struct sim *sim, uint64_t size)
{
	return (int64_t)((size + slob22_unit(sim) - 1) / slob22_unit(sim));
}

uint64_t slob22_units(struct sim *sim, target_addr_t block)
{
	return (uint64_t)block_units(sim, block);
}

/* Cuts a block in two free ones; returns the second. */
static target_addr_t split(struct sim *sim, target_addr_t block, int64_t units)
{
	target_addr_t rest = block + (uint64_t)units * slob22_unit(sim);

	set_units(sim, rest, block_units(sim, block) - units);
	set_next(sim, rest, block_next(sim, block));
	set_units(sim, block, units);
	set_next(sim, block, rest);
	return rest;
}

/* Takes `units` from the front of the free block behind `prev`, but for a fragment that alignment costs; 0 if it is too
 * small. */
static target_addr_t take(struct allocator *a, target_addr_t prev, int64_t units, uint64_t align)
{
	struct sim *sim = a->sim;
	target_addr_t block = block_next(sim, prev);
	int64_t skip = 0;

	if (align)
		skip = (int64_t)((slob_align_up(block, align) - block) / slob22_unit(sim));
	if (block_units(sim, block) < units + skip)
		return 0;
	if (skip) {
		prev = block;
		block = split(sim, block, skip);
	}
	if (block_units(sim, block) > units)
		split(sim, block, units);
	set_next(sim, prev, block_next(sim, block));
	slob22_state(a)->slobfree = prev;
	return block;
}

/* Once round the list; the block that the rover points to comes last. */
static target_addr_t first_fit(struct allocator *a, uint64_t size, uint64_t align)
{
	target_addr_t rover = slob22_state(a)->slobfree, prev = rover, block;
	int64_t units = units_of(a->sim, size);

	do {
		block = take(a, prev, units, align);
		if (block)
			return block;
		prev = block_next(a->sim, prev);
	} while (prev != rover);
	return 0;
}

static target_addr_t locked_first_fit(struct allocator *a, uint64_t size, uint64_t align)
{
	bool irqs_off = slob_lock(a->sim);
	target_addr_t block = first_fit(a, size, align);

	slob_unlock(a->sim, irqs_off);
	return block;
}

/* Looks again after each page that it got: an interrupt may have used it up. */
target_addr_t slob22_alloc(struct allocator *a, uint64_t size, gfp_t gfp, uint64_t align)
{
	target_addr_t block, page;

	while (!(block = locked_first_fit(a, size, align))) {
		/* More pages would only help by luck. */
		if (size > PAGE_SIZE)
			return 0;
		page = slob_get_pages(a->sim, gfp, 0);
		if (!page)
			return 0;
		slob22_free(a, page, PAGE_SIZE);
	}
	return block;
}

/* The last free block before this address; the list closes at its highest address. */
static target_addr_t find_place(struct allocator *a, target_addr_t block)
{
	target_addr_t cur = slob22_state(a)->slobfree, next = block_next(a->sim, cur);

	for (;;) {
		if (block > cur && block < next)
			return cur;
		/* D24: the only block of a list, freed while it is on it, has no place: this never ends. */
		if (cur >= next && (block > cur || block < next))
			return cur;
		cur = next;
		next = block_next(a->sim, cur);
	}
}

/* Links the block in behind prev and merges it with what it touches. */
static void insert(struct sim *sim, target_addr_t prev, target_addr_t block)
{
	target_addr_t next = block_next(sim, prev);

	if (block_end(sim, block) == next) {
		set_units(sim, block, block_units(sim, block) + block_units(sim, next));
		set_next(sim, block, block_next(sim, next));
	} else {
		set_next(sim, block, next);
	}
	if (block_end(sim, prev) == block) {
		set_units(sim, prev, block_units(sim, prev) + block_units(sim, block));
		set_next(sim, prev, block_next(sim, block));
	} else {
		set_next(sim, prev, block);
	}
}

/* The rover goes to the predecessor: the block that it pointed to may have been merged away. */
void slob22_free(struct allocator *a, target_addr_t block, uint64_t size)
{
	struct sim *sim = a->sim;
	target_addr_t prev;
	bool irqs_off;

	if (!block)
		return;
	irqs_off = slob_lock(sim);
	if (size)
		set_units(sim, block, units_of(sim, size));
	prev = find_place(a, block);
	insert(sim, prev, block);
	slob22_state(a)->slobfree = prev;
	slob_unlock(sim, irqs_off);
}

/* No page is got for this: what is not free cannot be returned. */
bool slob22_timer(struct allocator *a)
{
	target_addr_t page = locked_first_fit(a, PAGE_SIZE, PAGE_SIZE);

	if (page)
		slob_free_pages(a->sim, page, 0);
	return page != 0;
}

/* D24: the head is a free block of one unit, and is handed out like any other.  Mended: it has no units to give. */
bool slob22_heap_init(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t arena = kernel_alloc(sim, (uint32_t)slob22_unit(sim));

	if (!arena)
		return false;
	set_units(sim, arena, sim->policy[POLICY_bug_slob_arena]);
	set_next(sim, arena, arena);
	slob22_state(a)->arena = arena;
	slob22_state(a)->slobfree = arena;
	return true;
}
