/* SPDX-License-Identifier: MIT */
/*
 * Edits for coverage-guided engines: a weighted table of small edits, and crossover.
 * Segments move as a whole: handles into the segment follow it, handles out of it stay or are shifted along.
 */
#include "program/mutate.h"

#include <string.h>

#include "program/edit.h"

enum { EDITS_MAX = 4, EDIT_TRIES = 4, SEGMENT_COMMON_MAX = 8, FAIL_COMMON_MAX = 4, LENGTHS_TO_END = 3, ENDED_IN = 12 };

struct editor {
	struct program *p;
	const struct op_profile *profile;
	struct prng *r;
	unsigned most; /* ops */
};

/* Segments */

struct segment {
	unsigned count;
	uint32_t before[YIELDS_COUNT]; /* handles yielded ahead of it where it comes from */
	uint32_t yields[YIELDS_COUNT];
	struct op ops[PROGRAM_OPS_MAX];
};

static void count_handles(const struct op *ops, unsigned count, uint32_t handles[YIELDS_COUNT])
{
	memset(handles, 0, YIELDS_COUNT * sizeof(handles[0]));
	for (unsigned i = 0; i < count; i++)
		handles[op_descriptors[ops[i].verb].yields] += op_yield_count(&ops[i]);
}

/* Blocks do not reach beyond the segment they are in. */
static void trim_blocks(struct op *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (op_block_length(&ops[i]) > count - i - 1)
			ops[i].arg[op_block_arg(&ops[i])] = count - i - 1;
	}
}

static void segment_take(struct segment *s, const struct program *p, unsigned i, unsigned count)
{
	s->count = count;
	memcpy(s->ops, &p->ops[i], count * sizeof(s->ops[0]));
	count_handles(p->ops, i, s->before);
	count_handles(s->ops, count, s->yields);
	trim_blocks(s->ops, count);
}

/* A move of all handles of a class that are at or above `from`; below zero wraps to some earlier handle. */
struct handle_move {
	uint32_t from[YIELDS_COUNT], plus[YIELDS_COUNT], minus[YIELDS_COUNT];
};

static uint32_t moved(const struct handle_move *move, enum arg_kind kind, uint32_t value)
{
	enum yields class = arg_class(kind, value);
	uint32_t index = value & ~HANDLE_OTHER;

	if (class == YIELDS_NOTHING || index < move->from[class])
		return value;
	index += move->plus[class];
	if (index >= move->minus[class])
		index -= move->minus[class];
	return (value & HANDLE_OTHER) | index;
}

static void move_handles(struct op *ops, unsigned count, const struct handle_move *move)
{
	for (unsigned i = 0; i < count; i++) {
		const struct op_descriptor *descriptor = &op_descriptors[ops[i].verb];

		for (unsigned a = 0; a < descriptor->arg_count; a++)
			ops[i].arg[a] = moved(move, descriptor->args[a], ops[i].arg[a]);
	}
}

/* Blocks that hold op `at` grow by what is inserted there. */
static void grow_blocks_at(struct program *p, unsigned at, unsigned count)
{
	for (unsigned b = 0; b < at; b++) {
		if (b + 1 + op_block_length(&p->ops[b]) > at)
			p->ops[b].arg[op_block_arg(&p->ops[b])] += count;
	}
}

/* Inserts a segment of the same program at or after its end: a copy whose inner handles name the copies. */
static void segment_insert(struct program *p, struct segment *s, unsigned at)
{
	struct handle_move inner, tail = {{0}, {0}, {0}};
	uint32_t before[YIELDS_COUNT];

	count_handles(p->ops, at, before);
	memcpy(inner.from, s->before, sizeof(inner.from));
	memcpy(inner.plus, before, sizeof(inner.plus));
	memcpy(inner.minus, s->before, sizeof(inner.minus));
	move_handles(s->ops, s->count, &inner);
	memcpy(tail.from, before, sizeof(tail.from));
	memcpy(tail.plus, s->yields, sizeof(tail.plus));
	move_handles(&p->ops[at], p->op_count - at, &tail);
	grow_blocks_at(p, at, s->count);
	memmove(&p->ops[at + s->count], &p->ops[at], (p->op_count - at) * sizeof(p->ops[0]));
	memcpy(&p->ops[at], s->ops, s->count * sizeof(p->ops[0]));
	p->op_count += s->count;
}

/* Choices */

static unsigned random_run(struct prng *r, unsigned most)
{
	unsigned common = most < SEGMENT_COMMON_MAX ? most : SEGMENT_COMMON_MAX;

	return 1 + prng_below(r, prng_one_in(r, 8) ? most : common);
}

