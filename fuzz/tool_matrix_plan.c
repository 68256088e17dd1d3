/* SPDX-License-Identifier: MIT */
/* Columns from matrix.def, from the tables of policies and profiles; cells from a selection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/matrix.h"

enum {
#define QUESTION(id, ...) QUESTION_##id,
#define COLUMN(...)
#include "fuzz/matrix.def"
#undef COLUMN
#undef QUESTION
	QUESTION_COUNT
};

const struct matrix_question matrix_questions[] = {
#define QUESTION(id, title, help, titles, by, ops, worlds, arches, applies)                                            \
	{#id, title, help, titles, by, ops, worlds, arches, applies},
#define COLUMN(...)
#include "fuzz/matrix.def"
#undef COLUMN
#undef QUESTION
};
const unsigned matrix_question_count = QUESTION_COUNT;

static const struct {
	unsigned question;
	const char *label, *settings;
} columns[] = {
#define QUESTION(...)
#define COLUMN(id, label, settings) {QUESTION_##id, label, settings},
#include "fuzz/matrix.def"
#undef COLUMN
#undef QUESTION
};
enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

bool matrix_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, ", "), at += strspn(at, ", "))
		if (strcspn(at, ", ") == length && !strncmp(at, word, length))
			return true;
	return false;
}

/* Settings name key=...; key is policy.X or profile. */
static bool names_key(const char *settings, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = settings; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (!strncmp(at, key, length) && at[length] == '=')
			return true;
	return false;
}

static bool has_column(const char *policy)
{
	char key[SETTING_KEY_MAX];

	snprintf(key, sizeof(key), "policy.%.30s", policy);
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (names_key(columns[i].settings, key))
			return true;
	return false;
}

/* Bugs are asked about in their profiles; the form of a report endangers nobody. */
static bool is_question(const char *policy)
{
	return strncmp(policy, "bug.", 4) != 0 && strcmp(policy, "slub_report") != 0;
}

static void add_column(struct matrix *m, unsigned question, const char *label, const char *settings)
{
	struct matrix_column *column = &m->columns[m->column_count];

	if (m->column_count == MATRIX_COLUMNS_MAX)
		return;
	column->question = question;
	snprintf(column->label, sizeof(column->label), "%s", label);
	snprintf(column->settings, sizeof(column->settings), "%s%s",
		 strncmp(settings, "profile=", 8) != 0 ? "profile=safe " : "", settings);
	m->column_count++;
}

static bool is_known(const char *settings)
{
	static struct program p;
	struct world_config config;
	struct text_error error;

	p.setting_count = 0;
	world_config_default(&config);
	return settings_parse(&p, settings) && world_config_resolve(&config, &p, &error);
}

unsigned matrix_unknown_columns(FILE *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (!is_known(columns[i].settings)) {
			fprintf(out, "slabfuzz matrix: left out, for there is no such world: %s\n",
				columns[i].settings);
			count++;
		}
	return count;
}

/* A column of the table is of each policy that it names; the book is the profile safe. */
static bool wants_column(const struct matrix_selection *s, unsigned question, const char *settings)
{
	char key[SETTING_KEY_MAX];

	if (question == QUESTION_BOOK)
		return s->profiles ? matrix_list_has(s->profiles, "safe") : !s->policies;
	if (!s->policies)
		return !s->profiles;
	for (int i = 0; i < POLICY_COUNT; i++) {
		snprintf(key, sizeof(key), "policy.%.30s", policy_rows[i].name);
		if (names_key(settings, key) && matrix_list_has(s->policies, policy_rows[i].name))
			return true;
	}
	return false;
}

static void add_policy(struct matrix *m, const struct policy_row *row)
{
	char label[MATRIX_LABEL_MAX], settings[MATRIX_SETTINGS_MAX];

	for (unsigned k = 0; row->values[k]; k++) {
		snprintf(label, sizeof(label), "%s=%s", row->name, row->values[k]);
		snprintf(settings, sizeof(settings), "policy.%s", label);
		add_column(m, QUESTION_OTHER_POLICIES, label, settings);
	}
}

