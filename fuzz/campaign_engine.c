/* SPDX-License-Identifier: MIT */
/* The command lines of libFuzzer and AFL++ in a campaign. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/campaign.h"
#include "fuzz/watchdog.h"

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

/* What an engine allows for one input, in which several ops may be slow. */
static unsigned engine_seconds(void)
{
	unsigned seconds = WATCHDOG_SECONDS;

	return watchdog_seconds(&seconds) && seconds ? 3 * seconds : 3 * WATCHDOG_SECONDS;
}

static _Noreturn void exec_afl(const struct campaign *c, const struct campaign_job *job, unsigned seconds)
{
	char binary[CAMPAIGN_PATH_MAX + 80], in[CAMPAIGN_PATH_MAX], out[CAMPAIGN_PATH_MAX], file[CAMPAIGN_PATH_MAX + 8];
	char time_text[24], seed[24], limit[24];
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
	/* The target's own watchdog comes first: it knows whose loop it is. */
	snprintf(limit, sizeof(limit), "%u", engine_seconds() * 1000);
	execlp("afl-fuzz", "afl-fuzz", "-i", in, "-o", out, "-V", time_text, "-s", seed, "-t", limit, "--", binary,
	       (char *)NULL);
	_exit(127);
}

static _Noreturn void exec_libfuzzer(const struct campaign *c, const struct campaign_job *job, unsigned seconds)
{
	char binary[CAMPAIGN_PATH_MAX + 80], corpus[CAMPAIGN_PATH_MAX], time_text[48], seed[32];
	char prefix[CAMPAIGN_PATH_MAX], artifacts[CAMPAIGN_PATH_MAX + 24], limit[32];
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
	snprintf(limit, sizeof(limit), "-timeout=%u", engine_seconds());
	/* Programs cost from one microsecond to milliseconds; the schedule must know.  How often an edge was taken is
	   what repeat= says: counted, it fills the corpus with dear programs that reach nothing new. */
	execl(binary, binary, corpus, time_text, seed, artifacts, limit, "-print_final_stats=1", "-max_len=1537",
	      "-handle_abrt=1", "-entropic_scale_per_exec_time=1", "-use_counters=0", (char *)NULL);
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

void campaign_exec_engine(const struct campaign *c, const struct campaign_job *job, double seconds)
{
	char findings[CAMPAIGN_PATH_MAX];
	unsigned whole = seconds < 1 ? 1 : (unsigned)seconds;

	job_path(c, job, "new", findings);
	setenv("SLABFUZZ_FINDINGS", findings, 1);
	set_world_environment(c);
	if (c->engine == ENGINE_AFL)
		exec_afl(c, job, whole);
	exec_libfuzzer(c, job, whole);
}
