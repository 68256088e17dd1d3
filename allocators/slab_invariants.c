/* SPDX-License-Identifier: MIT */
/*
 * SLAB 2.6.22, exact internal check: lists, counts, bufctl chains, page state and arrays agree (FACTS 2.2).  Reads
 * without marking lines and without asking the owner; every address is checked before it is followed.
 */
#include "allocators/slab_internal.h"

/* One kmem_cache, read once, and what its lists were found to hold. */
struct cache_view {
	target_addr_t c, l3;
	uint32_t flags;
	uint64_t num, size, order, slab_size, colour, colour_off;
	uint64_t in_use, free, entries; /* objects of listed slabs; buffers in arrays */
};

enum { OBJECTS_SEEN_MAX = 1024 }; /* of a slab: more than any kmem_cache has */

struct slab_view {
	target_addr_t slab, s_mem, base;
	uint64_t inuse, free, colouroff;
	uint64_t seen[OBJECTS_SEEN_MAX / 64]; /* a bit for each object that is on the chain or in an array */
};

static bool readable(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t heap = addr - KERNEL_HEAP_BASE;

	if (addr % 4)
		return false;
	if (heap < KERNEL_HEAP_SIZE)
		return size <= KERNEL_HEAP_SIZE - heap && sim->kernel_shadow[heap >> 3] == KERNEL_USED;
	return target_in_ram(sim, addr, size) && sim->frame_state[virt_to_frame(sim, addr)] != FRAME_FREE &&
	       sim->frame_state[virt_to_frame(sim, addr + size - 1)] != FRAME_FREE;
}

static uint64_t peek(const struct sim *sim, target_addr_t base, enum layout_field field)
{
	struct layout_place place = sim->layout->field[field];

	return target_get(base + place.offset, place.width, sim->big_endian);
}

static target_addr_t peek_word(const struct sim *sim, target_addr_t addr)
{
	return target_get(addr, sim->layout->word, sim->big_endian);
}

static struct cache_view view_cache(const struct sim *sim, target_addr_t c)
{
	return (struct cache_view){.c = c,
				   .l3 = peek(sim, c, LF_slab_cache_list3),
				   .flags = (uint32_t)peek(sim, c, LF_slab_cache_flags),
				   .num = peek(sim, c, LF_slab_cache_num),
				   .size = peek(sim, c, LF_slab_cache_buffer_size),
				   .order = peek(sim, c, LF_slab_cache_gfporder),
				   .slab_size = peek(sim, c, LF_slab_cache_slab_size),
				   .colour = peek(sim, c, LF_slab_cache_colour),
				   .colour_off = peek(sim, c, LF_slab_cache_colour_off)};
}

static struct slab_view view_slab(const struct sim *sim, target_addr_t slab)
{
	struct slab_view view = {.slab = slab,
				 .s_mem = peek(sim, slab, LF_slab_desc_s_mem),
				 .inuse = peek(sim, slab, LF_slab_desc_inuse),
				 .free = peek(sim, slab, LF_slab_desc_free),
				 .colouroff = peek(sim, slab, LF_slab_desc_colouroff)};

	view.base = view.s_mem - view.colouroff;
	return view;
}

/* False iff it was seen before: an object is free once, on the chain or in one array. */
static bool see(struct slab_view *view, uint64_t index)
{
	uint64_t *word = &view->seen[index / 64 % (OBJECTS_SEEN_MAX / 64)], bit = UINT64_C(1) << index % 64;
	bool first = !(*word & bit);

	*word |= bit;
	return first || index >= OBJECTS_SEEN_MAX;
}

/* Objects on the chain, or more than there are if it is broken: a cycle never ends, a stray index is no object. */
static uint64_t chain_length(const struct sim *sim, const struct cache_view *cache, struct slab_view *view)
{
	uint64_t count = 0;

	for (uint64_t index = view->free; index != BUFCTL_END;
	     index = target_get(slab_bufctl_place(sim, view->slab, index), BUFCTL_SIZE, sim->big_endian)) {
		if (index >= cache->num || ++count > cache->num)
			return cache->num + 1;
		see(view, index);
	}
	return count;
}

