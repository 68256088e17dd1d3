/* SPDX-License-Identifier: MIT */
/* Columns and cells of the safety matrix, its files, and the claims that it replays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "fuzz/matrix.h"

static struct matrix m;
static char what[160];

static void plan(const struct matrix_selection *selection)
{
	free(m.cells);
	memset(&m, 0, sizeof(m));
	if (!matrix_plan(&m, selection, what, sizeof(what)))
		fail_msg("%s", what);
}

static bool has_setting(const char *word)
{
	for (unsigned i = 0; i < m.column_count; i++)
		if (strstr(m.columns[i].settings, word))
			return true;
	return false;
}

static void every_policy_and_profile_is_asked_about(void **state)
{
	char word[80];

	(void)state;
	plan(&(struct matrix_selection){0});
	assert_true(m.column_count < MATRIX_COLUMNS_MAX);
	assert_int_equal(matrix_unknown_columns(stderr), 0);
	for (int i = 0; i < POLICY_COUNT; i++) {
		if (!strncmp(policy_rows[i].name, "bug.", 4) || !strcmp(policy_rows[i].name, "slub_report"))
			continue;
		snprintf(word, sizeof(word), "policy.%s=", policy_rows[i].name);
		if (!has_setting(word))
			fail_msg("no column asks about %s", policy_rows[i].name);
	}
	for (unsigned i = 0; i < profile_count(); i++) {
		snprintf(word, sizeof(word), "profile=%s", profiles[i].name);
		assert_true(has_setting(word));
	}
}

static void a_selection_is_kept_to(void **state)
{
	(void)state;
	plan(&(struct matrix_selection){.allocators = "slub,slab", .arches = "arm926", .policies = "page_mapping"});
	for (unsigned i = 0; i < m.cell_count; i++) {
		assert_non_null(strstr(m.columns[m.cells[i].column].settings, "policy.page_mapping="));
		assert_string_equal(m.cells[i].arch->name, "arm926");
	}
	assert_int_equal(m.cell_count, 2 * m.column_count);
	plan(&(struct matrix_selection){.arches = "x86", .profiles = "5.4"});
	assert_int_equal(m.column_count, 1);
	assert_int_equal(m.cell_count, allocator_count);
	plan(&(struct matrix_selection){.arches = "x86", .questions = "BOOK,ORDER"});
	assert_int_equal(m.column_count, 4);
}

static void unknown_names_are_told(void **state)
{
	static const struct {
		struct matrix_selection selection;
		const char *what;
	} wrong[] = {
		{{.allocators = "slub,slop"}, "there is no allocator 'slop'"},
		{{.arches = "vax"}, "there is no arch 'vax'"},
		{{.questions = "FLUSH,BOOKS"}, "there is no question 'BOOKS'"},
		{{.policies = "page_maping"}, "there is no policy 'page_maping'"},
		{{.profiles = "2.4"}, "there is no profile '2.4'"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		free(m.cells);
		memset(&m, 0, sizeof(m));
		assert_false(matrix_plan(&m, &wrong[i].selection, what, sizeof(what)));
		assert_string_equal(what, wrong[i].what);
	}
}

static void a_cell_is_read_as_it_was_written(void **state)
{
	char directory[] = "/tmp/test_matrix.XXXXXX", path[MATRIX_PATH_MAX];
	struct matrix_cell *cell, again;

	(void)state;
	plan(&(struct matrix_selection){.allocators = "slub", .arches = "arm926", .policies = "page_mapping"});
	m.out = mkdtemp(directory);
	assert_non_null(m.out);
	snprintf(path, sizeof(path), "%s/cells", m.out);
	assert_int_equal(mkdir(path, 0755), 0);
	m.key = 7;
	cell = &m.cells[1];
	again = *cell;
	assert_false(matrix_cell_read(&m, &again));
	cell->claims = 3;
	cell->signatures = 2;
	cell->programs = 40;
	cell->answer = (struct matrix_answer){VERDICT_DAMAGE, "oops/slub/slub-page/x", "C01.prog", "oops+x-1", 5};
	cell->oracles[2] = cell->answer;
	cell->oracles[0].verdict = VERDICT_GREEN;
	assert_true(matrix_cell_write(&m, cell));
	assert_true(matrix_cell_read(&m, &again));
	assert_int_equal(again.answer.verdict, VERDICT_DAMAGE);
	assert_string_equal(again.answer.signature, cell->answer.signature);
	assert_string_equal(again.oracles[2].from, "C01.prog");
	assert_int_equal(again.oracles[2].ops, 5);
	assert_int_equal(again.oracles[0].verdict, VERDICT_GREEN);
	assert_int_equal(again.oracles[1].verdict, VERDICT_NOT_APPLICABLE);
	assert_int_equal(again.programs, 40);
	/* Another tool, or other claims: done afresh. */
	m.key = 8;
	again = m.cells[0];
	again.column = 1;
	assert_false(matrix_cell_read(&m, &again));
	assert_true(matrix_write_json(&m));
}

static void count(void *context, char letter, unsigned number)
{
	unsigned *counts = context;

	counts[letter == 'C' ? 0 : 1]++;
	assert_in_range(number, 1, letter == 'C' ? 90 : 29);
	counts[2] += number;
}

static void every_id_is_in_one_group(void **state)
{
	unsigned counts[3] = {0};

	(void)state;
	for (unsigned i = 0; i < claim_group_count; i++)
		claim_group_walk(&claim_groups[i], count, counts);
	assert_int_equal(counts[0], 90);
	assert_int_equal(counts[1], 29);
	assert_int_equal(counts[2], 90 * 91 / 2 + 29 * 30 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_and_profile_is_asked_about),
		cmocka_unit_test(a_selection_is_kept_to),
		cmocka_unit_test(unknown_names_are_told),
		cmocka_unit_test(a_cell_is_read_as_it_was_written),
		cmocka_unit_test(every_id_is_in_one_group),
	};
	int status = cmocka_run_group_tests(tests, NULL, NULL);

	free(m.cells);
	return status;
}
