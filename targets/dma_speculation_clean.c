/* SPDX-License-Identifier: MIT */
/*
 * Cpus that fill lines nobody asked for, with DMA code that knows: what came into the cache while the device had the
 * memory is dropped when the cpu gets it back.
 */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_API_OPS, OP_cache_prefetch, OP_COUNT};

const struct target target = {
	.name = "dma_speculation_clean",
	.help = "DMA by the book on cpus that speculate, 6.1 and a mended R10000: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=arm64 allocator=slub profile=safe", "arch=arm64-128 allocator=slab profile=safe",
		     "arch=riscv-zicbom allocator=slub profile=safe", "arch=cortex-m7 allocator=slub profile=safe",
		     "arch=mips-r10000 allocator=slub profile=safe", "arch=armv7-l2x0 allocator=slab profile=safe"},
	.verbs = verbs,
	.ops_max = 64,
};
