/* SPDX-License-Identifier: MIT */
/* dma_alloc_coherent() and its kin: one function per way to get the memory, and the two ways to see it. */
#include "backends/coherent.h"

#include "backends/cache.h"
#include "sim/memory.h"

bool dma_set_mask(struct sim *sim, unsigned bits)
{
	uint64_t mask = bits >= 63 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint64_t zone = sim->zone_dma ? (uint64_t)sim->zone_dma << PAGE_SHIFT : sim->ram_size;
	struct event event = {.kind = EVENT_DMA_DRIVER, .value = mask, .text = "mask"};

	if (!sim->device || mask < zone - 1)
		return false;
	sim->device->mask = mask;
	sim_emit(sim, &event);
	return true;
}

void dma_set_segments(struct sim *sim, uint64_t max, uint64_t boundary)
{
	struct event told[] = {{.kind = EVENT_DMA_DRIVER, .value = max, .text = "segment-max"},
			       {.kind = EVENT_DMA_DRIVER, .value = boundary, .text = "segment-boundary"}};

	sim->device->segment_max = max;
	sim->device->segment_boundary = boundary;
	sim_emit(sim, &told[0]);
	sim_emit(sim, &told[1]);
}

static unsigned order_of(uint64_t size)
{
	unsigned order = 0;

	while (order < MAX_ORDER && (uint64_t)PAGE_SIZE << order < size)
		order++;
	return order;
}

