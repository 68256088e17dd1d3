/* SPDX-License-Identifier: MIT */
/* January 2008: execute in place on VM_MIXEDMAP, all pages inserted by pfn, on an arch without pte_special. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_alloc_pages,    OP_free_pages,     OP_mmap,          OP_munmap,
				OP_fork,           OP_vm_insert_page, OP_vm_insert_pfn, OP_vm_insert_mixedmap_pfn,
				OP_get_user_pages, OP_user_read,      OP_user_write,    OP_device_pfn,
				OP_COUNT};

const struct target target = {
	.name = "history_mixedmap",
	.help = "VM_MIXEDMAP by pfn without a bit in the entry: references are put that nobody got",
	.kind = TARGET_HISTORY,
	.variants = {"arch=x86 allocator=slub profile=2.6.22 policy.mixedmap=pfn debug=-"},
	.expects = {"kernel-bug/mm/pointer/munmap", "refcount-underflow/mm/page/munmap"},
	.verbs = verbs,
	.ops_max = 32,
};
