/* SPDX-License-Identifier: MIT */
/*
 * The argument kinds: decode, clip, encode, print, parse and mutate, one row of functions per kind (handles are in
 * args_handles.c).  Zero bytes are the simplest value of each kind, and clip never makes a value larger.
 */
#include "program/args_private.h"

#include <stdio.h>
#include <string.h>

enum {
	SIZE_WORD_MAX = 0xffff,
	SIZE_LIMIT = 8 << 20,
	SIZE_STEP = 8,
	ALIGN_MAX = 4096,
	ORDER_MAX = 10,
	CPU_MAX = 7,
	BYTE_MAX = 0xff,
	WHAT_MAX = sizeof(((struct text_error *)NULL)->what),
};

static const char *const gfp_names[] = {
#define GFP(name, bits) name,
#include "sim/gfp.def"
#undef GFP
};

static const char *const slab_flag_names[] = {
#define SLAB_FLAG(name, value) #name,
#include "sim/slab_flags.def"
#undef SLAB_FLAG
};

static const char *const fault_names[] = {
#define FAULT(name, ...) #name,
#include "sim/fault.def"
#undef FAULT
};

static const char *const fault_attribute_names[] = {
#define FAULT_ATTRIBUTE(name, text) #name,
#include "sim/fault_attribute.def"
#undef FAULT_ATTRIBUTE
};

static const char *const verb_names[] = {
#define OP(verb, ...) #verb,
#include "program/ops.def"
#undef OP
};

static const char *const direction_names[] = {
#define DMA_DIRECTION(name) #name,
#include "sim/dma_direction.def"
#undef DMA_DIRECTION
};

static const char *const vm_kind_names[] = {
#define VM_KIND(name) #name,
#include "sim/vm_kind.def"
#undef VM_KIND
};

enum {
	VM_KIND_COUNT = sizeof(vm_kind_names) / sizeof(vm_kind_names[0]),
	GFP_COUNT = sizeof(gfp_names) / sizeof(gfp_names[0]),
	SLAB_FLAG_COUNT = sizeof(slab_flag_names) / sizeof(slab_flag_names[0]),
	FAULT_COUNT = sizeof(fault_names) / sizeof(fault_names[0]),
	FAULT_ATTRIBUTE_COUNT = sizeof(fault_attribute_names) / sizeof(fault_attribute_names[0]),
	DIRECTION_COUNT = sizeof(direction_names) / sizeof(direction_names[0]),
	SLAB_FLAG_MASK = (1 << SLAB_FLAG_COUNT) - 1,
};
_Static_assert(SLAB_FLAG_COUNT <= 8, "slab flags are one byte");

bool arg_fail(const struct arg_word *word, const char *why, const char *detail)
{
	int shown = word->length < 32 ? (int)word->length : 32;

	snprintf(word->what, WHAT_MAX, "`%.*s`: %s%s", shown, word->text, why, detail);
	return false;
}

static bool parse_up_to(const struct arg_word *word, enum arg_kind kind, uint64_t max, uint32_t *value)
{
	uint64_t number;

	if (!text_number(word->text, word->length, &number))
		return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
	if (number > max)
		return arg_fail(word, "out of range: ", arg_kind_descriptors[kind].help);
	*value = (uint32_t)number;
	return true;
}

static void encode_byte(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)value;
}

static void print_decimal(struct text_buffer *out, uint32_t value)
{
	text_printf(out, "%u", (unsigned)value);
}

/* The padding kind of the tables; no op has it. */

static uint32_t clip_nothing(const struct arg_scope *scope, uint32_t value)
{
	(void)scope;
	(void)value;
	return 0;
}

/* Kinds that are one byte with a largest value. */

#define BYTE_KIND(name, kind, limit)                                                                                   \
	static uint32_t clip_##name(const struct arg_scope *scope, uint32_t value)                                     \
	{                                                                                                              \
		(void)scope;                                                                                           \
		return wrap(value, (limit) + 1u);                                                                      \
	}                                                                                                              \
	static uint32_t decode_##name(const struct arg_scope *scope, const uint8_t *bytes)                             \
	{                                                                                                              \
		return clip_##name(scope, bytes[0]);                                                                   \
	}                                                                                                              \
	static bool parse_##name(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)          \
	{                                                                                                              \
		(void)scope;                                                                                           \
		return parse_up_to(word, kind, limit, value);                                                          \
	}                                                                                                              \
	static uint32_t mutate_##name(const struct arg_choice *choice, uint32_t value)                                 \
	{                                                                                                              \
		(void)value;                                                                                           \
		if (!prng_one_in(choice->r, 16))                                                                       \
			return prng_below(choice->r, ((limit) < 8 ? (limit) : 8) + 1u);                                \
		return prng_below(choice->r, (limit) + 1u);                                                            \
	}

