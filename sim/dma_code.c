/* SPDX-License-Identifier: MIT */
/*
 * The DMA API of each architecture as data: which cache operation each call does in each direction (FACTS 3.4; 2.6.22
 * unless said).  backends/dma_maintain.c executes them.
 */
#include "sim/arch.h"

#define NOTHING    CACHE_OP_NOTHING
#define CLEAN      CACHE_OP_CLEAN
#define INVALIDATE CACHE_OP_INVALIDATE
#define FLUSH      CACHE_OP_FLUSH

/* ARM: an overlapped first or last line is cleaned first, then all are invalidated, the outer cache without care. */
static const struct dma_maintenance arm926 = {CLEAN, INVALIDATE, FLUSH, CLEAN, CLEAN, INVALIDATE};
static const struct dma_maintenance arm_v6 = {CLEAN, INVALIDATE, FLUSH, CLEAN, FLUSH, INVALIDATE};
static const struct dma_maintenance arm_v7 = {CLEAN, INVALIDATE, FLUSH, FLUSH, FLUSH, INVALIDATE};
static const struct dma_maintenance arm_wt = {NOTHING, INVALIDATE, CLEAN, NOTHING, NOTHING, INVALIDATE};
/* 6.1: what speculation brought in meanwhile is dropped when the cpu gets the buffer back. */
static const struct dma_maintenance arm_v7m_map = {CLEAN, INVALIDATE, CLEAN, FLUSH, FLUSH, INVALIDATE};
static const struct dma_maintenance arm64_map = {CLEAN, CLEAN, CLEAN, NOTHING, NOTHING, CLEAN};
static const struct dma_maintenance arm_for_cpu = {NOTHING, INVALIDATE, INVALIDATE, FLUSH, FLUSH, INVALIDATE};
static const struct dma_maintenance riscv_for_cpu = {NOTHING, FLUSH, FLUSH, NOTHING, NOTHING, FLUSH};
/* parisc PCX-L: fdc for all, again at unmap unless TO_DEVICE. */
static const struct dma_maintenance flush_all = {FLUSH, FLUSH, FLUSH, NOTHING, NOTHING, FLUSH};
static const struct dma_maintenance flush_for_cpu = {NOTHING, FLUSH, FLUSH, NOTHING, NOTHING, FLUSH};
/* 6.1 purges what the device wrote; no word about edges: the purge of a line that is shared is as pure as any. */
static const struct dma_maintenance purge_for_cpu = {NOTHING, INVALIDATE, FLUSH, NOTHING, NOTHING, INVALIDATE};
/* mips: the first level is safe for neighbours, bc_inv of the RM7000 is a pure invalidate of the second. */
static const struct dma_maintenance mips = {FLUSH, FLUSH, FLUSH, NOTHING, NOTHING, INVALIDATE};
static const struct dma_maintenance mips_for_cpu = {NOTHING, FLUSH, FLUSH, NOTHING, NOTHING, INVALIDATE};
/* sh, powerpc: a pure invalidate of every line touched; SH-3's is a flush by another name. */
static const struct dma_maintenance invalidate = {CLEAN, INVALIDATE, FLUSH, NOTHING, NOTHING, INVALIDATE};
static const struct dma_maintenance sh3 = {CLEAN, FLUSH, FLUSH, NOTHING, NOTHING, FLUSH};
static const struct dma_maintenance xtensa_wb = {FLUSH, INVALIDATE, FLUSH, NOTHING, NOTHING, INVALIDATE};
static const struct dma_maintenance xtensa_wt = {NOTHING, INVALIDATE, NOTHING, NOTHING, NOTHING, INVALIDATE};

#define MAPS(m)          [DMA_MAP_SINGLE] = (m), [DMA_MAP_PAGE] = (m), [DMA_MAP_SG] = (m)
#define UNMAPS(m)        [DMA_UNMAP_SINGLE] = (m), [DMA_UNMAP_PAGE] = (m), [DMA_UNMAP_SG] = (m)
#define SYNCS_FOR_CPU(m) [DMA_SYNC_FOR_CPU] = (m), [DMA_SYNC_RANGE_FOR_CPU] = (m), [DMA_SYNC_SG_FOR_CPU] = (m)
#define SYNCS_FOR_DEVICE(m)                                                                                            \
	[DMA_SYNC_FOR_DEVICE] = (m), [DMA_SYNC_RANGE_FOR_DEVICE] = (m), [DMA_SYNC_SG_FOR_DEVICE] = (m)

