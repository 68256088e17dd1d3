/* SPDX-License-Identifier: MIT */
/*
 * Delta debugging on ops: every step edits a normalised copy and keeps it if the predicate still holds.
 * Handles follow their ops, so removing an op does not change what the others refer to.  Deterministic.
 */
#include "program/minimize.h"

#include "program/args.h"

enum { POINTS_TRIED = 32, PAIRED_MAX = 32 };

struct shrink {
	struct program *best;
	minimize_predicate *keeps;
	bool (*keep_going)(void *context);
	void *context;
	unsigned calls;
	bool improved, stopped;
};

/* True iff the candidate differs and keeps the property; it is the best then. */
static bool accept(struct shrink *s, struct program *candidate)
{
	program_normalize(candidate);
	if (s->stopped || program_equal_ops(candidate, s->best))
		return false;
	if (s->keep_going && !s->keep_going(s->context)) {
		s->stopped = true;
		return false;
	}
	s->calls++;
	if (!s->keeps(s->context, candidate))
		return false;
	*s->best = *candidate;
	s->improved = true;
	return true;
}

static bool try_remove(struct shrink *s, unsigned i, unsigned count)
{
	struct program candidate = *s->best;

	program_remove_ops(&candidate, i, count);
	return accept(s, &candidate);
}

static bool try_repeat(struct shrink *s, unsigned i, unsigned repeat)
{
	struct program candidate = *s->best;

	program_set_repeat(&candidate, i, repeat);
	return accept(s, &candidate);
}

static bool try_arg(struct shrink *s, unsigned i, unsigned a, uint32_t value)
{
	struct program candidate = *s->best;

	candidate.ops[i].arg[a] = value;
	return accept(s, &candidate);
}

static void cut_tail(struct shrink *s)
{
	for (unsigned cut = s->best->op_count / 2; cut > 0 && !s->stopped;) {
		if (cut > s->best->op_count || !try_remove(s, s->best->op_count - cut, cut))
			cut /= 2;
	}
}

/* From the end, since later ops use what earlier ones yield. */
static void remove_chunks(struct shrink *s, unsigned size)
{
	for (unsigned end = s->best->op_count; end > 0 && !s->stopped;) {
		unsigned begin = end > size ? end - size : 0;

		try_remove(s, begin, end - begin);
		end = begin;
	}
}

/* A block header together with its ops; the header alone goes with the single ops, which unwraps the block. */
static void remove_blocks(struct shrink *s)
{
	for (unsigned i = s->best->op_count; i-- > 0 && !s->stopped;) {
		unsigned length = op_block_length(&s->best->ops[i]);

		if (length > 0)
			try_remove(s, i, length + 1);
	}
}

static bool try_remove_pair(struct shrink *s, unsigned i, unsigned k)
{
	struct program candidate = *s->best;

	program_remove_op(&candidate, k);
	program_remove_op(&candidate, i);
	return accept(s, &candidate);
}

/* What only together can go: a get and its put, with others between them.  Last, and from few ops. */
static void remove_pairs(struct shrink *s)
{
	for (unsigned k = s->best->op_count; k-- > 1 && !s->stopped;)
		for (unsigned i = k; i-- > 0 && k < s->best->op_count && !s->stopped;)
			if (try_remove_pair(s, i, k))
				break;
}

static void lower_repeat(struct shrink *s, unsigned i)
{
	if (s->best->ops[i].repeat == 1 || try_repeat(s, i, 1))
		return;
	while (s->best->ops[i].repeat > 2 && try_repeat(s, i, s->best->ops[i].repeat / 2u))
		;
	if (s->best->ops[i].repeat > 2)
		try_repeat(s, i, s->best->ops[i].repeat - 1u);
}

static void drop_fail_nth(struct shrink *s, unsigned i)
{
	struct program candidate = *s->best;

	if (candidate.ops[i].fail_nth == 0)
		return;
	candidate.ops[i].fail_nth = 0;
	if (accept(s, &candidate))
		return;
	candidate = *s->best;
	candidate.ops[i].fail_nth = 1;
	accept(s, &candidate);
}

/* Equal neighbours become one op with repeat; handles keep their numbers. */
static void merge_neighbours(struct shrink *s)
{
	for (unsigned i = 0; i + 1 < s->best->op_count && !s->stopped;) {
		struct program candidate = *s->best;

		if (!program_merge_next(&candidate, i) || !accept(s, &candidate))
			i++;
	}
}

/* Kinds whose values are ordered, so that half of one is simpler. */
static bool is_number(enum arg_kind kind)
{
	switch (kind) {
	case ARG_SIZE:
	case ARG_OFFSET:
	case ARG_COUNT:
	case ARG_POINT:
	case ARG_ALIGN:
	case ARG_ORDER:
	case ARG_CPU:
	case ARG_BLOCK_LENGTH:
		return true;
	default:
		return false;
	}
}

/* Zero is the simplest value of every kind but the handles, which stay. */
static void simplify_arg(struct shrink *s, unsigned i, unsigned a)
{
	const struct op *op = &s->best->ops[i];
	enum arg_kind kind = op_descriptors[op->verb].args[a];
	uint32_t before;

	if (arg_kind_ops[kind].low != YIELDS_NOTHING || arg_kind_ops[kind].high != YIELDS_NOTHING)
		return;
	if (op->arg[a] == 0 || try_arg(s, i, a, 0))
		return;
	if (kind == ARG_SLAB_FLAGS) {
		for (uint32_t bit = 1; bit <= op->arg[a]; bit <<= 1) {
			if (op->arg[a] & bit)
				try_arg(s, i, a, op->arg[a] & ~bit);
		}
	}
	if (!is_number(kind))
		return;
	/* A point is good or not, whatever its half is. */
	for (uint32_t point = 1; kind == ARG_POINT && point < op->arg[a] && point < POINTS_TRIED; point++)
		if (try_arg(s, i, a, point))
			return;
	do {
		before = op->arg[a];
	} while (before > 1 && before < SIZE_NEAR_MAX && try_arg(s, i, a, before / 2) && op->arg[a] < before);
}

static void simplify_ops(struct shrink *s)
{
	for (unsigned i = s->best->op_count; i-- > 0 && !s->stopped;) {
		lower_repeat(s, i);
		drop_fail_nth(s, i);
		for (unsigned a = 0; a < op_descriptors[s->best->ops[i].verb].arg_count; a++)
			simplify_arg(s, i, a);
	}
}

unsigned program_minimize(struct program *p, minimize_predicate *keeps, void *context,
			  bool (*keep_going)(void *context))
{
	struct shrink s = {p, keeps, keep_going, context, 0, false, false};

	cut_tail(&s);
	do {
		s.improved = false;
		for (unsigned size = p->op_count / 2; size > 1; size /= 2)
			remove_chunks(&s, size);
		remove_blocks(&s);
		remove_chunks(&s, 1);
		simplify_ops(&s);
		merge_neighbours(&s);
		if (!s.improved && p->op_count <= PAIRED_MAX)
			remove_pairs(&s);
	} while (s.improved && !s.stopped);
	return s.calls;
}
