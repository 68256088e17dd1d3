/* SPDX-License-Identifier: MIT */
/*
 * SLUB as of Linux 2.6.22 (FACTS 2.3): alloc, free and the life of a slab.
 * Per-slab state lies in struct page, so others misread it; free pointers lie in the objects, so overruns reach them.
 * The slab lock is implied: one cpu runs at a time and interrupts are off where it would be held.
 */
#include "allocators/slub_internal.h"

static void mark_lru_writer(struct sim *sim, frame_t slab)
{
	uint8_t *writers = sim->page_writers + slab * PAGE_WORD_COUNT;

	writers[PAGE_WORD_LRU_NEXT] = OWNER_slub;
	writers[PAGE_WORD_LRU_PREV] = OWNER_slub;
}

static void nr_partial_add(struct sim *sim, target_addr_t s, uint64_t delta)
{
	CACHE_FIELD_SET(sim, s, nr_partial, CACHE_FIELD(sim, s, nr_partial) + delta);
}

void slub_add_partial(struct sim *sim, target_addr_t s, frame_t slab, bool tail)
{
	target_addr_t head = cache_list(sim, s, LF_kmem_cache_partial);

	nr_partial_add(sim, s, 1);
	if (tail)
		list_add_tail(sim, page_lru(sim, slab), head);
	else
		list_add(sim, page_lru(sim, slab), head);
	mark_lru_writer(sim, slab);
}

void slub_remove_partial(struct sim *sim, target_addr_t s, frame_t slab)
{
	list_del(sim, page_lru(sim, slab));
	nr_partial_add(sim, s, UINT64_MAX);
}

/* Full slabs are on a list only where users are tracked: to find them all when validating. */
static void add_full(struct sim *sim, target_addr_t s, frame_t slab)
{
	list_add(sim, page_lru(sim, slab), cache_list(sim, s, LF_kmem_cache_full));
	mark_lru_writer(sim, slab);
}

static void set_freepointer(struct sim *sim, target_addr_t object, uint64_t offset, target_addr_t next)
{
	target_store_word(sim, object + offset, next, ROLE_FREE_POINTER);
}

/* Bytes from an object to its free pointer, as its slab has it. */
static uint64_t slab_offset(struct sim *sim, frame_t slab)
{
	return page_field_load(sim, slab, PF_slub_offset) * sim->layout->word;
}

static void setup_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct sim *sim = a->sim;

	if (slab_debug(sim, slab)) {
		slub_init_object(a, s, object, false);
		slub_init_tracking(a, s, object);
	}
	if (CACHE_FIELD(sim, s, ctor))
		target_fill(sim, object, CACHE_FIELD(sim, s, objsize), CTOR_BYTE, ROLE_NONE);
}

/* Chains all objects in address order. */
static void build_chain(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	uint64_t objects = CACHE_FIELD(sim, s, objects), size = CACHE_FIELD(sim, s, size);
	uint64_t offset = CACHE_FIELD(sim, s, offset);
	target_addr_t object = page_address(slab);

	if (!slab_debug(sim, slab) && !CACHE_FIELD(sim, s, ctor)) {
		target_store_chain(sim, object + offset, size, objects, offset);
		return;
	}
	for (uint64_t i = 0; i < objects; i++, object += size) {
		setup_object(a, s, slab, object);
		set_freepointer(sim, object, offset, i + 1 < objects ? object + size : 0);
	}
}

static void setup_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	uint32_t flags = cache_flags(sim, s);

	CACHE_FIELD_SET(sim, s, nr_slabs, CACHE_FIELD(sim, s, nr_slabs) + 1);
	page_field_store(sim, slab, PF_slub_offset, CACHE_FIELD(sim, s, offset) / sim->layout->word);
	page_field_store(sim, slab, PF_slub_inuse, 0);
	page_field_store(sim, slab, PF_slub_slab, s);
	page_set_flag(sim, slab, PG_slab);
	if (flags & DEBUG_FLAGS)
		page_set_flag(sim, slab, PG_error);
	if (flags & (uint32_t)SLAB_POISON)
		target_fill(sim, page_address(slab), (uint64_t)PAGE_SIZE << slub_order(sim, s), POISON_INUSE,
			    ROLE_PADDING);
	build_chain(a, s, slab);
	page_field_store(sim, slab, PF_slub_freelist, page_address(slab));
	page_field_store(sim, slab, PF_slub_lockless_freelist, 0);
}

