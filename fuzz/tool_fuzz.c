/* SPDX-License-Identifier: MIT */
/* slabfuzz fuzz: options of a campaign, and its closing table. */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/campaign.h"
#include "fuzz/tool.h"

static struct campaign campaign;

static void add_job(const char *name, const struct target *target)
{
	struct campaign_job *job = &campaign.job[campaign.job_count];

	if (campaign.job_count == CAMPAIGN_TARGETS_MAX)
		return;
	snprintf(job->name, sizeof(job->name), "%s", name);
	job->target = target;
	campaign.job_count++;
}

/* Parser and importer targets have no world: they are known by their binaries. */
static void add_raw_jobs(void)
{
	static const char *const patterns[] = {"parser_*", "import_*"};

	for (unsigned i = 0; i < 2; i++) {
		char pattern[CAMPAIGN_PATH_MAX + 40];
		glob_t found;

		snprintf(pattern, sizeof(pattern), "%s/libfuzzer/fuzz_%s", campaign.build, patterns[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			if (!strchr(strrchr(found.gl_pathv[k], '/'), '.'))
				add_job(strrchr(found.gl_pathv[k], '/') + strlen("/fuzz_"), NULL);
		globfree(&found);
	}
}

static int add_targets(const char *name)
{
	const struct target *target;

	if (!strcmp(name, "all")) {
		for (unsigned i = 0; targets[i]; i++)
			add_job(targets[i]->name, targets[i]);
		if (campaign.engine != ENGINE_RANDOM && campaign.engine != ENGINE_AFL)
			add_raw_jobs();
		return 0;
	}
	target = tool_target(name);
	if (!target)
		return STATUS_USAGE;
	add_job(target->name, target);
	return 0;
}

static bool set_engine(const char *name)
{
	static const char *const names[] = {"all", "libfuzzer", "afl", "random"};

	for (unsigned i = 0; i < 4; i++)
		if (!strcmp(names[i], name)) {
			campaign.engine = (enum campaign_engine)i;
			return true;
		}
	return false;
}

static int parse_options(int argc, char **argv, const char **target)
{
	static const struct option options[] = {
		{"target", required_argument, NULL, 't'},   {"time", required_argument, NULL, 's'},
		{"jobs", required_argument, NULL, 'j'},     {"engine", required_argument, NULL, 'e'},
		{"seed", required_argument, NULL, 'r'},     {"out", required_argument, NULL, 'o'},
		{"until-declared", no_argument, NULL, 'u'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 't')
			*target = optarg;
		else if (c == 'u')
			campaign.until_declared = true;
		else if (c == 's')
			campaign.seconds = strtod(optarg, NULL);
		else if (c == 'j')
			campaign.jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			campaign.seed = strtoull(optarg, NULL, 10);
		else if (c == 'o')
			campaign.out = optarg;
		else if (c != 'e')
			return STATUS_USAGE;
		else if (!set_engine(optarg))
			return tool_usage("fuzz", "--engine is libfuzzer, afl or random");
	}
	if (!campaign.out || optind != argc)
		return tool_usage("fuzz", "--out DIR is needed");
	if (campaign.seconds < 1 || campaign.jobs < 1)
		return tool_usage("fuzz", "--time and --jobs are at least 1");
	return 0;
}

static void find_build(const char *argv0)
{
	ssize_t n = readlink("/proc/self/exe", campaign.build, sizeof(campaign.build) - 1);
	char *slash;

	if (n < 0)
		snprintf(campaign.build, sizeof(campaign.build), "%s", argv0);
	else
		campaign.build[n] = 0;
	slash = strrchr(campaign.build, '/');
	if (slash)
		*slash = 0;
}

static bool has_finding(const struct campaign *c, const struct target *target, const char *pattern)
{
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].target == target && (!pattern || signature_matches(pattern, c->finding[i].signature)))
			return true;
	return false;
}

const char *job_complaint(const struct campaign *c, const struct campaign_job *job)
{
	if (job->failed)
		return "the engine failed, see its log";
	if (!job->target)
		return NULL;
	if (job->target->kind == TARGET_CLEAN)
		return has_finding(c, job->target, NULL) ? "a clean target was not silent" : NULL;
	if (job->target->kind == TARGET_MISUSE)
		return has_finding(c, job->target, target_counts_only(job->target)) ? "misuse was not detected" : NULL;
	for (unsigned i = 0; i < TARGET_EXPECTS_MAX && job->target->expects[i]; i++)
		if (!has_finding(c, job->target, job->target->expects[i]))
			return "did not find what it declares";
	return NULL;
}

void campaign_table(const struct campaign *c)
{
	printf("%-52s %-24s %-18s %4s %8s\n", "signature", "target", "oracle", "ops", "seconds");
	for (unsigned i = 0; i < c->finding_count; i++) {
		const struct campaign_finding *f = &c->finding[i];

		printf("%-52s %-24s %-18s %4u %8.2f\n    %s/slabfuzz run %s\n", f->signature, f->target->name,
		       f->oracle, f->ops, f->seconds, c->build, f->path);
	}
	printf("\n");
	for (unsigned i = 0; i < c->job_count; i++) {
		const char *complaint = job_complaint(c, &c->job[i]);

		printf("%-28s %s\n", c->job[i].name, complaint ? complaint : "as declared");
	}
}

static bool engine_exists(const char *flavour, const char *file)
{
	char path[CAMPAIGN_PATH_MAX + 80];

	snprintf(path, sizeof(path), "%.400s/%s/%s", campaign.build, flavour, file);
	if (access(path, R_OK) == 0)
		return true;
	fprintf(stderr, "slabfuzz fuzz: %s is missing: make %s, or --engine random\n", path, flavour);
	return false;
}

/* What the campaign will execute is built. */
static bool engines_exist(void)
{
	const char *flavour = campaign.engine == ENGINE_AFL ? "afl" : "libfuzzer";
	char file[80];

	for (unsigned i = 0; campaign.engine != ENGINE_RANDOM && i < campaign.job_count; i++) {
		snprintf(file, sizeof(file), "fuzz_%.60s", campaign.job[i].name);
		if (!engine_exists(flavour, file))
			return false;
	}
	return campaign.engine != ENGINE_AFL || engine_exists("afl", "libslabfuzz_mutator.so");
}

int tool_fuzz(int argc, char **argv)
{
	const char *target = "all";
	int status;

	campaign.seconds = 60;
	campaign.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	campaign.seed = 1;
	status = parse_options(argc, argv, &target);
	if (status)
		return status;
	find_build(argv[0]);
	status = add_targets(target);
	if (status || !engines_exist())
		return STATUS_USAGE;
	if (mkdir(campaign.out, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "%s:0:0: %s\n", campaign.out, strerror(errno));
		return STATUS_USAGE;
	}
	return campaign_run(&campaign);
}
