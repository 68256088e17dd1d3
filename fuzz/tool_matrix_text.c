/* SPDX-License-Identifier: MIT */
/* The matrix as text: a grid of letters for each question and allocator, and what each column comes to. */
#include <string.h>

#include "fuzz/matrix.h"

static const char letters[VERDICT_COUNT] = {'-', '.', 'h', 'D'};

const struct matrix_cell *matrix_column_worst(const struct matrix *m, unsigned column)
{
	const struct matrix_cell *worst = NULL;

	for (unsigned i = 0; i < m->cell_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];
		const struct matrix_answer *a = &cell->answer;

		if (cell->column != column || !cell->done || a->verdict == VERDICT_NOT_APPLICABLE)
			continue;
		if (!worst || a->verdict > worst->answer.verdict ||
		    (a->verdict == worst->answer.verdict && a->ops < worst->answer.ops))
			worst = cell;
	}
	return worst;
}

static const struct matrix_cell *find_cell(const struct matrix *m, unsigned column,
					   const struct allocator_ops *allocator, const struct arch *arch)
{
	for (unsigned i = 0; i < m->cell_count; i++)
		if (m->cells[i].column == column && m->cells[i].arch == arch && m->cells[i].allocator == allocator)
			return &m->cells[i];
	return NULL;
}

static void print_grid(const struct matrix *m, unsigned question, const struct allocator_ops *allocator, FILE *out)
{
	for (unsigned i = 0; i < arch_count(); i++) {
		bool any = false;

		for (unsigned k = 0; k < m->column_count; k++) {
			const struct matrix_cell *cell = find_cell(m, k, allocator, &arches[i]);

			if (m->columns[k].question != question || !cell)
				continue;
			if (!any)
				fprintf(out, "  %-12s %-16s", allocator_name(allocator), arches[i].name);
			any = true;
			fprintf(out, " %2c", cell->done ? letters[cell->answer.verdict] : '?');
		}
		if (any)
			fputc('\n', out);
	}
}

static bool seen_before(const struct matrix *m, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (m->cells[k].allocator == m->cells[i].allocator)
			return true;
	return false;
}

static void print_column(const struct matrix *m, unsigned column, unsigned number, FILE *out)
{
	const struct matrix_cell *worst = matrix_column_worst(m, column);

	fprintf(out, "  %2u %-40s %-46s ", number, m->columns[column].label, m->columns[column].settings);
	if (!worst) {
		fprintf(out, "not applicable\n");
		return;
	}
	fprintf(out, "%s", verdict_names[worst->answer.verdict]);
	if (worst->answer.verdict >= VERDICT_HAZARD)
		fprintf(out, ": %s, %u ops%s, %s %s", worst->answer.signature, worst->answer.ops,
			worst->answer.ops > MATRIX_OPS_WANTED ? " (TOO LONG)" : "", allocator_name(worst->allocator),
			worst->arch->name);
	fputc('\n', out);
}

void matrix_print(const struct matrix *m, FILE *out)
{
	for (unsigned q = 0; q < matrix_question_count; q++) {
		unsigned number = 0;

		for (unsigned k = 0; k < m->column_count; k++) {
			if (m->columns[k].question != q)
				continue;
			if (!number)
				fprintf(out, "\n%s\n  %s\n\n", matrix_questions[q].title, matrix_questions[q].help);
			print_column(m, k, ++number, out);
		}
		if (!number)
			continue;
		fprintf(out, "\n  %-29s", "");
		for (unsigned k = 1; k <= number; k++)
			fprintf(out, " %2u", k);
		fputc('\n', out);
		for (unsigned i = 0; i < m->cell_count; i++)
			if (!seen_before(m, i))
				print_grid(m, q, m->cells[i].allocator, out);
	}
	fprintf(out, "\n  . green   h hazard   D damage   - not applicable   ? not done\n");
}