/* Interrupts are on meanwhile if the caller may sleep. */
static frame_t new_slab(struct allocator *a, target_addr_t s, gfp_t gfp)
{
	struct sim *sim = a->sim;
	unsigned order = slub_order(sim, s);
	gfp_t page_gfp = gfp & (GFP_WAIT | GFP_ZONE_DMA | GFP_NOFAIL);
	frame_t slab;

	/* D28: only a growing slab looks at the bits. */
	if ((gfp & (GFP_ZERO | GFP_HIGHMEM)) && sim->policy[POLICY_bug_grow_gfp])
		sim_bug(sim, "new_slab: unexpected GFP bits");
	if (cache_flags(sim, s) & SLAB_CACHE_DMA)
		page_gfp |= GFP_ZONE_DMA;
	if (gfp & GFP_WAIT)
		sim->irqs_off = false;
	sim_preempt_point(sim, POINT_slub_grow_begin);
	slab = alloc_pages(sim, order ? page_gfp | GFP_COMP : page_gfp, order);
	if (slab != FRAME_NONE && !(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_slab_grow, .gfp = gfp, .cache = s)) {
		free_pages(sim, slab, order);
		slab = FRAME_NONE;
	}
	if (slab != FRAME_NONE)
		setup_slab(a, s, slab);
	sim_preempt_point(sim, POINT_slub_grow_end);
	sim->irqs_off = true;
	return slab;
}

static void free_slab(struct sim *sim, target_addr_t s, frame_t slab)
{
	page_field_store(sim, slab, PF_allocated_mapping, 0);
	free_pages(sim, slab, slub_order(sim, s));
}

/* The RCU head lies over lru, which a slab on no list does not need. */
static void queue_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	struct slub_state *state = slub_state(a);
	target_addr_t head = page_lru(sim, slab);
	struct event event = {.kind = EVENT_RCU_QUEUE, .addr = page_address(slab)};

	if (!sim->policy[POLICY_bug_rcu_limbo_mapping]) { /* D1 */
		page_field_store(sim, slab, PF_allocated_mapping, 0);
		page_field_store(sim, slab, PF_slub_freelist, s);
	}
	page_field_store(sim, slab, PF_rcu_next, 0);
	page_field_store(sim, slab, PF_rcu_func, KERNEL_BASE);
	if (state->rcu_last)
		page_field_store(sim, slub_link_frame(sim, state->rcu_last), PF_rcu_next, head);
	else
		state->rcu_first = head;
	state->rcu_last = head;
	sim_rcu_queue(sim, &event);
}

void slub_discard_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;

	/* D4: in 2.6.22 the flag was gone before the check that asks for it. */
	if (!sim->policy[POLICY_bug_destroy_check] && slab_debug(sim, slab))
		slub_check_all_free(a, s, slab);
	CACHE_FIELD_SET(sim, s, nr_slabs, CACHE_FIELD(sim, s, nr_slabs) - 1);
	page_field_store(sim, slab, PF_allocated_mapcount, UINT32_MAX);
	page_clear_flag(sim, slab, PG_error);
	page_clear_flag(sim, slab, PG_slab);
	if (cache_flags(sim, s) & (uint32_t)SLAB_DESTROY_BY_RCU)
		queue_slab(a, s, slab);
	else
		free_slab(sim, s, slab);
}

/* A grace period is over for these: the kmem_cache is read from the page, whether it still exists or not (D21). */
void slub_rcu_free_slab(struct allocator *a, frame_t slab)
{
	struct sim *sim = a->sim;
	bool in_mapping = sim->policy[POLICY_bug_rcu_limbo_mapping];

	free_slab(sim, page_field_load(sim, slab, in_mapping ? PF_slub_slab : PF_slub_freelist), slab);
}

