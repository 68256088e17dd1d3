/* SPDX-License-Identifier: MIT */
/* slabfuzz fuzz: options of a campaign, and what they need. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/campaign.h"
#include "fuzz/tool.h"

enum { SECONDS_MAX = 10000000 };

static struct campaign campaign;

static void add_job(const char *name, const struct target *target)
{
	struct campaign_job *job = &campaign.job[campaign.job_count];

	if (campaign.job_count == CAMPAIGN_TARGETS_MAX) {
		fprintf(stderr, "slabfuzz fuzz: more than %d targets\n", CAMPAIGN_TARGETS_MAX);
		exit(3);
	}
	snprintf(job->name, sizeof(job->name), "%s", name);
	job->target = target;
	campaign.job_count++;
}

/* Parser and importer targets are fuzzed by libFuzzer, after no random prelude. */
static bool runs_raw(void)
{
	return campaign.engine == ENGINE_ALL || campaign.engine == ENGINE_LIBFUZZER;
}

static int add_raw(const char *name)
{
	if (!runs_raw() || campaign.overrides.setting_count)
		return tool_option_error("fuzz", "target", name, "it has no world: --engine libfuzzer, and no --set");
	add_job(name, NULL);
	return 0;
}

static void add_all(void)
{
	for (unsigned i = 0; targets[i]; i++)
		add_job(targets[i]->name, targets[i]);
	for (unsigned i = 0; raw_targets[i].name && runs_raw() && !campaign.overrides.setting_count; i++)
		add_job(raw_targets[i].name, NULL);
}

static int add_target(const char *name)
{
	const struct target *target;
	const char *wrong;

	if (!strncmp(name, "fuzz_", 5))
		name += 5;
	for (unsigned i = 0; i < campaign.job_count; i++)
		if (!strcmp(campaign.job[i].name, name))
			return 0;
	if (tool_is_raw(name))
		return add_raw(name);
	wrong = tool_take_target(name, &target);
	if (wrong)
		return tool_option_error("fuzz", "target", name, wrong);
	add_job(target->name, target);
	return 0;
}

/* A,B,... or all. */
static int add_targets(const char *list)
{
	char name[64];
	int status = 0;

	if (!strcmp(list, "all")) {
		add_all();
		return 0;
	}
	for (size_t length; !status; list += length + 1) {
		length = strcspn(list, ",");
		snprintf(name, sizeof(name), "%.*s", (int)(length < 60 ? length : 60), list);
		status = add_target(name);
		if (!list[length])
			break;
	}
	return status;
}

static void set_engine(const char *name)
{
	campaign.engine = !strcmp(name, "libfuzzer") ? ENGINE_LIBFUZZER
			  : !strcmp(name, "afl")     ? ENGINE_AFL
			  : !strcmp(name, "guided")  ? ENGINE_GUIDED
						     : ENGINE_RANDOM;
}

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	const char **target = context, *wrong = NULL;
	unsigned long number = 0;

	switch (letter) {
	case 't':
		*target = value;
		return NULL;
	case 's':
		return tool_take_setting(value, &campaign.overrides);
	case 'm':
		wrong = tool_take_number(value, 1, SECONDS_MAX, &number);
		campaign.seconds = (double)number;
		return wrong;
	case 'j':
		wrong = tool_take_number(value, 1, CAMPAIGN_JOBS_MAX, &number);
		campaign.jobs = (unsigned)number;
		return wrong;
	case 'e':
		set_engine(value);
		return NULL;
	case 'r':
		wrong = tool_take_number(value, 0, ULONG_MAX, &number);
		campaign.seed = number;
		return wrong;
	case 'w':
		return tool_take_timeout(value);
	case 'u':
		campaign.until_declared = true;
		return NULL;
	default:
		campaign.out = value;
		if (strlen(value) > CAMPAIGN_OUT_MAX)
			return "is longer than 200 bytes";
		return *value ? NULL : "wants a directory";
	}
}

static int parse_options(int argc, char **argv, const char **target)
{
	int status = tool_parse(argc, argv, take_option, target);

	if (status)
		return status;
	if (optind != argc)
		return tool_usage("fuzz", "takes no operand: a target is --target TARGET");
	if (!campaign.out)
		return tool_usage("fuzz", "--out DIR is needed");
	if (campaign.until_declared && campaign.overrides.setting_count)
		return tool_usage("fuzz", "--until-declared: with --set nothing is declared");
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

static bool engine_exists(const char *flavour, const char *file)
{
	char path[CAMPAIGN_PATH_MAX + 80];

	snprintf(path, sizeof(path), "%.400s/%s/%s", campaign.build, flavour, file);
	if (access(path, R_OK) == 0)
		return true;
	fprintf(stderr,
		"slabfuzz fuzz: --engine: %s is missing: make %s (outside the tree: make OUTSIDE_FLAVOURS=%s), or "
		"--engine random\n",
		path, flavour, flavour);
	return false;
}

/* What the campaign will execute is built. */
static bool engines_exist(void)
{
	const char *flavour = campaign.engine == ENGINE_AFL ? "afl" : "libfuzzer";
	char file[80];

	for (unsigned i = 0; !engine_is_inside(campaign.engine) && i < campaign.job_count; i++) {
		snprintf(file, sizeof(file), "fuzz_%.60s", campaign.job[i].name);
		if (!engine_exists(flavour, file))
			return false;
	}
	return campaign.engine != ENGINE_AFL || engine_exists("afl", "libslabfuzz_mutator.so");
}

/* Each target in the world of --set.  Engines' binaries hold only those planted bugs that their target names. */
static int check_overrides(void)
{
	static struct target_plan plan;
	const char *allocator = program_setting(&campaign.overrides, "allocator");
	struct text_error error;

	if (allocator && strchr(allocator, '+') && !engine_is_inside(campaign.engine))
		return tool_usage("fuzz", "--set allocator: planted bugs are in this tool only: add --engine random");
	for (unsigned i = 0; i < campaign.job_count && campaign.overrides.setting_count; i++) {
		target_resolve(&plan, campaign.job[i].target);
		if (!target_override(&plan, &campaign.overrides, &error))
			return tool_option_error("fuzz", "set", campaign.job[i].name, error.what);
	}
	return 0;
}

int tool_fuzz(int argc, char **argv)
{
	const char *target = "all";
	int status;

	campaign.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	campaign.seed = 1;
	status = parse_options(argc, argv, &target);
	if (status)
		return status;
	campaign.called = tool_called;
	find_build(tool_called);
	status = add_targets(target);
	if (!status)
		status = check_overrides();
	if (status || !engines_exist())
		return STATUS_USAGE;
	status = campaign_open(&campaign);
	return status ? status : campaign_run(&campaign);
}
