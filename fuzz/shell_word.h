/* SPDX-License-Identifier: MIT */
/* Commands that are printed to be repeated. */
#ifndef SLABFUZZ_FUZZ_SHELL_WORD_H
#define SLABFUZZ_FUZZ_SHELL_WORD_H

#include <stddef.h>

/* Writes text as one word of a shell command, in quotes only where it needs them; cut to size.  Returns out. */
char *shell_word(const char *text, char *out, size_t size);

#endif