static bool entries_seen_once(const struct sim *sim, const struct cache_view *cache, struct slab_view *view,
			      target_addr_t ac)
{
	uint64_t avail;

	if (!readable(sim, ac, sim->layout->size[LS_array_cache]))
		return true; /* check_array() says so */
	avail = peek(sim, ac, LF_array_cache_avail);
	if (avail > peek(sim, ac, LF_array_cache_limit))
		return true;
	for (uint64_t i = 0; i < avail; i++) {
		uint64_t offset = peek_word(sim, slab_entry_place(sim, ac, i)) - view->s_mem;

		if (offset < cache->num * cache->size && !see(view, offset / cache->size))
			return false;
	}
	return true;
}

/* No object of the slab is in the arrays twice, or there and on the chain. */
static bool free_once(const struct sim *sim, const struct cache_view *cache, struct slab_view *view)
{
	target_addr_t shared = peek(sim, cache->l3, LF_slab_list3_shared);

	if (shared && !entries_seen_once(sim, cache, view, shared))
		return false;
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		if (!entries_seen_once(sim, cache, view, peek_word(sim, slab_array_place(sim, cache->c, cpu))))
			return false;
	return true;
}

/* DEBUG_FREE: as many bufctls are marked as objects are handed out. */
static uint64_t marked(const struct sim *sim, const struct cache_view *cache, const struct slab_view *view)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < cache->num; i++)
		count += target_get(slab_bufctl_place(sim, view->slab, i), BUFCTL_SIZE, sim->big_endian) == BUFCTL_FREE;
	return count;
}

/* The slab starts at a page and at a colour of its kmem_cache. */
static const char *check_place(const struct sim *sim, const struct cache_view *cache, const struct slab_view *view)
{
	bool off_slab = cache->flags & OFF_SLAB;
	uint64_t inside = off_slab ? 0 : cache->slab_size, offset = view->colouroff - inside;

	if ((view->base & (PAGE_SIZE - 1)) || !target_in_ram(sim, view->base, (uint64_t)PAGE_SIZE << cache->order))
		return "slab does not start at a page";
	if (view->colouroff < inside || offset % cache->colour_off ||
	    offset / cache->colour_off >= (cache->colour ? cache->colour : 1))
		return "slab has a colour out of range";
	if (!off_slab && view->slab != view->base + offset)
		return "slab descriptor is not at its colour";
	return NULL;
}

static const char *check_pages(struct sim *sim, const struct cache_view *cache, const struct slab_view *view)
{
	frame_t first = virt_to_frame(sim, view->base);

	for (frame_t frame = first; frame < first + (1u << cache->order); frame++) {
		if (sim->frame_state[frame] == FRAME_FREE || !page_flag(sim, frame, PG_slab))
			return "slab page without PG_slab";
		if (page_member(sim, frame, LF_page_lru_next) != cache->c)
			return "slab page of another kmem_cache";
		if (page_member(sim, frame, LF_page_lru_prev) != view->slab)
			return "slab page of another slab";
	}
	return NULL;
}

static const char *check_use(const struct cache_view *cache, const struct slab_view *view, enum layout_field list)
{
	if (list == LF_slab_list3_full)
		return view->inuse == cache->num ? NULL : "slab with free objects on the full list";
	if (list == LF_slab_list3_free)
		return view->inuse == 0 ? NULL : "slab in use on the free list";
	return view->inuse && view->inuse < cache->num ? NULL : "full or empty slab on the partial list";
}

