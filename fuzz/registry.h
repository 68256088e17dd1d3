/* SPDX-License-Identifier: MIT */
/* Looks allocators and oracles up by name (registry.def), planted variants included. */
#ifndef SLABFUZZ_FUZZ_REGISTRY_H
#define SLABFUZZ_FUZZ_REGISTRY_H

#include "oracles/oracle.h"

/*
 * A model with one known bug, built from tests/planted/<name>.patch; generated table.  The tool links those that
 * targets and tests name and knows the others by name, a target's binary has its own, build/planted/slabfuzz has all.
 */
struct planted_allocator {
	const char *name;                /* slub+<name> */
	const struct allocator_ops *ops; /* NULL: not linked here */
	const char *expect;              /* signature that it must show */
};
extern const struct planted_allocator planted_allocators[]; /* ended by a NULL name */

extern const struct allocator_ops *const allocators[];
extern const unsigned allocator_count;
extern const struct oracle *const oracles[];
extern const unsigned oracle_count;

/* The name that allocator_by_name() takes: a planted one calls itself as its model does. */
const char *allocator_name(const struct allocator_ops *allocator);
/* By name, planted ones too; NULL if there is none, or it is not linked here. */
const struct allocator_ops *allocator_by_name(const char *name);
/* What to say of a name that allocator_by_name() does not know. */
void allocator_unknown(const char *name, char *what, size_t size);

#endif
