/* SPDX-License-Identifier: MIT */
/* Block and network I/O where references pin what they refer to: objects counted, pages or chunks, copies. */
#include "fuzz/target.h"

/* clang-format off */
static const uint8_t verbs[] = {
	OP_kmalloc, OP_kfree, OP_obj_write, OP_obj_read, OP_alloc_buffer, OP_free_buffer, OP_bio_alloc, OP_bio_add_page,
	OP_submit_bio, OP_bio_endio, OP_bio_put, OP_skb_from_bio, OP_alloc_skb, OP_skb_add_frag, OP_skb_clone,
	OP_skb_linearize, OP_dev_queue_xmit, OP_kfree_skb, OP_alloc_pages, OP_free_pages, OP_kmem_cache_shrink,
	OP_kmem_cache_create, OP_kmem_cache_alloc, OP_kmem_cache_free, OP_kmem_cache_destroy, OP_COUNT};
/* clang-format on */

const struct target target = {
	.name = "io_clean",
	.help = "block and network I/O whose references hold what they refer to: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slub profile=safe policy.skb_slab_pages=referenced "
		     "policy.slab_references=object-count debug=- ram_pages=128",
		     "arch=arm926 allocator=slab profile=safe policy.skb_slab_pages=referenced "
		     "policy.slab_references=object-count debug=- "
		     "ram_pages=128 drain=1",
		     "arch=x86 allocator=slab profile=safe policy.skb_slab_pages=referenced policy.io_buffer=page "
		     "policy.bio_slab_pages=bug-on debug=- "
		     "ram_pages=128 drain=1",
		     "arch=arm926 allocator=slub profile=safe policy.io_buffer=chunk "
		     "debug=- ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 64,
};
