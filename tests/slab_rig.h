/* SPDX-License-Identifier: MIT */
/* Shared by the tests of SLAB: one machine, one allocator, short names for its functions. */
#ifndef SLABFUZZ_TESTS_SLAB_RIG_H
#define SLABFUZZ_TESTS_SLAB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/slab_internal.h"

extern const struct allocator_ops allocator_slab;

static struct sim sim;
static struct allocator slab;
static uint8_t policy[POLICY_COUNT];
static unsigned counts[EVENT_COUNT];
static char reports[32][1200];
static unsigned report_count;
static const char *debug_prefix = "";
static jmp_buf recovery __attribute__((unused)); /* only where FAULTS() is */

static inline void observe(void *context, const struct event *event)
{
	(void)context;
	counts[event->kind]++;
	if ((event->kind == EVENT_REPORT || event->kind == EVENT_KERNEL_BUG) && report_count < 32)
		snprintf(reports[report_count++], sizeof(reports[0]), "%s", event->text);
}

/* More than 32 MiB: order 1 is tried. */
enum { MUCH_RAM = RAM_FRAMES_MAX, LITTLE_RAM = 8192 };

static inline void boot_ram(const char *arch, uint8_t debug, unsigned cpus, uint32_t frames)
{
	struct sim_config config = {
		.arch = arch_by_name(arch), .actor = "slab", .policy = policy, .cpus = cpus, .ram_frames = frames};

	sim.observe = NULL;
	sim.preempt = NULL;
	sim.recovery = NULL;
	sim_configure(&sim, &config);
	free(slab.state);
	slab = (struct allocator){.ops = &allocator_slab, .sim = &sim, .debug = debug};
	slab.state = calloc(1, allocator_slab.state_size);
	snprintf(slab.debug_prefix, sizeof(slab.debug_prefix), "%s", debug_prefix);
	assert_true(allocator_slab.init(&slab, NULL));
	memset(counts, 0, sizeof(counts));
	report_count = 0;
	sim.observe = observe;
	sim.op = 7;
}

static inline void boot(const char *arch, uint8_t debug)
{
	boot_ram(arch, debug, 1, 2048);
}

enum { ALL_DEBUG = DEBUG_F | DEBUG_Z | DEBUG_P | DEBUG_U };

static inline int setup(void **state)
{
	(void)state;
	memset(policy, 0, sizeof(policy));
	debug_prefix = "";
	boot("arm926", 0);
	return 0;
}

static inline target_addr_t alloc_from(target_addr_t s, uint64_t size, gfp_t gfp)
{
	struct alloc_request request = {.kmem_cache = s, .size = size, .gfp = gfp};
	target_addr_t object = allocator_slab.alloc(&slab, &request);

	sim.steps = STEPS_PER_OP;
	assert_null(allocator_slab.invariants(&slab));
	return object;
}

static inline target_addr_t kmalloc(uint64_t size)
{
	return alloc_from(0, size, GFP_WAIT);
}

static inline void free_to(target_addr_t s, target_addr_t object)
{
	allocator_slab.free(&slab, s, object);
	sim.steps = STEPS_PER_OP;
}

static inline void kfree(target_addr_t object)
{
	free_to(0, object);
}

static inline target_addr_t create(const char *name, uint64_t size, uint32_t align, uint32_t flags)
{
	struct kmem_cache_request request = {name, size, align, flags};

	return allocator_slab.cache_create(&slab, &request);
}

static inline target_addr_t cache(const char *name)
{
	return allocator_slab.boot_cache(&slab, name);
}

static inline uint64_t nr_partial(target_addr_t s)
{
	return allocator_slab.nr_partial(&slab, s);
}

static inline void write_byte(target_addr_t addr, uint8_t byte)
{
	target_store(&sim, addr, 1, byte, ROLE_NONE);
}

#define CACHE(c, field) ((unsigned)target_load_field(&sim, c, LF_slab_cache_##field))
#define FAULTS(statement)                                                                                              \
	(sim.recovery = &recovery, setjmp(recovery) ? true : ((statement), sim.recovery = NULL, false))

static inline target_addr_t slab_of(target_addr_t object)
{
	return page_member(&sim, virt_to_frame(&sim, object), LF_page_lru_prev);
}

static inline target_addr_t cpu_array(target_addr_t c, unsigned cpu)
{
	return slab_cpu_array(&sim, c, cpu);
}

static inline unsigned avail(target_addr_t ac)
{
	return (unsigned)ARRAY_FIELD(&sim, ac, avail);
}

static inline target_addr_t shared_of(target_addr_t c)
{
	return LIST3_FIELD(&sim, CACHE_FIELD(&sim, c, list3), shared);
}

static inline unsigned free_objects(target_addr_t c)
{
	return (unsigned)LIST3_FIELD(&sim, CACHE_FIELD(&sim, c, list3), free_objects);
}

static inline unsigned list_length(target_addr_t c, enum layout_field list)
{
	target_addr_t head = slab_field_place(&sim, CACHE_FIELD(&sim, c, list3), list);
	unsigned count = 0;

	for (target_addr_t link = list_next(&sim, head); link != head; link = list_next(&sim, link))
		count++;
	return count;
}

static inline void sound(void)
{
	const char *broken = allocator_slab.invariants(&slab);

	if (broken)
		fail_msg("%s", broken);
}

static inline void assert_report(unsigned index, const char *words)
{
	assert_true(index < report_count);
	if (!strstr(reports[index], words))
		fail_msg("report %u lacks '%s':\n%s", index, words, reports[index]);
}

/* main() of a test file: a machine around its tests. */
#define RUN_SLAB_TESTS(tests)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		int failed;                                                                                            \
                                                                                                                       \
		if (!sim_create(&sim))                                                                                 \
			return 3;                                                                                      \
		failed = cmocka_run_group_tests(tests, NULL, NULL);                                                    \
		free(slab.state);                                                                                      \
		sim_destroy(&sim);                                                                                     \
		return failed;                                                                                         \
	}

#endif
