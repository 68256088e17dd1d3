/* SPDX-License-Identifier: MIT */
/* PowerPC 8xx with 2.6.22: 16-byte lines and a DMA API that invalidates every line it touches. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_obj_write,
				OP_obj_read,
				OP_dma_map,
				OP_dma_unmap,
				OP_device_write,
				OP_dma_sync_for_cpu,
				OP_dma_sync_for_device,
				OP_cache_evict,
				OP_flush_dcache_page,
				OP_COUNT};

const struct target target = {
	.name = "history_2622_ppc8xx",
	.help = "2.6.22 on PowerPC 8xx: a neighbour's stores vanish at dma_map",
	.kind = TARGET_HISTORY,
	.variants = {"arch=ppc8xx allocator=slub profile=2.6.22 dma=era debug=-"},
	.expects = {"lost-write/dma/object"},
	.verbs = verbs,
	.ops_max = 64,
};
