/* SPDX-License-Identifier: MIT */
/* Lines and words of a trace; see import_line.h. */
#include "fuzz/import_line.h"

#include <stdio.h>
#include <string.h>

void import_lines_begin(struct import_line *l, const char *text, size_t length)
{
	*l = (struct import_line){.text = text, .end = text, .next = text, .last = text + length};
}

bool import_lines_next(struct import_line *l)
{
	const char *newline;

	if (l->next == l->last)
		return false;
	newline = memchr(l->next, '\n', (size_t)(l->last - l->next));
	l->text = l->next;
	l->end = newline ? newline : l->last;
	l->next = newline ? newline + 1 : l->last;
	if (l->end > l->text && l->end[-1] == '\r')
		l->end--;
	l->number++;
	return true;
}

bool import_line_error(const struct import_line *l, const char *at, struct text_error *error, const char *what)
{
	error->line = l->number;
	error->column = (unsigned)(at - l->text) + 1;
	snprintf(error->what, sizeof(error->what), "%s", what);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *import_word(const struct import_line *l, const char *at)
{
	while (at < l->end && is_blank(*at))
		at++;
	return at;
}

const char *import_word_end(const struct import_line *l, const char *word)
{
	while (word < l->end && !is_blank(*word))
		word++;
	return word;
}

const char *import_field(const struct import_line *l, const char *at, const char *key)
{
	size_t size = strlen(key);

	for (const char *word = import_word(l, at); word < l->end; word = import_word(l, import_word_end(l, word))) {
		size_t length = (size_t)(import_word_end(l, word) - word);

		if (length > size && word[size] == '=' && memcmp(word, key, size) == 0)
			return word + size + 1;
	}
	return NULL;
}

bool import_word_has(const struct import_line *l, const char *word, const char *part)
{
	return memmem(word, (size_t)(import_word_end(l, word) - word), part, strlen(part)) != NULL;
}

bool import_word_is(const struct import_line *l, const char *word, const char *what)
{
	size_t length = (size_t)(import_word_end(l, word) - word);

	return length == strlen(what) && memcmp(word, what, length) == 0;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

bool import_number(const struct import_line *l, const char *word, unsigned base, uint64_t *value)
{
	const char *end = import_word_end(l, word);
	bool prefixed = end - word > 2 && word[0] == '0' && word[1] == 'x';
	uint64_t v = 0;

	*value = 0;
	if (import_word_is(l, word, "(nil)") || import_word_is(l, word, "(null)"))
		return true;
	if (base == 0)
		base = prefixed ? 16 : 10;
	if (base == 16 && prefixed)
		word += 2;
	if (word == end)
		return false;
	for (; word < end; word++) {
		unsigned digit = digit_value(*word);

		if (digit >= base || v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	*value = v;
	return true;
}
