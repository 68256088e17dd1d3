/* SPDX-License-Identifier: MIT */
/*
 * An era as it was, with all that its device drivers did.  scripts/rediscover.py puts an allocator, an arch and a
 * profile in place of those here and looks whether fuzzing finds by itself what was claimed about them.
 */
#include "targets/slab_ops.h"

/* clang-format off */
static const uint8_t verbs[] = {
	CLIENT_OPS, TROUBLE_OPS, DMA_OPS, OP_get_page, OP_put_page, OP_virt_to_page, OP_page_index, OP_page_mapcount,
	OP_set_page_dirty, OP_kmap_atomic, OP_cache_prefetch, OP_cache_validate, OP_cpu_offline, OP_cache_reap, OP_COUNT};
/* clang-format on */

const struct target target = {
	.name = "history_era",
	.help = "2.6.22-rc5 with SLUB on arm926, what its device drivers did",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=- ram_pages=256",
		     "arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=- ram_pages=128 cpus=2",
		     "arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=FZPU ram_pages=256"},
	.expects = {"oops/slub/slub-page/flush_dcache_page", "lost-dma-write|stale-read",
		    "overlap/slub/object/kmalloc"},
	.verbs = verbs,
	.ops_max = 64,
};
