/* SPDX-License-Identifier: MIT */
/* Composes the programs of pairs: see pairs.h.  Values come from tables by kind, makers and openers from relations. */
#include "program/pairs.h"

#include "program/args.h"
#include "program/edit.h"

enum { DEPTH_MAX = 6, PAGE_BYTES = 4096, RCU_FLAG = 2, HOSTILE_SIZE = 65535, APART_REPEAT = 3 };

struct builder {
	struct program *p;
	enum pair_choice choice;
	unsigned since; /* ops from here on may lend their handles */
	bool second;    /* the second op's turn */
	unsigned depth;
};

/* Values by kind and choice; handles, and what depends on the verb, are looked up elsewhere. */
static const uint32_t values[ARG_KIND_COUNT][PAIR_CHOICES] = {
	[ARG_SIZE] = {128, 200, 0xffffffffu},
	[ARG_OFFSET] = {0, 16, 65528},
	[ARG_GFP] = {0, 1, 7},
	[ARG_COUNT] = {0, 1, 255},
	[ARG_ALIGN] = {0, 64, PAGE_BYTES},
	[ARG_SLAB_FLAGS] = {RCU_FLAG, 1, 0xff},
	[ARG_ORDER] = {0, 1, 10},
	[ARG_BYTE] = {0xa5, 0, 0xff},
	[ARG_DIRECTION] = {0, 2, 3},
	[ARG_VM_KIND] = {0, 2, 1},
	[ARG_CPU] = {0, 1, 7},
	[ARG_FAULT] = {0, 1, 2},
	[ARG_POINT] = {0, 1, 255},
	[ARG_BLOCK_LENGTH] = {1, 0, 255},
	[ARG_NUMBER] = {1, 2, 65535},
	[ARG_FAULT_ATTRIBUTE] = {0, 1, 2},
	[ARG_VERB] = {OP_kmalloc, OP_dma_map, OP_kfree},
};

/* What any maker of the class will do for. */
static const uint8_t default_makers[YIELDS_COUNT] = {
	[YIELDS_OBJECT] = OP_kmalloc,   [YIELDS_KMEM_CACHE] = OP_kmem_cache_create,
	[YIELDS_PAGE] = OP_alloc_pages, [YIELDS_MAPPING] = OP_dma_map,
	[YIELDS_SG] = OP_sg_init_one,   [YIELDS_POOL] = OP_dma_pool_create,
	[YIELDS_BIO] = OP_bio_alloc,    [YIELDS_SKB] = OP_alloc_skb,
	[YIELDS_VMA] = OP_mmap,
};

struct relation {
	uint8_t verb, other;
};

/* Verbs that do something only with what certain verbs made, beyond those of maker_for(). */
static const struct relation makers[] = {
	{OP_obj_lock, OP_kmem_cache_alloc},
	{OP_obj_unlock, OP_kmem_cache_alloc},
	{OP_coherent_write, OP_dma_alloc_coherent},
	{OP_coherent_read, OP_dma_alloc_coherent},
	{OP_coherent_to_page, OP_dma_alloc_coherent},
	{OP_dma_sync_range_for_cpu, OP_dma_map},
	{OP_dma_sync_range_for_device, OP_dma_map},
	{OP_dma_unmap_sg_as, OP_dma_map_sg},
	{OP_dma_sync_sg_as_for_cpu, OP_dma_map_sg},
	{OP_add_to_page_cache, OP_alloc_pages},
	{OP_remove_from_page_cache, OP_alloc_pages},
	{OP_vm_insert_page, OP_alloc_pages},
	{OP_vm_insert_pfn, OP_alloc_pages},
	{OP_vm_insert_mixedmap_pfn, OP_alloc_pages},
	{OP_set_pte, OP_alloc_pages},
	{OP_page_write, OP_alloc_pages},
	{OP_page_read, OP_alloc_pages},
	{OP_vmap, OP_alloc_pages},
};

