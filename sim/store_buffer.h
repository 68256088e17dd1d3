/* SPDX-License-Identifier: MIT */
/*
 * Stores that other cpus do not see yet (C63).  Policy memory_order: strong, nothing waits; weak, stores of a cpu to
 * objects and to published pointers reach the others one by one, in an order that the program chooses and only
 * barriers and equal addresses bound; alpha, besides, a reader sees what reached it only after a barrier of its own.
 * Memory holds what the storing cpu sees; what waits remembers the bytes that were there before.
 * Too many waiting stores: the oldest is seen at once.
 */
#ifndef SLABFUZZ_SIM_STORE_BUFFER_H
#define SLABFUZZ_SIM_STORE_BUFFER_H

#include "sim/sim.h"

enum { STORES_MAX = 32, STORE_BYTES_MAX = 64, POINTER_SLOTS = 4 };

/* A store to bytes of an object, or to a slot if size is 0. */
struct pending_store {
	target_addr_t addr; /* first byte, or number of the slot */
	uint32_t owner;     /* handle of the object */
	uint32_t old_value; /* of the slot */
	uint8_t cpu, size;
	uint8_t epoch;  /* barriers that the cpu had executed */
	uint8_t unseen; /* alpha: mask of cpus that it has reached, and that have not looked */
	bool drained;   /* it has reached the other cpus */
	uint8_t old[STORE_BYTES_MAX];
};

struct store_buffer {
	struct pending_store pending[STORES_MAX]; /* oldest first; sim->store_count of them */
	uint32_t slots[POINTER_SLOTS]; /* published: handle of the object + 1, as the last to store sees it */
	uint8_t epoch[CPUS_MAX];
};

/* To be called before the store, once per store of the running cpu; nothing happens on a strongly ordered machine. */
void stores_of_object(struct sim *sim, uint32_t owner, target_addr_t addr, uint64_t size);
void store_slot(struct sim *sim, unsigned slot, uint32_t value);
/* smp_wmb(): what this cpu stored before reaches others before what it stores from now on. */
void store_barrier(struct sim *sim);
/* read_barrier_depends(): this cpu sees all that has reached it. */
void load_barrier(struct sim *sim);
/* The n-th store of the cpu, modulo those that may go, reaches the others.  False if none waits. */
bool store_drain(struct sim *sim, unsigned cpu, unsigned n);
/* True iff a store of another cpu to the object has not reached this one. */
bool store_waits(const struct sim *sim, uint32_t owner);
/* All stores of all cpus are seen, as at the end of a grace period. */
void store_drain_all(struct sim *sim);
/* What the running cpu sees: a byte of that object, a slot. */
uint8_t store_view_byte(const struct sim *sim, uint32_t owner, target_addr_t addr);
uint32_t store_view_slot(const struct sim *sim, unsigned slot);
/* For the reset of the machine: nothing waits, nothing is published. */
void store_begin(struct sim *sim);

#endif
