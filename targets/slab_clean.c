/* SPDX-License-Identifier: MIT */
/* SLAB with the era's bugs mended, legal use only: must stay silent, 32 and 64 bit, one and two cpus. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {CLIENT_OPS, TROUBLE_OPS, OP_cpu_offline, OP_cache_reap, OP_COUNT};

const struct target target = {
	.name = "slab_clean",
	.help = "SLAB, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	/* Small machines: memory runs out within a program, and a program cannot cost much. */
	.variants = {"arch=x86 allocator=slab profile=safe debug=- ram_pages=128",
		     "arch=arm926 allocator=slab profile=safe debug=- ram_pages=128",
		     "arch=ppc8xx allocator=slab profile=safe debug=- ram_pages=64 drain=1",
		     "arch=x86 allocator=slab profile=safe debug=- cpus=2 ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
