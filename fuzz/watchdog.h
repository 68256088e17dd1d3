/* SPDX-License-Identifier: MIT */
/*
 * What does not end, by wall time: s->timeout seconds in one op.  Code under test that loops there is a finding, a hang
 * by the clock; a loop of the framework is a bug of it.  One timer for a session ticks a few times a second; a process
 * that is stopped or starved does not age.
 *
 * A hang by the clock is the one finding that two runs need not agree on: no event log has it, it is saved but not
 * minimised, and its report is made without running the program again.
 */
#ifndef SLABFUZZ_FUZZ_WATCHDOG_H
#define SLABFUZZ_FUZZ_WATCHDOG_H

#include "fuzz/session.h"

enum { WATCHDOG_SECONDS = 10, WATCHDOG_SECONDS_MAX = 86400 };
#define WATCHDOG_VARIABLE "SLABFUZZ_TIMEOUT"

/* Seconds by SLABFUZZ_TIMEOUT, 0 = never; the default if it is unset.  False (one line on stderr) if it is no number.
 */
bool watchdog_seconds(unsigned *seconds);
/* Starts the timer unless it runs; SIGALRM is the session's from now on. */
void watchdog_arm(struct session *s);
void watchdog_disarm(void);
/* True iff the signature is of a hang by the clock. */
bool is_clock_hang(const char *signature);

#endif
