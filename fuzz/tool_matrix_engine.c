/* SPDX-License-Identifier: MIT */
/* The matrix asks libFuzzer's binaries: which, in which world, and where they leave what they found. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/child.h"
#include "fuzz/matrix.h"

bool matrix_names_target(const struct matrix_question *q, const struct target *target)
{
	static const char *const kinds[] = {"*clean", "*history", "*misuse", "*canary"};
	char not_it[64];

	snprintf(not_it, sizeof(not_it), "-%.60s", target->name);
	if (matrix_list_has(q->ops, not_it))
		return false;
	return matrix_list_has(q->ops, target->name) || matrix_list_has(q->ops, kinds[target->kind]);
}

const char *matrix_engine_target(const struct matrix_question *q)
{
	for (unsigned i = 0; targets[i]; i++)
		if (matrix_list_has(q->ops, targets[i]->name))
			return targets[i]->name;
	return "history_era";
}

static void engine_path(const struct matrix *m, const char *target, char path[MATRIX_PATH_MAX])
{
	snprintf(path, MATRIX_PATH_MAX, "%.400s/libfuzzer/fuzz_%.60s", m->build, target);
}

static bool engine_exists(const struct matrix *m, const char *target, char *what, size_t size)
{
	char path[MATRIX_PATH_MAX];

	engine_path(m, target, path);
	if (access(path, X_OK) == 0)
		return true;
	snprintf(what, size, "--engine: %.200s is missing: make libfuzzer, or --engine random", path);
	return false;
}

/* By the book each target that is named may be asked. */
static bool question_ready(const struct matrix *m, const struct matrix_question *q, char *what, size_t size)
{
	if (*q->worlds)
		return engine_exists(m, matrix_engine_target(q), what, size);
	for (unsigned i = 0; targets[i]; i++)
		if (matrix_names_target(q, targets[i]) && !engine_exists(m, targets[i]->name, what, size))
			return false;
	return true;
}

bool matrix_engine_ready(const struct matrix *m, char *what, size_t size)
{
	for (unsigned i = 0; i < m->cell_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (strchr(allocator_name(cell->allocator), '+')) {
			snprintf(what, size, "--engine: planted bugs are in this tool only: --engine random");
			return false;
		}
		if (i > 0 && cell->column == m->cells[i - 1].column)
			continue;
		if (!question_ready(m, &matrix_questions[m->columns[cell->column].question], what, size))
			return false;
	}
	return true;
}

static _Noreturn void exec_engine(const struct matrix *m, const char *target, const char *set, const char *directory)
{
	char binary[MATRIX_PATH_MAX], corpus[MATRIX_PATH_MAX + 10], seconds[40];
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	setenv("SLABFUZZ_SET", set, 1);
	setenv("SLABFUZZ_FINDINGS", directory, 1);
	unsetenv("SLABFUZZ_KNOWN");
	engine_path(m, target, binary);
	snprintf(corpus, sizeof(corpus), "%s/corpus", directory);
	snprintf(seconds, sizeof(seconds), "-max_total_time=%u", m->slice < 1 ? 1 : (unsigned)m->slice);
	execl(binary, binary, corpus, seconds, "-seed=1", "-timeout=10", "-max_len=1537", "-use_counters=0",
	      "-entropic_scale_per_exec_time=1", (char *)NULL);
	_exit(127);
}

bool matrix_engine_run(const struct matrix *m, const char *target, const char *set, char directory[MATRIX_PATH_MAX])
{
	char corpus[MATRIX_PATH_MAX + 10];
	int status = 0;
	pid_t pid;

	snprintf(directory, MATRIX_PATH_MAX, "%.300s/work/%.60s-%d", m->out, target, (int)getpid());
	snprintf(corpus, sizeof(corpus), "%s/corpus", directory);
	mkdir(directory, 0755);
	mkdir(corpus, 0755);
	pid = child_fork();
	if (pid == 0)
		exec_engine(m, target, set, directory);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void remove_files(const char *directory)
{
	char pattern[MATRIX_PATH_MAX + 20];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/*", directory);
	if (glob(pattern, 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		unlink(files.gl_pathv[i]);
	globfree(&files);
}

void matrix_engine_clean(const char *directory)
{
	char corpus[MATRIX_PATH_MAX + 10];

	snprintf(corpus, sizeof(corpus), "%s/corpus", directory);
	remove_files(corpus);
	rmdir(corpus);
	remove_files(directory);
	rmdir(directory);
}
