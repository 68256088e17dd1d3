/* SPDX-License-Identifier: MIT */
/* SLUB with the era's bugs mended, legal use only: must stay silent, 32 and 64 bit, one and two cpus. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc,
				OP_kfree,
				OP_obj_write,
				OP_obj_read,
				OP_kmem_cache_alloc,
				OP_kmem_cache_free,
				OP_kmem_cache_create,
				OP_kmem_cache_destroy,
				OP_kzalloc,
				OP_kcalloc,
				OP_krealloc,
				OP_ksize,
				OP_kmem_cache_shrink,
				OP_cache_validate,
				OP_cpu_offline,
				OP_grace_period,
				OP_rcu_read_lock,
				OP_rcu_read_unlock,
				OP_alloc_pages,
				OP_free_pages,
				OP_fault_set,
				OP_fault_clear,
				OP_irq,
				OP_cpu,
				OP_get_page,
				OP_put_page,
				OP_virt_to_page,
				OP_COUNT};

const struct target target = {
	.name = "slub_clean",
	.help = "SLUB, profile safe, legal use: silent",
	.kind = TARGET_CLEAN,
	/* Small machines: memory runs out within a program, and a program cannot cost much.  Coherent ones, because no
	   op of this target asks what lies in RAM. */
	.variants = {"arch=x86 allocator=slub profile=safe debug=- ram_pages=128",
		     "arch=x86-32 allocator=slub profile=safe debug=- ram_pages=64 drain=1",
		     "arch=ppc6xx allocator=slub profile=safe debug=- ram_pages=128",
		     "arch=x86 allocator=slub profile=safe debug=- cpus=2 ram_pages=128"},
	.verbs = verbs,
	.ops_max = 64,
};
