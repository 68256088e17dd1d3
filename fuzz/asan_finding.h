/* SPDX-License-Identifier: MIT */
/* AddressSanitizer reports on target memory are findings of the code under test, with ASan's stack attached. */
#ifndef SLABFUZZ_FUZZ_ASAN_FINDING_H
#define SLABFUZZ_FUZZ_ASAN_FINDING_H

#include "fuzz/session.h"

/* Installs the hook; does nothing in builds without ASan.  The process still ends with ASan's report. */
void asan_finding_install(struct session *s);

#endif
