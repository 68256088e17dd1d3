/* SPDX-License-Identifier: MIT */
/*
 * Write-back cache lines over two views of RAM.  Eviction and fills happen only where a program or a driver call says
 * so, never by chance.  Not modelled: ways and capacity (a line stays until something removes it), outer caches.
 */
#include "backends/cache.h"

#include "sim/memory.h"

typedef void line_fn(struct sim *sim, uint64_t line);

static void emit_line(struct sim *sim, enum event_kind kind, uint64_t line)
{
	struct event event = {
		.kind = kind, .addr = RAM_BASE + (line << sim->line_shift), .size = UINT64_C(1) << sim->line_shift};

	sim_emit(sim, &event);
}

static void line_clean(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	if (!(sim->lines[line] & LINE_DIRTY))
		return;
	emit_line(sim, EVENT_LINE_WRITEBACK, line);
	bytes_copy_raw(sim->ram_view + offset, target_pointer(RAM_BASE + offset), UINT64_C(1) << sim->line_shift);
	sim->lines[line] &= (uint8_t)~LINE_DIRTY;
}

/* Without write back: the CPU's stores vanish, its next load fetches RAM. */
static void line_invalidate(struct sim *sim, uint64_t line)
{
	uint64_t offset = line << sim->line_shift;

	if (!(sim->lines[line] & LINE_PRESENT))
		return;
	if (sim->lines[line] & LINE_DIRTY)
		emit_line(sim, EVENT_LINE_DISCARD, line);
	bytes_copy_raw(target_pointer(RAM_BASE + offset), sim->ram_view + offset, UINT64_C(1) << sim->line_shift);
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

static void each_line(struct sim *sim, target_addr_t addr, uint64_t size, line_fn *fn)
{
	if (!sim->lines || !size || !target_in_ram(sim, addr, size))
		return;
	for (uint64_t i = (addr - RAM_BASE) >> sim->line_shift; i <= (addr + size - 1 - RAM_BASE) >> sim->line_shift;
	     i++) {
		memory_touch_frame(sim, (frame_t)((i << sim->line_shift) >> PAGE_SHIFT));
		fn(sim, i);
	}
}

void cache_clean(struct sim *sim, target_addr_t addr, uint64_t size)
{
	each_line(sim, addr, size, line_clean);
}

void cache_invalidate(struct sim *sim, target_addr_t addr, uint64_t size)
{
	each_line(sim, addr, size, line_invalidate);
}

void cache_flush(struct sim *sim, target_addr_t addr, uint64_t size)
{
	each_line(sim, addr, size, line_flush);
}

void cache_evict(struct sim *sim, target_addr_t addr, uint64_t size)
{
	each_line(sim, addr, size, line_flush);
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
		if (sim->lines[i] & LINE_DIRTY)
			return true;
	return false;
}
