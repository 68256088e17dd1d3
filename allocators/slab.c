/* SPDX-License-Identifier: MIT */
/*
 * SLAB as of Linux 2.6.22 (FACTS 2.2): alloc and free, the arrays of the cpus, and what moves between them and slabs.
 *
 * Free objects are linked by index in the slab's descriptor: without debugging nothing is written into a freed object.
 * The list lock is implied: one cpu runs at a time and interrupts are off where it would be held.
 */
#include "allocators/slab_internal.h"

enum { BATCHREFILL_LIMIT = 16 };

frame_t slab_object_page(struct sim *sim, target_addr_t object)
{
	frame_t frame = virt_to_frame(sim, object);

	/* Beyond RAM there is no struct page to read. */
	if (frame == FRAME_NONE)
		sim_oops(sim, object, "virt_to_page");
	return page_head(sim, frame);
}

target_addr_t slab_page_cache(struct sim *sim, frame_t frame)
{
	if (!page_flag(sim, frame, PG_slab))
		sim_bug(sim, "page_get_cache: page is not PageSlab");
	return page_field_load(sim, frame, PF_slab_cache);
}

target_addr_t slab_page_slab(struct sim *sim, frame_t frame)
{
	if (!page_flag(sim, frame, PG_slab))
		sim_bug(sim, "page_get_slab: page is not PageSlab");
	return page_field_load(sim, frame, PF_slab_slab);
}

void slab_copy_entries(struct sim *sim, target_addr_t to, target_addr_t from, uint64_t count)
{
	unsigned word = sim->layout->word;

	for (uint64_t i = 0; i < count; i++)
		target_store_word(sim, to + i * word, target_load_word(sim, from + i * word), ROLE_KMEM_CACHE);
}

/* Takes the newest entries of `from`; how many. */
static uint64_t transfer_objects(struct sim *sim, target_addr_t to, target_addr_t from, uint64_t max)
{
	uint64_t have = ARRAY_FIELD(sim, from, avail), held = ARRAY_FIELD(sim, to, avail);
	uint64_t room = ARRAY_FIELD(sim, to, limit) - held, count = have < max ? have : max;

	count = count < room ? count : room;
	if (!count)
		return 0;
	slab_copy_entries(sim, slab_entry_place(sim, to, held), slab_entry_place(sim, from, have - count), count);
	ARRAY_FIELD_SET(sim, from, avail, have - count);
	ARRAY_FIELD_SET(sim, to, avail, held + count);
	return count;
}

/* Pops up to `max` objects of a slab onto the array; how many. */
static uint64_t take_objects(struct allocator *a, target_addr_t c, target_addr_t slab, target_addr_t ac, uint64_t max)
{
	struct sim *sim = a->sim;
	uint64_t num = CACHE_FIELD(sim, c, num), size = CACHE_FIELD(sim, c, buffer_size);
	uint64_t inuse = DESC_FIELD(sim, slab, inuse), avail = ARRAY_FIELD(sim, ac, avail), taken = 0;
	target_addr_t s_mem = DESC_FIELD(sim, slab, s_mem);
	uint64_t index = DESC_FIELD(sim, slab, free);
	bool mark = slab_flags(sim, c) & (uint32_t)SLAB_DEBUG_FREE;

	for (; inuse + taken < num && taken < max; taken++) {
		target_addr_t bufctl = slab_bufctl_place(sim, slab, index);

		target_store_word(sim, slab_entry_place(sim, ac, avail + taken), s_mem + index * size, ROLE_KMEM_CACHE);
		index = target_load(sim, bufctl, BUFCTL_SIZE);
		if (mark)
			target_store(sim, bufctl, BUFCTL_SIZE, BUFCTL_FREE, ROLE_BUFCTL);
	}
	DESC_FIELD_SET(sim, slab, inuse, inuse + taken);
	DESC_FIELD_SET(sim, slab, free, index);
	ARRAY_FIELD_SET(sim, ac, avail, avail + taken);
	return taken;
}

