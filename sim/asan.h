/* SPDX-License-Identifier: MIT */
/*
 * AddressSanitizer and target memory (DESIGN 4): frames that nobody owns are poisoned by hand, so native foreign code
 * is caught at the instruction.  The machine itself (reset, line copies, bus master, wild accesses) works underneath.
 */
#ifndef SLABFUZZ_SIM_ASAN_H
#define SLABFUZZ_SIM_ASAN_H

#include "sim/types.h"

#if defined(SIM_ASAN)
/* The build says so: code that is not instrumented poisons memory for code that is. */
#elif defined(__SANITIZE_ADDRESS__)
#define SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN 1
#endif
#endif

#define SIM_UNCHECKED __attribute__((no_sanitize("address")))

/* Fill, check and copy loops tell an engine nothing: coverage of them is only time (DESIGN 9). */
#if defined(__clang__)
#define SIM_UNCOVERED __attribute__((no_sanitize("coverage")))
#else
#define SIM_UNCOVERED
#endif

/*
 * Functions of headers.  Where coverage is traced, accessors are calls: inlined, each use of one would count as
 * branches of the code under test.  They look before they touch memory, so sanitizers need not.
 */
#if defined(__has_feature)
#if __has_feature(coverage_sanitizer)
#define SIM_ACCESSOR static __attribute__((noinline, unused)) SIM_UNCOVERED SIM_UNCHECKED
#endif
#endif
#ifndef SIM_ACCESSOR
#define SIM_ACCESSOR static inline
#endif
/* Their parts, which take over whether the caller is covered and checked. */
#define SIM_PART static inline __attribute__((always_inline))

#ifdef SIM_ASAN
#include <sanitizer/asan_interface.h>
static inline void sim_poison(target_addr_t addr, uint64_t size)
{
	__asan_poison_memory_region((void *)(uintptr_t)addr, (size_t)size);
}
static inline void sim_unpoison(target_addr_t addr, uint64_t size)
{
	__asan_unpoison_memory_region((void *)(uintptr_t)addr, (size_t)size);
}
#else
static inline void sim_poison(target_addr_t addr, uint64_t size)
{
	(void)addr;
	(void)size;
}
static inline void sim_unpoison(target_addr_t addr, uint64_t size)
{
	(void)addr;
	(void)size;
}
#endif

#endif
