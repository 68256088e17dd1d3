/* SPDX-License-Identifier: MIT */
/*
 * RCU (FACTS 5, 8.5): readers and grace periods, call_rcu(), locks inside objects of DESTROY_BY_RCU caches, and
 * pointers published to other cpus.
 */
#include <string.h>

#include "fuzz/execute.h"
#include "sim/store_buffer.h"

#define LOCK_HELD UINT32_C(0x4b434f4c) /* any other value is a free lock: what a constructor leaves is */
enum { LOCK_BYTES = 4 };

/* The callbacks of call_rcu() run in an interrupt, after those that the allocator queued itself. */
static void run_callbacks(struct executor *x)
{
	uint32_t count = x->rcu_queued, due[PROGRAM_OPS_MAX];

	/* An interrupt amid a free queues the next ones. */
	memcpy(due, x->rcu_queue, count * sizeof(due[0]));
	x->rcu_queued = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct object *o = object_named(x, due[i]);

		invariant(o->dying);
		if (o->state != OBJECT_LIVE)
			continue;
		if (o->origin.kind == ORIGIN_PAGES) {
			io_free_buffer(x, due[i]);
			continue;
		}
		object_freed(x, due[i]);
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, home_of(x, o), o->addr));
	}
}

/* An op under way uses an object that waits for the grace period: whoever calls it is a reader until it is done. */
static bool is_read_amid(const struct executor *x)
{
	for (const struct busy *busy = x->busy; unlikely(busy != NULL); busy = busy->outer)
		if (x->objects[busy->handle].dying)
			return true;
	return false;
}

enum op_result run_grace_period(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_GRACE_PERIOD};

	REQUIRE(x, !x->in_irq);
	(void)op;
	if (!(x->allocator->ops->grace_period || x->rcu_queued) || !sim_rcu_may_end(x->sim) || is_read_amid(x))
		return RESULT_SKIP;
	if (should_fail(x->sim, FAULT_late_grace_period, .size = 1))
		return RESULT_OK;
	/* Each cpu passed a quiescent state, which is a barrier. */
	store_drain_all(x->sim);
	sim_emit(x->sim, &event);
	if (x->allocator->ops->grace_period)
		UNDER_TEST(x->sim, x->allocator->ops->grace_period(x->allocator));
	run_callbacks(x);
	return RESULT_OK;
}

enum op_result run_rcu_read_lock(struct executor *x, const struct op *op)
{
	uint8_t *nesting = &x->sim->rcu_nesting[x->sim->cpu];

	(void)op;
	if (*nesting == UINT8_MAX)
		return RESULT_SKIP;
	if ((*nesting)++ == 0)
		x->reader[x->sim->cpu] = ++x->readers_begun;
	x->sim->rcu_readers++;
	return RESULT_OK;
}

enum op_result run_rcu_read_unlock(struct executor *x, const struct op *op)
{
	uint8_t *nesting = &x->sim->rcu_nesting[x->sim->cpu];

	(void)op;
	if (!*nesting)
		return RESULT_SKIP;
	/* What is locked inside is unlocked inside. */
	REQUIRE(x, !x->lock_count || x->world->config.dma_era);
	if (--*nesting == 0)
		x->sim->rcu_waits &= (uint8_t) ~(1u << x->sim->cpu);
	invariant(x->sim->rcu_readers);
	x->sim->rcu_readers--;
	return RESULT_OK;
}

/* The object must not be found any more by who has no pointer yet. */
enum op_result run_call_rcu(struct executor *x, const struct op *op)
{
	struct object *o = live_object(x, op->arg[0]);
	struct event event = {.kind = EVENT_RCU_QUEUE};
	uint8_t published;
	bool legal;

	if (!o || x->rcu_queued == PROGRAM_OPS_MAX)
		return RESULT_SKIP;
	published = o->published;
	if (published == PUBLISHED_ONCE)
		o->published = PUBLISHED_NEVER; /* waiting for the grace period is what makes that safe */
	legal = may_free(x, o);
	o->published = published;
	if (!legal)
		return RESULT_SKIP;
	o->dying = true;
	invariant(x->rcu_queued < PROGRAM_OPS_MAX);
	x->rcu_queue[x->rcu_queued++] = op->arg[0];
	event.addr = o->addr;
	sim_rcu_queue(x->sim, &event);
	return RESULT_OK;
}

bool reader_may_see(const struct executor *x, const struct object *o)
{
	unsigned cpu = x->sim->cpu;

	if (!o->rcu || !x->sim->rcu_nesting[cpu])
		return false;
	return o->state == OBJECT_LIVE || o->freed_at >= x->reader[cpu] || x->world->config.dma_era;
}

/* Locks inside objects */

bool lock_held_in(const struct executor *x, target_addr_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < x->lock_count; i++)
		if (x->locks[i].addr < addr + size && addr < x->locks[i].addr + LOCK_BYTES)
			return true;
	return false;
}

static void emit_lock(struct executor *x, uint32_t object, target_addr_t addr, bool taken)
{
	struct event event = {.kind = EVENT_LOCK, .addr = addr, .id = object, .value = taken};

	sim_emit(x->sim, &event);
}

enum op_result run_obj_lock(struct executor *x, const struct op *op)
{
	const struct object *o = op->arg[0] < x->count[YIELDS_OBJECT] ? &x->objects[op->arg[0]] : NULL;
	target_addr_t addr;

