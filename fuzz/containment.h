/* SPDX-License-Identifier: MIT */
/*
 * Native allocators under test may crash or hang the process: signals that they raise in the middle of an op become
 * what a model's would be, an oops, a BUG or a hang, and the run goes on to its end.  Everything else about a signal
 * stays as it was: a crash of the framework is still a crash.
 */
#ifndef SLABFUZZ_FUZZ_CONTAINMENT_H
#define SLABFUZZ_FUZZ_CONTAINMENT_H

#include "fuzz/session.h"

enum { HANG_SECONDS = 1 }; /* of processor time in one op */

/* Installs handlers at the first run of a native allocator; does nothing for models.  Called before each run. */
void containment_prepare(struct session *s, const struct world_config *config);

#endif