/* Verbs that do something only after certain verbs, beyond those of verb_pairs. */
static const struct relation openers[] = {
	{OP_dma_sync_range_for_device, OP_dma_sync_range_for_cpu},
	{OP_obj_lock, OP_rcu_read_lock},
	{OP_load_pointer, OP_rcu_assign_pointer},
	{OP_load_pointer, OP_rcu_read_lock},
	{OP_rcu_dereference, OP_rcu_assign_pointer},
	{OP_rcu_dereference, OP_rcu_read_lock},
	{OP_remove_from_page_cache, OP_add_to_page_cache},
	{OP_user_read, OP_add_to_page_cache},
	{OP_user_write, OP_add_to_page_cache},
	{OP_get_user_pages, OP_add_to_page_cache},
	{OP_skb_clone, OP_skb_add_frag},
	{OP_skb_linearize, OP_skb_add_frag},
	{OP_dev_queue_xmit, OP_skb_add_frag},
	{OP_grace_period, OP_call_rcu},
	{OP_store_drain, OP_obj_write},
};

enum { MAKER_COUNT = sizeof(makers) / sizeof(makers[0]), OPENER_COUNT = sizeof(openers) / sizeof(openers[0]) };

static void push(struct builder *b, enum verb verb);

/* The verb whose yield of that class the verb wants, or OP_COUNT: any will do. */
static enum verb special_maker(enum verb verb, enum yields class)
{
	for (unsigned n = 0; maker_for(verb, n) != OP_COUNT; n++)
		if (op_descriptors[maker_for(verb, n)].yields == class)
			return maker_for(verb, n);
	for (unsigned i = 0; i < MAKER_COUNT; i++)
		if (makers[i].verb == verb && op_descriptors[makers[i].other].yields == class)
			return (enum verb)makers[i].other;
	return OP_COUNT;
}

/* The last op that may lend a handle of the class, or the number of ops. */
static unsigned lender(const struct builder *b, enum yields class, enum verb maker)
{
	for (unsigned i = b->p->op_count; i-- > b->since;) {
		const struct op *op = &b->p->ops[i];

		if (op_descriptors[op->verb].yields == class &&
		    (maker == OP_COUNT || op->verb == maker || b->choice == PAIR_HOSTILE))
			return i;
	}
	return b->p->op_count;
}

static uint32_t handle_of(struct builder *b, enum verb verb, enum yields class)
{
	enum verb maker = special_maker(verb, class);
	unsigned from = lender(b, class, maker);

	if (from == b->p->op_count) {
		if ((b->choice == PAIR_HOSTILE && b->second) || b->depth >= DEPTH_MAX)
			return HANDLE_NONE;
		push(b, maker == OP_COUNT ? (enum verb)default_makers[class] : maker);
		from = b->p->op_count - 1;
	}
	return program_handles_before(b->p, class, from);
}

/* Where two classes serve, the one that was yielded last; with handles of its own, the second of them. */
static bool takes_other(const struct builder *b, enum arg_kind kind)
{
	enum yields low = arg_kind_ops[kind].low, high = arg_kind_ops[kind].high;
	unsigned none = b->p->op_count, lows, highs;

	if (low == YIELDS_NOTHING || high == YIELDS_NOTHING)
		return high != YIELDS_NOTHING && b->choice != PAIR_APART;
	lows = lender(b, low, OP_COUNT);
	highs = lender(b, high, OP_COUNT);
	if (lows == none && highs == none)
		return b->choice == PAIR_APART;
	return lows == none || (highs != none && highs > lows);
}

static uint32_t handle_argument(struct builder *b, enum verb verb, enum arg_kind kind)
{
	bool other = takes_other(b, kind);
	enum yields class = other ? arg_kind_ops[kind].high : arg_kind_ops[kind].low;
	uint32_t handle;

	if (class == YIELDS_NOTHING)
		return 0; /* the first boot cache */
	handle = handle_of(b, verb, class);
	return handle == HANDLE_NONE || !other ? handle : handle | HANDLE_OTHER;
}

