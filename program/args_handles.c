/* SPDX-License-Identifier: MIT */
/*
 * The argument kinds that are handles: a number of its class, or HANDLE_NONE, or with HANDLE_OTHER a second class.
 * Encoded as two little-endian bytes: 0xffff is no handle, bit 15 the second class.
 */
#include "program/args_private.h"

#include <string.h>

enum { CODE_NONE = 0xffff, CODE_OTHER = 0x8000 };

char yields_letter(enum yields class)
{
	static const char letters[] = {
		'-',
#define HANDLE(class, letter, name) letter,
#define SPECIAL_HANDLE              HANDLE
#include "program/handles.def"
#undef SPECIAL_HANDLE
#undef HANDLE
	};

	return letters[class];
}

static uint32_t clip_handle(const struct arg_scope *scope, enum yields class, uint32_t index)
{
	uint32_t count = scope->handles[class];

	return count == 0 ? HANDLE_NONE : wrap(index, count);
}

static uint32_t clip_high_handle(const struct arg_scope *scope, enum yields class, uint32_t index)
{
	uint32_t count = scope->handles[class];

	return count == 0 ? HANDLE_NONE : HANDLE_OTHER | wrap(index, count);
}

uint32_t arg_clip_memory(const struct arg_scope *scope, uint32_t value)
{
	if (value == HANDLE_NONE)
		return value;
	if (value & HANDLE_OTHER)
		return clip_high_handle(scope, YIELDS_PAGE, value & ~HANDLE_OTHER);
	return clip_handle(scope, YIELDS_OBJECT, value);
}

uint32_t arg_clip_kmem_cache(const struct arg_scope *scope, uint32_t value)
{
	if (value == HANDLE_NONE)
		return value;
	if (value & HANDLE_OTHER)
		return clip_high_handle(scope, YIELDS_KMEM_CACHE, value & ~HANDLE_OTHER);
	return wrap(value, boot_cache_count());
}

static uint32_t load_code(const uint8_t *bytes)
{
	return (uint32_t)bytes[1] << 8 | bytes[0];
}

static uint32_t load_two_way(const uint8_t *bytes)
{
	uint32_t code = load_code(bytes);

	if (code == CODE_NONE)
		return HANDLE_NONE;
	return code & CODE_OTHER ? HANDLE_OTHER | (code & ~(uint32_t)CODE_OTHER) : code;
}

uint32_t arg_decode_memory(const struct arg_scope *scope, const uint8_t *bytes)
{
	return arg_clip_memory(scope, load_two_way(bytes));
}

uint32_t arg_decode_kmem_cache(const struct arg_scope *scope, const uint8_t *bytes)
{
	return arg_clip_kmem_cache(scope, load_two_way(bytes));
}

void arg_encode_handle(uint8_t *bytes, uint32_t value)
{
	uint32_t code = value == HANDLE_NONE ? CODE_NONE : value & HANDLE_OTHER ? CODE_OTHER | (value & 0x7fff) : value;

	bytes[0] = (uint8_t)code;
	bytes[1] = (uint8_t)(code >> 8);
}

static void print_handle(struct text_buffer *out, enum yields class, uint32_t index)
{
	if (index == HANDLE_NONE)
		text_printf(out, "%c-", yields_letter(class));
	else
		text_printf(out, "%c%u", yields_letter(class), (unsigned)index);
}

static bool parse_handle(const struct arg_scope *scope, const struct arg_word *word, enum arg_kind kind,
			 enum yields class, uint32_t *value)
{
	uint64_t index;

	if (word->length < 2 || word->text[0] != yields_letter(class))
		return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
	*value = HANDLE_NONE;
	if (word->length == 2 && word->text[1] == '-')
		return true;
	if (word->text[1] == '0' && word->length > 2)
		return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
	if (!text_number(word->text + 1, word->length - 1, &index))
		return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
	if (index >= scope->handles[class])
		return arg_fail(word, "no earlier op yields it", "");
	*value = (uint32_t)index;
	return true;
}

