/* SPDX-License-Identifier: MIT */
/* struct page fields with their shadow of writers, flags, compound pages and references (FACTS 1.1-1.4). */
#include "sim/page.h"

#include "sim/memory.h"

/* mem_map is the machine's own: a valid frame needs no check, only width and byte order. */
static inline uint64_t member_get(const struct sim *sim, frame_t frame, enum layout_field member)
{
	struct layout_place place = sim->layout->field[member];

	return target_get(page_struct(sim, frame) + place.offset, place.width, sim->big_endian);
}

static inline void member_put(struct sim *sim, frame_t frame, enum layout_field member, uint64_t value)
{
	struct layout_place place = sim->layout->field[member];
	target_addr_t addr = page_struct(sim, frame) + place.offset;

	memory_touch_chunk(sim, (uint32_t)((addr - KERNEL_BASE) / KERNEL_CHUNK));
	target_put(addr, place.width, sim->big_endian, value);
}

/* A frame computed by a model may be wild: there is no struct page for it. */
static inline void check_frame(struct sim *sim, frame_t frame)
{
	if (unlikely(frame >= sim->ram_frames))
		sim_oops(sim, page_struct(sim, frame), "struct page outside mem_map");
}

static void emit_misread(struct sim *sim, frame_t frame, enum page_field field, uint64_t value)
{
	const struct page_field_row *row = &page_field_rows[field];
	struct event event = {.kind = EVENT_PAGE_FIELD_MISREAD,
			      .addr = page_address(frame),
			      .value = value,
			      .id = field,
			      .size = sim->page_writers[frame * PAGE_WORD_COUNT + row->word]};

	sim_emit(sim, &event);
}

/* The page allocator resets what it hands out: its words read as nobody's by any owner. */
static bool foreign(enum page_owner writer, enum page_owner reader)
{
	return writer != reader && writer != OWNER_nobody && writer != OWNER_allocated && writer != OWNER_buddy;
}

uint64_t page_field_load(struct sim *sim, frame_t frame, enum page_field field)
{
	const struct page_field_row *row = &page_field_rows[field];
	uint64_t value;

	check_frame(sim, frame);
	sim_step(sim);
	value = member_get(sim, frame, (enum layout_field)row->layout_field);
	if (unlikely(foreign(sim->page_writers[frame * PAGE_WORD_COUNT + row->word], row->owner)) && value != row->none)
		emit_misread(sim, frame, field, value);
	return value;
}

void page_field_store(struct sim *sim, frame_t frame, enum page_field field, uint64_t value)
{
	const struct page_field_row *row = &page_field_rows[field];

	check_frame(sim, frame);
	sim_step(sim);
	member_put(sim, frame, (enum layout_field)row->layout_field, value);
	sim->page_writers[frame * PAGE_WORD_COUNT + row->word] = row->owner;
}

uint64_t page_member(struct sim *sim, frame_t frame, enum layout_field field)
{
	check_frame(sim, frame);
	return member_get(sim, frame, field);
}

enum page_owner page_word_writer(const struct sim *sim, frame_t frame, enum page_word word)
{
	return sim->page_writers[frame * PAGE_WORD_COUNT + word];
}

uint32_t page_flags(struct sim *sim, frame_t frame)
{
	check_frame(sim, frame);
	return (uint32_t)member_get(sim, frame, LF_page_flags);
}

bool page_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	return page_flags(sim, frame) >> flag & 1;
}

void page_set_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	member_put(sim, frame, LF_page_flags, page_flags(sim, frame) | 1u << flag);
}

void page_clear_flag(struct sim *sim, frame_t frame, enum page_flag flag)
{
	member_put(sim, frame, LF_page_flags, page_flags(sim, frame) & ~(1u << flag));
}

bool page_is_tail(struct sim *sim, frame_t frame)
{
	const uint32_t tail = 1u << PG_compound | 1u << PG_reclaim;

	return (page_flags(sim, frame) & tail) == tail;
}

frame_t page_head(struct sim *sim, frame_t frame)
{
	uint64_t head;

	if (!page_is_tail(sim, frame))
		return frame;
	head = page_field_load(sim, frame, PF_compound_first_page);
	head = (head - KERNEL_BASE) / sim->page_struct_size;
	check_frame(sim, (frame_t)head);
	return (frame_t)head;
}

unsigned compound_order(struct sim *sim, frame_t head)
{
	if (!page_flag(sim, head, PG_compound) || page_is_tail(sim, head))
		return 0;
	return (unsigned)page_field_load(sim, head + 1, PF_compound_order);
}

int32_t page_count_raw(struct sim *sim, frame_t frame)
{
	check_frame(sim, frame);
	return (int32_t)(uint32_t)member_get(sim, frame, LF_page__count);
}

void page_count_set_raw(struct sim *sim, frame_t frame, int32_t count)
{
	check_frame(sim, frame);
	member_put(sim, frame, LF_page__count, (uint32_t)count);
}

int32_t page_count(struct sim *sim, frame_t frame)
{
	return page_count_raw(sim, page_head(sim, frame));
}

void get_page(struct sim *sim, frame_t frame)
{
	frame_t head = page_head(sim, frame);
	int32_t count = page_count_raw(sim, head);

	if (sim->debug_vm && count == 0)
		sim_bug(sim, "get_page() of a page with count 0");
	page_count_set_raw(sim, head, count + 1);
}

void put_page(struct sim *sim, frame_t frame)
{
	frame_t head = page_head(sim, frame);
	int32_t count = page_count_raw(sim, head);

	if (sim->debug_vm && count == 0)
		sim_bug(sim, "put_page() of a page with count 0");
	page_count_set_raw(sim, head, count - 1);
	if (count != 1)
		return;
	/* A non-compound page gives back this one page, whatever block it came from (FACTS 1.4). */
	free_block(sim, head, compound_order(sim, head));
}
