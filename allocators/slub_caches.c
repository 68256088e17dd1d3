/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22, kmem_caches: sizes and order, merging, create and destroy, the kmalloc caches and boot (FACTS 2.3). */
#include "allocators/slub_internal.h"

#include <stdio.h>

#define NEVER_MERGE                                                                                                    \
	((uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_POISON | (uint32_t)SLAB_STORE_USER | SLAB_TRACE |                    \
	 (uint32_t)SLAB_DESTROY_BY_RCU)
#define MERGE_SAME ((uint32_t)SLAB_DEBUG_FREE | (uint32_t)SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA)

enum { MAX_OBJECTS = 65535, SLUB_MAX_ORDER = 1, SLUB_MIN_OBJECTS = 4 };

/* What calculate_sizes() derives for a kmem_cache. */
struct cache_sizes {
	uint64_t size;
	uint32_t inuse, offset, align, order, objects;
};

/* What a client asks for, with the flags of the command line. */
struct cache_wish {
	const char *name;
	uint64_t objsize;
	uint32_t align, flags; /* flags include SLAB_CTOR */
};

static uint32_t kmalloc_min_size(const struct sim *sim)
{
	uint32_t align = sim_kmalloc_minalign(sim);

	return align > 8 ? align : 8;
}

/* Alignment of a kmalloc cache.  Slabs of more than a page are aligned by the page allocator. */
static uint32_t kmalloc_align(const struct sim *sim, uint64_t size)
{
	uint32_t align = sim_kmalloc_minalign(sim);
	bool natural = sim->policy[POLICY_natural_align] && !(size & (size - 1)) && size > align;

	return natural ? (uint32_t)(size < PAGE_SIZE ? size : PAGE_SIZE) : align;
}

/* Flags of slub_debug for a name; huge objects get none, their free pointer would lie out of reach (FACTS 2.3). */
static uint32_t command_line_flags(const struct allocator *a, const struct cache_wish *wish)
{
	static const uint32_t bits[][2] = {{DEBUG_F, (uint32_t)SLAB_DEBUG_FREE},
					   {DEBUG_Z, (uint32_t)SLAB_RED_ZONE},
					   {DEBUG_P, (uint32_t)SLAB_POISON},
					   {DEBUG_U, (uint32_t)SLAB_STORE_USER},
					   {DEBUG_T, SLAB_TRACE}};
	uint32_t flags = 0;

	if (wish->objsize >= (uint64_t)DEBUG_WORDS_MAX * a->sim->layout->word)
		return 0;
	if (strncmp(wish->name, a->debug_prefix, strlen(a->debug_prefix)))
		return 0;
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (a->debug & bits[i][0])
			flags |= bits[i][1];
	return flags;
}

static uint32_t calculate_alignment(const struct sim *sim, const struct cache_wish *wish)
{
	uint32_t line = 1u << sim->arch->line_shift;

	if ((wish->flags & (uint32_t)SLAB_HWCACHE_ALIGN) && wish->objsize > line / 2)
		return wish->align > line ? wish->align : line;
	if (wish->align < sim->arch->slab_minalign)
		return sim->arch->slab_minalign;
	return (uint32_t)align_up(wish->align, sim->layout->word);
}

/* Smallest order up to max_order that holds min_objects and wastes at most 1/fraction of the slab, or -1. */
static int slab_order(const struct sim *sim, uint64_t size, unsigned min_objects, int max_order, unsigned fraction)
{
	for (int order = sim->policy[POLICY_slub_min_order]; order <= max_order; order++) {
		uint64_t bytes = (uint64_t)PAGE_SIZE << order;

		if (bytes >= min_objects * size && bytes % size <= bytes / fraction)
			return order;
	}
	return -1;
}

static int calculate_order(const struct sim *sim, uint64_t size)
{
	int order, least = sim->policy[POLICY_slub_min_order], most = least > SLUB_MAX_ORDER ? least : SLUB_MAX_ORDER;

	for (unsigned min_objects = SLUB_MIN_OBJECTS; min_objects > 1; min_objects /= 2)
		for (unsigned fraction = 8; fraction >= 4; fraction /= 2) {
			order = slab_order(sim, size, min_objects, most, fraction);
			if (order >= 0)
				return order;
		}
	order = slab_order(sim, size, 1, most, 1);
	return order >= 0 ? order : slab_order(sim, size, 1, MAX_ORDER - 1, 1);
}

/* Object | red zone or alignment padding | free pointer | two tracks | padding.  False if it cannot be had. */
static bool calculate_sizes(const struct sim *sim, const struct cache_wish *wish, struct cache_sizes *out)
{
	uint64_t word = sim->layout->word, size = align_up(wish->objsize, word);
	uint32_t moved = (uint32_t)SLAB_DESTROY_BY_RCU | (uint32_t)SLAB_POISON | (uint32_t)SLAB_CTOR;
	uint64_t objects;
	int order;

	if (!wish->objsize || wish->objsize > UINT64_C(1) << KMALLOC_SHIFT_HIGH || (wish->align & (wish->align - 1)))
		return false;
	if ((wish->flags & (uint32_t)SLAB_RED_ZONE) && size == wish->objsize)
		size += word;
	out->inuse = (uint32_t)size;
	out->offset = 0;
	if (wish->flags & moved) {
		out->offset = (uint32_t)size;
		size += word;
	}
	if (wish->flags & (uint32_t)SLAB_STORE_USER)
		size += 2 * track_size(sim);
	if (wish->flags & (uint32_t)SLAB_RED_ZONE)
		size += word; /* padding that an underrun of the next object meets */
	out->align = calculate_alignment(sim, wish);
	out->size = align_up(size, out->align);
	order = calculate_order(sim, out->size);
	if (order < 0 || out->offset / word > UINT16_MAX)
		return false;
	out->order = (uint32_t)order;
	objects = ((uint64_t)PAGE_SIZE << order) / out->size;
	out->objects = (uint32_t)objects;
	return objects >= 1 && objects <= MAX_OBJECTS;
}

static target_addr_t store_name(struct sim *sim, const char *name)
{
	uint32_t length = (uint32_t)strlen(name);
	target_addr_t addr = kernel_alloc(sim, length + 1);

	for (uint32_t i = 0; addr && i <= length; i++)
		target_store(sim, addr + i, 1, (uint8_t)name[i], ROLE_KMEM_CACHE);
	return addr;
}

static void fill_cache(struct sim *sim, target_addr_t s, const struct cache_wish *wish, const struct cache_sizes *sizes)
{
	uint32_t flags = wish->flags & ~(uint32_t)SLAB_CTOR;
	uint32_t unpoisoned = (uint32_t)SLAB_DESTROY_BY_RCU | (uint32_t)SLAB_CTOR;

	if ((flags & (uint32_t)SLAB_POISON) && !(wish->flags & unpoisoned))
		flags |= OBJECT_POISON;
	CACHE_FIELD_SET(sim, s, flags, flags);
	CACHE_FIELD_SET(sim, s, size, sizes->size);
	CACHE_FIELD_SET(sim, s, objsize, wish->objsize);
	CACHE_FIELD_SET(sim, s, offset, sizes->offset);
	CACHE_FIELD_SET(sim, s, order, sizes->order);
	CACHE_FIELD_SET(sim, s, nr_partial, 0);
	CACHE_FIELD_SET(sim, s, nr_slabs, 0);
	CACHE_FIELD_SET(sim, s, objects, sizes->objects);
	CACHE_FIELD_SET(sim, s, refcount, 1);
	CACHE_FIELD_SET(sim, s, ctor, wish->flags & (uint32_t)SLAB_CTOR ? KERNEL_BASE : 0);
	CACHE_FIELD_SET(sim, s, inuse, sizes->inuse);
	CACHE_FIELD_SET(sim, s, align, sizes->align);
	list_init(sim, cache_list(sim, s, LF_kmem_cache_partial));
	list_init(sim, cache_list(sim, s, LF_kmem_cache_full));
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		target_store_word(sim, cpu_slab_place(sim, s, cpu), 0, ROLE_KMEM_CACHE);
}

/* A kmem_cache of its own, or 0. */
static target_addr_t open_cache(struct allocator *a, const struct cache_wish *wish)
{
	struct sim *sim = a->sim;
	struct cache_wish with_debug = *wish;
	struct cache_sizes sizes;
	target_addr_t s, name;

	with_debug.flags |= command_line_flags(a, wish);
	if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT &&
	    wish->objsize < OBJECT_COUNT_SIZE_MAX) {
		with_debug.objsize = align_up(wish->objsize, sim->layout->word) + sim->layout->word;
		with_debug.flags |= OBJECT_COUNTED;
	}
	if (!calculate_sizes(sim, &with_debug, &sizes))
		return 0;
	name = store_name(sim, wish->name);
	s = kernel_alloc(sim, sim->layout->size[LS_kmem_cache]);
	if (!s || !name)
		return 0;
	fill_cache(sim, s, &with_debug, &sizes);
	CACHE_FIELD_SET(sim, s, name, name);
	list_add(sim, cache_list(sim, s, LF_kmem_cache_list), slub_state(a)->slab_caches);
	return s;
}

