/* SPDX-License-Identifier: MIT */
/*
 * SLOB 2.6.22, big blocks: pages for kmalloc() of what the heap does not serve, found again by a linear list of records
 * {order, pages, next} (FACTS 2.4).  The pages are not compound and bear no flag, their counts are 1, 0, 0 ...: a
 * get_page() and put_page() of page k > 0 frees it silently (D22).
 */
#include "allocators/slob_internal.h"

static target_addr_t pages_place(const struct sim *sim, target_addr_t record)
{
	return record + sim->layout->word;
}

static target_addr_t next_place(const struct sim *sim, target_addr_t record)
{
	return record + 2u * sim->layout->word;
}

static target_addr_t record_next(struct sim *sim, target_addr_t record)
{
	return target_load_word(sim, next_place(sim, record));
}

/* The second spinlock.  Whoever left it locked stops all others; one cpu has no spinlocks, only its interrupts off. */
static bool block_lock(struct allocator *a)
{
	bool irqs_off = slob_lock(a->sim);

	if (slob22_state(a)->block_lock)
		sim_hang(a->sim);
	return irqs_off;
}

static target_addr_t new_record(struct allocator *a)
{
	struct slob22_state *state = slob22_state(a);
	bool irqs_off = block_lock(a);
	target_addr_t record = state->spare;

	if (record)
		state->spare = record_next(a->sim, record);
	else
		record = kernel_alloc(a->sim, 3u * a->sim->layout->word);
	slob_unlock(a->sim, irqs_off);
	return record;
}

static void push_record(struct allocator *a, target_addr_t *list, target_addr_t record)
{
	target_store_word(a->sim, next_place(a->sim, record), *list, ROLE_SLOB_HEADER);
	*list = record;
}

static void drop_record(struct allocator *a, target_addr_t record)
{
	bool irqs_off = block_lock(a);

	push_record(a, &slob22_state(a)->spare, record);
	slob_unlock(a->sim, irqs_off);
}

target_addr_t slob22_big_alloc(struct allocator *a, uint64_t size, gfp_t gfp)
{
	struct sim *sim = a->sim;
	unsigned order = slob_order(size);
	target_addr_t record = new_record(a), pages;
	bool irqs_off;

	if (!record)
		return 0;
	pages = slob_get_pages(sim, gfp & ~(gfp_t)GFP_COMP, order);
	if (!pages) {
		drop_record(a, record);
		return 0;
	}
	target_store(sim, record, 4, order, ROLE_SLOB_HEADER);
	target_store_word(sim, pages_place(sim, record), pages, ROLE_SLOB_HEADER);
	irqs_off = block_lock(a);
	push_record(a, &slob22_state(a)->bigblocks, record);
	slob_unlock(sim, irqs_off);
	return pages;
}

/* The record of a big block, 0 if there is none; *prev is the one before it. */
static target_addr_t find_record(struct allocator *a, target_addr_t pages, target_addr_t *prev)
{
	struct sim *sim = a->sim;
	target_addr_t record = slob22_state(a)->bigblocks;

	*prev = 0;
	while (record && target_load_word(sim, pages_place(sim, record)) != pages) {
		*prev = record;
		record = record_next(sim, record);
	}
	return record;
}

static void unlink_record(struct allocator *a, target_addr_t prev, target_addr_t record)
{
	target_addr_t next = record_next(a->sim, record);

	if (prev)
		target_store_word(a->sim, next_place(a->sim, prev), next, ROLE_SLOB_HEADER);
	else
		slob22_state(a)->bigblocks = next;
}

bool slob22_big_free(struct allocator *a, target_addr_t pages)
{
	bool irqs_off = block_lock(a);
	target_addr_t prev, record = find_record(a, pages, &prev);
	unsigned order;

	if (record)
		unlink_record(a, prev, record);
	slob_unlock(a->sim, irqs_off);
	if (!record)
		return false;
	order = (unsigned)target_load(a->sim, record, 4);
	slob_free_pages(a->sim, pages, order);
	drop_record(a, record);
	return true;
}

uint64_t slob22_big_size(struct allocator *a, target_addr_t pages)
{
	struct sim *sim = a->sim;
	bool irqs_off = block_lock(a);
	target_addr_t prev, record = find_record(a, pages, &prev);
	uint64_t size = record ? (uint64_t)PAGE_SIZE << target_load(sim, record, 4) : 0;

	/*
	 * On a hit, 2.6.22 drops the heap's lock in place of this one.  Interrupts are restored either way, so a
	 * machine with one cpu notices nothing; on others this lock stays taken and its next user spins.
	 */
	if (record && sim->policy[POLICY_bug_slob_ksize_lock] && sim->cpus > 1)
		slob22_state(a)->block_lock = true;
	slob_unlock(sim, irqs_off);
	return size;
}
