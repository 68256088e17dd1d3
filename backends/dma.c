/* SPDX-License-Identifier: MIT */
/*
 * Streaming DMA: maintenance by direction and by the policy for partial lines (FACTS 3.4), and a bus master that reads
 * and writes the RAM view.  DMA addresses are RAM addresses; no IOMMU.  What needs it goes through bounce slots.
 */
#include "backends/dma.h"

#include "backends/cache.h"
#include "backends/dma_device.h"
#include "sim/asan.h"
#include "sim/memory.h"

static enum dma_edge_policy edge_policy(const struct sim *sim)
{
	uint8_t policy = sim->policy[POLICY_dma_edge];

	return policy == DMA_EDGE_ARCH ? sim->arch->dma_edge : (enum dma_edge_policy)policy;
}

static bool repeats(enum dma_repeat_policy row, uint8_t policy)
{
	return (policy == DMA_REPEAT_ARCH ? row : (enum dma_repeat_policy)policy) == DMA_REPEAT_AGAIN;
}

/* King's arm926: write the overlapped first and last line back, then invalidate the rest. */
static void clean_edges(struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << sim->line_shift) - 1;

	if (addr & mask)
		cache_clean(sim, addr & ~mask, 1);
	if ((addr + size) & mask)
		cache_clean(sim, (addr + size) & ~mask, 1);
}

static void from_device(struct sim *sim, target_addr_t addr, uint64_t size)
{
	switch (edge_policy(sim)) {
	case DMA_EDGE_INV:
		cache_invalidate(sim, addr, size);
		return;
	case DMA_EDGE_CLEAN_EDGE:
		clean_edges(sim, addr, size);
		cache_invalidate(sim, addr, size);
		return;
	case DMA_EDGE_FLUSH:
		cache_flush(sim, addr, size);
		return;
	default:
		return;
	}
}

static void maintain(struct sim *sim, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	if (sim->arch->coherent || edge_policy(sim) == DMA_EDGE_NONE)
		return;
	if (direction == DMA_TO_DEVICE)
		cache_clean(sim, addr, size);
	else if (direction == DMA_FROM_DEVICE)
		from_device(sim, addr, size);
	else
		cache_flush(sim, addr, size);
}

static void emit(struct sim *sim, const struct event *event)
{
	sim_emit(sim, event);
}

/* Whole lines only, which the API of the era could not ask for (C54). */
static bool is_refused(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t mask = (UINT64_C(1) << sim->line_shift) - 1;

	return sim->policy[POLICY_require_line_alignment] && !sim->arch->coherent && ((addr | size) & mask);
}

uint64_t dma_map_single(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_MAP, .id = id, .addr = addr, .size = size, .value = direction};

	if (direction == DMA_NONE)
		sim_bug(sim, "DMA mapping with direction NONE");
	if (!target_in_ram(sim, addr, size))
		sim_bug(sim, "DMA mapping outside the linear map");
	if (is_refused(sim, addr, size) || should_fail(sim, FAULT_dma_map))
		return DMA_MAPPING_ERROR;
	if (swiotlb_needed(sim, addr, size, direction))
		event.addr = swiotlb_map(sim, addr, size, direction);
	if (!event.addr)
		return DMA_MAPPING_ERROR;
	emit(sim, &event);
	maintain(sim, event.addr, size, direction);
	return event.addr;
}

void dma_unmap_single(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_UNMAP, .id = id, .addr = dma, .size = size, .value = direction};

	emit(sim, &event);
	if (repeats(sim->arch->dma_unmap, sim->policy[POLICY_dma_unmap]) && direction != DMA_TO_DEVICE)
		maintain(sim, dma, size, direction);
	if (!swiotlb_owns(sim, dma))
		return;
	if (direction != DMA_TO_DEVICE)
		swiotlb_copy(sim, id, dma, size, true);
	swiotlb_unmap(sim, dma);
}

static void sync(struct sim *sim, const struct event *event)
{
	bool bounced = swiotlb_owns(sim, event->addr), to_cpu = !strcmp(event->text, "cpu");

	emit(sim, event);
	if (bounced && !to_cpu && event->value != DMA_FROM_DEVICE)
		swiotlb_copy(sim, event->id, event->addr, event->size, false);
	if (repeats(sim->arch->dma_sync, sim->policy[POLICY_dma_sync]))
		maintain(sim, event->addr, event->size, (enum dma_direction)event->value);
	if (bounced && to_cpu && event->value != DMA_TO_DEVICE)
		swiotlb_copy(sim, event->id, event->addr, event->size, true);
}

void dma_sync_single_for_cpu(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = {
		.kind = EVENT_DMA_SYNC, .id = id, .addr = dma, .size = size, .value = direction, .text = "cpu"};

	sync(sim, &event);
}

void dma_sync_single_for_device(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = {
		.kind = EVENT_DMA_SYNC, .id = id, .addr = dma, .size = size, .value = direction, .text = "device"};

	sync(sim, &event);
}

/* Stores to RAM; an absent line shows them to the CPU, a present one hides them. */
static SIM_UNCHECKED void bus_store(struct sim *sim, uint64_t offset, uint8_t value)
{
	volatile uint8_t *cpu = target_pointer(RAM_BASE + offset);

	sim->ram_view[offset] = value;
	if (!sim->lines || !(sim->lines[offset >> sim->line_shift] & LINE_PRESENT))
		*cpu = value;
}

void device_write(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, uint8_t value)
{
	struct event event = {
		.kind = EVENT_DEVICE_WRITE, .id = id, .addr = dma_wired(sim, dma), .size = size, .value = value};

	for (uint64_t i = 0; i < size; i++) {
		uint64_t offset = dma_wired(sim, dma + i) - RAM_BASE;

		if (offset >= sim->ram_size)
			break;
		memory_touch_frame(sim, (frame_t)(offset >> PAGE_SHIFT));
		bus_store(sim, offset, value);
	}
	emit(sim, &event);
}

void device_read(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size)
{
	struct event event = {.kind = EVENT_DEVICE_READ, .id = id, .addr = dma_wired(sim, dma), .size = size};

	emit(sim, &event);
}
