/* SPDX-License-Identifier: MIT */
/*
 * Write-back cache lines over two or three views of RAM.  Eviction and fills happen only where a program or a driver
 * call says so, never by chance.  Not modelled: ways and capacity (a line stays until something removes it).
 */
#include "backends/cache.h"

#include "sim/memory.h"

typedef void line_fn(struct sim *sim, uint64_t line);

static uint64_t line_size(const struct sim *sim)
{
	return UINT64_C(1) << sim->line_shift;
}

static void emit_line(struct sim *sim, enum event_kind kind, uint64_t line)
{
	struct event event = {
		.kind = kind, .addr = RAM_BASE + (line << sim->line_shift), .size = UINT64_C(1) << sim->line_shift};

	sim_emit(sim, &event);
}

/* What lines of the first level are filled from and written back to. */
static uint8_t *next_view(const struct sim *sim)
{
	return sim->outer_lines ? sim->outer_view : sim->ram_view;
}

/* A fill of the first level went through the outer cache; its accessors know nothing of that. */
static void note_outer_fill(struct sim *sim, uint64_t line)
{
	if (sim->outer_lines && sim->lines[line] & LINE_PRESENT)
		sim->outer_lines[line] |= LINE_PRESENT;
}

static void line_clean(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	if (!(sim->lines[line] & LINE_DIRTY))
		return;
	note_outer_fill(sim, line);
	if (sim->outer_lines)
		sim->outer_lines[line] = LINE_PRESENT | LINE_DIRTY;
	else
		emit_line(sim, EVENT_LINE_WRITEBACK, line);
	bytes_copy_raw(next_view(sim) + offset, target_pointer(RAM_BASE + offset), line_size(sim));
	sim->lines[line] &= (uint8_t)~LINE_DIRTY;
}

/* Without write back: the CPU's stores vanish, its next load fetches the next level. */
static void line_invalidate(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	if (!(sim->lines[line] & LINE_PRESENT))
		return;
	note_outer_fill(sim, line);
	if (sim->lines[line] & LINE_DIRTY)
		emit_line(sim, EVENT_LINE_DISCARD, line);
	bytes_copy_raw(target_pointer(RAM_BASE + offset), next_view(sim) + offset, line_size(sim));
	sim->lines[line] = 0;
}

static void line_flush(struct sim *sim, uint64_t line)
{
	line_clean(sim, line);
	line_invalidate(sim, line);
}

static void line_prefetch(struct sim *sim, uint64_t line)
{
	sim->lines[line] |= LINE_PRESENT;
}

static void outer_clean(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	note_outer_fill(sim, line);
	if (!(sim->outer_lines[line] & LINE_DIRTY))
		return;
	emit_line(sim, EVENT_LINE_WRITEBACK, line);
	bytes_copy_raw(sim->ram_view + offset, sim->outer_view + offset, line_size(sim));
	sim->outer_lines[line] &= (uint8_t)~LINE_DIRTY;
}

/* A line that the first level still holds stays there. */
static void outer_invalidate(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	if (sim->outer_lines[line] & LINE_DIRTY)
		emit_line(sim, EVENT_LINE_DISCARD, line);
	bytes_copy_raw(sim->outer_view + offset, sim->ram_view + offset, line_size(sim));
	if (!(sim->lines[line] & LINE_PRESENT))
		bytes_copy_raw(target_pointer(RAM_BASE + offset), sim->ram_view + offset, line_size(sim));
	sim->outer_lines[line] = 0;
}

static void outer_flush(struct sim *sim, uint64_t line)
{
	outer_clean(sim, line);
	outer_invalidate(sim, line);
}

static void each_line(struct sim *sim, target_addr_t addr, uint64_t size, line_fn *fn)
{
	if (!sim->lines || !size || !target_in_ram(sim, addr, size) || !fn)
		return;
	for (uint64_t i = (addr - RAM_BASE) >> sim->line_shift; i <= (addr + size - 1 - RAM_BASE) >> sim->line_shift;
	     i++) {
		memory_touch_frame(sim, (frame_t)((i << sim->line_shift) >> PAGE_SHIFT));
		fn(sim, i);
	}
}

void cache_inner(struct sim *sim, enum cache_operation operation, target_addr_t addr, uint64_t size)
{
	static line_fn *const functions[] = {NULL, line_clean, line_invalidate, line_flush};

	each_line(sim, addr, size, functions[operation]);
}

void cache_outer(struct sim *sim, enum cache_operation operation, target_addr_t addr, uint64_t size)
{
	static line_fn *const functions[] = {NULL, outer_clean, outer_invalidate, outer_flush};

	if (sim->outer_lines)
		each_line(sim, addr, size, functions[operation]);
}

static void both(struct sim *sim, enum cache_operation operation, target_addr_t addr, uint64_t size)
{
	cache_inner(sim, operation, addr, size);
	cache_outer(sim, operation, addr, size);
}

void cache_clean(struct sim *sim, target_addr_t addr, uint64_t size)
{
	both(sim, CACHE_OP_CLEAN, addr, size);
}

void cache_invalidate(struct sim *sim, target_addr_t addr, uint64_t size)
{
	both(sim, CACHE_OP_INVALIDATE, addr, size);
}

void cache_flush(struct sim *sim, target_addr_t addr, uint64_t size)
{
	both(sim, CACHE_OP_FLUSH, addr, size);
}

void cache_evict(struct sim *sim, target_addr_t addr, uint64_t size)
{
	both(sim, CACHE_OP_FLUSH, addr, size);
}

void cache_prefetch(struct sim *sim, target_addr_t addr, uint64_t size)
{
	each_line(sim, addr, size, line_prefetch);
}

bool cache_dirty(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	if (!sim->lines || !size || !target_in_ram(sim, addr, size))
		return false;
	for (uint64_t i = (addr - RAM_BASE) >> sim->line_shift; i <= (addr + size - 1 - RAM_BASE) >> sim->line_shift;
	     i++)
		if (sim->lines[i] & LINE_DIRTY || (sim->outer_lines && sim->outer_lines[i] & LINE_DIRTY))
			return true;
	return false;
}

bool cache_hides(struct sim *sim, uint64_t offset, uint8_t value)
{
	uint64_t line = offset >> sim->line_shift;

	if (!sim->lines)
		return false;
	note_outer_fill(sim, line);
	if (!sim->outer_lines)
		return sim->lines[line] & LINE_PRESENT;
	if (sim->outer_lines[line])
		return true;
	sim->outer_view[offset] = value;
	return false;
}