static const char *check_slab(struct sim *sim, struct cache_view *cache, target_addr_t slab, enum layout_field list)
{
	struct slab_view view = view_slab(sim, slab);
	uint64_t free;
	const char *broken = check_place(sim, cache, &view);

	if (!broken)
		broken = check_pages(sim, cache, &view);
	if (!broken)
		broken = check_use(cache, &view, list);
	if (broken)
		return broken;
	free = chain_length(sim, cache, &view);
	if (free > cache->num)
		return "bufctl chain leaves the slab or has a cycle";
	if (view.inuse + free != cache->num)
		return "inuse does not match the bufctl chain";
	if ((cache->flags & (uint32_t)SLAB_DEBUG_FREE) && marked(sim, cache, &view) != view.inuse)
		return "inuse does not match the marked bufctls";
	if (view.inuse && !free_once(sim, cache, &view))
		return "an object is free twice";
	cache->in_use += view.inuse;
	cache->free += free;
	return NULL;
}

static const char *check_list(struct sim *sim, struct cache_view *cache, enum layout_field list)
{
	target_addr_t head = slab_field_place(sim, cache->l3, list), prev = head;
	target_addr_t slab = peek(sim, head, LF_list_head_next);
	uint64_t bytes = sim->layout->size[LS_slab_desc] + cache->num * BUFCTL_SIZE;
	uint32_t count = 0;

	for (; slab != head; slab = peek(sim, slab, LF_list_head_next)) {
		const char *broken;

		if (!readable(sim, slab, bytes) || peek(sim, slab, LF_list_head_prev) != prev ||
		    ++count > sim->ram_frames)
			return "slab list is broken";
		broken = check_slab(sim, cache, slab, list);
		if (broken)
			return broken;
		prev = slab;
	}
	return peek(sim, head, LF_list_head_prev) == prev ? NULL : "slab list is broken";
}

/* A buffer in an array: one of a slab of this kmem_cache that has it handed out. */
static const char *check_entry(struct sim *sim, const struct cache_view *cache, target_addr_t buffer)
{
	frame_t frame = virt_to_frame(sim, buffer);
	struct slab_view view;
	target_addr_t slab;

	if (frame == FRAME_NONE || sim->frame_state[frame] == FRAME_FREE || !page_flag(sim, frame, PG_slab) ||
	    page_member(sim, frame, LF_page_lru_next) != cache->c)
		return "array entry lies in no slab of the kmem_cache";
	slab = page_member(sim, frame, LF_page_lru_prev);
	if (!readable(sim, slab, sim->layout->size[LS_slab_desc]))
		return "array entry has no slab";
	view = view_slab(sim, slab);
	if (buffer < view.s_mem || (buffer - view.s_mem) % cache->size ||
	    (buffer - view.s_mem) / cache->size >= cache->num)
		return "array entry is no object";
	return view.inuse ? NULL : "array entry of an empty slab";
}

static const char *check_array(struct sim *sim, struct cache_view *cache, target_addr_t ac)
{
	uint64_t avail;

	if (!readable(sim, ac, sim->layout->size[LS_array_cache]))
		return "kmem_cache without an array";
	avail = peek(sim, ac, LF_array_cache_avail);
	if (avail > peek(sim, ac, LF_array_cache_limit))
		return "array holds more than its limit";
	for (uint64_t i = 0; i < avail; i++) {
		const char *broken = check_entry(sim, cache, peek_word(sim, slab_entry_place(sim, ac, i)));

		if (broken)
			return broken;
	}
	cache->entries += avail;
	return NULL;
}

static const char *check_arrays(struct sim *sim, struct cache_view *cache)
{
	target_addr_t shared = peek(sim, cache->l3, LF_slab_list3_shared);
	const char *broken = shared ? check_array(sim, cache, shared) : NULL;

	for (unsigned cpu = 0; !broken && cpu < sim->cpus; cpu++)
		broken = check_array(sim, cache, peek_word(sim, slab_array_place(sim, cache->c, cpu)));
	return broken;
}

