/* SPDX-License-Identifier: MIT */
/* slabfuzz matrix: options, a process for each cell, progress, and what is left on the disk at the end. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/child.h"
#include "fuzz/matrix.h"
#include "fuzz/shell_word.h"
#include "fuzz/tool.h"

enum { JOBS_MAX = 256, SECONDS_MAX = 10000000, DEFAULT_SECONDS = 300, CELL_SECONDS_MAX = 60, OUT_MAX = 150 };

static struct matrix matrix = {.seconds = DEFAULT_SECONDS};
static struct matrix_selection selection;
static volatile sig_atomic_t interrupted;
static int disk_error; /* errno of a cell */

struct worker {
	pid_t pid;
	unsigned cell;
	double deadline;
};

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	const char *wrong = NULL;
	unsigned long number = 0;

	(void)context;
	switch (letter) {
	case 'a':
		selection.allocators = value;
		return NULL;
	case 'r':
		selection.arches = value;
		return NULL;
	case 'q':
		selection.questions = value;
		return NULL;
	case 'p':
		selection.policies = value;
		return NULL;
	case 'f':
		selection.profiles = value;
		return NULL;
	case 'm':
		wrong = tool_take_number(value, 1, SECONDS_MAX, &number);
		matrix.seconds = (double)number;
		return wrong;
	case 'j':
		wrong = tool_take_number(value, 1, JOBS_MAX, &number);
		matrix.jobs = (unsigned)number;
		return wrong;
	case 'e':
		matrix.libfuzzer = !strcmp(value, "libfuzzer");
		return NULL;
	default:
		matrix.out = value;
		if (strlen(value) > OUT_MAX)
			return "is too long a name";
		return *value ? NULL : "wants a directory";
	}
}

static uint32_t hash(uint32_t h, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 16777619u;
	return h;
}

/* The tool itself, the claims and how long is fuzzed. */
static uint32_t make_key(void)
{
	struct stat tool = {0};
	uint32_t h = 2166136261u;

	stat("/proc/self/exe", &tool);
	h = hash(h, &tool.st_size, sizeof(tool.st_size));
	h = hash(h, &tool.st_mtime, sizeof(tool.st_mtime));
	for (unsigned i = 0; i < matrix.claims.count; i++)
		h = hash(h, &matrix.claims.list[i].program, sizeof(matrix.claims.list[i].program));
	h = hash(h, &matrix.seconds, sizeof(matrix.seconds));
	return hash(h, &matrix.libfuzzer, sizeof(matrix.libfuzzer));
}

static bool make_directories(void)
{
	static const char *const leaves[] = {"", "/cells", "/programs", "/work"};
	char path[MATRIX_PATH_MAX];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%.400s%s", matrix.out, leaves[i]);
		if (!tool_make_directory(path))
			return false;
	}
	return true;
}

static void find_build(void)
{
	ssize_t n = readlink("/proc/self/exe", matrix.build, sizeof(matrix.build) - 1);
	char *slash;

	matrix.build[n < 0 ? 0 : n] = 0;
	slash = strrchr(matrix.build, '/');
	if (slash)
		*slash = 0;
}

static void start_cell(struct worker *w, unsigned i)
{
	w->cell = i;
	w->deadline = seconds_now() + 20 * matrix.slice + CELL_SECONDS_MAX;
	w->pid = child_fork();
	if (w->pid == 0)
		_exit(matrix_cell_run(&matrix, &matrix.cells[i]));
}

static void show_progress(unsigned done, double begin, const struct matrix_cell *cell, bool last)
{
	static double shown = -100;
	bool terminal = isatty(STDERR_FILENO);
	double now = seconds_now() - begin;

	if (!last && now - shown < (terminal ? 0.2 : 10))
		return;
	shown = now;
	fprintf(stderr, "%s[%u/%u cells, %.0f s] %s %s, %s: %s%s", terminal ? "\r\033[K" : "", done, matrix.cell_count,
		now, allocator_name(cell->allocator), cell->arch->name, matrix.columns[cell->column].label,
		verdict_names[cell->answer.verdict], terminal && !last ? "" : "\n");
}

/* Waits for a process to end; false iff none did in this moment. */
static bool reap(struct worker *w)
{
	struct matrix_cell *cell = &matrix.cells[w->cell];
	int status = 0;

	if (waitpid(w->pid, &status, WNOHANG) == 0) {
		if (seconds_now() < w->deadline && !interrupted)
			return false;
		child_kill(w->pid);
		status = SIGKILL;
	}
	w->pid = 0;
	/* Without a disk no other cell comes to anything. */
	if (WIFEXITED(status) && WEXITSTATUS(status) > CELL_ERRNO) {
		disk_error = WEXITSTATUS(status) - CELL_ERRNO;
		interrupted = 1;
	}
	if (!matrix_cell_read(&matrix, cell) && !interrupted)
		fprintf(stderr, "\nslabfuzz matrix: the cell %s %s, %s did not end well (status %d)\n",
			allocator_name(cell->allocator), cell->arch->name, matrix.columns[cell->column].settings,
			status);
	return true;
}

