/* SPDX-License-Identifier: MIT */
/*
 * Random programs by swarm testing: a random subset of the verbs with random weights and a few favoured sizes.
 * Most ops aim at handles that are probably live and at ranges that fit, so that programs get past the first check;
 * a small share of everything is arbitrary.  Driven by the descriptors except for the tables below.
 */
#include <assert.h>
#include <string.h>

#include "program/edit.h"
#include "program/mutate.h"

enum {
	PAGE_BYTES = 4096,
	ARBITRARY_IN = 32, /* one handle in this many is any handle */
	FAIL_IN = 60,
	KEEP_PERCENT = 60,
	WEIGHT_MAX = 8,
	COMMON_BOOT_CACHES = 10,
	BLOCK_COMMON_MAX = 3,
	REPEAT_COMMON_MAX = 6,
	REPEAT_LONG_IN = 4, /* one repeat in this many may be of any length: it overflows caches of free objects */
	OVERRUN_MAX = 8,    /* bytes */
	NEEDS_DEPTH = 4,    /* longest chain of needs: a sync needs a mapping, which needs memory */
};

/* Argument (plus one; 0 = none) whose handle is no longer live after the verb. */
static unsigned consumed_arg(unsigned verb)
{
	unsigned flags = op_descriptors[verb].flags;

	return flags & OP_ENDS_FIRST ? 1 : flags & OP_ENDS_SECOND ? 2 : 0;
}

unsigned program_maker(const struct program *p, enum yields class, uint32_t handle, unsigned before)
{
	uint32_t next = 0;

	for (unsigned i = 0; i < before; i++) {
		if (op_descriptors[p->ops[i].verb].yields != class)
			continue;
		next += op_yield_count(&p->ops[i]);
		if (handle < next)
			return i;
	}
	return PROGRAM_OPS_MAX;
}

/* Which handles are live */

static void live_add(struct live_list *list, uint32_t handle, unsigned maker)
{
	if (list->count == LIVE_MAX) {
		list->count--;
		memmove(&list->handle[0], &list->handle[1], list->count * sizeof(list->handle[0]));
		memmove(&list->maker[0], &list->maker[1], list->count * sizeof(list->maker[0]));
	}
	list->handle[list->count] = handle;
	list->maker[list->count++] = (uint16_t)maker;
}

static void live_drop(struct live_list *list, uint32_t handle, uint32_t count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		if (list->handle[i] - handle < count)
			continue;
		list->handle[kept] = list->handle[i];
		list->maker[kept++] = list->maker[i];
	}
	list->count = kept;
}

void composer_begin(struct composer *c, const struct program *p, const struct op_set *set, struct prng *r)
{
	c->program = p;
	c->set = set;
	c->r = r;
	scope_begin(&c->scope);
	for (unsigned class = 0; class < YIELDS_COUNT; class ++)
		c->live[class].count = 0;
	c->size_count = 0;
	c->faults = op_set_has(set, OP_fault_set);
}

void composer_account(struct composer *c, unsigned i)
{
	const struct op *op = &c->program->ops[i];
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	unsigned consumed = consumed_arg(op->verb);
	enum yields class;

	if (consumed > 0) {
		class = arg_class(descriptor->args[consumed - 1], op->arg[consumed - 1]);
		live_drop(&c->live[class], op->arg[consumed - 1] & ~HANDLE_OTHER, op->repeat);
	}
	class = descriptor->yields;
	for (uint32_t n = 0; class != YIELDS_NOTHING && n < op->repeat; n++)
		live_add(&c->live[class], c->scope.handles[class] + n, i);
	scope_leave(&c->scope, i, op);
}

/* What a verb needs */

/* Classes of argument a that the verb cannot do without; a boot cache serves where a cache is not consumed. */
static bool arg_needs(enum verb verb, unsigned a, enum yields *low, enum yields *high)
{
	const struct arg_kind_ops *kind = &arg_kind_ops[op_descriptors[verb].args[a]];

	*low = kind->low;
	*high = kind->high;
	return kind->low != YIELDS_NOTHING || (kind->high != YIELDS_NOTHING && consumed_arg(verb) == a + 1);
}

/* A random verb of the set that yields the class, or OP_COUNT. */
static enum verb random_yielder(const struct op_set *set, enum yields class, struct prng *r)
{
	enum verb verb = OP_COUNT;
	unsigned seen = 0;

