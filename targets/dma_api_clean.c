/* SPDX-License-Identifier: MIT */
/*
 * The DMA API by page, by scatter list and by range, by the book, on machines that treat each of them differently: the
 * era's mistakes are mended (profile safe), so nothing may happen.
 */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_API_OPS, OP_COUNT};

const struct target target = {
	.name = "dma_api_clean",
	.help = "dma_map_page, scatter lists and range syncs by the book, write-through and outer caches: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=arm926-wt allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=armv7-l2x0 allocator=slab profile=safe policy.kmalloc_minalign=line",
		     "arch=pa11 allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=mips-r10000 allocator=slab profile=safe", "arch=mips-rm7000 allocator=slub profile=safe",
		     "arch=xtensa-wb allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=sh4 allocator=slab profile=safe policy.kmalloc_minalign=line",
		     "arch=arm64-128 allocator=slub profile=safe",
		     "arch=ppc8xx allocator=slub profile=safe policy.kmalloc_minalign=line"},
	.verbs = verbs,
	.ops_max = 64,
};
