/* SPDX-License-Identifier: MIT */
/* Notes at the head of a text program, private to program/: between text_parse.c, text_print.c and text_notes.c. */
#ifndef SLABFUZZ_PROGRAM_NOTES_H
#define SLABFUZZ_PROGRAM_NOTES_H

#include "program/text.h"

/* A line being read: `at` moves from the first byte to `end`; `begin` makes columns. */
struct text_line {
	const char *begin, *at, *end;
	unsigned number;
};

struct text_span {
	const char *text;
	size_t length;
};

/* Skips blanks. */
void text_skip_blanks(struct text_line *line);
/* Next run of non-blank bytes; length 0 at the end of the line. */
struct text_span text_word(struct text_line *line);
bool span_is(struct text_span span, const char *text);
/* Fills *error at a place of the line; always false. */
bool text_fail(struct text_error *error, const struct text_line *line, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads a comment (from its #) into notes; true if it is no note at all.  `early`: no op has been seen. */
bool notes_read(struct program_notes *notes, struct text_line line, bool early, struct text_error *error);
/* Checks what is known only at the end: operands exist. */
bool notes_check(const struct program_notes *notes, const struct program *p, struct text_error *error);
void notes_print(const struct program_notes *notes, struct text_buffer *out);

#endif
