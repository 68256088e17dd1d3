/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22, the queue of slabs that wait for a grace period: their RCU heads are linked through lru (FACTS 2.3). */
#include "allocators/slub_internal.h"

static bool rcu_slab_of(struct allocator *a, frame_t slab, target_addr_t s)
{
	bool in_mapping = a->sim->policy[POLICY_bug_rcu_limbo_mapping];

	return page_member(a->sim, slab, in_mapping ? LF_page_mapping : LF_page_index) == s;
}

/* Runs the callbacks queued so far; only those of one kmem_cache if `only` is not 0. */
unsigned slub_run_callbacks(struct allocator *a, target_addr_t only)
{
	struct sim *sim = a->sim;
	struct slub_state *state = slub_state(a);
	target_addr_t head = state->rcu_first, kept = 0;
	bool irqs_off = sim->irqs_off;
	unsigned ran = 0;

	/* What others queue meanwhile would get lost among what is kept. */
	sim->irqs_off |= only != 0;
	state->rcu_first = 0;
	state->rcu_last = 0;
	while (head) {
		frame_t slab = slub_link_frame(sim, head);
		target_addr_t next = page_field_load(sim, slab, PF_rcu_next);

		if (!only || rcu_slab_of(a, slab, only)) {
			slub_rcu_free_slab(a, slab);
			ran++;
			sim_preempt_point(sim, POINT_rcu_callback);
		} else {
			page_field_store(sim, slab, PF_rcu_next, 0);
			if (kept)
				page_field_store(sim, slub_link_frame(sim, kept), PF_rcu_next, head);
			else
				state->rcu_first = head;
			state->rcu_last = head;
			kept = head;
		}
		head = next;
	}
	sim->irqs_off = irqs_off;
	return ran;
}
