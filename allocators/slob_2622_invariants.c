/* SPDX-License-Identifier: MIT */
/*
 * SLOB 2.6.22, exact internal check: the free list is closed, in address order, merged and in memory in use; records of
 * big blocks speak of pages in use (FACTS 2.4).  Reads without marking lines; every address is checked first.
 */
#include "allocators/slob_internal.h"

static uint64_t peek_word(const struct sim *sim, target_addr_t addr)
{
	return target_get(addr, sim->layout->word, sim->big_endian);
}

static bool pages_in_use(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	if (!size || !target_in_ram(sim, addr, size))
		return false;
	for (uint64_t frame = (addr - RAM_BASE) >> PAGE_SHIFT; frame <= (addr + size - 1 - RAM_BASE) >> PAGE_SHIFT;
	     frame++)
		if (sim->frame_state[frame] == FRAME_FREE)
			return false;
	return true;
}

/* One block of the list; *end is where it ends. */
static const char *check_block(struct allocator *a, target_addr_t block, target_addr_t *end)
{
	const struct sim *sim = a->sim;
	uint64_t unit = slob22_unit(sim);
	int32_t units;

	*end = block;
	if (block == slob22_state(a)->arena)
		return NULL;
	if (block % unit || !pages_in_use(sim, block, unit))
		return "free list leaves the heap";
	units = (int32_t)(uint32_t)target_get(block, 4, sim->big_endian);
	if (units <= 0)
		return "free block without units";
	*end = block + (uint64_t)units * unit;
	if (!pages_in_use(sim, block, (uint64_t)units * unit))
		return "free block on a page that is not the heap's";
	return NULL;
}

static const char *check_free_list(struct allocator *a)
{
	const struct sim *sim = a->sim;
	target_addr_t rover = slob22_state(a)->slobfree, block = rover, next, end;
	uint64_t count = 0, most = sim->ram_size / slob22_unit(sim) + 1;
	unsigned wraps = 0;

	do {
		const char *broken = check_block(a, block, &end);

		if (broken)
			return broken;
		next = peek_word(sim, block + sim->layout->word);
		if (next <= block)
			wraps++;
		else if (end > next)
			return "free blocks overlap";
		else if (end == next)
			return "neighbours are not merged";
		if (wraps > 1 || ++count > most)
			return "free list is not in address order";
		block = next;
	} while (block != rover);
	return NULL;
}

static const char *check_bigblocks(struct allocator *a)
{
	const struct sim *sim = a->sim;
	target_addr_t record = slob22_state(a)->bigblocks;
	uint64_t word = sim->layout->word;

	for (uint32_t count = 0; record; record = peek_word(sim, record + 2 * word)) {
		target_addr_t pages;
		uint64_t order;

		if (record - KERNEL_HEAP_BASE >= KERNEL_HEAP_SIZE ||
		    sim->kernel_shadow[(record - KERNEL_HEAP_BASE) >> 3] != 1 || ++count > sim->ram_frames)
			return "list of big blocks is broken";
		pages = peek_word(sim, record + word);
		order = target_get(record, 4, sim->big_endian);
		if (pages % PAGE_SIZE || order >= MAX_ORDER || !pages_in_use(sim, pages, (uint64_t)PAGE_SIZE << order))
			return "big block is not pages in use";
	}
	return NULL;
}

const char *slob22_invariants(struct allocator *a)
{
	const char *broken = check_free_list(a);

	return broken ? broken : check_bigblocks(a);
}
