/* SPDX-License-Identifier: MIT */
/*
 * The op tables, handle numbering, the normal form and edits that keep it.
 * Everything is driven by the descriptors: what differs from kind to kind is in args.c.
 */
#include "program/program.h"

#include <string.h>

#include "program/args.h"
#include "sim/invariant.h"

enum {
	FLAG_0 = 0,
	FLAG_R = OP_REPEATS,
	FLAG_B = OP_OPENS_BLOCK,
	FLAG_E1 = OP_ENDS_FIRST,
	FLAG_E2 = OP_ENDS_SECOND,
	FLAG_RE1 = FLAG_R | FLAG_E1,
	FLAG_RE2 = FLAG_R | FLAG_E2,
};

/* Rows may have no arguments, so each list is padded with NOTHING and counted. */
#define OP(verb, family, yields, flag, ...)                                                                            \
	OP_ROW(verb, family, yields, flag, __VA_ARGS__, NOTHING, NOTHING, NOTHING, NOTHING, 0)
#define OP_ROW(verb, family, yields, flag, help, a, b, c, d, ...)                                                      \
	[OP_##verb] = {#verb,                                                                                          \
		       help,                                                                                           \
		       FAMILY_##family,                                                                                \
		       YIELDS_##yields,                                                                                \
		       FLAG_##flag,                                                                                    \
		       IS_ARG(a) + IS_ARG(b) + IS_ARG(c) + IS_ARG(d),                                                  \
		       {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},
#define IS_ARG(kind) (ARG_##kind != ARG_NOTHING)

const struct op_descriptor op_descriptors[OP_COUNT] = {
#include "program/ops.def"
};
#undef OP

const struct arg_kind_descriptor arg_kind_descriptors[ARG_KIND_COUNT] = {
	[ARG_NOTHING] = {"NOTHING", 0, "nothing"},
#define ARG_KIND(kind, bytes, text) [ARG_##kind] = {#kind, bytes, text},
#include "program/arg_kinds.def"
#undef ARG_KIND
};

static const struct op_set all_verbs = {
	.count = OP_COUNT,
	.verbs =
		{
#define OP(verb, ...) OP_##verb,
#include "program/ops.def"
#undef OP
		},
};

static const struct {
	const char *name;
	uint32_t size;
} boot_caches[] = {
	{"kmalloc-8", 8},
	{"kmalloc-16", 16},
	{"kmalloc-32", 32},
	{"kmalloc-64", 64},
	{"kmalloc-96", 96},
	{"kmalloc-128", 128},
	{"kmalloc-192", 192},
	{"kmalloc-256", 256},
	{"kmalloc-512", 512},
	{"kmalloc-1024", 1024},
	{"kmalloc-2048", 2048},
	{"kmalloc-4096", 4096},
	{"kmalloc-8192", 8192},
	{"kmalloc-16384", 16384},
	{"kmalloc-32768", 32768},
	{"kmalloc-65536", 65536},
	{"kmalloc-131072", 131072},
	{"kmalloc-262144", 262144},
	{"kmalloc-524288", 524288},
	{"kmalloc-1048576", 1048576},
	{"kmalloc-2097152", 2097152},
	{"kmalloc-4194304", 4194304},
};

unsigned boot_cache_count(void)
{
	return sizeof(boot_caches) / sizeof(boot_caches[0]);
}

const char *boot_cache_name(unsigned index)
{
	invariant(index < boot_cache_count());
	return boot_caches[index].name;
}

uint32_t boot_cache_size(unsigned index)
{
	invariant(index < boot_cache_count());
	return boot_caches[index].size;
}

const struct op_set *op_set_all(void)
{
	return &all_verbs;
}

bool op_set_has(const struct op_set *set, enum verb verb)
{
	return set->count > 0 && memchr(set->verbs, (int)verb, set->count) != NULL;
}

void op_set_add(struct op_set *set, enum verb verb)
{
	invariant(verb < OP_COUNT);
	if (!op_set_has(set, verb))
		set->verbs[set->count++] = (uint8_t)verb;
}

enum verb verb_by_name(const char *name, size_t length)
{
	for (unsigned i = 0; i < OP_COUNT; i++) {
		if (strlen(op_descriptors[i].name) == length && memcmp(op_descriptors[i].name, name, length) == 0)
			return (enum verb)i;
	}
	return OP_COUNT;
}

unsigned op_yield_count(const struct op *op)
{
	return op_descriptors[op->verb].yields == YIELDS_NOTHING ? 0 : op->repeat;
}

void program_number_handles(const struct program *p, uint32_t first[PROGRAM_OPS_MAX])
{
	uint32_t next[YIELDS_COUNT] = {0};

	for (unsigned i = 0; i < p->op_count; i++) {
		enum yields class = op_descriptors[p->ops[i].verb].yields;

		first[i] = next[class];
		next[class] += op_yield_count(&p->ops[i]);
	}
}

unsigned program_handles_before(const struct program *p, enum yields class, unsigned before)
{
	unsigned count = 0;

	for (unsigned i = 0; i < before; i++) {
		if (op_descriptors[p->ops[i].verb].yields == class)
			count += op_yield_count(&p->ops[i]);
	}
	return count;
}

unsigned op_block_arg(const struct op *op)
{
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];
	unsigned a = 0;

	while (a + 1 < descriptor->arg_count && descriptor->args[a] != ARG_BLOCK_LENGTH)
		a++;
	return a;
}

