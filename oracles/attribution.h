/* SPDX-License-Identifier: MIT */
/*
 * Names for what findings speak of: address ranges as pfn:offset, pages by their flags and the shadow of their writers.
 * Reads sim/ only.
 */
#ifndef SLABFUZZ_ORACLES_ATTRIBUTION_H
#define SLABFUZZ_ORACLES_ATTRIBUTION_H

#include <endian.h>

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

typedef uint64_t __attribute__((may_alias)) view_word;

/* The 8 bytes at an aligned offset; lowest byte first on every host. */
static inline SIM_UNCHECKED uint64_t cpu_word(uint32_t offset)
{
	const volatile view_word *word = (const volatile void *)target_pointer(RAM_BASE + offset);

	return le64toh(*word);
}

static inline uint64_t view_word_at(const uint8_t *view, uint32_t offset)
{
	uint64_t word;

	memcpy(&word, view + offset, sizeof(word));
	return le64toh(word);
}

/* Bit i is set iff byte i of the word is not zero. */
static inline unsigned nonzero_bytes(uint64_t word)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);

	if (!word)
		return 0;
	word = (((word & low) + low) | word) & ~low;
	return (unsigned)((word >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* Bits of the bytes of the word at `at` that lie in [offset, end). */
static inline unsigned bytes_inside(uint32_t at, uint32_t offset, uint32_t end)
{
	unsigned mask = 0xff;

	if (at < offset)
		mask &= 0xffu << (offset - at);
	if (end - at < 8)
		mask &= 0xffu >> (8 - (end - at));
	return mask;
}

/* Low flag bits of a page, without a step or an event. */
uint32_t page_flags_quiet(const struct sim *sim, frame_t frame);
/* _count of the page itself, likewise. */
int32_t page_count_quiet(const struct sim *sim, frame_t frame);
/* Length of the line of a report that says what is wrong, to which *text moves: the first, or that below a ruler. */
size_t report_complaint(const char **text);
/* Owner of the page field that a PAGE_FIELD_MISREAD event tells of. */
const char *misread_victim(const struct sim *sim, const struct event *event);

#endif