/* What may be named at op i: the state before it. */
static void composer_at(const struct editor *e, struct composer *c, unsigned i)
{
	composer_begin(c, e->p, e->profile->set, e->r);
	c->ended_in = ENDED_IN;
	for (unsigned n = 0; n < i; n++) {
		scope_enter(&c->scope, n, e->p->op_count);
		composer_account(c, n);
	}
	scope_enter(&c->scope, i, e->p->op_count + 1);
}

/* Sizes that the program uses already are favoured. */
static void favour_sizes(const struct editor *e, struct composer *c)
{
	for (unsigned tries = 0; e->p->op_count > 0 && tries < FAVOURED_SIZES_MAX; tries++) {
		const struct op *op = &e->p->ops[prng_below(e->r, e->p->op_count)];

		for (unsigned a = 0; a < op_descriptors[op->verb].arg_count; a++) {
			if (op_descriptors[op->verb].args[a] == ARG_SIZE && c->size_count < FAVOURED_SIZES_MAX)
				c->sizes[c->size_count++] = op->arg[a];
		}
	}
	if (prng_one_in(e->r, 3))
		c->size_count = 0;
}

/* An op with arguments and one of them; false if the drawn op has none. */
static bool random_arg(const struct editor *e, unsigned *i, unsigned *a)
{
	unsigned count;

	if (e->p->op_count == 0)
		return false;
	*i = prng_below(e->r, e->p->op_count);
	count = op_descriptors[e->p->ops[*i].verb].arg_count;
	if (count == 0)
		return false;
	*a = prng_below(e->r, count);
	return true;
}

/* Edits: false if there was nothing to edit.  Rough ones (see edits[]) leave the program to be normalised. */

static enum verb insertable_verb(const struct editor *e)
{
	const struct op_set *set = e->profile->set;
	enum verb verb = (enum verb)set->verbs[prng_below(e->r, set->count)];

	/* More of what the program is about. */
	if (e->p->op_count > 0 && prng_one_in(e->r, 2))
		return (enum verb)e->p->ops[prng_below(e->r, e->p->op_count)].verb;
	return verb_is_rare(verb) && !prng_one_in(e->r, 3) ? (enum verb)set->verbs[prng_below(e->r, set->count)] : verb;
}

static bool edit_insert(const struct editor *e)
{
	struct composer c;
	struct op op;
	unsigned i;

	if (e->p->op_count >= e->most)
		return false;
	i = prng_one_in(e->r, LENGTHS_TO_END) ? e->p->op_count : prng_below(e->r, e->p->op_count + 1);
	composer_at(e, &c, i);
	favour_sizes(e, &c);
	composer_fill(&c, composer_feasible_verb(&c, insertable_verb(e)), &op);
	return program_insert_op(e->p, i, &op);
}

/* A random verb of the set that opens a block, or OP_COUNT. */
static enum verb random_opener(const struct editor *e)
{
	enum verb verb = OP_COUNT;
	unsigned seen = 0;

	for (unsigned i = 0; i < e->profile->set->count; i++) {
		if (verb_opens_block((enum verb)e->profile->set->verbs[i]) && prng_one_in(e->r, ++seen))
			verb = (enum verb)e->profile->set->verbs[i];
	}
	return verb;
}

/* What comes between two steps of an op: an op of its own, or what stands in front of it. */
static bool edit_interleave(const struct editor *e)
{
	enum verb opener = random_opener(e);
	unsigned i, length = 1;
	struct composer c;
	struct op op;

	if (opener == OP_COUNT || e->p->op_count < 2 || e->p->op_count + 2 > e->most)
		return false;
	i = prng_below(e->r, e->p->op_count + 1);
	composer_at(e, &c, i);
	favour_sizes(e, &c);
	if (i == 0 || prng_one_in(e->r, 2)) {
		composer_fill(&c, composer_feasible_verb(&c, insertable_verb(e)), &op);
		if (!program_insert_op(e->p, i, &op))
			return false;
	} else {
		length = random_run(e->r, i < 3 ? i : 3);
		i -= length;
	}
	composer_at(e, &c, i);
	composer_fill(&c, opener, &op);
	op.arg[op_block_arg(&op)] = length;
	return program_insert_op(e->p, i, &op);
}

/* Frees every n-th of many, at the end. */
static bool edit_sweep(const struct editor *e)
{
	struct composer c;
	unsigned i = e->p->op_count;
	enum verb verb = insertable_verb(e);

	for (unsigned tries = 0; tries < EDIT_TRIES && !consumed_arg(verb); tries++)
		verb = insertable_verb(e);
	if (i >= e->most || !consumed_arg(verb))
		return false;
	composer_at(e, &c, i);
	composer_fill(&c, verb, &e->p->ops[i]);
	e->p->op_count++;
	composer_account(&c, i);
	composer_sweep(&c, e->p, e->most);
	return true;
}