/* Can a cache of this aligned size live in s?  `flags` decide with whom it may share at all. */
static bool mergeable_with(struct sim *sim, target_addr_t s, const struct cache_wish *aligned)
{
	uint64_t size = CACHE_FIELD(sim, s, size);
	uint32_t flags = cache_flags(sim, s);

	if ((flags & NEVER_MERGE) || CACHE_FIELD(sim, s, ctor))
		return false;
	if (aligned->objsize > size || (aligned->flags & MERGE_SAME) != (flags & MERGE_SAME))
		return false;
	return !(size & (aligned->align - 1)) && size - aligned->objsize < sim->layout->word;
}

static target_addr_t find_mergeable(struct allocator *a, const struct cache_wish *wish)
{
	struct sim *sim = a->sim;
	target_addr_t head = slub_state(a)->slab_caches;
	struct cache_wish aligned = *wish;

	aligned.flags |= command_line_flags(a, wish);
	/* Where objects are counted they are of one size. */
	if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT)
		return 0;
	/* D29: 2.6.22 asks before it adds the flags of the command line. */
	if (((sim->policy[POLICY_bug_merge_drops_debug] ? wish->flags : aligned.flags) & NEVER_MERGE) ||
	    (wish->flags & (uint32_t)SLAB_CTOR))
		return 0;
	aligned.objsize = align_up(wish->objsize, sim->layout->word);
	aligned.align = calculate_alignment(sim, &aligned);
	aligned.objsize = align_up(aligned.objsize, aligned.align);
	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		target_addr_t s = link - sim->layout->field[LF_kmem_cache_list].offset;

		if (mergeable_with(sim, s, &aligned))
			return s;
	}
	return 0;
}

