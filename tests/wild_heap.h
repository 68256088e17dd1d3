/* SPDX-License-Identifier: MIT */
/* A native heap whose third alloc() stores far in front of its own state: whom it hits crashes later. */
#ifndef SLABFUZZ_TESTS_WILD_HEAP_H
#define SLABFUZZ_TESTS_WILD_HEAP_H

#include "allocators/allocator.h"

extern const struct allocator_ops allocator_wild_heap;

#endif
