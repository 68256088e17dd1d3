/* SPDX-License-Identifier: MIT */
/*
 * The era of history_era.c again, with block and network I/O in place of DMA: scripts/rediscover.py puts an allocator,
 * an arch and a profile in place of those here and looks whether fuzzing finds by itself what was claimed about them.
 */
#include "targets/slab_ops.h"

/* clang-format off */
static const uint8_t verbs[] = {CLIENT_OPS, TROUBLE_OPS, IO_OPS, OP_get_page, OP_put_page, OP_virt_to_page, OP_cache_validate,
				OP_cpu_offline, OP_cache_reap, OP_COUNT};
/* clang-format on */

const struct target target = {
	.name = "history_era_io",
	.help = "2.6.22-rc5 with SLUB on arm926, what its file systems, block drivers and network did",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=- ram_pages=256",
		     "arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=- ram_pages=128 cpus=2",
		     "arch=arm926 allocator=slub profile=2.6.22-rc5 dma=era debug=FZPU ram_pages=256"},
	.expects = {"overlap/slub/object"},
	.verbs = verbs,
	.ops_max = 64,
};
