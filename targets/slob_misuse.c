/* SPDX-License-Identifier: MIT */
/* Few verbs: after its first misuse most of a program is wasted, so the misuse should come soon. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,           OP_kfree,
				OP_kfree_at,          OP_obj_write,
				OP_kmem_cache_create, OP_kmem_cache_alloc,
				OP_kmem_cache_free,   OP_kmem_cache_destroy,
				OP_kmem_cache_shrink, OP_grace_period,
				OP_alloc_pages,       OP_COUNT};

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
