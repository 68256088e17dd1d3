/* SPDX-License-Identifier: MIT */
/*
 * SLOB as of Linux 2.6.24 (FACTS 2.5): kmalloc objects bear a header of the minimum alignment's size that holds theirs,
 * kmem_cache objects none; both come from heaps of one page each (slob_2624_heap.c).  Large kmallocs are pages with the
 * size in page->private.  Debug letters mean nothing to SLOB.
 */
#include "allocators/slob_internal.h"

enum { ZERO_SIZE_PTR = 16 };

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Bytes of the header, and the alignment of kmalloc's objects.  Where an arch defines none, SLOB's default is
 * alignof(long), a word: the table has those of SLAB and SLUB there, of at most 8 bytes.  (m68k's is 2, in which the
 * size would not fit.)
 */
static uint64_t kmalloc_align(const struct sim *sim)
{
	uint64_t minalign = sim_kmalloc_minalign(sim), align = sim->layout->word;

	if (sim->policy[POLICY_kmalloc_minalign] || minalign > 8)
		align = larger(align, minalign);
	return larger(align, sim->arch->slab_minalign_defined);
}

/* A block of one page is no compound page. */
static target_addr_t big_kmalloc(struct sim *sim, uint64_t size, gfp_t gfp)
{
	unsigned order = slob_order(size);
	target_addr_t pages = slob_get_pages(sim, order ? gfp | GFP_COMP : gfp, order);

	if (pages)
		page_field_store(sim, slob_frame(sim, pages), PF_slob_2624_big_size, size);
	return pages;
}

/* FACTS 2.1 give kmalloc(0) for 2.6.22 only; the constant of SLUB is taken for all allocators of 2.6.24. */
static target_addr_t slob24_kmalloc(struct allocator *a, uint64_t size, gfp_t gfp)
{
	struct sim *sim = a->sim;
	uint64_t align = kmalloc_align(sim);
	target_addr_t block;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size >= PAGE_SIZE - align)
		return big_kmalloc(sim, size, gfp);
	block = slob24_alloc(a, size + align, gfp, align);
	if (block)
		target_store(sim, block, 4, size, ROLE_SLOB_HEADER);
	else if (!sim->policy[POLICY_bug_slob_kmalloc_null])
		return 0;
	return block + align; /* D25: the header is skipped whether there is a block or not */
}

static target_addr_t slob24_kmem_cache_alloc(struct allocator *a, target_addr_t s, gfp_t gfp)
{
	struct sim *sim = a->sim;
	uint64_t size = SLOB_FIELD(sim, s, size);
	target_addr_t object;

	if (size < PAGE_SIZE)
		object = slob24_alloc(a, size, gfp, SLOB_FIELD(sim, s, align));
	else
		object = slob_get_pages(sim, gfp & ~(gfp_t)GFP_COMP, slob_order(size));
	if (object && (SLOB_FIELD(sim, s, flags) & (uint32_t)SLAB_CTOR))
		target_fill(sim, object, SLOB_FIELD(sim, s, objsize), SLOB_CTOR_BYTE, ROLE_NONE);
	return object;
}

static target_addr_t slob24_allocate(struct allocator *a, const struct alloc_request *request)
{
	if (!(request->gfp & GFP_NOFAIL) &&
	    should_fail(a->sim, FAULT_slab_alloc, .gfp = request->gfp, .cache = request->kmem_cache))
		return 0;
	if (!request->kmem_cache)
		return slob24_kmalloc(a, request->size, request->gfp);
	return slob24_kmem_cache_alloc(a, request->kmem_cache, request->gfp);
}

static void slob24_kfree(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	uint64_t align = kmalloc_align(sim);
	frame_t frame;

	if (!object || object == ZERO_SIZE_PTR)
		return;
	frame = slob_frame(sim, object);
	if (page_flag(sim, frame, PG_active)) {
		target_addr_t block = object - align;

		slob24_free(a, block, target_load(sim, block, 4) + align);
	} else {
		put_page(sim, frame);
	}
}

/* kmem_cache_free() proper, at once or after a grace period. */
static void free_object(struct allocator *a, target_addr_t object, uint64_t size)
{
	if (size < PAGE_SIZE)
		slob24_free(a, object, size);
	else
		slob_free_pages(a->sim, object, slob_order(size));
}

static void slob24_release(struct allocator *a, target_addr_t s, target_addr_t object)
{
	uint64_t size;

	if (!s) {
		slob24_kfree(a, object);
		return;
	}
	size = SLOB_FIELD(a->sim, s, size);
	if (SLOB_FIELD(a->sim, s, flags) & (uint32_t)SLAB_DESTROY_BY_RCU)
		slob_rcu_queue(a, &slob24_state(a)->rcu, object, size);
	else
		free_object(a, object, size);
}

/* 2.6.24 reads a unit, the one in front of the object, where kmalloc() stored an int at the start of the header. */
static uint64_t slob24_ksize(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	frame_t frame;

	if (!object || object == ZERO_SIZE_PTR)
		return 0;
	frame = slob_frame(sim, object);
	if (!page_flag(sim, frame, PG_active))
		return page_field_load(sim, frame, PF_slob_2624_big_size);
	if (sim->policy[POLICY_bug_slob_ksize_bytes])
		return target_load(sim, object - SLOB24_UNIT, SLOB24_UNIT);
	return target_load(sim, object - kmalloc_align(sim), 4);
}

static unsigned slob24_grace_period(struct allocator *a)
{
	return slob_rcu_run(a, &slob24_state(a)->rcu, free_object);
}

/* alignof(long): the table's slab_minalign is SLUB's default, which 2.6.24's SLOB did not have (C48: 12-byte packing).
 */
static target_addr_t slob24_cache_create(struct allocator *a, const struct kmem_cache_request *request)
{
	return slob_cache_create(a, request, a->sim->layout->word);
}

static bool slob24_init(struct allocator *a, const struct memory_region *region)
{
	(void)region;
	return slob24_heap_init(a);
}

const struct allocator_ops allocator_slob_2624 = {
	.name = "slob-2624",
	.state_size = sizeof(struct slob24_state),
	.contract = {.align_min = 4, /* kmem_cache objects: a word; kmalloc: the machine's minimum */
		     .size_max = UINT64_C(1) << SLOB_KMALLOC_SHIFT_HIGH,
		     .size_zero = SIZE_ZERO_POINTER,
		     .frames_are_frames = true,
		     .kfree_needs_header = true},
	.init = slob24_init,
	.alloc = slob24_allocate,
	.free = slob24_release,
	.cache_create = slob24_cache_create,
	.cache_destroy = slob_cache_destroy,
	.cache_shrink = slob_cache_shrink,
	.ksize = slob24_ksize,
	.grace_period = slob24_grace_period,
	.invariants = slob24_invariants,
	.object_size = slob_object_size,
};