/* Most of the era: nothing at unmap, the map operation again at both syncs. */
#define AT_MAP_AND_SYNC(m)  MAPS(m), SYNCS_FOR_CPU(m), SYNCS_FOR_DEVICE(m)
#define BOTH_WAYS(map, cpu) MAPS(map), UNMAPS(cpu), SYNCS_FOR_CPU(cpu), SYNCS_FOR_DEVICE(map)

const struct dma_code dma_none = {.bugs = 0};
const struct dma_code dma_arm926 = {.call = {AT_MAP_AND_SYNC(&arm926)}};
const struct dma_code dma_arm_wt = {.call = {AT_MAP_AND_SYNC(&arm_wt)}, .bugs = DMA_BUG_WT_BIDIRECTIONAL};
/* Of these two, rows that speculate need more than the era gave them. */
const struct dma_code dma_arm_v6 = {
	.call = {AT_MAP_AND_SYNC(&arm_v6)}, .speculation = &arm_for_cpu, .bugs = DMA_BUG_SPECULATION};
const struct dma_code dma_arm_v7 = {
	.call = {AT_MAP_AND_SYNC(&arm_v7)}, .speculation = &arm_for_cpu, .bugs = DMA_BUG_SPECULATION};
const struct dma_code dma_arm_v7m = {.call = {BOTH_WAYS(&arm_v7m_map, &arm_for_cpu)}};
const struct dma_code dma_arm64 = {.call = {BOTH_WAYS(&arm64_map, &arm_for_cpu)}};
const struct dma_code dma_riscv = {.call = {BOTH_WAYS(&arm64_map, &riscv_for_cpu)}};
const struct dma_code dma_parisc_pcxl = {.call = {BOTH_WAYS(&flush_all, &flush_for_cpu)}};
const struct dma_code dma_mips = {
	.call = {[DMA_MAP_SINGLE] = &mips,
		 [DMA_MAP_PAGE] = &flush_all,
		 [DMA_MAP_SG] = &mips,
		 [DMA_UNMAP_PAGE] = &flush_for_cpu,
		 [DMA_UNMAP_SG] = &mips_for_cpu,
		 SYNCS_FOR_DEVICE(&mips)},
	.speculation = &mips_for_cpu,
	.bugs = DMA_BUG_UNMAP_PAGE | DMA_BUG_SPECULATION | DMA_BUG_SYNC_SG_OFFSET,
};
const struct dma_code dma_sh3 = {.call = {AT_MAP_AND_SYNC(&sh3)}, .bugs = DMA_BUG_MAP_SG_PCI};
const struct dma_code dma_sh4 = {.call = {AT_MAP_AND_SYNC(&invalidate)}, .bugs = DMA_BUG_MAP_SG_PCI};
const struct dma_code dma_xtensa_wb = {.call = {AT_MAP_AND_SYNC(&xtensa_wb)}, .bugs = DMA_BUG_MAP_PAGE};
const struct dma_code dma_xtensa_wt = {.call = {AT_MAP_AND_SYNC(&xtensa_wt)},
				       .bugs = DMA_BUG_MAP_PAGE | DMA_BUG_WT_BIDIRECTIONAL};
const struct dma_code dma_powerpc = {.call = {AT_MAP_AND_SYNC(&invalidate)}, .bugs = DMA_BUG_SYNC_RANGE};
/* As of 6.1; powerpc flushes a FROM_DEVICE buffer that does not begin or end on a line: its edges are what counts. */
const struct dma_code dma_arm_v7_later = {.call = {BOTH_WAYS(&arm_v7, &arm_for_cpu)}};
const struct dma_code dma_parisc_later = {.call = {BOTH_WAYS(&flush_all, &purge_for_cpu)}};
const struct dma_code dma_powerpc_later = {.call = {AT_MAP_AND_SYNC(&arm_v7)}, .bugs = DMA_BUG_SYNC_RANGE};
/* FACTS says nothing of it: the policy that is safest for neighbours. */
const struct dma_code dma_flush = {.call = {AT_MAP_AND_SYNC(&flush_all)}};
