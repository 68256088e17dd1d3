/* SPDX-License-Identifier: MIT */
/* DMA by the book on non-coherent machines: kmalloc aligned to the line, one mapping per object, owner keeps away. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_obj_write,
				OP_obj_read,
				OP_dma_map,
				OP_dma_unmap,
				OP_device_write,
				OP_device_read,
				OP_dma_sync_for_cpu,
				OP_dma_sync_for_device,
				OP_cache_clean,
				OP_cache_flush,
				OP_cache_evict,
				OP_flush_dcache_page,
				OP_page_mapping,
				OP_kmap,
				OP_kunmap,
				OP_kmem_cache_create,
				OP_kmem_cache_alloc,
				OP_kmem_cache_free,
				OP_kmem_cache_destroy,
				OP_grace_period,
				OP_alloc_pages,
				OP_free_pages,
				OP_fault_set,
				OP_COUNT};

const struct target target = {
	.name = "slab_dma_safe",
	.help = "SLAB with line-aligned kmalloc and DMA by the book: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=arm926 allocator=slab profile=safe policy.kmalloc_minalign=line",
		     "arch=generic64 allocator=slab profile=safe policy.kmalloc_minalign=line",
		     "arch=ppc8xx allocator=slab profile=safe policy.kmalloc_minalign=line",
		     "arch=x86 allocator=slab profile=safe"},
	.verbs = verbs,
	.ops_max = 64,
};
