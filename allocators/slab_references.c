/* SPDX-License-Identifier: MIT */
/*
 * SLAB, what a reference to an object is by policy slab_references (FACTS 5): nothing of this was in 2.6.22.
 *
 * kmem_cache_get() counts at the first page of the slab.  Objects that are free by then may still be handed out, from
 * wherever they wait; what is freed while the slab is referenced is kept aside.  There are no lists to take it off.
 */
#include "allocators/slab_internal.h"

static target_addr_t count_place(struct sim *sim, target_addr_t c, target_addr_t object)
{
	return object + CACHE_FIELD(sim, c, obj_size) - sim->layout->word;
}

/* First page of the slab that an address lies in, FRAME_NONE if it is none. */
static frame_t first_page(struct sim *sim, target_addr_t addr)
{
	frame_t frame = virt_to_frame(sim, addr);
	target_addr_t slab;

	if (frame == FRAME_NONE || !page_flag(sim, frame, PG_slab))
		return FRAME_NONE;
	slab = slab_page_slab(sim, frame);
	return virt_to_frame(sim, DESC_FIELD(sim, slab, s_mem) - DESC_FIELD(sim, slab, colouroff));
}

/* The object that an address lies in, as its client has it. */
static target_addr_t object_at(struct sim *sim, target_addr_t c, target_addr_t addr)
{
	target_addr_t slab = slab_page_slab(sim, virt_to_frame(sim, addr));
	target_addr_t s_mem = DESC_FIELD(sim, slab, s_mem);
	uint64_t size = CACHE_FIELD(sim, c, buffer_size);

	return s_mem + (addr - s_mem) / size * size + CACHE_FIELD(sim, c, obj_offset);
}

void slab_object_taken(struct allocator *a, target_addr_t c, target_addr_t object)
{
	struct sim *sim = a->sim;

	if (slab_flags(sim, c) & OBJECT_COUNTED)
		object_count_set(sim, count_place(sim, c, object));
	else if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_PER_OBJECT)
		object_pages_hold(sim, object, CACHE_FIELD(sim, c, obj_size));
}

bool slab_object_dropped(struct allocator *a, target_addr_t c, target_addr_t object)
{
	struct sim *sim = a->sim;

	return !(slab_flags(sim, c) & OBJECT_COUNTED) || object_count_drop(sim, count_place(sim, c, object));
}

static bool is_referenced(struct allocator *a, const struct held_object *held)
{
	struct slab_state *state = slab_state(a);
	struct sim *sim = a->sim;
	frame_t first = first_page(sim, held->object);

	if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_GET_PUT)
		return page_count_raw(sim, first) > 1;
	return object_pages_referenced(sim, first, &state->held, state->held_count, held->object, held->size);
}

/* Its reference stays until it may be handed out: that of page k > 0 of a slab may be the last. */
bool slab_keeps_aside(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct slab_state *state = slab_state(a);
	uint8_t policy = a->sim->policy[POLICY_slab_references];
	struct held_object held = {buffer + CACHE_FIELD(a->sim, c, obj_offset), CACHE_FIELD(a->sim, c, obj_size)};

	if (policy != SLAB_REFERENCES_PER_OBJECT && policy != SLAB_REFERENCES_GET_PUT)
		return false;
	if (policy == SLAB_REFERENCES_GET_PUT && !is_referenced(a, &held))
		return false;
	if (state->held_count < HELD_MAX)
		state->held.entries[state->held_count++] = held;
	return true;
}

void slab_release_held(struct allocator *a)
{
	struct slab_state *state = slab_state(a);
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	sim->irqs_off = true;
	for (uint32_t i = 0; i < state->held_count;) {
		struct held_object held = state->held.entries[i];
		target_addr_t c = slab_page_cache(sim, slab_object_page(sim, held.object));

		if (is_referenced(a, &held)) {
			i++;
			continue;
		}
		state->held.entries[i] = state->held.entries[--state->held_count];
		if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_PER_OBJECT)
			object_pages_drop(sim, held.object, held.size);
		slab_array_put(a, c, held.object - CACHE_FIELD(sim, c, obj_offset));
	}
	sim->irqs_off = irqs_off;
}

bool slab_object_get(struct allocator *a, target_addr_t addr)
{
	struct sim *sim = a->sim;
	frame_t first = first_page(sim, addr);
	target_addr_t c;

	if (first == FRAME_NONE)
		return false;
	c = slab_page_cache(sim, virt_to_frame(sim, addr));
	if (slab_flags(sim, c) & OBJECT_COUNTED) {
		object_count_inc(sim, count_place(sim, c, object_at(sim, c, addr)));
		return true;
	}
	if (sim->policy[POLICY_slab_references] != SLAB_REFERENCES_GET_PUT)
		return false;
	page_hold(sim, first);
	return true;
}

void slab_object_put(struct allocator *a, target_addr_t addr)
{
	struct sim *sim = a->sim;
	frame_t first = first_page(sim, addr);
	target_addr_t c, object;

	if (first == FRAME_NONE)
		sim_bug(sim, "kmem_cache_put() of what is no slab");
	c = slab_page_cache(sim, virt_to_frame(sim, addr));
	if (!(slab_flags(sim, c) & OBJECT_COUNTED)) {
		page_drop(sim, first);
		return;
	}
	object = object_at(sim, c, addr);
	if (object_count_drop(sim, count_place(sim, c, object)))
		slab_cache_free(a, c, object);
}
