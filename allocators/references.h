/* SPDX-License-Identifier: MIT */
/*
 * Shared by the models of SLAB and SLUB: what the threads proposed a reference to an object should be (FACTS 5, policy
 * slab_references).  Objects that were freed and may not be handed out yet are kept aside here.
 */
#ifndef SLABFUZZ_ALLOCATORS_REFERENCES_H
#define SLABFUZZ_ALLOCATORS_REFERENCES_H

#include "sim/page.h"

#define OBJECT_COUNTED 0x40000000u /* internal flag of a kmem_cache: the last word of its objects is their count */

enum { HELD_MAX = 1024 };

/* What does not fit is never handed out again. */
struct held_objects {
	struct held_object {
		target_addr_t object;
		uint64_t size;
	} entries[HELD_MAX];
};

/* Hellwig: a reference at each page that the object touches.  Told like any other. */
static inline void object_pages_hold(struct sim *sim, target_addr_t object, uint64_t size)
{
	frame_t last = virt_to_frame(sim, object + size - 1);

	for (frame_t frame = virt_to_frame(sim, object); frame <= last; frame++)
		page_hold_raw(sim, page_head(sim, frame));
}

static inline void object_pages_drop(struct sim *sim, target_addr_t object, uint64_t size)
{
	frame_t last = virt_to_frame(sim, object + size - 1);

	for (frame_t frame = virt_to_frame(sim, object); frame <= last; frame++)
		page_drop_raw(sim, page_head(sim, frame));
}

/* References at a head by the object itself: one for each page that it touches. */
static inline int32_t object_references(struct sim *sim, frame_t head, target_addr_t object, uint64_t size)
{
	frame_t last = virt_to_frame(sim, object + size - 1);
	int32_t references = 0;

	for (frame_t frame = virt_to_frame(sim, object); frame <= last; frame++)
		references += page_head(sim, frame) == head;
	return references;
}

/*
 * "There are no more references to the page": none but the slab's own, which is at its first page, and those of objects
 * that wait as this one does.  Taken by the letter, references of neighbours that live count, too.
 */
static inline bool object_pages_referenced(struct sim *sim, frame_t first, const struct held_objects *held,
					   uint32_t held_count, target_addr_t object, uint64_t size)
{
	frame_t last = virt_to_frame(sim, object + size - 1);

	for (frame_t frame = virt_to_frame(sim, object); frame <= last; frame++) {
		frame_t head = page_head(sim, frame);
		int32_t count = page_count_raw(sim, head) - (head == first);

		for (uint32_t i = 0; i < held_count; i++)
			count -= object_references(sim, head, held->entries[i].object, held->entries[i].size);
		if (count > 0)
			return true;
	}
	return false;
}

/* Miller's free, step by step: another cpu may come between the two. */
static inline bool object_count_is_last(struct sim *sim, target_addr_t count)
{
	return target_load_word(sim, count) == 1;
}

static inline bool object_count_dec_and_test(struct sim *sim, target_addr_t count)
{
	uint64_t left = target_load_word(sim, count) - 1;

	target_store_word(sim, count, left, ROLE_OBJECT_COUNT);
	return left == 0;
}

/* True iff the caller must free the object. */
static inline bool object_count_drop(struct sim *sim, target_addr_t count)
{
	bool last = object_count_is_last(sim, count);

	sim_race_point(sim, false);
	return last || object_count_dec_and_test(sim, count);
}

static inline void object_count_set(struct sim *sim, target_addr_t count)
{
	target_store_word(sim, count, 1, ROLE_OBJECT_COUNT);
}

static inline void object_count_inc(struct sim *sim, target_addr_t count)
{
	target_store_word(sim, count, target_load_word(sim, count) + 1, ROLE_OBJECT_COUNT);
}

#endif
