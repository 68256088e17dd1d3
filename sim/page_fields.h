/* SPDX-License-Identifier: MIT */
/* Who keeps what in struct page: enums and rows derived from page_fields.def. */
#ifndef SLABFUZZ_SIM_PAGE_FIELDS_H
#define SLABFUZZ_SIM_PAGE_FIELDS_H

#include "sim/layout.h"

enum page_owner {
	OWNER_nobody,
	OWNER_buddy,
	OWNER_allocated, /* fresh from the page allocator: a driver's or the kernel's page */
	OWNER_compound,
	OWNER_page_cache,
	OWNER_anon,
	OWNER_swap_cache,
	OWNER_page_table,
	OWNER_slab,
	OWNER_slub,
	OWNER_rcu,
	OWNER_slob_2624,
	OWNER_COUNT
};
extern const char *const page_owner_names[OWNER_COUNT];

enum page_word {
	PAGE_WORD_MAPCOUNT,
	PAGE_WORD_PRIVATE,
	PAGE_WORD_MAPPING,
	PAGE_WORD_INDEX,
	PAGE_WORD_LRU_NEXT,
	PAGE_WORD_LRU_PREV,
	PAGE_WORD_COUNT
};

enum page_field {
#define PAGE_FIELD(owner, name, ...) PF_##owner##_##name,
#include "sim/page_fields.def"
#undef PAGE_FIELD
	PF_COUNT
};

struct page_field_row {
	const char *name; /* owner.name */
	uint8_t owner, layout_field, word;
	uint64_t none;
};
extern const struct page_field_row page_field_rows[PF_COUNT];

#endif
