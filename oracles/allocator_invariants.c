/* SPDX-License-Identifier: MIT */
/*
 * Oracle allocator_invariants: the allocator's own exact check (`invariants` of the contract) holds after every 16th op
 * and at the end.
 * Innocent: the middle of an op (an interrupt block ran inside it); what follows another finding or a crash, which is
 * its consequence; programs that may break the API.
 */
#include <string.h>

#include "oracles/oracle.h"

#define NAME "allocator_invariants"

extern const struct oracle oracle_allocator_invariants;

enum { OPS_BETWEEN = 16, VICTIM_MAX = 48 };

struct invariants {
	unsigned ops; /* ended since the last check */
	bool crashed;
};

static void begin(void *state, const struct oracle_context *context)
{
	(void)context;
	*(struct invariants *)state = (struct invariants){0};
}

/* "nr_partial does not match" -> "nr_partial-does-not-match": a signature has no blanks. */
static const char *as_victim(const char *broken, char victim[VICTIM_MAX])
{
	size_t i = 0;

	for (; broken[i] && i + 1 < VICTIM_MAX; i++) {
		victim[i] = broken[i];
		if (victim[i] == ' ')
			victim[i] = '-';
	}
	victim[i] = 0;
	return victim;
}

static void check(struct invariants *invariants, const struct oracle_context *context, struct findings *out)
{
	const struct allocator *a = context->allocator;
	char victim[VICTIM_MAX];
	const char *broken;

	invariants->ops = 0;
	if (!a || !a->ops->invariants || out->count > 0)
		return;
	/* The hook may read what it likes and change nothing. */
	broken = UNDER_TEST(a->sim, a->ops->invariants((struct allocator *)(uintptr_t)a));
	if (broken)
		/* Which op the check happens to follow tells nothing. */
		finding_add(out, context, NAME, TITLE_INVARIANT_BROKEN, context->sim->actor, as_victim(broken, victim),
			    "check", "%s", broken);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct invariants *invariants = state;

	if (event->kind == EVENT_OP_END) {
		if (context->depth == 1 && ++invariants->ops == OPS_BETWEEN)
			check(invariants, context, out);
	} else {
		invariants->crashed = true;
	}
}

static void end(void *state, const struct oracle_context *context, struct findings *out)
{
	struct invariants *invariants = state;

	if (!invariants->crashed && invariants->ops > 0)
		check(invariants, context, out);
}

const struct oracle oracle_allocator_invariants = {
	.name = NAME,
	.invariant = "The allocator's own lists, counts and page states fit together.",
	.state_size = sizeof(struct invariants),
	.wants = EVENT_BIT(OP_END) | EVENT_BIT(OOPS) | EVENT_BIT(KERNEL_BUG) | EVENT_BIT(HANG),
	.idle = IDLE_IF_MISUSE,
	.begin = begin,
	.observe = observe,
	.end = end,
};
