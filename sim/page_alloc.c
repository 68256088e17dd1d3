/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: buddy system with compound pages and per-cpu lists of single pages.  Its lists are linked through
 * lru in mem_map and its heads lie in kernel data, so a stray store to them corrupts it for real.  Checks at free and
 * alloc report, repair and continue (FACTS 1.4).
 */
#include "sim/memory.h"
#include "sim/page.h"

enum { PCP_BATCH = 4, PCP_HIGH = 12 };

/*
 * struct zone: MAX_ORDER list heads, CPUS_MAX list heads, then 32-bit counts of both.  ZONE_DMA, where the machine has
 * one, is a second of them behind it, without per-cpu lists; see in_zone_dma().
 */
static target_addr_t area_head(const struct sim *sim, unsigned order)
{
	return sim->zone + order * sim->layout->size[LS_list_head];
}

static target_addr_t pcp_head(const struct sim *sim, unsigned cpu)
{
	return area_head(sim, MAX_ORDER + cpu);
}

static target_addr_t count_of(const struct sim *sim, unsigned list)
{
	return area_head(sim, MAX_ORDER + CPUS_MAX) + list * 4;
}

static uint32_t list_count(struct sim *sim, unsigned list)
{
	return (uint32_t)target_load(sim, count_of(sim, list), 4);
}

static void list_count_add(struct sim *sim, unsigned list, uint32_t delta)
{
	target_store(sim, count_of(sim, list), 4, list_count(sim, list) + delta, ROLE_NONE);
}

static void mark_lru_writer(struct sim *sim, frame_t frame)
{
	uint8_t *writers = sim->page_writers + frame * PAGE_WORD_COUNT;

	writers[PAGE_WORD_LRU_NEXT] = OWNER_buddy;
	writers[PAGE_WORD_LRU_PREV] = OWNER_buddy;
}

static void push(struct sim *sim, frame_t frame, unsigned list)
{
	list_add(sim, page_lru(sim, frame), area_head(sim, list));
	mark_lru_writer(sim, frame);
	list_count_add(sim, list, 1);
}

static void unlink_free(struct sim *sim, frame_t frame, unsigned list)
{
	list_del(sim, page_lru(sim, frame));
	list_count_add(sim, list, UINT32_MAX);
}

static frame_t first_of(struct sim *sim, unsigned list)
{
	target_addr_t head = area_head(sim, list), link = list_next(sim, head);
	frame_t frame;

	if (link == head)
		return FRAME_NONE;
	frame = page_of_lru(sim, link);
	if (frame == FRAME_NONE)
		sim_oops(sim, link, "free list of the page allocator");
	return frame;
}

static void set_buddy(struct sim *sim, frame_t frame, unsigned order)
{
	page_field_store(sim, frame, PF_buddy_order, order);
	page_set_flag(sim, frame, PG_buddy);
}

static void clear_buddy(struct sim *sim, frame_t frame)
{
	page_clear_flag(sim, frame, PG_buddy);
	page_field_store(sim, frame, PF_buddy_order, 0);
}

static void emit_bad(struct sim *sim, frame_t frame, const char *what)
{
	struct event event = {
		.kind = EVENT_PAGE_BAD, .addr = page_address(frame), .value = page_flags(sim, frame), .text = what};

	sim_emit(sim, &event);
}

static bool is_free_buddy(struct sim *sim, frame_t frame, unsigned order)
{
	if (frame + (1u << order) > sim->ram_frames || !page_flag(sim, frame, PG_buddy))
		return false;
	if ((frame | 1u << order) == sim->zone_dma) /* the upper half is of another zone */
		return false;
	if (page_member(sim, frame, LF_page_private) != order)
		return false;
	if (page_count_raw(sim, frame) != 0)
		sim_bug(sim, "page_count(buddy) != 0");
	return true;
}

static uint32_t zone_size(const struct sim *sim)
{
	return (MAX_ORDER + CPUS_MAX) * (sim->layout->size[LS_list_head] + 4u);
}

