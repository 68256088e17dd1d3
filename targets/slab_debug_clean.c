/* SPDX-License-Identifier: MIT */
/* slab_clean with debugging built in: no report without misuse.  Apart, because debug slabs are ten times slower. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {CLIENT_OPS, TROUBLE_OPS, OP_cpu_offline, OP_cache_reap, OP_COUNT};

const struct target target = {
	.name = "slab_debug_clean",
	.help = "SLAB with its debugging on, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slab profile=safe debug=FZPU ram_pages=128",
		     "arch=arm926 allocator=slab profile=safe debug=FZPU ram_pages=128",
		     "arch=ppc8xx allocator=slab profile=safe debug=P ram_pages=64 drain=1",
		     "arch=x86 allocator=slab profile=safe debug=ZU,size cpus=2 ram_pages=128 drain=1",
		     /* Without poison constructors run when a slab grows. */
		     "arch=x86 allocator=slab profile=safe debug=Z ram_pages=128"},
	.verbs = verbs,
	.ops_max = 64,
};
