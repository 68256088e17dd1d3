/* SPDX-License-Identifier: MIT */
/* Shared by the tests of both SLOBs: one machine, one allocator, short names for its functions. */
#ifndef SLABFUZZ_TESTS_SLOB_RIG_H
#define SLABFUZZ_TESTS_SLOB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/slob_internal.h"

extern const struct allocator_ops allocator_slob_2622, allocator_slob_2624;

static struct sim sim;
static struct allocator slob;
static uint8_t policy[POLICY_COUNT];
static unsigned counts[EVENT_COUNT];
static jmp_buf recovery __attribute__((unused)); /* only where FAULTS() is */

static inline void observe(void *context, const struct event *event)
{
	(void)context;
	counts[event->kind]++;
}

static inline void boot_cpus(const struct allocator_ops *ops, const char *arch, unsigned cpus)
{
	struct sim_config config = {
		.arch = arch_by_name(arch), .actor = ops->name, .policy = policy, .cpus = cpus, .ram_frames = 256};

	sim.observe = NULL;
	sim.preempt = NULL;
	sim.recovery = NULL;
	sim_configure(&sim, &config);
	free(slob.state);
	slob = (struct allocator){.ops = ops, .sim = &sim};
	slob.state = calloc(1, ops->state_size);
	assert_true(ops->init(&slob, NULL));
	memset(counts, 0, sizeof(counts));
	sim.observe = observe;
}

static inline void boot22(const char *arch)
{
	boot_cpus(&allocator_slob_2622, arch, 1);
}

static inline void boot24(const char *arch)
{
	boot_cpus(&allocator_slob_2624, arch, 1);
}

static inline int setup22(void **state)
{
	(void)state;
	memset(policy, 0, sizeof(policy));
	boot22("arm926");
	return 0;
}

static inline int setup24(void **state)
{
	(void)state;
	memset(policy, 0, sizeof(policy));
	boot24("arm926");
	return 0;
}

static inline target_addr_t alloc_from(target_addr_t s, uint64_t size, gfp_t gfp)
{
	struct alloc_request request = {.kmem_cache = s, .size = size, .gfp = gfp};
	target_addr_t object = slob.ops->alloc(&slob, &request);

	sim.steps = STEPS_PER_OP;
	assert_null(slob.ops->invariants(&slob));
	return object;
}

static inline target_addr_t kmalloc(uint64_t size)
{
	return alloc_from(0, size, GFP_WAIT);
}

static inline target_addr_t cache_alloc(target_addr_t s)
{
	return alloc_from(s, 0, GFP_WAIT);
}

/* Without a look at the invariants. */
static inline void free_raw(target_addr_t s, target_addr_t object)
{
	slob.ops->free(&slob, s, object);
	sim.steps = STEPS_PER_OP;
}

static inline void free_to(target_addr_t s, target_addr_t object)
{
	free_raw(s, object);
	assert_null(slob.ops->invariants(&slob));
}

static inline void kfree(target_addr_t object)
{
	free_to(0, object);
}

static inline target_addr_t create(uint64_t size, uint32_t align, uint32_t flags)
{
	struct kmem_cache_request request = {"drv", size, align, flags};

	return slob.ops->cache_create(&slob, &request);
}

static inline uint64_t ksize(target_addr_t object)
{
	return slob.ops->ksize(&slob, object);
}

static inline unsigned grace_period(void)
{
	unsigned ran = slob.ops->grace_period(&slob);

	assert_null(slob.ops->invariants(&slob));
	return ran;
}

static inline frame_t frame_of(target_addr_t addr)
{
	return virt_to_frame(&sim, addr);
}

static inline uint64_t word_at(target_addr_t addr)
{
	return target_get(addr, sim.layout->word, sim.big_endian);
}

static inline int32_t int_at(target_addr_t addr)
{
	return (int32_t)(uint32_t)target_get(addr, 4, sim.big_endian);
}

static inline int unit_at(target_addr_t addr)
{
	return (int16_t)(uint16_t)target_get(addr, SLOB24_UNIT, sim.big_endian);
}

/* The next pages cannot be had. */
static inline void out_of_memory(void)
{
	fault_set(&sim.faults, FAULT_page_alloc, 1, 1000);
}

#define FAULTS(statement)                                                                                              \
	(sim.recovery = &recovery, setjmp(recovery) ? true : ((statement), sim.recovery = NULL, false))

#endif