unsigned op_block_length(const struct op *op)
{
	return op_descriptors[op->verb].flags & OP_OPENS_BLOCK ? op->arg[op_block_arg(op)] : 0;
}

void scope_begin(struct arg_scope *scope)
{
	memset(scope, 0, sizeof(*scope));
}

void scope_enter(struct arg_scope *scope, unsigned i, unsigned op_count)
{
	while (scope->depth > 0 && scope->ends[scope->depth - 1] <= i)
		scope->depth--;
	if (scope->depth == PROGRAM_BLOCK_DEPTH_MAX)
		scope->ops_left = 0;
	else
		scope->ops_left = (scope->depth > 0 ? scope->ends[scope->depth - 1] : op_count) - i - 1;
}

void scope_leave(struct arg_scope *scope, unsigned i, const struct op *op)
{
	unsigned length = op_block_length(op);

	scope->handles[op_descriptors[op->verb].yields] += op->repeat;
	if (length > 0) {
		invariant(scope->depth < PROGRAM_BLOCK_DEPTH_MAX);
		scope->ends[scope->depth++] = i + 1 + length;
	}
}

void scope_clip_op(const struct arg_scope *scope, struct op *op)
{
	const struct op_descriptor *descriptor;

	op->verb = op->verb < OP_COUNT ? op->verb : op->verb % OP_COUNT;
	descriptor = &op_descriptors[op->verb];
	if (op->repeat < 1 || !(descriptor->flags & OP_REPEATS))
		op->repeat = 1;
	if (op->repeat > PROGRAM_REPEAT_MAX)
		op->repeat = PROGRAM_REPEAT_MAX;
	for (unsigned a = 0; a < descriptor->arg_count; a++)
		op->arg[a] = arg_kind_ops[descriptor->args[a]].clip(scope, op->arg[a]);
	for (unsigned a = descriptor->arg_count; a < PROGRAM_ARGS_MAX; a++)
		op->arg[a] = 0;
}

void program_normalize(struct program *p)
{
	struct arg_scope scope;

	p->variant &= 0xff;
	if (p->op_count > PROGRAM_OPS_MAX)
		p->op_count = PROGRAM_OPS_MAX;
	scope_begin(&scope);
	for (unsigned i = 0; i < p->op_count; i++) {
		scope_enter(&scope, i, p->op_count);
		scope_clip_op(&scope, &p->ops[i]);
		scope_leave(&scope, i, &p->ops[i]);
	}
}

bool program_equal_ops(const struct program *a, const struct program *b)
{
	if (a->op_count != b->op_count)
		return false;
	for (unsigned i = 0; i < a->op_count; i++) {
		const struct op *x = &a->ops[i], *y = &b->ops[i];

		if (x->verb != y->verb || x->repeat != y->repeat || x->fail_nth != y->fail_nth)
			return false;
		if (memcmp(x->arg, y->arg, sizeof(x->arg)) != 0)
			return false;
	}
	return true;
}

/* Handles of one class that come and go: `removed` from number `at`, then `added` in their place. */
struct handle_shift {
	uint32_t at, removed, added;
};

static void shift_arg(enum arg_kind kind, uint32_t *value, const struct handle_shift shifts[YIELDS_COUNT])
{
	enum yields class = arg_class(kind, *value);
	const struct handle_shift *shift = &shifts[class];
	uint32_t index = *value & ~HANDLE_OTHER;

	if (class == YIELDS_NOTHING || index < shift->at)
		return;
	if (index < shift->at + shift->removed)
		*value = HANDLE_NONE;
	else
		*value += shift->added - shift->removed;
}

static void shift_handles(struct program *p, unsigned from, const struct handle_shift shifts[YIELDS_COUNT])
{
	for (unsigned i = from; i < p->op_count; i++) {
		const struct op_descriptor *descriptor = &op_descriptors[p->ops[i].verb];

		for (unsigned a = 0; a < descriptor->arg_count; a++)
			shift_arg(descriptor->args[a], &p->ops[i].arg[a], shifts);
	}
}

/* Blocks that begin before op i lose those of their ops which are in [i, i + count). */
static void shrink_blocks(struct program *p, unsigned i, unsigned count)
{
	for (unsigned b = 0; b < i; b++) {
		unsigned end = b + 1 + op_block_length(&p->ops[b]);

		if (end > i)
			p->ops[b].arg[op_block_arg(&p->ops[b])] -= (end < i + count ? end : i + count) - i;
	}
}

