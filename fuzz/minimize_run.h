/* SPDX-License-Identifier: MIT */
/* Minimising against a run: the predicate that program/minimize.h does not know. */
#ifndef SLABFUZZ_FUZZ_MINIMIZE_RUN_H
#define SLABFUZZ_FUZZ_MINIMIZE_RUN_H

#include "fuzz/session.h"

/*
 * Shrinks *p while a run in `config` still shows `signature` (empty: the first finding of p, filled in).  Skipped ops
 * are dropped first.  seconds 0 = until nothing more goes.  Returns the number of runs, 0 if p does not show it at all.
 */
unsigned minimize_run(struct session *s, struct program *p, const struct world_config *config,
		      char signature[SIGNATURE_MAX], unsigned seconds);

#endif
