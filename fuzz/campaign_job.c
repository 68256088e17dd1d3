/* SPDX-License-Identifier: MIT */
/* Child processes of a campaign: the random engine in a fork, libFuzzer or AFL++ by exec; and what they leave behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/campaign.h"
#include "fuzz/minimize_run.h"
#include "fuzz/program_file.h"
#include "fuzz/random_engine.h"

enum { RANDOM_PRELUDE_SECONDS = 2, MINIMIZE_SECONDS = 3 };

static void make_directories(const struct campaign *c, const struct campaign_job *job)
{
	static const char *const leaves[] = {"", "corpus", "new", "artifacts"};
	char path[CAMPAIGN_PATH_MAX];

	mkdir(c->out, 0755);
	snprintf(path, sizeof(path), "%.200s/findings", c->out);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%.200s/work", c->out);
	mkdir(path, 0755);
	for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		job_path(c, job, leaves[i], path);
		mkdir(path, 0755);
	}
}

/* Signatures found so far, one a line, for the next start. */
static void write_known(const struct campaign *c, const struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX];
	FILE *file;

	job_path(c, job, "known", path);
	file = fopen(path, "w");
	if (!file)
		return;
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].target == job->target)
			fprintf(file, "%s\n", c->finding[i].signature);
	fclose(file);
}

static void redirect(const struct campaign *c, const struct campaign_job *job)
{
	char path[CAMPAIGN_PATH_MAX];
	int fd;

	job_path(c, job, "log", path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
}

static _Noreturn void child_random(const struct campaign *c, const struct campaign_job *job, double seconds)
{
	static struct target_plan plan;
	struct text_error error;
	char dir[CAMPAIGN_PATH_MAX];

	target_resolve(&plan, job->target);
	if (!target_override(&plan, &c->overrides, &error))
		_exit(2);
	job_path(c, job, "new", dir);
	_exit(random_engine_run(&plan, seconds, c->seed + UINT64_C(1000003) * job->restarts, c->engine == ENGINE_GUIDED,
				dir));
}

/* AFL++'s mutator library learns the target's ops from the environment. */
static void set_afl_environment(const struct campaign *c, const struct target *target)
{
	static struct target_plan plan;
	char verbs[2048] = "", number[16], library[CAMPAIGN_PATH_MAX + 40];

	target_resolve(&plan, target);
	for (unsigned i = 0; i < plan.set.count; i++) {
		size_t used = strlen(verbs);

		snprintf(verbs + used, sizeof(verbs) - used, "%s%s", i ? "," : "",
			 op_descriptors[plan.set.verbs[i]].name);
	}
	snprintf(number, sizeof(number), "%u", plan.variant_count);
	snprintf(library, sizeof(library), "%s/afl/libslabfuzz_mutator.so", c->build);
	setenv("SLABFUZZ_VERBS", verbs, 1);
	setenv("SLABFUZZ_VARIANTS", number, 1);
	setenv("AFL_CUSTOM_MUTATOR_LIBRARY", library, 1);
	setenv("AFL_SKIP_CPUFREQ", "1", 1);
	setenv("AFL_NO_UI", "1", 1);
	setenv("AFL_NO_AFFINITY", "1", 1);
	setenv("AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1", 1);
	setenv("AFL_AUTORESUME", "1", 1);
	setenv("TERM", "dumb", 1);
}

static _Noreturn void exec_afl(const struct campaign *c, const struct campaign_job *job, unsigned seconds)
{
	char binary[CAMPAIGN_PATH_MAX + 80], in[CAMPAIGN_PATH_MAX], out[CAMPAIGN_PATH_MAX], file[CAMPAIGN_PATH_MAX + 8];
	char time_text[24], seed[24];
	FILE *zero;

	set_afl_environment(c, job->target);
	snprintf(binary, sizeof(binary), "%.400s/afl/fuzz_%s", c->build, job->name);
	job_path(c, job, "seeds", in);
	job_path(c, job, "afl", out);
	mkdir(in, 0755);
	snprintf(file, sizeof(file), "%s/zero", in);
	zero = fopen(file, "w"); /* AFL++ wants a file: one zero byte is the empty program */
	if (zero) {
		fputc(0, zero);
		fclose(zero);
	}
	snprintf(time_text, sizeof(time_text), "%u", seconds);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)c->seed);
	execlp("afl-fuzz", "afl-fuzz", "-i", in, "-o", out, "-V", time_text, "-s", seed, "-t", "2000", "--", binary,
	       (char *)NULL);
	_exit(127);
}

