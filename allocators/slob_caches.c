/* SPDX-License-Identifier: MIT */
/* SLOB, what 2.6.22 and 2.6.24 share: kmem_caches are records only, frees of RCU objects wait one by one (FACTS 2.4).
 */
#include "allocators/slob_internal.h"

/* struct slob_rcu of the kernel, behind the object: {next, func, int size}. */
static uint64_t footer_size(const struct sim *sim)
{
	return slob_align_up(2u * sim->layout->word + 4u, sim->layout->word);
}

static target_addr_t footer_size_place(const struct sim *sim, target_addr_t footer)
{
	return footer + 2u * sim->layout->word;
}

/* max(line if HWCACHE_ALIGN, the caller's, what the version demands). */
static uint64_t cache_align(const struct sim *sim, const struct kmem_cache_request *request, uint32_t align_floor)
{
	uint64_t line = UINT64_C(1) << sim->arch->line_shift;
	uint64_t align = request->align > align_floor ? request->align : align_floor;

	return (request->flags & (uint32_t)SLAB_HWCACHE_ALIGN) && line > align ? line : align;
}

static void store_cache(struct sim *sim, target_addr_t s, const uint64_t *values)
{
	for (unsigned i = 0; i < SLOB_CACHE_BYTES / 4; i++)
		target_store(sim, s + 4 * i, 4, values[i], ROLE_KMEM_CACHE);
}

target_addr_t slob_cache_create(struct allocator *a, const struct kmem_cache_request *request, uint32_t align_floor)
{
	struct sim *sim = a->sim;
	uint64_t size = request->size;
	target_addr_t s;

	/* No heap aligns beyond a page. */
	if (!size || size > UINT64_C(1) << SLOB_KMALLOC_SHIFT_HIGH || (request->align & (request->align - 1)) ||
	    request->align > PAGE_SIZE)
		return 0;
	if (request->flags & (uint32_t)SLAB_DESTROY_BY_RCU)
		size += footer_size(sim);
	s = kernel_alloc(sim, SLOB_CACHE_BYTES);
	if (s)
		store_cache(sim, s,
			    (const uint64_t[]){size, cache_align(sim, request, align_floor), request->flags,
					       request->size});
	return s;
}

/* Frees in flight know their size from the footer: nothing of theirs is in the record, so there is nothing to wait for.
 * Live objects go unnoticed. */
enum destroy_result slob_cache_destroy(struct allocator *a, target_addr_t s)
{
	kernel_free(a->sim, s, SLOB_CACHE_BYTES);
	return DESTROY_OK;
}

/* A kmem_cache of SLOB caches nothing. */
void slob_cache_shrink(struct allocator *a, target_addr_t s)
{
	(void)a;
	(void)s;
}

uint64_t slob_object_size(struct allocator *a, target_addr_t s)
{
	return SLOB_FIELD(a->sim, s, objsize);
}

frame_t slob_frame(struct sim *sim, target_addr_t addr)
{
	frame_t frame = virt_to_frame(sim, addr);

	if (unlikely(frame == FRAME_NONE))
		sim_oops(sim, addr, "virt_to_page");
	return frame;
}

target_addr_t slob_get_pages(struct sim *sim, gfp_t gfp, unsigned order)
{
	frame_t frame;

	sim_preempt_point(sim, POINT_slob_pages_begin);
	frame = alloc_pages(sim, gfp, order);
	if (frame != FRAME_NONE && !(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_slab_grow, .gfp = gfp)) {
		free_pages(sim, frame, order);
		frame = FRAME_NONE;
	}
	sim_preempt_point(sim, POINT_slob_pages_end);
	return frame == FRAME_NONE ? 0 : page_address(frame);
}

void slob_free_pages(struct sim *sim, target_addr_t addr, unsigned order)
{
	free_pages(sim, slob_frame(sim, addr), order);
}

void slob_rcu_queue(struct allocator *a, struct slob_rcu *rcu, target_addr_t object, uint64_t size)
{
	struct sim *sim = a->sim;
	target_addr_t footer = object + size - footer_size(sim);
	struct event event = {.kind = EVENT_RCU_QUEUE, .addr = object};
	bool irqs_off = slob_lock(sim);

	target_store_word(sim, footer, 0, ROLE_RCU_HEAD);
	target_store_word(sim, footer + sim->layout->word, KERNEL_BASE, ROLE_RCU_HEAD);
	target_store(sim, footer_size_place(sim, footer), 4, size, ROLE_RCU_HEAD);
	if (rcu->last)
		target_store_word(sim, rcu->last, footer, ROLE_RCU_HEAD);
	else
		rcu->first = footer;
	rcu->last = footer;
	sim_rcu_queue(sim, &event);
	slob_unlock(sim, irqs_off);
}

unsigned slob_rcu_run(struct allocator *a, struct slob_rcu *rcu,
		      void (*rcu_free)(struct allocator *a, target_addr_t object, uint64_t size))
{
	struct sim *sim = a->sim;
	target_addr_t footer = rcu->first, next;
	unsigned ran = 0;

	/* What an interrupt queues meanwhile waits for the next grace period. */
	*rcu = (struct slob_rcu){0};
	for (; footer; footer = next) {
		uint64_t size = target_load(sim, footer_size_place(sim, footer), 4);

		next = target_load_word(sim, footer);
		rcu_free(a, footer + footer_size(sim) - size, size);
		sim_preempt_point(sim, POINT_rcu_callback);
		ran++;
	}
	return ran;
}
