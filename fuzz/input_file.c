/* SPDX-License-Identifier: MIT */
/* Reads a plain file up to a limit; see input_file.h. */
#include "fuzz/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int input_error(const char *path, const char *what)
{
	fprintf(stderr, "%s:0:0: %s\n", path, what);
	return EXIT_USAGE;
}

int input_cannot_read(const char *path, int error)
{
	if (!strcmp(path, "-"))
		return input_error(path, "standard input is not read: give a file");
	return input_error(path, error == EISDIR ? "it is a directory, a file is wanted" : strerror(error));
}

void input_free(struct input *in)
{
	free(in->bytes);
	*in = (struct input){0};
}

/* A pipe has no size: read until its end, growing, and stop one byte past the limit. */
static int read_all(int fd, struct input *out)
{
	size_t capacity = 0;

	for (;;) {
		ssize_t n;

		if (out->size + 1 >= capacity) {
			char *grown = realloc(out->bytes, capacity = capacity ? capacity * 2 : 65536);

			if (!grown)
				return ENOMEM;
			out->bytes = grown;
		}
		n = read(fd, out->bytes + out->size, capacity - out->size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		out->size += (size_t)n;
		if (out->size > INPUT_PROGRAM_MAX)
			return EFBIG;
	}
	out->bytes[out->size] = 0;
	return 0;
}

int input_read(const char *path, struct input *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int error;

	*out = (struct input){0};
	if (fd < 0)
		return input_cannot_read(path, errno);
	error = fstat(fd, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : read_all(fd, out);
	close(fd);
	if (!error)
		return 0;
	input_free(out);
	return error == EFBIG ? input_error(path, "larger than 16 MiB, no program is") : input_cannot_read(path, error);
}
