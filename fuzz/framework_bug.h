/* SPDX-License-Identifier: MIT */
/*
 * The end of a process whose framework is broken: `FRAMEWORK BUG: what` on stderr, the program under way saved as
 * framework-bug-<hash>.prog with a .txt beside it (in SLABFUZZ_FINDINGS, else where the session saves, else here), exit
 * status 3.  Never a finding.  In a world with native code, which may have stored anywhere, ASan is asked first
 * (fuzz/native_crash.h).  Everything here may run in a signal handler: no heap, no stdio.
 */
#ifndef SLABFUZZ_FUZZ_FRAMEWORK_BUG_H
#define SLABFUZZ_FUZZ_FRAMEWORK_BUG_H

#include "fuzz/session.h"

/* From now on broken invariants end like this, with what this session runs; NULL: as without any session. */
void framework_bug_install(struct session *s);
/* For troubles that no invariant catches: signals, the clock, sanitizers. */
_Noreturn void framework_bug_end(const char *what);
/* What the process then says last: lines in the caller's memory. */
void framework_bug_last_words(const char *lines);
/* For who ends the process otherwise. */
void framework_bug_say_last_words(void);

#endif