	for (unsigned i = 0; class != YIELDS_NOTHING && i < set->count; i++) {
		if (op_descriptors[set->verbs[i]].yields == class && prng_one_in(r, ++seen))
			verb = (enum verb)set->verbs[i];
	}
	return verb;
}

/* A verb of the set that yields what an argument of `verb` lacks, or OP_COUNT if nothing does or nothing lacks. */
static enum verb missing_yielder(const struct composer *c, enum verb verb)
{
	enum yields low, high;

	for (unsigned a = 0; a < op_descriptors[verb].arg_count; a++) {
		enum verb yielder;

		if (!arg_needs(verb, a, &low, &high) || c->live[low].count > 0 || c->live[high].count > 0)
			continue;
		yielder = random_yielder(c->set, low, c->r);
		if (yielder == OP_COUNT || prng_one_in(c->r, 4)) {
			enum verb other = random_yielder(c->set, high, c->r);

			yielder = other == OP_COUNT ? yielder : other;
		}
		return yielder;
	}
	return OP_COUNT;
}

enum verb composer_feasible_verb(const struct composer *c, enum verb verb)
{
	for (unsigned depth = 0; depth < NEEDS_DEPTH && !prng_one_in(c->r, ARBITRARY_IN); depth++) {
		enum verb yielder = missing_yielder(c, verb);

		if (yielder == OP_COUNT)
			break;
		verb = yielder;
	}
	return verb;
}

/* Arguments */

/* Newest, second newest, oldest or any: the index into a list that is not empty. */
static unsigned pick_live(const struct live_list *list, struct prng *r)
{
	unsigned dice = prng_below(r, 16);

	if (dice < 8)
		return list->count - 1;
	if (dice < 11)
		return list->count - (list->count > 1 ? 2 : 1);
	return dice < 14 ? 0 : prng_below(r, list->count);
}

/* True iff op `maker` has a value for every argument of `verb` that should come from it. */
static bool maker_serves(const struct op *maker, enum verb verb)
{
	const struct op_descriptor *descriptor = &op_descriptors[maker->verb];

	if (verb != OP_kmem_cache_free)
		return true;
	return descriptor->arg_count > 0 && descriptor->args[0] == ARG_KMEM_CACHE;
}

/* Sets argument a to a handle and returns the op that yields it, or PROGRAM_OPS_MAX. */
static unsigned fill_handle(const struct composer *c, struct op *op, unsigned a)
{
	const struct arg_kind_ops *kind = &arg_kind_ops[op_descriptors[op->verb].args[a]];
	const struct arg_choice choice = {c->r, &c->scope, NULL, 0};
	const struct live_list *list = &c->live[kind->low];
	uint32_t flag = 0;
	unsigned i;

	if (kind->high != YIELDS_NOTHING && c->live[kind->high].count > 0 &&
	    (list->count == 0 || prng_one_in(c->r, 4))) {
		list = &c->live[kind->high];
		flag = HANDLE_OTHER;
	}
	if (list->count == 0 || prng_one_in(c->r, ARBITRARY_IN)) {
		op->arg[a] = kind->mutate(&choice, HANDLE_NONE);
		return PROGRAM_OPS_MAX;
	}
	i = pick_live(list, c->r);
	for (unsigned tries = 0; tries < 4 && !maker_serves(&c->program->ops[list->maker[i]], op->verb); tries++)
		i = prng_below(c->r, list->count);
	op->arg[a] = list->handle[i] | flag;
	return list->maker[i];
}

/* A cache argument that no object decides: mostly a live created one, else a small boot cache. */
static uint32_t any_cache(const struct composer *c, enum verb verb, unsigned a)
{
	const struct live_list *list = &c->live[YIELDS_KMEM_CACHE];

	if (list->count > 0 && (consumed_arg(verb) == a + 1 || !prng_one_in(c->r, 4)))
		return HANDLE_OTHER | list->handle[pick_live(list, c->r)];
	if (c->size_count > 0 && !prng_one_in(c->r, 4)) {
		uint32_t size = c->sizes[prng_below(c->r, c->size_count)];

		for (uint32_t i = 0; i < boot_cache_count(); i++) {
			if (boot_cache_size(i) >= size)
				return i;
		}
	}
	return prng_below(c->r, COMMON_BOOT_CACHES);
}

