/* SPDX-License-Identifier: MIT */
/*
 * A campaign: targets take turns on a few processes.
 *
 * A target that declares findings is first searched by the engine inside the tool, a fixed number of programs of a
 * fixed seed: what it finds does not depend on how busy the machine is.  Then the coverage-guided engine explores for a
 * slice of the time.  Other targets start with a short prelude of the inside engine.  Findings are filed under
 * DIR/findings, minimised, and listed in DIR/findings.tsv; a campaign on the same directory replays those and goes on.
 */
#ifndef SLABFUZZ_FUZZ_CAMPAIGN_H
#define SLABFUZZ_FUZZ_CAMPAIGN_H

#include <sys/types.h>

#include "fuzz/session.h"

enum {
	CAMPAIGN_TARGETS_MAX = 128,
	CAMPAIGN_FINDINGS_MAX = 8192,
	CAMPAIGN_OUT_MAX = 200,  /* longest DIR */
	CAMPAIGN_PATH_MAX = 512, /* longest path below it */
	CAMPAIGN_JOBS_MAX = 1024,
	COMPLAINT_MAX = 700,
};

enum {
	SEARCH_PROGRAMS = 1000000, /* of a target that declares findings; the slowest one needs a twentieth */
	SEARCH_SECONDS = 600,      /* in case the machine is very slow */
	EXPLORE_SECONDS = 30,      /* of all processes, after the search, if nobody says --time */
	ENGINE_SECONDS = 60,       /* the same where --engine names one engine */
};

enum campaign_engine { ENGINE_ALL, ENGINE_LIBFUZZER, ENGINE_AFL, ENGINE_RANDOM, ENGINE_GUIDED };

/* The engine alone is in this tool: it needs no binary of the target. */
static inline bool engine_is_inside(enum campaign_engine engine)
{
	return engine == ENGINE_RANDOM || engine == ENGINE_GUIDED;
}

enum finding_state {
	FINDING_RAW,    /* as its engine saved it; waits for the minimiser */
	FINDING_FILED,  /* of this campaign, in DIR/findings */
	FINDING_BEFORE, /* of an earlier campaign in the same DIR; this build still shows it */
	FINDING_GONE,   /* of an earlier campaign; this build no longer shows it */
};

struct campaign_finding {
	const struct target *target;
	enum finding_state state;
	char signature[SIGNATURE_MAX];
	char oracle[40];
	char path[CAMPAIGN_PATH_MAX]; /* of the program; it exists */
	unsigned ops;
	double seconds; /* of the target's own time until first hit */
	bool minimized; /* as far as the minimiser got in its time */
};

enum job_phase {
	JOB_WAITING,
	JOB_SEARCH,  /* engine inside the tool, until what is declared is found, by work */
	JOB_READY,   /* searched; waits for its slice of the exploring */
	JOB_PRELUDE, /* engine inside the tool, seconds */
	JOB_ENGINE,
	JOB_DONE,
};

struct campaign_job {
	const struct target *target; /* NULL for a parser or importer binary */
	char name[64];
	enum job_phase phase;
	pid_t pid;                 /* 0 = no process */
	double started, slice_end; /* campaign clock, seconds */
	unsigned restarts;
	bool ran;         /* some phase was started */
	bool failed;      /* the engine ended in a way that is no finding: a framework bug */
	char trouble[80]; /* how */
};

/* A process that minimises a raw finding. */
struct minimizer {
	pid_t pid; /* 0 = none */
	int fd;    /* its one line comes here */
	unsigned finding;
};