/* The functions of this file work on ZONE_DMA between the two calls, so that a machine without it pays nothing. */
static void enter_zone_dma(struct sim *sim)
{
	sim->zone += (zone_size(sim) + 15) & ~15u;
}

static void leave_zone_dma(struct sim *sim)
{
	sim->zone -= (zone_size(sim) + 15) & ~15u;
	invariant(sim->zone >= KERNEL_HEAP_BASE);
}

/* Merges upwards and links the block; its frames are free already. */
static void zone_insert(struct sim *sim, frame_t frame, unsigned order)
{
	while (order < MAX_ORDER - 1) {
		frame_t buddy = frame ^ 1u << order;

		if (!is_free_buddy(sim, buddy, order))
			break;
		unlink_free(sim, buddy, order);
		clear_buddy(sim, buddy);
		frame &= buddy;
		order++;
	}
	set_buddy(sim, frame, order);
	push(sim, frame, order);
}

static void buddy_insert(struct sim *sim, frame_t frame, unsigned order)
{
	bool dma = unlikely(frame < sim->zone_dma);

	if (dma)
		enter_zone_dma(sim);
	zone_insert(sim, frame, order);
	if (dma)
		leave_zone_dma(sim);
}

static frame_t buddy_take(struct sim *sim, unsigned order)
{
	for (unsigned from = order; from < MAX_ORDER; from++) {
		frame_t frame = first_of(sim, from);

		if (frame == FRAME_NONE)
			continue;
		unlink_free(sim, frame, from);
		clear_buddy(sim, frame);
		while (from > order) {
			from--;
			set_buddy(sim, frame + (1u << from), from);
			push(sim, frame + (1u << from), from);
		}
		return frame;
	}
	return FRAME_NONE;
}

static void pcp_refill(struct sim *sim, unsigned cpu, unsigned count)
{
	while (count--) {
		frame_t frame = buddy_take(sim, 0);

		if (frame == FRAME_NONE)
			return;
		list_add_tail(sim, page_lru(sim, frame), pcp_head(sim, cpu));
		mark_lru_writer(sim, frame);
		list_count_add(sim, MAX_ORDER + cpu, 1);
	}
}

static frame_t pcp_take(struct sim *sim)
{
	unsigned list;
	frame_t frame;

	sim_race_point(sim, POINT_page_alloc_pcp);
	invariant(sim->cpu < CPUS_MAX);
	list = MAX_ORDER + sim->cpu;
	if (list_count(sim, list) == 0)
		pcp_refill(sim, sim->cpu, PCP_BATCH);
	frame = first_of(sim, list);
	if (frame != FRAME_NONE)
		unlink_free(sim, frame, list);
	return frame;
}

/* Gives the coldest pages of the cpu's list back to the buddy system. */
static void pcp_drain(struct sim *sim, unsigned cpu, unsigned count)
{
	target_addr_t head = pcp_head(sim, cpu);

	while (count-- && !list_empty(sim, head)) {
		frame_t frame = page_of_lru(sim, list_prev(sim, head));

		if (frame == FRAME_NONE)
			sim_oops(sim, head, "per-cpu list of the page allocator");
		unlink_free(sim, frame, MAX_ORDER + cpu);
		buddy_insert(sim, frame, 0);
	}
}

#define FLAG(name) (1u << PG_##name)
#define BAD_AT_FREE                                                                                                    \
	(FLAG(lru) | FLAG(private) | FLAG(locked) | FLAG(active) | FLAG(slab) | FLAG(swapcache) | FLAG(writeback) |    \
	 FLAG(reserved) | FLAG(buddy))
#define REPAIRED                                                                                                       \
	(FLAG(lru) | FLAG(private) | FLAG(locked) | FLAG(active) | FLAG(dirty) | FLAG(reclaim) | FLAG(slab) |          \
	 FLAG(swapcache) | FLAG(writeback) | FLAG(buddy))
#define CLEARED_AT_ALLOC                                                                                               \
	(FLAG(uptodate) | FLAG(error) | FLAG(referenced) | FLAG(arch_1) | FLAG(checked) | FLAG(mappedtodisk))

