/* SPDX-License-Identifier: MIT */
/* A foreign heap in miniature: plain C on pointers into its region, the contract's three mandatory functions only. */
#ifndef SLABFUZZ_TESTS_BUMP_HEAP_H
#define SLABFUZZ_TESTS_BUMP_HEAP_H

#include "allocators/allocator.h"

extern const struct allocator_ops allocator_bump;
/* The same with one bug: the header of the block after the last is written past the region. */
extern const struct allocator_ops allocator_bump_overrun;
/* The same with another: a block of 48 bytes advances by 40. */
extern const struct allocator_ops allocator_bump_overlap;

/* The same with what ends processes: a wild store, an endless loop and an abort() at the third block. */
extern const struct allocator_ops allocator_bump_wild, allocator_bump_spin, allocator_bump_abort;

/* One that grows by region_more(), and its bugs: it takes a refusal, a short grant, a gap for what it asked for. */
extern const struct allocator_ops allocator_bump_growing;
extern const struct allocator_ops allocator_bump_unrefused;
extern const struct allocator_ops allocator_bump_unshortened;
extern const struct allocator_ops allocator_bump_adjacent;

#endif
