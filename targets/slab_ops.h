/* SPDX-License-Identifier: MIT */
/* Op lists that targets of slab allocators share; each adds what its allocator is capable of. */
#ifndef SLABFUZZ_TARGETS_SLAB_OPS_H
#define SLABFUZZ_TARGETS_SLAB_OPS_H

#include "fuzz/target.h"

/* clang-format off */
/* What clients of any slab allocator do; no cache maintenance, no DMA. */
#define CLIENT_OPS \
	OP_kmalloc, OP_kfree, OP_obj_write, OP_obj_read, OP_kmem_cache_alloc, OP_kmem_cache_free, \
	OP_kmem_cache_create, OP_kmem_cache_destroy, OP_kzalloc, OP_kcalloc, OP_krealloc, OP_ksize, \
	OP_kmem_cache_shrink, OP_grace_period, OP_rcu_read_lock, OP_rcu_read_unlock, OP_alloc_pages, \
	OP_free_pages, OP_cpu
/* What comes upon them from outside, at places that depend on the allocator. */
#define TROUBLE_OPS OP_fault_set, OP_fault_clear, OP_irq, OP_fault_attr, OP_fault_gfp, OP_fault_cache, OP_fault_op
/* DMA and cache maintenance by the book. */
#define DMA_OPS \
	OP_kmalloc, OP_kfree, OP_obj_write, OP_obj_read, OP_dma_map, OP_dma_unmap, OP_device_write, OP_device_read, \
	OP_dma_sync_for_cpu, OP_dma_sync_for_device, OP_cache_clean, OP_cache_flush, OP_cache_evict, \
	OP_flush_dcache_page, OP_page_mapping, OP_kmap, OP_kunmap, OP_kmem_cache_create, OP_kmem_cache_alloc, \
	OP_kmem_cache_free, OP_kmem_cache_destroy, OP_grace_period, OP_alloc_pages, OP_free_pages, OP_fault_set
/* The rest of the DMA API: by page, by scatter list, by range. */
#define DMA_API_OPS \
	DMA_OPS, OP_virt_to_page, OP_dma_map_page, OP_dma_unmap_page, OP_dma_sync_range_for_cpu, \
	OP_dma_sync_range_for_device, OP_sg_init_one, OP_sg_chain, OP_sg_page, OP_dma_map_sg, OP_dma_unmap_sg, \
	OP_dma_sync_sg_for_cpu, OP_dma_sync_sg_for_device, OP_flush_dcache_range, OP_flush_kernel_dcache_page, \
	OP_kunmap_atomic
/* What file systems, block drivers and the network do with memory of their clients. */
#define IO_OPS \
	OP_alloc_buffer, OP_free_buffer, OP_bio_alloc, OP_bio_add_page, OP_submit_bio, OP_bio_endio, OP_bio_put, \
	OP_skb_from_bio, OP_alloc_skb, OP_skb_add_frag, OP_skb_clone, OP_skb_linearize, OP_dev_queue_xmit, OP_kfree_skb
/* Few: after its first misuse most of a program is wasted, so the misuse should come soon. */
#define MISUSE_OPS \
	OP_kmalloc, OP_kfree, OP_kfree_at, OP_obj_write, OP_kmem_cache_create, OP_kmem_cache_alloc, \
	OP_kmem_cache_free, OP_kmem_cache_destroy, OP_kmem_cache_shrink, OP_grace_period, OP_alloc_pages
/* clang-format on */

/* SLUB has them all, and its pages are compound, so that references to any page of an object are legal. */
#define SLUB_CLIENT_OPS                                                                                                \
	CLIENT_OPS, TROUBLE_OPS, OP_cache_validate, OP_cpu_offline, OP_get_page, OP_put_page, OP_virt_to_page

#endif