/* The first partial slab, else the first free one, else 0. */
static target_addr_t slab_with_free(struct sim *sim, target_addr_t l3)
{
	static const enum layout_field lists[] = {LF_slab_list3_partial, LF_slab_list3_free};

	for (unsigned i = 0; i < 2; i++) {
		target_addr_t head = slab_field_place(sim, l3, lists[i]), link = list_next(sim, head);

		if (link == head)
			continue;
		if (lists[i] == LF_slab_list3_free)
			LIST3_FIELD_SET(sim, l3, free_touched, 1);
		return link;
	}
	return 0;
}

static void refill_from_slabs(struct allocator *a, target_addr_t c, target_addr_t ac, uint64_t count)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3), slab;
	uint64_t wanted = count;

	while (count && (slab = slab_with_free(sim, l3))) {
		bool full;

		slab_check_chain(a, c, slab);
		count -= take_objects(a, c, slab, ac, count);
		slab_check_chain(a, c, slab);
		full = DESC_FIELD(sim, slab, free) == BUFCTL_END;
		slab_list_del(sim, slab);
		slab_list_add(sim, slab, slab_field_place(sim, l3, full ? LF_slab_list3_full : LF_slab_list3_partial),
			      false);
	}
	LIST3_FIELD_SET(sim, l3, free_objects, LIST3_FIELD(sim, l3, free_objects) - (wanted - count));
}

/* Fills the cpu's empty array: from the shared one, from slabs, from a new slab.  False iff memory is out. */
static bool refill(struct allocator *a, target_addr_t c, gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3);

	for (;;) {
		target_addr_t ac = slab_cpu_array(sim, c, sim->cpu), shared = LIST3_FIELD(sim, l3, shared);
		uint64_t batch = ARRAY_FIELD(sim, ac, batchcount);
		bool grown;

		/* An array that is little used need not be full. */
		if (!ARRAY_FIELD(sim, ac, touched) && batch > BATCHREFILL_LIMIT)
			batch = BATCHREFILL_LIMIT;
		if (!shared || !transfer_objects(sim, ac, shared, batch))
			refill_from_slabs(a, c, ac, batch);
		if (ARRAY_FIELD(sim, ac, avail))
			return true;
		grown = slab_grow(a, c, gfp);
		/* An interrupt may have filled the array meanwhile. */
		if (ARRAY_FIELD(sim, slab_cpu_array(sim, c, sim->cpu), avail))
			return true;
		if (!grown)
			return false;
	}
}

/* Buffer from the top of the cpu's array, or 0. */
static target_addr_t take_buffer(struct allocator *a, target_addr_t c, gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t ac = slab_cpu_array(sim, c, sim->cpu);
	uint64_t avail = ARRAY_FIELD(sim, ac, avail);

	if (unlikely(!avail)) {
		if (!refill(a, c, gfp))
			return 0;
		ac = slab_cpu_array(sim, c, sim->cpu);
		avail = ARRAY_FIELD(sim, ac, avail);
	}
	ARRAY_FIELD_SET(sim, ac, touched, 1);
	ARRAY_FIELD_SET(sim, ac, avail, avail - 1);
	return target_load_word(sim, slab_entry_place(sim, ac, avail - 1));
}

target_addr_t slab_cache_alloc(struct allocator *a, target_addr_t c, gfp_t gfp)
{
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;
	target_addr_t object;

	if (!(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_slab_alloc, .gfp = gfp, .cache = c))
		return 0;
	sim_preempt_point(sim, POINT_slab_alloc_entry);
	sim->irqs_off = true;
	sim_race_point(sim, POINT_slab_alloc_cpu);
	object = take_buffer(a, c, gfp);
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slab_alloc_exit);
	if (!object)
		return 0;
	if (slab_flags(sim, c) & OBJECT_DEBUG)
		object = slab_debug_alloc(a, c, object);
	/* D28 mended: the bit means what it says. */
	if (unlikely(gfp & GFP_ZERO) && !sim->policy[POLICY_bug_grow_gfp] && !CACHE_FIELD(sim, c, ctor))
		target_fill(sim, object, CACHE_FIELD(sim, c, obj_size), 0, ROLE_NONE);
	return object;
}

