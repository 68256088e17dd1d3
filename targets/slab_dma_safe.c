/* SPDX-License-Identifier: MIT */
/* DMA by the book on non-coherent machines: kmalloc aligned to the line, one mapping per object, owner keeps away. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {DMA_OPS, OP_COUNT};

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
