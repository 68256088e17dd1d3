/* SPDX-License-Identifier: MIT */
/* Program -> text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program/args.h"
#include "program/notes.h"
#include "program/text.h"
#include "sim/invariant.h"

void text_printf(struct text_buffer *out, const char *format, ...)
{
	size_t room = out->capacity - out->size;
	va_list args;
	int length;

	invariant(out->size <= out->capacity);
	va_start(args, format);
	length = vsnprintf(room > 0 ? out->bytes + out->size : NULL, room, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < room) {
		out->size += (size_t)length;
		return;
	}
	out->overflow = true;
	if (room > 0)
		out->size = out->capacity - 1;
}

void op_print(const struct program *p, unsigned i, const uint32_t *first, struct text_buffer *out)
{
	const struct op *op = &p->ops[i];
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	char letter = yields_letter(descriptor->yields);

	if (descriptor->yields != YIELDS_NOTHING)
		text_printf(out, "%c%u = ", letter, (unsigned)first[i]);
	text_printf(out, "%s", descriptor->name);
	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		text_printf(out, " ");
		arg_kind_ops[descriptor->args[a]].print(out, op->arg[a]);
	}
	if (op->repeat > 1)
		text_printf(out, " repeat=%u", op->repeat);
	if (op->fail_nth > 0)
		text_printf(out, " fail_nth=%u", op->fail_nth);
	if (descriptor->flags & OP_OPENS_BLOCK)
		text_printf(out, " {");
	if (op_yield_count(op) > 1)
		text_printf(out, "      # %c%u..%c%u", letter, (unsigned)first[i], letter,
			    (unsigned)(first[i] + op_yield_count(op) - 1));
}

static void indent(struct text_buffer *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		text_printf(out, "\t");
}

static void print_world(const struct program *p, struct text_buffer *out)
{
	text_printf(out, "world");
	for (unsigned i = 0; i < p->setting_count; i++)
		text_printf(out, " %s=%s", p->settings[i].key, p->settings[i].value);
	text_printf(out, "\n");
}

/* Closes the blocks that end before op `next`. */
static void close_blocks(const unsigned *ends, unsigned *depth, unsigned next, struct text_buffer *out)
{
	while (*depth > 0 && ends[*depth - 1] <= next) {
		indent(out, --*depth);
		text_printf(out, "}\n");
	}
}

void program_print(const struct program *p, const struct program_notes *notes, struct text_buffer *out)
{
	unsigned ends[PROGRAM_BLOCK_DEPTH_MAX + 1]; /* one more: an empty block in the deepest one */
	uint32_t first[PROGRAM_OPS_MAX];
	unsigned depth = 0;

	if (out->capacity > out->size)
		out->bytes[out->size] = '\0';
	if (notes)
		notes_print(notes, out);
	if (p->setting_count > 0)
		print_world(p, out);
	program_number_handles(p, first);
	for (unsigned i = 0; i < p->op_count; i++) {
		indent(out, depth);
		op_print(p, i, first, out);
		text_printf(out, "\n");
		if (op_descriptors[p->ops[i].verb].flags & OP_OPENS_BLOCK) {
			invariant(depth <= PROGRAM_BLOCK_DEPTH_MAX);
			ends[depth++] = i + 1 + op_block_length(&p->ops[i]);
		}
		close_blocks(ends, &depth, i + 1, out);
	}
}
