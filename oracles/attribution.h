/* SPDX-License-Identifier: MIT */
/*
 * Names for what findings speak of: address ranges as pfn:offset, pages by their flags and the shadow of their writers.
 * Reads sim/ only.
 */
#ifndef SLABFUZZ_ORACLES_ATTRIBUTION_H
#define SLABFUZZ_ORACLES_ATTRIBUTION_H

#include "oracles/oracle.h"
#include "sim/asan.h"
#include "sim/page.h"

struct range_text {
	char text[40];
};

/* "50003:0a8-0af", or "50003:ff8-50004:007" across pages. */
struct range_text range_text(target_addr_t addr, uint64_t size);

/* Offset in RAM and bytes of an event's range clipped to RAM; size 0 if it lies outside. */
struct ram_range {
	uint32_t offset, size;
};

static inline struct ram_range ram_range(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t offset = addr - RAM_BASE;

	if (offset >= sim->ram_size)
		return (struct ram_range){0, 0};
	if (size > sim->ram_size - offset)
		size = sim->ram_size - offset;
	return (struct ram_range){(uint32_t)offset, (uint32_t)size};
}

/* What the CPU sees, whoever owns the byte. */
static inline SIM_UNCHECKED uint8_t cpu_byte(uint32_t offset)
{
	const volatile uint8_t *byte = target_pointer(RAM_BASE + offset);

	return *byte;
}

/* Low flag bits of a page, without a step or an event. */
uint32_t page_flags_quiet(const struct sim *sim, frame_t frame);
/* Owner of the page field that a PAGE_FIELD_MISREAD event tells of. */
const char *misread_victim(const struct sim *sim, const struct event *event);

#endif
