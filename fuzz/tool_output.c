/* SPDX-License-Identifier: MIT */
/* What the tool gives out arrives, or the exit status says that it did not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/tool.h"

static int reason; /* errno of the first flush that failed */

void tool_open_standard_files(void)
{
	int fd;

	/* Read only: what is written there fails, instead of landing in a file that gets the number later. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

bool tool_flush(void)
{
	if (fflush(stdout) != 0 && !reason)
		reason = errno;
	return !ferror(stdout);
}

int tool_end(int status)
{
	if (tool_flush())
		return status;
	if (status != STATUS_USAGE)
		fprintf(stderr, "slabfuzz: standard output: %s\n", reason ? strerror(reason) : "could not be written");
	return status == STATUS_FRAMEWORK ? status : STATUS_USAGE;
}

bool tool_make_directory(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return false;
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (access(path, W_OK | X_OK) == 0)
		return true;
	return false;
}
