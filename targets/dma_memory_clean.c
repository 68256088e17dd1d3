/* SPDX-License-Identifier: MIT */
/* Coherent and non-coherent DMA memory, pools, masks, lists and bounce slots by the book, on machines of each kind. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_OPS,
				OP_dma_set_mask,
				OP_dma_set_segments,
				OP_dma_alloc_coherent,
				OP_dma_free_coherent,
				OP_dma_alloc_noncoherent,
				OP_dma_free_noncoherent,
				OP_coherent_write,
				OP_coherent_read,
				OP_dma_pool_create,
				OP_dma_pool_alloc,
				OP_dma_pool_free,
				OP_dma_pool_destroy,
				OP_dma_map_page,
				OP_dma_unmap_page,
				OP_dma_sync_range_for_cpu,
				OP_dma_sync_range_for_device,
				OP_sg_init_one,
				OP_sg_chain,
				OP_dma_map_sg,
				OP_dma_unmap_sg,
				OP_device_release,
				OP_irq,
				OP_COUNT};

const struct target target = {
	.name = "dma_memory_clean",
	.help = "memory of the DMA layer's own, masks, pools and bounce slots by the book: silent",
	.kind = TARGET_CLEAN,
	.variants =
		{"arch=arm926 allocator=slub profile=safe policy.kmalloc_minalign=line zone_dma_pages=64 drain=1",
		 "arch=generic64 allocator=slub profile=safe policy.kmalloc_bounce=on policy.natural_align=on drain=1",
		 "arch=pa11 allocator=slab profile=safe policy.kmalloc_minalign=line drain=1",
		 "arch=ppc8xx allocator=slub profile=safe policy.kmalloc_minalign=line debug=FZPU ram_pages=64 drain=1",
		 "arch=x86 allocator=slub profile=safe zone_dma_pages=64 drain=1",
		 "arch=x86 allocator=slab profile=safe zone_dma_pages=16 policy.coherent_alloc=remap drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
