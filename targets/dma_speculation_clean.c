/* SPDX-License-Identifier: MIT */
/*
 * Cpus that fill lines nobody asked for, with DMA code that knows: what came into the cache while the device had the
 * memory is dropped when the cpu gets it back.
 */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_OPS,
				OP_cache_prefetch,
				OP_virt_to_page,
				OP_dma_map_page,
				OP_dma_unmap_page,
				OP_dma_sync_range_for_cpu,
				OP_dma_sync_range_for_device,
				OP_sg_init_one,
				OP_sg_chain,
				OP_sg_page,
				OP_dma_map_sg,
				OP_dma_unmap_sg,
				OP_dma_sync_sg_for_cpu,
				OP_dma_sync_sg_for_device,
				OP_flush_dcache_range,
				OP_flush_kernel_dcache_page,
				OP_kunmap_atomic,
				OP_COUNT};

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
