/* SPDX-License-Identifier: MIT */
/* A run under faults, and what it is compared with. */
#include "fuzz/sweep.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/minimize_run.h"

enum { MINIMIZE_SECONDS = 20, NTH_MAX = 255, NUMBER_MAX = 65535 };

const char *const sweep_outcome_names[SWEEP_OUTCOME_COUNT] = {"not tripped", "handled", "leaked", "changed state",
							      "crashed"};

void sweep_begin(struct session *s, struct sweep_case *c, const struct program *p, const struct world_config *config)
{
	c->program = p;
	c->config = *config;
	c->config.drain = false;
	s->executor.injected_count = 0;
	session_run(s, p, &c->config);
	memcpy(c->hits, s->world.sim.faults.hits, sizeof(c->hits));
	/* Bits flip before ops, and nobody counts those while no bit shall flip. */
	for (unsigned point = 0; point < FAULT_COUNT; point++)
		if (FAULT_FLIPS >> point & 1)
			c->hits[point] = p->op_count;
	c->config.drain = true;
	session_run(s, p, &c->config);
	c->plain = s->world.findings;
}

static bool is_of_plain_run(const struct sweep_case *c, const struct finding *finding)
{
	for (unsigned i = 0; i < c->plain.count; i++)
		if (!strcmp(c->plain.list[i].signature, finding->signature))
			return true;
	return false;
}

enum sweep_outcome sweep_outcome_of(const struct finding *finding)
{
	if (!finding)
		return SWEEP_HANDLED;
	switch (finding->title) {
	case TITLE_LEAK:
	case TITLE_CAPACITY_LOST:
		return SWEEP_LEAKED;
	case TITLE_OOPS:
	case TITLE_KERNEL_BUG:
	case TITLE_HANG:
		return SWEEP_CRASHED;
	default:
		return SWEEP_CHANGED;
	}
}

const struct finding *sweep_finding(const struct session *s, const struct sweep_case *c)
{
	const struct findings *findings = &s->world.findings;
	const struct finding *worst = NULL;

	for (unsigned i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		/* What comes after a known one may be its consequence. */
		if (session_knows(s, finding->signature))
			return NULL;
		if (!session_counts(s, finding) || is_of_plain_run(c, finding))
			continue;
		if (!worst || sweep_outcome_of(finding) > sweep_outcome_of(worst))
			worst = finding;
	}
	return worst;
}

static enum sweep_outcome judge(const struct session *s, const struct sweep_case *c, const struct finding **finding)
{
	const struct finding *worst = sweep_finding(s, c);

	if (finding)
		*finding = worst;
	return sweep_outcome_of(worst);
}

/* The trip list holds the first ones; what comes after them is not told apart. */
static bool find_trip(const struct faults *faults, const struct fault_injection *injection, struct fault_trip *trip)
{
	unsigned known = faults->trips < FAULT_TRIPS_MAX ? faults->trips : FAULT_TRIPS_MAX;

	for (unsigned i = 0; i < known; i++)
		if (faults->trip[i].point == injection->point && faults->trip[i].hit >= injection->nth) {
			*trip = faults->trip[i];
			return true;
		}
	return false;
}

enum sweep_outcome sweep_run(struct session *s, const struct sweep_case *c, const struct fault_injection *faults,
			     unsigned count, const struct finding **finding, struct fault_trip *trip)
{
	struct fault_trip latest = {.point = FAULT_COUNT};
	bool all = true;

	s->executor.injected = faults;
	s->executor.injected_count = count;
	session_run(s, c->program, &c->config);
	s->executor.injected_count = 0;
	for (unsigned i = 0; i < count; i++)
		all &= find_trip(&s->world.sim.faults, &faults[i], &latest);
	if (trip)
		*trip = latest;
	if (!all)
		return SWEEP_NOT_TRIPPED;
	return judge(s, c, finding);
}

enum sweep_outcome sweep_run_variant(struct session *s, const struct sweep_case *c, const struct program *variant,
				     const struct finding **finding)
{
	session_run(s, variant, &c->config);
	return judge(s, c, finding);
}

/* Puts an op in front of the program. */
static bool put_first(struct program *p, enum verb verb, uint32_t point, uint32_t a, uint32_t b)
{
	const struct op op = {.verb = (uint8_t)verb, .repeat = 1, .arg = {point, a, b}};

	return program_insert_op(p, 0, &op);
}

static bool put_attribute(struct program *p, enum fault_point point, enum fault_attribute attribute, uint32_t value)
{
	return value <= NUMBER_MAX && put_first(p, OP_fault_attr, point, attribute, value);
}

/*
 * The attributes come after the op that sets the point, so they are put in first.  Ops that are in front of the
 * program's own already are hits of points that flip bits.
 */
static bool put_fault(struct program *p, const struct fault_injection *fault, unsigned own_ops)
{
	uint32_t nth = fault->nth > NTH_MAX ? 1 : fault->nth;

	if (fault->nth > NTH_MAX && !put_attribute(p, fault->point, FAULT_ATTRIBUTE_nth, fault->nth))
		return false;
	if (fault->bit && !put_attribute(p, fault->point, FAULT_ATTRIBUTE_bit, fault->bit))
		return false;
	if (fault->interval && !put_attribute(p, fault->point, FAULT_ATTRIBUTE_interval, fault->interval))
		return false;
	if (FAULT_FLIPS >> fault->point & 1 && fault->nth <= NTH_MAX)
		nth += p->op_count - own_ops;
	return nth <= NTH_MAX && put_first(p, OP_fault_set, fault->point, nth, fault->count);
}

bool sweep_program(struct program *out, const struct sweep_case *c, const struct fault_injection *faults,
		   unsigned count)
{
	*out = *c->program;
	if (!program_set(out, "drain", "1"))
		return false;
	for (unsigned i = count; i-- > 0;)
		if (!put_fault(out, &faults[i], c->program->op_count))
			return false;
	return true;
}

bool sweep_save(struct session *s, const struct sweep_case *c, struct program *variant, const char *signature,
		const char *dir, char *path, size_t path_size)
{
	char kept[SIGNATURE_MAX];

	snprintf(kept, sizeof(kept), "%s", signature);
	if (!minimize_run(s, variant, &c->config, kept, MINIMIZE_SECONDS))
		return false;
	session_run(s, variant, &c->config);
	for (unsigned i = 0; i < s->world.findings.count; i++)
		if (!strcmp(s->world.findings.list[i].signature, kept)) {
			const struct finding copy = s->world.findings.list[i];

			return finding_save(s, variant, &copy, dir, path, path_size);
		}
	return false;
}
