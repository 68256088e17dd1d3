/* SPDX-License-Identifier: MIT */
/* Store buffers of all cpus in one list, so that the order of stores to one address is that of the list. */
#include "sim/store_buffer.h"

#include <string.h>

#include "sim/target_memory.h"

void store_begin(struct sim *sim)
{
	memset(sim->stores->slots, 0, sizeof(sim->stores->slots));
	memset(sim->stores->epoch, 0, sizeof(sim->stores->epoch));
	sim->store_count = 0;
	sim->stores_used = false;
}

static void remove_store(struct sim *sim, unsigned i)
{
	struct pending_store *list = sim->stores->pending;

	invariant(i < sim->store_count && sim->store_count <= STORES_MAX);
	sim->store_count--;
	memmove(list + i, list + i + 1, (sim->store_count - i) * sizeof(list[0]));
}

static struct pending_store *add_store(struct sim *sim)
{
	struct pending_store *store;

	if (sim->store_count == STORES_MAX)
		remove_store(sim, 0);
	sim->stores_used = true;
	store = &sim->stores->pending[sim->store_count++];
	invariant(sim->cpu < CPUS_MAX);
	store->cpu = (uint8_t)sim->cpu;
	store->epoch = sim->stores->epoch[sim->cpu];
	store->unseen = 0;
	store->drained = false;
	return store;
}

void stores_of_object(struct sim *sim, uint32_t owner, target_addr_t addr, uint64_t size)
{
	if (sim->policy[POLICY_memory_order] == MEMORY_STRONG)
		return;
	while (size) {
		struct pending_store *store = add_store(sim);

		store->owner = owner;
		store->addr = addr;
		store->size = (uint8_t)(size < STORE_BYTES_MAX ? size : STORE_BYTES_MAX);
		for (unsigned i = 0; i < store->size; i++)
			store->old[i] = (uint8_t)target_read_raw(addr + i, 1, false);
		addr += store->size;
		size -= store->size;
	}
}

void store_slot(struct sim *sim, unsigned slot, uint32_t value)
{
	invariant(slot < POINTER_SLOTS);
	if (sim->policy[POLICY_memory_order] != MEMORY_STRONG) {
		struct pending_store *store = add_store(sim);

		store->addr = slot;
		store->size = 0;
		store->old_value = sim->stores->slots[slot];
	}
	sim->stores_used = true;
	sim->stores->slots[slot] = value;
}

void store_barrier(struct sim *sim)
{
	sim->stores_used = true;
	sim->stores->epoch[sim->cpu]++;
}

void load_barrier(struct sim *sim)
{
	for (unsigned i = 0; i < sim->store_count;) {
		struct pending_store *store = &sim->stores->pending[i];

		store->unseen &= (uint8_t) ~(1u << sim->cpu);
		if (store->drained && !store->unseen)
			remove_store(sim, i);
		else
			i++;
	}
}

static bool same_place(const struct pending_store *a, const struct pending_store *b)
{
	if (!a->size || !b->size)
		return !a->size && !b->size && a->addr == b->addr;
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/* Not before what its cpu stored on the other side of a barrier, nor before an older store to the same place. */
static bool may_go(const struct sim *sim, unsigned i)
{
	const struct pending_store *store = &sim->stores->pending[i];

	for (unsigned k = 0; k < i; k++) {
		const struct pending_store *older = &sim->stores->pending[k];

		if (older->drained)
			continue;
		if (same_place(older, store) || (older->cpu == store->cpu && older->epoch != store->epoch))
			return false;
	}
	return !store->drained;
}

static void drain_one(struct sim *sim, unsigned i)
{
	struct pending_store *store = &sim->stores->pending[i];

	/* A published pointer lies in another bank of alpha's cache than what it points to: that one is idle. */
	if (sim->policy[POLICY_memory_order] == MEMORY_ALPHA && store->size) {
		store->drained = true;
		store->unseen = (uint8_t)(((1u << sim->cpus) - 1) & ~(1u << store->cpu));
	}
	if (!store->unseen)
		remove_store(sim, i);
}

bool store_drain(struct sim *sim, unsigned cpu, unsigned n)
{
	unsigned eligible = 0;

	for (unsigned i = 0; i < sim->store_count; i++)
		eligible += sim->stores->pending[i].cpu == cpu && may_go(sim, i);
	if (!eligible)
		return false;
	n %= eligible;
	for (unsigned i = 0; i < sim->store_count; i++)
		if (sim->stores->pending[i].cpu == cpu && may_go(sim, i) && n-- == 0) {
			drain_one(sim, i);
			break;
		}
	return true;
}

void store_drain_all(struct sim *sim)
{
	sim->store_count = 0;
}

/* True iff the running cpu does not see the store yet. */
static bool is_hidden(const struct sim *sim, const struct pending_store *store)
{
	if (store->drained)
		return store->unseen >> sim->cpu & 1;
	return store->cpu != sim->cpu;
}

bool store_waits(const struct sim *sim, uint32_t owner)
{
	for (unsigned i = 0; i < sim->store_count; i++) {
		const struct pending_store *store = &sim->stores->pending[i];

		if (store->size && store->owner == owner && !store->drained && is_hidden(sim, store))
			return true;
	}
	return false;
}

uint8_t store_view_byte(const struct sim *sim, uint32_t owner, target_addr_t addr)
{
	/* What lay there before the oldest store that is hidden. */
	for (unsigned i = 0; i < sim->store_count; i++) {
		const struct pending_store *store = &sim->stores->pending[i];

		if (store->owner == owner && addr - store->addr < store->size && is_hidden(sim, store))
			return store->old[addr - store->addr];
	}
	return (uint8_t)target_read_raw(addr, 1, false);
}

uint32_t store_view_slot(const struct sim *sim, unsigned slot)
{
	invariant(slot < POINTER_SLOTS);
	for (unsigned i = 0; i < sim->store_count; i++) {
		const struct pending_store *store = &sim->stores->pending[i];

		if (!store->size && store->addr == slot && is_hidden(sim, store))
			return store->old_value;
	}
	return sim->stores->slots[slot];
}
