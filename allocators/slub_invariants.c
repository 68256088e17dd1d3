/* SPDX-License-Identifier: MIT */
/*
 * SLUB 2.6.22, exact internal check: lists, counts, page state and free chains agree (FACTS 2.3).  Reads without
 * marking lines and without asking the owner; every address is checked before it is followed.
 */
#include "allocators/slub_internal.h"

/* One slab as its struct page has it. */
struct slab_view {
	frame_t slab;
	uint32_t flags;
	uint64_t inuse;
	target_addr_t freelist, lockless;
};

/* One kmem_cache, read once. */
struct cache_view {
	target_addr_t s;
	uint32_t flags;
	uint64_t size, offset, objects, nr_partial, nr_slabs;
};

static bool readable(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	if (addr % sim->layout->word)
		return false;
	if (addr - KERNEL_HEAP_BASE < KERNEL_HEAP_SIZE)
		return sim->kernel_shadow[(addr - KERNEL_HEAP_BASE) >> 3] == 1;
	return addr - KERNEL_BASE < (uint64_t)sim->ram_frames * sim->page_struct_size || target_in_ram(sim, addr, size);
}

static uint64_t peek(const struct sim *sim, target_addr_t base, enum layout_field field)
{
	struct layout_place place = sim->layout->field[field];

	return target_get(base + place.offset, place.width, sim->big_endian);
}

static struct cache_view view_cache(const struct sim *sim, target_addr_t s)
{
	return (struct cache_view){.s = s,
				   .flags = (uint32_t)peek(sim, s, LF_kmem_cache_flags),
				   .size = peek(sim, s, LF_kmem_cache_size),
				   .offset = peek(sim, s, LF_kmem_cache_offset),
				   .objects = peek(sim, s, LF_kmem_cache_objects),
				   .nr_partial = peek(sim, s, LF_kmem_cache_nr_partial),
				   .nr_slabs = peek(sim, s, LF_kmem_cache_nr_slabs)};
}

static struct slab_view view_slab(struct sim *sim, frame_t slab)
{
	return (struct slab_view){.slab = slab,
				  .flags = page_flags(sim, slab),
				  .inuse = page_member(sim, slab, LF_page_inuse),
				  .freelist = page_member(sim, slab, LF_page_index),
				  .lockless = page_member(sim, slab, LF_page_private)};
}

/* Width and byte order are constants in each copy: walking chains is most of the check. */
SIM_PART uint64_t chain_length_as(const struct cache_view *cache, frame_t slab, target_addr_t object, unsigned word,
				  bool big_endian)
{
	uint64_t count = 0, end = cache->objects * cache->size, expected = UINT64_MAX;
	uint32_t size = (uint32_t)cache->size ? (uint32_t)cache->size : 1;

	while (object) {
		uint64_t at = object - page_address(slab);

		/* The next object is one if this is.  32 bits: slabs are small, and wide divisions would cost most. */
		if (at >= end || (at != expected && (uint32_t)at % size) || ++count > cache->objects)
			return cache->objects + 1;
		expected = at + size;
		object = target_get(object + cache->offset, word, big_endian);
	}
	return count;
}

/* Objects on a chain, or more than there are if it is broken: a cycle never ends, a stray pointer is no object. */
static uint64_t chain_length(const struct sim *sim, const struct cache_view *cache, frame_t slab, target_addr_t object)
{
	if (sim->layout->word == 8 && !sim->big_endian)
		return chain_length_as(cache, slab, object, 8, false);
	if (sim->layout->word == 4 && !sim->big_endian)
		return chain_length_as(cache, slab, object, 4, false);
	return chain_length_as(cache, slab, object, sim->layout->word, sim->big_endian);
}

static const char *check_slab(struct sim *sim, const struct cache_view *cache, const struct slab_view *view)
{
	uint64_t free = chain_length(sim, cache, view->slab, view->freelist);
	uint64_t lockless = chain_length(sim, cache, view->slab, view->lockless);

	if (!(view->flags >> PG_slab & 1))
		return "slab page without PG_slab";
	if (page_member(sim, view->slab, LF_page_mapping) != cache->s)
		return "slab of another kmem_cache";
	if (page_member(sim, view->slab, LF_page_offset) * sim->layout->word != cache->offset)
		return "slab with a wrong free pointer offset";
	if (free > cache->objects || lockless > cache->objects)
		return "free chain leaves the slab or has a cycle";
	if (view->inuse + free != cache->objects || lockless > view->inuse)
		return "inuse does not match the free chain";
	return NULL;
}

static const char *check_listed(struct sim *sim, const struct cache_view *cache, frame_t slab, bool full)
{
	struct slab_view view = view_slab(sim, slab);

	if (view.flags >> PG_active & 1)
		return "frozen slab on a list";
	if (view.lockless)
		return "listed slab with lockless objects";
	if (!view.freelist != full)
		return full ? "slab with free objects on the full list" : "full slab on the partial list";
	return check_slab(sim, cache, &view);
}

