/* SPDX-License-Identifier: MIT */
/* Child processes that never outlive the process that started them, however that one ends. */
#ifndef SLABFUZZ_FUZZ_CHILD_H
#define SLABFUZZ_FUZZ_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * As fork().  The child has a process group of its own, the default action for SIGINT, SIGTERM and SIGHUP, and is
 * killed when its parent ends; what it executes keeps that.
 */
pid_t child_fork(void);
/* Asks a child to end; child_kill() makes it end at once and waits for the child. */
void child_ask(pid_t pid);
void child_kill(pid_t pid);
/* True iff it has ended; it is still to be waited for. */
bool child_has_ended(pid_t pid);

#endif
