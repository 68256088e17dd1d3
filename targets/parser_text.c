/* SPDX-License-Identifier: MIT */
/* Any bytes as program text: either a precise error, or parse, print, parse gives the same program and the same text.
 */
#include "program/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { PRINTED_MAX = 1 << 17 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct program first, second;
	static struct program_notes notes, notes_again;
	static char printed[PRINTED_MAX], again[PRINTED_MAX];
	struct text_buffer out = {.bytes = printed, .capacity = sizeof(printed)};
	struct text_buffer out_again = {.bytes = again, .capacity = sizeof(again)};
	struct text_error error = {0};

	if (!program_parse(&first, &notes, (const char *)bytes, size, &error)) {
		if (error.what[0] == 0)
			abort();
		return 0;
	}
	program_print(&first, &notes, &out);
	if (out.overflow || !program_parse(&second, &notes_again, printed, out.size, &error))
		abort();
	if (!program_equal_ops(&first, &second))
		abort();
	program_print(&second, &notes_again, &out_again);
	if (out.size != out_again.size || memcmp(printed, again, out.size) != 0)
		abort();
	return 0;
}
