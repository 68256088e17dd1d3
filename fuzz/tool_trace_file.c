/* SPDX-License-Identifier: MIT */
/* Reads a trace, plain or gzip, through zlib; see input_file.h. */
#include "fuzz/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { STEP = 1 << 20 };

/* Doubles the buffer.  Cleared, because MemorySanitizer does not see what zlib writes. */
static int grow(struct input *out, size_t *capacity)
{
	size_t wanted = *capacity ? *capacity * 2 : STEP;
	char *grown;

	if (wanted > (size_t)INPUT_TRACE_MAX + STEP)
		wanted = (size_t)INPUT_TRACE_MAX + STEP;
	grown = realloc(out->bytes, wanted);
	if (!grown)
		return ENOMEM;
	memset(grown + *capacity, 0, wanted - *capacity);
	out->bytes = grown;
	*capacity = wanted;
	return 0;
}

static const char *inflate_all(gzFile file, struct input *out)
{
	size_t capacity = 0;

	for (;;) {
		int status = 0;
		int n;

		if (capacity - out->size < STEP / 2 && grow(out, &capacity))
			return "out of memory";
		n = gzread(file, out->bytes + out->size, STEP / 2 - 1);
		if (n < 0)
			return "damaged gzip data";
		out->size += (size_t)n;
		if (out->size > INPUT_TRACE_MAX)
			return "larger than 1 GiB";
		if (n > 0)
			continue;
		/* zlib reports a cut file only here, as a short read that is not an error of its own. */
		gzerror(file, &status);
		return status == Z_BUF_ERROR ? "truncated gzip data" : NULL;
	}
}

int input_read_trace(const char *path, struct input *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *what;
	struct stat st;
	gzFile file;

	*out = (struct input){0};
	if (fd < 0)
		return input_cannot_read(path, errno);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return input_cannot_read(path, EISDIR);
	}
	file = gzdopen(fd, "rb");
	if (!file) {
		close(fd);
		return input_error(path, "out of memory");
	}
	what = inflate_all(file, out);
	gzclose(file);
	if (!what)
		return 0;
	input_free(out);
	return input_error(path, what);
}
