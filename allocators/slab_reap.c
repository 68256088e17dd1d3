/* SPDX-License-Identifier: MIT */
/*
 * SLAB 2.6.22, what each cpu does about every 2 s (FACTS 2.2): a part of what lay unused since the last time goes back,
 * of its array each time, of the shared array and the free slabs every second time.
 */
#include "allocators/slab_internal.h"

enum { NODE_INTERVAL = 2 /* turns of a cpu: 4 s */ };

/* (limit + 4) / 5 of the oldest entries, or half of what there is; nothing if it was used meanwhile. */
static void reap_array(struct allocator *a, target_addr_t c, target_addr_t ac)
{
	struct sim *sim = a->sim;
	uint64_t avail = ac ? ARRAY_FIELD(sim, ac, avail) : 0, count;

	if (!avail)
		return;
	if (ARRAY_FIELD(sim, ac, touched)) {
		ARRAY_FIELD_SET(sim, ac, touched, 0);
		return;
	}
	count = (ARRAY_FIELD(sim, ac, limit) + 4) / 5;
	if (count > avail)
		count = (avail + 1) / 2;
	slab_free_block(a, c, slab_entry_place(sim, ac, 0), count);
	ARRAY_FIELD_SET(sim, ac, avail, avail - count);
	slab_copy_entries(sim, slab_entry_place(sim, ac, 0), slab_entry_place(sim, ac, count), avail - count);
}

static void reap_free_slabs(struct allocator *a, target_addr_t c, target_addr_t l3)
{
	struct sim *sim = a->sim;
	uint64_t num = CACHE_FIELD(sim, c, num);

	if (LIST3_FIELD(sim, l3, free_touched))
		LIST3_FIELD_SET(sim, l3, free_touched, 0);
	else
		slab_drain_freelist(a, c, (LIST3_FIELD(sim, l3, free_limit) + 5 * num - 1) / (5 * num));
}

static void reap_cache(struct allocator *a, target_addr_t c)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3);
	uint32_t now = slab_state(a)->reap_turns[sim->cpu];

	reap_array(a, c, slab_cpu_array(sim, c, sim->cpu));
	/* Whichever cpu comes first does it for all. */
	if (LIST3_FIELD(sim, l3, next_reap) > now)
		return;
	LIST3_FIELD_SET(sim, l3, next_reap, now + NODE_INTERVAL);
	reap_array(a, c, LIST3_FIELD(sim, l3, shared));
	reap_free_slabs(a, c, l3);
}

void slab_reap(struct allocator *a, unsigned cpu)
{
	struct sim *sim = a->sim;
	target_addr_t head = slab_state(a)->caches;
	bool irqs_off = sim->irqs_off;

	slab_state(a)->reap_turns[cpu]++;
	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		unsigned self = sim->cpu;

		sim->irqs_off = true;
		sim->cpu = cpu;
		reap_cache(a, link - sim->layout->field[LF_slab_cache_list].offset);
		sim->cpu = self;
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slab_drain);
	}
}