static bool edit_remove(const struct editor *e)
{
	if (e->p->op_count < 2)
		return false;
	program_remove_op(e->p, prng_below(e->r, e->p->op_count));
	return true;
}

static bool edit_remove_run(const struct editor *e)
{
	unsigned i;

	if (e->p->op_count < 2)
		return false;
	i = 1 + prng_below(e->r, e->p->op_count - 1);
	program_remove_ops(e->p, i, random_run(e->r, e->p->op_count - i));
	return true;
}

static bool edit_duplicate(const struct editor *e)
{
	unsigned i, count, end;
	struct segment s;

	if (e->p->op_count == 0 || e->p->op_count >= e->most)
		return false;
	i = prng_below(e->r, e->p->op_count);
	count = prng_one_in(e->r, 3) ? 1 : random_run(e->r, e->p->op_count - i);
	if (count > e->most - e->p->op_count)
		count = e->most - e->p->op_count;
	end = i + count;
	segment_take(&s, e->p, i, count);
	if (prng_one_in(e->r, 2))
		end += prng_below(e->r, e->p->op_count - end + 1);
	segment_insert(e->p, &s, end);
	return true;
}

static bool edit_argument(const struct editor *e)
{
	struct composer c;
	unsigned i, a;
	enum arg_kind kind;

	if (!random_arg(e, &i, &a))
		return false;
	composer_at(e, &c, i);
	favour_sizes(e, &c);
	kind = op_descriptors[e->p->ops[i].verb].args[a];
	e->p->ops[i].arg[a] = arg_kind_ops[kind].mutate(&(struct arg_choice){e->r, &c.scope, c.sizes, c.size_count},
							e->p->ops[i].arg[a]);
	return true;
}

/* All arguments anew, as generation would choose them. */
static bool edit_refill(const struct editor *e)
{
	struct composer c;
	struct op op;
	unsigned i, a;

	if (!random_arg(e, &i, &a))
		return false;
	composer_at(e, &c, i);
	favour_sizes(e, &c);
	composer_fill(&c, (enum verb)e->p->ops[i].verb, &op);
	memcpy(e->p->ops[i].arg, op.arg, sizeof(op.arg));
	return true;
}

static bool edit_copy_argument(const struct editor *e)
{
	unsigned i, a, from, b;

	if (!random_arg(e, &i, &a))
		return false;
	for (unsigned tries = 0; tries < EDIT_TRIES; tries++) {
		if (!random_arg(e, &from, &b) || from == i)
			continue;
		if (op_descriptors[e->p->ops[from].verb].args[b] != op_descriptors[e->p->ops[i].verb].args[a])
			continue;
		e->p->ops[i].arg[a] = e->p->ops[from].arg[b];
		return true;
	}
	return false;
}

static bool edit_retarget(const struct editor *e)
{
	enum yields class;
	unsigned i, a, back;
	uint32_t count;

	if (!random_arg(e, &i, &a))
		return false;
	class = arg_class(op_descriptors[e->p->ops[i].verb].args[a], e->p->ops[i].arg[a]);
	count = program_handles_before(e->p, class, i);
	if (class == YIELDS_NOTHING || count == 0)
		return false;
	back = prng_below(e->r, count < 4 ? count : 4);
	e->p->ops[i].arg[a] = (e->p->ops[i].arg[a] & HANDLE_OTHER) | (count - 1 - back);
	return true;
}

/* Neighbours change places.  Handles keep their numbers, so two yielders of one class trade their users. */
static bool edit_swap(const struct editor *e)
{
	struct op op;
	unsigned i;

	if (e->p->op_count < 2)
		return false;
	i = prng_below(e->r, e->p->op_count - 1);
	op = e->p->ops[i];
	e->p->ops[i] = e->p->ops[i + 1];
	e->p->ops[i + 1] = op;
	return true;
}

static bool edit_repeat(const struct editor *e)
{
	unsigned i;

	if (e->p->op_count == 0)
		return false;
	i = prng_below(e->r, e->p->op_count);
	if (!(op_descriptors[e->p->ops[i].verb].flags & OP_REPEATS))
		return false;
	if (e->p->ops[i].repeat > 1 && prng_one_in(e->r, 2))
		program_set_repeat(e->p, i, 1);
	else
		program_set_repeat(e->p, i, 2 + prng_below(e->r, prng_one_in(e->r, 16) ? PROGRAM_REPEAT_MAX - 1 : 5));
	return true;
}

