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

enum { TEXT_MAX = 1 << 17, WORLD_MAX = 16 };

static const char usage[] =
	"usage: slabfuzz import --format ftrace|mtrace FILE -o DIR [--limit N] [--ops N] [--dedup] [--set key=value]\n";

static const struct {
	const char *name;
	import_format *read;
} formats[] = {{"ftrace", import_ftrace}, {"mtrace", import_mtrace}};

struct job {
	const char *path, *directory;
	import_format *read;
	unsigned long limit, ops;
	bool dedup;
	const char *settings[WORLD_MAX];
	unsigned setting_count;

	char staging[PATH_MAX]; /* renamed to directory when all is written */
	unsigned long kept;
	int status;
	struct import_seen seen;
	struct importer importer;
	struct program program;
	struct program_notes notes;
	char text[TEXT_MAX];
};

static bool split_setting(struct program *p, const char *setting)
{
	const char *equals = strchr(setting, '=');
	char key[SETTING_KEY_MAX];

	if (!equals || (size_t)(equals - setting) >= sizeof(key))
		return false;
	memcpy(key, setting, (size_t)(equals - setting));
	key[equals - setting] = 0;
	return program_set(p, key, equals + 1);
}

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
	for (unsigned i = 0; i < j->setting_count; i++)
		split_setting(&j->program, j->settings[i]);
	program_print(&j->program, &j->notes, &text);
	if (text.overflow || !write_file(j, &text)) {
		j->status = input_error(j->directory, text.overflow ? "program text too long" : strerror(errno));
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

static int run(struct job *j)
{
	const char *slash = strrchr(j->path, '/');
	struct input in;

	if (input_read_trace(j->path, &in))
		return EXIT_USAGE;
	snprintf(j->notes.source, sizeof(j->notes.source), "%s", slash ? slash + 1 : j->path);
	snprintf(j->notes.expect[j->notes.expect_count++], NOTE_MAX, "clean");
	if (snprintf(j->staging, sizeof(j->staging), "%s.XXXXXX", j->directory) >= (int)sizeof(j->staging) ||
	    !mkdtemp(j->staging)) {
		input_free(&in);
		return input_error(j->directory, strerror(errno));
	}
	chmod(j->staging, 0755);
	import_text(j, &in);
	input_free(&in);
	/* Replaces an empty directory, never one with files in it. */
	if (j->status == 0 && rename(j->staging, j->directory))
		j->status = input_error(j->directory, strerror(errno));
	if (j->status)
		remove_staging(j);
	else
		print_summary(j);
	return j->status;
}

static bool parse_number(const char *text, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == 0 && *value > 0;
}

static import_format *format_by_name(const char *name)
{
	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].read;
	return NULL;
}

static bool take_option(struct job *j, int option)
{
	switch (option) {
	case 'f':
		j->read = format_by_name(optarg);
		return j->read != NULL;
	case 'o':
		/* The staging directory lies beside it, not in it. */
		for (size_t length = strlen(optarg); length > 1 && optarg[length - 1] == '/'; length--)
			optarg[length - 1] = 0;
		j->directory = optarg;
		return *optarg != 0;
	case 'l':
		return parse_number(optarg, &j->limit);
	case 'n':
		return parse_number(optarg, &j->ops) && j->ops <= PROGRAM_OPS_MAX;
	case 'd':
		j->dedup = true;
		return true;
	case 's':
		j->settings[j->setting_count] = optarg;
		return split_setting(&j->program, optarg) && ++j->setting_count < WORLD_MAX;
	default:
		return false;
	}
}

static bool parse_options(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"limit", required_argument, NULL, 'l'},
		{"ops", required_argument, NULL, 'n'},
		{"dedup", no_argument, NULL, 'd'},
		{"set", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option;

	optind = 0; /* getopt starts afresh: the tool may have parsed its own options */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
		if (!take_option(j, option))
			return false;
	if (!j->read || !j->directory || optind + 1 != argc)
		return false;
	j->path = argv[optind];
	return true;
}

int tool_import(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	int status = EXIT_USAGE;

	if (!j)
		return input_error("import", "out of memory");
	j->limit = ULONG_MAX;
	j->ops = PROGRAM_OPS_MAX;
	if (parse_options(j, argc, argv))
		status = run(j);
	else
		fputs(usage, stderr);
	free(j);
	return status;
}