static uint32_t cache_bytes(const struct composer *c, uint32_t cache)
{
	unsigned maker;

	if (cache == HANDLE_NONE)
		return 0;
	if (!(cache & HANDLE_OTHER))
		return boot_cache_size(cache);
	maker = program_maker(c->program, YIELDS_KMEM_CACHE, cache & ~HANDLE_OTHER, c->program->op_count);
	return maker < PROGRAM_OPS_MAX ? c->program->ops[maker].arg[0] : 0;
}

/* Bytes that the handle yielded by an op covers, read off its arguments; 0 = unknown. */
static uint32_t op_bytes(const struct composer *c, const struct op *op)
{
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	uint32_t count = 1;

	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		uint32_t value = op->arg[a];

		if (descriptor->args[a] == ARG_COUNT)
			count = value;
		else if (descriptor->args[a] == ARG_SIZE)
			return value >= SIZE_NEAR_MAX ? 0 : value * count;
		else if (descriptor->args[a] == ARG_KMEM_CACHE)
			return cache_bytes(c, value);
		else if (descriptor->args[a] == ARG_ORDER)
			return (uint32_t)PAGE_BYTES << value;
	}
	return 0;
}

/* The boot cache an allocation of so many bytes comes from. */
static uint32_t cache_of_bytes(uint32_t bytes)
{
	uint32_t i = 0;

	while (i + 1 < boot_cache_count() && boot_cache_size(i) < bytes)
		i++;
	return i;
}

/* An OFFSET and the SIZE after it: mostly the whole of what the yielding op covers, else half of it. */
static void fill_range(const struct composer *c, struct op *op, unsigned a, uint32_t bytes)
{
	const struct arg_choice choice = {c->r, &c->scope, c->sizes, c->size_count};
	unsigned dice = prng_below(c->r, 16);
	uint32_t offset = 0, size = bytes;

	if (dice == 0 || bytes == 0) {
		offset = arg_kind_ops[ARG_OFFSET].mutate(&choice, 0);
		size = arg_kind_ops[ARG_SIZE].mutate(&choice, 0);
	} else if (dice == 1) {
		size = prng_below(c->r, bytes) + 1;
	} else if (dice < 4) {
		offset = bytes / 2;
		size = bytes - offset;
	} else if (dice < 6) {
		size = bytes / 2;
	} else if (dice == 6) {
		offset = prng_below(c->r, bytes);
		size = bytes - offset;
	} else if (dice == 7) {
		/* Just past the end: what does not fit is skipped where misuse is off. */
		size = 1 + prng_below(c->r, OVERRUN_MAX);
		offset = bytes - prng_below(c->r, size);
	}
	op->arg[a] = offset;
	op->arg[a + 1] = size;
}

static uint32_t plain_value(const struct composer *c, enum arg_kind kind)
{
	const struct arg_choice choice = {c->r, &c->scope, c->sizes, c->size_count};

	if (kind == ARG_BLOCK_LENGTH)
		return 1 + prng_below(c->r, BLOCK_COMMON_MAX);
	if ((kind == ARG_ORDER || kind == ARG_CPU) && !prng_one_in(c->r, 6))
		return prng_below(c->r, 2);
	return arg_kind_ops[kind].mutate(&choice, 0);
}

/* The arguments that are no handles, given the op that yielded the handle (PROGRAM_OPS_MAX: unknown). */
static void fill_values(const struct composer *c, struct op *op, unsigned maker)
{
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	const struct op *made_by = maker < PROGRAM_OPS_MAX ? &c->program->ops[maker] : NULL;

	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		enum arg_kind kind = descriptor->args[a];

		if (arg_kind_ops[kind].low != YIELDS_NOTHING)
			continue;
		if (kind == ARG_OFFSET && a + 1 < descriptor->arg_count && descriptor->args[a + 1] == ARG_SIZE) {
			fill_range(c, op, a, made_by ? op_bytes(c, made_by) : 0);
			a++;
		} else if (kind != ARG_KMEM_CACHE) {
			op->arg[a] = plain_value(c, kind);
		} else if (!made_by || prng_one_in(c->r, ARBITRARY_IN)) {
			op->arg[a] = any_cache(c, (enum verb)op->verb, a);
		} else if (op_descriptors[made_by->verb].args[0] == ARG_KMEM_CACHE) {
			op->arg[a] = made_by->arg[0];
		} else {
			op->arg[a] = cache_of_bytes(op_bytes(c, made_by));
		}
	}
}

