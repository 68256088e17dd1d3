/* SPDX-License-Identifier: MIT */
/* The ops of clean slab targets: all that clients of a slab allocator do, and no cache maintenance or DMA. */
#ifndef SLABFUZZ_TARGETS_SLAB_OPS_H
#define SLABFUZZ_TARGETS_SLAB_OPS_H

#include "fuzz/target.h"

static const uint8_t slab_ops[] = {OP_kmalloc,
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

#endif