/* A slab leaves its cpu: back to a list, or away if it is empty and enough others wait. */
void slub_unfreeze_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;

	slub_set_frozen(sim, slab, false);
	if (page_field_load(sim, slab, PF_slub_inuse)) {
		if (page_field_load(sim, slab, PF_slub_freelist))
			slub_add_partial(sim, s, slab, false);
		else if (slab_debug(sim, slab) && (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER))
			add_full(sim, s, slab);
		return;
	}
	if (CACHE_FIELD(sim, s, nr_partial) < MIN_PARTIAL)
		slub_add_partial(sim, s, slab, true);
	else
		slub_discard_slab(a, s, slab);
}

/* Pushes the lockless objects back one by one, which reverses them. */
static void deactivate_slab(struct allocator *a, target_addr_t s, frame_t slab, unsigned cpu)
{
	struct sim *sim = a->sim;
	target_addr_t object = page_field_load(sim, slab, PF_slub_lockless_freelist);

	if (object) {
		uint64_t offset = slab_offset(sim, slab), inuse = page_field_load(sim, slab, PF_slub_inuse), moved = 0;
		target_addr_t freelist = page_field_load(sim, slab, PF_slub_freelist);

		freelist = target_push_chain(sim, object, offset, freelist, &moved);
		page_field_store(sim, slab, PF_slub_lockless_freelist, 0);
		page_field_store(sim, slab, PF_slub_freelist, freelist);
		page_field_store(sim, slab, PF_slub_inuse, inuse - moved);
	}
	target_store_word(sim, cpu_slab_place(sim, s, cpu), 0, ROLE_KMEM_CACHE);
	slub_unfreeze_slab(a, s, slab);
}

void slub_flush_cpu_slab(struct allocator *a, target_addr_t s, unsigned cpu)
{
	target_addr_t page = target_load_word(a->sim, cpu_slab_place(a->sim, s, cpu));

	if (page)
		deactivate_slab(a, s, slub_page_frame(a->sim, page), cpu);
}

/* An interrupt on each cpu does it. */
void slub_flush_all(struct allocator *a, target_addr_t s)
{
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	for (unsigned cpu = 0; cpu < sim->cpus; cpu++) {
		sim->irqs_off = true;
		slub_flush_cpu_slab(a, s, cpu);
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slub_flush);
	}
}

static void install_cpu_slab(struct sim *sim, target_addr_t s, frame_t slab)
{
	slub_set_frozen(sim, slab, true);
	target_store_word(sim, cpu_slab_place(sim, s, sim->cpu), page_struct(sim, slab), ROLE_KMEM_CACHE);
}

/* The first slab of the partial list, or FRAME_NONE. */
static frame_t get_partial(struct sim *sim, target_addr_t s)
{
	target_addr_t head = cache_list(sim, s, LF_kmem_cache_partial), link;
	frame_t slab;

	if (!CACHE_FIELD(sim, s, nr_partial))
		return FRAME_NONE;
	link = list_next(sim, head);
	if (link == head)
		return FRAME_NONE;
	slab = slub_link_frame(sim, link);
	slub_remove_partial(sim, s, slab);
	install_cpu_slab(sim, s, slab);
	return slab;
}

/*
 * Another slab for this cpu: partial, or new.  An interrupt, or whoever runs on the cpu that the task has moved to, may
 * have got one while pages were allocated: 2.6.22 goes on with that one, though the cpu's chain of it may have objects
 * that it then forgets.
 */
static frame_t next_cpu_slab(struct allocator *a, target_addr_t s, gfp_t gfp)
{
	struct sim *sim = a->sim;
	frame_t slab = get_partial(sim, s);
	target_addr_t other;

	if (slab != FRAME_NONE)
		return slab;
	slab = new_slab(a, s, gfp);
	if (slab == FRAME_NONE)
		return FRAME_NONE;
	other = target_load_word(sim, cpu_slab_place(sim, s, sim->cpu));
	if (other && sim->policy[POLICY_bug_cpu_slab_reuse]) {
		slub_discard_slab(a, s, slab);
		return slub_page_frame(sim, other);
	}
	if (other)
		deactivate_slab(a, s, slub_page_frame(sim, other), sim->cpu);
	install_cpu_slab(sim, s, slab);
	return slab;
}