/* How many handles from the consumed one on are live without a gap. */
static unsigned live_run(const struct composer *c, const struct op *op)
{
	unsigned a = consumed_arg(op->verb) - 1u, run = 1;
	const struct live_list *list = &c->live[arg_class(op_descriptors[op->verb].args[a], op->arg[a])];
	uint32_t handle = op->arg[a] & ~HANDLE_OTHER;

	for (unsigned i = 0; i < list->count; i++) {
		if (list->handle[i] == handle + run)
			run++;
	}
	return run;
}

static unsigned random_repeat(const struct composer *c, const struct op *op)
{
	unsigned most = REPEAT_COMMON_MAX;

	if (!(op_descriptors[op->verb].flags & OP_REPEATS) || !prng_one_in(c->r, consumed_arg(op->verb) ? 3 : 8))
		return 1;
	if (consumed_arg(op->verb) && !prng_one_in(c->r, ARBITRARY_IN))
		most = live_run(c, op);
	else if (prng_one_in(c->r, REPEAT_LONG_IN))
		most = PROGRAM_REPEAT_MAX;
	if (most > PROGRAM_REPEAT_MAX)
		most = PROGRAM_REPEAT_MAX;
	return most < 2 ? 1 : 2 + prng_below(c->r, most - 1);
}

void composer_fill(const struct composer *c, enum verb verb, struct op *op)
{
	const struct op_descriptor *descriptor = &op_descriptors[verb];
	unsigned maker = PROGRAM_OPS_MAX;

	memset(op, 0, sizeof(*op));
	op->verb = (uint8_t)verb;
	for (unsigned a = 0; a < descriptor->arg_count; a++) {
		if (arg_kind_ops[descriptor->args[a]].low != YIELDS_NOTHING)
			maker = fill_handle(c, op, a);
	}
	fill_values(c, op, maker);
	op->repeat = (uint8_t)random_repeat(c, op);
	if (c->faults && prng_one_in(c->r, FAIL_IN))
		op->fail_nth = (uint8_t)(1 + prng_below(c->r, 3));
	scope_clip_op(&c->scope, op);
}

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
		enum verb verb = (enum verb)kept->verbs[i];

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

static void swarm_choose(struct swarm *swarm, const struct op_set *all, struct prng *r)
{
	swarm->set.count = 0;
	swarm->total = 0;
	for (unsigned i = 0; i < all->count; i++) {
		if (prng_below(r, 100) < KEEP_PERCENT)
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

/* The smaller of two draws: small objects share pages and lines, and cost less. */
static uint32_t small_below(struct prng *r, uint32_t bound)
{
	uint32_t a = prng_below(r, bound), b = prng_below(r, bound);

	return a < b ? a : b;
}

static void choose_sizes(struct composer *c)
{
	static const uint16_t sizes[] = {8,   12,  16,  24,  32,   40,   64,   96,  100,
					 128, 192, 256, 512, 1024, 2048, 4096, 8192};

	c->size_count = 1 + prng_below(c->r, FAVOURED_SIZES_MAX);
	for (unsigned i = 0; i < c->size_count; i++)
		c->sizes[i] = sizes[small_below(c->r, sizeof(sizes) / sizeof(sizes[0]))];
}

static unsigned random_length(unsigned most, struct prng *r)
{
	unsigned length = 1, mean = most / 2 + 1;

	while (length < most && !prng_one_in(r, mean))
		length++;
	return length;
}

void program_generate(struct program *p, const struct op_profile *profile, struct prng *r)
{
	unsigned most = profile->ops_max < PROGRAM_OPS_MAX ? profile->ops_max : PROGRAM_OPS_MAX;
	struct composer c;
	struct swarm swarm;
	unsigned length;

	p->variant = prng_below(r, profile->variant_count);
	p->setting_count = 0;
	p->op_count = 0;
	if (most == 0 || profile->set->count == 0)
		return;
	swarm_choose(&swarm, profile->set, r);
	composer_begin(&c, p, &swarm.set, r);
	c.faults = op_set_has(profile->set, OP_fault_set);
	choose_sizes(&c);
	length = random_length(most, r);
	while (p->op_count < length) {
		unsigned i = p->op_count;

		scope_enter(&c.scope, i, length);
		composer_fill(&c, composer_feasible_verb(&c, swarm_verb(&swarm, r)), &p->ops[i]);
		p->op_count++;
		composer_account(&c, i);
	}
	program_normalize(p);
}
