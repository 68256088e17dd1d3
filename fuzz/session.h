/* SPDX-License-Identifier: MIT */
/*
 * One world and executor for many programs: what engines, replay and the tool share.  Knows the accepted findings
 * (SLABFUZZ_KNOWN), saves new ones at once (SLABFUZZ_FINDINGS) and writes reports; never aborts.
 */
#ifndef SLABFUZZ_FUZZ_SESSION_H
#define SLABFUZZ_FUZZ_SESSION_H

#include "fuzz/execute.h"
#include "fuzz/target.h"

enum { KNOWN_MAX = 1024 };

struct session {
	struct world world;
	struct executor executor;
	enum grade grade;         /* findings below it do not count */
	const char *only;         /* only findings that match count; NULL = all */
	const char *findings_dir; /* NULL: nothing is saved */
	unsigned known_count;
	char known[KNOWN_MAX][SIGNATURE_MAX];
	const struct target_plan *plan; /* whose worlds the programs have that do not say it; NULL = each says it */
	unsigned timeout;               /* seconds of one op (fuzz/watchdog.h), 0 = no limit */
	bool always_runs;               /* an engine of the tool: between two programs there is next to nothing to do */
};

/*
 * Maps the machine and reads SLABFUZZ_KNOWN, SLABFUZZ_FINDINGS and SLABFUZZ_TIMEOUT.  False (line on stderr) if that
 * fails.  From here on signals and broken invariants are sorted (docs/errors.md).
 */
bool session_create(struct session *s);
void session_destroy(struct session *s);
/* Reads accepted signatures, one a line, # comments.  False if the file is unreadable. */
bool session_read_known(struct session *s, const char *path);
void session_add_known(struct session *s, const char *signature);
/* True iff a finding is at or above the grade, of the wanted kind and not known. */
bool session_counts(const struct session *s, const struct finding *finding);
bool session_knows(const struct session *s, const char *signature);
/* True iff some known signature matches the pattern. */
bool session_knows_one_of(const struct session *s, const char *pattern);

/* Runs p; returns the first finding at or above the grade that is not known, or NULL. */
const struct finding *session_run(struct session *s, const struct program *p, const struct world_config *config);

/*
 * Writes DIR/<signature with + for />-<hash>.prog and .txt, each atomically (temporary file, fsync, rename).  Returns
 * false if the disk refuses.  path receives the .prog's name.
 */
bool finding_save(struct session *s, const struct program *p, const struct finding *finding, const char *dir,
		  char *path, size_t path_size);
/* Only the program, not the report. */
bool finding_save_program(const struct program *p, const char *signature, const char *dir, char *path,
			  size_t path_size);

#endif