struct campaign {
	const char *out;               /* DIR, at most CAMPAIGN_OUT_MAX bytes */
	const char *called;            /* the tool as it was called, for commands to repeat */
	char build[CAMPAIGN_PATH_MAX]; /* directory of the tool: its engines lie below */
	enum campaign_engine engine;
	double seconds; /* of the whole campaign; 0 = declared findings by work, then exploring */
	double explore; /* seconds of processes left for exploring, without `seconds` */
	unsigned jobs;
	struct program overrides; /* only its settings: they replace the targets' */
	bool until_declared;      /* a job ends as soon as its target has found what it declares */
	uint64_t seed;
	unsigned job_count, finding_count;
	struct campaign_job job[CAMPAIGN_TARGETS_MAX];
	struct campaign_finding finding[CAMPAIGN_FINDINGS_MAX];
	struct minimizer minimizer[CAMPAIGN_JOBS_MAX];
	char *carried;           /* rows of the list that are of other targets or worlds, as they are; NULL = none */
	unsigned framework_bugs; /* artefacts in DIR/framework-bugs that this campaign brought */
	bool interrupted;        /* by a signal */
	int disk_error;          /* errno of what could not be written, 0 = none */
	char disk_path[CAMPAIGN_PATH_MAX];
};

/*
 * Runs to the end or to SIGINT, SIGTERM or SIGHUP.  Returns the exit status: 0 iff clean targets stayed silent and the
 * others found what they declare (with overrides, where nothing is declared: iff there were no findings), 1 if not, 2
 * if the disk refused something, 3 after a framework bug, CAMPAIGN_INTERRUPTED if nothing spoke against it so far.
 */
int campaign_run(struct campaign *c);
enum { CAMPAIGN_INTERRUPTED = 130 };

/* fuzz/campaign_job.c */
/* Starts the phase as a child process, until the job's slice_end; false if that is impossible. */
bool job_start(struct campaign *c, struct campaign_job *job, enum job_phase phase, double now);
/* Makes the job's directories and empties its log. */
void job_prepare(struct campaign *c, const struct campaign_job *job);
/* Path DIR/work/<job>/<leaf>. */
void job_path(const struct campaign *c, const struct campaign_job *job, const char *leaf, char *path);
/* Programs that the job's engines ran, as they say in its log. */
unsigned long long job_programs(const struct campaign *c, const struct campaign_job *job);

/* fuzz/campaign_engine.c: becomes libFuzzer or AFL++ on the job's target. */
_Noreturn void campaign_exec_engine(const struct campaign *c, const struct campaign_job *job, double seconds);

/* fuzz/campaign_file.c: directories, the lock, and the list of findings. */
/* Makes DIR, takes its lock and reads DIR/findings.tsv; else one line on stderr, and the exit status. */
int campaign_open(struct campaign *c);
/* Writes DIR/findings.tsv.  False, and the error remembered, if that is impossible. */
bool campaign_write_list(struct campaign *c);
/* Remembers the first thing that could not be written, by errno. */
void campaign_disk_failed(struct campaign *c, const char *path);
/* Path DIR/<leaf>. */
void campaign_path(const struct campaign *c, const char *leaf, char *path);

/* fuzz/campaign_recall.c: replays what the list had, at most `seconds` long. A finding that this build
 * does not show becomes FINDING_GONE. */
void campaign_recall(struct campaign *c, double seconds);

/* fuzz/campaign_collect.c: what jobs have saved. */
/* Takes note of what the job has saved so far.  True if there was anything new. */
bool job_collect(struct campaign *c, const struct campaign_job *job, double now);
/* The finding of a target with that signature, if any, gone ones too. */
struct campaign_finding *campaign_find(struct campaign *c, const struct target *target, const char *signature);

/* Removes a program and its report. */
void campaign_drop_pair(const char *prog);

/* fuzz/campaign_minimize.c: raw findings become filed ones. */
/* Starts and reaps minimisers; returns how many findings are still raw. */
unsigned minimizers_serve(struct campaign *c);
/* Ends them and files what they had not done as it is. */
void minimizers_end(struct campaign *c);

/* fuzz/campaign_report.c */
/* Prints findings, targets and the verdict.  True iff all that ran is as declared. */
bool campaign_report(const struct campaign *c);
/* What speaks against a job, in text; false if it is as declared, or clean in the world of the overrides. */
bool job_complaint(const struct campaign *c, const struct campaign_job *job, char *text, size_t size);
/* A target that must find something in this campaign. */
bool job_declares(const struct campaign *c, const struct campaign_job *job);
/* It has found all that it declares. */
bool job_satisfied(const struct campaign *c, const struct campaign_job *job);

#endif
