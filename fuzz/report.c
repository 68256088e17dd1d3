/* SPDX-License-Identifier: MIT */
/* Report of one finding.  Runs are deterministic, so the events are collected by running the program again. */
#include "fuzz/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/event_log.h"
#include "fuzz/watchdog.h"

enum { REPORT_EVENTS = 16, REPORT_OPS_AROUND = 24 };

static const char *invariant_of(const char *oracle)
{
	for (unsigned i = 0; i < oracle_count; i++)
		if (!strcmp(oracles[i]->name, oracle))
			return oracles[i]->invariant;
	return "";
}

static void print_program(const struct program *p, const struct finding *finding, FILE *out)
{
	uint32_t first[PROGRAM_OPS_MAX];
	char line[512];
	unsigned from = finding->op > REPORT_OPS_AROUND ? finding->op - REPORT_OPS_AROUND : 0;

	program_number_handles(p, first);
	fprintf(out, "    world");
	for (unsigned i = 0; i < p->setting_count; i++)
		fprintf(out, " %s=%s", p->settings[i].key, p->settings[i].value);
	fputc('\n', out);
	if (from)
		fprintf(out, "    ... %u ops\n", from);
	for (unsigned i = from; i < p->op_count && i <= finding->op + 2; i++) {
		struct text_buffer text = {line, 0, sizeof(line), false};

		op_print(p, i, first, &text);
		fprintf(out, "%s %3u  %s\n", i == finding->op ? "-->" : "   ", i, line);
	}
}

struct shown_event {
	const char *line;
	unsigned more; /* events of the same kind that follow it */
};

static bool same_kind(const char *a, const char *b)
{
	size_t length = strcspn(a, " ");

	return !strncmp(a, b, length + 1);
}

/* The last events up to the end of the guilty op; a run of one kind is one line. */
static void print_events(char *log, uint32_t op, FILE *out)
{
	struct shown_event shown[REPORT_EVENTS];
	unsigned count = 0;
	char end[24];
	char *save = NULL;

	snprintf(end, sizeof(end), "end %u ", op);
	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct shown_event *last = count ? &shown[(count - 1) % REPORT_EVENTS] : NULL;

		if (last && same_kind(last->line, line))
			last->more++;
		else
			shown[count++ % REPORT_EVENTS] = (struct shown_event){line, 0};
		if (!strncmp(line, end, strlen(end)))
			break;
	}
	for (unsigned i = count > REPORT_EVENTS ? count - REPORT_EVENTS : 0; i < count; i++) {
		const struct shown_event *event = &shown[i % REPORT_EVENTS];

		fprintf(out, "    %s\n", event->line);
		if (event->more)
			fprintf(out, "    ... and %u more\n", event->more);
	}
}

/* Of the run that just ended: what was made to fail before or in the guilty op. */
static void print_faults(const struct session *s, const struct program *p, const struct finding *finding, FILE *out)
{
	const struct faults *faults = &s->world.sim.faults;
	unsigned known = faults->trips < FAULT_TRIPS_MAX ? faults->trips : FAULT_TRIPS_MAX, shown = 0;

	for (unsigned i = 0; i < known && faults->trip[i].op <= finding->op; i++) {
		const struct fault_trip *trip = &faults->trip[i];

		fprintf(out, "%s    op %u %s: %s, hit %u\n", shown++ ? "" : "\n  injected faults:\n", trip->op,
			trip->op < p->op_count ? op_descriptors[p->ops[trip->op].verb].name : "drain",
			fault_rows[trip->point].name, trip->hit);
	}
	if (shown == FAULT_TRIPS_MAX && faults->trips > FAULT_TRIPS_MAX)
		fprintf(out, "    ... and more\n");
}

void report_print(struct session *s, const struct program *p, const struct world_config *config,
		  const struct finding *finding, const char *replay, FILE *out)
{
	struct finding copy = *finding; /* the second run overwrites the list */
	char *log = NULL;
	size_t log_size = 0;
	struct event_log events = {open_memstream(&log, &log_size)};

	fprintf(out, "BUG: %s\n\n", copy.signature);
	fprintf(out, "  %s: %s\n", title_rows[copy.title].name, title_rows[copy.title].help);
	fprintf(out, "  oracle %s: %s\n", copy.oracle, invariant_of(copy.oracle));
	fprintf(out, "  grade %s, at op %u\n\n", title_rows[copy.title].grade == GRADE_HAZARD ? "hazard" : "damage",
		copy.op);
	print_program(p, &copy, out);
	if (copy.detail[0])
		fprintf(out, "\n  %s\n", copy.detail);
	if (events.file && !is_clock_hang(copy.signature)) {
		s->world.log = &events;
		executor_run(&s->executor, p, config);
		s->world.log = NULL;
		fflush(events.file);
		print_faults(s, p, &copy, out);
		fprintf(out, "\n  last events:\n");
		print_events(log, copy.op, out);
	}
	if (events.file)
		fclose(events.file);
	free(log);
	if (replay)
		fprintf(out, "\n  replay: %s\n", replay);
	fputc('\n', out);
}
