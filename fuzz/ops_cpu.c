/* SPDX-License-Identifier: MIT */
/* The client's own loads and stores, and the ops that steer faults, interrupts and cpus. */
#include "fuzz/execute.h"
#include "sim/memory.h"
#include "sim/store_buffer.h"

/* Ranges that the device has are not the CPU's. */
static bool cpu_may_touch(struct executor *x, const struct object *o, target_addr_t addr, uint64_t size)
{
	if (x->world->config.dma_era)
		return !device_owns(x, addr, size);
	return !device_owns(x, o->addr, o->size) || cpu_has_synced(x, addr, size);
}

/* A range of a live object that the client may touch now. */
static enum op_result object_range(struct executor *x, const struct op *op, struct event *event)
{
	struct object *o = live_object(x, op->arg[0]);
	uint64_t offset = op->arg[1], size = size_value(x, op->arg[2]);

	if (!o || !target_in_ram(x->sim, o->addr, 1) || !size)
		return RESULT_SKIP;
	if (offset >= o->size || size > o->size - offset)
		return RESULT_SKIP;
	if (!target_in_ram(x->sim, o->addr + offset, size))
		return RESULT_SKIP;
	REQUIRE(x, cpu_may_touch(x, o, o->addr + offset, size));
	if (event->kind == EVENT_OBJECT_WRITE && io_carries(x, op->arg[0]))
		return RESULT_SKIP;
	event->addr = o->addr + offset;
	event->size = size;
	event->id = op->arg[0];
	return RESULT_OK;
}

/*
 * A store that the API forbids: into a free object, or at most a word over either end.  Offsets are not negative, so
 * 65535 is one byte before the object.  Stores farther out are skipped: they hit strangers, of which no contract
 * speaks.
 */
static enum op_result store_misused(struct executor *x, const struct op *op)
{
	uint64_t word = x->sim->layout->word, before = 65536 - (uint64_t)op->arg[1], size = size_value(x, op->arg[2]);
	const struct object *o = object_named(x, op->arg[0]);
	target_addr_t addr;
	enum misuse kind;

	if (o->state == OBJECT_NEVER || !target_in_ram(x->sim, o->addr, 1) || !size || o->size >= 32768)
		return RESULT_SKIP;
	addr = before && before <= word ? o->addr - before : o->addr + op->arg[1];
	if (addr > o->addr + o->size || size > o->addr + o->size + word - addr || !target_in_ram(x->sim, addr, size))
		return RESULT_SKIP;
	REQUIRE(x, cpu_may_touch(x, o, addr, size));
	kind = misuse_of_store(x, op->arg[0], addr, size);
	misuse_emit(x, kind, op->arg[0], addr, size, (uint8_t)op->arg[3]);
	target_fill(x->sim, addr, size, (uint8_t)op->arg[3], ROLE_NONE);
	return RESULT_OK;
}

/* Not over a lock that somebody holds (C84); what others can find already, they may see late. */
static bool may_store(struct executor *x, const struct op *op, const struct event *event)
{
	if (unlikely(x->lock_count) && !x->world->config.dma_era && lock_held_in(x, event->addr, event->size))
		return false;
	return !x->sim->policy[POLICY_memory_order] || !x->objects[op->arg[0]].published;
}

enum op_result run_obj_write(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_OBJECT_WRITE, .value = op->arg[3]};
	enum op_result result = object_range(x, op, &event);

	if (result == RESULT_SKIP && x->world->config.misuse && op->arg[0] < x->count[YIELDS_OBJECT])
		return store_misused(x, op);
	if (result != RESULT_OK)
		return result;
	REQUIRE(x, may_store(x, op, &event));
	if (unlikely(x->sim->policy[POLICY_memory_order]))
		stores_of_object(x->sim, op->arg[0], event.addr, event.size);
	target_fill(x->sim, event.addr, event.size, (uint8_t)op->arg[3], ROLE_NONE);
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

void client_load(struct executor *x, const struct event *event)
{
	/* Lines that come into the cache must be gone after reset, whether anything is ever stored there. */
	for (target_addr_t at = event->addr & ~(target_addr_t)(PAGE_SIZE - 1);
	     x->sim->lines && at < event->addr + event->size; at += PAGE_SIZE)
		memory_touch_frame(x->sim, (frame_t)((at - RAM_BASE) >> PAGE_SHIFT));
	if (x->sim->lines && event->size)
		target_lines_load(x->sim, event->addr, event->size);
	sim_emit(x->sim, event);
}

/* A reader that kept its pointer when the object was freed: an RCU reader may; others change nothing, so no promise is
 * broken by them. */
static enum op_result load_freed(struct executor *x, const struct op *op)
{
	const struct object *o = op->arg[0] < x->count[YIELDS_OBJECT] ? &x->objects[op->arg[0]] : NULL;
	struct event event = {.kind = EVENT_FREED_READ, .id = op->arg[0], .size = size_value(x, op->arg[2])};

	if (!o || o->state != OBJECT_FREED || !event.size)
		return RESULT_SKIP;
	if (!x->world->config.misuse && !reader_may_see(x, o))
		return RESULT_SKIP;
	event.addr = o->addr + op->arg[1];
	if (op->arg[1] >= o->size || event.size > o->size - op->arg[1] || !target_in_ram(x->sim, o->addr, o->size))
		return RESULT_SKIP;
	client_load(x, &event);
	return RESULT_OK;
}

enum op_result run_obj_read(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_OBJECT_READ};
	enum op_result result = object_range(x, op, &event);

	if (result == RESULT_SKIP)
		return load_freed(x, op);
	if (result == RESULT_OK)
		client_load(x, &event);
	return result;
}

/* Blocks are opened by the executor's loop; the header itself does nothing. */
enum op_result run_irq(struct executor *x, const struct op *op)
{
	(void)x;
	(void)op;
	return RESULT_OK;
}

enum op_result run_cpu(struct executor *x, const struct op *op)
{
	(void)x;
	(void)op;
	return RESULT_OK;
}

enum op_result run_task(struct executor *x, const struct op *op)
{
	(void)x;
	(void)op;
	return RESULT_OK;
}

/* Preemption is off inside an RCU reader, of this era. */
enum op_result run_migrate(struct executor *x, const struct op *op)
{
	unsigned cpu = op->arg[0] % x->sim->cpus;

	if (x->schedule.amid) {
		x->schedule.migrate = (int)cpu;
		return RESULT_OK;
	}
	if (x->sim->rcu_nesting[x->sim->cpu] || x->in_irq)
		return RESULT_SKIP;
	x->sim->cpu = cpu;
	return RESULT_OK;
}
