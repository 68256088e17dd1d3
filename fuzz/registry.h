/* SPDX-License-Identifier: MIT */
/* Looks allocators and oracles up by name (registry.def), planted variants included. */
#ifndef SLABFUZZ_FUZZ_REGISTRY_H
#define SLABFUZZ_FUZZ_REGISTRY_H

#include "oracles/oracle.h"

/* A model with one known bug, built from tests/planted/<name>.patch; generated table, empty in fuzz target builds. */
struct planted_allocator {
	const char *name; /* slub+<name> */
	const struct allocator_ops *ops;
	const char *expect; /* signature that it must show */
};
extern const struct planted_allocator planted_allocators[]; /* ended by a NULL name */

extern const struct allocator_ops *const allocators[];
extern const unsigned allocator_count;
extern const struct oracle *const oracles[];
extern const unsigned oracle_count;

/* The name that allocator_by_name() takes: a planted one calls itself as its model does. */
const char *allocator_name(const struct allocator_ops *allocator);
/* By name, planted ones too; NULL if there is none. */
const struct allocator_ops *allocator_by_name(const char *name);

#endif