/* What is wrong with a page at free (alloc adds more_flags), or NULL. */
static const char *page_complaint(struct sim *sim, frame_t frame, uint32_t bad_flags)
{
	uint32_t flags = page_flags(sim, frame);

	if ((uint32_t)page_member(sim, frame, LF_page__mapcount) != UINT32_MAX)
		return "mapcount";
	if (page_member(sim, frame, LF_page_mapping) != 0)
		return "mapping";
	if (page_count(sim, frame) != 0)
		return "count";
	if (flags & bad_flags)
		return "flags";
	if ((flags & FLAG(reclaim)) && !(flags & FLAG(compound)))
		return "reclaim";
	return NULL;
}

static void set_flags(struct sim *sim, frame_t frame, uint32_t flags)
{
	if (page_flags(sim, frame) != flags)
		page_put_flags(sim, frame, flags);
}

static void page_repair(struct sim *sim, frame_t frame, const char *what)
{
	emit_bad(sim, frame, what);
	set_flags(sim, frame, page_flags(sim, frame) & ~REPAIRED);
	page_count_set_raw(sim, frame, 0);
	page_field_store(sim, frame, PF_allocated_mapcount, UINT32_MAX);
	page_field_store(sim, frame, PF_allocated_mapping, 0);
}

/* False iff a reserved page stops the block. */
static bool check_free_pages(struct sim *sim, frame_t frame, unsigned order)
{
	bool reserved = false;

	for (frame_t i = frame; i < frame + (1u << order); i++) {
		const char *what = page_complaint(sim, i, BAD_AT_FREE);

		if (what)
			page_repair(sim, i, what);
		if (page_flag(sim, i, PG_reserved))
			reserved = true;
		else if (page_flag(sim, i, PG_dirty))
			page_clear_flag(sim, i, PG_dirty);
	}
	return !reserved;
}

/* Names the head in every complaint, as the era did. */
static void destroy_compound(struct sim *sim, frame_t head, unsigned order)
{
	if (compound_order(sim, head) != order || !page_flag(sim, head, PG_compound))
		emit_bad(sim, head, "compound order");
	page_clear_flag(sim, head, PG_compound);
	for (frame_t i = head + 1; i < head + (1u << order); i++) {
		if (!page_is_tail(sim, i) || page_member(sim, i, LF_page_private) != page_struct(sim, head))
			emit_bad(sim, head, "compound tail");
		set_flags(sim, i, page_flags(sim, i) & ~(FLAG(compound) | FLAG(reclaim)));
	}
}

static void make_compound(struct sim *sim, frame_t head, unsigned order)
{
	page_set_flag(sim, head, PG_compound);
	for (frame_t i = head + 1; i < head + (1u << order); i++) {
		set_flags(sim, i, page_flags(sim, i) | FLAG(compound) | FLAG(reclaim));
		page_field_store(sim, i, PF_compound_first_page, page_struct(sim, head));
	}
	page_field_store(sim, head + 1, PF_compound_dtor, KERNEL_BASE);
	page_field_store(sim, head + 1, PF_compound_order, order);
}

static void frames_set_state(struct sim *sim, frame_t frame, unsigned order, enum frame_state state)
{
	memset(sim->frame_state + frame, (int)state, (size_t)1 << order);
	if (state == FRAME_FREE)
		sim_disown(sim, page_address(frame), (uint64_t)PAGE_SIZE << order);
	else
		sim_own(sim, page_address(frame), (uint64_t)PAGE_SIZE << order);
}

static void emit_block(struct sim *sim, enum event_kind kind, frame_t frame, unsigned order, bool compound)
{
	struct event event = {.kind = kind,
			      .addr = page_address(frame),
			      .size = (uint64_t)PAGE_SIZE << order,
			      .value = order,
			      .id = compound};

	sim_emit(sim, &event);
}