struct progress {
	double begin;
	unsigned next, running, done; /* first cell that nobody took; workers; cells */
};

/* Takes what the worker brings and gives it the next cell. */
static void serve(struct worker *w, struct progress *p)
{
	if (w->pid && reap(w)) {
		p->running--;
		p->done += matrix.cells[w->cell].done;
		if (!disk_error)
			show_progress(p->done, p->begin, &matrix.cells[w->cell], p->done == matrix.cell_count);
	}
	while (p->next < matrix.cell_count && matrix.cells[p->next].done)
		p->next++;
	if (w->pid || interrupted || p->next == matrix.cell_count)
		return;
	start_cell(w, p->next++);
	p->running += w->pid > 0;
}

/* Cells that are not done yet, `jobs` at a time.  The number that are done at the end. */
static unsigned run_cells(unsigned done)
{
	struct worker workers[JOBS_MAX] = {{0}};
	struct progress progress = {.begin = seconds_now(), .done = done};

	while (!interrupted || progress.running) {
		for (unsigned k = 0; k < matrix.jobs; k++)
			serve(&workers[k], &progress);
		if (!progress.running && progress.next == matrix.cell_count)
			break;
		usleep(2000);
	}
	return progress.done;
}

/* By the book nothing may be found: that would be a bug of a model. */
static bool book_is_clean(void)
{
	for (unsigned i = 0; i < matrix.cell_count; i++) {
		const struct matrix_column *column = &matrix.columns[matrix.cells[i].column];

		if (!strcmp(matrix_questions[column->question].name, "BOOK") &&
		    matrix.cells[i].answer.verdict >= VERDICT_HAZARD)
			return false;
	}
	return true;
}

static int report(unsigned done)
{
	char word[PATH_MAX];

	if (disk_error)
		return tool_option_error("matrix", "out", matrix.out, strerror(disk_error));
	if (!matrix_write_json(&matrix))
		return tool_option_error("matrix", "out", matrix.out, strerror(errno));
	matrix_print(&matrix, stdout);
	printf("\n%u of %u cells; %s/matrix.json; programs and reports in %s/programs\n"
	       "page: scripts/matrix_html.py %s\n",
	       done, matrix.cell_count, matrix.out, matrix.out, shell_word(matrix.out, word, sizeof(word)));
	if (interrupted)
		fprintf(stderr, "interrupted: go on with the same --out\n");
	if (!book_is_clean())
		printf("NOT clean by the book\n");
	return interrupted || done < matrix.cell_count || !book_is_clean() ? STATUS_FINDING : STATUS_CLEAN;
}

static int prepare(int argc, char **argv)
{
	char what[320];
	int status = tool_parse(argc, argv, take_option, NULL);

	if (status)
		return status;
	if (optind != argc)
		return tool_usage("matrix", "takes no operand");
	if (!matrix.out)
		return tool_usage("matrix", "--out DIR is needed");
	if (!matrix_plan(&matrix, &selection, what, sizeof(what)))
		return tool_usage("matrix", what);
	find_build();
	if (matrix.libfuzzer && !matrix_engine_ready(&matrix, what, sizeof(what)))
		return tool_usage("matrix", what);
	matrix_unknown_columns(stderr);
	status = claims_load(&matrix.claims);
	if (status)
		return status;
	if (!make_directories())
		return tool_option_error("matrix", "out", matrix.out, strerror(errno));
	if (!matrix.jobs)
		matrix.jobs = sysconf(_SC_NPROCESSORS_ONLN) > 0 ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : 1;
	return 0;
}

int tool_matrix(int argc, char **argv)
{
	int status = prepare(argc, argv);
	unsigned done = 0;

	if (status)
		return status;
	matrix.key = make_key();
	matrix.slice = matrix.seconds * matrix.jobs / matrix.cell_count;
	for (unsigned i = 0; i < matrix.cell_count; i++)
		done += matrix_cell_read(&matrix, &matrix.cells[i]);
	if (done)
		fprintf(stderr, "%u of %u cells are done already\n", done, matrix.cell_count);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	done = run_cells(done);
	status = report(done);
	free(matrix.cells);
	claims_free(&matrix.claims);
	return status;
}
