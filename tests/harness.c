/* SPDX-License-Identifier: MIT */
/* See harness.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness.h"

#include "fuzz/event_log.h"

static struct session session;
static struct program program;
static struct program_notes notes;
static bool ready;

struct session *harness_session(void)
{
	if (!ready && !session_create(&session))
		exit(3);
	ready = true;
	return &session;
}

unsigned harness_run(const char *text, const struct allocator_ops *allocator)
{
	struct text_error error = {0, 0, ""};
	struct world_config config;

	if (!program_parse(&program, &notes, text, strlen(text), &error)) {
		fprintf(stderr, "test program:%u:%u: %s\n", error.line, error.column, error.what);
		abort();
	}
	world_config_default(&config);
	if (!world_config_resolve(&config, &program, &error)) {
		fprintf(stderr, "test program:%u:%u: %s\n", error.line, error.column, error.what);
		abort();
	}
	if (allocator)
		config.allocator = allocator;
	session_run(harness_session(), &program, &config);
	return session.world.findings.count;
}

bool harness_found(const char *pattern)
{
	for (unsigned i = 0; i < session.world.findings.count; i++)
		if (signature_matches(pattern, session.world.findings.list[i].signature))
			return true;
	return false;
}

const char *harness_signatures(void)
{
	static char all[FINDINGS_MAX * SIGNATURE_MAX];

	all[0] = 0;
	for (unsigned i = 0; i < session.world.findings.count; i++) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s ", session.world.findings.list[i].signature);
	}
	return all;
}

void harness_check(const char *world, const char *ops, const char *skipped, const char *found)
{
	char text[900], got[64] = "";
	size_t used = 0;

	assert_true(snprintf(text, sizeof(text), "world %s\n%s", world, ops) < (int)sizeof(text));
	harness_run(text, NULL);
	for (unsigned i = 0; i < session.executor.program->op_count; i++)
		if (session.executor.skipped[i])
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%u", i);
	if (*found ? !harness_found(found) : *harness_signatures())
		fail_msg("%s\n%s: %s", world, ops, harness_signatures());
	assert_string_equal(got, skipped);
}

char *harness_events(const char *text)
{
	char *log = NULL;
	size_t size = 0;
	struct event_log events = {open_memstream(&log, &size)};

	harness_session()->world.log = &events;
	harness_run(text, NULL);
	harness_session()->world.log = NULL;
	fclose(events.file);
	return log;
}