/* Interrupts are off for it. */
static void pcp_give(struct sim *sim, frame_t frame)
{
	sim_race_point(sim, POINT_page_free_pcp);
	push(sim, frame, MAX_ORDER + sim->cpu);
	if (list_count(sim, MAX_ORDER + sim->cpu) > PCP_HIGH)
		pcp_drain(sim, sim->cpu, PCP_BATCH);
}

void free_block(struct sim *sim, frame_t frame, unsigned order)
{
	/* By a record that was stored over. */
	if (unlikely(order >= MAX_ORDER || 1u << order > sim->ram_frames - frame))
		sim_bug(sim, "__free_pages() of what is no block of pages");
	sim_preempt_point(sim, POINT_page_free_entry);
	emit_block(sim, EVENT_PAGE_FREE, frame, order, false);
	/* An order-0 free NULLs an anonymous mapping before the check, so that is never reported. */
	if (order == 0 && (page_member(sim, frame, LF_page_mapping) & 1))
		page_field_store(sim, frame, PF_allocated_mapping, 0);
	if (!check_free_pages(sim, frame, order))
		return;
	if (order && page_flag(sim, frame, PG_compound))
		destroy_compound(sim, frame, order);
	frames_set_state(sim, frame, order, FRAME_FREE);
	sim_preempt_point(sim, POINT_page_free_check);
	if (order || unlikely(frame < sim->zone_dma))
		buddy_insert(sim, frame, order);
	else
		pcp_give(sim, frame);
	sim_preempt_point(sim, POINT_page_free_exit);
}

void free_pages(struct sim *sim, frame_t frame, unsigned order)
{
	int32_t count = page_count_raw(sim, frame);

	if (sim->debug_vm && count == 0)
		sim_bug(sim, "__free_pages() of a page with count 0");
	page_count_set_raw(sim, frame, count - 1);
	if (count == 1)
		free_block(sim, frame, order);
}

/* Checks and prepares the first page only; pages 1.. keep what they had (FACTS 1.4). */
static void prepare_new_page(struct sim *sim, frame_t frame)
{
	const char *what = page_complaint(sim, frame, BAD_AT_FREE | FLAG(dirty) | FLAG(reclaim));

	if (what)
		page_repair(sim, frame, what);
	set_flags(sim, frame, page_flags(sim, frame) & ~CLEARED_AT_ALLOC);
	page_field_store(sim, frame, PF_allocated_private, 0);
	page_count_set_raw(sim, frame, 1);
}

static frame_t take_from_zone_dma(struct sim *sim, unsigned order)
{
	frame_t frame;

	enter_zone_dma(sim);
	frame = buddy_take(sim, order);
	leave_zone_dma(sim);
	return frame;
}

/* Memory that any caller may have: ZONE_DMA is the last resort. */
static frame_t take_block(struct sim *sim, unsigned order)
{
	frame_t frame = order ? buddy_take(sim, order) : pcp_take(sim);

	if (frame != FRAME_NONE)
		return frame;
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		pcp_drain(sim, cpu, UINT32_MAX);
	frame = buddy_take(sim, order);
	return frame == FRAME_NONE && sim->zone_dma ? take_from_zone_dma(sim, order) : frame;
}

/* What the last owner kept where is over.  The frame counts as touched only when somebody uses it. */
static void take_over_frame(struct sim *sim, frame_t frame)
{
	if (sim->frame_touched[frame])
		memset(sim->roles + ((uint64_t)frame << PAGE_SHIFT), ROLE_NONE, PAGE_SIZE);
}

/* A free list that was stored over may lead anywhere: the machine has no such block. */
static void check_block(struct sim *sim, frame_t frame, unsigned order)
{
	if (unlikely(frame >= sim->ram_frames || 1u << order > sim->ram_frames - frame))
		sim_oops(sim, page_struct(sim, frame), "free list of the page allocator");
}

