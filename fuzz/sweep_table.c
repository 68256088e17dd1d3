/* SPDX-License-Identifier: MIT */
#include "fuzz/sweep_table.h"

#include <string.h>

bool sweep_table_add(struct sweep_table *table, const char *signature, struct sweep_signature **entry)
{
	for (unsigned i = 0; i < table->signature_count; i++) {
		*entry = &table->signatures[i];
		if (!strcmp((*entry)->signature, signature)) {
			(*entry)->runs++;
			return false;
		}
	}
	if (table->signature_count == SWEEP_SIGNATURES_MAX)
		return false;
	*entry = &table->signatures[table->signature_count++];
	snprintf((*entry)->signature, SIGNATURE_MAX, "%s", signature);
	(*entry)->where[0] = 0;
	(*entry)->runs = 1;
	return true;
}

static void print_row(const struct sweep_table *table, unsigned verb, unsigned point, FILE *out)
{
	const uint64_t *n = table->outcomes[verb][point];

	if (!(n[SWEEP_HANDLED] | n[SWEEP_LEAKED] | n[SWEEP_CHANGED] | n[SWEEP_CRASHED]))
		return;
	fprintf(out, "%-24s %-22s", op_descriptors[verb].name, fault_rows[point].name);
	for (unsigned o = SWEEP_HANDLED; o < SWEEP_OUTCOME_COUNT; o++)
		fprintf(out, " %13llu", (unsigned long long)n[o]);
	fputc('\n', out);
}

void sweep_signatures_print(const struct sweep_table *table, uint64_t runs, const char *how, FILE *out)
{
	for (unsigned i = 0; i < table->signature_count; i++)
		fprintf(out, "\n%s\n  %llu runs; first %s\n", table->signatures[i].signature,
			(unsigned long long)table->signatures[i].runs, table->signatures[i].where);
	fprintf(out, "\n%llu programs, %llu runs, %u signatures", (unsigned long long)table->programs,
		(unsigned long long)runs, table->signature_count);
	if (table->unclean)
		fprintf(out, "; %llu programs find something %s and were left out", (unsigned long long)table->unclean,
			how);
	fputc('\n', out);
}

void sweep_table_print(const struct sweep_table *table, FILE *out)
{
	fprintf(out, "%-24s %-22s", "op", "fault point");
	for (unsigned o = SWEEP_HANDLED; o < SWEEP_OUTCOME_COUNT; o++)
		fprintf(out, " %13s", sweep_outcome_names[o]);
	fputc('\n', out);
	for (unsigned verb = 0; verb < OP_COUNT; verb++)
		for (unsigned point = 0; point < FAULT_COUNT; point++)
			print_row(table, verb, point, out);
	sweep_signatures_print(table, table->runs, "without a fault", out);
}
