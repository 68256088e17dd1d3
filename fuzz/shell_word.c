/* SPDX-License-Identifier: MIT */
/* Single quotes keep everything but a single quote, which becomes '\''. */
#include "fuzz/shell_word.h"

#include <stdio.h>
#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,=:@%";

char *shell_word(const char *text, char *out, size_t size)
{
	size_t used = 0;

	if (*text && text[strspn(text, plain)] == 0) {
		snprintf(out, size, "%s", text);
		return out;
	}
	out[used++] = '\'';
	/* Room for the longest step, the last quote and the end. */
	for (; *text && used + 6 < size; text++)
		used += (size_t)snprintf(out + used, size - used, *text == '\'' ? "'\\''" : "%c", *text);
	snprintf(out + used, size - used, "'");
	return out;
}
