/* SPDX-License-Identifier: MIT */
/* DMA memory as 2.6.22 allocated it: ARM's coherent branch, on machines that are and are not, and PA-RISC's pa11. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_obj_write,
				OP_obj_read,
				OP_dma_set_mask,
				OP_dma_alloc_coherent,
				OP_dma_free_coherent,
				OP_dma_alloc_noncoherent,
				OP_dma_free_noncoherent,
				OP_coherent_write,
				OP_coherent_read,
				OP_dma_sync_for_cpu,
				OP_dma_sync_for_device,
				OP_device_write,
				OP_device_read,
				OP_COUNT};

const struct target target = {
	.name = "history_2622_coherent",
	.help = "2.6.22's dma_alloc_coherent() and dma_alloc_noncoherent(): out of reach, cached, on shared lines",
	.kind = TARGET_HISTORY,
	.variants = {"arch=x86 allocator=slub profile=2.6.22 dma=era zone_dma_pages=64 policy.coherent_alloc=kmalloc",
		     "arch=arm926 allocator=slub profile=2.6.22 dma=era policy.coherent_alloc=kmalloc",
		     "arch=pa11 allocator=slub profile=2.6.22 dma=era"},
	.expects = {"invalid-mapping/dma/reach", "dma-use-without-sync/dma/coherent|stale-read/dma/coherent",
		    "lost-dma-write"},
	.verbs = verbs,
	.ops_max = 64,
};
