/* SPDX-License-Identifier: MIT */
/* SLOB 2.6.22 with the era's bugs mended, legal use only: must stay silent, 32 and 64 bit, one and two cpus. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {CLIENT_OPS, TROUBLE_OPS, OP_COUNT};

const struct target target = {
	.name = "slob_2622_clean",
	.help = "SLOB 2.6.22, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	/* Small machines: memory runs out within a program, and a program cannot cost much. */
	.variants = {"arch=x86 allocator=slob-2622 profile=safe debug=- ram_pages=128",
		     "arch=arm926 allocator=slob-2622 profile=safe debug=- ram_pages=128",
		     "arch=ppc8xx allocator=slob-2622 profile=safe debug=- ram_pages=128 drain=1",
		     "arch=x86 allocator=slob-2622 profile=safe debug=- cpus=2 ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
