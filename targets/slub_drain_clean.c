/* SPDX-License-Identifier: MIT */
/* SLUB with the era's bugs mended, legal use; at the end all is given back, and an empty allocator must be empty. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {SLUB_CLIENT_OPS, OP_COUNT};

const struct target target = {
	.name = "slub_drain_clean",
	.help = "SLUB, profile safe, clients that give all back at the end: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slub profile=safe debug=- ram_pages=128 drain=1",
		     "arch=x86-32 allocator=slub profile=safe debug=- ram_pages=64 drain=1",
		     "arch=x86 allocator=slub profile=safe debug=- cpus=2 ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
