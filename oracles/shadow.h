/* SPDX-License-Identifier: MIT */
/*
 * An oracle's own memory about bytes of RAM: planes of one bit per byte, mapped once, reset page by page as used.
 * Offsets count from RAM_BASE; callers keep ranges inside RAM_SIZE_MAX.
 */
#ifndef SLABFUZZ_ORACLES_SHADOW_H
#define SLABFUZZ_ORACLES_SHADOW_H

#include <string.h>

#include "sim/sim.h"

enum { SHADOW_PLANES_MAX = 3 };

struct shadow {
	uint64_t *plane[SHADOW_PLANES_MAX];
	uint8_t *touched; /* per frame: 1 if listed */
	frame_t *frames;  /* touched frames */
	uint32_t frame_count;
	unsigned planes;
};

/* Zeroed memory that costs nothing until used; failure ends the process as a framework bug. */
void *shadow_map(size_t size);
void shadow_unmap(void *memory, size_t size);
/* Maps the planes on first use; later calls clear what was touched. */
void shadow_begin(struct shadow *shadow, unsigned planes);
void shadow_destroy(struct shadow *shadow);
/* The first touch of a frame. */
void shadow_list(struct shadow *shadow, frame_t frame);

static inline void shadow_touch(struct shadow *shadow, uint32_t offset, uint32_t size)
{
	frame_t last = (offset + size - 1) >> PAGE_SHIFT;

	for (frame_t frame = offset >> PAGE_SHIFT; frame <= last; frame++)
		if (!shadow->touched[frame])
			shadow_list(shadow, frame);
}

/* Bits of the word at `offset` that [offset, end) covers. */
static inline uint64_t shadow_mask(uint32_t offset, uint32_t end)
{
	uint32_t bits = end - offset < 64 - (offset & 63) ? end - offset : 64 - (offset & 63);

	return (bits == 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1) << (offset & 63);
}

static inline void shadow_set(struct shadow *shadow, unsigned plane, uint32_t offset, uint32_t size)
{
	uint32_t end = offset + size;

	if (size == 0)
		return;
	shadow_touch(shadow, offset, size);
	for (; offset < end && (offset & 63 || end - offset < 64); offset = (offset | 63) + 1)
		shadow->plane[plane][offset >> 6] |= shadow_mask(offset, end);
	if (offset >= end)
		return;
	/* Large objects: whole words at once, then the rest. */
	memset(&shadow->plane[plane][offset >> 6], 0xff, (end - offset) / 64 * 8);
	if (end & 63)
		shadow->plane[plane][end >> 6] |= shadow_mask(end & ~UINT32_C(63), end);
}

/* Sets those of the 8 bits from an aligned offset on that are set in `bits`. */
static inline void shadow_set_byte(struct shadow *shadow, unsigned plane, uint32_t offset, uint8_t bits)
{
	shadow_touch(shadow, offset, 8);
	shadow->plane[plane][offset >> 6] |= (uint64_t)bits << (offset & 63);
}

/* The 8 bits from an aligned offset on. */
static inline uint8_t shadow_byte(const struct shadow *shadow, unsigned plane, uint32_t offset)
{
	return (uint8_t)(shadow->plane[plane][offset >> 6] >> (offset & 63));
}

static inline void shadow_clear(struct shadow *shadow, unsigned plane, uint32_t offset, uint32_t size)
{
	uint32_t end = offset + size;

	while (offset < end) {
		uint64_t *word = &shadow->plane[plane][offset >> 6];
		uint32_t page_end = (offset | ((uint32_t)PAGE_SIZE - 1)) + 1;

		if (!shadow->touched[offset >> PAGE_SHIFT]) {
			offset = page_end;
		} else if (offset & 63 || end - offset < 64) {
			*word &= ~shadow_mask(offset, end);
			offset = (offset | 63) + 1;
		} else {
			uint32_t piece = ((end < page_end ? end : page_end) - offset) & ~UINT32_C(63);

			memset(word, 0, piece / 8);
			offset += piece;
		}
	}
}

/* First offset in [offset, end) whose bit is set, or end. */
static inline uint32_t shadow_next(const struct shadow *shadow, unsigned plane, uint32_t offset, uint32_t end)
{
	for (; offset < end; offset = (offset | 63) + 1) {
		uint64_t word;

		if (!shadow->touched[offset >> PAGE_SHIFT]) {
			offset |= (uint32_t)PAGE_SIZE - 1;
			continue;
		}
		word = shadow->plane[plane][offset >> 6];
		if (likely(!word))
			continue;
		word &= shadow_mask(offset, end);
		if (word)
			return (offset & ~UINT32_C(63)) + (uint32_t)__builtin_ctzll(word);
	}
	return end;
}

static inline bool shadow_any(const struct shadow *shadow, unsigned plane, uint32_t offset, uint32_t size)
{
	return shadow_next(shadow, plane, offset, offset + size) != offset + size;
}

static inline bool shadow_bit(const struct shadow *shadow, unsigned plane, uint32_t offset)
{
	return shadow->plane[plane][offset >> 6] >> (offset & 63) & 1;
}

#endif
