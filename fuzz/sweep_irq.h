/* SPDX-License-Identifier: MIT */
/*
 * Every preemption point of every op of a program in turn: an interrupt, or a task on another cpu, comes there and
 * allocates and frees, what the op deals in, an object of kmalloc() and a page.  Programs that find something by
 * themselves are no use: what comes between moves their memory.
 */
#ifndef SLABFUZZ_FUZZ_SWEEP_IRQ_H
#define SLABFUZZ_FUZZ_SWEEP_IRQ_H

#include "fuzz/sweep_table.h"

struct sweep_irq_table {
	uint64_t runs;
	uint64_t outcomes[OP_COUNT][POINT_COUNT][SWEEP_OUTCOME_COUNT];
};

struct sweep_irq {
	struct session *session;
	const struct sweep_case *one; /* sweep_begin() was called, and its plain run found nothing */
	unsigned limit;               /* points of an op; 0 = all that a program can name */
	struct sweep_irq_table *table;
	/* A run found something; the variant may be changed.  context is the caller's. */
	void (*found)(void *context, struct program *variant, const struct finding *finding);
	bool (*keep_going)(void *context); /* asked after each run */
	void *context;
};

void sweep_irq_case(const struct sweep_irq *sweep);
/* op x point: how often nothing was found, and what was; then the signatures. */
void sweep_irq_print(const struct sweep_irq_table *table, const struct sweep_table *signatures, FILE *out);

#endif
