/* SPDX-License-Identifier: MIT */
/*
 * Three classes of trouble (docs/errors.md).  Code under test runs between two marks, UNDER_TEST(): a signal or an
 * abort between them is a finding, anywhere else it is a bug of the framework.  An invariant() is what the framework
 * promises itself; it is checked in every build, and a broken one is a bug of the framework wherever it stands.
 */
#ifndef SLABFUZZ_SIM_INVARIANT_H
#define SLABFUZZ_SIM_INVARIANT_H

#include <stdbool.h>

#define invariant(condition)                                                                                           \
	(__builtin_expect(!!(condition), 1) ? (void)0 : framework_bug(__FILE__, __LINE__, #condition))

/*
 * Tells the handler, which saves the program under way and ends the process with status 3.  Where there is no world
 * (parsers) nobody handles it: a line on stderr and abort(), which an engine keeps as a crash.
 */
_Noreturn void framework_bug(const char *file, unsigned line, const char *what) __attribute__((cold));
typedef void framework_bug_handler(const char *file, unsigned line, const char *what);
void framework_bug_handle(framework_bug_handler *handler);

/* The marks: a byte that signal handlers read. */
struct mark {
	volatile bool *under_test;
	bool before;
};

static inline struct mark mark_set(volatile bool *under_test, bool value)
{
	struct mark mark = {under_test, *under_test};

	*under_test = value;
	return mark;
}

static inline void mark_restore(const struct mark *mark)
{
	*mark->under_test = mark->before;
}

/*
 * Evaluates a call of the code under test between the marks; its value is the call's.  What calls back into the
 * framework (observers, preemption) takes the mark away meanwhile, and an op that is unwound leaves none.
 */
#define UNDER_TEST(sim, call)                                                                                          \
	__extension__({                                                                                                \
		__attribute__((cleanup(mark_restore), unused)) const struct mark mark_ =                               \
			mark_set(&(sim)->under_test, true);                                                            \
		call;                                                                                                  \
	})

#endif
