/* SPDX-License-Identifier: MIT */
/* slabfuzz import: a recorded trace becomes a directory of programs, all of them or none. */
#include "fuzz/import.h"
#include "fuzz/input_file.h"
#include "fuzz/tool.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 17, PROGRAMS_MAX = 999999 };

static const struct {
	const char *name;
	import_format *read;
} formats[] = {{"ftrace", import_ftrace}, {"mtrace", import_mtrace}};

struct job {
	const char *path, *directory;
	import_format *read;
	unsigned long limit, ops;
	bool dedup;
	struct program overrides; /* only its settings */

	char staging[PATH_MAX]; /* renamed to directory when all is written */
	unsigned long kept;
	int status;
	struct import_seen seen;
	struct importer importer;
	struct program program;
	struct program_notes notes;
	char text[TEXT_MAX];
};

static bool write_file(struct job *j, const struct text_buffer *text)
{
	char path[PATH_MAX + 32];
	FILE *file;
	bool written;

	snprintf(path, sizeof(path), "%s/%06lu.prog", j->staging, j->kept);
	file = fopen(path, "wx");
	if (!file)
		return false;
	written = fwrite(text->bytes, 1, text->size, file) == text->size;
	return fclose(file) == 0 && written;
}

/* import_sink */
static bool keep_program(void *context, const struct program *p)
{
	struct job *j = context;
	struct text_buffer text = {.bytes = j->text, .capacity = sizeof(j->text)};

	if (j->dedup && !import_adds(&j->seen, p))
		return true;
	j->program = *p;
	for (unsigned i = 0; i < j->overrides.setting_count; i++)
		program_set(&j->program, j->overrides.settings[i].key, j->overrides.settings[i].value);
	program_print(&j->program, &j->notes, &text);
	if (text.overflow || !write_file(j, &text)) {
		j->status = tool_option_error("import", "output", j->directory,
					      text.overflow ? "program text too long" : strerror(errno));
		return false;
	}
	j->kept++;
	return j->kept < j->limit;
}

static void remove_staging(const struct job *j)
{
	char path[PATH_MAX + NAME_MAX + 2];
	DIR *directory = opendir(j->staging);

	for (struct dirent *e; directory && (e = readdir(directory));) {
		snprintf(path, sizeof(path), "%s/%s", j->staging, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (directory)
		closedir(directory);
	rmdir(j->staging);
}

static void print_summary(const struct job *j)
{
	const struct import_counts *c = &j->importer.counts;

#define IMPORT_COUNT(name, help) printf("%10llu  %s\n", (unsigned long long)c->name, help);
	IMPORT_COUNTS(IMPORT_COUNT)
#undef IMPORT_COUNT
	printf("%10lu  programs written to %s\n", j->kept, j->directory);
}

static void import_text(struct job *j, const struct input *in)
{
	struct text_error error;

	importer_begin(&j->importer, keep_program, j, (unsigned)j->ops);
	if (!j->read(&j->importer, in->bytes, in->size, &error)) {
		fprintf(stderr, "%s:%u:%u: %s\n", j->path, error.line, error.column, error.what);
		j->status = EXIT_USAGE;
	} else if (j->status == 0 && j->importer.counts.events == 0) {
		j->status = input_error(j->path, "no allocation events in this trace");
	}
}

/* Beside the directory, not in it. */
static bool make_staging(struct job *j)
{
	size_t length = strlen(j->directory);

	while (length > 1 && j->directory[length - 1] == '/')
		length--;
	return snprintf(j->staging, sizeof(j->staging), "%.*s.XXXXXX", (int)length, j->directory) <
		       (int)sizeof(j->staging) &&
	       mkdtemp(j->staging);
}

static int run(struct job *j)
{
	const char *slash = strrchr(j->path, '/');
	struct input in;

	if (input_read_trace(j->path, &in))
		return EXIT_USAGE;
	snprintf(j->notes.source, sizeof(j->notes.source), "%s", slash ? slash + 1 : j->path);
	snprintf(j->notes.expect[j->notes.expect_count++], NOTE_MAX, "clean");
	if (!make_staging(j)) {
		input_free(&in);
		return tool_option_error("import", "output", j->directory, strerror(errno));
	}
	chmod(j->staging, 0755);
	import_text(j, &in);
	input_free(&in);
	/* Replaces an empty directory, never one with files in it. */
	if (j->status == 0 && rename(j->staging, j->directory))
		j->status = tool_option_error("import", "output", j->directory, strerror(errno));
	if (j->status)
		remove_staging(j);
	else
		print_summary(j);
	return j->status;
}

static import_format *format_by_name(const char *name)
{
	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].read;
	return NULL;
}

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	struct job *j = context;

	switch (letter) {
	case 'f':
		j->read = format_by_name(value);
		return NULL;
	case 'o':
		j->directory = value;
		return *value ? NULL : "wants a directory";
	case 'l':
		return tool_take_number(value, 1, PROGRAMS_MAX, &j->limit);
	case 'n':
		return tool_take_number(value, 1, PROGRAM_OPS_MAX, &j->ops);
	case 's':
		return tool_take_setting(value, &j->overrides);
	default:
		j->dedup = true;
		return NULL;
	}
}

int tool_import(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	int status;

	if (!j)
		return tool_usage("import", "out of memory");
	j->limit = PROGRAMS_MAX;
	j->ops = PROGRAM_OPS_MAX;
	status = tool_parse(argc, argv, take_option, j);
	if (!status && (!j->read || !j->directory))
		status = tool_usage("import", "--format and --output are needed");
	if (!status && optind + 1 != argc)
		status = tool_usage("import", "exactly one trace, please");
	if (!status) {
		j->path = argv[optind];
		status = run(j);
	}
	free(j);
	return status;
}