static _Noreturn void exec_libfuzzer(const struct campaign *c, const struct campaign_job *job, unsigned seconds)
{
	char binary[CAMPAIGN_PATH_MAX + 80], corpus[CAMPAIGN_PATH_MAX], time_text[48], seed[32];
	char prefix[CAMPAIGN_PATH_MAX], artifacts[CAMPAIGN_PATH_MAX + 24];
	/* Parsers are fuzzed under sanitizers where that build exists: their bugs are memory bugs. */
	const char *flavour = job->target ? "libfuzzer" : "libfuzzer-asan";

	snprintf(binary, sizeof(binary), "%.400s/%s/fuzz_%s", c->build, flavour, job->name);
	if (access(binary, X_OK) != 0)
		snprintf(binary, sizeof(binary), "%.400s/libfuzzer/fuzz_%s", c->build, job->name);
	job_path(c, job, "corpus", corpus);
	job_path(c, job, "artifacts/", prefix);
	snprintf(artifacts, sizeof(artifacts), "-artifact_prefix=%s", prefix);
	snprintf(time_text, sizeof(time_text), "-max_total_time=%u", seconds);
	snprintf(seed, sizeof(seed), "-seed=%llu", (unsigned long long)(c->seed + job->restarts) % 0x7fffffffu + 1);
	/* Programs cost from one microsecond to milliseconds; the schedule must know.  How often an edge was taken is
	   what repeat= says: counted, it fills the corpus with dear programs that reach nothing new. */
	execl(binary, binary, corpus, time_text, seed, artifacts, "-timeout=10", "-print_final_stats=1",
	      "-max_len=1537", "-handle_abrt=1", "-entropic_scale_per_exec_time=1", "-use_counters=0", (char *)NULL);
	_exit(127);
}

static void set_world_environment(const struct campaign *c)
{
	const struct program *p = &c->overrides;
	char set[SETTINGS_MAX * (SETTING_KEY_MAX + SETTING_VALUE_MAX)] = "";
	size_t used = 0;

	for (unsigned i = 0; i < p->setting_count && used < sizeof(set); i++)
		used += (size_t)snprintf(set + used, sizeof(set) - used, "%s%s=%s", i ? " " : "", p->settings[i].key,
					 p->settings[i].value);
	setenv("SLABFUZZ_SET", set, 1);
}

static _Noreturn void child_engine(const struct campaign *c, const struct campaign_job *job, double seconds)
{
	char known[CAMPAIGN_PATH_MAX], findings[CAMPAIGN_PATH_MAX];
	unsigned whole = seconds < 1 ? 1 : (unsigned)seconds;

	job_path(c, job, "known", known);
	job_path(c, job, "new", findings);
	setenv("SLABFUZZ_KNOWN", known, 1);
	setenv("SLABFUZZ_FINDINGS", findings, 1);
	set_world_environment(c);
	if (c->engine == ENGINE_AFL)
		exec_afl(c, job, whole);
	exec_libfuzzer(c, job, whole);
}

bool job_start(struct campaign *c, struct campaign_job *job, double now)
{
	bool random =
		job->target && (engine_is_inside(c->engine) || (c->engine == ENGINE_ALL && job->phase == JOB_WAITING));
	double left = job->slice_end - now;

	make_directories(c, job);
	write_known(c, job);
	if (c->engine == ENGINE_ALL && random)
		left = left / 4 < RANDOM_PRELUDE_SECONDS ? left / 4 : RANDOM_PRELUDE_SECONDS;
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0)
		return false;
	if (job->pid == 0) {
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		redirect(c, job);
		if (random)
			child_random(c, job, left);
		child_engine(c, job, left);
	}
	job->phase = random ? JOB_RANDOM : JOB_ENGINE;
	return true;
}

