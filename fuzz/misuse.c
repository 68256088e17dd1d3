/* SPDX-License-Identifier: MIT */
/*
 * Which misuse an op commits, judged on the executor's shadow.  A kind is named only where it is certain: the address
 * of a freed object may belong to another by now, and then no contract says anything.
 */
#include "fuzz/execute.h"

void misuse_emit(struct executor *x, enum misuse kind, uint32_t handle, target_addr_t addr, uint64_t size, uint8_t byte)
{
	struct event event = {
		.kind = EVENT_MISUSE, .id = kind, .addr = addr, .size = size, .value = handle | (uint64_t)byte << 32};

	x->misused = true;
	sim_emit(x->sim, &event);
}

/* True iff a live object, other than `handle`, has a byte of the range.  One of size 0 has its first: SLAB gives it a
 * slot of its own. */
static bool strangers_in(const struct executor *x, uint32_t handle, target_addr_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		const struct object *o = &x->objects[i];
		uint64_t held = o->size ? o->size : 1;

		if (i != handle && o->state == OBJECT_LIVE && o->addr < addr + size && addr < o->addr + held)
			return true;
	}
	return false;
}

enum misuse misuse_of_free(struct executor *x, uint32_t handle)
{
	const struct object *o;

	/* A page of an object is no page of the client's, and belongs to the slab. */
	if (handle & HANDLE_OTHER)
		return memory_is_live(x, handle) && !x->pages[handle & ~HANDLE_OTHER].object ? MISUSE_non_slab_free
											     : MISUSE_other;
	if (handle >= x->count[YIELDS_OBJECT] || x->objects[handle].state != OBJECT_FREED)
		return MISUSE_other;
	o = &x->objects[handle];
	/* kmalloc(0) may give a constant, that may be freed at will. */
	if (!o->size || !target_in_ram(x->sim, o->addr, o->size) || strangers_in(x, handle, o->addr, o->size))
		return MISUSE_other;
	/* The allocator itself may have taken the slot, for an off-slab descriptor. */
	if (x->sim->roles[o->addr - RAM_BASE] == ROLE_SLAB_DESC)
		return MISUSE_other;
	return MISUSE_double_free;
}

enum misuse misuse_of_store(struct executor *x, uint32_t handle, target_addr_t addr, uint64_t size)
{
	const struct object *o = object_named(x, handle);
	bool inside = addr >= o->addr && addr + size <= o->addr + o->size;

	if (strangers_in(x, handle, addr, size))
		return MISUSE_other;
	if (o->state == OBJECT_FREED && inside)
		return o->rcu ? MISUSE_rcu_use : MISUSE_write_after_free;
	if (o->state != OBJECT_LIVE)
		return MISUSE_other;
	return addr >= o->addr ? MISUSE_overflow : addr + size <= o->addr + o->size ? MISUSE_underflow : MISUSE_other;
}
