/* SPDX-License-Identifier: MIT */
/* Shared by the tests of SLUB: one machine, one allocator, short names for its functions. */
#ifndef SLABFUZZ_TESTS_SLUB_RIG_H
#define SLABFUZZ_TESTS_SLUB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/allocator.h"
#include "sim/page.h"

extern const struct allocator_ops allocator_slub;

static struct sim sim;
static struct allocator slub;
static uint8_t policy[POLICY_COUNT];
static unsigned counts[EVENT_COUNT];
static char reports[32][1200];
static unsigned report_count;
static jmp_buf recovery __attribute__((unused)); /* only where FAULTS() is */

static inline void observe(void *context, const struct event *event)
{
	(void)context;
	counts[event->kind]++;
	if (event->kind == EVENT_REPORT && report_count < 32)
		snprintf(reports[report_count++], sizeof(reports[0]), "%s", event->text);
}

static inline void boot_cpus(const char *arch, uint8_t debug, const char *prefix, unsigned cpus)
{
	struct sim_config config = {
		.arch = arch_by_name(arch), .actor = "slub", .policy = policy, .cpus = cpus, .ram_frames = 2048};

	sim.observe = NULL;
	sim.preempt = NULL;
	sim.recovery = NULL;
	sim_configure(&sim, &config);
	free(slub.state);
	slub = (struct allocator){.ops = &allocator_slub, .sim = &sim, .debug = debug};
	slub.state = calloc(1, allocator_slub.state_size);
	snprintf(slub.debug_prefix, sizeof(slub.debug_prefix), "%s", prefix);
	assert_true(allocator_slub.init(&slub, NULL));
	memset(counts, 0, sizeof(counts));
	report_count = 0;
	sim.observe = observe;
	sim.op = 7;
}

static inline void boot(const char *arch, uint8_t debug)
{
	boot_cpus(arch, debug, "", 1);
}

enum { ALL_DEBUG = DEBUG_F | DEBUG_Z | DEBUG_P | DEBUG_U };

static inline int setup(void **state)
{
	(void)state;
	memset(policy, 0, sizeof(policy));
	boot("arm926", 0);
	return 0;
}

static inline target_addr_t alloc_from(target_addr_t s, uint64_t size, gfp_t gfp)
{
	struct alloc_request request = {.kmem_cache = s, .size = size, .gfp = gfp};
	target_addr_t object = allocator_slub.alloc(&slub, &request);

	sim.steps = STEPS_PER_OP;
	assert_null(allocator_slub.invariants(&slub));
	return object;
}

static inline target_addr_t kmalloc(uint64_t size)
{
	return alloc_from(0, size, GFP_WAIT);
}

static inline void free_to(target_addr_t s, target_addr_t object)
{
	allocator_slub.free(&slub, s, object);
	sim.steps = STEPS_PER_OP;
}

static inline void kfree(target_addr_t object)
{
	free_to(0, object);
}

static inline target_addr_t create(const char *name, uint64_t size, uint32_t align, uint32_t flags)
{
	struct kmem_cache_request request = {name, size, align, flags};

	return allocator_slub.cache_create(&slub, &request);
}

static inline target_addr_t cache(const char *name)
{
	return allocator_slub.boot_cache(&slub, name);
}

static inline uint64_t nr_partial(target_addr_t s)
{
	return allocator_slub.nr_partial(&slub, s);
}

static inline void write_byte(target_addr_t addr, uint8_t byte)
{
	target_store(&sim, addr, 1, byte, ROLE_NONE);
}

#define FIELD_OF(s, field) target_load_field(&sim, s, LF_kmem_cache_##field)
#define FAULTS(statement)                                                                                              \
	(sim.recovery = &recovery, setjmp(recovery) ? true : ((statement), sim.recovery = NULL, false))

static inline frame_t slab_of(target_addr_t object)
{
	return page_head(&sim, virt_to_frame(&sim, object));
}

static inline void assert_report(unsigned index, const char *words)
{
	assert_true(index < report_count);
	if (!strstr(reports[index], words))
		fail_msg("report %u lacks '%s':\n%s", index, words, reports[index]);
}

/* n full slabs of kmalloc-1024 (4 objects each); objects[] in address order per slab. */
static inline void fill_slabs(unsigned n, target_addr_t *objects)
{
	for (unsigned i = 0; i < 4 * n; i++)
		objects[i] = kmalloc(1024);
}

/* `used` slabs with 3 of 4 objects, then `empty` empty ones at the tail: those were flushed while few were partial. */
static inline target_addr_t build_partial(unsigned used, unsigned empty, target_addr_t *o)
{
	target_addr_t s = cache("kmalloc-1024"), last[2];

	sim.cpu = 0;
	fill_slabs(used, o);
	for (sim.cpu = 0; sim.cpu < empty; sim.cpu++)
		last[sim.cpu] = kmalloc(1024);
	for (sim.cpu = 0; sim.cpu < empty; sim.cpu++) {
		kfree(last[sim.cpu]);
		allocator_slub.cpu_offline(&slub, sim.cpu);
	}
	sim.cpu = 0;
	for (unsigned i = 0; i < used; i++)
		kfree(o[4 * i]);
	assert_int_equal(nr_partial(s), used + empty);
	return s;
}

/* A slab of an RCU kmem_cache in limbo; returns an address in it. */
static inline target_addr_t rcu_limbo(target_addr_t *s)
{
	target_addr_t o;

	*s = create("rcu", 64, 0, SLAB_DESTROY_BY_RCU);
	o = alloc_from(*s, 0, GFP_WAIT);
	free_to(*s, o);
	allocator_slub.cache_shrink(&slub, *s);
	return o;
}

/* main() of a test file: a machine around its tests. */
#define RUN_SLUB_TESTS(tests)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		int failed;                                                                                            \
                                                                                                                       \
		if (!sim_create(&sim))                                                                                 \
			return 3;                                                                                      \
		failed = cmocka_run_group_tests(tests, NULL, NULL);                                                    \
		free(slub.state);                                                                                      \
		sim_destroy(&sim);                                                                                     \
		return failed;                                                                                         \
	}

#endif
