/* SPDX-License-Identifier: MIT */
/*
 * A rig for tests of oracles: the machine is real (sim/, backends/), the executor and the allocator are played by hand,
 * and the four oracles watch together, so that each test also shows that the others stay silent.
 */
#ifndef SLABFUZZ_TESTS_ORACLE_RIG_H
#define SLABFUZZ_TESTS_ORACLE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/cache.h"
#include "backends/dma.h"
#include "backends/mapping.h"
#include "oracles/oracle.h"
#include "sim/page.h"

extern const struct oracle oracle_object_lifetime, oracle_page_overlay, oracle_cacheline_overlap, oracle_kernel_report;

enum { ORACLES = 4, OBJECTS = 32 };

static const struct oracle *const oracles[ORACLES] = {&oracle_object_lifetime, &oracle_page_overlay,
						      &oracle_cacheline_overlap, &oracle_kernel_report};

static struct rig {
	struct sim sim;
	uint8_t policy[POLICY_COUNT];
	struct object objects[OBJECTS];
	uint32_t count;
	struct oracle_context context;
	void *state[ORACLES];
	struct findings findings;
	target_addr_t page; /* a page of the allocator */
} rig;

static inline void observe(void *context, const struct event *event)
{
	(void)context;
	for (unsigned i = 0; i < ORACLES; i++)
		if (oracles[i]->wants >> event->kind & 1)
			oracles[i]->observe(rig.state[i], &rig.context, event, &rig.findings);
}

static inline void emit(struct event event)
{
	sim_emit(&rig.sim, &event);
}

/* The op under way from here on. */
static inline void op(const char *by)
{
	emit((struct event){.kind = EVENT_OP_END, .id = rig.sim.op});
	rig.sim.by = by;
	rig.sim.op++;
	emit((struct event){.kind = EVENT_OP_BEGIN, .id = rig.sim.op, .text = by});
}

/* A new program on an arch row; `page` is one page of the allocator, from which tests carve objects. */
static inline void start(const char *arch)
{
	struct sim_config config = {.arch = arch_by_name(arch), .actor = "toy", .policy = rig.policy, .ram_frames = 64};

	assert_non_null(config.arch);
	rig.sim.observe = NULL;
	sim_configure(&rig.sim, &config);
	memset(rig.objects, 0, sizeof(rig.objects));
	rig.count = 0;
	rig.findings.count = 0;
	for (unsigned i = 0; i < ORACLES; i++)
		oracles[i]->begin(rig.state[i], &rig.context);
	rig.sim.observe = observe;
	op("alloc_pages");
	rig.page = page_address(alloc_pages(&rig.sim, 0, 0));
}

/* An object that the toy allocator returns; each is its own client. */
static inline uint32_t object(target_addr_t addr, uint64_t size)
{
	uint32_t handle = rig.count++;

	op("kmalloc");
	rig.objects[handle] = (struct object){.addr = addr, .size = size, .client = handle, .state = OBJECT_LIVE};
	emit((struct event){.kind = EVENT_OBJECT_ALLOC, .addr = addr, .size = size, .id = handle});
	return handle;
}

static inline void release(uint32_t handle)
{
	struct object *o = &rig.objects[handle];

	op("kfree");
	emit((struct event){.kind = EVENT_OBJECT_FREE, .addr = o->addr, .size = o->size, .id = handle});
	o->state = OBJECT_FREED;
	o->freed_by = rig.sim.op;
}

static inline void store(uint32_t handle, uint8_t value)
{
	struct object *o = &rig.objects[handle];

	op("obj_write");
	target_fill(&rig.sim, o->addr, o->size, value, ROLE_NONE);
	emit((struct event){
		.kind = EVENT_OBJECT_WRITE, .addr = o->addr, .size = o->size, .value = value, .id = handle});
}

static inline void load(uint32_t handle)
{
	struct object *o = &rig.objects[handle];

	op("obj_read");
	emit((struct event){.kind = EVENT_OBJECT_READ, .addr = o->addr, .size = o->size, .id = handle});
	for (uint64_t i = 0; i < o->size; i++)
		target_load(&rig.sim, o->addr + i, 1);
}

static inline void map(uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	op("dma_map");
	dma_map_single(&rig.sim, id, addr, size, direction);
}

static inline void unmap(uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	op("dma_unmap");
	dma_unmap_single(&rig.sim, id, addr, size, direction);
}

static inline void device(uint32_t id, target_addr_t addr, uint64_t size, uint8_t value)
{
	op("device_write");
	device_write(&rig.sim, id, addr, size, value);
}

static inline void evict(target_addr_t addr, uint64_t size)
{
	op("cache_evict");
	cache_evict(&rig.sim, addr, size);
}

static inline void flush_page(const char *text)
{
	op("flush_dcache_page");
	emit((struct event){.kind = EVENT_FLUSH_PAGE, .addr = rig.page, .size = PAGE_SIZE, .text = text});
}

/* Exactly these signatures, in order; then the list is empty again. */
static inline void expect(unsigned count, ...)
{
	va_list args;

	va_start(args, count);
	for (unsigned i = 0; i < count; i++) {
		const char *want = va_arg(args, const char *);

		if (i >= rig.findings.count)
			fail_msg("missing: %s", want);
		assert_string_equal(rig.findings.list[i].signature, want);
	}
	va_end(args);
	if (rig.findings.count > count)
		fail_msg("not expected: %s\n%s", rig.findings.list[count].signature, rig.findings.list[count].detail);
	rig.findings.count = 0;
}

static inline int setup(void **state)
{
	(void)state;
	if (!sim_create(&rig.sim))
		return -1;
	memset(rig.policy, 0, sizeof(rig.policy));
	rig.context = (struct oracle_context){.sim = &rig.sim, .objects = rig.objects, .object_count = &rig.count};
	for (unsigned i = 0; i < ORACLES; i++)
		rig.state[i] = calloc(1, oracles[i]->state_size);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ORACLES; i++) {
		if (oracles[i]->destroy)
			oracles[i]->destroy(rig.state[i]);
		free(rig.state[i]);
	}
	sim_destroy(&rig.sim);
	return 0;
}

#endif
