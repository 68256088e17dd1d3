/* SPDX-License-Identifier: MIT */
/* Files as given, directories one level deep and sorted, so that a replay is the same everywhere. */
#include "fuzz/replay_files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/input_file.h"

static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int replay_directory(const char *path, int (*file)(const char *path))
{
	char name[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries;
	struct stat st;
	int status = 0, count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		return input_error(path, "cannot be read");
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
			status = worse(status, file(name));
		free(entries[i]);
	}
	free(entries);
	return status;
}

int replay_paths(int argc, char **argv, int (*file)(const char *path))
{
	struct stat st;
	int status = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			status = worse(status, replay_directory(argv[i], file));
		else
			status = worse(status, file(argv[i]));
	}
	return status;
}
