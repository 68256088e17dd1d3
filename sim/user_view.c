/* SPDX-License-Identifier: MIT */
/* Lines of pages at user colours, over the RAM view that they share with the kernel's lines. */
#include "sim/user_view.h"

#include <string.h>

#include "sim/page.h"

static uint32_t colour_of(const struct sim *sim, uint32_t vpn)
{
	return sim->arch->cache_index == CACHE_VIVT ? vpn : vpn % sim->arch->colours;
}

bool user_view_is_shared(const struct sim *sim, frame_t frame, uint32_t vpn)
{
	if (!sim->lines || sim->outer_lines || sim->arch->cache_index == CACHE_PIPT)
		return true;
	if (sim->arch->cache_index == CACHE_VIVT)
		return false;
	return colour_of(sim, vpn) == colour_of(sim, (uint32_t)RAM_PFN + frame);
}

static struct user_view *find(const struct sim *sim, frame_t frame, uint32_t vpn)
{
	uint32_t colour = colour_of(sim, vpn);

	for (uint32_t i = 0; i < sim->user_view_count; i++)
		if (sim->user_views[i].frame == frame && sim->user_views[i].colour == colour)
			return &sim->user_views[i];
	return NULL;
}

/* To RAM; a kernel line that is present hides it from the kernel. */
static SIM_UNCHECKED void store_ram(struct sim *sim, uint32_t at, const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		volatile uint8_t *cpu = target_pointer(RAM_BASE + at + i);

		sim->ram_view[at + i] = bytes[i];
		if (!(sim->lines[(at + i) >> sim->line_shift] & LINE_PRESENT))
			*cpu = bytes[i];
	}
}

static void write_back(struct sim *sim, struct user_view *view)
{
	uint32_t line = 1u << sim->line_shift, base = view->frame << PAGE_SHIFT;

	for (uint32_t i = 0; i < (uint32_t)PAGE_SIZE >> sim->line_shift; i++) {
		if (view->lines[i] & LINE_DIRTY)
			store_ram(sim, base + i * line, view->bytes + i * line, line);
		view->lines[i] = 0;
	}
}

static void drop(struct sim *sim, struct user_view *view)
{
	invariant(view < sim->user_views + sim->user_view_count);
	write_back(sim, view);
	sim->user_view_count--;
	if (view != &sim->user_views[sim->user_view_count])
		*view = sim->user_views[sim->user_view_count];
}

/* The view of a page, empty if it is new.  If there are too many, the cache evicts the first. */
static struct user_view *view_of(struct sim *sim, frame_t frame, uint32_t vpn)
{
	struct user_view *view = find(sim, frame, vpn);

	if (view)
		return view;
	memory_touch_frame(sim, frame);
	if (sim->user_view_count == USER_VIEWS_MAX)
		drop(sim, &sim->user_views[0]);
	invariant(sim->user_view_count < USER_VIEWS_MAX);
	view = &sim->user_views[sim->user_view_count++];
	view->frame = frame;
	view->colour = colour_of(sim, vpn);
	memset(view->lines, 0, sizeof(view->lines));
	return view;
}

static void fill(struct sim *sim, struct user_view *view, uint32_t line)
{
	uint32_t size = 1u << sim->line_shift;

	invariant(line < (uint32_t)PAGE_SIZE >> sim->line_shift);
	if (view->lines[line] & LINE_PRESENT)
		return;
	memcpy(view->bytes + line * size, sim->ram_view + (view->frame << PAGE_SHIFT) + line * size, size);
	view->lines[line] = LINE_PRESENT;
}

void user_view_load(struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset, uint32_t size)
{
	struct user_view *view;

	memory_touch_frame(sim, frame);
	if (user_view_is_shared(sim, frame, vpn)) {
		if (sim->lines)
			target_lines_load(sim, page_address(frame) + offset, size);
		return;
	}
	view = view_of(sim, frame, vpn);
	for (uint32_t i = offset >> sim->line_shift; i <= (offset + size - 1) >> sim->line_shift; i++)
		fill(sim, view, i);
}

/* The part of a store that lies in one line. */
static void store_line(struct sim *sim, struct user_view *view, uint32_t line, uint32_t from, uint32_t to,
		       uint8_t value)
{
	bool through = sim->arch->write_through;

	if (sim->arch->write_allocate)
		fill(sim, view, line);
	memset(view->bytes + from, value, to - from);
	if (!(view->lines[line] & LINE_PRESENT) || through)
		store_ram(sim, (view->frame << PAGE_SHIFT) + from, view->bytes + from, to - from);
	else
		view->lines[line] |= LINE_DIRTY;
}

void user_view_store(struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset, uint32_t size, uint8_t value)
{
	struct user_view *view;

	if (user_view_is_shared(sim, frame, vpn)) {
		target_fill(sim, page_address(frame) + offset, size, value, ROLE_NONE);
		return;
	}
	view = view_of(sim, frame, vpn);
	for (uint32_t at = offset, end = offset + size; at < end;) {
		uint32_t line = at >> sim->line_shift, next = (line + 1) << sim->line_shift;

		store_line(sim, view, line, at, next < end ? next : end, value);
		at = next;
	}
}

static SIM_UNCHECKED uint8_t kernel_byte(const struct sim *sim, frame_t frame, uint32_t offset)
{
	const volatile uint8_t *byte = target_pointer(page_address(frame) + offset);

	(void)sim;
	return *byte;
}

uint8_t user_view_byte(const struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset)
{
	const struct user_view *view;

	if (user_view_is_shared(sim, frame, vpn))
		return kernel_byte(sim, frame, offset);
	view = find(sim, frame, vpn);
	if (view && view->lines[offset >> sim->line_shift] & LINE_PRESENT)
		return view->bytes[offset];
	return sim->ram_view[(frame << PAGE_SHIFT) + offset];
}

void user_view_flush(struct sim *sim, frame_t frame, uint32_t vpn)
{
	struct user_view *view = user_view_is_shared(sim, frame, vpn) ? NULL : find(sim, frame, vpn);

	if (view)
		drop(sim, view);
}

void user_view_flush_all(struct sim *sim)
{
	while (sim->user_view_count)
		drop(sim, &sim->user_views[sim->user_view_count - 1]);
}