BYTE_KIND(count, ARG_COUNT, BYTE_MAX)
BYTE_KIND(order, ARG_ORDER, ORDER_MAX)
BYTE_KIND(byte, ARG_BYTE, BYTE_MAX)
BYTE_KIND(cpu, ARG_CPU, CPU_MAX)

#define clip_point   clip_count
#define decode_point decode_count

static bool parse_point(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	(void)scope;
	return parse_up_to(word, ARG_POINT, BYTE_MAX, value);
}

/* Most ops have few points; of those that have many, the neighbour of a good one is tried. */
static uint32_t mutate_point(const struct arg_choice *choice, uint32_t value)
{
	unsigned dice = prng_below(choice->r, 16);

	if (dice < 4 && value < BYTE_MAX)
		return value + 1;
	if (dice < 6 && value > 0)
		return value - 1;
	return prng_below(choice->r, dice < 13 ? 8 : dice < 15 ? 32 : BYTE_MAX + 1u);
}

static void print_byte(struct text_buffer *out, uint32_t value)
{
	text_printf(out, "0x%02x", (unsigned)value);
}

/* Kinds that are a row of a name list. */

static bool parse_name(const struct arg_word *word, enum arg_kind kind, const char *const *names, uint32_t count,
		       uint32_t *value)
{
	for (uint32_t i = 0; i < count; i++) {
		if (word_is(word, names[i])) {
			*value = i;
			return true;
		}
	}
	return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
}

#define NAME_KIND(name, kind, count)                                                                                   \
	static uint32_t clip_##name(const struct arg_scope *scope, uint32_t value)                                     \
	{                                                                                                              \
		(void)scope;                                                                                           \
		return wrap(value, count);                                                                             \
	}                                                                                                              \
	static uint32_t decode_##name(const struct arg_scope *scope, const uint8_t *bytes)                             \
	{                                                                                                              \
		return clip_##name(scope, bytes[0]);                                                                   \
	}                                                                                                              \
	static void print_##name(struct text_buffer *out, uint32_t value)                                              \
	{                                                                                                              \
		text_printf(out, "%s", name##_names[wrap(value, count)]);                                              \
	}                                                                                                              \
	static bool parse_##name(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)          \
	{                                                                                                              \
		(void)scope;                                                                                           \
		return parse_name(word, kind, name##_names, count, value);                                             \
	}

NAME_KIND(gfp, ARG_GFP, GFP_COUNT)
NAME_KIND(fault, ARG_FAULT, FAULT_COUNT)
NAME_KIND(fault_attribute, ARG_FAULT_ATTRIBUTE, FAULT_ATTRIBUTE_COUNT)
NAME_KIND(verb, ARG_VERB, OP_COUNT)
NAME_KIND(direction, ARG_DIRECTION, DIRECTION_COUNT)
NAME_KIND(vm_kind, ARG_VM_KIND, VM_KIND_COUNT)

static uint32_t mutate_gfp(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_one_in(choice->r, 2) ? 0 : prng_below(choice->r, GFP_COUNT);
}

static uint32_t mutate_fault(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, FAULT_COUNT);
}

static uint32_t mutate_fault_attribute(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, FAULT_ATTRIBUTE_COUNT);
}

static uint32_t mutate_verb(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, OP_COUNT);
}

static uint32_t mutate_vm_kind(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, VM_KIND_COUNT);
}

/* FROM_DEVICE is where stale and lost lines come from. */
static uint32_t mutate_direction(const struct arg_choice *choice, uint32_t value)
{
	enum { FROM_DEVICE = 2, NONE = 3 };

	(void)value;
	return prng_one_in(choice->r, 2) ? FROM_DEVICE
					 : prng_below(choice->r, prng_one_in(choice->r, 8) ? DIRECTION_COUNT : NONE);
}