static frame_t page_count_of(uint64_t size)
{
	return (frame_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static frame_t frame_of(const struct coherent_area *area)
{
	return (frame_t)((area->dma - RAM_BASE) >> PAGE_SHIFT);
}

/* split_page(): each page is freed on its own, those beyond the size at once. */
static void split(struct sim *sim, frame_t frame, unsigned order, frame_t pages)
{
	for (frame_t i = frame + 1; i < frame + (1u << order); i++)
		page_count_set_raw(sim, i, 1);
	for (frame_t i = frame + pages; i < frame + (1u << order); i++)
		free_pages(sim, i, 0);
}

static bool take_pages(struct sim *sim, uint64_t size, gfp_t gfp, struct coherent_area *area)
{
	unsigned order = order_of(size);
	frame_t frame = alloc_pages(sim, gfp, order);

	if (frame == FRAME_NONE)
		return false;
	split(sim, frame, order, page_count_of(size));
	*area = (struct coherent_area){page_address(frame), page_address(frame), size, COHERENT_PAGES};
	return true;
}

/* What the page held must not come back from the cache: neither stores of the last owner nor the zeros. */
static void remap(struct sim *sim, struct coherent_area *area)
{
	frame_t frame = frame_of(area), pages = page_count_of(area->size);

	target_fill(sim, area->cpu, (uint64_t)pages << PAGE_SHIFT, 0, ROLE_NONE);
	cache_flush(sim, area->cpu, (uint64_t)pages << PAGE_SHIFT);
	for (frame_t i = frame; i < frame + pages; i++)
		page_set_flag(sim, i, PG_reserved);
	area->cpu = COHERENT_ALIAS + (area->dma - RAM_BASE);
	area->kind = COHERENT_REMAPPED;
}

static bool take_kmalloc(const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp, struct coherent_area *area)
{
	target_addr_t addr = kmalloc->alloc(kmalloc->context, size, gfp);

	*area = (struct coherent_area){addr, addr, size, COHERENT_KMALLOC};
	return addr != 0;
}

bool coherent_take(struct sim *sim, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
		   struct coherent_area *area)
{
	uint8_t policy = sim->policy[POLICY_coherent_alloc];
	bool remapped = policy == COHERENT_ALLOC_REMAP || (policy == COHERENT_ALLOC_ARCH && !sim->arch->coherent);

	if (should_fail(sim, FAULT_coherent_alloc, .size = (uint32_t)size, .gfp = gfp))
		return false;
	/* ARM's branch for coherent machines, as it was and as Lameter's patch had it: no look at the mask. */
	if (policy == COHERENT_ALLOC_KMALLOC)
		return take_kmalloc(kmalloc, size, gfp, area);
	if (policy == COHERENT_ALLOC_PAGES)
		return take_pages(sim, size, gfp, area);
	if (!take_pages(sim, size, gfp | dma_gfp(sim), area))
		return false;
	if (remapped)
		remap(sim, area);
	else
		target_fill(sim, area->cpu, size, 0, ROLE_NONE);
	return true;
}

bool noncoherent_take(struct sim *sim, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
		      struct coherent_area *area)
{
	if (should_fail(sim, FAULT_coherent_alloc, .size = (uint32_t)size, .gfp = gfp))
		return false;
	if (sim->policy[POLICY_bug_pa11_kmalloc])
		return take_kmalloc(kmalloc, size, gfp, area);
	return take_pages(sim, size, gfp | dma_gfp(sim), area);
}

void coherent_give(struct sim *sim, const struct coherent_kmalloc *kmalloc, const struct coherent_area *area)
{
	frame_t frame = frame_of(area), pages = page_count_of(area->size);

	if (area->kind == COHERENT_NONE)
		return;
	if (area->kind == COHERENT_KMALLOC) {
		kmalloc->free(kmalloc->context, area->cpu);
		return;
	}
	for (frame_t i = frame; i < frame + pages; i++) {
		if (area->kind == COHERENT_REMAPPED)
			page_clear_flag(sim, i, PG_reserved);
		free_pages(sim, i, 0);
	}
}

unsigned coherent_flags(const struct coherent_area *area)
{
	return area->kind == COHERENT_REMAPPED ? COHERENT_UNCACHED : 0;
}

void coherent_tell(struct sim *sim, uint32_t id, const struct coherent_area *area, const char *what, unsigned flags)
{
	struct event event = {
		.kind = EVENT_COHERENT, .addr = area->dma, .size = area->size, .id = id, .value = flags, .text = what};

	sim_emit(sim, &event);
}

bool dma_alloc_coherent(struct sim *sim, uint32_t id, const struct coherent_kmalloc *kmalloc, uint64_t size, gfp_t gfp,
			struct coherent_area *area)
{
	uint8_t policy = sim->policy[POLICY_coherent_alloc];
	bool zeroed = policy == COHERENT_ALLOC_ARCH || policy == COHERENT_ALLOC_REMAP;

	if (!coherent_take(sim, kmalloc, size, gfp, area))
		return false;
	coherent_tell(sim, id, area, "alloc", coherent_flags(area) | (zeroed ? COHERENT_ZEROED : 0u));
	return true;
}

void dma_free_coherent(struct sim *sim, uint32_t id, const struct coherent_kmalloc *kmalloc,
		       const struct coherent_area *area)
{
	coherent_tell(sim, id, area, "free", coherent_flags(area) | (sim->irqs_off ? COHERENT_IRQS_OFF : 0u));
	coherent_give(sim, kmalloc, area);
}

/* Past the cache: a line of the linear mapping that is present hides it from the CPU there. */
static SIM_UNCHECKED void store_uncached(struct sim *sim, uint64_t offset, uint64_t size, uint8_t value)
{
	for (uint64_t i = offset; i < offset + size; i++) {
		volatile uint8_t *cpu = target_pointer(RAM_BASE + i);

		sim->ram_view[i] = value;
		if (!cache_hides(sim, i, value))
			*cpu = value;
	}
}

/* Who was handed an area that is none (a pool that counts what it did not get) uses a bad address. */
static void touch(struct sim *sim, target_addr_t addr, uint64_t size)
{
	for (target_addr_t at = addr & ~(target_addr_t)(PAGE_SIZE - 1); at < addr + size; at += PAGE_SIZE) {
		if (virt_to_frame(sim, at) == FRAME_NONE)
			sim_oops(sim, at, "coherent");
		memory_touch_frame(sim, virt_to_frame(sim, at));
	}
}

void coherent_fill(struct sim *sim, const struct coherent_area *area, uint64_t offset, uint64_t size, uint8_t value)
{
	if (area->kind != COHERENT_REMAPPED) {
		target_fill(sim, area->dma + offset, size, value, ROLE_NONE);
		return;
	}
	touch(sim, area->dma + offset, size);
	store_uncached(sim, area->dma + offset - RAM_BASE, size, value);
}

void coherent_store(struct sim *sim, uint32_t id, const struct coherent_area *area, uint64_t offset, uint64_t size,
		    uint8_t value)
{
	const struct coherent_area part = {0, area->dma + offset, size, area->kind};

	coherent_fill(sim, area, offset, size, value);
	coherent_tell(sim, id, &part, "write", value);
}

void coherent_load(struct sim *sim, uint32_t id, const struct coherent_area *area, uint64_t offset, uint64_t size)
{
	const struct coherent_area part = {0, area->dma + offset, size, area->kind};

	touch(sim, part.dma, size);
	if (sim->lines && area->kind != COHERENT_REMAPPED)
		target_lines_load(sim, part.dma, size);
	coherent_tell(sim, id, &part, "read", coherent_flags(area));
}

frame_t coherent_virt_to_frame(const struct coherent_area *area, uint64_t offset)
{
	return (frame_t)((area->cpu + offset - RAM_BASE) >> PAGE_SHIFT);
}
