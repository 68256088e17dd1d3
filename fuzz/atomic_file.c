/* SPDX-License-Identifier: MIT */
/* Temporary file in the same directory, fsync, rename. */
#include "fuzz/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return fsync(fd) == 0;
}

bool file_write_atomically(const char *path, const void *bytes, size_t size)
{
	char temporary[1024];
	bool ok;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	ok = write_all(fd, bytes, size);
	ok = close(fd) == 0 && ok;
	ok = ok && rename(temporary, path) == 0;
	if (!ok) {
		int error = errno;

		unlink(temporary);
		errno = error;
	}
	return ok;
}
