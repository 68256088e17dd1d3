/* SPDX-License-Identifier: MIT */
/* SLUB with the era's bugs mended, legal use only: must stay silent, 32 and 64 bit, one and two cpus. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {SLUB_CLIENT_OPS, OP_COUNT};

const struct target target = {
	.name = "slub_clean",
	.help = "SLUB, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	/* Small machines: memory runs out within a program, and a program cannot cost much.  Coherent ones, because no
	   op of this target asks what lies in RAM. */
	.variants = {"arch=x86 allocator=slub profile=safe debug=- ram_pages=128",
		     "arch=x86-32 allocator=slub profile=safe debug=- ram_pages=64",
		     "arch=ppc6xx allocator=slub profile=safe debug=- ram_pages=128",
		     "arch=x86 allocator=slub profile=safe debug=- cpus=2 ram_pages=128"},
	.verbs = verbs,
	.ops_max = 64,
};