static void add_columns_of(struct matrix *m, const struct matrix_selection *s, unsigned question)
{
	char settings[MATRIX_SETTINGS_MAX];

	if (s->questions && !matrix_list_has(s->questions, matrix_questions[question].name))
		return;
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (columns[i].question == question && wants_column(s, question, columns[i].settings) &&
		    is_known(columns[i].settings))
			add_column(m, question, columns[i].label, columns[i].settings);
	for (int i = 0; question == QUESTION_OTHER_POLICIES && i < POLICY_COUNT; i++) {
		bool named = s->policies && matrix_list_has(s->policies, policy_rows[i].name);

		if (named ? !has_column(policy_rows[i].name)
			  : !s->policies && !s->profiles && is_question(policy_rows[i].name) &&
				    !has_column(policy_rows[i].name))
			add_policy(m, &policy_rows[i]);
	}
	for (unsigned i = 0; question == QUESTION_PROFILES && i < profile_count(); i++) {
		if (s->profiles ? !matrix_list_has(s->profiles, profiles[i].name) : s->policies != NULL)
			continue;
		snprintf(settings, sizeof(settings), "profile=%s dma=strict", profiles[i].name);
		add_column(m, question, profiles[i].name, settings);
	}
}

/* The word of the list that none of the names is, or NULL. */
static const char *unknown_word(const char *list, bool (*known)(const char *word), char *word, size_t size)
{
	for (const char *at = list ? list : ""; *at; at += strcspn(at, ","), at += strspn(at, ",")) {
		snprintf(word, size, "%.*s", (int)strcspn(at, ","), at);
		if (!known(word))
			return word;
	}
	return NULL;
}

static bool is_allocator(const char *word)
{
	return allocator_by_name(word) != NULL;
}

static bool is_arch(const char *word)
{
	return arch_by_name(word) != NULL;
}

static bool is_policy(const char *word)
{
	return policy_by_name(word) >= 0;
}

static bool is_profile(const char *word)
{
	return profile_by_name(word) >= 0;
}

static bool is_question_id(const char *word)
{
	for (unsigned i = 0; i < matrix_question_count; i++)
		if (!strcmp(matrix_questions[i].name, word))
			return true;
	return false;
}

static bool check(const struct matrix_selection *s, char *what, size_t size)
{
	const struct {
		const char *list, *kind;
		bool (*known)(const char *word);
	} lists[] = {{s->allocators, "allocator", is_allocator},
		     {s->arches, "arch", is_arch},
		     {s->questions, "question", is_question_id},
		     {s->policies, "policy", is_policy},
		     {s->profiles, "profile", is_profile}};
	char word[64];

	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (unknown_word(lists[i].list, lists[i].known, word, sizeof(word))) {
			snprintf(what, size, "there is no %s '%s'", lists[i].kind, word);
			if (lists[i].known == is_allocator)
				allocator_unknown(word, what, size);
			return false;
		}
	return true;
}

/* Named arches go before those of the question. */
static bool wants_arch(const struct matrix_selection *s, const struct matrix_column *column, const char *name)
{
	const char *list = s->arches ? s->arches : matrix_questions[column->question].arches;

	return !*list || matrix_list_has(list, name);
}

static void add_cells(struct matrix *m, const struct allocator_ops *allocator, const struct matrix_selection *s)
{
	for (unsigned i = 0; i < arch_count(); i++) {
		for (unsigned k = 0; k < m->column_count; k++)
			if (wants_arch(s, &m->columns[k], arches[i].name))
				m->cells[m->cell_count++] =
					(struct matrix_cell){.column = k, .allocator = allocator, .arch = &arches[i]};
	}
}

bool matrix_plan(struct matrix *m, const struct matrix_selection *s, char *what, size_t size)
{
	char word[64];

	if (!check(s, what, size))
		return false;
	for (unsigned i = 0; i < matrix_question_count; i++)
		add_columns_of(m, s, i);
	m->cells = calloc((size_t)m->column_count * (allocator_count + 64) * arch_count() + 1, sizeof(*m->cells));
	if (!m->cells)
		return false;
	for (unsigned i = 0; !s->allocators && i < allocator_count; i++)
		add_cells(m, allocators[i], s);
	for (const char *at = s->allocators ? s->allocators : ""; *at; at += strcspn(at, ","), at += strspn(at, ",")) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, ","), at);
		add_cells(m, allocator_by_name(word), s);
	}
	snprintf(what, size, "nothing is left to ask");
	return m->cell_count > 0;
}
