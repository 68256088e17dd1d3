/* SPDX-License-Identifier: MIT */
/*
 * Streaming DMA, and a bus master that reads and writes the RAM view.  Cache maintenance: backends/dma_maintain.c.  DMA
 * addresses are RAM addresses; no IOMMU.  What must not be mapped itself goes through bounce slots
 * (backends/swiotlb.c).
 */
#include "backends/dma.h"

#include "backends/cache.h"
#include "backends/dma_device.h"
#include "backends/dma_maintain.h"
#include "sim/asan.h"
#include "sim/memory.h"

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

/* What is asked for may not be mapped by any driver: the DMA layer complains, no allocator has a part in it. */
static bool is_absurd(struct sim *sim, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	static const char outside[] = "DMA mapping outside the linear map";
	struct event warning = {.kind = EVENT_CHECK, .addr = addr, .text = outside};

	if (likely(direction != DMA_NONE && target_in_ram(sim, addr, size)))
		return false;
	sim->running = "dma";
	if (direction == DMA_NONE)
		sim_bug(sim, "DMA mapping with direction NONE");
	if (sim->policy[POLICY_dma_map_check] == DMA_MAP_CHECK_BUG)
		sim_bug(sim, outside);
	emit(sim, &warning);
	sim->running = NULL;
	return true;
}

/* False iff the API or a fault refuses the mapping. */
static bool may_map(struct sim *sim, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	return !is_absurd(sim, addr, size, direction) && !is_refused(sim, addr, size) &&
	       !should_fail(sim, FAULT_dma_map, .size = (uint32_t)size);
}

/* What the cache may do by itself while the device has the memory. */
static void cache_acts(struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t line = UINT64_C(1) << sim->line_shift;
	target_addr_t from = addr & ~(line - 1), until = (addr + size + line - 1) & ~(line - 1);

	if (!size || !target_in_ram(sim, addr, size))
		return;
	if (should_fail(sim, FAULT_cache_evict, .size = (uint32_t)size)) {
		target_addr_t before = from == RAM_BASE ? from : from - line;

		cache_evict(sim, before, (until < RAM_BASE + sim->ram_size ? until + line : until) - before);
	}
	if (sim->arch->speculates && should_fail(sim, FAULT_cache_fill, .size = (uint32_t)size)) {
		for (target_addr_t at = from; at < until; at += line)
			memory_touch_frame(sim, (frame_t)((at - RAM_BASE) >> PAGE_SHIFT));
		cache_prefetch(sim, from, until - from);
	}
}

static void map(struct sim *sim, enum dma_call call, const struct event *event)
{
	emit(sim, event);
	dma_maintain(sim, call, event->addr, 0, event->size, (enum dma_direction)event->value);
	if (sim->lines && event->kind == EVENT_DMA_MAP)
		cache_acts(sim, event->addr, event->size);
}

static uint64_t map_range(struct sim *sim, enum dma_call call, const struct event *event)
{
	enum dma_direction direction = (enum dma_direction)event->value;
	struct event mapped = *event;

	if (!may_map(sim, event->addr, event->size, direction))
		return DMA_MAPPING_ERROR;
	if (swiotlb_needed(sim, event->addr, event->size, direction))
		mapped.addr = swiotlb_map(sim, event->id, event->addr, event->size);
	if (!mapped.addr)
		return DMA_MAPPING_ERROR;
	map(sim, call, &mapped);
	return mapped.addr;
}

uint64_t dma_map_single(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_MAP, .id = id, .addr = addr, .size = size, .value = direction};

	return map_range(sim, DMA_MAP_SINGLE, &event);
}

uint64_t dma_map_page(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	struct event event = {
		.kind = EVENT_DMA_MAP, .id = id, .addr = addr, .size = size, .value = direction, .text = "page"};

	return map_range(sim, DMA_MAP_PAGE, &event);
}

/* Slots for the entries that need them, or none at all. */
static bool bounce_list(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
			enum dma_direction direction)
{
	for (unsigned i = 0; i < count; i++) {
		if (!swiotlb_needed(sim, segments[i].addr, segments[i].size, direction) ||
		    swiotlb_map(sim, id, segments[i].addr, segments[i].size))
			continue;
		while (i--)
			if (swiotlb_owns(sim, swiotlb_bus(sim, id, segments[i].addr)))
				swiotlb_unmap(sim, swiotlb_bus(sim, id, segments[i].addr));
		/* The pool of slots came with the first one: without any it goes as it came. */
		swiotlb_exit(sim);
		return false;
	}
	return true;
}

bool dma_map_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_MAP, .id = id, .value = direction, .text = "sg"};

	for (unsigned i = 0; i < count; i++)
		if (!may_map(sim, segments[i].addr, segments[i].size, direction))
			return false;
	if (!bounce_list(sim, id, segments, count, direction))
		return false;
	for (unsigned i = 0; i < count; i++) {
		event.addr = swiotlb_bus(sim, id, segments[i].addr);
		event.size = segments[i].size;
		map(sim, DMA_MAP_SG, &event);
		sim_preempt_point(sim, POINT_dma_list);
	}
	return true;
}

