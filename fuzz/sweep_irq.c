/* SPDX-License-Identifier: MIT */
/* A pair of ops that comes between two steps of another. */
#include "fuzz/sweep_irq.h"

#include "program/edit.h"

enum { ROW_ATOMIC = 1, POINTS_MAX = 256, COMMON_SIZE = 64 };

enum pair { PAIR_SAME, PAIR_KMALLOC, PAIR_PAGE, PAIR_COUNT };

/* Who comes: an interrupt on this cpu, a task on the other. */
enum visitor { VISITOR_IRQ, VISITOR_TASK, VISITOR_COUNT };

static bool allocates_size(enum verb verb)
{
	return verb == OP_kmalloc || verb == OP_kzalloc || verb == OP_krealloc;
}

/* The op that made what op i frees or resizes, or op i. */
static const struct op *maker_of(const struct program *p, unsigned i)
{
	const struct op *op = &p->ops[i];
	unsigned maker = PROGRAM_OPS_MAX;

	if (op->verb == OP_kfree && !(op->arg[0] & HANDLE_OTHER))
		maker = program_maker(p, YIELDS_OBJECT, op->arg[0], i);
	return maker == PROGRAM_OPS_MAX ? op : &p->ops[maker];
}

/* Allocations of the kind that op i deals in; false if it deals in none. */
static bool same_kind(const struct program *p, unsigned i, struct op *alloc)
{
	const struct op *op = maker_of(p, i);
	const struct op_descriptor *descriptor = &op_descriptors[op->verb];

	if (descriptor->arg_count && descriptor->args[0] == ARG_KMEM_CACHE && op->arg[0] != HANDLE_NONE &&
	    op->verb != OP_kmem_cache_destroy) {
		*alloc = (struct op){.verb = OP_kmem_cache_alloc, .repeat = 1, .arg = {op->arg[0], ROW_ATOMIC}};
		return true;
	}
	if (!allocates_size((enum verb)op->verb))
		return false;
	*alloc = (struct op){
		.verb = OP_kmalloc, .repeat = 1, .arg = {op->arg[op->verb == OP_krealloc ? 1 : 0], ROW_ATOMIC}};
	return true;
}

static bool make_pair(const struct program *p, unsigned i, enum pair pair, struct op *alloc)
{
	if (pair == PAIR_SAME)
		return same_kind(p, i, alloc);
	*alloc = (struct op){.verb = OP_kmalloc, .repeat = 1, .arg = {COMMON_SIZE, ROW_ATOMIC}};
	if (pair == PAIR_PAGE)
		*alloc = (struct op){.verb = OP_alloc_pages, .repeat = 1, .arg = {0, ROW_ATOMIC}};
	return true;
}

static struct op free_of(const struct program *p, unsigned i, const struct op *alloc)
{
	uint32_t handle = program_handles_before(p, op_descriptors[alloc->verb].yields, i);

	if (alloc->verb == OP_kmem_cache_alloc)
		return (struct op){.verb = OP_kmem_cache_free, .repeat = 1, .arg = {alloc->arg[0], handle}};
	return (struct op){.verb = alloc->verb == OP_kmalloc ? OP_kfree : OP_free_pages, .repeat = 1, .arg = {handle}};
}

/* The program with the pair in a block in front of op i.  False iff there is no room. */
static bool make_variant(struct program *v, const struct sweep_irq *sweep, unsigned i, enum pair pair,
			 enum visitor visitor)
{
	struct op header = {.verb = OP_irq, .repeat = 1, .arg = {2, 0}}, alloc, free_it;

	if (!make_pair(sweep->one->program, i, pair, &alloc))
		return false;
	if (visitor == VISITOR_TASK)
		header = (struct op){.verb = OP_task, .repeat = 1, .arg = {1, 2, 0}};
	*v = *sweep->one->program;
	free_it = free_of(v, i, &alloc);
	if (!program_insert_op(v, i, &alloc) || !program_insert_op(v, i + 1, &free_it) ||
	    !program_insert_op(v, i, &header))
		return false;
	program_set(v, "drain", "1");
	program_normalize(v);
	return v->ops[i].arg[visitor == VISITOR_TASK] == 2; /* else blocks nest too deep */
}

/* False when the op has no such point. */
static bool run_one(const struct sweep_irq *sweep, struct program *v, unsigned i)
{
	struct schedule *schedule = &sweep->session->executor.schedule;
	const struct finding *finding;
	enum sweep_outcome outcome;

	schedule->watched = i;
	outcome = sweep_run_variant(sweep->session, sweep->one, v, &finding);
	schedule->watched = SCHEDULE_UNWATCHED;
	sweep->table->runs++;
	if (schedule->watched_at == POINT_COUNT)
		return false;
	sweep->table->outcomes[v->ops[i + 3].verb][schedule->watched_at][outcome]++;
	if (finding) {
		static struct program copy;

		copy = *v;
		sweep->found(sweep->context, &copy, finding);
	}
	return sweep->keep_going(sweep->context);
}

static void sweep_op(const struct sweep_irq *sweep, unsigned i, enum pair pair, enum visitor visitor)
{
	static struct program v;
	unsigned limit = sweep->limit && sweep->limit < POINTS_MAX ? sweep->limit : POINTS_MAX;

	if (!make_variant(&v, sweep, i, pair, visitor))
		return;
	for (unsigned point = 0; point < limit; point++) {
		v.ops[i].arg[visitor == VISITOR_TASK ? 2 : 1] = point;
		if (!run_one(sweep, &v, i))
			return;
	}
}

void sweep_irq_case(const struct sweep_irq *sweep)
{
	const struct program *p = sweep->one->program;
	unsigned visitors = sweep->session->world.sim.cpus > 1 ? VISITOR_COUNT : VISITOR_TASK;

	for (unsigned i = 0; i < p->op_count; i++) {
		if (op_descriptors[p->ops[i].verb].flags & OP_OPENS_BLOCK)
			continue;
		for (unsigned pair = 0; pair < PAIR_COUNT; pair++)
			for (unsigned visitor = 0; visitor < visitors; visitor++)
				if (sweep->keep_going(sweep->context))
					sweep_op(sweep, i, (enum pair)pair, (enum visitor)visitor);
	}
}

static void print_row(const struct sweep_irq_table *table, unsigned verb, unsigned point, FILE *out)
{
	const uint64_t *n = table->outcomes[verb][point];

	if (!(n[SWEEP_HANDLED] | n[SWEEP_LEAKED] | n[SWEEP_CHANGED] | n[SWEEP_CRASHED]))
		return;
	fprintf(out, "%-24s %-22s", op_descriptors[verb].name, point_rows[point].name);
	for (unsigned o = SWEEP_HANDLED; o < SWEEP_OUTCOME_COUNT; o++)
		fprintf(out, " %13llu", (unsigned long long)n[o]);
	fputc('\n', out);
}

void sweep_irq_print(const struct sweep_irq_table *table, const struct sweep_table *signatures, FILE *out)
{
	fprintf(out, "%-24s %-22s %13s", "op", "preemption point", "silent");
	for (unsigned o = SWEEP_HANDLED + 1; o < SWEEP_OUTCOME_COUNT; o++)
		fprintf(out, " %13s", sweep_outcome_names[o]);
	fputc('\n', out);
	for (unsigned verb = 0; verb < OP_COUNT; verb++)
		for (unsigned point = 0; point < POINT_COUNT; point++)
			print_row(table, verb, point, out);
	sweep_signatures_print(signatures, table->runs, "by themselves", out);
}