/* All objects of the cpu slab now count as used, the rest of its chain is the cpu's own. */
static void take_freelist(struct sim *sim, target_addr_t s, frame_t slab, target_addr_t object)
{
	uint64_t offset = slab_offset(sim, slab);

	page_field_store(sim, slab, PF_slub_lockless_freelist, target_load_word(sim, object + offset));
	page_field_store(sim, slab, PF_slub_inuse, CACHE_FIELD(sim, s, objects));
	page_field_store(sim, slab, PF_slub_freelist, 0);
}

static void take_debug_object(struct sim *sim, frame_t slab, target_addr_t object)
{
	uint64_t offset = slab_offset(sim, slab);

	page_field_store(sim, slab, PF_slub_inuse, page_field_load(sim, slab, PF_slub_inuse) + 1);
	page_field_store(sim, slab, PF_slub_freelist, target_load_word(sim, object + offset));
}

static target_addr_t alloc_slow(struct allocator *a, target_addr_t s, gfp_t gfp, target_addr_t page)
{
	struct sim *sim = a->sim;
	frame_t slab = page ? slub_page_frame(sim, page) : next_cpu_slab(a, s, gfp);

	while (slab != FRAME_NONE) {
		target_addr_t object = page_field_load(sim, slab, PF_slub_freelist);

		if (object && !slab_debug(sim, slab)) {
			take_freelist(sim, s, slab, object);
			return object;
		}
		if (object && slub_alloc_checks(a, s, slab, object)) {
			take_debug_object(sim, slab, object);
			return object;
		}
		deactivate_slab(a, s, slab, sim->cpu);
		slab = next_cpu_slab(a, s, gfp);
	}
	return 0;
}

static target_addr_t alloc_object(struct allocator *a, target_addr_t s, gfp_t gfp)
{
	struct sim *sim = a->sim;
	target_addr_t page, object = 0;
	bool irqs_off = sim->irqs_off;
	frame_t slab;

	if (!(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_slab_alloc, .gfp = gfp, .cache = s))
		return 0;
	sim_preempt_point(sim, POINT_slub_alloc_entry);
	sim->irqs_off = true;
	sim_race_point(sim, POINT_slub_alloc_cpu);
	page = target_load_word(sim, cpu_slab_place(sim, s, sim->cpu));
	if (likely(page)) {
		slab = slub_page_frame(sim, page);
		object = page_field_load(sim, slab, PF_slub_lockless_freelist);
		if (likely(object))
			page_field_store(sim, slab, PF_slub_lockless_freelist,
					 target_load_word(sim, object + slab_offset(sim, slab)));
	}
	if (!object)
		object = alloc_slow(a, s, gfp, page);
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slub_alloc_exit);
	/* D28 mended: the bit means what it says. */
	if (unlikely(gfp & GFP_ZERO) && object && !sim->policy[POLICY_bug_grow_gfp] && !CACHE_FIELD(sim, s, ctor))
		target_fill(sim, object, CACHE_FIELD(sim, s, objsize), 0, ROLE_NONE);
	return object;
}

static target_addr_t slub_alloc(struct allocator *a, const struct alloc_request *request)
{
	target_addr_t s = request->kmem_cache, object;

	if (!s) {
		if (!request->size)
			return ZERO_SIZE_PTR;
		s = slub_kmalloc_cache(a, request->size, request->gfp);
		if (!s)
			return 0;
	}
	if (likely(!a->sim->policy[POLICY_slab_references]))
		return alloc_object(a, s, request->gfp);
	slub_release_held(a);
	object = alloc_object(a, s, request->gfp);
	if (object)
		slub_object_taken(a, object);
	return object;
}

void slub_give_back(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t prior;
	uint64_t inuse;

	prior = page_field_load(sim, slab, PF_slub_freelist);
	set_freepointer(sim, object, slab_offset(sim, slab), prior);
	page_field_store(sim, slab, PF_slub_freelist, object);
	inuse = page_field_load(sim, slab, PF_slub_inuse) - 1;
	page_field_store(sim, slab, PF_slub_inuse, inuse);
	if (page_flag(sim, slab, PG_active))
		return;
	if (!prior && slab_debug(sim, slab) && (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER))
		list_del(sim, page_lru(sim, slab)); /* of full slabs */
	if (!(inuse & 0xffff)) {
		if (prior)
			slub_remove_partial(sim, s, slab);
		slub_discard_slab(a, s, slab);
	} else if (!prior) {
		slub_add_partial(sim, s, slab, false);
	}
}

