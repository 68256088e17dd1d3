/* SPDX-License-Identifier: MIT */
/* A planted double allocation: if this is not found, fuzzing does not work here. */
#include "fuzz/target.h"

static const uint8_t verbs[] = {OP_kmalloc, OP_kfree, OP_obj_write, OP_obj_read, OP_COUNT};

const struct target target = {
	.name = "canary",
	.help = "a planted double allocation that must be found wherever fuzzing runs",
	.kind = TARGET_CANARY,
	.variants = {"arch=x86 allocator=slub+double-alloc profile=safe debug=-"},
	.expects = {"overlap"},
	.verbs = verbs,
	.ops_max = 32,
};
