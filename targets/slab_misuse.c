/* SPDX-License-Identifier: MIT */
/* Misuse of SLAB; what else goes wrong in its worlds is the client's fault. */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {MISUSE_OPS, OP_COUNT};

const struct target target = {
	.name = "slab_misuse",
	.help = "SLAB, API broken on purpose: its debugging must tell, in time and in the right words",
	.kind = TARGET_MISUSE,
	.variants = {"arch=x86 allocator=slab profile=safe misuse=1 debug=F",
		     "arch=x86 allocator=slab profile=safe misuse=1 debug=FZPU",
		     "arch=arm926 allocator=slab profile=2.6.22 misuse=1 debug=FZP",
		     "arch=ppc8xx allocator=slab profile=2.6.22 misuse=1 debug=PU ram_pages=64",
		     "arch=x86 allocator=slab profile=2.6.22 misuse=1 debug=Z",
		     "arch=arm926 allocator=slab profile=safe misuse=1"},
	.verbs = verbs,
	.ops_max = 24,
};