static void free_slow(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	if (slab_debug(a->sim, slab) && !slub_free_checks(a, s, slab, object))
		return;
	slub_give_back(a, s, slab, object);
}

void slub_free_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	sim_preempt_point(sim, POINT_slub_free_entry);
	sim->irqs_off = true;
	sim_race_point(sim, POINT_slub_free_cpu);
	if (likely(target_load_word(sim, cpu_slab_place(sim, s, sim->cpu)) == page_struct(sim, slab)) &&
	    !slab_debug(sim, slab)) {
		set_freepointer(sim, object, slab_offset(sim, slab),
				page_field_load(sim, slab, PF_slub_lockless_freelist));
		page_field_store(sim, slab, PF_slub_lockless_freelist, object);
	} else {
		free_slow(a, s, slab, object);
	}
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slub_free_exit);
}

/* virt_to_head_page(); beyond RAM there is no struct page to read. */
static frame_t object_slab(struct sim *sim, target_addr_t object)
{
	frame_t frame = virt_to_frame(sim, object);

	if (frame == FRAME_NONE)
		sim_oops(sim, object, "virt_to_page");
	return page_head(sim, frame);
}

/* D3 mended: only slab pages have a kmem_cache. */
static bool valid_slab(struct allocator *a, frame_t slab, target_addr_t object)
{
	char text[24];

	if (a->sim->policy[POLICY_bug_kfree_any_page] || page_flag(a->sim, slab, PG_slab))
		return true;
	slub_say(a, "*** SLUB: Not a valid slab page @0x%s", slub_address(page_address(slab), text));
	slub_report_end(a, object);
	return false;
}

/* D27 mended. */
static bool right_cache(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	return a->sim->policy[POLICY_bug_free_wrong_cache] || slub_belongs(a, s, slab, object);
}

static void slub_free(struct allocator *a, target_addr_t s, target_addr_t object)
{
	frame_t slab;

	if (!s && object <= ZERO_SIZE_PTR)
		return;
	slab = object_slab(a->sim, object);
	if (!valid_slab(a, slab, object))
		return;
	if (!s)
		s = page_field_load(a->sim, slab, PF_slub_slab);
	else if (!right_cache(a, s, slab, object))
		return;
	if (unlikely(a->sim->policy[POLICY_slab_references]) && !slub_object_dropped(a, s, slab, object))
		return;
	slub_free_object(a, s, slab, object);
}

