/* SPDX-License-Identifier: MIT */
/* The heap of region_heap.c as it is: both of its bugs must be found. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc, OP_kfree, OP_obj_write, OP_obj_read, OP_COUNT};

const struct target target = {
	.name = "region_heap",
	.help = "a heap from outside the tree: a split that tells no neighbour, a size that wraps",
	.kind = TARGET_HISTORY,
	.variants = {"arch=x86 allocator=region-heap", "arch=arm926 allocator=region-heap"},
	.expects = {"overlap/region-heap/object/kmalloc", "overlap/region-heap/free-page/kmalloc"},
	.verbs = verbs,
	.ops_max = 64,
};
