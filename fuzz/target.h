/* SPDX-License-Identifier: MIT */
/*
 * What is fuzzed: a constant value per file in targets/, `const struct target target`.  A target names everything; it
 * has no code.  Bytes reach its programs through the list of variants (worlds) and the set of ops.
 */
#ifndef SLABFUZZ_FUZZ_TARGET_H
#define SLABFUZZ_FUZZ_TARGET_H

#include "fuzz/world.h"

enum target_kind {
	TARGET_CLEAN,   /* any finding is a bug in the code under test */
	TARGET_HISTORY, /* an era as it was: must find what it declares */
	TARGET_MISUSE, /* breaks the API: any missed or repeated detection is a bug, all other findings are the client's
			  fault */
	TARGET_CANARY, /* a planted bug that must be found wherever fuzzing runs */
};

enum { TARGET_VARIANTS_MAX = 10, TARGET_EXPECTS_MAX = 6 };

struct target {
	const char *name, *help;
	enum target_kind kind;
	const char *variants[TARGET_VARIANTS_MAX]; /* world settings, "key=value ..."; ended by NULL */
	const char *
		expects[TARGET_EXPECTS_MAX]; /* signatures (trailing parts may be missing) it must find; A|B = either */
	const uint8_t *verbs;                /* enum verb; ended by OP_COUNT; NULL = all */
	unsigned ops_max;                    /* longest generated program; 0 = 64 */
};

/* All targets, ended by NULL; generated for the tool, one in a fuzz target binary. */
extern const struct target *const targets[];

/* Parser and importer targets have no world, so they are not in that table; ended by a NULL name.  The tool only. */
struct raw_target {
	const char *name, *help;
};
extern const struct raw_target raw_targets[];

/* A target resolved: worlds of its variants and its op set. */
struct target_plan {
	const struct target *target;
	struct op_set set;
	unsigned variant_count;
	unsigned ops_max;
	struct world_config configs[TARGET_VARIANTS_MAX];
	struct program settings[TARGET_VARIANTS_MAX]; /* only the settings are used */
};

/* The findings that count for a target, as a pattern; NULL = all. */
const char *target_counts_only(const struct target *target);
/* A mistake in the table is a framework bug: prints it and exits 3. */
void target_resolve(struct target_plan *plan, const struct target *target);
/*
 * Puts settings in place of those of every variant, as `--set` and SLABFUZZ_SET want.  False and *error if such a world
 * does not exist.
 */
bool target_override(struct target_plan *plan, const struct program *settings, struct text_error *error);
/* Copies the settings of the program's variant into it, so that it prints as a complete text program. */
void target_supply_world(const struct target_plan *plan, struct program *p);
/* Variant whose world equals the program's, or -1. */
int target_variant_of(const struct target_plan *plan, const struct program *p);
/* True iff the signature matches the pattern: whole parts from the left, alternatives separated by |. */
bool signature_matches(const char *pattern, const char *signature);

#endif
