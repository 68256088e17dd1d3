/* SPDX-License-Identifier: MIT */
/* Bounce slots: first fit of consecutive ones, copies by the CPU through its cache. */
#include "backends/swiotlb.h"

#include "backends/dma_device.h"

static struct swiotlb *slots_of(const struct sim *sim)
{
	return sim->device ? &sim->device->swiotlb : NULL;
}

/* kmalloc_size_roundup() of 6.5: powers of two from 8 bytes on, 96 and 192. */
static uint64_t bucket_of(uint64_t size)
{
	uint64_t bucket = 8;

	if ((size > 64 && size <= 96) || (size > 128 && size <= 192))
		return size <= 96 ? 96 : 192;
	while (bucket < size)
		bucket *= 2;
	return bucket;
}

/* dma_kmalloc_needs_bounce(): by size alone; where the pointer came from it cannot know. */
static bool small_needs_bounce(const struct sim *sim, uint64_t size, enum dma_direction direction)
{
	uint64_t line = UINT64_C(1) << sim->line_shift;

	if (!sim_kmalloc_bounces(sim) || sim->arch->coherent || direction == DMA_TO_DEVICE)
		return false;
	return size < 2 * line && bucket_of(size) % line != 0;
}

bool swiotlb_needed(const struct sim *sim, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	return sim->device && (!dma_reaches(sim, addr, size) || small_needs_bounce(sim, size, direction));
}

static target_addr_t slot_address(const struct swiotlb *swiotlb, unsigned i)
{
	return page_address(swiotlb->frame) + (uint64_t)i * SWIOTLB_SLOT;
}

/* First of `count` free slots in a row, or SWIOTLB_SLOTS. */
static unsigned find_slots(const struct swiotlb *swiotlb, unsigned count)
{
	unsigned free = 0;

	for (unsigned i = 0; i < SWIOTLB_SLOTS; i++) {
		free = swiotlb->slot[i].used ? 0 : free + 1;
		if (free == count)
			return i + 1 - count;
	}
	return SWIOTLB_SLOTS;
}

static void copy(struct sim *sim, uint32_t id, target_addr_t to, target_addr_t from, uint64_t size)
{
	struct event event = {.kind = EVENT_DMA_BOUNCE, .addr = to, .size = size, .id = id};

	target_copy(sim, to, from, size);
	sim_emit(sim, &event);
}

/* The kernel has them from boot on. */
static frame_t boot_pages(struct sim *sim)
{
	bool irqs_off = sim->irqs_off;
	frame_t frame;

	sim->irqs_off = true;
	frame = alloc_pages(sim, GFP_ZONE_DMA, SWIOTLB_ORDER);
	sim->irqs_off = irqs_off;
	return frame;
}

uint64_t swiotlb_map(struct sim *sim, uint32_t id, target_addr_t addr, uint64_t size)
{
	struct swiotlb *swiotlb = slots_of(sim);
	uint64_t count = (size + SWIOTLB_SLOT - 1) / SWIOTLB_SLOT;
	unsigned first;

	if (count > SWIOTLB_SLOTS || should_fail(sim, FAULT_bounce_full, .size = (uint32_t)size))
		return 0;
	if (swiotlb->frame == FRAME_NONE)
		swiotlb->frame = boot_pages(sim);
	if (swiotlb->frame == FRAME_NONE)
		return 0;
	first = find_slots(swiotlb, (unsigned)count);
	if (first == SWIOTLB_SLOTS)
		return 0;
	for (unsigned i = first; i < first + count; i++)
		swiotlb->slot[i].used = true;
	swiotlb->slot[first].original = addr;
	swiotlb->slot[first].size = size;
	swiotlb->slot[first].id = id;
	swiotlb->slot[first].slots = (uint8_t)count;
	sim_preempt_point(sim, POINT_dma_bounce);
	/* Whatever the direction: a device may write less than it was given, and all of it is copied back. */
	copy(sim, id, slot_address(swiotlb, first), addr, size);
	return slot_address(swiotlb, first);
}

/* First slot of the mapping that a bus address lies in, or SWIOTLB_SLOTS. */
static unsigned slot_of(const struct sim *sim, uint64_t dma)
{
	const struct swiotlb *swiotlb = slots_of(sim);
	uint64_t offset;
	unsigned i;

	if (!swiotlb || swiotlb->frame == FRAME_NONE)
		return SWIOTLB_SLOTS;
	offset = dma - page_address(swiotlb->frame);
	if (offset >= (uint64_t)SWIOTLB_SLOTS * SWIOTLB_SLOT || !swiotlb->slot[offset / SWIOTLB_SLOT].used)
		return SWIOTLB_SLOTS;
	i = (unsigned)(offset / SWIOTLB_SLOT);
	while (!swiotlb->slot[i].original) {
		invariant(i > 0);
		i--;
	}
	return i;
}

uint64_t swiotlb_bus(const struct sim *sim, uint32_t id, uint64_t addr)
{
	const struct swiotlb *swiotlb = slots_of(sim);

	if (likely(!swiotlb || swiotlb->frame == FRAME_NONE))
		return addr;
	for (unsigned i = 0; i < SWIOTLB_SLOTS; i++) {
		uint64_t offset = addr - swiotlb->slot[i].original;

		if (swiotlb->slot[i].original && swiotlb->slot[i].id == id && offset < swiotlb->slot[i].size)
			return slot_address(swiotlb, i) + offset;
	}
	return addr;
}

bool swiotlb_owns(const struct sim *sim, uint64_t dma)
{
	return slot_of(sim, dma) != SWIOTLB_SLOTS;
}

void swiotlb_copy(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, bool from_slot)
{
	const struct swiotlb *swiotlb = slots_of(sim);
	unsigned i = slot_of(sim, dma);
	uint64_t offset;
	target_addr_t original;

	invariant(i < SWIOTLB_SLOTS);
	offset = dma - slot_address(swiotlb, i);
	original = swiotlb->slot[i].original + offset;
	/* A client that names more than it mapped gets no more. */
	if (offset >= swiotlb->slot[i].size)
		return;
	if (size > swiotlb->slot[i].size - offset)
		size = swiotlb->slot[i].size - offset;
	copy(sim, id, from_slot ? original : dma, from_slot ? dma : original, size);
}

void swiotlb_unmap(struct sim *sim, uint64_t dma)
{
	struct swiotlb *swiotlb = slots_of(sim);
	unsigned first = slot_of(sim, dma), count;

	invariant(first < SWIOTLB_SLOTS);
	count = swiotlb->slot[first].slots;
	invariant(count && first + count <= SWIOTLB_SLOTS);
	for (unsigned i = first; i < first + count; i++)
		swiotlb->slot[i].used = false;
	swiotlb->slot[first].original = 0;
}

bool swiotlb_exit(struct sim *sim)
{
	struct swiotlb *swiotlb = slots_of(sim);
	frame_t frame;

	if (!swiotlb || swiotlb->frame == FRAME_NONE)
		return true;
	for (unsigned i = 0; i < SWIOTLB_SLOTS; i++)
		if (swiotlb->slot[i].used)
			return false;
	frame = swiotlb->frame;
	/* Forgotten first: an interrupt while the pages go back must not map into them. */
	swiotlb->frame = FRAME_NONE;
	free_pages(sim, frame, SWIOTLB_ORDER);
	return true;
}
