/* SPDX-License-Identifier: MIT */
/* What a matrix leaves on the disk: a file for each cell, lines of words with tabs between them, and matrix.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/atomic_file.h"
#include "fuzz/matrix.h"

enum { LINE_MAX_BYTES = 1024 };

const char *const verdict_names[VERDICT_COUNT] = {"not applicable", "green", "hazard", "damage"};

void matrix_cell_path(const struct matrix *m, const struct matrix_cell *cell, char path[MATRIX_PATH_MAX])
{
	const struct matrix_column *column = &m->columns[cell->column];
	char name[MATRIX_SETTINGS_MAX];

	snprintf(name, sizeof(name), "%s", column->settings);
	for (char *c = name; *c; c++)
		if (*c == ' ' || *c == '/')
			*c = '+';
	snprintf(path, MATRIX_PATH_MAX, "%.150s/cells/%s-%s-%s-%.180s", m->out, matrix_questions[column->question].name,
		 allocator_name(cell->allocator), cell->arch->name, name);
}

static void write_answer(FILE *out, const char *name, const struct matrix_answer *a)
{
	fprintf(out, "%s\t%s\t%u\t%s\t%s\t%s\n", name, verdict_names[a->verdict], a->ops, a->from, a->program,
		a->signature);
}

bool matrix_cell_write(const struct matrix *m, const struct matrix_cell *cell)
{
	char path[MATRIX_PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return false;
	fprintf(out, "cell\t%08x\t%u\t%u\t%lu\n", m->key, cell->signatures, cell->claims, cell->programs);
	write_answer(out, "answer", &cell->answer);
	for (unsigned i = 0; i < oracle_count; i++)
		write_answer(out, oracles[i]->name, &cell->oracles[i]);
	fprintf(out, "end\n");
	matrix_cell_path(m, cell, path);
	ok = fclose(out) == 0 && file_write_atomically(path, text, size);
	free(text);
	return ok;
}

/* Cuts the next word off at a tab. */
static char *next_word(char **line)
{
	char *word = *line, *tab = word + strcspn(word, "\t\n");

	*line = *tab ? tab + 1 : tab;
	*tab = 0;
	return word;
}

static void read_answer(char *line, struct matrix_answer *a)
{
	const char *verdict = next_word(&line);

	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		if (!strcmp(verdict_names[i], verdict))
			a->verdict = (enum verdict)i;
	a->ops = (unsigned)strtoul(next_word(&line), NULL, 10);
	snprintf(a->from, sizeof(a->from), "%s", next_word(&line));
	snprintf(a->program, sizeof(a->program), "%s", next_word(&line));
	snprintf(a->signature, sizeof(a->signature), "%s", next_word(&line));
}

static void read_line(struct matrix_cell *cell, char *line)
{
	const char *name = next_word(&line);

	if (!strcmp(name, "answer"))
		read_answer(line, &cell->answer);
	for (unsigned i = 0; i < oracle_count; i++)
		if (!strcmp(name, oracles[i]->name))
			read_answer(line, &cell->oracles[i]);
	cell->done |= !strcmp(name, "end");
}

bool matrix_cell_read(const struct matrix *m, struct matrix_cell *cell)
{
	char path[MATRIX_PATH_MAX], line[LINE_MAX_BYTES];
	unsigned key = 0;
	FILE *in;

	matrix_cell_path(m, cell, path);
	in = fopen(path, "r");
	if (!in)
		return false;
	if (fgets(line, sizeof(line), in) &&
	    sscanf(line, "cell\t%x\t%u\t%u\t%lu", &key, &cell->signatures, &cell->claims, &cell->programs) == 4 &&
	    key == m->key)
		while (fgets(line, sizeof(line), in))
			read_line(cell, line);
	fclose(in);
	return cell->done;
}

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void put_member(FILE *out, const char *name, const char *value, const char *end)
{
	fprintf(out, "\"%s\": ", name);
	put_string(out, value);
	fputs(end, out);
}

static void put_answer(FILE *out, const struct matrix_answer *a)
{
	put_member(out, "verdict", verdict_names[a->verdict], "");
	if (a->verdict < VERDICT_HAZARD)
		return;
	fputs(", ", out);
	put_member(out, "signature", a->signature, ", ");
	put_member(out, "from", a->from, ", ");
	put_member(out, "program", a->program, ", ");
	fprintf(out, "\"ops\": %u", a->ops);
}

static void put_cell(FILE *out, const struct matrix *m, const struct matrix_cell *cell)
{
	const char *comma = "";

	fputs("{", out);
	put_member(out, "question", matrix_questions[m->columns[cell->column].question].name, ", ");
	fprintf(out, "\"column\": %u, ", cell->column);
	put_member(out, "allocator", allocator_name(cell->allocator), ", ");
	put_member(out, "arch", cell->arch->name, ",\n ");
	put_answer(out, &cell->answer);
	fprintf(out, ", \"signatures\": %u, \"claims\": %u, \"programs\": %lu,\n \"oracles\": [", cell->signatures,
		cell->claims, cell->programs);
	for (unsigned i = 0; i < oracle_count; i++) {
		fprintf(out, "%s{", comma);
		put_member(out, "name", oracles[i]->name, ", ");
		put_answer(out, &cell->oracles[i]);
		fputs("}", out);
		comma = ",\n  ";
	}
	fputs("]}", out);
}

static void put_tables(FILE *out, const struct matrix *m)
{
	fputs("\"questions\": [\n", out);
	for (unsigned i = 0; i < matrix_question_count; i++) {
		fputs("{", out);
		put_member(out, "name", matrix_questions[i].name, ", ");
		put_member(out, "title", matrix_questions[i].title, ", ");
		put_member(out, "help", matrix_questions[i].help, ", ");
		put_member(out, "titles", matrix_questions[i].titles, i + 1 < matrix_question_count ? "},\n" : "}],\n");
	}
	fputs("\"columns\": [\n", out);
	for (unsigned i = 0; i < m->column_count; i++) {
		fputs("{", out);
		put_member(out, "question", matrix_questions[m->columns[i].question].name, ", ");
		put_member(out, "label", m->columns[i].label, ", ");
		put_member(out, "settings", m->columns[i].settings, i + 1 < m->column_count ? "},\n" : "}],\n");
	}
}

bool matrix_write_json(const struct matrix *m)
{
	char path[MATRIX_PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *comma = "";
	bool ok;

	if (!out)
		return false;
	fprintf(out, "{\"version\": 1, \"engine\": \"%s\", \"seconds_per_cell\": %.3f, \"ops_wanted\": %d,\n",
		m->libfuzzer ? "libfuzzer" : "random", m->slice, MATRIX_OPS_WANTED);
	put_tables(out, m);
	fputs("\"cells\": [\n", out);
	for (unsigned i = 0; i < m->cell_count; i++) {
		if (!m->cells[i].done)
			continue;
		fputs(comma, out);
		put_cell(out, m, &m->cells[i]);
		comma = ",\n";
	}
	fputs("]}\n", out);
	snprintf(path, sizeof(path), "%.400s/matrix.json", m->out);
	ok = fclose(out) == 0 && file_write_atomically(path, text, size);
	free(text);
	return ok;
}
