/* SPDX-License-Identifier: MIT */
/*
 * Random programs by swarm testing: a random subset of the classes of handles and of the verbs, with random weights and
 * a few favoured sizes and habits.  Each op is composed (compose.c).
 */
#include <string.h>

#include "program/edit.h"
#include "program/mutate.h"

enum {
	KEEP_STEP = 25, /* percent: a program keeps a quarter, half, three quarters or all of the verbs that are left */
	ALL_CLASSES_IN = 4, /* one program in this many does without no class of handles */
	OBJECTS_ABSENT_IN = 16,
	WEIGHT_MAX = 8,
	ENDED_COMMON = 3, /* one program in this many has one ended handle in this many */
	BULK_IN = 8,
	BIG_IN = 4,
	BIG_SIZES = 6,
	DIRECTIONS = 3, /* without NONE */
	CHAIN_IN = 2,
	MANY = 8,
	STRIDE_MAX = 8,
	SWEEP_MANY_IN = 4,
	SWEEP_IN = 16, /* one handle-ending op in this many is the first of a sweep */
};

/* The swarm */

struct swarm {
	struct op_set set;
	unsigned total;
	uint8_t weights[OP_COUNT]; /* by position in the set */
};

static bool yields_any(const struct op_set *set, enum yields low, enum yields high)
{
	for (unsigned i = 0; i < set->count; i++) {
		enum yields class = op_descriptors[set->verbs[i]].yields;

		if (class != YIELDS_NOTHING && (class == low || class == high))
			return true;
	}
	return false;
}

/* Adds a yielder for every handle that a kept verb needs; verbs added are looked at in their turn. */
static void add_yielders(struct op_set *kept, const struct op_set *all, struct prng *r)
{
	for (unsigned i = 0; i < kept->count; i++) {
		enum verb verb = (enum verb)kept->verbs[i], opener = verb_opener(verb, kept, r);

		if (opener == OP_COUNT)
			opener = verb_opener(verb, all, r);
		if (opener != OP_COUNT)
			op_set_add(kept, opener);
		for (unsigned a = 0; a < op_descriptors[verb].arg_count; a++) {
			enum yields low, high;
			enum verb yielder;

			if (!arg_needs(verb, a, &low, &high) || yields_any(kept, low, high))
				continue;
			yielder = random_yielder(all, low, r);
			if (yielder == OP_COUNT)
				yielder = random_yielder(all, high, r);
			if (yielder != OP_COUNT)
				op_set_add(kept, yielder);
		}
	}
}

/*
 * Bits of the classes of handles that a program does without, so that what is about the others meets more often.
 * Objects are what it is all about: they seldom stay away.
 */
static uint32_t absent_classes(struct prng *r)
{
	uint32_t absent = 0;

	if (prng_one_in(r, ALL_CLASSES_IN))
		return 0;
	for (unsigned class = YIELDS_NOTHING + 1; class < YIELDS_COUNT; class ++)
		if (prng_one_in(r, class == YIELDS_OBJECT ? OBJECTS_ABSENT_IN : 2))
			absent |= 1u << class;
	return absent;
}

/* The verb yields a handle of such a class, or cannot do without one. */
static bool verb_is_about(enum verb verb, uint32_t classes)
{
	enum yields low, high;

	if (classes >> op_descriptors[verb].yields & 1)
		return true;
	for (unsigned a = 0; a < op_descriptors[verb].arg_count; a++)
		if (arg_needs(verb, a, &low, &high) && (low == YIELDS_NOTHING || classes >> low & 1) &&
		    (high == YIELDS_NOTHING || classes >> high & 1))
			return true;
	return false;
}

/* Bits of the families of verbs that a program does without, of those that no class of handles stands for. */
static uint32_t absent_families(struct prng *r)
{
	static const uint8_t families[] = {FAMILY_CACHE, FAMILY_FAULT, FAMILY_BLOCK, FAMILY_UPKEEP};
	uint32_t absent = 0;

	for (unsigned i = 0; i < sizeof(families); i++)
		if (prng_one_in(r, 2))
			absent |= 1u << families[i];
	return absent;
}

static void swarm_choose(struct swarm *swarm, const struct op_set *all, struct prng *r)
{
	uint32_t absent = absent_classes(r), families = absent_families(r);
	unsigned percent = KEEP_STEP * (1 + prng_below(r, 4));

	swarm->set.count = 0;
	swarm->total = 0;
	for (unsigned i = 0; i < all->count; i++) {
		if (prng_below(r, 100) < percent && !verb_is_about((enum verb)all->verbs[i], absent) &&
		    !(families >> op_descriptors[all->verbs[i]].family & 1))
			op_set_add(&swarm->set, (enum verb)all->verbs[i]);
	}
	if (swarm->set.count == 0)
		op_set_add(&swarm->set, (enum verb)all->verbs[prng_below(r, all->count)]);
	add_yielders(&swarm->set, all, r);
	for (unsigned i = 0; i < swarm->set.count; i++) {
		enum verb verb = (enum verb)swarm->set.verbs[i];
		/* Where schedules are what it is about, they are not rare. */
		bool rare = verb_is_rare(verb) && !(verb_opens_block(verb) && op_set_has(all, OP_task));

		swarm->weights[i] = (uint8_t)(1 + prng_below(r, rare ? 2 : WEIGHT_MAX));
		swarm->total += swarm->weights[i];
	}
}

static enum verb swarm_verb(const struct swarm *swarm, struct prng *r)
{
	unsigned dice = prng_below(r, swarm->total), i = 0;

	while (dice >= swarm->weights[i])
		dice -= swarm->weights[i++];
	return (enum verb)swarm->set.verbs[i];
}

