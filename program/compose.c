/* SPDX-License-Identifier: MIT */
/*
 * Sensible ops: handles that are probably live and in a state in which the op is legal, ranges that fit, so that
 * programs get past the first check; a small share of everything is arbitrary.  Driven by the descriptors except for
 * the tables below.
 */
#include <string.h>

#include "program/edit.h"

enum {
	PAGE_BYTES = 4096,
	ARBITRARY_IN = 32, /* one handle in this many is any handle */
	FAIL_IN = 60,
	COMMON_BOOT_CACHES = 10,
	BLOCK_COMMON_MAX = 3,
	REPEAT_COMMON_MAX = 6,
	REPEAT_LONG_IN = 4, /* one repeat in this many may be of any length: it overflows caches of free objects */
	TO_DEVICE = 1,      /* as in sim/dma_direction.def, which this layer includes for the names alone */
	OVERRUN_MAX = 8,    /* bytes */
	NEEDS_DEPTH = 4,    /* longest chain of needs: a sync needs a mapping, which needs memory */
	ENDED_RARE = 64,    /* one handle in this many has ended */
	OTHER_RARE = 4,     /* one handle in this many is of the second class where there are two */
};

unsigned consumed_arg(unsigned verb)
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

static void ended_add(struct ended_list *list, uint32_t handle, unsigned maker)
{
	unsigned at = list->count++ % ENDED_MAX;

	list->handle[at] = handle;
	list->maker[at] = (uint16_t)maker;
}

static void live_drop(struct live_list *list, struct ended_list *ended, uint32_t handle, uint32_t count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		if (list->handle[i] - handle < count) {
			ended_add(ended, list->handle[i], list->maker[i]);
			continue;
		}
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
		c->live[class].count = c->ended[class].count = 0;
	c->size_count = 0;
	memset(c->open, 0, sizeof(c->open));
	c->ended_in = ENDED_RARE;
	c->other_in = OTHER_RARE;
	c->at = 0;
	c->recent = YIELDS_NOTHING;
	c->direction = NO_DIRECTION;
	c->bulk = false;
	c->faults = op_set_has(set, OP_fault_set);
}

static void account_pairs(struct composer *c, const struct op *op)
{
	uint32_t value = op_descriptors[op->verb].arg_count ? op->arg[0] : 0;

	for (unsigned i = 0; i < PAIRS; i++) {
		struct open_list *open = &c->open[i];

		if (verb_pairs[i].opens == op->verb && open->count < OPEN_MAX)
			open->value[open->count++] = value;
		if (verb_pairs[i].closes != op->verb)
			continue;
		for (unsigned n = open->count; n-- > 0;)
			if (open->value[n] == value) {
				open->value[n] = open->value[--open->count];
				break;
			}
	}
}

void composer_account(struct composer *c, unsigned i)
{
	const struct op *op = &c->program->ops[i];
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	unsigned consumed = consumed_arg(op->verb);
	enum yields class;

	if (consumed > 0) {
		class = arg_class(descriptor->args[consumed - 1], op->arg[consumed - 1]);
		live_drop(&c->live[class], &c->ended[class], op->arg[consumed - 1] & ~HANDLE_OTHER, op->repeat);
	}
	class = descriptor->yields;
	for (uint32_t n = 0; class != YIELDS_NOTHING && n < op->repeat; n++)
		live_add(&c->live[class], c->scope.handles[class] + n, i);
	if (class != YIELDS_NOTHING)
		c->recent = class;
	account_pairs(c, op);
	scope_leave(&c->scope, i, op);
	c->at = i + 1;
}

/* What a verb needs */

bool arg_needs(enum verb verb, unsigned a, enum yields *low, enum yields *high)
{
	const struct arg_kind_ops *kind = &arg_kind_ops[op_descriptors[verb].args[a]];

	*low = kind->low;
	*high = kind->high;
	return kind->low != YIELDS_NOTHING || (kind->high != YIELDS_NOTHING && consumed_arg(verb) == a + 1);
}

enum verb random_yielder(const struct op_set *set, enum yields class, struct prng *r)
{
	enum verb verb = OP_COUNT;
	unsigned seen = 0;

