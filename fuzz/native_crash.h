/* SPDX-License-Identifier: MIT */
/*
 * A crash of the framework in a world with native code: a wild store of that code may be the cause.  The program runs
 * again in the tool that was built with AddressSanitizer, which sees such a store when it happens, and its answer
 * decides: a finding takes the place of the artefact, or the framework is to blame.
 */
#ifndef SLABFUZZ_FUZZ_NATIVE_CRASH_H
#define SLABFUZZ_FUZZ_NATIVE_CRASH_H

#include "fuzz/session.h"

/*
 * Runs the saved program under ASan.  True iff that is a finding: it is told on stderr, and prog and txt were renamed
 * to those of a finding.  False in a world of models, without such a tool (SLABFUZZ_ASAN, else asan/slabfuzz beside
 * this one or a directory up), or if nothing was found.  May run in a signal handler.
 */
bool native_crash_is_finding(const struct session *s, const char *prog, const char *txt);

#endif
