/* SPDX-License-Identifier: MIT */
/*
 * Mutation and crossover on whole ops.  Every edit keeps the remaining handles meaning what they meant, so a program
 * stays as sensible as it was but for the edit; each ends normalised.
 */
#include "program/mutate.h"

#include <string.h>

#include "program/edit.h"

enum { EDITS_MAX = 4, SEGMENT_MAX = 8 };

struct edit {
	struct program *p;
	const struct op_profile *profile;
	struct prng *r;
};

static unsigned ops_max(const struct op_profile *profile)
{
	return profile->ops_max < PROGRAM_OPS_MAX ? profile->ops_max : PROGRAM_OPS_MAX;
}

static unsigned any_op(const struct edit *e)
{
	return prng_below(e->r, e->p->op_count);
}

/* Walks to the place before op i, so that what is live there is known. */
static void compose_until(const struct edit *e, struct composer *c, unsigned i)
{
	composer_begin(c, e->p, e->profile->set, e->r);
	for (unsigned k = 0; k < i; k++) {
		scope_enter(&c->scope, k, e->p->op_count);
		composer_account(c, k);
	}
	scope_enter(&c->scope, i, e->p->op_count + 1);
}

static void insert_op(const struct edit *e)
{
	struct composer c;
	struct op op;
	unsigned i = prng_below(e->r, e->p->op_count + 1);
	enum verb verb = (enum verb)e->profile->set->verbs[prng_below(e->r, e->profile->set->count)];

	if (e->p->op_count >= ops_max(e->profile))
		return;
	compose_until(e, &c, i);
	composer_fill(&c, composer_feasible_verb(&c, verb), &op);
	program_insert_op(e->p, i, &op);
}

static void append_op(const struct edit *e)
{
	struct composer c;
	struct op op;
	enum verb verb = (enum verb)e->profile->set->verbs[prng_below(e->r, e->profile->set->count)];

	if (e->p->op_count >= ops_max(e->profile))
		return;
	compose_until(e, &c, e->p->op_count);
	composer_fill(&c, composer_feasible_verb(&c, verb), &op);
	program_insert_op(e->p, e->p->op_count, &op);
}

static void remove_ops(const struct edit *e)
{
	unsigned i = any_op(e), count = prng_one_in(e->r, 4) ? 1 + prng_below(e->r, SEGMENT_MAX) : 1;

	program_remove_ops(e->p, i, count < e->p->op_count - i ? count : e->p->op_count - i);
}

/* The copy means the same objects as the original, which is what a double free needs. */
static void duplicate_op(const struct edit *e)
{
	struct op op = e->p->ops[any_op(e)];

	if (e->p->op_count < ops_max(e->profile))
		program_insert_op(e->p, prng_below(e->r, e->p->op_count + 1), &op);
}

static void swap_ops(const struct edit *e)
{
	unsigned i = any_op(e);
	struct op op = e->p->ops[i];

	program_remove_op(e->p, i);
	program_insert_op(e->p, prng_below(e->r, e->p->op_count + 1), &op);
}

static void recompose_op(const struct edit *e)
{
	struct composer c;
	struct op op;
	unsigned i = any_op(e);
	enum verb verb = (enum verb)e->p->ops[i].verb;

	compose_until(e, &c, i);
	composer_fill(&c, verb, &op);
	/* Its handles keep their number only if it yields as many. */
	op.repeat = e->p->ops[i].repeat;
	if (op_descriptors[verb].flags & OP_OPENS_BLOCK)
		return;
	e->p->ops[i] = op;
}

static void mutate_argument(const struct edit *e)
{
	struct composer c;
	struct arg_choice choice = {e->r, &c.scope, NULL, 0};
	unsigned i = any_op(e), a;
	struct op *op = &e->p->ops[i];
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];

	if (!descriptor->arg_count)
		return;
	a = prng_below(e->r, descriptor->arg_count);
	compose_until(e, &c, i);
	op->arg[a] = arg_kind_ops[descriptor->args[a]].mutate(&choice, op->arg[a]);
}

