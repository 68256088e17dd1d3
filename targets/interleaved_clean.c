/* SPDX-License-Identifier: MIT */
/* All four allocators under schedules, legal use only: interrupts, other tasks, two cpus, migration; must stay silent.
 */
#include "targets/slab_ops.h"

/* clang-format off */
static const uint8_t verbs[] = {
	CLIENT_OPS, TROUBLE_OPS, OP_task, OP_migrate, OP_cache_validate, OP_cpu_offline, OP_cache_reap, OP_call_rcu,
	OP_COUNT};
/* clang-format on */

const struct target target = {
	.name = "interleaved_clean",
	.help = "interrupts, tasks and migrations amid every allocator, profile safe: silent",
	.kind = TARGET_CLEAN,
	.variants = {"arch=x86 allocator=slub profile=safe debug=- cpus=2 ram_pages=128 drain=1",
		     "arch=x86-32 allocator=slub profile=safe debug=FZPU cpus=2 ram_pages=128 drain=1",
		     "arch=x86 allocator=slab profile=safe debug=- cpus=2 ram_pages=128 drain=1",
		     "arch=arm926 allocator=slab profile=safe debug=FZPU ram_pages=128 drain=1",
		     "arch=x86-32 allocator=slob-2622 profile=safe cpus=2 ram_pages=128 drain=1",
		     "arch=arm926 allocator=slob-2622 profile=safe ram_pages=128 drain=1",
		     "arch=x86 allocator=slob-2624 profile=safe cpus=2 ram_pages=128 drain=1",
		     "arch=ppc8xx allocator=slob-2624 profile=safe ram_pages=128 drain=1"},
	.verbs = verbs,
	.ops_max = 48,
};
