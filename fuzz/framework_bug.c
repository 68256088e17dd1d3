/* SPDX-License-Identifier: MIT */
/* One attempt: whatever goes wrong meanwhile, the process ends with status 3. */
#include "fuzz/framework_bug.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"
#include "fuzz/native_crash.h"
#include "fuzz/shell_word.h"

enum { STATUS_BUG = 3, TEXT_MAX = 256 * 1024, WHAT_MAX = 600, SAVE_SECONDS = 120 };

/* Handlers are plain functions; there is one world in a process. */
static struct session *session;
static volatile sig_atomic_t ending;
static const char *last_words = "";

static struct {
	struct program program;
	char text[TEXT_MAX];
	char note[2048];
	char prog[700], txt[700];
	char word[2900];
} artefact;

static _Noreturn void out_of_time(int number)
{
	(void)number;
	_exit(STATUS_BUG);
}

/* Saving may meet a lock that the broken code holds. */
static void end_anyhow(void)
{
	struct sigaction action = {.sa_handler = out_of_time};

	sigaction(SIGALRM, &action, NULL);
	alarm(SAVE_SECONDS);
}

/* FNV-1a, as for findings. */
static uint32_t hash_of(const char *text, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

static const char *directory_of(const struct session *s)
{
	const char *findings = getenv("SLABFUZZ_FINDINGS");

	if (findings && *findings)
		return findings;
	return s->findings_dir ? s->findings_dir : ".";
}

/* Whole: with the settings that its engine knows. */
static size_t print_program(const struct session *s, const struct program *p)
{
	struct text_buffer text = {artefact.text, 0, TEXT_MAX, false};

	artefact.program = *p;
	if (s->plan)
		target_supply_world(s->plan, &artefact.program);
	program_print(&artefact.program, NULL, &text);
	return text.size;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used = strlen(artefact.note);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(artefact.note + used, sizeof(artefact.note) - used, format, arguments);
	va_end(arguments);
}

static void write_note(const struct session *s, const char *what, bool has_program)
{
	const struct world_config *config = &s->world.config;

	note("FRAMEWORK BUG: %s\n\n  a mistake of slabfuzz, not of the code under test: docs/errors.md\n", what);
	if (!has_program) {
		note("  no program was under way\n");
		return;
	}
	note("  %s op %u %s, allocator %s on %s\n", s->executor.running ? "at" : "after", s->world.sim.op,
	     s->world.sim.by ? s->world.sim.by : "", config->allocator ? config->allocator->name : "none",
	     config->arch ? config->arch->name : "no machine");
	for (unsigned i = 0; i < s->executor.injected_count; i++)
		note("  injected: %s at hit %u, %u of them\n", fault_rows[s->executor.injected[i].point].name,
		     s->executor.injected[i].nth, s->executor.injected[i].count);
	note("  replay: build/slabfuzz run %s\n", shell_word(artefact.prog, artefact.word, sizeof(artefact.word)));
}

/* Between two runs of an engine it is the last one that left something behind. */
static const struct program *program_of(const struct session *s)
{
	if (s->executor.running || !s->executor.runs)
		return s->executor.running;
	return s->plan || s->always_runs ? s->executor.program : NULL;
}

struct saved {
	const char *directory;
	bool has_program;
	int directory_error, prog_error, txt_error; /* errno; 0 = it is there */
};

static int write_file(const char *path, const char *text, size_t size)
{
	return file_write_atomically(path, text, size) ? 0 : errno;
}

static struct saved save(const struct session *s, const char *what)
{
	const struct program *p = program_of(s);
	struct saved saved = {.directory = directory_of(s), .has_program = p != NULL};
	size_t size = p ? print_program(s, p) : 0;
	uint32_t hash = p ? hash_of(artefact.text, size) : hash_of(what, strlen(what));

	if (mkdir(saved.directory, 0755) != 0 && errno != EEXIST)
		saved.directory_error = errno;
	snprintf(artefact.prog, sizeof(artefact.prog), "%.600s/framework-bug-%08x.prog", saved.directory, hash);
	snprintf(artefact.txt, sizeof(artefact.txt), "%.600s/framework-bug-%08x.txt", saved.directory, hash);
	write_note(s, what, p != NULL);
	if (p)
		saved.prog_error = write_file(artefact.prog, artefact.text, size);
	if (!saved.prog_error)
		saved.txt_error = write_file(artefact.txt, artefact.note, strlen(artefact.note));
	return saved;
}

void framework_bug_say_last_words(void)
{
	dprintf(STDERR_FILENO, "%s", last_words);
}

/* Names only files that are there. */
static void tell_where(const struct saved *saved)
{
	int error = saved->directory_error ? saved->directory_error
		    : saved->prog_error    ? saved->prog_error
					   : saved->txt_error;

	if (saved->prog_error)
		dprintf(STDERR_FILENO, "program NOT saved in %s: %s; it is\n%s", saved->directory, strerror(error),
			artefact.text);
	else if (saved->has_program)
		dprintf(STDERR_FILENO, "program saved: %s\n", artefact.prog);
	if (saved->txt_error)
		dprintf(STDERR_FILENO, "note NOT saved in %s: %s\n", saved->directory, strerror(error));
	else if (!saved->has_program)
		dprintf(STDERR_FILENO, "no program was under way; saved: %s\n", artefact.txt);
	framework_bug_say_last_words();
}

/* Sanitizers have one; who has none has a debugger. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

static _Noreturn void end_with(struct session *s, const char *what)
{
	struct saved saved;

	s->world.sim.recovery = NULL;
	s->world.sim.under_test = false;
	saved = save(s, what);
	if (saved.has_program && !saved.prog_error && !saved.txt_error &&
	    native_crash_is_finding(s, artefact.prog, artefact.txt)) {
		framework_bug_say_last_words();
		_exit(1);
	}
	dprintf(STDERR_FILENO, "\nFRAMEWORK BUG: %s\n", what);
	if (__sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	tell_where(&saved);
	_exit(STATUS_BUG);
}

_Noreturn void framework_bug_end(const char *what)
{
	if (ending || !session) {
		dprintf(STDERR_FILENO, "\nFRAMEWORK BUG: %s%s\n", what, ending ? " (while another was saved)" : "");
		_exit(STATUS_BUG);
	}
	ending = 1;
	end_anyhow();
	end_with(session, what);
}

void framework_bug_last_words(const char *lines)
{
	last_words = lines;
}

static void on_invariant(const char *file, unsigned line, const char *what)
{
	char text[WHAT_MAX];

	snprintf(text, sizeof(text), "%s:%u: %s", file, line, what);
	framework_bug_end(text);
}

void framework_bug_install(struct session *s)
{
	session = s;
	framework_bug_handle(s ? on_invariant : NULL);
}
