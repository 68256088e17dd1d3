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
