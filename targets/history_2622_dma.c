/* SPDX-License-Identifier: MIT */
/* 2.6.22 and its DMA code on five machines: each loses something else. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {
	OP_kmalloc,      OP_kfree,        OP_obj_write,      OP_obj_read,         OP_dma_map,
	OP_dma_unmap,    OP_dma_map_page, OP_dma_unmap_page, OP_sg_init_one,      OP_dma_map_sg,
	OP_dma_unmap_sg, OP_device_write, OP_device_read,    OP_dma_sync_for_cpu, OP_dma_sync_for_device,
	OP_COUNT};

const struct target target = {
	.name = "history_2622_dma",
	.help = "2.6.22 on parisc, arm, mips, xtensa and sh: what their DMA code does to shared lines, pages and lists",
	.kind = TARGET_HISTORY,
	.variants = {"arch=pa11 allocator=slub profile=2.6.22 dma=era debug=-",
		     "arch=arm926 allocator=slub profile=2.6.22 dma=era debug=-",
		     "arch=mips-r4k allocator=slub profile=2.6.22 dma=era debug=-",
		     "arch=xtensa-wb allocator=slub profile=2.6.22 dma=era debug=-",
		     "arch=sh4 allocator=slub profile=2.6.22 dma=era debug=-"},
	.expects = {"lost-dma-write/dma/object/dma_unmap", "lost-dma-write/dma/object/dma_sync_for_cpu",
		    "oops/slub/pointer/dma_unmap_page", "dma-use-without-sync/dma/object/device_read"},
	.verbs = verbs,
	.ops_max = 64,
};