/* Without red zone and poison the client may use the padding; what lies behind the object may not be touched. */
static uint64_t slub_ksize(struct allocator *a, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t s;
	uint32_t flags;

	if (object <= ZERO_SIZE_PTR)
		return 0;
	s = page_field_load(sim, object_slab(sim, object), PF_slub_slab);
	if (!s)
		sim_bug(sim, "ksize: no kmem_cache");
	flags = cache_flags(sim, s);
	if (unlikely(flags & OBJECT_COUNTED))
		return CACHE_FIELD(sim, s, objsize) - sim->layout->word;
	if (flags & ((uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_POISON))
		return CACHE_FIELD(sim, s, objsize);
	if (flags & ((uint32_t)SLAB_DESTROY_BY_RCU | (uint32_t)SLAB_STORE_USER))
		return CACHE_FIELD(sim, s, inuse);
	return CACHE_FIELD(sim, s, size);
}

static unsigned slub_grace_period(struct allocator *a)
{
	return slub_run_callbacks(a, 0);
}

static uint64_t slub_nr_partial(struct allocator *a, target_addr_t s)
{
	return CACHE_FIELD(a->sim, s, nr_partial);
}

static uint64_t slub_object_size(struct allocator *a, target_addr_t s)
{
	uint64_t count = cache_flags(a->sim, s) & OBJECT_COUNTED ? a->sim->layout->word : 0;

	return CACHE_FIELD(a->sim, s, objsize) - count;
}

/* FACTS 2.3, 7.2.  Any letter makes a debug slab, every free of which is checked; no letter, no check.  Alive objects
 * without the free pointer's own place are not fenced in front: underflow is silent. */
enum { ANY_LETTER = DEBUG_F | DEBUG_Z | DEBUG_P | DEBUG_U | DEBUG_T };

static const struct detection_row detects[] = {
	{MISUSE_double_free, ANY_LETTER, 0, 0, DETECT_AT_ONCE, true, "already free"},
	{MISUSE_interior_free, ANY_LETTER, 0, 0, DETECT_AT_ONCE, true, "Invalid object pointer"},
	{MISUSE_wrong_cache, 0, 0, POLICY_bug_free_wrong_cache, DETECT_AT_ONCE, false, "belongs to slab"},
	/* The object is measured by the wrong kmem_cache first, so the complaint may be any. */
	{MISUSE_wrong_cache, ANY_LETTER, 0, 0, DETECT_AT_ONCE, false, ""},
	{MISUSE_write_after_free, 0, DEBUG_P, POLICY_bug_destroy_check,
	 DETECT_AT_ALLOC | DETECT_AT_VALIDATE | DETECT_AT_DISCARD, false, "Poison check failed|Poison overwritten"},
	{MISUSE_write_after_free, 0, DEBUG_P, 0, DETECT_AT_ALLOC | DETECT_AT_VALIDATE, false,
	 "Poison check failed|Poison overwritten"},
	/* Only users' tracking keeps full slabs where validation finds them. */
	{MISUSE_overflow, 0, DEBUG_Z | DEBUG_U, 0, DETECT_AT_FREE | DETECT_AT_VALIDATE, false,
	 "Redzone Active|Redzone overwritten"},
	{MISUSE_overflow, 0, DEBUG_Z, 0, DETECT_AT_FREE, false, "Redzone Active|Redzone overwritten"},
	/* These letters forbid merging; a merged kmem_cache only loses a name. */
	{MISUSE_destroy_live, DEBUG_Z | DEBUG_P | DEBUG_U | DEBUG_T, 0, 0, DETECT_AT_ONCE, false, "still has objects"},
	{MISUSE_non_slab_free, 0, 0, POLICY_bug_kfree_any_page, DETECT_AT_ONCE, true, "Not a valid slab page"},
	{MISUSE_free_pointer_flip, 0, DEBUG_P | DEBUG_U, 0, DETECT_AT_FREE | DETECT_AT_ALLOC | DETECT_AT_VALIDATE,
	 false, "Freepointer corrupt|Freechain corrupt"},
	{MISUSE_free_pointer_flip, 0, DEBUG_P, 0, DETECT_AT_FREE | DETECT_AT_ALLOC, false,
	 "Freepointer corrupt|Freechain corrupt"},
	{MISUSE_slub_offset_flip, ANY_LETTER, 0, 0, DETECT_AT_FREE, false, "Corrupted offset"},
	{.words = NULL},
};

const struct allocator_ops allocator_slub = {
	.name = "slub",
	.state_size = sizeof(struct slub_state),
	.scratch_size = REPORT_TEXT + sizeof(struct held_objects),
	.contract = {.align_min = 8,
		     .size_max = UINT64_C(1) << KMALLOC_SHIFT_HIGH,
		     .size_zero = SIZE_ZERO_POINTER,
		     .frames_are_frames = true,
		     .reuses_in_rcu = true,
		     .poison_alloc = POISON_FREE,
		     .poison_free = POISON_FREE,
		     .redzone = {.live = SLUB_RED_ACTIVE, .freed = SLUB_RED_INACTIVE},
		     .kmalloc_min = 8,
		     .detects = detects,
		     .debug_words = DEBUG_WORDS_MAX},
	.init = slub_init,
	.alloc = slub_alloc,
	.free = slub_free,
	.boot_cache = slub_boot_cache,
	.cache_create = slub_cache_create,
	.cache_destroy = slub_cache_destroy,
	.cache_shrink = slub_cache_shrink,
	.cache_validate = slub_cache_validate,
	.cpu_offline = slub_cpu_offline,
	.ksize = slub_ksize,
	.reclaim = slub_reclaim,
	.grace_period = slub_grace_period,
	.object_get = slub_object_get,
	.object_put = slub_object_put,
	.invariants = slub_invariants,
	.shape = slub_shape,
	.nr_partial = slub_nr_partial,
	.object_size = slub_object_size,
};
