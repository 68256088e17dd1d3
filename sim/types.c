/* SPDX-License-Identifier: MIT */
/* Names of the small tables: GFP masks, directions, events, byte roles, page owners, faults. */
#include "sim/sim.h"

const struct gfp_row gfp_rows[] = {
#define GFP(name, bits) {name, bits},
#include "sim/gfp.def"
#undef GFP
};

unsigned gfp_row_count(void)
{
	return sizeof(gfp_rows) / sizeof(gfp_rows[0]);
}

const char *const dma_direction_names[DMA_DIRECTION_COUNT] = {
#define DMA_DIRECTION(name) [DMA_##name] = #name,
#include "sim/dma_direction.def"
#undef DMA_DIRECTION
};

const char *const event_names[EVENT_COUNT] = {
#define EVENT(kind, name, fields) [EVENT_##kind] = name,
	EVENT_TABLE(EVENT)
#undef EVENT
};

const char *const byte_role_names[ROLE_COUNT] = {
#define ROLE(role, name) [ROLE_##role] = name,
	BYTE_ROLE_TABLE(ROLE)
#undef ROLE
};

const char *const page_owner_names[OWNER_COUNT] = {
	[OWNER_nobody] = "nobody",          [OWNER_buddy] = "buddy",           [OWNER_allocated] = "page",
	[OWNER_compound] = "compound-page", [OWNER_page_cache] = "page-cache", [OWNER_anon] = "anon-page",
	[OWNER_swap_cache] = "swap-cache",  [OWNER_page_table] = "page-table", [OWNER_slab] = "slab-page",
	[OWNER_slub] = "slub-page",         [OWNER_rcu] = "rcu-head",          [OWNER_slob_2624] = "slob-page",
};

const struct page_field_row page_field_rows[PF_COUNT] = {
#define PAGE_FIELD(owner, name, member, word, none)                                                                    \
	[PF_##owner##_##name] = {#owner "." #name, OWNER_##owner, LF_page_##member, PAGE_WORD_##word, none},
#include "sim/page_fields.def"
#undef PAGE_FIELD
};

const struct fault_row fault_rows[FAULT_COUNT] = {
#define FAULT(name, kind, help, where) [FAULT_##name] = {#name, help, where, FAULT_IS_##kind},
#include "sim/fault.def"
#undef FAULT
};