/* A range lies in what values[] made; in a user mapping it is of the page that the count names. */
static uint32_t plain_argument(const struct builder *b, const struct op_descriptor *d, unsigned a)
{
	enum arg_kind kind = d->args[a];
	uint32_t value = values[kind][b->choice];

	if (b->choice == PAIR_HOSTILE && b->second)
		return kind == ARG_SIZE ? HOSTILE_SIZE : kind == ARG_OFFSET ? PAGE_BYTES - 1 : value;
	if (b->choice == PAIR_APART && kind == ARG_SIZE && a && d->args[a - 1] == ARG_OFFSET)
		return 40;
	if (b->choice == PAIR_APART && kind == ARG_OFFSET && d->args[0] == ARG_VMA)
		return value + PAGE_BYTES;
	return value;
}

static bool is_handle(enum arg_kind kind)
{
	return arg_kind_ops[kind].low != YIELDS_NOTHING || arg_kind_ops[kind].high != YIELDS_NOTHING;
}

static void open_with(struct builder *b, enum verb opener)
{
	for (unsigned i = b->since; i < b->p->op_count; i++)
		if (b->p->ops[i].verb == opener)
			return;
	if (b->depth < DEPTH_MAX && !(b->choice == PAIR_HOSTILE && b->second))
		push(b, opener);
}

static void open_for(struct builder *b, enum verb verb)
{
	unsigned pair = pair_closed_by(verb, 0);

	if (pair < PAIRS)
		open_with(b, (enum verb)verb_pairs[pair].opens);
	for (unsigned i = 0; i < OPENER_COUNT; i++)
		if (openers[i].verb == verb)
			open_with(b, (enum verb)openers[i].other);
}

/* The op at the end of the program, and before it what it needs. */
static void push(struct builder *b, enum verb verb)
{
	const struct op_descriptor *d = &op_descriptors[verb];
	struct op op = {.verb = (uint8_t)verb, .repeat = 1};

	b->depth++;
	open_for(b, verb);
	if (b->choice == PAIR_APART && d->flags & OP_REPEATS)
		op.repeat = APART_REPEAT;
	for (unsigned a = 0; a < d->arg_count; a++) {
		/* Two lists are chained, not one with itself. */
		if (a && verb == OP_sg_chain && b->choice != PAIR_HOSTILE && b->depth < DEPTH_MAX)
			push(b, OP_sg_init_one);
		op.arg[a] = is_handle(d->args[a]) ? handle_argument(b, verb, d->args[a]) : plain_argument(b, d, a);
	}
	b->p->ops[b->p->op_count++] = op;
	b->depth--;
}

/* Headers yield nothing, so handles keep their numbers. */
static void insert_header(struct program *p, unsigned i, enum verb verb, enum pair_choice choice)
{
	const struct op_descriptor *d = &op_descriptors[verb];
	struct op op = {.verb = (uint8_t)verb, .repeat = 1};

	for (unsigned a = 0; a < d->arg_count; a++)
		op.arg[a] = values[d->args[a]][choice];
	for (unsigned n = p->op_count++; n > i; n--)
		p->ops[n] = p->ops[n - 1];
	p->ops[i] = op;
}

void pair_compose(struct program *p, enum verb first, enum verb second, enum pair_choice choice, unsigned at[2])
{
	struct builder b = {.p = p, .choice = choice};
	bool blocks = verb_opens_block(first) || verb_opens_block(second);

	p->op_count = p->setting_count = p->variant = 0;
	if (!verb_opens_block(first))
		push(&b, first);
	at[0] = p->op_count - 1;
	b.second = true;
	if (choice == PAIR_APART)
		b.since = p->op_count;
	if (!verb_opens_block(second))
		push(&b, second);
	else
		insert_header(p, p->op_count, second, choice);
	at[1] = p->op_count - 1;
	/* The first op's block is around the second; what a block interrupts comes after it. */
	if (verb_opens_block(first)) {
		at[0] = at[1]++;
		insert_header(p, at[0], first, choice);
	}
	b.since = 0;
	if (blocks) {
		push(&b, OP_kmalloc);
		push(&b, OP_kmalloc);
	}
	program_normalize(p);
}
