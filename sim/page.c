/* SPDX-License-Identifier: MIT */
/* struct page fields with their shadow of writers, flags, compound pages and references (FACTS 1.1-1.4). */
#include "sim/page.h"

void page_field_misread(struct sim *sim, frame_t frame, enum page_field field, uint64_t value)
{
	const struct page_field_row *row = &page_field_rows[field];
	struct event event = {.kind = EVENT_PAGE_FIELD_MISREAD,
			      .addr = page_address(frame),
			      .value = value,
			      .id = field,
			      .size = sim->page_writers[frame * PAGE_WORD_COUNT + row->word]};

	if (value != row->none)
		sim_emit(sim, &event);
}

frame_t page_head_of_tail(struct sim *sim, frame_t frame)
{
	uint64_t head;

	head = page_field_load(sim, frame, PF_compound_first_page);
	head = (head - KERNEL_BASE) / sim->page_struct_size;
	page_check_frame(sim, (frame_t)head);
	return (frame_t)head;
}

unsigned compound_order(struct sim *sim, frame_t head)
{
	if (!page_flag(sim, head, PG_compound) || page_is_tail(sim, head))
		return 0;
	return (unsigned)page_field_load(sim, head + 1, PF_compound_order);
}

/* 6.14: a slab page is frozen, its count is not for others (FACTS 4.6). */
static bool is_declined(struct sim *sim, frame_t head)
{
	return unlikely(sim->policy[POLICY_slab_page_count]) && page_flag(sim, head, PG_slab);
}

void get_page(struct sim *sim, frame_t frame)
{
	frame_t head = page_head(sim, frame);
	int32_t count = page_count_raw(sim, head);

	if (is_declined(sim, head))
		return;
	if (sim->debug_vm && count == 0)
		sim_bug(sim, "get_page() of a page with count 0");
	page_count_set_raw(sim, head, count + 1);
}

void put_page(struct sim *sim, frame_t frame)
{
	frame_t head = page_head(sim, frame);
	int32_t count = page_count_raw(sim, head);

	if (is_declined(sim, head))
		return;
	if (sim->debug_vm && count == 0)
		sim_bug(sim, "put_page() of a page with count 0");
	page_count_set_raw(sim, head, count - 1);
	if (count != 1)
		return;
	/* A non-compound page gives back this one page, whatever block it came from (FACTS 1.4). */
	free_block(sim, head, compound_order(sim, head));
}

static void emit_reference(struct sim *sim, enum event_kind kind, frame_t frame)
{
	struct event event = {.kind = kind, .addr = page_address(frame)};

	if (is_declined(sim, page_head(sim, frame))) {
		event.text = sim->declined_before ? "declined" : "declined with a warning";
		sim->declined_before = true;
	}
	sim_emit(sim, &event);
}

void page_hold(struct sim *sim, frame_t frame)
{
	emit_reference(sim, EVENT_PAGE_GET, frame);
	get_page(sim, frame);
}

void page_drop(struct sim *sim, frame_t frame)
{
	emit_reference(sim, EVENT_PAGE_PUT, frame);
	put_page(sim, frame);
}

void page_hold_raw(struct sim *sim, frame_t frame)
{
	struct event event = {.kind = EVENT_PAGE_GET, .addr = page_address(frame)};

	sim_emit(sim, &event);
	page_count_set_raw(sim, frame, page_count_raw(sim, frame) + 1);
}

void page_drop_raw(struct sim *sim, frame_t frame)
{
	struct event event = {.kind = EVENT_PAGE_PUT, .addr = page_address(frame)};

	sim_emit(sim, &event);
	page_count_set_raw(sim, frame, page_count_raw(sim, frame) - 1);
}