static void unmap_range(struct sim *sim, enum dma_call call, const struct event *event)
{
	map(sim, call, event);
	if (likely(!swiotlb_owns(sim, event->addr)))
		return;
	if (event->value != DMA_TO_DEVICE)
		swiotlb_copy(sim, event->id, event->addr, event->size, true);
	swiotlb_unmap(sim, event->addr);
}

void dma_unmap_single(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_UNMAP, .id = id, .addr = dma, .size = size, .value = direction};

	unmap_range(sim, DMA_UNMAP_SINGLE, &event);
}

void dma_unmap_page(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = {
		.kind = EVENT_DMA_UNMAP, .id = id, .addr = dma, .size = size, .value = direction, .text = "page"};

	unmap_range(sim, DMA_UNMAP_PAGE, &event);
}

void dma_unmap_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		  enum dma_direction direction)
{
	struct event event = {.kind = EVENT_DMA_UNMAP, .id = id, .value = direction, .text = "sg"};

	for (unsigned i = 0; i < count; i++) {
		event.addr = swiotlb_bus(sim, id, segments[i].addr);
		event.size = segments[i].size;
		unmap_range(sim, DMA_UNMAP_SG, &event);
		sim_preempt_point(sim, POINT_dma_list);
	}
}

/* Bytes [offset, offset + size) of what begins at `base`. */
static void sync(struct sim *sim, enum dma_call call, const struct event *sync, target_addr_t base)
{
	bool bounced = swiotlb_owns(sim, sync->addr), to_cpu = sync->text[0] == 'c';

	/* What is handed over is what the slot holds, so it is filled first, as when it is mapped. */
	if (unlikely(bounced) && !to_cpu && sync->value != DMA_FROM_DEVICE)
		swiotlb_copy(sim, sync->id, sync->addr, sync->size, false);
	emit(sim, sync);
	dma_maintain(sim, call, base, sync->addr - base, sync->size, (enum dma_direction)sync->value);
	if (unlikely(bounced) && to_cpu && sync->value != DMA_TO_DEVICE)
		swiotlb_copy(sim, sync->id, sync->addr, sync->size, true);
	if (sim->lines && !to_cpu)
		cache_acts(sim, sync->addr, sync->size);
}

static struct event sync_event(uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction,
			       const char *to)
{
	return (struct event){
		.kind = EVENT_DMA_SYNC, .id = id, .addr = addr, .size = size, .value = direction, .text = to};
}

void dma_sync_single_for_cpu(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = sync_event(id, dma, size, direction, "cpu");

	sync(sim, DMA_SYNC_FOR_CPU, &event, dma);
}

void dma_sync_single_for_device(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction)
{
	struct event event = sync_event(id, dma, size, direction, "device");

	sync(sim, DMA_SYNC_FOR_DEVICE, &event, dma);
}

void dma_sync_single_range_for_cpu(struct sim *sim, uint32_t id, uint64_t dma, uint64_t offset, uint64_t size,
				   enum dma_direction direction)
{
	struct event event = sync_event(id, dma + offset, size, direction, "cpu");

	sync(sim, DMA_SYNC_RANGE_FOR_CPU, &event, dma);
}

void dma_sync_single_range_for_device(struct sim *sim, uint32_t id, uint64_t dma, uint64_t offset, uint64_t size,
				      enum dma_direction direction)
{
	struct event event = sync_event(id, dma + offset, size, direction, "device");

	sync(sim, DMA_SYNC_RANGE_FOR_DEVICE, &event, dma);
}

void dma_sync_sg(struct sim *sim, uint32_t id, const struct dma_segment *segments, unsigned count,
		 enum dma_direction direction, bool to_cpu)
{
	for (unsigned i = 0; i < count; i++) {
		struct event event = sync_event(id, swiotlb_bus(sim, id, segments[i].addr), segments[i].size, direction,
						to_cpu ? "cpu" : "device");

		sync(sim, to_cpu ? DMA_SYNC_SG_FOR_CPU : DMA_SYNC_SG_FOR_DEVICE, &event, event.addr);
		sim_preempt_point(sim, POINT_dma_list);
	}
}

/* Stores to RAM; an absent line shows them to the CPU, a present one hides them. */
static SIM_UNCHECKED void bus_store(struct sim *sim, uint64_t offset, uint8_t value)
{
	volatile uint8_t *cpu = target_pointer(RAM_BASE + offset);

	sim->ram_view[offset] = value;
	if (!sim->lines || !cache_hides(sim, offset, value))
		*cpu = value;
}

void device_write(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, uint8_t value)
{
	struct event event = {.kind = EVENT_DEVICE_WRITE, .id = id, .size = size, .value = value};

	dma = swiotlb_bus(sim, id, dma);
	event.addr = dma_wired(sim, dma);
	for (uint64_t i = 0; i < size; i++) {
		uint64_t offset = dma_wired(sim, dma + i) - RAM_BASE;

		if (offset >= sim->ram_size)
			break;
		memory_touch_frame(sim, (frame_t)(offset >> PAGE_SHIFT));
		bus_store(sim, offset, value);
	}
	emit(sim, &event);
	if (sim->lines)
		cache_acts(sim, dma, size);
}

void device_read(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size)
{
	struct event event = {.kind = EVENT_DEVICE_READ, .id = id, .size = size};

	event.addr = dma_wired(sim, swiotlb_bus(sim, id, dma));
	emit(sim, &event);
}
