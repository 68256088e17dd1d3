/* SPDX-License-Identifier: MIT */
/* The architectures (FACTS 3): only numbers, one row each in arch.c. */
#ifndef SLABFUZZ_SIM_ARCH_H
#define SLABFUZZ_SIM_ARCH_H

#include "sim/layout.h"
#include "sim/policy.h"

/* What flush_dcache_page() did (FACTS 3.3). */
enum fdp_kind {
	FDP_NOTHING, /* x86 and others */
	FDP_ARM,     /* mapping; deferral on UP; flush of the kernel lines; VIVT: i_mmap walk, VIPT: colour of index */
	FDP_PARISC,  /* as ARM's with the walk, deferral on SMP too; a lock that reads 0 is held */
	FDP_SPARC64, /* mapping; deferral; flush; Spitfire asks page_mapping() again for the I-cache */
	FDP_SPARC64_SPITFIRE,
	FDP_MIPS,         /* mapping, without a check of its own; deferral; flush */
	FDP_XTENSA,       /* asks page_mapping() and drops the answer; flush */
	FDP_SH,           /* flush if PG_arch_1 (PG_mapped) */
	FDP_CLEAR_ARCH_1, /* powerpc, ia64: only PG_arch_1 is cleared */
	FDP_ADDRESS,      /* flush by the address, no field of struct page is read */
};

/* What flush_dcache_range() was (FACTS 3.3): most machines had none. */
enum fdr_kind { FDR_ABSENT, FDR_FLUSH };

/* How the D-cache finds its lines. */
enum cache_index {
	CACHE_PIPT, /* one view of a page, whatever its address */
	CACHE_VIPT, /* a view per colour; one colour: as PIPT */
	CACHE_VIVT, /* every virtual address has a view of its own; `colours` is SHMLBA in pages */
};

/* Cache operations on a range, rounded outwards to lines. */
enum cache_operation { CACHE_OP_NOTHING, CACHE_OP_CLEAN, CACHE_OP_INVALIDATE, CACHE_OP_FLUSH };

/* Functions of the DMA API that may maintain the cache. */
enum dma_call {
	DMA_MAP_SINGLE,
	DMA_MAP_PAGE,
	DMA_MAP_SG,
	DMA_UNMAP_SINGLE,
	DMA_UNMAP_PAGE,
	DMA_UNMAP_SG,
	DMA_SYNC_FOR_CPU,
	DMA_SYNC_FOR_DEVICE,
	DMA_SYNC_RANGE_FOR_CPU,
	DMA_SYNC_RANGE_FOR_DEVICE,
	DMA_SYNC_SG_FOR_CPU,
	DMA_SYNC_SG_FOR_DEVICE,
	DMA_CALL_COUNT
};

/*
 * What one of them does, by direction (enum cache_operation).  Edges: done before, FROM_DEVICE, to a first or last line
 * that lies partly outside.  outer: to the second level, FROM_DEVICE; in other directions it is as the first.
 */
struct dma_maintenance {
	uint8_t to_device, from_device, bidirectional;
	uint8_t first_edge, last_edge;
	uint8_t outer_from_device;
};

/* Mistakes that an arch's DMA code of the era has; each is a policy bug.<name> (FACTS 3.4, 8.7). */
enum dma_bug {
	DMA_BUG_UNMAP_PAGE = 1,        /* D8: unmap_page takes the bus address for a virtual one */
	DMA_BUG_MAP_PAGE = 2,          /* D9: map_page does nothing */
	DMA_BUG_SPECULATION = 4,       /* D13: unmap and sync for the cpu do not reckon with a cpu that speculates */
	DMA_BUG_SYNC_SG_OFFSET = 8,    /* D14: sync_sg_for_device forgets sg->offset */
	DMA_BUG_SYNC_RANGE = 16,       /* D15: sync_single_range begins at the mapping */
	DMA_BUG_WT_BIDIRECTIONAL = 32, /* D16: write-through, BIDIRECTIONAL: lines stay */
	DMA_BUG_MAP_SG_PCI = 64,       /* D18: map_sg and sync_sg do nothing in a kernel with PCI */
};

