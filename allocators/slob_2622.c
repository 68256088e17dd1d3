/* SPDX-License-Identifier: MIT */
/*
 * SLOB as of Linux 2.6.22 (FACTS 2.4): kmalloc puts a header in front of its objects, kmem_cache objects have none, and
 * both come from one heap (slob_2622_heap.c).  A page of it bears no flag and keeps nothing in struct page.  Debug
 * letters mean nothing to SLOB.
 */
#include "allocators/slob_internal.h"

static target_addr_t slob22_kmalloc(struct allocator *a, uint64_t size, gfp_t gfp)
{
	uint64_t unit = slob22_unit(a->sim);
	target_addr_t block;

	/* D26: a bare header has its pointer at the next block, which may be a big one.  Mended: it owns a byte. */
	if (!size && !a->sim->policy[POLICY_bug_slob_kmalloc_zero])
		size = 1;
	if (size >= PAGE_SIZE - unit)
		return slob22_big_alloc(a, size, gfp);
	block = slob22_alloc(a, size + unit, gfp, 0);
	return block ? block + unit : 0;
}

static target_addr_t slob22_kmem_cache_alloc(struct allocator *a, target_addr_t s, gfp_t gfp)
{
	struct sim *sim = a->sim;
	uint64_t size = SLOB_FIELD(sim, s, size);
	target_addr_t object;

	if (size < PAGE_SIZE)
		object = slob22_alloc(a, size, gfp, SLOB_FIELD(sim, s, align));
	else
		object = slob_get_pages(sim, gfp & ~(gfp_t)GFP_COMP, slob_order(size));
	if (!(SLOB_FIELD(sim, s, flags) & (uint32_t)SLAB_CTOR))
		return object;
	/* 2.6.22 does not look whether there is an object to construct. */
	if (object || sim->policy[POLICY_bug_slob_ctor_null])
		target_fill(sim, object, SLOB_FIELD(sim, s, objsize), SLOB_CTOR_BYTE, ROLE_NONE);
	return object;
}

static target_addr_t slob22_allocate(struct allocator *a, const struct alloc_request *request)
{
	if (!(request->gfp & GFP_NOFAIL) &&
	    should_fail(a->sim, FAULT_slab_alloc, .gfp = request->gfp, .cache = request->kmem_cache))
		return 0;
	if (!request->kmem_cache)
		return slob22_kmalloc(a, request->size, request->gfp);
	return slob22_kmem_cache_alloc(a, request->kmem_cache, request->gfp);
}

/* Pages have no owner's mark, so a pointer's page offset is all that tells a big block from the heap (D26). */
static void slob22_kfree(struct allocator *a, target_addr_t object)
{
	if (!object)
		return;
	if (!(object & (PAGE_SIZE - 1)) && slob22_big_free(a, object))
		return;
	slob22_free(a, object - slob22_unit(a->sim), 0);
}

/* kmem_cache_free() proper, at once or after a grace period. */
static void free_object(struct allocator *a, target_addr_t object, uint64_t size)
{
	if (size < PAGE_SIZE)
		slob22_free(a, object, size);
	else
		slob_free_pages(a->sim, object, slob_order(size));
}

static void slob22_release(struct allocator *a, target_addr_t s, target_addr_t object)
{
	uint64_t size;

	if (!s) {
		slob22_kfree(a, object);
		return;
	}
	size = SLOB_FIELD(a->sim, s, size);
	if (SLOB_FIELD(a->sim, s, flags) & (uint32_t)SLAB_DESTROY_BY_RCU)
		slob_rcu_queue(a, &slob22_state(a)->rcu, object, size);
	else
		free_object(a, object, size);
}

static uint64_t slob22_ksize(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	uint64_t unit = slob22_unit(sim), size = 0;

	if (!object)
		return 0;
	if (!(object & (PAGE_SIZE - 1)))
		size = slob22_big_size(a, object);
	if (size)
		return size;
	size = slob22_units(sim, object - unit) * unit;
	/* D23: the header is counted as if it were the client's. */
	return sim->policy[POLICY_bug_slob_ksize] ? size : size - unit;
}

/* The timer ticks once a second; here, after each grace period: time passes in no other op. */
static unsigned slob22_grace_period(struct allocator *a)
{
	unsigned ran = slob_rcu_run(a, &slob22_state(a)->rcu, free_object);

	slob22_timer(a);
	return ran;
}

/* Many seconds pass. */
static void slob22_reclaim(struct allocator *a)
{
	while (slob22_timer(a))
		;
}

/* All blocks are multiples of a unit, which the architecture's minimum alignments do not change. */
static target_addr_t slob22_cache_create(struct allocator *a, const struct kmem_cache_request *request)
{
	return slob_cache_create(a, request, 0);
}

static bool slob22_init(struct allocator *a, const struct memory_region *region)
{
	(void)region;
	return slob22_heap_init(a);
}

const struct allocator_ops allocator_slob_2622 = {
	.name = "slob-2622",
	.state_size = sizeof(struct slob22_state),
	.contract = {.align_min = 8, /* a unit; 16 where words have 64 bits */
		     .size_max = UINT64_C(1) << SLOB_KMALLOC_SHIFT_HIGH,
		     .size_zero = SIZE_ZERO_OBJECT,
		     .frames_are_frames = true,
		     .kfree_needs_header = true},
	.init = slob22_init,
	.alloc = slob22_allocate,
	.free = slob22_release,
	.cache_create = slob22_cache_create,
	.cache_destroy = slob_cache_destroy,
	.cache_shrink = slob_cache_shrink,
	.ksize = slob22_ksize,
	.reclaim = slob22_reclaim,
	.grace_period = slob22_grace_period,
	.invariants = slob22_invariants,
	.object_size = slob_object_size,
};
