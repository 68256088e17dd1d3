/* SPDX-License-Identifier: MIT */
/* DMA by the book on non-coherent machines: kmalloc aligned to the line, one mapping per object, owner keeps away. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_OPS, OP_virt_to_page, OP_COUNT};

const struct target target = {
	.name = "slub_dma_safe",
	.help = "SLUB with line-aligned kmalloc and DMA by the book: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=arm926 allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=generic64 allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=ppc8xx allocator=slub profile=safe policy.kmalloc_minalign=line",
		     "arch=x86 allocator=slub profile=safe"},
	.verbs = verbs,
	.ops_max = 64,
};
