/* SPDX-License-Identifier: MIT */
/*
 * SLAB 2.6.22, the life of a slab (FACTS 2.2): its pages, its descriptor, its place on a list, its end.
 *
 * A slab is no compound page: each of its pages has PG_slab, and the kmem_cache and the slab in its lru.
 */
#include "allocators/slab_internal.h"

static void store_link(struct sim *sim, target_addr_t link, enum layout_field field, target_addr_t to)
{
	slab_store(sim, link, field, to, ROLE_SLAB_DESC);
}

/* The links lie in descriptors, so a device or an overrun can reach them. */
void slab_list_add(struct sim *sim, target_addr_t slab, target_addr_t head, bool tail)
{
	target_addr_t prev = tail ? list_prev(sim, head) : head, next = tail ? head : list_next(sim, head);

	store_link(sim, next, LF_list_head_prev, slab);
	store_link(sim, slab, LF_list_head_next, next);
	store_link(sim, slab, LF_list_head_prev, prev);
	store_link(sim, prev, LF_list_head_next, slab);
}

void slab_list_del(struct sim *sim, target_addr_t slab)
{
	target_addr_t next = list_next(sim, slab), prev = list_prev(sim, slab);

	store_link(sim, next, LF_list_head_prev, prev);
	store_link(sim, prev, LF_list_head_next, next);
	store_link(sim, slab, LF_list_head_next, LIST_POISON1);
	store_link(sim, slab, LF_list_head_prev, LIST_POISON2);
}

/* First byte of the pages, or 0. */
static target_addr_t get_pages(struct allocator *a, target_addr_t c, gfp_t gfp)
{
	struct sim *sim = a->sim;
	unsigned order = slab_order(sim, c);
	gfp_t page_gfp = (gfp & (GFP_WAIT | GFP_ZONE_DMA | GFP_NOFAIL)) | (gfp_t)CACHE_FIELD(sim, c, gfpflags);
	frame_t first = alloc_pages(sim, page_gfp, order);

	if (first == FRAME_NONE)
		return 0;
	for (frame_t frame = first; frame < first + (1u << order); frame++)
		page_set_flag(sim, frame, PG_slab);
	return page_address(first);
}

/* lru is left as it is. */
static void free_slab_pages(struct sim *sim, target_addr_t c, target_addr_t addr)
{
	unsigned order = slab_order(sim, c);
	frame_t first = virt_to_frame(sim, addr);

	if (first == FRAME_NONE)
		sim_oops(sim, addr, "kmem_freepages");
	for (frame_t frame = first; frame < first + (1u << order); frame++) {
		if (!page_flag(sim, frame, PG_slab))
			sim_bug(sim, "kmem_freepages: page is not PageSlab");
		page_clear_flag(sim, frame, PG_slab);
	}
	free_pages(sim, first, order);
}

/* The descriptor of a slab at `addr`: in front of its objects, or an object of a kmalloc cache.  0 if memory is out. */
static target_addr_t make_descriptor(struct allocator *a, target_addr_t c, target_addr_t addr, uint64_t colour,
				     gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t slab = addr + colour;

	if (slab_flags(sim, c) & OFF_SLAB) {
		if (!(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_descriptor, .gfp = gfp, .cache = c))
			return 0;
		slab = slab_cache_alloc(a, CACHE_FIELD(sim, c, slabp_cache), gfp & (GFP_WAIT | GFP_NOFAIL));
		if (!slab)
			return 0;
	} else {
		colour += CACHE_FIELD(sim, c, slab_size);
	}
	DESC_FIELD_SET(sim, slab, inuse, 0);
	DESC_FIELD_SET(sim, slab, colouroff, colour);
	DESC_FIELD_SET(sim, slab, s_mem, addr + colour);
	DESC_FIELD_SET(sim, slab, nodeid, 0);
	return slab;
}

static void map_pages(struct sim *sim, target_addr_t c, target_addr_t slab, target_addr_t addr)
{
	unsigned order = slab_order(sim, c);
	frame_t first = virt_to_frame(sim, addr);

	for (frame_t frame = first; frame < first + (1u << order); frame++) {
		page_field_store(sim, frame, PF_slab_cache, c);
		page_field_store(sim, frame, PF_slab_slab, slab);
	}
}

/* Chains all objects in address order. */
static void init_objects(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	struct sim *sim = a->sim;
	uint64_t num = CACHE_FIELD(sim, c, num), size = CACHE_FIELD(sim, c, buffer_size);
	target_addr_t buffer = DESC_FIELD(sim, slab, s_mem);
	bool debug = slab_flags(sim, c) & OBJECT_DEBUG;
	bool ctor = CACHE_FIELD(sim, c, ctor) != 0;

	for (uint64_t i = 0; i < num; i++, buffer += size) {
		if (debug)
			slab_debug_init(a, c, buffer);
		else if (ctor)
			slab_run_ctor(sim, c, buffer);
		target_store(sim, slab_bufctl_place(sim, slab, i), BUFCTL_SIZE, i + 1 < num ? i + 1 : BUFCTL_END,
			     ROLE_BUFCTL);
	}
	DESC_FIELD_SET(sim, slab, free, 0);
}

