/* SPDX-License-Identifier: MIT */
/* Drivers that break the DMA API in the ways that dma-debug knows: each must be told of. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_obj_write,
				OP_obj_read,
				OP_dma_map,
				OP_dma_map_unchecked,
				OP_dma_unmap,
				OP_dma_unmap_as,
				OP_dma_sync_as_for_cpu,
				OP_dma_sync_as_for_device,
				OP_dma_alloc_coherent,
				OP_dma_free_coherent,
				OP_coherent_to_page,
				OP_sg_init_one,
				OP_sg_chain,
				OP_dma_map_sg,
				OP_dma_unmap_sg_as,
				OP_dma_sync_sg_as_for_cpu,
				OP_dma_map_foreign,
				OP_device_write,
				OP_device_read,
				OP_device_release,
				OP_COUNT};

const struct target target = {
	.name = "history_broken_drivers",
	.help = "drivers that break the DMA API: mismatches, unchecked errors, leaks, memory that may not be mapped",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slub profile=safe policy.kmalloc_minalign=line misuse=1"},
	.expects = {"unmap-mismatch", "unchecked-mapping-error", "dma-use-without-sync/client", "leak/client/mapping",
		    "invalid-mapping/client", "out-of-bounds/client"},
	.verbs = verbs,
	.ops_max = 64,
};