/* Two ops that agree on a size or handle often belong together. */
static void copy_argument(const struct edit *e)
{
	struct op *op = &e->p->ops[any_op(e)];
	const struct op *from = &e->p->ops[any_op(e)];
	const struct op_descriptor *to_kinds = &op_descriptors[op->verb], *from_kinds = &op_descriptors[from->verb];

	for (unsigned tries = 0; tries < 4 && to_kinds->arg_count && from_kinds->arg_count; tries++) {
		unsigned a = prng_below(e->r, to_kinds->arg_count), b = prng_below(e->r, from_kinds->arg_count);

		if (to_kinds->args[a] != from_kinds->args[b])
			continue;
		op->arg[a] = from->arg[b];
		return;
	}
}

static void set_property(const struct edit *e)
{
	unsigned i = any_op(e);

	if ((op_descriptors[e->p->ops[i].verb].flags & OP_REPEATS) && !prng_one_in(e->r, 4))
		program_set_repeat(e->p, i,
				   prng_one_in(e->r, 3) ? 1 : 1 + prng_below(e->r, prng_one_in(e->r, 3) ? 64 : 8));
	else if (op_set_has(e->profile->set, OP_fault_set))
		e->p->ops[i].fail_nth = (uint8_t)(prng_one_in(e->r, 2) ? 0 : 1 + prng_below(e->r, 4));
}

static void change_variant(const struct edit *e)
{
	if (prng_one_in(e->r, 4))
		e->p->variant = prng_below(e->r, e->profile->variant_count);
}

typedef void edit_fn(const struct edit *e);

/* Listed as often as they should come. */
static edit_fn *const edits[] = {insert_op,    insert_op,     insert_op,       append_op,     append_op,
				 append_op,    remove_ops,    remove_ops,      duplicate_op,  swap_ops,
				 recompose_op, recompose_op,  mutate_argument, copy_argument, mutate_argument,
				 set_property, change_variant};

void program_mutate(struct program *p, const struct op_profile *profile, struct prng *r)
{
	struct edit e = {p, profile, r};
	unsigned count = 1 + prng_below(r, EDITS_MAX);

	program_normalize(p);
	while (count--) {
		edit_fn *edit = p->op_count ? edits[prng_below(r, sizeof(edits) / sizeof(edits[0]))] : append_op;

		edit(&e);
		program_normalize(p);
	}
	while (p->op_count > ops_max(profile))
		program_remove_op(p, p->op_count - 1);
	program_normalize(p);
}

/* Handles of the segment move by what stands before it in the child instead of in its own program. */
static void shift_handles(struct op *op, const uint32_t *was, const uint32_t *now)
{
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];

	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		enum yields class = arg_class(descriptor->args[a], op->arg[a]);
		uint32_t other = op->arg[a] & HANDLE_OTHER, index = op->arg[a] & ~HANDLE_OTHER;

		/* Older than the segment: keep the number, normalising makes it fit. */
		if (class != YIELDS_NOTHING && index >= was[class])
			op->arg[a] = other | (index - was[class] + now[class]);
	}
}

void program_crossover(struct program *child, const struct program *a, const struct program *b,
		       const struct op_profile *profile, struct prng *r)
{
	uint32_t was[YIELDS_COUNT] = {0}, now[YIELDS_COUNT] = {0};
	unsigned head = a->op_count ? prng_below(r, a->op_count + 1) : 0;
	unsigned from = b->op_count ? prng_below(r, b->op_count) : 0;
	unsigned count = b->op_count - from, room = ops_max(profile);

	head = head < room ? head : room;
	count = count < room - head ? count : room - head;
	child->variant = a->variant;
	child->setting_count = 0;
	child->op_count = head + count;
	memcpy(child->ops, a->ops, head * sizeof(child->ops[0]));
	for (unsigned class = YIELDS_NOTHING + 1; class < YIELDS_COUNT; class ++) {
		was[class] = program_handles_before(b, (enum yields) class, from);
		now[class] = program_handles_before(a, (enum yields) class, head);
	}
	for (unsigned i = 0; i < count; i++) {
		child->ops[head + i] = b->ops[from + i];
		shift_handles(&child->ops[head + i], was, now);
	}
	program_normalize(child);
}
