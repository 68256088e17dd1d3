/* SPDX-License-Identifier: MIT */
/* The registry's tables.  Explicit lines, not constructors: fixed order, and static linking cannot drop an entry. */
#include "fuzz/registry.h"

#include <stdio.h>
#include <string.h>

#define ALLOCATOR(name) extern const struct allocator_ops allocator_##name;
#define ORACLE(name)    extern const struct oracle oracle_##name;
#include "fuzz/registry.def"
#undef ALLOCATOR
#undef ORACLE

const struct allocator_ops *const allocators[] = {
#define ALLOCATOR(name) &allocator_##name,
#define ORACLE(name)
#include "fuzz/registry.def"
#undef ALLOCATOR
#undef ORACLE
};
const unsigned allocator_count = sizeof(allocators) / sizeof(allocators[0]);

const struct oracle *const oracles[] = {
#define ALLOCATOR(name)
#define ORACLE(name) &oracle_##name,
#include "fuzz/registry.def"
#undef ALLOCATOR
#undef ORACLE
};
const unsigned oracle_count = sizeof(oracles) / sizeof(oracles[0]);

const char *allocator_name(const struct allocator_ops *allocator)
{
	for (unsigned i = 0; planted_allocators[i].name; i++)
		if (planted_allocators[i].ops == allocator)
			return planted_allocators[i].name;
	return allocator->name;
}

const struct allocator_ops *allocator_by_name(const char *name)
{
	for (unsigned i = 0; i < allocator_count; i++)
		if (!strcmp(allocators[i]->name, name))
			return allocators[i];
	for (unsigned i = 0; planted_allocators[i].name; i++)
		if (!strcmp(planted_allocators[i].name, name))
			return planted_allocators[i].ops;
	return NULL;
}

void allocator_unknown(const char *name, char *what, size_t size)
{
	for (unsigned i = 0; planted_allocators[i].name; i++)
		if (!strcmp(planted_allocators[i].name, name)) {
			snprintf(what, size, "%.40s is in build/planted/slabfuzz, which make planted builds", name);
			return;
		}
	snprintf(what, size, "there is no allocator '%.40s'", name);
}
