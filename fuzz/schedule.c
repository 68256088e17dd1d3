/* SPDX-License-Identifier: MIT */
/* Blocks that come between two steps of an op.  Nested: what was interrupted goes on when the block is over. */
#include "fuzz/schedule.h"

#include <string.h>

#include "fuzz/execute.h"

static void preempt(void *context, enum preempt_point point);

/* Without a block that waits, points cost nothing. */
static void listen(struct executor *x)
{
	x->sim->preempt = x->schedule.count ? preempt : NULL;
	x->sim->preempt_context = x;
}

void schedule_begin(struct executor *x)
{
	struct schedule *s = &x->schedule;

	s->count = s->level = s->amid = 0;
	s->migrate = -1;
	s->watched_at = POINT_COUNT;
	x->sim->preempt = NULL;
}

/* Lines, loads and stores, and devices: no lock of the kernel is taken for them. */
static bool takes_no_lock(const struct executor *x, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		enum op_family family = op_descriptors[x->program->ops[i].verb].family;

		if (family != FAMILY_CACHE && family != FAMILY_BLOCK && family != FAMILY_DEVICE &&
		    x->program->ops[i].verb != OP_obj_write && x->program->ops[i].verb != OP_obj_read)
			return false;
	}
	return true;
}

void schedule_add(struct executor *x, unsigned header, unsigned from, unsigned to)
{
	struct schedule *s = &x->schedule;
	const struct op *op = &x->program->ops[header];
	bool task = op->verb == OP_task;

	if (s->count == SCHEDULE_MAX) {
		run_range(x, from, to);
		return;
	}
	invariant(s->count < SCHEDULE_MAX && from <= to && to <= x->program->op_count);
	s->waiting[s->count++] = (struct waiting_block){.from = from,
							.to = to,
							.points = op->arg[task ? 2 : 1],
							.header = header,
							.level = s->level,
							.cpu = (uint8_t)(task ? op->arg[0] % x->sim->cpus : 0),
							.task = task,
							.lockless = takes_no_lock(x, from, to)};
	listen(x);
}

static struct waiting_block take(struct executor *x, unsigned i)
{
	struct schedule *s = &x->schedule;
	struct waiting_block block = s->waiting[i];

	invariant(i < s->count && s->count <= SCHEDULE_MAX);
	s->count--;
	memmove(&s->waiting[i], &s->waiting[i + 1], (s->count - i) * sizeof(s->waiting[0]));
	listen(x);
	return block;
}

/* A task gives way to another only where it may sleep or be preempted. */
static bool task_may_give_way(const struct executor *x)
{
	const struct sim *sim = x->sim;

	return !sim->irqs_off && !x->in_irq && !sim->preempt_count && !sim->rcu_nesting[sim->cpu];
}

/* True iff the point is one for the block. */
static bool may_come(const struct executor *x, const struct waiting_block *block, enum preempt_point point)
{
	enum point_kind kind = point_rows[point].kind;

	if (!block->task)
		return kind == POINT_OPEN;
	if (block->cpu == x->sim->cpu)
		return kind == POINT_OPEN && task_may_give_way(x);
	return kind != POINT_LOCKED || block->lockless;
}

/* Another cpu has interrupts on and holds no lock, but it may not wait for one that has them off. */
static void enter_task(struct executor *x, const struct waiting_block *block)
{
	if (block->cpu == x->sim->cpu)
		return;
	x->in_irq = x->sim->irqs_off;
	x->sim->cpu = block->cpu;
	x->sim->irqs_off = false;
	x->sim->preempt_count = 0;
}

/* The task that was interrupted goes on on another cpu, if it can. */
static void move_task(struct executor *x)
{
	if (x->schedule.migrate >= 0 && task_may_give_way(x))
		x->sim->cpu = (unsigned)x->schedule.migrate;
	invariant(x->sim->cpu < x->sim->cpus);
}

static void run_block(struct executor *x, const struct waiting_block *block)
{
	struct schedule *s = &x->schedule;
	struct sim *sim = x->sim;
	unsigned in_irq = x->in_irq, cpu = sim->cpu;
	uint32_t preempt_count = sim->preempt_count;
	const char *running = sim->running;
	bool irqs_off = sim->irqs_off;
	int migrate = s->migrate;

	if (!block->task && should_fail(sim, FAULT_lost_irq, .size = 1))
		return;
	s->migrate = -1;
	s->level++;
	if (block->task)
		enter_task(x, block);
	else
		x->in_irq++;
	sim->running = NULL;
	run_range(x, block->from, block->to);
	invariant(s->level);
	s->level--;
	/* What its last header left waiting waits in the op that the block came between. */
	for (unsigned i = 0; i < s->count; i++)
		if (s->waiting[i].level > s->level)
			s->waiting[i].level = s->level;
	x->in_irq = in_irq;
	sim->cpu = cpu;
	sim->preempt_count = preempt_count;
	sim->irqs_off = irqs_off;
	sim->running = running;
	move_task(x);
	s->migrate = migrate;
}

static void preempt(void *context, enum preempt_point point)
{
	struct executor *x = context;
	struct schedule *s = &x->schedule;
	struct waiting_block due[SCHEDULE_MAX];
	struct mark mark = mark_set(&x->sim->under_test, false); /* the code that is interrupted stands still */
	unsigned count = 0;

	for (unsigned i = 0; i < s->count;) {
		if (!may_come(x, &s->waiting[i], point))
			i++;
		else if (s->waiting[i].points)
			s->waiting[i++].points--;
		else
			due[count++] = take(x, i);
	}
	for (unsigned i = 0; i < count && !x->over; i++) {
		if (unlikely(due[i].header == s->watched))
			s->watched_at = point;
		s->amid++;
		run_block(x, &due[i]);
		s->amid--;
	}
	mark_restore(&mark);
}

void schedule_flush(struct executor *x)
{
	struct schedule *s = &x->schedule;

	for (unsigned i = 0; i < s->count && !x->over;) {
		struct waiting_block block;

		if (s->waiting[i].level < s->level) {
			i++;
			continue;
		}
		block = take(x, i);
		run_block(x, &block);
		i = 0;
	}
}
