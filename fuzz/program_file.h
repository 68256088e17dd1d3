/* SPDX-License-Identifier: MIT */
/* Programs in files: a name ending in .prog is text, anything else bytes of a target. */
#ifndef SLABFUZZ_FUZZ_PROGRAM_FILE_H
#define SLABFUZZ_FUZZ_PROGRAM_FILE_H

#include "fuzz/target.h"

bool is_text_name(const char *path);
/*
 * Reads a program and its notes.  plan may be NULL for text; bytes take their ops and world from it.  Returns 0, or
 * EXIT_USAGE after one line on stderr (file:line:column: what).
 */
int program_load(const char *path, const struct target_plan *plan, struct program *p, struct program_notes *notes);
/*
 * World of a loaded program.  Settings of overrides (may be NULL) replace its own, so that reports and whatever is
 * written of it name the world it ran in.  0 or EXIT_USAGE.
 */
int program_world(const char *path, struct program *p, const struct program *overrides, struct world_config *config);

#endif
