/* SPDX-License-Identifier: MIT */
/*
 * What argument kinds can do, private to program/: everything that differs from kind to kind is behind arg_kind_ops.
 * A scope is the state of one pass over the ops: what an argument may refer to at that place.
 */
#ifndef SLABFUZZ_PROGRAM_ARGS_H
#define SLABFUZZ_PROGRAM_ARGS_H

#include "program/prng.h"
#include "program/program.h"
#include "program/text.h"

struct arg_scope {
	uint32_t handles[YIELDS_COUNT]; /* yielded by earlier ops */
	unsigned ops_left;              /* ops that a block opened here may own */
	unsigned depth;
	unsigned ends[PROGRAM_BLOCK_DEPTH_MAX]; /* index after the last op of each open block */
};

void scope_begin(struct arg_scope *scope);
/* Prepares for op i of `op_count`. */
void scope_enter(struct arg_scope *scope, unsigned i, unsigned op_count);
/* Accounts for op i, which is normalised. */
void scope_leave(struct arg_scope *scope, unsigned i, const struct op *op);
/* Brings one op at the entered place into normal form. */
void scope_clip_op(const struct arg_scope *scope, struct op *op);

/* What a random value may lean on. */
struct arg_choice {
	struct prng *r;
	const struct arg_scope *scope;
	const uint32_t *sizes; /* favoured sizes */
	unsigned size_count;   /* 0 = the built-in interesting ones */
};

/* A word of the text and where complaints about it go. */
struct arg_word {
	const char *text;
	size_t length;
	char *what; /* sizeof text_error.what */
};

struct arg_kind_ops {
	uint32_t (*decode)(const struct arg_scope *scope, const uint8_t *bytes);
	uint32_t (*clip)(const struct arg_scope *scope, uint32_t value);
	void (*encode)(uint8_t *bytes, uint32_t value);
	void (*print)(struct text_buffer *out, uint32_t value);
	bool (*parse)(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value);
	uint32_t (*mutate)(const struct arg_choice *choice, uint32_t value);
	enum yields low, high; /* handle class without and with HANDLE_OTHER; NOTHING if not a handle */
	bool follows;          /* a user of a handle usually wants the value its yielding op has */
};
extern const struct arg_kind_ops arg_kind_ops[ARG_KIND_COUNT];

/* Class a value refers to, or YIELDS_NOTHING if it is HANDLE_NONE or no handle. */
static inline enum yields arg_class(enum arg_kind kind, uint32_t value)
{
	if (value == HANDLE_NONE)
		return YIELDS_NOTHING;
	return value & HANDLE_OTHER ? arg_kind_ops[kind].high : arg_kind_ops[kind].low;
}

/* Index of the BLOCK_LENGTH argument of a verb that opens a block. */
unsigned op_block_arg(const struct op *op);
/* Ops the op owns: its block length, or 0. */
unsigned op_block_length(const struct op *op);

/* Decimal or 0x number; false iff it is not one or exceeds 64 bits. */
bool text_number(const char *text, size_t length, uint64_t *value);

#endif