/* NUMBER */

static uint32_t clip_number(const struct arg_scope *scope, uint32_t value)
{
	(void)scope;
	return value & SIZE_WORD_MAX;
}

static uint32_t decode_number(const struct arg_scope *scope, const uint8_t *bytes)
{
	(void)scope;
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static void encode_number(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static bool parse_number(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	(void)scope;
	return parse_up_to(word, ARG_NUMBER, SIZE_WORD_MAX, value);
}

static uint32_t mutate_number(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, prng_one_in(choice->r, 8) ? SIZE_WORD_MAX + 1u : 8);
}

/* SIZE and OFFSET: [class, high, low]. */

static uint32_t load_size(const uint8_t *bytes)
{
	uint32_t class = bytes[0];
	uint32_t low16 = (uint32_t)bytes[1] << 8 | bytes[2];

	if (class < 0x80)
		return low16 & 0xff;
	if (class < 0xc0)
		return low16 & 0xfff;
	if (class < 0xe0)
		return low16;
	return ((class & 0xf) << 16 | low16) * SIZE_STEP;
}

static uint32_t clip_offset(const struct arg_scope *scope, uint32_t value)
{
	(void)scope;
	if (value <= SIZE_WORD_MAX)
		return value;
	value &= SIZE_LIMIT - 1;
	return value <= SIZE_WORD_MAX ? value : value & ~(SIZE_STEP - 1u);
}

static uint32_t clip_size(const struct arg_scope *scope, uint32_t value)
{
	return value >= SIZE_NEAR_MAX ? value : clip_offset(scope, value);
}

static uint32_t decode_size(const struct arg_scope *scope, const uint8_t *bytes)
{
	(void)scope;
	if (bytes[0] >= 0xf0)
		return 0xffffffffu - ((uint32_t)bytes[1] << 8 | bytes[2]);
	return load_size(bytes);
}

static uint32_t decode_offset(const struct arg_scope *scope, const uint8_t *bytes)
{
	(void)scope;
	return bytes[0] >= 0xf0 ? bytes[2] : load_size(bytes);
}

static void encode_size(uint8_t *bytes, uint32_t value)
{
	uint32_t class = 0;

	if (value >= SIZE_NEAR_MAX) {
		class = 0xf0;
		value = 0xffffffffu - value;
	} else if (value > SIZE_WORD_MAX) {
		value /= SIZE_STEP;
		class = 0xe0 | value >> 16;
	} else if (value > 0xfff) {
		class = 0xc0;
	} else if (value > 0xff) {
		class = 0x80;
	}
	bytes[0] = (uint8_t) class;
	bytes[1] = (uint8_t)(value >> 8);
	bytes[2] = (uint8_t)value;
}

static void print_size(struct text_buffer *out, uint32_t value)
{
	if (value >= SIZE_NEAR_MAX)
		text_printf(out, "SIZE_MAX-%u", (unsigned)(0xffffffffu - value));
	else
		text_printf(out, "%u", (unsigned)value);
}

static bool parse_bytes(const struct arg_word *word, enum arg_kind kind, uint32_t *value)
{
	uint64_t number;

	if (!text_number(word->text, word->length, &number))
		return arg_fail(word, "expected ", arg_kind_descriptors[kind].help);
	if (number > SIZE_WORD_MAX && (number >= SIZE_LIMIT || number % SIZE_STEP != 0))
		return arg_fail(word, "not representable: ", arg_kind_descriptors[kind].help);
	*value = (uint32_t)number;
	return true;
}

static bool parse_offset(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	(void)scope;
	return parse_bytes(word, ARG_OFFSET, value);
}

static bool parse_size(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	static const char prefix[] = "SIZE_MAX-";
	const size_t length = sizeof(prefix) - 1;
	uint64_t below;

	(void)scope;
	if (word->length <= length || memcmp(word->text, prefix, length) != 0)
		return parse_bytes(word, ARG_SIZE, value);
	if (!text_number(word->text + length, word->length - length, &below))
		return arg_fail(word, "expected ", arg_kind_descriptors[ARG_SIZE].help);
	if (below > SIZE_WORD_MAX)
		return arg_fail(word, "not representable: ", arg_kind_descriptors[ARG_SIZE].help);
	*value = 0xffffffffu - (uint32_t)below;
	return true;
}

static uint32_t interesting_size(struct prng *r)
{
	static const uint16_t sizes[] = {0,  1,   7,   8,   9,   12,  16,   31,   32,   33,   64,
					 96, 100, 128, 192, 256, 512, 1024, 2048, 4096, 4097, 8192};

	uint32_t a = prng_below(r, sizeof(sizes) / sizeof(sizes[0]));
	uint32_t b = prng_below(r, sizeof(sizes) / sizeof(sizes[0]));

	/* Small ones more often: they share pages and lines, and cost less. */
	return sizes[a < b ? a : b];
}

static uint32_t mutate_size(const struct arg_choice *choice, uint32_t value)
{
	struct prng *r = choice->r;
	uint32_t size;

	if (prng_one_in(r, 64))
		return 0xffffffffu - prng_below(r, 64);
	if (choice->size_count > 0 && !prng_one_in(r, 8))
		return choice->sizes[prng_below(r, choice->size_count)];
	if (prng_one_in(r, 256))
		return prng_below(r, SIZE_LIMIT);
	size = prng_one_in(r, 8) && value < SIZE_LIMIT ? value : interesting_size(r);
	if (prng_one_in(r, 4))
		size += prng_one_in(r, 2) || size == 0 ? 1u : -1u;
	return size;
}

/* Whole objects are the common case, so most offsets are zero. */
static uint32_t mutate_offset(const struct arg_choice *choice, uint32_t value)
{
	struct prng *r = choice->r;

	(void)value;
	if (!prng_one_in(r, 4))
		return 0;
	return prng_one_in(r, 2) ? prng_below(r, 64) : interesting_size(r);
}

/* ALIGN: stored as the alignment, encoded as its logarithm plus one. */

static uint32_t clip_align(const struct arg_scope *scope, uint32_t value)
{
	(void)scope;
	if (value > ALIGN_MAX)
		return ALIGN_MAX;
	while ((value & (value - 1)) != 0 && value != 0)
		value &= value - 1;
	return value;
}

static uint32_t decode_align(const struct arg_scope *scope, const uint8_t *bytes)
{
	uint32_t code = wrap(bytes[0], 14);

	(void)scope;
	return code == 0 ? 0 : 1u << (code - 1);
}

static void encode_align(uint8_t *bytes, uint32_t value)
{
	bytes[0] = 0;
	for (; value != 0; value >>= 1)
		bytes[0]++;
}

static bool parse_align(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	if (!parse_up_to(word, ARG_ALIGN, ALIGN_MAX, value))
		return false;
	if (clip_align(scope, *value) != *value)
		return arg_fail(word, "not ", arg_kind_descriptors[ARG_ALIGN].help);
	return true;
}

static uint32_t mutate_align(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_one_in(choice->r, 2) ? 0 : 1u << prng_below(choice->r, 13);
}

/* SLAB_FLAGS: bit i is row i of the list. */

static uint32_t clip_slab_flags(const struct arg_scope *scope, uint32_t value)
{
	(void)scope;
	return value & SLAB_FLAG_MASK;
}

static uint32_t decode_slab_flags(const struct arg_scope *scope, const uint8_t *bytes)
{
	return clip_slab_flags(scope, bytes[0]);
}

static void print_slab_flags(struct text_buffer *out, uint32_t value)
{
	const char *separator = "";

	for (unsigned i = 0; i < SLAB_FLAG_COUNT; i++) {
		if ((value >> i & 1) == 0)
			continue;
		text_printf(out, "%s%s", separator, slab_flag_names[i]);
		separator = "|";
	}
	if (separator[0] == '\0')
		text_printf(out, "0");
}

static bool parse_slab_flags(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	const char *at = word->text, *end = word->text + word->length;
	struct arg_word part = *word;
	uint32_t row;

	(void)scope;
	*value = 0;
	if (word_is(word, "0"))
		return true;
	for (;;) {
		const char *bar = memchr(at, '|', (size_t)(end - at));

		part.text = at;
		part.length = (size_t)((bar ? bar : end) - at);
		if (!parse_name(&part, ARG_SLAB_FLAGS, slab_flag_names, SLAB_FLAG_COUNT, &row))
			return false;
		*value |= 1u << row;
		if (!bar)
			return true;
		at = bar + 1;
	}
}

static uint32_t mutate_slab_flags(const struct arg_choice *choice, uint32_t value)
{
	enum { PLAIN = 4 }; /* the rows before those of debugging, which variants turn on as well */

	if (prng_one_in(choice->r, 2))
		return 0;
	/* Flags matter in pairs, too. */
	do
		value ^= 1u << prng_below(choice->r, prng_one_in(choice->r, 2) ? SLAB_FLAG_COUNT : PLAIN);
	while (prng_one_in(choice->r, 3));
	return value;
}

/* BLOCK_LENGTH */

static uint32_t clip_block_length(const struct arg_scope *scope, uint32_t value)
{
	if (value > BYTE_MAX)
		value = BYTE_MAX;
	return value < scope->ops_left ? value : scope->ops_left;
}

static uint32_t decode_block_length(const struct arg_scope *scope, const uint8_t *bytes)
{
	return clip_block_length(scope, bytes[0]);
}

static bool parse_block_length(const struct arg_scope *scope, const struct arg_word *word, uint32_t *value)
{
	(void)scope;
	return parse_up_to(word, ARG_BLOCK_LENGTH, BYTE_MAX, value);
}

static uint32_t mutate_block_length(const struct arg_choice *choice, uint32_t value)
{
	(void)value;
	return prng_below(choice->r, 8);
}

static uint32_t decode_nothing(const struct arg_scope *scope, const uint8_t *bytes)
{
	(void)scope;
	(void)bytes;
	return 0;
}

#define HANDLE_ROW(name)                                                                                               \
	arg_decode_##name, arg_clip_##name, arg_encode_handle, arg_print_##name, arg_parse_##name, arg_mutate_##name
#define ROW(name, encode, print) decode_##name, clip_##name, encode, print, parse_##name, mutate_##name

const struct arg_kind_ops arg_kind_ops[ARG_KIND_COUNT] = {
	[ARG_NOTHING] = {.decode = decode_nothing, .clip = clip_nothing},
	[ARG_SIZE] = {ROW(size, encode_size, print_size), YIELDS_NOTHING, YIELDS_NOTHING, true},
	[ARG_OFFSET] = {ROW(offset, encode_size, print_size), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_GFP] = {ROW(gfp, encode_byte, print_gfp), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_COUNT] = {ROW(count, encode_byte, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_POINT] = {ROW(point, encode_byte, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
#define HANDLE(class, letter, name) [ARG_##class] = {HANDLE_ROW(name), YIELDS_##class, YIELDS_NOTHING, false},
#define SPECIAL_HANDLE(class, letter, name)
#include "program/handles.def"
#undef SPECIAL_HANDLE
#undef HANDLE
	[ARG_MEMORY] = {HANDLE_ROW(memory), YIELDS_OBJECT, YIELDS_PAGE, false},
	[ARG_KMEM_CACHE] = {HANDLE_ROW(kmem_cache), YIELDS_NOTHING, YIELDS_KMEM_CACHE, true},
	[ARG_ALIGN] = {ROW(align, encode_align, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_SLAB_FLAGS] = {ROW(slab_flags, encode_byte, print_slab_flags), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_ORDER] = {ROW(order, encode_byte, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_BYTE] = {ROW(byte, encode_byte, print_byte), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_DIRECTION] = {ROW(direction, encode_byte, print_direction), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_VM_KIND] = {ROW(vm_kind, encode_byte, print_vm_kind), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_CPU] = {ROW(cpu, encode_byte, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_FAULT] = {ROW(fault, encode_byte, print_fault), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_NUMBER] = {ROW(number, encode_number, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_FAULT_ATTRIBUTE] = {ROW(fault_attribute, encode_byte, print_fault_attribute), YIELDS_NOTHING,
				 YIELDS_NOTHING, false},
	[ARG_VERB] = {ROW(verb, encode_byte, print_verb), YIELDS_NOTHING, YIELDS_NOTHING, false},
	[ARG_BLOCK_LENGTH] = {ROW(block_length, encode_byte, print_decimal), YIELDS_NOTHING, YIELDS_NOTHING, false},
};
