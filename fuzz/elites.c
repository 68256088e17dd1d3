/* SPDX-License-Identifier: MIT */
/* One program for each shape; what is found broken is nobody's elite, because states after damage are all new. */
#include "fuzz/elites.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATED_IN = 2, CROSSED_IN = 8, LATEST = 16, LATEST_IN = 2 };

/* Only the ops in use: programs have room for far more than most have. */
static void copy_program(struct program *to, const struct program *from)
{
	memcpy(to, from, offsetof(struct program, ops) + from->op_count * sizeof(from->ops[0]));
}

static void keep(struct elites *e, unsigned shape, const struct program *p)
{
	unsigned kind = shape / SHAPES_OF_A_KIND;

	invariant(shape < SHAPES);
	if (!e->program[shape]) {
		e->program[shape] = malloc(sizeof(*p));
		if (!e->program[shape])
			return;
		e->shape[kind][e->count_of[kind]++] = (uint16_t)shape;
		e->count++;
	} else if (e->program[shape]->op_count < p->op_count) {
		return;
	}
	copy_program(e->program[shape], p);
}

/* False after misuse, even if nobody noticed it: the allocator's lists may lead anywhere, or in a circle. */
static bool allocator_shape(struct session *s, struct shape *shape)
{
	struct allocator *a = s->executor.allocator;
	volatile bool whole = false;

	if (!a->ops->shape)
		return true;
	if (s->executor.misused)
		return false;
	a->sim->observe = NULL;
	a->sim->recovery = &s->executor.recovery;
	if (setjmp(s->executor.recovery) == 0) {
		UNDER_TEST(a->sim, a->ops->shape(a, shape));
		whole = true;
	} else {
		whole = false;
	}
	a->sim->recovery = NULL;
	a->sim->observe = world_observe;
	return whole;
}

void elites_learn(struct elites *e, struct session *s, const struct program *p)
{
	struct shape shape = {.count = 0};

	if (s->world.findings.count)
		return;
	client_shape(&s->executor, &shape);
	if (!allocator_shape(s, &shape))
		return;
	for (unsigned i = 0; i < shape.count; i++)
		keep(e, shape.row[i], p);
}

/* Kinds have equal shares, however many shapes each has: a new kind takes no more than its own from the others. */
static unsigned pick_kind(const struct elites *e, struct prng *r)
{
	unsigned picked = 0, seen = 0;

	for (unsigned kind = 0; kind < SHAPE_KINDS; kind++)
		if (e->count_of[kind] && prng_one_in(r, ++seen))
			picked = kind;
	return picked;
}

static const struct program *pick(const struct elites *e, struct prng *r)
{
	unsigned kind = pick_kind(e, r), count = e->count_of[kind], latest = count < LATEST ? count : LATEST;
	unsigned i = prng_one_in(r, LATEST_IN) ? count - 1 - prng_below(r, latest) : prng_below(r, count);

	invariant(count && i < count && e->program[e->shape[kind][i]]);
	return e->program[e->shape[kind][i]];
}

void elites_next(const struct elites *e, struct program *p, const struct op_profile *profile, struct prng *r)
{
	if (!e->count || prng_one_in(r, GENERATED_IN)) {
		program_generate(p, profile, r);
		return;
	}
	if (prng_one_in(r, CROSSED_IN)) {
		program_crossover(p, pick(e, r), pick(e, r), profile, r);
		return;
	}
	copy_program(p, pick(e, r));
	program_mutate(p, profile, r);
}

void elites_end(struct elites *e)
{
	for (unsigned i = 0; i < SHAPES; i++)
		free(e->program[i]);
	memset(e, 0, sizeof(*e));
}