frame_t alloc_pages(struct sim *sim, gfp_t gfp, unsigned order)
{
	frame_t frame;

	if (order >= MAX_ORDER)
		return FRAME_NONE;
	if (!(gfp & GFP_NOFAIL) && should_fail(sim, FAULT_page_alloc, .size = 1u << order, .order = order, .gfp = gfp))
		return FRAME_NONE;
	sim_preempt_point(sim, POINT_page_alloc_entry);
	frame = unlikely(gfp & GFP_ZONE_DMA) && sim->zone_dma ? take_from_zone_dma(sim, order) : take_block(sim, order);
	if (frame == FRAME_NONE)
		return FRAME_NONE;
	check_block(sim, frame, order);
	for (frame_t i = frame; i < frame + (1u << order); i++)
		take_over_frame(sim, i);
	memory_use_block(sim, frame, order);
	frames_set_state(sim, frame, order, FRAME_USED);
	sim_preempt_point(sim, POINT_page_alloc_taken);
	prepare_new_page(sim, frame);
	if (order && (gfp & GFP_COMP))
		make_compound(sim, frame, order);
	emit_block(sim, EVENT_PAGE_ALLOC, frame, order, order && (gfp & GFP_COMP));
	if (gfp & GFP_ZERO)
		target_fill(sim, page_address(frame), (uint64_t)PAGE_SIZE << order, 0, ROLE_NONE);
	return frame;
}

static uint32_t nr_free_in_blocks(struct sim *sim)
{
	uint32_t total = 0;

	for (unsigned order = 0; order < MAX_ORDER; order++)
		total += list_count(sim, order) << order;
	return total;
}

uint32_t nr_free_pages(struct sim *sim)
{
	uint32_t total = nr_free_in_blocks(sim);

	if (sim->zone_dma) {
		enter_zone_dma(sim);
		total += nr_free_in_blocks(sim);
		leave_zone_dma(sim);
	}
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		total += list_count(sim, MAX_ORDER + cpu);
	return total;
}

/* Frames that mem_map describes and that do not exist: reserved, as if of a hole below the highest pfn. */
static void reserve_hole(struct sim *sim, frame_t first)
{
	for (frame_t i = first; i < sim->ram_frames; i++) {
		page_set_flag(sim, i, PG_reserved);
		page_count_set_raw(sim, i, 1);
	}
}

static frame_t frames_that_exist(const struct sim *sim)
{
	return sim->ram_frames - (sim->policy[POLICY_mem_hole] ? HOLE_FRAMES : 0);
}

static void zone_init(struct sim *sim)
{
	for (unsigned list = 0; list < MAX_ORDER + CPUS_MAX; list++)
		list_init(sim, area_head(sim, list));
}

/* True iff the largest block at the frame is smaller: it must be aligned, and lie in one zone. */
static bool is_too_large(const struct sim *sim, frame_t frame, unsigned order)
{
	frame_t end = frame + (1u << order);

	return (frame & ((1u << order) - 1)) || end > frames_that_exist(sim) ||
	       (frame < sim->zone_dma && end > sim->zone_dma);
}

void page_alloc_boot(struct sim *sim)
{
	frame_t frame = 0;

	sim->zone = kernel_alloc(sim, zone_size(sim));
	zone_init(sim);
	if (sim->zone_dma) {
		kernel_alloc(sim, zone_size(sim));
		enter_zone_dma(sim);
		zone_init(sim);
		leave_zone_dma(sim);
	}
	for (frame_t i = 0; i < sim->ram_frames; i++)
		page_field_store(sim, i, PF_allocated_mapcount, UINT32_MAX);
	reserve_hole(sim, frames_that_exist(sim));
	while (frame < frames_that_exist(sim)) {
		unsigned order = MAX_ORDER - 1;

		while (is_too_large(sim, frame, order))
			order--;
		buddy_insert(sim, frame, order);
		frame += 1u << order;
	}
	/* A machine that has booted has warm lists; small ones keep their blocks whole. */
	for (unsigned cpu = 0; cpu < sim->cpus && sim->ram_frames >= 16 * CPUS_MAX; cpu++)
		pcp_refill(sim, cpu, PCP_HIGH);
	sim->steps = STEPS_PER_OP;
}
