/* SPDX-License-Identifier: MIT */
/* Options, worlds that --set makes of a target, and the verdict of a campaign. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/campaign.h"
#include "fuzz/tool.h"

enum { TAKEN_MAX = 8 };

struct taken {
	unsigned count;
	int letters[TAKEN_MAX];
	const char *values[TAKEN_MAX];
};

static const char *take(void *context, int letter, const char *value)
{
	struct taken *t = context;

	t->letters[t->count] = letter;
	t->values[t->count++] = value;
	return NULL;
}

static const struct target *target_named(const char *name)
{
	const struct target *target = NULL;

	assert_null(tool_take_target(name, &target));
	return target;
}

static void options_in_both_forms(void **state)
{
	char *argv[] = {"run", "--grade=damage", "-s", "arch=x86", "a.prog", "--check", "-n", "3", "b.prog", NULL};
	struct taken t = {0};

	(void)state;
	assert_int_equal(tool_parse(9, argv, take, &t), 0);
	assert_int_equal(t.count, 4);
	assert_int_equal(t.letters[0], 'g');
	assert_string_equal(t.values[0], "damage");
	assert_string_equal(t.values[1], "arch=x86");
	assert_int_equal(t.letters[2], 'c');
	assert_null(t.values[2]);
	assert_string_equal(t.values[3], "3");
	assert_int_equal(optind, 7);
	assert_string_equal(argv[optind], "a.prog");
}

static void options_of_another_command_are_unknown(void **state)
{
	char *argv[] = {"print", "--grade", "damage", NULL};
	struct taken t = {0};

	(void)state;
	assert_int_equal(tool_parse(3, argv, take, &t), STATUS_USAGE);
	assert_int_equal(t.count, 0);
}

static void numbers_are_whole_and_in_range(void **state)
{
	static const char *const bad[] = {"", "0", "11", "-1", " 3", "3x", "99999999999999999999999"};
	unsigned long number;

	(void)state;
	assert_null(tool_take_number("10", 1, 10, &number));
	assert_int_equal(number, 10);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(tool_take_number(bad[i], 1, 10, &number));
}

static void help_names_every_option(void **state)
{
	static const char *const words[] = {
#define COMMAND(name, operands, help, zero, one)
#define OPTION(command, letter, name, value, help) #command, "--" name, help,
#include "fuzz/tool_commands.def"
	};
	char text[4096];

	(void)state;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i += 3) {
		FILE *out = fmemopen(text, sizeof(text), "w");

		assert_non_null(out);
		tool_help_command(words[i], out);
		fclose(out);
		assert_non_null(strstr(text, words[i + 1]));
		assert_non_null(strstr(text, words[i + 2]));
		assert_non_null(strstr(text, "exit status: 0"));
	}
}

/* The text of a variant and its world are one: what is saved replays in the world that it was found in. */
static void settings_replace_those_of_each_variant(void **state)
{
	static struct target_plan plan;
	static struct program set, again;
	struct world_config config;
	struct text_error error;

	(void)state;
	assert_null(tool_take_setting("profile=2.6.22", &set));
	assert_null(tool_take_setting("cpus=3", &set));
	target_resolve(&plan, target_named("history_2622rc5_arm926"));
	assert_true(target_override(&plan, &set, &error));
	for (unsigned i = 0; i < plan.variant_count; i++) {
		again = plan.settings[i];
		assert_string_equal(program_setting(&again, "profile"), "2.6.22");
		assert_string_equal(program_setting(&again, "arch"), "arm926");
		assert_int_equal(plan.configs[i].cpus, 3);
		world_config_default(&config);
		assert_true(world_config_resolve(&config, &again, &error));
		assert_true(world_config_equal(&config, &plan.configs[i]));
	}
}

static void settings_must_exist(void **state)
{
	static struct program set;

	(void)state;
	assert_non_null(tool_take_setting("colour=red", &set));
	set.setting_count = 0;
	assert_non_null(tool_take_setting("cpus=99", &set));
	set.setting_count = 0;
	assert_non_null(tool_take_setting("", &set));
	assert_non_null(tool_take_setting("cpus", &set));
}

