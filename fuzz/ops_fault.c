/* SPDX-License-Identifier: MIT */
/* The ops that steer fault points. */
#include "fuzz/execute.h"

/* What must not happen happens only where the world asks for it. */
static bool may_fault(const struct executor *x, uint32_t point)
{
	invariant(point < FAULT_COUNT);
	return fault_rows[point].kind != FAULT_IS_DAMAGE || x->world->config.damage;
}

enum op_result run_fault_set(struct executor *x, const struct op *op)
{
	if (!may_fault(x, op->arg[0]))
		return RESULT_SKIP;
	fault_set(&x->sim->faults, (enum fault_point)op->arg[0], op->arg[1], op->arg[2]);
	return RESULT_OK;
}

enum op_result run_fault_clear(struct executor *x, const struct op *op)
{
	(void)op;
	fault_stop(&x->sim->faults);
	return RESULT_OK;
}

enum op_result run_fault_attr(struct executor *x, const struct op *op)
{
	fault_attribute_set(&x->sim->faults, (enum fault_point)op->arg[0], (enum fault_attribute)op->arg[1],
			    op->arg[2]);
	return RESULT_OK;
}

enum op_result run_fault_gfp(struct executor *x, const struct op *op)
{
	struct fault_schedule *schedule = fault_filter(&x->sim->faults, (enum fault_point)op->arg[0]);

	schedule->by_gfp = true;
	schedule->gfp = gfp_of(op->arg[1]);
	return RESULT_OK;
}

enum op_result run_fault_cache(struct executor *x, const struct op *op)
{
	target_addr_t cache = cache_address(x, op->arg[1]);

	if (!cache && op->arg[1] != HANDLE_NONE)
		return RESULT_SKIP;
	fault_filter(&x->sim->faults, (enum fault_point)op->arg[0])->cache = cache;
	return RESULT_OK;
}

static const char *verb_name(uint32_t verb)
{
	invariant(verb < OP_COUNT);
	return op_descriptors[verb].name;
}

enum op_result run_fault_op(struct executor *x, const struct op *op)
{
	fault_filter(&x->sim->faults, (enum fault_point)op->arg[0])->by = verb_name(op->arg[1]);
	return RESULT_OK;
}
