/* SPDX-License-Identifier: MIT */
/*
 * SLUB, what a reference to an object is by policy slab_references (FACTS 5): nothing of this was in 2.6.22.
 *
 * Lameter's proposals are one here: kmem_cache_get() forbids allocation from the slab, which is done by taking it off
 * the lists, frozen, as if it were the slab of a cpu that never allocates.  Freeing goes on, and writes (C34).
 */
#include "allocators/slub_internal.h"

static target_addr_t count_place(struct sim *sim, target_addr_t s, target_addr_t object)
{
	return object + CACHE_FIELD(sim, s, objsize) - sim->layout->word;
}

/* Head of the slab that an address lies in, FRAME_NONE if it is none. */
static frame_t slab_of(struct sim *sim, target_addr_t addr)
{
	frame_t frame = virt_to_frame(sim, addr);

	if (frame == FRAME_NONE)
		return FRAME_NONE;
	frame = page_head(sim, frame);
	return page_flag(sim, frame, PG_slab) ? frame : FRAME_NONE;
}

static target_addr_t object_at(struct sim *sim, target_addr_t s, frame_t slab, target_addr_t addr)
{
	uint64_t size = CACHE_FIELD(sim, s, size);

	return page_address(slab) + (addr - page_address(slab)) / size * size;
}

void slub_object_taken(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	frame_t slab = slab_of(sim, object);
	target_addr_t s;

	if (slab == FRAME_NONE)
		return;
	s = page_field_load(sim, slab, PF_slub_slab);
	if (cache_flags(sim, s) & OBJECT_COUNTED)
		object_count_set(sim, count_place(sim, s, object));
	else if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_PER_OBJECT)
		object_pages_hold(sim, object, CACHE_FIELD(sim, s, objsize));
}

static bool is_referenced(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct slub_state *state = slub_state(a);

	return object_pages_referenced(a->sim, slab, &state->held, state->held_count, object,
				       CACHE_FIELD(a->sim, s, objsize));
}

bool slub_object_dropped(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct slub_state *state = slub_state(a);
	struct sim *sim = a->sim;

	if (cache_flags(sim, s) & OBJECT_COUNTED)
		return object_count_drop(sim, count_place(sim, s, object));
	if (sim->policy[POLICY_slab_references] != SLAB_REFERENCES_PER_OBJECT)
		return true;
	if (slab_debug(sim, slab) && !slub_free_checks(a, s, slab, object))
		return false;
	/* Its reference stays until it may be handed out: that of page k > 0 of a slab may be the last. */
	target_store_word(sim, object + CACHE_FIELD(sim, s, offset), 0, ROLE_FREE_POINTER);
	if (state->held_count < HELD_MAX)
		state->held.entries[state->held_count++] = (struct held_object){object, CACHE_FIELD(sim, s, objsize)};
	slub_release_held(a);
	return false;
}

void slub_release_held(struct allocator *a)
{
	struct slub_state *state = slub_state(a);
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	sim->irqs_off = true;
	for (uint32_t i = 0; i < state->held_count;) {
		struct held_object held = state->held.entries[i];
		frame_t slab = slab_of(sim, held.object);
		target_addr_t s = slab == FRAME_NONE ? 0 : page_field_load(sim, slab, PF_slub_slab);

		if (!s || is_referenced(a, s, slab, held.object)) {
			i++;
			continue;
		}
		state->held.entries[i] = state->held.entries[--state->held_count];
		object_pages_drop(sim, held.object, held.size);
		slub_give_back(a, s, slab, held.object);
	}
	sim->irqs_off = irqs_off;
}

/* Off all lists, frozen: no cpu allocates from it, and frees leave the lists alone. */
static void freeze(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;

	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		if (target_load_word(sim, cpu_slab_place(sim, s, cpu)) == page_struct(sim, slab))
			slub_flush_cpu_slab(a, s, cpu);
	if (page_field_load(sim, slab, PF_slub_freelist))
		slub_remove_partial(sim, s, slab);
	else if (slab_debug(sim, slab) && (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER))
		list_del(sim, page_lru(sim, slab));
	slub_set_frozen(sim, slab, true);
}

bool slub_object_get(struct allocator *a, target_addr_t addr)
{
	struct sim *sim = a->sim;
	frame_t slab = slab_of(sim, addr);
	bool irqs_off = sim->irqs_off;
	target_addr_t s;

	if (slab == FRAME_NONE)
		return false;
	s = page_field_load(sim, slab, PF_slub_slab);
	if (cache_flags(sim, s) & OBJECT_COUNTED) {
		object_count_inc(sim, count_place(sim, s, object_at(sim, s, slab, addr)));
		return true;
	}
	if (sim->policy[POLICY_slab_references] < SLAB_REFERENCES_GET_PUT)
		return false;
	sim->irqs_off = true;
	if (page_count_raw(sim, slab) == 1)
		freeze(a, s, slab);
	sim->irqs_off = irqs_off;
	page_hold(sim, slab);
	return true;
}

void slub_object_put(struct allocator *a, target_addr_t addr)
{
	struct sim *sim = a->sim;
	frame_t slab = slab_of(sim, addr);
	target_addr_t s, object;
	bool irqs_off = sim->irqs_off;

	if (slab == FRAME_NONE)
		sim_bug(sim, "kmem_cache_put() of what is no slab");
	s = page_field_load(sim, slab, PF_slub_slab);
	object = object_at(sim, s, slab, addr);
	if (cache_flags(sim, s) & OBJECT_COUNTED) {
		if (object_count_drop(sim, count_place(sim, s, object)))
			slub_free_object(a, s, slab, object);
		return;
	}
	page_drop(sim, slab);
	if (page_count_raw(sim, slab) == 1) {
		sim->irqs_off = true;
		slub_unfreeze_slab(a, s, slab);
		sim->irqs_off = irqs_off;
	}
}
