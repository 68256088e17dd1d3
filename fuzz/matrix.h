/* SPDX-License-Identifier: MIT */
/*
 * The safety matrix: allocator x arch x policy or profile.  A cell first replays every claim under its world, then
 * fuzzes; what it has found of hazard or damage grade, oracle by oracle, is its answer to a question of matrix.def.
 * A cell is computed in a process of its own and leaves one file, so that a killed matrix goes on where it was.
 */
#ifndef SLABFUZZ_FUZZ_MATRIX_H
#define SLABFUZZ_FUZZ_MATRIX_H

#include <stdio.h>

#include "fuzz/claims.h"
#include "fuzz/session.h"

enum { MATRIX_COLUMNS_MAX = 256, MATRIX_LABEL_MAX = 96, MATRIX_SETTINGS_MAX = 200, MATRIX_PATH_MAX = 512 };
enum { MATRIX_OPS_WANTED = 12 }; /* a program that breaks a policy should not be longer */

enum matrix_applies { ALWAYS, NOT_COHERENT };

struct matrix_question {
	const char *name, *title, *help, *titles, *by, *ops, *worlds, *arches;
	enum matrix_applies applies;
};
extern const struct matrix_question matrix_questions[];
extern const unsigned matrix_question_count;

struct matrix_column {
	unsigned question;
	char label[MATRIX_LABEL_MAX];
	char settings[MATRIX_SETTINGS_MAX];
};

/* In order of gravity. */
enum verdict { VERDICT_NOT_APPLICABLE, VERDICT_GREEN, VERDICT_HAZARD, VERDICT_DAMAGE, VERDICT_COUNT };
extern const char *const verdict_names[VERDICT_COUNT];

/* The gravest finding of an oracle, or of the cell; of those the one with the shortest program. */
struct matrix_answer {
	enum verdict verdict;
	char signature[SIGNATURE_MAX]; /* empty if green or not applicable */
	char from[80];                 /* file of the claim, or "random" */
	char program[300];             /* file below DIR/programs, without .prog */
	unsigned ops;
};

struct matrix_cell {
	unsigned column;
	const struct allocator_ops *allocator;
	const struct arch *arch;
	bool done;
	struct matrix_answer answer; /* to the column's question */
	struct matrix_answer oracles[ORACLES_MAX];
	unsigned claims;        /* replayed */
	unsigned signatures;    /* different findings, whatever the question */
	unsigned long programs; /* fuzzed */
};

struct matrix {
	const char *out;
	char build[MATRIX_PATH_MAX]; /* directory of the tool: its engines lie below */
	bool libfuzzer;              /* after the random engine */
	double seconds;              /* of the whole matrix */
	double slice;                /* of fuzzing, per cell */
	unsigned jobs;
	uint32_t key; /* of what decides the results: cells of another key are done afresh */
	struct claim_list claims;
	unsigned column_count, cell_count;
	struct matrix_column columns[MATRIX_COLUMNS_MAX];
	struct matrix_cell *cells; /* on the heap */
};

/* What is asked for; empty words mean all.  `policies` and `profiles` choose columns, which are all if both are empty.
 */
struct matrix_selection {
	const char *allocators, *arches, *questions, *policies, *profiles; /* a,b,c or NULL */
};

/* Columns and cells of a selection.  False and a sentence in *what if a name is unknown, or nothing is left. */
bool matrix_plan(struct matrix *m, const struct matrix_selection *selection, char *what, size_t size);

/*
 * In a child: computes a cell and writes its file.  Returns an exit status: 0, or 3, or CELL_ERRNO and the errno of
 * what could not be written.
 */
enum { CELL_ERRNO = 100 };
int matrix_cell_run(const struct matrix *m, struct matrix_cell *cell);

/* True iff the question's words name the target, itself or by its kind. */
bool matrix_names_target(const struct matrix_question *q, const struct target *target);

/* The target that another engine fuzzes for a question with worlds of its own: the first it names, or history_era. */
const char *matrix_engine_target(const struct matrix_question *q);
/* True iff libFuzzer can be asked about all cells; else *what is one sentence. */
bool matrix_engine_ready(const struct matrix *m, char *what, size_t size);
/*
 * Runs libFuzzer's binary of a target for a slice, a second at least, with the settings in place of the target's own.
 * What it finds is in *directory, below DIR/work, which matrix_engine_clean() removes.  False if it did not run well.
 */
bool matrix_engine_run(const struct matrix *m, const char *target, const char *set, char directory[MATRIX_PATH_MAX]);
void matrix_engine_clean(const char *directory);

/* DIR/cells/<name>. */
void matrix_cell_path(const struct matrix *m, const struct matrix_cell *cell, char path[MATRIX_PATH_MAX]);
bool matrix_cell_write(const struct matrix *m, const struct matrix_cell *cell);
/* True iff the file is there, whole and of this key; the cell is then done. */
bool matrix_cell_read(const struct matrix *m, struct matrix_cell *cell);

/* DIR/matrix.json, for scripts/matrix_html.py.  False if the disk refuses. */
bool matrix_write_json(const struct matrix *m);
/* Grids of letters, the columns' answers over all cells, and what is too long. */
void matrix_print(const struct matrix *m, FILE *out);

/* The gravest answer of a column over its cells that are done; NULL if none applies. */
const struct matrix_cell *matrix_column_worst(const struct matrix *m, unsigned column);
/* True iff a comma- or blank-separated list has the word. */
bool matrix_list_has(const char *list, const char *word);
/* Columns of matrix.def whose settings this tool does not know; they are left out, with a line to `out` each. */
unsigned matrix_unknown_columns(FILE *out);

#endif
