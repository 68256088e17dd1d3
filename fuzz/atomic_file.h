/* SPDX-License-Identifier: MIT */
/* Files that are whole or absent, whatever kills the process. */
#ifndef SLABFUZZ_FUZZ_ATOMIC_FILE_H
#define SLABFUZZ_FUZZ_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes beside `path`, syncs and renames; into a device or pipe it just writes.  False with errno set if the disk
 * refuses; nothing is left then.
 */
bool file_write_atomically(const char *path, const void *bytes, size_t size);

#endif
