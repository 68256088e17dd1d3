/* SPDX-License-Identifier: MIT */
/* PIO and users of the same page on VIVT caches, with drivers that may forget flush_dcache_page(). */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_alloc_pages, OP_page_write, OP_page_read,         OP_add_to_page_cache, OP_mmap,
				OP_user_read,   OP_user_write, OP_flush_dcache_page, OP_vm_insert_page,    OP_COUNT};

const struct target target = {
	.name = "history_user_alias",
	.help = "drivers on VIVT caches that may forget flush_dcache_page(): users see old bytes",
	.kind = TARGET_HISTORY,
	.variants = {"arch=generic64 allocator=slub profile=2.6.22 dma=era debug=-",
		     "arch=arm926 allocator=slub profile=2.6.22 dma=era debug=-"},
	.expects = {"stale-read/cache/user-page/user_read"},
	.verbs = verbs,
	.ops_max = 48,
};
