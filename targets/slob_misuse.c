/* SPDX-License-Identifier: MIT */
/* Misuse of both SLOBs; what else goes wrong in its worlds is the client's fault. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {MISUSE_OPS, OP_COUNT};

const struct target target = {
	.name = "slob_misuse",
	.help = "both SLOBs, API broken on purpose: they promise nothing, and nothing is demanded",
	.kind = TARGET_MISUSE,
	.variants = {"arch=x86 allocator=slob-2622 profile=safe misuse=1",
		     "arch=arm926 allocator=slob-2622 profile=2.6.22 misuse=1",
		     "arch=x86 allocator=slob-2624 profile=safe misuse=1",
		     "arch=arm926 allocator=slob-2624 profile=2.6.22 misuse=1"},
	.verbs = verbs,
	.ops_max = 24,
};
