/* SPDX-License-Identifier: MIT */
/*
 * The end of a program in a world with drain=1: the client gives back all it holds, grace periods end, created
 * kmem_caches are destroyed and the allocator reclaims.  What is still allocated then is leaked, and what fitted once
 * must fit again.  A program that leaves a DMA mapping is not drained: a device may still write.
 */
#include "fuzz/execute.h"

enum { GRACE_PERIODS_MAX = 1000 };

static bool device_may_write(const struct executor *x)
{
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++)
		if (x->mappings[i].live)
			return true;
	return false;
}

static void put_references(struct executor *x)
{
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++)
		for (; x->object_pins[i]; x->object_pins[i]--)
			page_drop(x->sim, virt_to_frame(x->sim, x->objects[i].addr));
	for (uint32_t i = 0; i < x->count[YIELDS_PAGE]; i++)
		for (; x->pages[i].extra_references; x->pages[i].extra_references--)
			page_drop(x->sim, x->pages[i].frame);
}

/* Frees all objects; the largest size of them that kmalloc() gave. */
static uint64_t free_objects(struct executor *x)
{
	uint64_t largest = 0;

	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		struct object *o = &x->objects[i];
		struct event event = {.kind = EVENT_OBJECT_FREE, .addr = o->addr, .size = o->size, .id = i};

		if (o->state != OBJECT_NEVER && o->origin.kind == ORIGIN_KMALLOC && o->size > largest)
			largest = o->size;
		if (o->state != OBJECT_LIVE)
			continue;
		if (o->origin.kind == ORIGIN_PAGES) {
			io_free_buffer(x, i);
			continue;
		}
		if (target_in_ram(x->sim, o->addr, 1))
			sim_emit(x->sim, &event);
		o->state = OBJECT_FREED;
		o->freed_by = x->sim->op;
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, home_of(x, o), o->addr));
	}
	return largest;
}

static void free_pages_of_client(struct executor *x)
{
	for (uint32_t i = 0; i < x->count[YIELDS_PAGE]; i++) {
		struct page_handle *p = &x->pages[i];

		if (p->live)
			free_pages(x->sim, p->frame, p->order);
		p->live = false;
	}
}

static void end_grace_periods(struct executor *x)
{
	struct event event = {.kind = EVENT_GRACE_PERIOD};

	for (unsigned i = 0; x->allocator->ops->grace_period && i < GRACE_PERIODS_MAX; i++) {
		sim_emit(x->sim, &event);
		if (!UNDER_TEST(x->sim, x->allocator->ops->grace_period(x->allocator)))
			return;
	}
}

static void destroy_caches(struct executor *x)
{
	for (uint32_t i = 0; i < x->count[YIELDS_KMEM_CACHE]; i++) {
		struct event event = {.kind = EVENT_CACHE_DESTROY, .id = i};

		if (!x->caches[i].addr)
			continue;
		event.value = UNDER_TEST(x->sim, x->allocator->ops->cache_destroy(x->allocator, x->caches[i].addr));
		x->caches[i].addr = 0;
		sim_emit(x->sim, &event);
	}
}

/* Their blocks are free, or the program would not be drained. */
static void destroy_pools(struct executor *x)
{
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);

	for (uint32_t i = 0; i < x->count[YIELDS_POOL]; i++) {
		if (x->pools[i].live)
			UNDER_TEST(x->sim, dma_pool_exit(x->sim, &x->pools[i].pool, &kmalloc));
		x->pools[i].live = false;
	}
}

/* The empty allocator is asked again for the largest object that it ever gave. */
static void probe(struct executor *x, uint64_t size)
{
	const struct alloc_request request = {.size = size, .gfp = GFP_WAIT};
	struct event event = {.kind = EVENT_PROBE, .size = size};
	target_addr_t addr;

	if (!size || x->allocator->ops->contract.never_reuses)
		return;
	addr = UNDER_TEST(x->sim, x->allocator->ops->alloc(x->allocator, &request));
	event.value = addr != 0;
	sim_emit(x->sim, &event);
	if (addr)
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, addr));
}

void executor_drain(struct executor *x)
{
	struct event begin = {.kind = EVENT_OP_BEGIN, .id = x->program->op_count, .text = "drain"};
	struct event end = {.kind = EVENT_OP_END, .id = x->program->op_count, .text = "ok"};
	struct event drained = {.kind = EVENT_DRAINED};
	struct sim *sim = x->sim;
	uint64_t largest;

	if (x->over || device_may_write(x))
		return;
	sim->by = begin.text;
	sim->op = x->program->op_count;
	sim->steps = STEPS_PER_OP;
	sim->rcu_readers = 0;
	sim->rcu_waits = 0;
	fault_stop(&sim->faults);
	x->world->oracle_context.depth++;
	sim_emit(sim, &begin);
	io_drain(x);
	if (x->mm.used)
		unmap_all(x);
	put_references(x);
	largest = free_objects(x);
	UNDER_TEST(x->sim, page_frag_drain(sim, &x->frag));
	free_pages_of_client(x);
	end_grace_periods(x);
	destroy_caches(x);
	end_grace_periods(x);
	destroy_pools(x);
	UNDER_TEST(x->sim, swiotlb_exit(sim));
	if (x->allocator->ops->reclaim)
		UNDER_TEST(x->sim, x->allocator->ops->reclaim(x->allocator));
	sim_emit(sim, &drained);
	sim->steps = STEPS_PER_OP;
	probe(x, largest);
	sim_emit(sim, &end);
	x->world->oracle_context.depth--;
}
