/* SPDX-License-Identifier: MIT */
/* What a sweep has seen: how often each op met each fault point with which outcome, and each signature once. */
#ifndef SLABFUZZ_FUZZ_SWEEP_TABLE_H
#define SLABFUZZ_FUZZ_SWEEP_TABLE_H

#include <stdio.h>

#include "fuzz/sweep.h"

enum { SWEEP_SIGNATURES_MAX = 256, SWEEP_WHERE_MAX = 2400 };

struct sweep_signature {
	char signature[SIGNATURE_MAX];
	char where[SWEEP_WHERE_MAX]; /* file, world and faults of the first run that showed it */
	uint64_t runs;
};

struct sweep_table {
	uint64_t programs, runs;
	uint64_t unclean; /* programs that find something without a fault */
	uint64_t outcomes[OP_COUNT][FAULT_COUNT][SWEEP_OUTCOME_COUNT];
	unsigned signature_count;
	struct sweep_signature signatures[SWEEP_SIGNATURES_MAX];
};

/* Counts a finding; true iff its signature is new, and then *entry is its row, whose `where` the caller fills. */
bool sweep_table_add(struct sweep_table *table, const char *signature, struct sweep_signature **entry);
void sweep_table_print(const struct sweep_table *table, FILE *out);

/* What was found, and the line of totals; `how` programs that were left out find something. */
void sweep_signatures_print(const struct sweep_table *table, uint64_t runs, const char *how, FILE *out);

#endif
