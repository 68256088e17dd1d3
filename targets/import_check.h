/* SPDX-License-Identifier: MIT */
/* What every importer target checks. */
#ifndef SLABFUZZ_TARGETS_IMPORT_CHECK_H
#define SLABFUZZ_TARGETS_IMPORT_CHECK_H

#include "fuzz/import.h"

#include <stdlib.h>

typedef int import_check_entry(const uint8_t *bytes, size_t size);

/* import_sink */
static inline bool import_check_program(void *context, const struct program *p)
{
	static struct program copy, parsed;
	static char text[1 << 17];
	struct text_buffer out = {.bytes = text, .capacity = sizeof(text)};
	struct text_error error;

	(void)context;
	copy = *p;
	program_normalize(&copy);
	if (!program_equal_ops(&copy, p))
		abort();
	program_print(p, NULL, &out);
	if (out.overflow || !program_parse(&parsed, NULL, text, out.size, &error) || !program_equal_ops(&parsed, p))
		abort();
	return true;
}

static inline int import_check(import_format *format, const uint8_t *bytes, size_t size)
{
	static struct importer im;
	struct text_error error = {0};

	/* The first byte is the length of programs, so that ends of programs are reached with short inputs. */
	importer_begin(&im, import_check_program, NULL, size ? 2u * bytes[0] : 0u);
	if (size && !format(&im, (const char *)bytes + 1, size - 1, &error) && (error.line == 0 || error.column == 0))
		abort();
	return 0;
}

#endif
