/* SPDX-License-Identifier: MIT */
/* An era as it was, its API broken on purpose: what a mistake of a driver led to, where nothing looked for it. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {
	MISUSE_OPS,           OP_dma_map,      OP_dma_unmap,           OP_device_read, OP_dma_sync_for_cpu,
	OP_flush_dcache_page, OP_device_write, OP_dma_sync_for_device, OP_obj_read,    OP_COUNT};

const struct target target = {
	.name = "history_misuse",
	.help = "2.6.22 with SLUB on arm926, drivers that break the API",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slub profile=2.6.22 dma=era debug=- misuse=1 ram_pages=256",
		     "arch=arm926 allocator=slub profile=2.6.22 dma=era debug=FZPU misuse=1 ram_pages=256"},
	.expects = {"oops/slub"},
	.verbs = verbs,
	.ops_max = 32,
};