static bool is_known(const struct campaign *c, const struct target *target, const char *signature)
{
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].target == target && !strcmp(c->finding[i].signature, signature))
			return true;
	return false;
}

/* In a child, because a world can exist only once in a process and the code under test may misbehave. */
static void minimize_saved(const struct campaign *c, const char *path, char signature[SIGNATURE_MAX])
{
	static struct session session;
	static struct program program;
	static struct program_notes notes;
	struct world_config config;
	char directory[CAMPAIGN_PATH_MAX], saved[CAMPAIGN_PATH_MAX];
	const struct finding *finding;
	unsigned i;

	snprintf(directory, sizeof(directory), "%.200s/findings", c->out);
	if (program_load(path, NULL, &program, &notes) || program_world(path, &program, NULL, &config) ||
	    !session_create(&session) || !minimize_run(&session, &program, &config, signature, MINIMIZE_SECONDS))
		return;
	session_run(&session, &program, &config);
	for (i = 0; i < session.world.findings.count; i++)
		if (!strcmp(session.world.findings.list[i].signature, signature))
			break;
	if (i == session.world.findings.count)
		return;
	finding = &session.world.findings.list[i];
	finding_save(&session, &program, finding, directory, saved, sizeof(saved));
	printf("%s\t%s\t%u\t%s\n", finding->signature, finding->oracle, program.op_count, saved);
}

/* Runs minimize_saved() in a child and reads its one line. */
static bool minimized(const struct campaign *c, const char *path, struct campaign_finding *f)
{
	int fd[2], status;
	FILE *in;
	pid_t pid;
	char line[2048] = "";

	if (pipe(fd) != 0)
		return false;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		unsetenv("SLABFUZZ_KNOWN");
		minimize_saved(c, path, f->signature);
		fflush(stdout);
		_exit(0);
	}
	close(fd[1]);
	in = fdopen(fd[0], "r");
	if (in) {
		if (!fgets(line, sizeof(line), in))
			line[0] = 0;
		fclose(in);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	line[strcspn(line, "\n")] = 0;
	return sscanf(line, "%119[^\t]\t%39[^\t]\t%u\t%511[^\n]", f->signature, f->oracle, &f->ops, f->path) == 4;
}

/* From the first line of the report beside a saved program. */
static bool read_signature(const char *prog, char signature[SIGNATURE_MAX])
{
	char report[CAMPAIGN_PATH_MAX + 300], line[SIGNATURE_MAX + 16] = "";
	FILE *in;

	snprintf(report, sizeof(report), "%.*s.txt", (int)strlen(prog) - 5, prog);
	in = fopen(report, "r");
	if (!in)
		return false;
	while (fgets(line, sizeof(line), in) && strncmp(line, "BUG: ", 5) != 0)
		;
	fclose(in);
	return sscanf(line, "BUG: %119s", signature) == 1;
}

/* One saved .prog: minimise into DIR/findings, remember. */
static bool collect_one(struct campaign *c, struct campaign_job *job, const char *path, double now)
{
	struct campaign_finding f = {.target = job->target, .seconds = now - job->started};

	if (!read_signature(path, f.signature) || is_known(c, job->target, f.signature) || !minimized(c, path, &f))
		return false;
	c->finding[c->finding_count++] = f;
	return true;
}

static int is_report(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && !strcmp(entry->d_name + length - 4, ".txt");
}

bool job_collect(struct campaign *c, struct campaign_job *job, double now)
{
	char directory[CAMPAIGN_PATH_MAX], path[CAMPAIGN_PATH_MAX + 300];
	struct dirent **entries;
	bool any = false;
	int count;

	/* What the table cannot take stays where the target saved it. */
	if (!job->target || c->finding_count + KNOWN_MAX > CAMPAIGN_FINDINGS_MAX)
		return false;
	job_path(c, job, "new", directory);
	count = scandir(directory, &entries, is_report, alphasort);
	for (int i = 0; i < count; i++) {
		/* The report is written last: where it is, the program is whole. */
		int stem = (int)strlen(entries[i]->d_name) - 4;

		snprintf(path, sizeof(path), "%s/%.*s.prog", directory, stem, entries[i]->d_name);
		any |= collect_one(c, job, path, now);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		unlink(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return any;
}