static void add_finding(struct campaign *c, const char *target, const char *signature)
{
	struct campaign_finding *f = &c->finding[c->finding_count++];

	f->target = target_named(target);
	snprintf(f->signature, sizeof(f->signature), "%s", signature);
}

/* What speaks against a job of this target, "" if nothing does. */
static const char *complaint(const struct campaign *c, const char *target, bool failed)
{
	static char text[COMPLAINT_MAX];
	struct campaign_job job = {.target = *target ? target_named(target) : NULL,
				   .phase = JOB_DONE,
				   .ran = true,
				   .failed = failed,
				   .trouble = "exit status 77"};

	snprintf(job.name, sizeof(job.name), "%s", target);
	return job_complaint(c, &job, text, sizeof(text)) ? text : "";
}

static void verdict_of_each_kind(void **state)
{
	static struct campaign c = {.out = "DIR"};

	(void)state;
	assert_string_equal(complaint(&c, "slub_clean", false), "");
	assert_string_equal(complaint(&c, "slub_misuse", false), "");
	assert_string_equal(complaint(&c, "canary", false), "did not find overlap");
	add_finding(&c, "canary", "leak/slub/object/op");
	assert_string_equal(complaint(&c, "canary", false), "did not find overlap");
	add_finding(&c, "canary", "overlap/slub/object/kmalloc");
	assert_string_equal(complaint(&c, "canary", false), "");
	assert_string_equal(complaint(&c, "slub_clean", false), "");
	add_finding(&c, "slub_clean", "leak/slub/object/op");
	assert_string_equal(complaint(&c, "slub_clean", false), "must stay silent, but found 1");
	add_finding(&c, "slub_misuse", "oops/slub/pointer/kfree");
	assert_string_equal(complaint(&c, "slub_misuse", false), "");
	add_finding(&c, "slub_misuse", "missed-detection/slub/object/kfree");
	assert_string_equal(complaint(&c, "slub_misuse", false), "missed misuse: found 1");
	assert_string_equal(complaint(&c, "canary", true),
			    "the engine failed (exit status 77), see DIR/work/canary/log");
	assert_string_equal(complaint(&c, "", false), "");
	assert_string_equal(complaint(&c, "", true), "the parser crashed (exit status 77), see DIR/work//log");
}

/* A target that had no turn is no complaint after Ctrl-C only, and one that this build no longer shows is none. */
static void what_did_not_run_is_not_as_declared(void **state)
{
	static struct campaign c = {.out = "DIR"};
	struct campaign_job job = {.target = target_named("canary"), .name = "canary", .phase = JOB_WAITING};
	char text[COMPLAINT_MAX];

	(void)state;
	assert_true(job_complaint(&c, &job, text, sizeof(text)));
	assert_string_equal(text, "not run: no time was left");
	c.interrupted = true;
	assert_false(job_complaint(&c, &job, text, sizeof(text)));
	job.ran = true;
	job.phase = JOB_SEARCH;
	assert_false(job_complaint(&c, &job, text, sizeof(text)));
	job.phase = JOB_DONE;
	assert_true(job_complaint(&c, &job, text, sizeof(text)));
	add_finding(&c, "canary", "overlap/slub/object/kmalloc");
	assert_true(job_satisfied(&c, &job));
	c.finding[0].state = FINDING_GONE;
	assert_false(job_satisfied(&c, &job));
}

static void in_another_world_any_finding_counts(void **state)
{
	static struct campaign c = {.out = "DIR"};

	(void)state;
	assert_null(tool_take_setting("profile=2.6.22", &c.overrides));
	assert_string_equal(complaint(&c, "canary", false), "");
	add_finding(&c, "canary", "overlap/slub/object/kmalloc");
	assert_string_equal(complaint(&c, "canary", false), "found 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_in_both_forms),
		cmocka_unit_test(options_of_another_command_are_unknown),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(settings_replace_those_of_each_variant),
		cmocka_unit_test(settings_must_exist),
		cmocka_unit_test(verdict_of_each_kind),
		cmocka_unit_test(what_did_not_run_is_not_as_declared),
		cmocka_unit_test(in_another_world_any_finding_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