/* Locality: recently yielded handles are the likeliest. */
static uint32_t pick_handle(const struct arg_choice *choice, enum yields class)
{
	uint32_t count = choice->scope->handles[class];
	uint32_t back = 0;

	if (count == 0)
		return HANDLE_NONE;
	if (prng_one_in(choice->r, 6))
		return prng_below(choice->r, count);
	while (back + 1 < count && prng_one_in(choice->r, 2))
		back++;
	return count - 1 - back;
}

#define HANDLE_FUNCTIONS_OF(name, kind, class)                                                                         \
	uint32_t arg_clip_##name(const struct arg_scope *scope, uint32_t value)                                        \
	{                                                                                                              \
		return value == HANDLE_NONE ? value : clip_handle(scope, class, value);                                \
	}                                                                                                              \
	uint32_t arg_decode_##name(const struct arg_scope *scope, const uint8_t *bytes)                                \
	{                                                                                                              \
		uint32_t code = load_code(bytes);                                                                      \
                                                                                                                       \
		return code == CODE_NONE ? HANDLE_NONE : clip_handle(scope, class, code);                              \
	}                                                                                                              \
	void arg_print_##name(struct text_buffer *out, uint32_t value)                                                 \
	{                                                                                                              \
		print_handle(out, class, value);                                                                       \
	}                                                                                                              \
	bool arg_parse_##name(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)             \
	{                                                                                                              \
		return parse_handle(scope, word, kind, class, value);                                                  \
	}                                                                                                              \
	uint32_t arg_mutate_##name(const struct arg_choice *choice, uint32_t value)                                    \
	{                                                                                                              \
		(void)value;                                                                                           \
		return pick_handle(choice, class);                                                                     \
	}

#define HANDLE(class, letter, name) HANDLE_FUNCTIONS_OF(name, ARG_##class, YIELDS_##class)
#define SPECIAL_HANDLE(class, letter, name)
#include "program/handles.def"
#undef SPECIAL_HANDLE
#undef HANDLE

void arg_print_memory(struct text_buffer *out, uint32_t value)
{
	if (value != HANDLE_NONE && (value & HANDLE_OTHER))
		print_handle(out, YIELDS_PAGE, value & ~HANDLE_OTHER);
	else
		print_handle(out, YIELDS_OBJECT, value);
}

bool arg_parse_memory(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	if (word->text[0] != 'p' || word_is(word, "p-"))
		return parse_handle(scope, word, ARG_MEMORY, YIELDS_OBJECT, value);
	if (!parse_handle(scope, word, ARG_MEMORY, YIELDS_PAGE, value))
		return false;
	*value |= HANDLE_OTHER;
	return true;
}

uint32_t arg_mutate_memory(const struct arg_choice *choice, uint32_t value)
{
	uint32_t page = pick_handle(choice, YIELDS_PAGE);

	(void)value;
	if (page != HANDLE_NONE && (choice->scope->handles[YIELDS_OBJECT] == 0 || prng_one_in(choice->r, 4)))
		return HANDLE_OTHER | page;
	return pick_handle(choice, YIELDS_OBJECT);
}

void arg_print_kmem_cache(struct text_buffer *out, uint32_t value)
{
	if (value == HANDLE_NONE || (value & HANDLE_OTHER))
		print_handle(out, YIELDS_KMEM_CACHE, value == HANDLE_NONE ? value : value & ~HANDLE_OTHER);
	else
		text_printf(out, "%s", boot_cache_name(value));
}

bool arg_parse_kmem_cache(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	for (uint32_t i = 0; i < boot_cache_count(); i++) {
		if (word_is(word, boot_cache_name(i))) {
			*value = i;
			return true;
		}
	}
	if (!parse_handle(scope, word, ARG_KMEM_CACHE, YIELDS_KMEM_CACHE, value))
		return false;
	*value |= HANDLE_OTHER;
	return true;
}

uint32_t arg_mutate_kmem_cache(const struct arg_choice *choice, uint32_t value)
{
	uint32_t created = pick_handle(choice, YIELDS_KMEM_CACHE);

	(void)value;
	if (created != HANDLE_NONE && !prng_one_in(choice->r, 4))
		return HANDLE_OTHER | created;
	return prng_below(choice->r, prng_one_in(choice->r, 4) ? boot_cache_count() : 10);
}
