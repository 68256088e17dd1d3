/* SPDX-License-Identifier: MIT */
/* ATA over Ethernet with 2.6.22 and SLAB: file systems give kmalloc memory to bios, the driver gives it to the network.
 */
#include "fuzz/target.h"

/* clang-format off */
static const uint8_t verbs[] = {
	OP_kmalloc, OP_kfree, OP_obj_write, OP_bio_alloc, OP_bio_add_page, OP_skb_from_bio, OP_skb_clone,
	OP_dev_queue_xmit, OP_kfree_skb, OP_bio_endio, OP_bio_put, OP_kmem_cache_shrink, OP_COUNT};
/* clang-format on */

const struct target target = {
	.name = "history_2622_aoe",
	.help = "2.6.22 with SLAB and AoE: the network frees pages of a slab",
	.kind = TARGET_HISTORY,
	.variants = {"arch=arm926 allocator=slab profile=2.6.22 dma=era debug=-"},
	.expects = {"use-after-free/slab/object/kfree_skb", "bad-page-state/slab/slab-page/kfree_skb"},
	.verbs = verbs,
	.ops_max = 64,
};
