/* SPDX-License-Identifier: MIT */
/* RCU by the book on two cpus with and without ordered stores: must stay silent. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_kmem_cache_create,
				OP_kmem_cache_destroy,
				OP_kmem_cache_alloc,
				OP_kmem_cache_free,
				OP_kmem_cache_shrink,
				OP_obj_write,
				OP_obj_read,
				OP_grace_period,
				OP_rcu_read_lock,
				OP_rcu_read_unlock,
				OP_call_rcu,
				OP_obj_lock,
				OP_obj_unlock,
				OP_publish,
				OP_rcu_assign_pointer,
				OP_load_pointer,
				OP_rcu_dereference,
				OP_store_drain,
				OP_cpu,
				OP_COUNT};

const struct target target = {
	.name = "rcu_clean",
	.help = "RCU readers, call_rcu, DESTROY_BY_RCU and published pointers by the book: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slub profile=safe debug=- cpus=2 policy.memory_order=weak ram_pages=128",
		     "arch=x86 allocator=slab profile=safe cpus=2 policy.memory_order=alpha ram_pages=128",
		     "arch=x86-32 allocator=slob-2622 profile=safe cpus=2 policy.memory_order=weak ram_pages=128",
		     "arch=x86 allocator=slob-2624 profile=safe cpus=2 ram_pages=128 drain=1",
		     "arch=arm926 allocator=slub profile=safe debug=FZU cpus=2 ram_pages=128 drain=1",
		     "arch=x86 allocator=slab profile=safe cpus=2 ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
