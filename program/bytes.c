/* SPDX-License-Identifier: MIT */
/*
 * Bytes <-> program: verb, repeat - 1, fail_nth, then the arguments packed in order and zero padding.
 * Decoding normalises as it goes and is called once per execution: one pass, no allocation, only used ops touched.
 */
#include "program/bytes.h"

#include <assert.h>
#include <string.h>

#include "program/args.h"

static void decode_op(struct op *op, const struct op_set *set, const struct arg_scope *scope, const uint8_t *bytes)
{
	unsigned code = bytes[0] < set->count ? bytes[0] : bytes[0] % set->count;
	const struct op_descriptor *descriptor = &op_descriptors[set->verbs[code]];
	unsigned a = 0;

	op->verb = set->verbs[code];
	op->repeat = descriptor->flags & OP_REPEATS ? (uint8_t)(1 + bytes[1] % PROGRAM_REPEAT_MAX) : 1;
	op->fail_nth = bytes[2];
	bytes += OP_BYTES - OP_ARG_BYTES;
	for (; a < descriptor->arg_count; a++) {
		enum arg_kind kind = descriptor->args[a];

		op->arg[a] = arg_kind_ops[kind].decode(scope, bytes);
		bytes += arg_kind_descriptors[kind].bytes;
	}
	for (; a < PROGRAM_ARGS_MAX; a++)
		op->arg[a] = 0;
}

void program_decode(struct program *p, const struct op_set *set, const uint8_t *bytes, size_t size)
{
	size_t count = size > 0 && set->count > 0 ? (size - 1) / OP_BYTES : 0;
	struct arg_scope scope;

	p->variant = size > 0 ? bytes[0] : 0;
	p->setting_count = 0;
	p->op_count = count < PROGRAM_OPS_MAX ? (unsigned)count : PROGRAM_OPS_MAX;
	scope_begin(&scope);
	for (unsigned i = 0; i < p->op_count; i++) {
		scope_enter(&scope, i, p->op_count);
		decode_op(&p->ops[i], set, &scope, bytes + 1 + (size_t)i * OP_BYTES);
		scope_leave(&scope, i, &p->ops[i]);
	}
}

static bool encode_op(const struct op *op, const struct op_set *set, uint8_t *bytes)
{
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	const uint8_t *code = set->count > 0 ? memchr(set->verbs, op->verb, set->count) : NULL;

	if (!code)
		return false;
	memset(bytes, 0, OP_BYTES);
	bytes[0] = (uint8_t)(code - set->verbs);
	bytes[1] = (uint8_t)(op->repeat - 1);
	bytes[2] = op->fail_nth;
	bytes += OP_BYTES - OP_ARG_BYTES;
	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		enum arg_kind kind = descriptor->args[a];

		arg_kind_ops[kind].encode(bytes, op->arg[a]);
		bytes += arg_kind_descriptors[kind].bytes;
	}
	return true;
}

size_t program_encode(const struct program *p, const struct op_set *set, uint8_t *bytes, size_t capacity)
{
	size_t size = 1 + (size_t)p->op_count * OP_BYTES;

	if (capacity < size)
		return 0;
	bytes[0] = (uint8_t)p->variant;
	for (unsigned i = 0; i < p->op_count; i++) {
		if (!encode_op(&p->ops[i], set, bytes + 1 + (size_t)i * OP_BYTES))
			return 0;
	}
	return size;
}
