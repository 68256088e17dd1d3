/* SPDX-License-Identifier: MIT */
/*
 * What a test case is.  Pure data: nothing here runs anything, and nothing above sim's name lists is known.
 *
 * A program is a list of ops.  An op has a verb (a row of ops.def), up to four arguments and three properties.
 * Handles number the yielding ops by position, whether or not the op succeeds at run time.
 */
#ifndef SLABFUZZ_PROGRAM_PROGRAM_H
#define SLABFUZZ_PROGRAM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROGRAM_OPS_MAX = 512,
	PROGRAM_ARGS_MAX = 4,
	PROGRAM_REPEAT_MAX = 64,
	PROGRAM_BLOCK_DEPTH_MAX = 4,
	OP_BYTES = 12, /* encoded: verb, repeat, fail_nth, nine bytes of arguments */
	OP_ARG_BYTES = 9,
	PROGRAM_BYTES_MAX = 1 + PROGRAM_OPS_MAX * OP_BYTES,
	SETTINGS_MAX = 24,
	SETTING_KEY_MAX = 40,
	SETTING_VALUE_MAX = 40,
};

enum verb {
#define OP(verb, ...) OP_##verb,
#include "program/ops.def"
#undef OP
	OP_COUNT
};

enum arg_kind {
	ARG_NOTHING,
#define ARG_KIND(kind, bytes, text) ARG_##kind,
#include "program/arg_kinds.def"
#undef ARG_KIND
	ARG_KIND_COUNT
};

enum yields {
	YIELDS_NOTHING,
#define HANDLE(class, letter, name) YIELDS_##class,
#define SPECIAL_HANDLE              HANDLE
#include "program/handles.def"
#undef SPECIAL_HANDLE
#undef HANDLE
	YIELDS_COUNT
};

enum op_family {
	FAMILY_ALLOC,
	FAMILY_CPU,
	FAMILY_PAGE,
	FAMILY_CACHE,
	FAMILY_DMA,
	FAMILY_DEVICE,
	FAMILY_FAULT,
	FAMILY_BLOCK,
	FAMILY_UPKEEP,
	FAMILY_IO
};

/* ENDS: the handle in that argument is no longer live after the op. */
enum op_flags { OP_REPEATS = 1, OP_OPENS_BLOCK = 2, OP_ENDS_FIRST = 4, OP_ENDS_SECOND = 8 };

/* Argument values.  A handle is its number; these mark the other cases. */
#define HANDLE_NONE   0xffffffffu /* o- c- p- m-: passed as NULL */
#define HANDLE_OTHER  0x80000000u /* MEMORY: a page handle; KMEM_CACHE: a created cache.  Or-ed to the number. */
#define SIZE_NEAR_MAX 0xffff0000u /* a SIZE from here up means SIZE_MAX - (0xffffffff - value) of the target word */

struct op_descriptor {
	const char *name;
	const char *help;
	enum op_family family;
	enum yields yields;
	unsigned flags;
	unsigned arg_count;
	enum arg_kind args[PROGRAM_ARGS_MAX];
};

extern const struct op_descriptor op_descriptors[OP_COUNT];

/* One encoded byte count and one sentence per argument kind (arg_kinds.def); index by enum arg_kind. */
struct arg_kind_descriptor {
	const char *name;
	unsigned bytes;
	const char *help;
};
extern const struct arg_kind_descriptor arg_kind_descriptors[ARG_KIND_COUNT];

struct op {
	uint8_t verb;
	uint8_t repeat;   /* 1..64; 1 unless the verb repeats */
	uint8_t fail_nth; /* 0 = off; n = the n-th fault-capable call inside the op fails */
	uint32_t arg[PROGRAM_ARGS_MAX];
};

/* key=value of the `world` line; resolved by fuzz/world.h.  line and column are for error messages, 0 if not from text.
 */
struct setting {
	char key[SETTING_KEY_MAX];
	char value[SETTING_VALUE_MAX];
	unsigned line, column;
};

struct program {
	unsigned variant;       /* row of the target's list of variants (the header byte); not part of the text */
	unsigned setting_count; /* 0 for a program decoded from bytes until its target supplies the world */
	unsigned op_count;
	struct setting settings[SETTINGS_MAX];
	struct op ops[PROGRAM_OPS_MAX];
};

/* A subset of the verbs, in the order in which encoded bytes number them. */
struct op_set {
	unsigned count;
	uint8_t verbs[OP_COUNT];
};

/* All verbs, in table order. */
const struct op_set *op_set_all(void);
/* Adds a verb unless it is there already. */
void op_set_add(struct op_set *set, enum verb verb);
bool op_set_has(const struct op_set *set, enum verb verb);

/* Verb of a name, or OP_COUNT. */
enum verb verb_by_name(const char *name, size_t length);

/* Number of handles an op yields: its repeat count if it yields, else 0. */
unsigned op_yield_count(const struct op *op);
/* Fills first[i] with the first handle number that op i yields (in its own class), for all ops. */
void program_number_handles(const struct program *p, uint32_t first[PROGRAM_OPS_MAX]);
/* Number of handles of one class yielded by ops before index `before`. */
unsigned program_handles_before(const struct program *p, enum yields class, unsigned before);

/*
 * Brings every op into the form that text and bytes can express: arguments in range, handles below those yielded
 * earlier (modulo; none yet = HANDLE_NONE), block lengths clipped to the enclosing block, unused fields zero.
 * Idempotent.  decode and every mutation end with it, so any struct program seen elsewhere is in this form.
 */
void program_normalize(struct program *p);

/* True iff both have the same ops (settings and variant are not compared). */
bool program_equal_ops(const struct program *a, const struct program *b);

/* Removes op i, keeping the remaining handles meaning what they meant; a use of a removed handle becomes HANDLE_NONE.
 */
void program_remove_op(struct program *p, unsigned i);
/* The same for the `count` ops from op i. */
void program_remove_ops(struct program *p, unsigned i, unsigned count);
/* Inserts op at index i (<= op_count), renumbering handles so that existing uses keep their meaning.  False iff full.
 */
bool program_insert_op(struct program *p, unsigned i, const struct op *op);
/* Ops i and i + 1, equal ones that yield, become one with the sum of their repeats.  False iff they are not such. */
bool program_merge_next(struct program *p, unsigned i);
/* Sets the repeat count (1..PROGRAM_REPEAT_MAX) of op i, renumbering handles like removing or inserting does. */
void program_set_repeat(struct program *p, unsigned i, unsigned repeat);

/* Value of a setting, or NULL. */
const char *program_setting(const struct program *p, const char *key);
/* Sets or replaces a setting.  False iff the table is full or a string too long. */
bool program_set(struct program *p, const char *key, const char *value);

/* Letter of a handle class in text. */
char yields_letter(enum yields class);

/* Names of boot kmem_caches, which programs name without a handle: kmalloc-8 ... and index lookup. */
unsigned boot_cache_count(void);
const char *boot_cache_name(unsigned index);
/* Object size in bytes of boot cache `index`. */
uint32_t boot_cache_size(unsigned index);

#endif
