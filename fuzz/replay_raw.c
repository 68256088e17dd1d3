/* SPDX-License-Identifier: MIT */
/* main() of parser and importer targets built without an engine: feeds files, or the files of directories, as they are.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/input_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay_file(const char *path)
{
	struct input in;

	if (input_read(path, &in))
		return EXIT_USAGE;
	LLVMFuzzerTestOneInput((const uint8_t *)in.bytes, in.size);
	input_free(&in);
	return 0;
}

static int replay_directory(const char *path)
{
	char file[PATH_MAX + NAME_MAX + 2];
	DIR *directory = opendir(path);
	int status = 0;

	if (!directory)
		return input_error(path, "cannot be read");
	for (struct dirent *e; (e = readdir(directory));) {
		struct stat st;

		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			status |= replay_file(file);
	}
	closedir(directory);
	return status;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

		/* A leading dash is an engine's option. */
		if (argv[i][0] != '-')
			status |= directory ? replay_directory(argv[i]) : replay_file(argv[i]);
	}
	return status;
}
