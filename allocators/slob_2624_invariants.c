/* SPDX-License-Identifier: MIT */
/*
 * SLOB 2.6.24, exact internal check: list of pages, flags, units and free blocks agree (FACTS 2.5).  Reads without
 * marking lines and without asking the owner; every offset is checked before it is followed.
 */
#include "allocators/slob_internal.h"

static int peek_unit(const struct sim *sim, target_addr_t addr)
{
	return (int16_t)(uint16_t)target_get(addr, SLOB24_UNIT, sim->big_endian);
}

/* Units of the free blocks of a page, -1 if their list is broken.  Neighbours may touch: see free_block_in(). */
static int free_units(const struct sim *sim, target_addr_t page, target_addr_t block)
{
	int total = 0, at = (int)((block - page) / SLOB24_UNIT);

	if (block - page >= PAGE_SIZE || (block & 1))
		return -1;
	while (at < SLOB24_PAGE_UNITS) {
		target_addr_t place = page + (target_addr_t)(at * SLOB24_UNIT);
		int units = peek_unit(sim, place), next;

		if (units == 0 || units == 1 || units > SLOB24_PAGE_UNITS - at)
			return -1;
		next = units < 0 ? -units : peek_unit(sim, place + SLOB24_UNIT);
		units = units < 0 ? 1 : units;
		if (next < at + units || next > SLOB24_PAGE_UNITS)
			return -1;
		total += units;
		at = next;
	}
	return total;
}

static const char *check_page(struct sim *sim, frame_t slob)
{
	int units = (int16_t)(uint16_t)page_member(sim, slob, LF_page_inuse);
	int found;

	if (sim->frame_state[slob] == FRAME_FREE)
		return "slob page is free";
	if (!page_flag(sim, slob, PG_active) || !page_flag(sim, slob, PG_private))
		return "listed page without its flags";
	if (units <= 0 || units >= SLOB24_PAGE_UNITS)
		return "full or empty page on the list";
	found = free_units(sim, page_address(slob), page_member(sim, slob, LF_page_index));
	if (found < 0)
		return "free blocks of a page are broken";
	return found == units ? NULL : "units of a page do not match its free blocks";
}

/* Pages that the allocator's fields call slob pages and that claim to be on the list. */
static const char *check_unlisted(struct sim *sim, uint32_t listed)
{
	for (frame_t i = 0; i < sim->ram_frames; i++) {
		if (page_word_writer(sim, i, PAGE_WORD_MAPCOUNT) != OWNER_slob_2624)
			continue;
		if (!page_flag(sim, i, PG_active))
			return "slob page without its flag";
		if (page_flag(sim, i, PG_private))
			listed--;
		else if (page_member(sim, i, LF_page_inuse) != 0)
			return "page with free units on no list";
	}
	return listed ? "page on no list that claims to be" : NULL;
}

const char *slob24_invariants(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = slob24_state(a)->free_slob_pages, prev = head, link;
	uint32_t word = sim->layout->word, count = 0;

	for (link = target_get(head, word, sim->big_endian); link != head;
	     link = target_get(link, word, sim->big_endian)) {
		frame_t slob = page_of_lru(sim, link);
		const char *broken;

		if (slob == FRAME_NONE || ++count > sim->ram_frames ||
		    target_get(link + word, word, sim->big_endian) != prev)
			return "list of slob pages is broken";
		broken = check_page(sim, slob);
		if (broken)
			return broken;
		prev = link;
	}
	return check_unlisted(sim, count);
}