	for (unsigned i = 0; class != YIELDS_NOTHING && i < set->count; i++) {
		if (op_descriptors[set->verbs[i]].yields == class && prng_one_in(r, ++seen))
			verb = (enum verb)set->verbs[i];
	}
	return verb;
}

/* A live handle of the class is one that the verb takes. */
static bool any_serves(const struct composer *c, enum verb verb, const struct live_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (maker_serves(&c->program->ops[list->maker[i]], verb))
			return true;
	return false;
}

/* A verb of the set that yields what an argument of `verb` lacks, or OP_COUNT if nothing does or nothing lacks. */
static enum verb missing_yielder(const struct composer *c, enum verb verb)
{
	enum yields low, high;

	for (unsigned a = 0; a < op_descriptors[verb].arg_count; a++) {
		enum verb yielder;

		if (!arg_needs(verb, a, &low, &high) || any_serves(c, verb, &c->live[low]) || c->live[high].count > 0)
			continue;
		if (op_set_has(c->set, maker_for(verb, 0)))
			return maker_for(verb, 0);
		yielder = random_yielder(c->set, low, c->r);
		if (yielder == OP_COUNT || prng_one_in(c->r, 4)) {
			enum verb other = random_yielder(c->set, high, c->r);

			yielder = other == OP_COUNT ? yielder : other;
		}
		return yielder;
	}
	return OP_COUNT;
}

/* A random pair of which something is open that the verb closes, or PAIRS. */
static unsigned open_pair(const struct composer *c, unsigned verb)
{
	unsigned pair = PAIRS, seen = 0;

	for (unsigned i = pair_closed_by(verb, 0); i < PAIRS; i = pair_closed_by(verb, i + 1))
		if (c->open[i].count > 0 && prng_one_in(c->r, ++seen))
			pair = i;
	return pair;
}