static const char *check_cache(struct sim *sim, target_addr_t c)
{
	static const enum layout_field lists[] = {LF_slab_list3_partial, LF_slab_list3_full, LF_slab_list3_free};
	struct cache_view cache = view_cache(sim, c);
	uint64_t colours = cache.colour ? cache.colour : 1;
	const char *broken = NULL;

	if (!cache.num || !cache.size || !cache.colour_off || cache.order >= MAX_ORDER ||
	    !readable(sim, cache.l3, sim->layout->size[LS_slab_list3]))
		return "kmem_cache is damaged";
	for (unsigned i = 0; !broken && i < 3; i++)
		broken = check_list(sim, &cache, lists[i]);
	if (!broken)
		broken = check_arrays(sim, &cache);
	if (broken)
		return broken;
	if (cache.free != peek(sim, cache.l3, LF_slab_list3_free_objects))
		return "free_objects does not match the lists";
	if (cache.entries > cache.in_use)
		return "arrays hold more than slabs handed out";
	return peek(sim, cache.l3, LF_slab_list3_colour_next) < colours ? NULL : "next colour is out of range";
}

const char *slab_invariants(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = slab_state(a)->caches;
	uint64_t list = sim->layout->field[LF_slab_cache_list].offset;

	for (target_addr_t link = peek(sim, head, LF_list_head_next); link != head;
	     link = peek(sim, link, LF_list_head_next)) {
		const char *broken;

		if (!readable(sim, link - list, sim->layout->size[LS_slab_cache]))
			return "list of kmem_caches is broken";
		broken = check_cache(sim, link - list);
		if (broken)
			return broken;
	}
	return NULL;
}

static uint64_t list_length(const struct sim *sim, target_addr_t l3, enum layout_field list)
{
	target_addr_t head = slab_field_place(sim, l3, list);
	uint64_t count = 0;

	for (target_addr_t slab = peek(sim, head, LF_list_head_next); slab != head;
	     slab = peek(sim, slab, LF_list_head_next))
		count++;
	return count;
}

static void shape_cache(const struct sim *sim, target_addr_t c, struct shape *shape)
{
	target_addr_t l3 = peek(sim, c, LF_slab_cache_list3);
	uint64_t partial = list_length(sim, l3, LF_slab_list3_partial), full = list_length(sim, l3, LF_slab_list3_full);
	uint64_t empty = list_length(sim, l3, LF_slab_list3_free);

	if (!partial && !full && !empty)
		return;
	shape_add(shape, SHAPE_CACHE, partial, empty, full);
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		shape_add(shape, SHAPE_CPU, cpu,
			  peek(sim, peek_word(sim, slab_array_place(sim, c, cpu)), LF_array_cache_avail), 0);
}

static bool is_listed(const struct sim *sim, target_addr_t head, target_addr_t c)
{
	target_addr_t link = peek(sim, head, LF_list_head_next);

	while (link != head && link - sim->layout->field[LF_slab_cache_list].offset != c)
		link = peek(sim, link, LF_list_head_next);
	return link != head;
}

/* Slabs whose callback a cpu has queued, and how many of them outlive their caches. */
static void shape_waiting(const struct sim *sim, const struct slab_state *state, unsigned cpu, struct shape *shape)
{
	uint64_t count = 0, orphans = 0;

	for (target_addr_t slab = state->rcu_first[cpu]; slab; slab = peek(sim, slab, LF_slab_rcu_next)) {
		count++;
		orphans += !is_listed(sim, state->caches, peek(sim, slab, LF_slab_rcu_cache));
	}
	shape_add(shape, SHAPE_WAITING, cpu, count, orphans);
}

void slab_shape(struct allocator *a, struct shape *shape)
{
	struct sim *sim = a->sim;
	const struct slab_state *state = slab_state(a);
	uint64_t list = sim->layout->field[LF_slab_cache_list].offset;

	for (target_addr_t link = peek(sim, state->caches, LF_list_head_next); link != state->caches;
	     link = peek(sim, link, LF_list_head_next))
		shape_cache(sim, link - list, shape);
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		shape_waiting(sim, state, cpu, shape);
}
