/* SPDX-License-Identifier: MIT */
/*
 * Signals: SEGV, BUS, FPE, ILL and ABRT.  Between the marks (sim/invariant.h) they unwind the op as sim_oops() and
 * sim_bug() do, become an oops or a BUG, and the run goes on to its end; anywhere else the framework is broken
 * (fuzz/framework_bug.h).  The watchdog (fuzz/watchdog.h) comes with them.
 */
#ifndef SLABFUZZ_FUZZ_CONTAINMENT_H
#define SLABFUZZ_FUZZ_CONTAINMENT_H

#include "fuzz/session.h"

/* From session_create(). */
void containment_install(struct session *s);
/* Before each run: puts handlers back in place that an engine, a test framework or a fork took away. */
void containment_prepare(struct session *s, const struct world_config *config);
/* Handlers as they were before: for an engine layer that aborts on purpose, and before the session goes. */
void containment_release(void);

#endif
