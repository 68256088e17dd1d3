/* SPDX-License-Identifier: MIT */
/* Walks a text line by line and word by word, bounded, without copies; errors carry line and column. */
#ifndef SLABFUZZ_FUZZ_IMPORT_LINE_H
#define SLABFUZZ_FUZZ_IMPORT_LINE_H

#include "program/text.h"

struct import_line {
	const char *text, *end; /* of this line, without the newline */
	const char *next, *last;
	unsigned number;
};

void import_lines_begin(struct import_line *l, const char *text, size_t length);
/* False at the end of the text. */
bool import_lines_next(struct import_line *l);
/* Sets *error to this line and the column of `at`; always false. */
bool import_line_error(const struct import_line *l, const char *at, struct text_error *error, const char *what);

/* Start of the next word at or after `at`, or l->end. */
const char *import_word(const struct import_line *l, const char *at);
const char *import_word_end(const struct import_line *l, const char *word);
/* Value of " key=" at or after `at`, or NULL. */
const char *import_field(const struct import_line *l, const char *at, const char *key);
/* True iff the word at `word` contains `part`. */
bool import_word_has(const struct import_line *l, const char *word, const char *part);
bool import_word_is(const struct import_line *l, const char *word, const char *what);

/* A whole word of digits; base 16 takes an optional 0x, base 0 tells 0x from decimal; (nil), (null) are 0. */
bool import_number(const struct import_line *l, const char *word, unsigned base, uint64_t *value);

#endif
