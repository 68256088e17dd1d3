/* SPDX-License-Identifier: MIT */
/*
 * A campaign: targets take turns on a few processes.  Each target first gets seconds of the in-process random engine,
 * then its coverage-guided engine, which saves each new finding and goes on.
 */
#ifndef SLABFUZZ_FUZZ_CAMPAIGN_H
#define SLABFUZZ_FUZZ_CAMPAIGN_H

#include <signal.h>
#include <sys/types.h>

#include "fuzz/session.h"

enum { CAMPAIGN_TARGETS_MAX = 128, CAMPAIGN_FINDINGS_MAX = 8192, CAMPAIGN_PATH_MAX = 512, COMPLAINT_MAX = 700 };

enum campaign_engine { ENGINE_ALL, ENGINE_LIBFUZZER, ENGINE_AFL, ENGINE_RANDOM, ENGINE_GUIDED };

/* The engine alone is in this tool: it needs no binary of the target. */
static inline bool engine_is_inside(enum campaign_engine engine)
{
	return engine == ENGINE_RANDOM || engine == ENGINE_GUIDED;
}

struct campaign_finding {
	const struct target *target;
	char signature[SIGNATURE_MAX];
	char oracle[40];
	char path[CAMPAIGN_PATH_MAX];
	unsigned ops;
	double seconds; /* of the target's own time until first hit */
};

enum job_phase { JOB_WAITING, JOB_RANDOM, JOB_ENGINE, JOB_DONE };

struct campaign_job {
	const struct target *target; /* NULL for a parser or importer binary */
	char name[64];
	enum job_phase phase;
	pid_t pid;
	double started, slice_end; /* campaign clock, seconds */
	unsigned restarts;
	bool failed; /* the engine ended in a way that is no finding */
};

struct campaign {
	const char *out;               /* DIR */
	const char *called;            /* the tool as it was called, for commands to repeat */
	char build[CAMPAIGN_PATH_MAX]; /* directory of the tool: its engines lie below */
	enum campaign_engine engine;
	double seconds;
	unsigned jobs;
	struct program overrides; /* only its settings: they replace the targets' */
	bool until_declared;      /* a job ends as soon as its target has found what it declares */
	uint64_t seed;
	unsigned job_count, finding_count;
	struct campaign_job job[CAMPAIGN_TARGETS_MAX];
	struct campaign_finding finding[CAMPAIGN_FINDINGS_MAX];
};

/* Runs to the end or to SIGINT/SIGTERM.  Returns the exit status: 0 iff clean targets stayed silent and the others
 * found what they declare; with overrides, where nothing is declared, iff there were no findings. */
int campaign_run(struct campaign *c);

/* For the loop: starts the next phase of a job as a child process; false if that is impossible. */
bool job_start(struct campaign *c, struct campaign_job *job, double now);
/* Moves what the job has saved into DIR/findings, minimised; new signatures become known.  True if there was any. */
bool job_collect(struct campaign *c, struct campaign_job *job, double now);
/* Path DIR/work/<job>/<leaf>. */
void job_path(const struct campaign *c, const struct campaign_job *job, const char *leaf, char *path);
/* Prints findings, a line for each target and the verdict; `whole`: nobody interrupted.  True iff all is as declared.
 */
bool campaign_report(const struct campaign *c, bool whole);
/* What speaks against a job, in text; false if it is as declared, or clean in the world of the overrides. */
bool job_complaint(const struct campaign *c, const struct campaign_job *job, char *text, size_t size);

#endif
