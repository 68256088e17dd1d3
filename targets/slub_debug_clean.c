/* SPDX-License-Identifier: MIT */
/* slub_clean with slub_debug: no report without misuse.  Apart, because debug slabs are ten times slower. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {SLUB_CLIENT_OPS, OP_COUNT};

const struct target target = {
	.name = "slub_debug_clean",
	.help = "SLUB with its debugging on, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slub profile=safe debug=FZPU drain=1",
		     "arch=arm926 allocator=slub profile=safe debug=FZPU",
		     "arch=ppc8xx allocator=slub profile=safe debug=P ram_pages=64",
		     "arch=x86 allocator=slub profile=safe debug=ZU,kmalloc cpus=2"},
	.verbs = verbs,
	.ops_max = 64,
};
