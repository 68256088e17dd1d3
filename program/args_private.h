/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of argument kinds only: args.c, which has the table, and args_handles.c.
 * A function here is one column of arg_kind_ops for one kind, or a helper of both files.
 */
#ifndef SLABFUZZ_PROGRAM_ARGS_PRIVATE_H
#define SLABFUZZ_PROGRAM_ARGS_PRIVATE_H

#include <string.h>

#include "program/args.h"

/* Complains about a word; always false. */
bool arg_fail(const struct arg_word *word, const char *why, const char *detail);

static inline bool word_is(const struct arg_word *word, const char *name)
{
	return strlen(name) == word->length && memcmp(name, word->text, word->length) == 0;
}

/* A division only for values out of range: they are rare, and decode is hot. */
static inline uint32_t wrap(uint32_t value, uint32_t count)
{
	return value < count ? value : value % count;
}

#define HANDLE_FUNCTIONS(name)                                                                                         \
	uint32_t arg_decode_##name(const struct arg_scope *scope, const uint8_t *bytes);                               \
	uint32_t arg_clip_##name(const struct arg_scope *scope, uint32_t value);                                       \
	void arg_print_##name(struct text_buffer *out, uint32_t value);                                                \
	bool arg_parse_##name(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value);            \
	uint32_t arg_mutate_##name(const struct arg_choice *choice, uint32_t value);

#define HANDLE(class, letter, name) HANDLE_FUNCTIONS(name)
#define SPECIAL_HANDLE              HANDLE
#include "program/handles.def"
#undef SPECIAL_HANDLE
#undef HANDLE
HANDLE_FUNCTIONS(memory)
#undef HANDLE_FUNCTIONS

void arg_encode_handle(uint8_t *bytes, uint32_t value);

#endif
