/* SPDX-License-Identifier: MIT */
/* The arch table.  A machine is a row; if one needs code, the code is a backend. */
#include "sim/arch.h"

#include <string.h>

const struct arch arches[] = {
	{.name = "x86",
	 .layout = LAYOUT_C,
	 .coherent = true,
	 .line_shift = 6,
	 .write_allocate = true,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .flush_dcache_page = FDP_NOTHING,
	 .dma_edge = DMA_EDGE_NONE,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_NOTHING,
	 .help = "coherent, 64-byte lines, 64-bit layout C; every DMA cache operation is a no-op"},
	{.name = "x86-32",
	 .layout = LAYOUT_A1,
	 .coherent = true,
	 .line_shift = 5,
	 .write_allocate = true,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .flush_dcache_page = FDP_NOTHING,
	 .dma_edge = DMA_EDGE_NONE,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_NOTHING,
	 .help = "older x86: coherent, 32-byte lines, 32-bit layout A1"},
	{.name = "arm926",
	 .layout = LAYOUT_A1,
	 .line_shift = 5,
	 .colours = COLOURS_VIVT,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .slab_minalign_defined = 8,
	 .flush_dcache_page = FDP_ARM_VIVT,
	 .dma_edge = DMA_EDGE_CLEAN_EDGE,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_AGAIN,
	 .help = "AT91SAM9263: 32-bit UP layout A1, VIVT, 32-byte lines, write-back, read-allocate, not coherent"},
	{.name = "ppc8xx",
	 .layout = LAYOUT_A1,
	 .big_endian = true,
	 .line_shift = 4,
	 .write_allocate = true,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .flush_dcache_page = FDP_CLEAR_ARCH_1,
	 .dma_edge = DMA_EDGE_INV,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_AGAIN,
	 .help = "PowerPC 8xx: big endian layout A1, 16-byte lines, write-back, dcbi on every line touched, not "
		 "coherent"},
	{.name = "ppc6xx",
	 .layout = LAYOUT_A1,
	 .big_endian = true,
	 .coherent = true,
	 .line_shift = 5,
	 .write_allocate = true,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .flush_dcache_page = FDP_CLEAR_ARCH_1,
	 .dma_edge = DMA_EDGE_NONE,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_NOTHING,
	 .help = "PowerPC 6xx/7xx: big endian layout A1, 32-byte lines, coherent"},
	{.name = "generic64",
	 .layout = LAYOUT_C,
	 .line_shift = 6,
	 .write_allocate = true,
	 .colours = COLOURS_VIVT,
	 .cpus = 1,
	 .kmalloc_minalign = 8,
	 .slab_minalign = 8,
	 .flush_dcache_page = FDP_ARM_VIVT,
	 .dma_edge = DMA_EDGE_CLEAN_EDGE,
	 .dma_unmap = DMA_REPEAT_NOTHING,
	 .dma_sync = DMA_REPEAT_AGAIN,
	 .help = "64-bit UP layout C, 64-byte lines, write-back edges, arm's VIVT flush_dcache_page, not coherent"},
};

unsigned arch_count(void)
{
	return sizeof(arches) / sizeof(arches[0]);
}

const struct arch *arch_by_name(const char *name)
{
	for (unsigned i = 0; i < arch_count(); i++)
		if (!strcmp(arches[i].name, name))
			return &arches[i];
	return NULL;
}
