/* SPDX-License-Identifier: MIT */
/*
 * Reads input files safely: never a directory, never more than a limit, always one line on stderr when it fails.
 * Programs are plain files (input_file.c, libc only); traces may be gzip (tool_trace_file.c, zlib, the tool only).
 */
#ifndef SLABFUZZ_FUZZ_INPUT_FILE_H
#define SLABFUZZ_FUZZ_INPUT_FILE_H

#include <stddef.h>

enum { INPUT_PROGRAM_MAX = 16 << 20, INPUT_TRACE_MAX = 1 << 30, EXIT_USAGE = 2, EXIT_FRAMEWORK = 3 };

struct input {
	char *bytes; /* size bytes and a NUL; the caller's, input_free() */
	size_t size;
};

/* Returns 0, or EXIT_USAGE with `path:0:0: what` on stderr and nothing to free. */
int input_read(const char *path, struct input *out);
/* The same for a trace: plain or gzip. */
int input_read_trace(const char *path, struct input *out);
void input_free(struct input *in);

/* Prints `path:0:0: what` and returns EXIT_USAGE; the second one says why a file cannot be read, by errno. */
int input_error(const char *path, const char *what);
int input_cannot_read(const char *path, int error);

#endif