void program_remove_ops(struct program *p, unsigned i, unsigned count)
{
	struct handle_shift shifts[YIELDS_COUNT] = {{0, 0, 0}};

	invariant(i + count <= p->op_count);
	for (unsigned class = 1; class < YIELDS_COUNT; class ++) {
		shifts[class].at = program_handles_before(p, (enum yields) class, i);
		shifts[class].removed = program_handles_before(p, (enum yields) class, i + count) - shifts[class].at;
	}
	shift_handles(p, i + count, shifts);
	shrink_blocks(p, i, count);
	memmove(&p->ops[i], &p->ops[i + count], (p->op_count - i - count) * sizeof(p->ops[0]));
	p->op_count -= count;
	program_normalize(p);
}

void program_remove_op(struct program *p, unsigned i)
{
	program_remove_ops(p, i, 1);
}

static void grow_blocks(struct program *p, unsigned i)
{
	for (unsigned b = 0; b < i; b++) {
		unsigned length = op_block_length(&p->ops[b]);

		if (length > 0 && i <= b + length)
			p->ops[b].arg[op_block_arg(&p->ops[b])]++;
	}
}

bool program_insert_op(struct program *p, unsigned i, const struct op *op)
{
	struct handle_shift shifts[YIELDS_COUNT] = {{0, 0, 0}};
	struct op copy = *op; /* may point into p */
	enum yields class = op_descriptors[copy.verb].yields;

	invariant(i <= p->op_count);
	if (p->op_count >= PROGRAM_OPS_MAX)
		return false;
	if (copy.repeat < 1 || !(op_descriptors[copy.verb].flags & OP_REPEATS))
		copy.repeat = 1;
	shifts[class].at = program_handles_before(p, class, i);
	shifts[class].added = op_yield_count(&copy);
	shift_handles(p, i, shifts);
	grow_blocks(p, i);
	memmove(&p->ops[i + 1], &p->ops[i], (p->op_count - i) * sizeof(p->ops[0]));
	p->ops[i] = copy;
	p->op_count++;
	program_normalize(p);
	return true;
}

bool program_merge_next(struct program *p, unsigned i)
{
	struct op *op = &p->ops[i], *next = op + 1;

	if (i + 1 >= p->op_count || op->verb != next->verb || op->fail_nth || next->fail_nth)
		return false;
	if (!(op_descriptors[op->verb].flags & OP_REPEATS) || op_descriptors[op->verb].yields == YIELDS_NOTHING)
		return false;
	if (memcmp(op->arg, next->arg, sizeof(op->arg)) != 0 || op->repeat + next->repeat > PROGRAM_REPEAT_MAX)
		return false;
	/* A block that ends between them would take both. */
	for (unsigned b = 0; b < i; b++)
		if (b + 1 + op_block_length(&p->ops[b]) == i + 1)
			return false;
	op->repeat = (uint8_t)(op->repeat + next->repeat);
	shrink_blocks(p, i + 1, 1);
	memmove(next, next + 1, (p->op_count - i - 2) * sizeof(*next));
	p->op_count--;
	program_normalize(p);
	return true;
}

void program_set_repeat(struct program *p, unsigned i, unsigned repeat)
{
	struct handle_shift shifts[YIELDS_COUNT] = {{0, 0, 0}};
	struct op *op = &p->ops[i];
	enum yields class = op_descriptors[op->verb].yields;
	unsigned kept = repeat < op->repeat ? repeat : op->repeat;

	invariant(repeat >= 1 && repeat <= PROGRAM_REPEAT_MAX);
	if (class != YIELDS_NOTHING) {
		shifts[class].at = program_handles_before(p, class, i) + kept;
		shifts[class].removed = op->repeat - kept;
		shifts[class].added = repeat - kept;
		shift_handles(p, i + 1, shifts);
	}
	op->repeat = (uint8_t)repeat;
	program_normalize(p);
}

static struct setting *find_setting(const struct program *p, const char *key)
{
	for (unsigned i = 0; i < p->setting_count; i++) {
		if (strcmp(p->settings[i].key, key) == 0)
			return (struct setting *)(uintptr_t)&p->settings[i];
	}
	return NULL;
}

const char *program_setting(const struct program *p, const char *key)
{
	const struct setting *setting = find_setting(p, key);

	return setting ? setting->value : NULL;
}

bool program_set(struct program *p, const char *key, const char *value)
{
	struct setting *setting = find_setting(p, key);

	if (strlen(key) >= SETTING_KEY_MAX || strlen(value) >= SETTING_VALUE_MAX)
		return false;
	if (!setting) {
		if (p->setting_count >= SETTINGS_MAX)
			return false;
		setting = &p->settings[p->setting_count++];
		memset(setting, 0, sizeof(*setting));
		memcpy(setting->key, key, strlen(key));
	}
	memset(setting->value, 0, sizeof(setting->value));
	memcpy(setting->value, value, strlen(value));
	return true;
}
