/* SPDX-License-Identifier: MIT */
/*
 * The same programs with all four allocators, profile safe: their clients must see the same.  No interrupt blocks and
 * no injected faults, whose places depend on the allocator.
 */
#include "targets/slab_ops.h"

static const uint8_t verbs[] = {CLIENT_OPS, OP_cache_validate, OP_cpu_offline, OP_COUNT};

const struct target target = {
	.name = "differential",
	.help = "the same programs with SLUB, SLAB and both SLOBs, profile safe: no client sees a difference",
	.kind = TARGET_CLEAN,
	/* Each allocator once as the last, so that its planted variants have their turn. */
	.variants = {"arch=x86 allocator=slub peers=slab,slob-2622,slob-2624 profile=safe ram_pages=128 drain=1",
		     "arch=x86 allocator=slab peers=slub,slob-2622,slob-2624 profile=safe ram_pages=128 cpus=2",
		     "arch=arm926 allocator=slob-2622 peers=slub,slab,slob-2624 profile=safe ram_pages=128 drain=1",
		     "arch=arm926 allocator=slob-2624 peers=slub,slab,slob-2622 profile=safe ram_pages=128"},
	.verbs = verbs,
	.ops_max = 64,
};