/* Checks a list of slabs; *count is how many. */
static const char *check_list(struct sim *sim, const struct cache_view *cache, enum layout_field field, uint64_t *count)
{
	target_addr_t head = cache_list(sim, cache->s, field), prev = head;
	target_addr_t link = peek(sim, head, LF_list_head_next);
	const char *broken;

	for (*count = 0; link != head; link = peek(sim, link, LF_list_head_next)) {
		frame_t slab = page_of_lru(sim, link);

		if (slab == FRAME_NONE || peek(sim, link, LF_list_head_prev) != prev || ++*count > sim->ram_frames)
			return "slab list is broken";
		broken = check_listed(sim, cache, slab, field == LF_kmem_cache_full);
		if (broken)
			return broken;
		prev = link;
	}
	return peek(sim, head, LF_list_head_prev) == prev ? NULL : "slab list is broken";
}

static const char *check_cpu_slabs(struct sim *sim, const struct cache_view *cache, uint64_t *count)
{
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++) {
		target_addr_t page = target_get(cpu_slab_place(sim, cache->s, cpu), sim->layout->word, sim->big_endian);
		frame_t slab = page_struct_frame(sim, page);
		struct slab_view view;
		const char *broken;

		if (!page)
			continue;
		if (slab == FRAME_NONE)
			return "cpu slab is no page";
		view = view_slab(sim, slab);
		if (!(view.flags >> PG_active & 1))
			return "cpu slab is not frozen";
		broken = check_slab(sim, cache, &view);
		if (broken)
			return broken;
		++*count;
	}
	return NULL;
}

static const char *check_cache(struct sim *sim, target_addr_t s)
{
	struct cache_view cache = view_cache(sim, s);
	uint64_t partial = 0, full = 0, frozen = 0;
	const char *broken;

	if (!cache.size || !cache.objects)
		return "kmem_cache is damaged";
	broken = check_cpu_slabs(sim, &cache, &frozen);
	if (!broken)
		broken = check_list(sim, &cache, LF_kmem_cache_partial, &partial);
	if (!broken)
		broken = check_list(sim, &cache, LF_kmem_cache_full, &full);
	if (broken)
		return broken;
	if (partial != cache.nr_partial)
		return "nr_partial does not match the partial list";
	if (partial + full + frozen > cache.nr_slabs)
		return "more slabs than nr_slabs";
	/* Only then every slab is on a list, unless it is referenced. */
	if (sim->policy[POLICY_slab_references] < SLAB_REFERENCES_GET_PUT &&
	    (cache.flags & (uint32_t)SLAB_STORE_USER) && partial + full + frozen != cache.nr_slabs)
		return "nr_slabs does not match the lists";
	return NULL;
}

/* A kmem_cache that was not stored to since boot has no slabs, as it had then. */
static bool untouched(const struct sim *sim, target_addr_t s)
{
	uint64_t first = (s - KERNEL_BASE) / KERNEL_CHUNK;
	uint64_t last = (s + sim->layout->size[LS_kmem_cache] - 1 - KERNEL_BASE) / KERNEL_CHUNK;

	return !sim->chunk_dirty[first] && !sim->chunk_dirty[last];
}

const char *slub_invariants(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = slub_state(a)->slab_caches;
	uint64_t list = sim->layout->field[LF_kmem_cache_list].offset;

	for (target_addr_t link = peek(sim, head, LF_list_head_next); link != head;
	     link = peek(sim, link, LF_list_head_next)) {
		const char *broken;

		if (!readable(sim, link - list, sim->layout->size[LS_kmem_cache]))
			return "list of kmem_caches is broken";
		broken = untouched(sim, link - list) ? NULL : check_cache(sim, link - list);
		if (broken)
			return broken;
	}
	return NULL;
}

static void shape_cache(struct sim *sim, target_addr_t s, struct shape *shape)
{
	target_addr_t head = cache_list(sim, s, LF_kmem_cache_partial);
	uint64_t empty = 0;

	for (target_addr_t link = peek(sim, head, LF_list_head_next); link != head;
	     link = peek(sim, link, LF_list_head_next))
		empty += !page_member(sim, page_of_lru(sim, link), LF_page_inuse);
	shape_add(shape, SHAPE_CACHE, peek(sim, s, LF_kmem_cache_nr_partial), empty,
		  peek(sim, s, LF_kmem_cache_nr_slabs));
}

/* Slabs that wait for a grace period, and how long the lists are that others of their caches are on. */
static void shape_waiting(struct sim *sim, target_addr_t waiting, struct shape *shape)
{
	uint64_t count = 0, partial = 0;

	for (; waiting; waiting = page_member(sim, page_of_lru(sim, waiting), LF_page_lru_next)) {
		target_addr_t s = page_member(sim, page_of_lru(sim, waiting), LF_page_mapping);

		count++;
		if (readable(sim, s, sim->layout->size[LS_kmem_cache]))
			partial += peek(sim, s, LF_kmem_cache_nr_partial);
	}
	shape_add(shape, SHAPE_WAITING, partial, count, sim->cpus);
}

void slub_shape(struct allocator *a, struct shape *shape)
{
	struct sim *sim = a->sim;
	target_addr_t head = slub_state(a)->slab_caches;
	uint64_t list = sim->layout->field[LF_kmem_cache_list].offset;

	for (target_addr_t link = peek(sim, head, LF_list_head_next); link != head;
	     link = peek(sim, link, LF_list_head_next))
		if (!untouched(sim, link - list))
			shape_cache(sim, link - list, shape);
	shape_waiting(sim, slub_state(a)->rcu_first, shape);
}
