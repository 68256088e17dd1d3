/* SPDX-License-Identifier: MIT */
/* One session shared by the tests of a binary: runs text programs and looks at the findings. */
#ifndef SLABFUZZ_TESTS_HARNESS_H
#define SLABFUZZ_TESTS_HARNESS_H

#include "fuzz/session.h"

/* The world exists once in a process. */
struct session *harness_session(void);
/* Runs a text program; allocator (may be NULL) replaces that of the text.  Number of findings. */
unsigned harness_run(const char *text, const struct allocator_ops *allocator);
/* True iff a finding of the last run matches. */
bool harness_found(const char *pattern);
/* All signatures of the last run, for messages. */
const char *harness_signatures(void);
/*
 * Runs ops in a world and fails the test unless exactly the ops of `skipped` (their numbers, one after the other) were
 * skipped and a finding matches `found` ("": there is none).
 */
void harness_check(const char *world, const char *ops, const char *skipped, const char *found);
/* The event log of a run; the caller frees it. */
char *harness_events(const char *text);

#endif