/* DEBUG_FREE: a buffer that comes back must be marked as handed out. */
static void check_handed_out(struct allocator *a, target_addr_t c, target_addr_t bufctl, target_addr_t buffer)
{
	char name[NAME_SIZE], text[24];

	if (!(slab_flags(a->sim, c) & (uint32_t)SLAB_DEBUG_FREE) ||
	    target_load(a->sim, bufctl, BUFCTL_SIZE) == BUFCTL_FREE)
		return;
	slab_say(a, "slab: double free detected in cache '%s', objp %s", slab_name(a, c, name),
		 slab_address(buffer, text));
	slab_bug(a);
}

/* Front of the slab's chain; objects in use afterwards. */
static uint64_t put_object(struct allocator *a, target_addr_t c, target_addr_t slab, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	uint64_t index = (buffer - DESC_FIELD(sim, slab, s_mem)) / sim_divisor(sim, CACHE_FIELD(sim, c, buffer_size));
	uint64_t inuse = DESC_FIELD(sim, slab, inuse) - 1;
	target_addr_t bufctl = slab_bufctl_place(sim, slab, index);

	check_handed_out(a, c, bufctl, buffer);
	target_store(sim, bufctl, BUFCTL_SIZE, DESC_FIELD(sim, slab, free), ROLE_BUFCTL);
	DESC_FIELD_SET(sim, slab, free, index);
	DESC_FIELD_SET(sim, slab, inuse, inuse);
	return inuse;
}

/* A slab became empty: kept, unless the kmem_cache has enough free objects. */
static void slab_emptied(struct allocator *a, target_addr_t c, target_addr_t l3, target_addr_t slab)
{
	struct sim *sim = a->sim;
	uint64_t free_objects = LIST3_FIELD(sim, l3, free_objects);

	if (free_objects <= LIST3_FIELD(sim, l3, free_limit)) {
		slab_list_add(sim, slab, slab_field_place(sim, l3, LF_slab_list3_free), false);
		return;
	}
	LIST3_FIELD_SET(sim, l3, free_objects, free_objects - CACHE_FIELD(sim, c, num));
	slab_destroy(a, c, slab);
}

void slab_free_block(struct allocator *a, target_addr_t c, target_addr_t entries, uint64_t count)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3);

	for (uint64_t i = 0; i < count; i++) {
		target_addr_t buffer = target_load_word(sim, entries + i * sim->layout->word);
		target_addr_t slab = slab_page_slab(sim, slab_object_page(sim, buffer));
		uint64_t inuse;

		slab_list_del(sim, slab);
		slab_check_chain(a, c, slab);
		inuse = put_object(a, c, slab, buffer);
		LIST3_FIELD_SET(sim, l3, free_objects, LIST3_FIELD(sim, l3, free_objects) + 1);
		slab_check_chain(a, c, slab);
		if (inuse)
			slab_list_add(sim, slab, slab_field_place(sim, l3, LF_slab_list3_partial), true);
		else
			slab_emptied(a, c, l3, slab);
	}
}

