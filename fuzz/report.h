/* SPDX-License-Identifier: MIT */
/* A finding as text: title line, invariant, the program with an arrow, owners and bytes, last events, how to replay. */
#ifndef SLABFUZZ_FUZZ_REPORT_H
#define SLABFUZZ_FUZZ_REPORT_H

#include <stdio.h>

#include "fuzz/session.h"

/* Runs the program once more to collect the events of the guilty op; replay may be NULL (a line with the command). */
void report_print(struct session *s, const struct program *p, const struct world_config *config,
		  const struct finding *finding, const char *replay, FILE *out);

#endif
