/* SPDX-License-Identifier: MIT */
#include "backends/dma_maintain.h"

#include "backends/cache.h"

typedef struct dma_maintenance maintenance;

/* The policies dma_edge, for experiments on any row. */
static const maintenance by_edge[] = {
	[DMA_EDGE_INV] = {CACHE_OP_CLEAN, CACHE_OP_INVALIDATE, CACHE_OP_FLUSH, CACHE_OP_NOTHING, CACHE_OP_NOTHING,
			  CACHE_OP_INVALIDATE},
	[DMA_EDGE_CLEAN_EDGE] = {CACHE_OP_CLEAN, CACHE_OP_INVALIDATE, CACHE_OP_FLUSH, CACHE_OP_CLEAN, CACHE_OP_CLEAN,
				 CACHE_OP_INVALIDATE},
	[DMA_EDGE_FLUSH] = {CACHE_OP_CLEAN, CACHE_OP_FLUSH, CACHE_OP_FLUSH, CACHE_OP_NOTHING, CACHE_OP_NOTHING,
			    CACHE_OP_FLUSH},
};

static const struct {
	enum dma_bug bug;
	enum policy policy;
} bug_policies[] = {
	{DMA_BUG_UNMAP_PAGE, POLICY_bug_dma_unmap_page},   {DMA_BUG_MAP_PAGE, POLICY_bug_dma_map_page},
	{DMA_BUG_SPECULATION, POLICY_bug_dma_speculation}, {DMA_BUG_SYNC_SG_OFFSET, POLICY_bug_dma_sync_sg_offset},
	{DMA_BUG_SYNC_RANGE, POLICY_bug_dma_sync_range},   {DMA_BUG_WT_BIDIRECTIONAL, POLICY_bug_dma_wt_bidirectional},
	{DMA_BUG_MAP_SG_PCI, POLICY_bug_dma_map_sg_pci},
};

/* The mistakes that the row's code makes in this world. */
static unsigned active_bugs(const struct sim *sim)
{
	unsigned bugs = 0;

	for (size_t i = 0; i < sizeof(bug_policies) / sizeof(bug_policies[0]); i++)
		if (sim->policy[bug_policies[i].policy])
			bugs |= bug_policies[i].bug;
	return bugs & sim_dma_code(sim)->bugs;
}

static bool is_map(enum dma_call call)
{
	return call <= DMA_MAP_SG;
}

static bool is_unmap(enum dma_call call)
{
	return call >= DMA_UNMAP_SINGLE && call <= DMA_UNMAP_SG;
}

static bool is_sg(enum dma_call call)
{
	return call == DMA_MAP_SG || call == DMA_UNMAP_SG || call >= DMA_SYNC_SG_FOR_CPU;
}

static bool is_for_cpu(enum dma_call call)
{
	return is_unmap(call) || call == DMA_SYNC_FOR_CPU || call == DMA_SYNC_RANGE_FOR_CPU ||
	       call == DMA_SYNC_SG_FOR_CPU;
}

/* What the row's code does, NULL if nothing: its table entry, changed by its mistakes or by their being mended. */
static const maintenance *row_maintenance(const struct sim *sim, enum dma_call call, unsigned bugs)
{
	const struct dma_code *code = sim_dma_code(sim);
	const maintenance *m = code->call[call];

	if (bugs & DMA_BUG_MAP_PAGE && call == DMA_MAP_PAGE)
		return NULL;
	if (bugs & DMA_BUG_MAP_SG_PCI && is_sg(call))
		return NULL;
	if (!m && sim->arch->speculates && code->bugs & ~bugs & DMA_BUG_SPECULATION && is_for_cpu(call))
		return code->speculation;
	return m;
}

/* The same with the policies dma_unmap, dma_sync and dma_edge. */
static const maintenance *effective(const struct sim *sim, enum dma_call call, unsigned bugs)
{
	uint8_t again = sim->policy[is_unmap(call) ? POLICY_dma_unmap : POLICY_dma_sync];
	uint8_t edge = sim->policy[POLICY_dma_edge];
	const maintenance *m;

	if (is_map(call) || again == DMA_REPEAT_ARCH)
		m = row_maintenance(sim, call, bugs);
	else
		m = again == DMA_REPEAT_AGAIN ? row_maintenance(sim, DMA_MAP_SINGLE, bugs) : NULL;
	if (!m || edge == DMA_EDGE_NONE)
		return NULL;
	return edge == DMA_EDGE_ARCH ? m : &by_edge[edge];
}