target_addr_t slub_cache_create(struct allocator *a, const struct kmem_cache_request *request)
{
	struct sim *sim = a->sim;
	struct cache_wish wish = {request->name, request->size, request->align, request->flags};
	struct cache_sizes sizes;
	uint64_t inuse;
	target_addr_t s;

	if (!calculate_sizes(sim, &wish, &sizes))
		return 0;
	s = find_mergeable(a, &wish);
	if (!s)
		return open_cache(a, &wish);
	CACHE_FIELD_SET(sim, s, refcount, CACHE_FIELD(sim, s, refcount) + 1);
	/* kzalloc() of the larger client must clear all of its object. */
	if (wish.objsize > CACHE_FIELD(sim, s, objsize))
		CACHE_FIELD_SET(sim, s, objsize, wish.objsize);
	inuse = align_up(wish.objsize, sim->layout->word);
	if (inuse > CACHE_FIELD(sim, s, inuse))
		CACHE_FIELD_SET(sim, s, inuse, inuse);
	return s;
}

/* Frees the empty slabs.  True iff others remain. */
static bool close_cache(struct allocator *a, target_addr_t s)
{
	struct sim *sim = a->sim;
	target_addr_t head = cache_list(sim, s, LF_kmem_cache_partial), link, next;

	slub_flush_all(a, s);
	for (link = list_next(sim, head); link != head; link = next) {
		frame_t slab = slub_link_frame(sim, link);

		next = list_next(sim, link);
		if (page_field_load(sim, slab, PF_slub_inuse))
			continue;
		slub_remove_partial(sim, s, slab);
		slub_discard_slab(a, s, slab);
	}
	return CACHE_FIELD(sim, s, nr_slabs) != 0;
}

static void report_live_objects(struct allocator *a, target_addr_t s)
{
	char name[NAME_SIZE];

	slub_say(a, "SLUB %s: kmem_cache_destroy called for cache that still has objects.", slub_name(a, s, name));
	slub_report_end(a, s);
}

/* The kmem_cache structure goes away, whoever still points to it. */
static void release_cache(struct sim *sim, target_addr_t s)
{
	list_del(sim, cache_list(sim, s, LF_kmem_cache_list));
	kernel_free(sim, s, sim->layout->size[LS_kmem_cache]);
}

enum destroy_result slub_cache_destroy(struct allocator *a, target_addr_t s)
{
	struct sim *sim = a->sim;
	uint64_t refcount = CACHE_FIELD(sim, s, refcount);
	bool by_rcu;

