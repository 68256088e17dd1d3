/* SPDX-License-Identifier: MIT */
/* The AT91SAM9263 of June 2007: 2.6.22-rc5 with SLUB, an mmc-like driver that maps small kmalloc buffers. */
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
				OP_flush_dcache_page,
				OP_cache_evict,
				OP_cache_prefetch,
				OP_kmem_cache_shrink,
				OP_kmem_cache_create,
				OP_kmem_cache_alloc,
				OP_kmem_cache_free,
				OP_grace_period,
				OP_page_mapping,
				OP_set_page_dirty,
				OP_COUNT};

const struct target target = {
	.name = "history_2622rc5_arm926",
	.help = "2.6.22-rc5 on arm926: the oops of the page fields, and DMA into shared lines",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=-"},
	.expects = {"oops/slub/slub-page/flush_dcache_page", "lost-dma-write|stale-read"},
	.verbs = verbs,
	.ops_max = 64,
};
