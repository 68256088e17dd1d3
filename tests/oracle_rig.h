/* SPDX-License-Identifier: MIT */
/*
 * A rig for tests of oracles: the machine is real (sim/, backends/), the executor and the allocator are played by hand,
 * and all oracles watch together, so that each test also shows that the others stay silent.
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

#define ORACLE(name) extern const struct oracle oracle_##name;
#define ALLOCATOR(name)
#include "fuzz/registry.def"
#undef ORACLE

static const struct oracle *const oracles[] = {
#define ORACLE(name) &oracle_##name,
#include "fuzz/registry.def"
#undef ORACLE
#undef ALLOCATOR
};

enum { ORACLES = sizeof(oracles) / sizeof(oracles[0]), OBJECTS = 32 };

static struct rig {
	struct sim sim;
	uint8_t policy[POLICY_COUNT];
	struct object objects[OBJECTS];
	uint32_t count;
	bool under_way; /* an op has begun */
	struct oracle_context context;
	void *state[ORACLES];
	struct findings findings;
	target_addr_t page; /* a page of the allocator */
	struct allocator toy;
	struct allocator_ops ops; /* the toy's contract, for tests to change */
	const char *broken;       /* what the toy's own check says */
} rig;

static inline const char *toy_invariants(struct allocator *a)
{
	(void)a;
	return rig.broken;
}

static inline void observe(void *context, const struct event *event)
{
	unsigned idle = IDLE_IF_ALONE | (rig.sim.lines ? 0u : IDLE_IF_COHERENT) |
			(rig.context.misuse ? (unsigned)IDLE_IF_MISUSE : (unsigned)IDLE_IF_LEGAL);

	(void)context;
	rig.context.depth += event->kind == EVENT_OP_BEGIN;
	for (unsigned i = 0; i < ORACLES; i++)
		if ((oracles[i]->wants | (rig.context.misuse ? oracles[i]->wants_in_misuse : 0)) >> event->kind & 1 &&
		    !(oracles[i]->idle & idle))
			oracles[i]->observe(rig.state[i], &rig.context, event, &rig.findings);
	rig.context.depth -= event->kind == EVENT_OP_END;
}

static inline void emit(struct event event)
{
	sim_emit(&rig.sim, &event);
}

/* The op under way from here on. */
static inline void op(const char *by)
{
	if (rig.under_way)
		emit((struct event){.kind = EVENT_OP_END, .id = rig.sim.op, .text = "ok"});
	rig.under_way = true;
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
	rig.under_way = false;
	rig.context.depth = 0;
	rig.findings.count = 0;
	rig.broken = NULL;
	rig.ops = (struct allocator_ops){.name = "toy", .contract = {.align_min = 1}, .invariants = toy_invariants};
	rig.toy = (struct allocator){.ops = &rig.ops, .sim = &rig.sim};
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

/* The program is over; findings of the ends. */
static inline void finish(void)
{
	emit((struct event){.kind = EVENT_OP_END, .id = rig.sim.op, .text = "ok"});
	for (unsigned i = 0; i < ORACLES; i++)
		if (oracles[i]->end)
			oracles[i]->end(rig.state[i], &rig.context, &rig.findings);
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
	rig.context = (struct oracle_context){
		.sim = &rig.sim, .allocator = &rig.toy, .objects = rig.objects, .object_count = &rig.count};
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