/* Byte offset of the next slab's colour; it advances even if the slab then cannot be had. */
static uint64_t next_colour(struct sim *sim, target_addr_t c, target_addr_t l3)
{
	uint64_t colour = LIST3_FIELD(sim, l3, colour_next), next = colour + 1;

	LIST3_FIELD_SET(sim, l3, colour_next, next >= CACHE_FIELD(sim, c, colour) ? 0 : next);
	return colour * CACHE_FIELD(sim, c, colour_off);
}

/* Pages and descriptor of a new slab, or 0. */
static target_addr_t new_slab(struct allocator *a, target_addr_t c, uint64_t colour, gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t addr = get_pages(a, c, gfp), slab = 0;

	if (!addr)
		return 0;
	if ((gfp & GFP_NOFAIL) || !should_fail(sim, FAULT_slab_grow, .gfp = gfp, .cache = c))
		slab = make_descriptor(a, c, addr, colour, gfp);
	if (!slab) {
		free_slab_pages(sim, c, addr);
		return 0;
	}
	map_pages(sim, c, slab, addr);
	init_objects(a, c, slab);
	return slab;
}

/* Adds a slab to the tail of the free list.  Interrupts are on meanwhile if the caller may sleep. */
bool slab_grow(struct allocator *a, target_addr_t c, gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3), slab;
	uint64_t colour;

	/* D28: only a growing kmem_cache looks at the bits. */
	if ((gfp & (GFP_ZERO | GFP_HIGHMEM)) && sim->policy[POLICY_bug_grow_gfp])
		sim_bug(sim, "cache_grow: unexpected GFP bits");
	colour = next_colour(sim, c, l3);
	if (gfp & GFP_WAIT)
		sim->irqs_off = false;
	sim_preempt_point(sim, POINT_slab_grow_begin);
	slab = new_slab(a, c, colour, gfp);
	sim_preempt_point(sim, POINT_slab_grow_end);
	sim->irqs_off = true;
	if (!slab)
		return false;
	slab_list_add(sim, slab, slab_field_place(sim, l3, LF_slab_list3_free), true);
	LIST3_FIELD_SET(sim, l3, free_objects, LIST3_FIELD(sim, l3, free_objects) + CACHE_FIELD(sim, c, num));
	return true;
}

/* The RCU head lies over the descriptor, which a slab on no list does not need; PG_slab and lru stay. */
static void queue_slab(struct allocator *a, target_addr_t c, target_addr_t slab, target_addr_t addr)
{
	struct sim *sim = a->sim;
	struct slab_state *state = slab_state(a);
	struct event event = {.kind = EVENT_RCU_QUEUE, .addr = addr};

	slab_store(sim, slab, LF_slab_rcu_next, 0, ROLE_RCU_HEAD);
	slab_store(sim, slab, LF_slab_rcu_func, KERNEL_BASE, ROLE_RCU_HEAD);
	slab_store(sim, slab, LF_slab_rcu_cache, c, ROLE_RCU_HEAD);
	slab_store(sim, slab, LF_slab_rcu_addr, addr, ROLE_RCU_HEAD);
	if (state->rcu_last[sim->cpu])
		slab_store(sim, state->rcu_last[sim->cpu], LF_slab_rcu_next, slab, ROLE_RCU_HEAD);
	else
		state->rcu_first[sim->cpu] = slab;
	state->rcu_last[sim->cpu] = slab;
	sim_rcu_queue(sim, &event);
}

static void release_slab(struct allocator *a, target_addr_t c, target_addr_t slab, target_addr_t addr)
{
	struct sim *sim = a->sim;

	free_slab_pages(sim, c, addr);
	if (!(slab_flags(sim, c) & OFF_SLAB))
		return;
	target_disclaim(sim, slab, CACHE_FIELD(sim, c, slab_size));
	slab_cache_free(a, CACHE_FIELD(sim, c, slabp_cache), slab);
}

/* The slab is on no list any more. */
void slab_destroy(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	struct sim *sim = a->sim;
	target_addr_t addr = DESC_FIELD(sim, slab, s_mem) - DESC_FIELD(sim, slab, colouroff);

	if (slab_flags(sim, c) & OBJECT_DEBUG)
		slab_debug_destroy(a, c, slab);
	if (slab_flags(sim, c) & (uint32_t)SLAB_DESTROY_BY_RCU)
		queue_slab(a, c, slab, addr);
	else
		release_slab(a, c, slab, addr);
}

/* A grace period is over for what this cpu queued: the kmem_cache is read whether it still exists or not (D21). */
unsigned slab_run_callbacks(struct allocator *a, unsigned cpu)
{
	struct sim *sim = a->sim;
	struct slab_state *state = slab_state(a);
	target_addr_t slab = state->rcu_first[cpu];
	unsigned ran = 0;

	state->rcu_first[cpu] = 0;
	state->rcu_last[cpu] = 0;
	for (; slab; ran++) {
		target_addr_t next = target_load_field(sim, slab, LF_slab_rcu_next);

		release_slab(a, target_load_field(sim, slab, LF_slab_rcu_cache), slab,
			     target_load_field(sim, slab, LF_slab_rcu_addr));
		sim_preempt_point(sim, POINT_rcu_callback);
		slab = next;
	}
	return ran;
}