/* The array is full: its oldest entries go to the shared array if that has any room, else to the slabs. */
static void flush_array(struct allocator *a, target_addr_t c, target_addr_t ac)
{
	struct sim *sim = a->sim;
	target_addr_t shared = LIST3_FIELD(sim, CACHE_FIELD(sim, c, list3), shared);
	uint64_t count = ARRAY_FIELD(sim, ac, batchcount), avail = ARRAY_FIELD(sim, ac, avail), room = 0, held = 0;

	if (shared) {
		held = ARRAY_FIELD(sim, shared, avail);
		room = ARRAY_FIELD(sim, shared, limit) - held;
	}
	if (room) {
		count = count < room ? count : room;
		slab_copy_entries(sim, slab_entry_place(sim, shared, held), slab_entry_place(sim, ac, 0), count);
		ARRAY_FIELD_SET(sim, shared, avail, held + count);
	} else {
		slab_free_block(a, c, slab_entry_place(sim, ac, 0), count);
	}
	ARRAY_FIELD_SET(sim, ac, avail, avail - count);
	slab_copy_entries(sim, slab_entry_place(sim, ac, 0), slab_entry_place(sim, ac, count), avail - count);
}

void slab_array_put(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	target_addr_t ac = slab_cpu_array(sim, c, sim->cpu);
	uint64_t avail;

	if (unlikely(ARRAY_FIELD(sim, ac, avail) >= ARRAY_FIELD(sim, ac, limit)))
		flush_array(a, c, ac);
	avail = ARRAY_FIELD(sim, ac, avail);
	target_store_word(sim, slab_entry_place(sim, ac, avail), buffer, ROLE_KMEM_CACHE);
	ARRAY_FIELD_SET(sim, ac, avail, avail + 1);
}

/* What a client frees may have to wait, by policy slab_references. */
static void free_buffer(struct allocator *a, target_addr_t c, target_addr_t object, bool of_client)
{
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	sim_preempt_point(sim, POINT_slab_free_entry);
	sim->irqs_off = true;
	sim_race_point(sim, POINT_slab_free_cpu);
	if (slab_flags(sim, c) & (OBJECT_DEBUG | (uint32_t)SLAB_DEBUG_FREE))
		object = slab_debug_free(a, c, object);
	if (likely(!of_client) || !slab_keeps_aside(a, c, object))
		slab_array_put(a, c, object);
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slab_free_exit);
}

void slab_cache_free(struct allocator *a, target_addr_t c, target_addr_t object)
{
	free_buffer(a, c, object, false);
}

static target_addr_t slab_alloc(struct allocator *a, const struct alloc_request *request)
{
	target_addr_t c = request->kmem_cache, object;

	if (!c)
		c = slab_kmalloc_cache(a, request->size, request->gfp);
	if (likely(!a->sim->policy[POLICY_slab_references]))
		return c ? slab_cache_alloc(a, c, request->gfp) : 0;
	slab_release_held(a);
	object = c ? slab_cache_alloc(a, c, request->gfp) : 0;
	if (object)
		slab_object_taken(a, c, object);
	return object;
}

static void slab_free(struct allocator *a, target_addr_t c, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t owner;
	char text[24];

	if (!c && !object)
		return;
	if (a->debug && virt_to_frame(sim, object) == FRAME_NONE) {
		slab_say(a, "kfree_debugcheck: out of range ptr %sh.", slab_address(object, text));
		slab_bug(a);
	}
	owner = slab_page_cache(sim, slab_object_page(sim, object));
	if (c && owner != c)
		sim_bug(sim, "kmem_cache_free: object of another kmem_cache");
	if (likely(!sim->policy[POLICY_slab_references]))
		slab_cache_free(a, owner, object);
	else if (slab_object_dropped(a, owner, object))
		free_buffer(a, owner, object, true);
}

/* Without debugging built in, the whole buffer is the client's. */
static uint64_t slab_ksize(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t c;

	if (!object)
		return 0;
	c = slab_page_cache(sim, slab_object_page(sim, object));
	if (unlikely(slab_flags(sim, c) & OBJECT_COUNTED))
		return CACHE_FIELD(sim, c, obj_size) - sim->layout->word;
	return a->debug ? CACHE_FIELD(sim, c, obj_size) : CACHE_FIELD(sim, c, buffer_size);
}