/* Lines of a write-through cache are never dirty, but stale ones must go, which the era forgot (D16). */
static enum cache_operation operation_of(const struct sim *sim, const maintenance *m, enum dma_direction direction,
					 unsigned bugs)
{
	if (direction == DMA_TO_DEVICE)
		return (enum cache_operation)m->to_device;
	if (direction == DMA_FROM_DEVICE)
		return (enum cache_operation)m->from_device;
	if (sim_dma_code(sim)->bugs & ~bugs & DMA_BUG_WT_BIDIRECTIONAL)
		return CACHE_OP_INVALIDATE;
	return (enum cache_operation)m->bidirectional;
}

/* Write back an overlapped first or last line; the two steps are two instructions: an interrupt may come between. */
static void do_edges(struct sim *sim, const maintenance *m, target_addr_t addr, uint64_t size)
{
	uint64_t mask = sim_dma_granule(sim) - 1;
	bool first = m->first_edge && addr & mask, last = m->last_edge && (addr + size) & mask;

	if (first)
		cache_inner(sim, (enum cache_operation)m->first_edge, addr & ~mask, mask + 1);
	if (last)
		cache_inner(sim, (enum cache_operation)m->last_edge, (addr + size) & ~mask, mask + 1);
	if (first || last)
		sim_preempt_point(sim, POINT_dma_edges);
}

struct range {
	target_addr_t addr;
	uint64_t size;
};

/* The bytes that the code works on, which by its mistakes are others than those it was asked for. */
static struct range range_of(enum dma_call call, target_addr_t base, uint64_t offset, uint64_t size, unsigned bugs)
{
	struct range range = {base + offset, size};

	if (bugs & DMA_BUG_SYNC_RANGE && (call == DMA_SYNC_RANGE_FOR_CPU || call == DMA_SYNC_RANGE_FOR_DEVICE))
		range = (struct range){base, offset + size};
	if (bugs & DMA_BUG_SYNC_SG_OFFSET && call == DMA_SYNC_SG_FOR_DEVICE)
		range.addr &= ~(target_addr_t)(PAGE_SIZE - 1);
	/* Physical memory begins at 0: such an address is one of user space. */
	if (bugs & DMA_BUG_UNMAP_PAGE && call == DMA_UNMAP_PAGE)
		range.addr -= RAM_BASE;
	return range;
}

static void round_to_granule(const struct sim *sim, struct range *range)
{
	uint64_t mask = sim_dma_granule(sim) - 1;
	target_addr_t end = (range->addr + range->size + mask) & ~mask;

	range->addr &= ~mask;
	range->size = end - range->addr;
}

void dma_maintain(struct sim *sim, enum dma_call call, target_addr_t base, uint64_t offset, uint64_t size,
		  enum dma_direction direction)
{
	unsigned bugs = active_bugs(sim);
	const maintenance *m = sim->arch->coherent ? NULL : effective(sim, call, bugs);
	enum cache_operation inner, outer;
	struct range range;

	if (!m || (is_unmap(call) && direction == DMA_TO_DEVICE))
		return;
	inner = outer = operation_of(sim, m, direction, bugs);
	if (inner == CACHE_OP_NOTHING)
		return;
	range = range_of(call, base, offset, size, bugs);
	/* No translation: the operation faults. */
	if (!target_in_ram(sim, range.addr, 1))
		sim_oops(sim, range.addr, "cache operation");
	if (direction == DMA_FROM_DEVICE) {
		do_edges(sim, m, range.addr, range.size);
		outer = (enum cache_operation)m->outer_from_device;
	}
	round_to_granule(sim, &range);
	cache_inner(sim, inner, range.addr, range.size);
	cache_outer(sim, outer, range.addr, range.size);
}
