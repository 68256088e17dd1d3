/* SPDX-License-Identifier: MIT */
/* Policies and profiles as tables (policy.def, DESIGN 3): any layer reads sim->policy[], targets only name them. */
#ifndef SLABFUZZ_SIM_POLICY_H
#define SLABFUZZ_SIM_POLICY_H

#include "sim/types.h"

enum policy {
#define POLICY(name, ...) POLICY_##name,
#include "sim/policy.def"
#undef POLICY
	POLICY_COUNT
};

enum { POLICY_VALUES_MAX = 6 };

struct policy_row {
	const char *name, *help;
	const char *values[POLICY_VALUES_MAX]; /* NULL terminated; index = value */
};
extern const struct policy_row policy_rows[POLICY_COUNT];

/* Values by name where code tests them. */
enum page_mapping_policy { PAGE_MAPPING_NONE, PAGE_MAPPING_HUGH, PAGE_MAPPING_LAMETER, PAGE_MAPPING_ARCH_CHECK };
enum dma_edge_policy { DMA_EDGE_ARCH, DMA_EDGE_INV, DMA_EDGE_CLEAN_EDGE, DMA_EDGE_FLUSH, DMA_EDGE_NONE };
enum dma_repeat_policy { DMA_REPEAT_ARCH, DMA_REPEAT_NOTHING, DMA_REPEAT_AGAIN };
enum coherent_alloc_policy { COHERENT_ALLOC_ARCH, COHERENT_ALLOC_KMALLOC, COHERENT_ALLOC_PAGES, COHERENT_ALLOC_REMAP };
enum kunmap_flush_policy { KUNMAP_FLUSH_ARCH, KUNMAP_FLUSH_NEVER, KUNMAP_FLUSH_ALWAYS };
enum kmalloc_minalign_policy {
	KMALLOC_MINALIGN_ARCH,
	KMALLOC_MINALIGN_LINE,
	KMALLOC_MINALIGN_LATER,
	KMALLOC_MINALIGN_BOUNCED
};
enum kmalloc_bounce_policy { KMALLOC_BOUNCE_OFF, KMALLOC_BOUNCE_ON, KMALLOC_BOUNCE_ARCH };
enum mixedmap_policy { MIXEDMAP_MIXED, MIXEDMAP_PFN };
enum pfn_valid_policy { PFN_VALID_ARRAY, PFN_VALID_LIST_MUTEX, PFN_VALID_LIST_SPINLOCK };
enum pfn_list_policy { PFN_LIST_BOOT, PFN_LIST_LATE, PFN_LIST_LATE_ASSUME_VALID };
enum memory_order_policy { MEMORY_STRONG, MEMORY_WEAK, MEMORY_ALPHA };

/* A bundle of policies (profile.def); `policies` is words like page_mapping=hugh. */
enum slab_references_policy {
	SLAB_REFERENCES_PAGE,
	SLAB_REFERENCES_PER_OBJECT,
	SLAB_REFERENCES_OBJECT_COUNT,
	SLAB_REFERENCES_GET_PUT,
	SLAB_REFERENCES_OFF_PARTIAL
};
enum bio_owner_policy { BIO_OWNER_NONE, BIO_OWNER_RAW_INC, BIO_OWNER_GET_PAGE };
enum dma_map_check_policy { DMA_MAP_CHECK_BUG, DMA_MAP_CHECK_WARN };
enum io_buffer_policy { IO_BUFFER_KMALLOC, IO_BUFFER_PAGE, IO_BUFFER_CHUNK };

struct profile {
	const char *name, *policies, *help;
};
extern const struct profile profiles[];
unsigned profile_count(void);

/* Index by text name, or -1. */
int policy_by_name(const char *name);
int policy_value_by_name(enum policy policy, const char *value);
int profile_by_name(const char *name);
/* Fills values[POLICY_COUNT] from a profile.  False iff a word of its row means nothing: a mistake in the table. */
bool profile_apply(const struct profile *profile, uint8_t values[POLICY_COUNT]);
/* The same for a row that need not be in the table; like= names rows of the table. */
bool policies_apply(const char *words, uint8_t values[POLICY_COUNT]);

#endif
