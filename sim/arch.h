/* SPDX-License-Identifier: MIT */
/* The architectures (FACTS 3): only numbers, one row each in arch.c. */
#ifndef SLABFUZZ_SIM_ARCH_H
#define SLABFUZZ_SIM_ARCH_H

#include "sim/layout.h"
#include "sim/policy.h"

/* What flush_dcache_page() did (FACTS 3.3). */
enum fdp_kind {
	FDP_NOTHING,      /* x86 and others */
	FDP_ARM_VIVT,     /* mapping, i_mmap walk, deferral on UP, flush of the kernel lines */
	FDP_CLEAR_ARCH_1, /* powerpc: only PG_arch_1 is cleared */
};

enum { COLOURS_VIVT = 255 };

struct arch {
	const char *name;
	enum layout_id layout;
	bool big_endian;
	bool coherent;       /* DMA needs no cache maintenance */
	uint8_t line_shift;  /* log2 of the D-cache line in bytes */
	bool write_allocate; /* a store to an absent line fills it; else it goes straight to RAM */
	bool write_through;  /* stores reach RAM at once, lines never get dirty */
	uint8_t colours;     /* page colours of the D-cache: 0, 1 = none, COLOURS_VIVT = each virtual page is one */
	uint8_t cpus;        /* default number of cpus */
	uint8_t kmalloc_minalign, slab_minalign; /* bytes, 2.6.22 (FACTS 3.1) */
	uint8_t slab_minalign_defined;           /* the same where the arch defines it, else 0: SLAB has no default */
	enum fdp_kind flush_dcache_page;
	enum dma_edge_policy dma_edge;
	enum dma_repeat_policy dma_unmap, dma_sync;
	const char *help;
};

extern const struct arch arches[];
unsigned arch_count(void);
/* Row by name, or NULL. */
const struct arch *arch_by_name(const char *name);

static inline const struct layout *arch_layout(const struct arch *arch)
{
	return &layouts[arch->layout];
}

#endif