static unsigned slab_grace_period(struct allocator *a)
{
	unsigned ran = 0;

	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		ran += slab_run_callbacks(a, cpu);
	return ran;
}

static uint64_t slab_nr_partial(struct allocator *a, target_addr_t c)
{
	struct sim *sim = a->sim;
	target_addr_t head = slab_field_place(sim, CACHE_FIELD(sim, c, list3), LF_slab_list3_partial);
	uint64_t count = 0;

	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link))
		count++;
	return count;
}

static uint64_t slab_object_size(struct allocator *a, target_addr_t c)
{
	return CACHE_FIELD(a->sim, c, asked_size);
}

/*
 * FACTS 2.2, 7.3.  That a page is a slab's and that the kmem_cache is the right one is checked in every build; overruns
 * inside the rounding of an object are not seen.
 */
static const struct detection_row detects[] = {
	{MISUSE_double_free, 0, DEBUG_Z, 0, DETECT_AT_ONCE, false, "double free detected"},
	/* Its buffer is in the arrays twice; the second to reach the slab is not marked as handed out. */
	{MISUSE_double_free, 0, DEBUG_F, POLICY_slab_references, DETECT_AT_SHRINK, false,
	 "slab: double free detected in cache"},
	{MISUSE_interior_free, DEBUG_F | DEBUG_Z | DEBUG_P, 0, 0, DETECT_AT_ONCE, false, "not the start of an object"},
	{MISUSE_wrong_cache, 0, 0, 0, DETECT_AT_ONCE, false, "object of another kmem_cache"},
	{MISUSE_write_after_free, 0, DEBUG_P, 0, DETECT_AT_ALLOC | DETECT_AT_DISCARD, false, "Slab corruption"},
	{MISUSE_overflow, 0, DEBUG_Z, 0, DETECT_AT_FREE, false, "memory outside object was overwritten"},
	{MISUSE_underflow, 0, DEBUG_Z, 0, DETECT_AT_FREE, false, "memory outside object was overwritten"},
	{MISUSE_destroy_live, 0, 0, 0, DETECT_AT_ONCE, false, "Can't free all objects"},
	{MISUSE_non_slab_free, 0, 0, 0, DETECT_AT_ONCE, false, "not PageSlab"},
	{MISUSE_slab_desc_flip, 0, DEBUG_F, 0, DETECT_AT_DISCARD, false, "Internal list corruption"},
	{.words = NULL},
};

const struct allocator_ops allocator_slab = {
	.name = "slab",
	.state_size = sizeof(struct slab_state),
	.scratch_size = REPORT_TEXT + sizeof(struct held_objects),
	.contract = {.align_min = 4,
		     .size_max = UINT64_C(1) << KMALLOC_SHIFT_HIGH,
		     .size_zero = SIZE_ZERO_OBJECT,
		     .frames_are_frames = true,
		     .reuses_in_rcu = true,
		     .poison_alloc = POISON_INUSE,
		     .poison_free = POISON_FREE,
		     .redzone = {.live = RED_ACTIVE, .freed = RED_INACTIVE, .width = RED_SIZE, .before = true},
		     .kmalloc_min = 32,
		     .detects = detects},
	.init = slab_init,
	.alloc = slab_alloc,
	.free = slab_free,
	.boot_cache = slab_boot_cache,
	.cache_create = slab_cache_create,
	.cache_destroy = slab_cache_destroy,
	.cache_shrink = slab_cache_shrink,
	.cpu_offline = slab_cpu_offline,
	.ksize = slab_ksize,
	.reclaim = slab_reclaim,
	.reap = slab_reap,
	.grace_period = slab_grace_period,
	.object_get = slab_object_get,
	.object_put = slab_object_put,
	.invariants = slab_invariants,
	.shape = slab_shape,
	.nr_partial = slab_nr_partial,
	.object_size = slab_object_size,
};
