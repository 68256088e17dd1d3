/* SPDX-License-Identifier: MIT */
/* Who handles a bug of the framework is known to fuzz/ only. */
#include "sim/invariant.h"

#include <stdio.h>
#include <stdlib.h>

/* There is one world in a process, and invariants of program/ and importers have none at hand. */
static framework_bug_handler *handle;

void framework_bug_handle(framework_bug_handler *handler)
{
	handle = handler;
}

_Noreturn void framework_bug(const char *file, unsigned line, const char *what)
{
	if (handle)
		handle(file, line, what);
	fprintf(stderr, "FRAMEWORK BUG: %s:%u: %s\n", file, line, what);
	abort();
}