/* An arch's DMA API, a row of sim/dma_code.c; NULL = the call does nothing. */
struct dma_code {
	const struct dma_maintenance *call[DMA_CALL_COUNT];
	const struct dma_maintenance *speculation; /* for the cpu, once DMA_BUG_SPECULATION is mended */
	unsigned bugs;                             /* enum dma_bug */
};
extern const struct dma_code dma_none, dma_arm926, dma_arm_wt, dma_arm_v6, dma_arm_v7, dma_arm_v7m, dma_arm64,
	dma_parisc_pcxl, dma_mips, dma_sh3, dma_sh4, dma_xtensa_wb, dma_xtensa_wt, dma_powerpc, dma_riscv, dma_flush,
	dma_arm_v7_later, dma_parisc_later, dma_powerpc_later;

struct arch {
	const char *name;
	enum layout_id layout;
	bool big_endian;
	bool coherent;       /* DMA needs no cache maintenance */
	uint8_t line_shift;  /* log2 of the D-cache line in bytes */
	bool write_allocate; /* a store to an absent line fills it; else it goes straight to RAM */
	bool write_through;  /* stores reach RAM at once, lines never get dirty */
	bool outer_cache;    /* a second level (L2x0, RM7000) between lines and RAM, its lines as long */
	bool speculates; /* the cpu fills lines that nobody asked for: `cache_prefetch` is the hardware's own doing */
	uint8_t cpus;    /* default number of cpus */
	uint8_t kmalloc_minalign, slab_minalign; /* bytes, of the row's era (FACTS 3.1) */
	uint8_t dma_minalign;           /* ARCH_DMA_MINALIGN of 6.1, 0 = not defined; it did not exist in 2.6.22 */
	uint8_t kmalloc_minalign_later; /* ARCH_KMALLOC_MINALIGN of 6.1 where it does not follow dma_minalign, else 0 */
	bool kmalloc_bounces;           /* 6.5 aligns kmalloc to 8 bytes, and bounces what is small (FACTS 4.4) */
	uint8_t slab_minalign_defined;  /* the same where the arch defines it, else 0: SLAB has no default */
	uint8_t long_long_align;        /* alignof(unsigned long long) if it is not 8; ask arch_long_long_align() */
	uint8_t page_kib;               /* KiB of the real page if it is not 4; the emulated page is 4 KiB */
	enum cache_index cache_index;
	uint16_t colours;  /* of 4 KiB pages: user and kernel address of a page share lines iff colours are equal */
	const char *cache; /* organisation, for people */
	enum fdp_kind flush_dcache_page;
	enum fdr_kind flush_dcache_range;
	bool kunmap_flushes; /* parisc_requires_coherency(): kunmap and kunmap_atomic flush the kernel page */
	const struct dma_code *dma, *dma_later; /* of the row's era; of 6.1 where that differs, else NULL (FACTS 3.4) */
	const char *help;
};

extern const struct arch arches[];
unsigned arch_count(void);
/* Row by name, or NULL. */
const struct arch *arch_by_name(const char *name);

/* ARCH_KMALLOC_MINALIGN of 6.1 (before 6.5 made kmalloc independent of DMA), bytes. */
static inline uint32_t arch_kmalloc_minalign_later(const struct arch *arch)
{
	uint32_t later = arch->kmalloc_minalign_later ? arch->kmalloc_minalign_later : arch->dma_minalign;

	return later ? later : arch->kmalloc_minalign;
}

/* alignof(unsigned long long), bytes (FACTS 2.2). */
static inline uint32_t arch_long_long_align(const struct arch *arch)
{
	return arch->long_long_align ? arch->long_long_align : 8;
}

static inline const struct layout *arch_layout(const struct arch *arch)
{
	return &layouts[arch->layout];
}

#endif