enum verb composer_feasible_verb(const struct composer *c, enum verb verb)
{
	for (unsigned depth = 0; depth < NEEDS_DEPTH && !prng_one_in(c->r, ARBITRARY_IN); depth++) {
		enum verb yielder = missing_yielder(c, verb);

		if (yielder == OP_COUNT && open_pair(c, verb) == PAIRS)
			yielder = verb_opener(verb, c->set, c->r);
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

/* A live mapping was made of that memory. */
static bool is_mapped(const struct composer *c, uint32_t memory)
{
	const struct live_list *list = &c->live[YIELDS_MAPPING];

	for (unsigned i = 0; i < list->count; i++) {
		const struct op *maker = &c->program->ops[list->maker[i]];

		if (op_descriptors[maker->verb].args[0] == ARG_MEMORY && maker->arg[0] == memory)
			return true;
	}
	return false;
}

/* Memory that a device has is seldom freed, and less often used or mapped again than other memory. */
static bool shuns_mapped(const struct composer *c, enum verb verb, unsigned a)
{
	enum op_family family = op_descriptors[verb].family;

	if (c->live[YIELDS_MAPPING].count == 0)
		return false;
	if (consumed_arg(verb) == a + 1)
		return !prng_one_in(c->r, ARBITRARY_IN);
	return (family == FAMILY_DMA || family == FAMILY_CPU) && prng_one_in(c->r, 2);
}

/* Every other time the handle that the op before was about, if it is in the list. */
static unsigned last_used(const struct composer *c, const struct live_list *list, uint32_t flag, unsigned a)
{
	const struct op *last = c->at > 0 ? &c->program->ops[c->at - 1] : NULL;

	if (last && prng_one_in(c->r, 2))
		for (unsigned i = list->count; i-- > 0;)
			if (last->arg[a] == (list->handle[i] | flag))
				return i;
	return pick_live(list, c->r);
}

/* The live handle at `from` or the next older one that suits the verb; `from` itself if none does. */
static unsigned suitable(const struct composer *c, enum verb verb, unsigned a, const struct live_list *list,
			 uint32_t flag, unsigned from)
{
	bool shuns = shuns_mapped(c, verb, a);

	for (unsigned n = 0; n < list->count; n++) {
		unsigned i = from >= n ? from - n : from + list->count - n;

		if (maker_serves(&c->program->ops[list->maker[i]], verb) &&
		    !(shuns && is_mapped(c, list->handle[i] | flag)))
			return i;
	}
	return from;
}

/* A handle that is no longer live: what its memory has become is often of interest, and sometimes legal to ask. */
static unsigned fill_ended(const struct composer *c, struct op *op, unsigned a, const struct ended_list *list,
			   uint32_t flag)
{
	unsigned kept = list->count < ENDED_MAX ? list->count : ENDED_MAX;
	unsigned at = prng_below(c->r, kept);

	op->arg[a] = list->handle[at] | flag;
	return list->maker[at];
}

/* Sets argument a to a handle and returns the op that yields it, or PROGRAM_OPS_MAX. */
static unsigned fill_handle(const struct composer *c, struct op *op, unsigned a)
{
	const struct arg_kind_ops *kind = &arg_kind_ops[op_descriptors[op->verb].args[a]];
	const struct arg_choice choice = {c->r, &c->scope, NULL, 0};
	enum yields class = kind->low;
	const struct live_list *list = &c->live[class];
	uint32_t flag = 0;
	unsigned i;

	if (kind->high != YIELDS_NOTHING && c->live[kind->high].count > 0 &&
	    (list->count == 0 || (c->recent == kind->high && prng_one_in(c->r, 2)) || prng_one_in(c->r, c->other_in))) {
		class = kind->high;
		list = &c->live[class];
		flag = HANDLE_OTHER;
	}
	if (c->ended[class].count > 0 && prng_one_in(c->r, c->ended_in))
		return fill_ended(c, op, a, &c->ended[class], flag);
	if (list->count == 0 || prng_one_in(c->r, ARBITRARY_IN)) {
		op->arg[a] = kind->mutate(&choice, HANDLE_NONE);
		return PROGRAM_OPS_MAX;
	}
	i = suitable(c, (enum verb)op->verb, a, list, flag, last_used(c, list, flag, a));
	op->arg[a] = list->handle[i] | flag;
	return list->maker[i];
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
	return descriptor->yields == YIELDS_PAGE ? PAGE_BYTES : 0;
}

/* The boot cache an allocation of so many bytes comes from. */
static uint32_t cache_of_bytes(uint32_t bytes)
{
	uint32_t i = 0;

	while (i + 1 < boot_cache_count() && boot_cache_size(i) < bytes)
		i++;
	return i;
}

/* The cache that an object came from or, by its size, probably did. */
static uint32_t cache_of_maker(const struct composer *c, const struct op *maker)
{
	const struct op_descriptor *descriptor = &op_descriptors[maker->verb];

	if (descriptor->arg_count > 0 && descriptor->args[0] == ARG_KMEM_CACHE)
		return maker->arg[0];
	return cache_of_bytes(op_bytes(c, maker));
}

/* The cache of an object that lives or, more often, of one that has just ended. */
static bool cache_in_use(const struct composer *c, uint32_t *cache)
{
	const struct live_list *live = &c->live[YIELDS_OBJECT];
	const struct ended_list *ended = &c->ended[YIELDS_OBJECT];
	unsigned maker;

	if (ended->count > 0 && (live->count == 0 || !prng_one_in(c->r, 3)))
		maker = ended->maker[(ended->count - 1) % ENDED_MAX];
	else if (live->count > 0)
		maker = live->maker[pick_live(live, c->r)];
	else
		return false;
	*cache = cache_of_maker(c, &c->program->ops[maker]);
	return true;
}

/* A cache argument that no object decides: mostly a live created one, else a small boot cache. */
static uint32_t any_cache(const struct composer *c, enum verb verb, unsigned a)
{
	const struct live_list *list = &c->live[YIELDS_KMEM_CACHE];
	uint32_t cache;

	if (op_descriptors[verb].family == FAMILY_UPKEEP && !prng_one_in(c->r, 4) && cache_in_use(c, &cache))
		return cache;
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

/* An OFFSET alone: mostly the start, else a page of what the yielding op covers, or anywhere in it. */
static uint32_t lone_offset(const struct composer *c, uint32_t bytes)
{
	const struct arg_choice choice = {c->r, &c->scope, NULL, 0};
	unsigned dice = prng_below(c->r, 16);

	if (dice < 7)
		return 0;
	if (dice == 7 || bytes == 0)
		return arg_kind_ops[ARG_OFFSET].mutate(&choice, 0);
	if (dice < 12 && bytes > PAGE_BYTES)
		return prng_below(c->r, (bytes + PAGE_BYTES - 1) / PAGE_BYTES) * PAGE_BYTES;
	return prng_below(c->r, bytes);
}

/* Bytes of the object whose page the op names; 0 if it names none. */
static uint32_t bytes_of_paged_object(const struct composer *c, const struct op *op)
{
	unsigned maker;

	if (op_descriptors[op->verb].yields != YIELDS_PAGE || op_descriptors[op->verb].args[0] != ARG_OBJECT ||
	    op->arg[0] == HANDLE_NONE)
		return 0;
	maker = program_maker(c->program, YIELDS_OBJECT, op->arg[0], c->program->op_count);
	return maker < PROGRAM_OPS_MAX ? op_bytes(c, &c->program->ops[maker]) : 0;
}

/* An OFFSET and the SIZE after it: mostly the whole of what the yielding op covers, else half of it. */
static void fill_range(const struct composer *c, struct op *op, unsigned a, const struct op *maker)
{
	const struct arg_choice choice = {c->r, &c->scope, c->sizes, c->size_count};
	unsigned dice = prng_below(c->r, 16);
	uint32_t bytes = maker ? op_bytes(c, maker) : 0, part = maker ? bytes_of_paged_object(c, maker) : 0;
	uint32_t offset = 0, size = bytes;

	if (dice == 0 || bytes == 0) {
		offset = arg_kind_ops[ARG_OFFSET].mutate(&choice, 0);
		size = arg_kind_ops[ARG_SIZE].mutate(&choice, 0);
	} else if (part > 0 && part < bytes && dice < 13) {
		/* Objects lie in a page one after another. */
		offset = prng_one_in(c->r, 2) ? 0 : prng_below(c->r, bytes / part) * part;
		size = part;
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
	if (kind == ARG_GFP && !prng_one_in(c->r, 4))
		return 0;
	if (kind == ARG_DIRECTION && c->direction != NO_DIRECTION && !prng_one_in(c->r, 4))
		return c->direction;
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
			fill_range(c, op, a, made_by);
			a++;
		} else if (kind == ARG_OFFSET) {
			op->arg[a] = lone_offset(c, made_by ? op_bytes(c, made_by) : 0);
		} else if (kind != ARG_KMEM_CACHE) {
			op->arg[a] = plain_value(c, kind);
		} else if (!made_by || prng_one_in(c->r, ARBITRARY_IN)) {
			op->arg[a] = any_cache(c, (enum verb)op->verb, a);
		} else {
			op->arg[a] = cache_of_maker(c, made_by);
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

	if (!(op_descriptors[op->verb].flags & OP_REPEATS) || !prng_one_in(c->r, c->bulk                  ? 2
										 : consumed_arg(op->verb) ? 3
													  : 8))
		return 1;
	if (consumed_arg(op->verb) && !prng_one_in(c->r, ARBITRARY_IN))
		most = live_run(c, op);
	else if (prng_one_in(c->r, c->bulk ? 2 : REPEAT_LONG_IN))
		most = PROGRAM_REPEAT_MAX;
	if (most > PROGRAM_REPEAT_MAX)
		most = PROGRAM_REPEAT_MAX;
	if (consumed_arg(op->verb) && prng_one_in(c->r, 2))
		return most; /* who has many often gives all of them back */
	return most < 2 ? 1 : 2 + prng_below(c->r, most - 1);
}

/* The first argument of an op that closes a pair: of one that is open. */
static unsigned fill_pair(const struct composer *c, struct op *op, unsigned maker)
{
	unsigned pair = open_pair(c, op->verb);
	const struct open_list *open;

	if (pair == PAIRS || !op_descriptors[op->verb].arg_count || prng_one_in(c->r, ARBITRARY_IN))
		return maker;
	open = &c->open[pair];
	op->arg[0] = open->value[prng_below(c->r, open->count)];
	return PROGRAM_OPS_MAX;
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
	fill_values(c, op, fill_pair(c, op, maker));
	op->repeat = (uint8_t)random_repeat(c, op);
	if (c->faults && prng_one_in(c->r, FAIL_IN))
		op->fail_nth = (uint8_t)(1 + prng_below(c->r, 3));
	scope_clip_op(&c->scope, op);
}