static bool edit_fail(const struct editor *e)
{
	struct op *op;

	if (e->p->op_count == 0)
		return false;
	op = &e->p->ops[prng_below(e->r, e->p->op_count)];
	if (op->fail_nth == 0 && !op_set_has(e->profile->set, OP_fault_set))
		return false;
	op->fail_nth = op->fail_nth > 0 ? 0 : (uint8_t)(1 + prng_below(e->r, FAIL_COMMON_MAX));
	return true;
}

static bool edit_variant(const struct editor *e)
{
	if (e->profile->variant_count < 2)
		return false;
	e->p->variant = prng_below(e->r, e->profile->variant_count);
	return true;
}

static const struct {
	bool (*edit)(const struct editor *e);
	unsigned weight;
	bool rough; /* leaves handles or blocks that must be put right */
} edits[] = {
	{edit_insert, 28, false},    {edit_sweep, 2, true},      {edit_remove, 10, false},
	{edit_remove_run, 4, false}, {edit_duplicate, 10, true}, {edit_argument, 16, true},
	{edit_refill, 8, true},      {edit_retarget, 8, true},   {edit_copy_argument, 8, true},
	{edit_swap, 6, true},        {edit_repeat, 5, false},    {edit_fail, 1, false},
	{edit_variant, 1, false},    {edit_interleave, 6, true},
};

static bool edit_once(const struct editor *e)
{
	unsigned total = 0, dice, i = 0;

	for (unsigned n = 0; n < sizeof(edits) / sizeof(edits[0]); n++)
		total += edits[n].weight;
	dice = prng_below(e->r, total);
	while (dice >= edits[i].weight)
		dice -= edits[i++].weight;
	if (!edits[i].edit(e))
		return false;
	if (edits[i].rough)
		program_normalize(e->p);
	return true;
}

/* Ops that the target does not know come from other targets' inputs. */
static void keep_known(struct program *p, const struct op_profile *profile, unsigned most)
{
	for (unsigned i = p->op_count; i-- > 0;) {
		if (!op_set_has(profile->set, (enum verb)p->ops[i].verb))
			program_remove_op(p, i);
	}
	p->variant %= profile->variant_count;
	if (p->op_count <= most)
		return;
	p->op_count = most;
	program_normalize(p); /* blocks end with the program */
}

static unsigned longest(const struct op_profile *profile)
{
	return profile->ops_max < PROGRAM_OPS_MAX ? profile->ops_max : PROGRAM_OPS_MAX;
}

void program_mutate(struct program *p, const struct op_profile *profile, struct prng *r)
{
	const struct editor e = {p, profile, r, longest(profile)};
	unsigned count = 1 + prng_below(r, EDITS_MAX);

	keep_known(p, profile, e.most);
	if (profile->set->count == 0)
		return;
	for (unsigned n = 0; n < count; n++) {
		bool done = false;

		for (unsigned tries = 0; tries < EDIT_TRIES && !done; tries++)
			done = edit_once(&e);
	}
}

/* All but the ops beyond the prefix: a whole program is far more than most have. */
static void copy_prefix(struct program *to, const struct program *from, unsigned prefix)
{
	to->variant = from->variant;
	to->setting_count = from->setting_count;
	memcpy(to->settings, from->settings, from->setting_count * sizeof(from->settings[0]));
	memcpy(to->ops, from->ops, prefix * sizeof(from->ops[0]));
}

void program_crossover(struct program *child, const struct program *a, const struct program *b,
		       const struct op_profile *profile, struct prng *r)
{
	unsigned most = longest(profile), prefix, begin, count;
	struct handle_move move = {{0}, {0}, {0}};
	struct segment s;

	prefix = prng_below(r, (a->op_count < most ? a->op_count : most) + 1);
	begin = b->op_count > 0 ? prng_below(r, b->op_count) : 0;
	count = b->op_count > begin ? 1 + prng_below(r, b->op_count - begin) : 0;
	segment_take(&s, b, begin, count < most - prefix ? count : most - prefix);
	if (child != a)
		copy_prefix(child, a, prefix);
	child->op_count = prefix;
	trim_blocks(child->ops, prefix);
	count_handles(child->ops, prefix, move.plus);
	memcpy(move.minus, s.before, sizeof(move.minus));
	move_handles(s.ops, s.count, &move);
	memcpy(&child->ops[prefix], s.ops, s.count * sizeof(s.ops[0]));
	child->op_count += s.count;
	program_normalize(child);
	keep_known(child, profile, most);
}