	if (!o || o->state == OBJECT_NEVER || op->arg[1] + LOCK_BYTES > o->size || x->lock_count == LOCKS_MAX)
		return RESULT_SKIP;
	addr = o->addr + op->arg[1];
	if (!target_in_ram(x->sim, addr, LOCK_BYTES))
		return RESULT_SKIP;
	if (!reader_may_see(x, o)) {
		if (!x->world->config.misuse)
			return RESULT_SKIP;
		misuse_emit(x, misuse_of_store(x, op->arg[0], addr, LOCK_BYTES), op->arg[0], addr, LOCK_BYTES, 0);
	}
	REQUIRE(x, !device_owns(x, addr, LOCK_BYTES));
	/* It would spin. */
	if (lock_held_in(x, addr, LOCK_BYTES) || target_load(x->sim, addr, LOCK_BYTES) == LOCK_HELD)
		return RESULT_FAILED;
	target_store(x->sim, addr, LOCK_BYTES, LOCK_HELD, ROLE_NONE);
	invariant(x->lock_count < LOCKS_MAX);
	x->locks[x->lock_count++] = (struct held_lock){op->arg[0], addr};
	emit_lock(x, op->arg[0], addr, true);
	return RESULT_OK;
}

enum op_result run_obj_unlock(struct executor *x, const struct op *op)
{
	for (uint32_t i = 0; i < x->lock_count; i++) {
		struct held_lock lock = x->locks[i];

		if (lock.object != op->arg[0] || lock.addr != x->objects[lock.object].addr + op->arg[1])
			continue;
		emit_lock(x, lock.object, lock.addr, false);
		target_store(x->sim, lock.addr, LOCK_BYTES, 0, ROLE_NONE);
		x->locks[i] = x->locks[--x->lock_count];
		return RESULT_OK;
	}
	return RESULT_SKIP;
}

/* Published pointers */

static bool in_order(const struct executor *x, enum memory_order_policy weakest)
{
	return x->sim->policy[POLICY_memory_order] <= weakest || x->world->config.dma_era;
}

static bool in_some_slot(const struct executor *x, uint32_t object)
{
	for (unsigned i = 0; i < POINTER_SLOTS; i++)
		if (x->sim->stores->slots[i] == object + 1)
			return true;
	return false;
}

static enum op_result store_pointer(struct executor *x, const struct op *op, bool barrier)
{
	unsigned slot = op->arg[0] % POINTER_SLOTS;
	uint32_t old = x->sim->stores->slots[slot];
	struct object *o = live_object(x, op->arg[1]);

	if (op->arg[1] != HANDLE_NONE && (!o || o->dying || !target_in_ram(x->sim, o->addr, o->size)))
		return RESULT_SKIP;
	/* Who publishes what another cpu stored must have got it from there in order. */
	REQUIRE(x, !o || !store_waits(x->sim, op->arg[1]) || x->world->config.dma_era);
	if (barrier)
		store_barrier(x->sim);
	store_slot(x->sim, slot, o ? op->arg[1] + 1 : 0);
	if (o)
		o->published = PUBLISHED_NOW;
	if (old && !in_some_slot(x, old - 1))
		object_named(x, old - 1)->published = PUBLISHED_ONCE;
	return RESULT_OK;
}

enum op_result run_publish(struct executor *x, const struct op *op)
{
	/* NULL needs no barrier: there is nothing behind it. */
	REQUIRE(x, in_order(x, MEMORY_STRONG) || op->arg[1] == HANDLE_NONE);
	return store_pointer(x, op, false);
}

enum op_result run_rcu_assign_pointer(struct executor *x, const struct op *op)
{
	return store_pointer(x, op, true);
}

static enum op_result follow(struct executor *x, const struct op *op, uint32_t pointer)
{
	struct event event = {.id = pointer - 1, .size = size_value(x, op->arg[2])};
	const struct object *o;

	if (!pointer)
		return RESULT_FAILED;
	o = object_named(x, event.id);
	if (!event.size || op->arg[1] >= o->size || event.size > o->size - op->arg[1])
		return RESULT_SKIP;
	event.addr = o->addr + op->arg[1];
	REQUIRE(x, x->sim->rcu_nesting[x->sim->cpu] && !device_owns(x, event.addr, event.size));
	if (o->state != OBJECT_LIVE)
		REQUIRE(x, reader_may_see(x, o));
	event.kind = o->state == OBJECT_LIVE ? EVENT_SHARED_READ : EVENT_FREED_READ;
	client_load(x, &event);
	return RESULT_OK;
}

enum op_result run_load_pointer(struct executor *x, const struct op *op)
{
	REQUIRE(x, in_order(x, MEMORY_WEAK));
	return follow(x, op, store_view_slot(x->sim, op->arg[0] % POINTER_SLOTS));
}

enum op_result run_rcu_dereference(struct executor *x, const struct op *op)
{
	uint32_t pointer = store_view_slot(x->sim, op->arg[0] % POINTER_SLOTS);

	load_barrier(x->sim);
	return follow(x, op, pointer);
}

enum op_result run_store_drain(struct executor *x, const struct op *op)
{
	return store_drain(x->sim, op->arg[0] % x->sim->cpus, op->arg[1]) ? RESULT_OK : RESULT_FAILED;
}