	if (refcount > 1) {
		CACHE_FIELD_SET(sim, s, refcount, refcount - 1);
		return DESTROY_OK;
	}
	by_rcu = cache_flags(sim, s) & (uint32_t)SLAB_DESTROY_BY_RCU;
	if (close_cache(a, s)) {
		report_live_objects(a, s);
		if (!sim->policy[POLICY_bug_destroy_live]) /* D20 */
			return DESTROY_BUSY;
	}
	if (by_rcu && !sim->policy[POLICY_bug_destroy_rcu]) { /* D21 */
		/* Waiting inside a reader's section would never end. */
		if (sim->rcu_readers)
			return DESTROY_BUSY;
		sim_synchronize_rcu(sim);
		slub_run_callbacks(a, s);
	}
	release_cache(sim, s);
	return DESTROY_OK;
}

/*
 * Is there a kmalloc cache between two powers of two?  2.6.22 padded 96 to an alignment of 64, which leaves its red
 * zone on the object's last line; whoever raises the alignment for DMA's sake has only sizes that are multiples of it.
 */
static bool between_powers(const struct sim *sim, uint64_t size, uint32_t min)
{
	return sim->policy[POLICY_kmalloc_minalign] ? size % min == 0 : min < size;
}

static unsigned kmalloc_index(const struct sim *sim, uint64_t size)
{
	uint32_t min = kmalloc_min_size(sim);
	unsigned shift = KMALLOC_SHIFT_LOW;

	if (size < min)
		size = min;
	if (size > 64 && size <= 96 && between_powers(sim, 96, min))
		return 1;
	if (size > 128 && size <= 192 && between_powers(sim, 192, min))
		return 2;
	while (UINT64_C(1) << shift < size)
		shift++;
	return shift;
}

static uint64_t kmalloc_size(unsigned index)
{
	return index == 1 ? 96 : index == 2 ? 192 : UINT64_C(1) << index;
}

static target_addr_t open_kmalloc_cache(struct allocator *a, const char *prefix, uint64_t size, uint32_t flags)
{
	char name[NAME_SIZE];
	struct cache_wish wish = {name, size, kmalloc_align(a->sim, size), flags};

	snprintf(name, sizeof(name), "%s-%u", prefix, (unsigned)size);
	return open_cache(a, &wish);
}

static target_addr_t dma_cache(struct allocator *a, unsigned index)
{
	target_addr_t *place = &slub_state(a)->kmalloc_dma[index];
	/* D2: the odd sizes come out as powers of two of their index. */
	uint64_t size = a->sim->policy[POLICY_bug_kmalloc_dma_size] ? UINT64_C(1) << index : kmalloc_size(index);

	if (!*place)
		*place = open_kmalloc_cache(a, "kmalloc_dma", size, SLAB_CACHE_DMA);
	return *place;
}

target_addr_t slub_kmalloc_cache(struct allocator *a, uint64_t size, gfp_t gfp)
{
	unsigned index;

	if (size > UINT64_C(1) << KMALLOC_SHIFT_HIGH)
		sim_bug(a->sim, "kmalloc: size too large");
	index = kmalloc_index(a->sim, size);
	return unlikely(gfp & GFP_ZONE_DMA) ? dma_cache(a, index) : slub_state(a)->kmalloc[index];
}

target_addr_t slub_boot_cache(struct allocator *a, const char *name)
{
	char candidate[NAME_SIZE];

	for (unsigned i = 1; i < KMALLOC_CACHES; i++) {
		snprintf(candidate, sizeof(candidate), "kmalloc-%u", (unsigned)kmalloc_size(i));
		if (!strcmp(candidate, name))
			return slub_state(a)->kmalloc[i];
	}
	return 0;
}

bool slub_init(struct allocator *a, const struct memory_region *region)
{
	struct sim *sim = a->sim;
	struct slub_state *state = slub_state(a);

	(void)region;
	state->slab_caches = kernel_alloc(sim, sim->layout->size[LS_list_head]);
	if (!state->slab_caches)
		return false;
	list_init(sim, state->slab_caches);
	for (unsigned i = 1; i < KMALLOC_CACHES; i++) {
		/* Below KMALLOC_MIN_SIZE, and 96 or 192 where they would not be used, there is none. */
		if (kmalloc_index(sim, kmalloc_size(i)) != i)
			continue;
		state->kmalloc[i] = open_kmalloc_cache(a, "kmalloc", kmalloc_size(i), 0);
		if (!state->kmalloc[i])
			return false;
	}
	return true;
}
