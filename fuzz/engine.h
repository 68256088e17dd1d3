/* SPDX-License-Identifier: MIT */
/* What a target binary shares between its engine ABI (libfuzzer.c) and its replay main (replay.c). */
#ifndef SLABFUZZ_FUZZ_ENGINE_H
#define SLABFUZZ_FUZZ_ENGINE_H

#include "fuzz/session.h"

struct session *engine_session(void);
const struct target_plan *engine_plan(void);
/* Runs a program whose variant is a row of the target. */
const struct finding *engine_run(const struct program *p);

#endif