/* A verb of the swarm that takes handles of the class, or any. */
static enum verb swarm_user(const struct swarm *swarm, enum yields class, struct prng *r)
{
	enum verb verb = OP_COUNT;
	unsigned seen = 0;

	for (unsigned i = 0; class != YIELDS_NOTHING && i < swarm->set.count; i++) {
		const struct op_descriptor *descriptor = &op_descriptors[swarm->set.verbs[i]];
		bool takes = false;

		for (unsigned a = 0; a < descriptor->arg_count; a++) {
			const struct arg_kind_ops *kind = &arg_kind_ops[descriptor->args[a]];

			takes |= kind->low == class || kind->high == class;
		}
		if (takes && prng_one_in(r, ++seen))
			verb = (enum verb)swarm->set.verbs[i];
	}
	return verb == OP_COUNT ? swarm_verb(swarm, r) : verb;
}

/* The smaller of two draws: small objects share pages and lines, and cost less. */
static uint32_t small_below(struct prng *r, uint32_t bound)
{
	uint32_t a = prng_below(r, bound), b = prng_below(r, bound);

	return a < b ? a : b;
}

/* Big objects lie in slabs of few objects and many pages: what befalls whole slabs happens soon. */
static void choose_sizes(struct composer *c)
{
	static const uint16_t sizes[] = {8,   12,  16,  24,  32,   40,   64,   96,   100,
					 128, 192, 256, 512, 1024, 2048, 4096, 8192, 16384};
	const unsigned count = sizeof(sizes) / sizeof(sizes[0]);
	bool big = prng_one_in(c->r, BIG_IN);

	c->size_count = 1 + prng_below(c->r, FAVOURED_SIZES_MAX);
	for (unsigned i = 0; i < c->size_count; i++)
		c->sizes[i] = sizes[big ? count - 1 - prng_below(c->r, BIG_SIZES) : small_below(c->r, count)];
}

static void choose_habits(struct composer *c)
{
	if (prng_one_in(c->r, ENDED_COMMON))
		c->ended_in = ENDED_COMMON;
	if (prng_one_in(c->r, 2))
		c->other_in = 2;
	if (prng_one_in(c->r, 2))
		c->direction = prng_below(c->r, DIRECTIONS);
	c->bulk = prng_one_in(c->r, BULK_IN);
}

static unsigned random_length(unsigned most, struct prng *r)
{
	unsigned length = 1, mean = most / 2 + 1;

	while (length < most && !prng_one_in(r, mean))
		length++;
	return length;
}

void composer_sweep(struct composer *c, struct program *p, unsigned length)
{
	const struct op op = p->ops[p->op_count - 1];
	unsigned a = consumed_arg(op.verb) - 1u, stride = 1 + prng_below(c->r, STRIDE_MAX), left;
	enum yields class = arg_class(op_descriptors[op.verb].args[a], op.arg[a]);
	const struct ended_list *ended = &c->ended[class];
	struct live_list list = c->live[class];
	const struct op *made = ended->count ? &p->ops[ended->maker[(ended->count - 1) % ENDED_MAX]] : NULL;

	left = list.count == 0 ? 0 : prng_one_in(c->r, 2) ? list.count : prng_below(c->r, list.count) / stride + 1;
	for (unsigned i = prng_below(c->r, stride); made && i < list.count && left > 0 && p->op_count < length;
	     i += stride) {
		const struct op *maker = &p->ops[list.maker[i]];

		if (maker->verb != made->verb || memcmp(maker->arg, made->arg, sizeof(made->arg)) != 0)
			continue;
		scope_enter(&c->scope, p->op_count, length);
		p->ops[p->op_count] = op;
		p->ops[p->op_count].arg[a] = list.handle[i] | (op.arg[a] & HANDLE_OTHER);
		p->ops[p->op_count].repeat = 1;
		p->op_count++;
		composer_account(c, p->op_count - 1);
		left--;
	}
}

/* Op i, which ends a handle, leaves many of its class. */
static bool is_many(const struct composer *c, unsigned i)
{
	const struct op *op = &c->program->ops[i];
	unsigned a = consumed_arg(op->verb) - 1u;

	return c->live[arg_class(op_descriptors[op->verb].args[a], op->arg[a])].count >= MANY;
}

void program_generate(struct program *p, const struct op_profile *profile, struct prng *r)
{
	unsigned most = profile->ops_max < PROGRAM_OPS_MAX ? profile->ops_max : PROGRAM_OPS_MAX;
	struct composer c;
	struct swarm swarm;
	enum verb verb;
	unsigned length;
	bool chains; /* what was got last is used next */

	p->variant = prng_below(r, profile->variant_count);
	p->setting_count = 0;
	p->op_count = 0;
	if (most == 0 || profile->set->count == 0)
		return;
	swarm_choose(&swarm, profile->set, r);
	composer_begin(&c, p, &swarm.set, r);
	c.faults = op_set_has(profile->set, OP_fault_set);
	choose_sizes(&c);
	choose_habits(&c);
	chains = prng_one_in(r, 2);
	length = random_length(most, r);
	while (p->op_count < length) {
		unsigned i = p->op_count;

		scope_enter(&c.scope, i, length);
		verb = chains && prng_one_in(r, CHAIN_IN) ? swarm_user(&swarm, c.recent, r) : swarm_verb(&swarm, r);
		composer_fill(&c, composer_feasible_verb(&c, verb), &p->ops[i]);
		p->op_count++;
		composer_account(&c, i);
		if (consumed_arg(p->ops[i].verb) && prng_one_in(r, is_many(&c, i) ? SWEEP_MANY_IN : SWEEP_IN))
			composer_sweep(&c, p, length);
	}
	program_normalize(p);
}
