/* SPDX-License-Identifier: MIT */
/*
 * The slots of D2 are smaller than their objects, so nothing said of objects holds there: it is off.
 */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {MISUSE_OPS, OP_cache_validate, OP_COUNT};

const struct target target = {
	.name = "slub_misuse",
	.help = "SLUB, API broken on purpose: its debugging must tell, in time and in the right words",
	.kind = TARGET_MISUSE,
	.variants = {"arch=x86 allocator=slub profile=safe misuse=1 debug=F",
		     "arch=x86 allocator=slub profile=safe misuse=1 debug=FZPU",
		     "arch=arm926 allocator=slub profile=2.6.22 policy.bug.kmalloc_dma_size=off misuse=1 debug=FZP",
		     "arch=ppc8xx allocator=slub profile=2.6.22 policy.bug.kmalloc_dma_size=off misuse=1 debug=PU",
		     "arch=x86 allocator=slub profile=2.6.22 policy.bug.kmalloc_dma_size=off misuse=1 debug=Z",
		     "arch=arm926 allocator=slub profile=safe misuse=1"},
	.verbs = verbs,
	.ops_max = 24,
};
