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
