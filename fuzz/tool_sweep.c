/* SPDX-License-Identifier: MIT */
/* slabfuzz sweep: every fault point fails at its 1st, 2nd, ... hit in each program, once and for ever. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/program_file.h"
#include "fuzz/replay_files.h"
#include "fuzz/sweep_flips.h"
#include "fuzz/sweep_irq.h"
#include "fuzz/sweep_table.h"
#include "fuzz/tool.h"

enum { ALLOCATORS_MAX = 16, LIMIT_MAX = 1000000 };

static struct {
	struct program overrides;
	bool pairs, safe, unclean, flips, markdown, irq;
	unsigned long limit; /* hits of a point in a program; 0 = all */
	uint32_t points;     /* mask */
	bool damage;         /* some of them are of kind damage */
	const char *out;
	bool unsaved, lost;       /* a finding; by the disk */
	unsigned allocator_count; /* 0 = the program's own */
	char allocators[ALLOCATORS_MAX][SETTING_VALUE_MAX];

	unsigned path_count, path_room;
	char **paths;
	unsigned done;
	bool terminal;
	time_t shown;
} job;

static struct session session;
static struct program program, world_program, variant;
static struct program_notes notes;
static struct sweep_table table;
static struct sweep_irq_table irq_table;
static struct sweep_case one;
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static const char *take_allocators(const char *value)
{
	char copy[ALLOCATORS_MAX * SETTING_VALUE_MAX], *save = NULL;
	struct program settings = {.setting_count = 0};

	if (strlen(value) >= sizeof(copy))
		return "is too long";
	memcpy(copy, value, strlen(value) + 1);
	for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		char setting[SETTING_VALUE_MAX + 16];
		const char *wrong;

		snprintf(setting, sizeof(setting), "allocator=%.39s", name);
		wrong = tool_take_setting(setting, &settings);
		if (wrong)
			return wrong;
		if (job.allocator_count == ALLOCATORS_MAX)
			return "names too many allocators";
		snprintf(job.allocators[job.allocator_count++], SETTING_VALUE_MAX, "%.39s", name);
	}
	return job.allocator_count ? NULL : "names no allocator";
}

static const char *take_points(const char *value)
{
	char copy[1024], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", value);
	job.points = 0;
	for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		unsigned point = 0;

		while (point < FAULT_COUNT && strcmp(fault_rows[point].name, name) != 0)
			point++;
		if (point == FAULT_COUNT)
			return "is no list of fault points (slabfuzz list faults)";
		job.points |= 1u << point;
		job.damage |= fault_rows[point].kind == FAULT_IS_DAMAGE;
	}
	return job.points ? NULL : "names no fault point";
}

/* Damage is found by design: only what is asked for by name. */
static uint32_t default_points(void)
{
	uint32_t points = 0;

	for (unsigned point = 0; point < FAULT_COUNT; point++)
		points |= fault_rows[point].kind != FAULT_IS_DAMAGE ? 1u << point : 0;
	return points;
}

/* tool_take */
static const char *take_option(void *context, int letter, const char *value)
{
	(void)context;
	switch (letter) {
	case 's':
		return tool_take_setting(value, &job.overrides);
	case 'a':
		return take_allocators(value);
	case 'f':
		return take_points(value);
	case 'l':
		return tool_take_number(value, 1, LIMIT_MAX, &job.limit);
	case 't':
		return tool_take_timeout(value);
	case 'p':
		job.pairs = true;
		return NULL;
	case 'c':
		job.safe = true;
		return NULL;
	case 'b':
		job.flips = true;
		return NULL;
	case 'm':
		job.markdown = true;
		return NULL;
	case 'u':
		job.unclean = true;
		return NULL;
	case 'i':
		job.irq = true;
		return NULL;
	default:
		job.out = value;
		return *value ? NULL : "wants a directory";
	}
}

/* Of replay_paths(): directories are walked before anything runs, so that the end is known. */
static int note_path(const char *path)
{
	if (job.path_count == job.path_room) {
		job.path_room = job.path_room ? 2 * job.path_room : 256;
		job.paths = realloc(job.paths, job.path_room * sizeof(*job.paths));
	}
	if (!job.paths || !(job.paths[job.path_count] = strdup(path))) {
		fprintf(stderr, "slabfuzz: out of memory\n");
		exit(STATUS_FRAMEWORK);
	}
	job.path_count++;
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int note_paths(int count, char **operands)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		unsigned before = job.path_count, kept = before;
		char *argument[] = {NULL, operands[i]};

		if (!is_directory(operands[i])) {
			note_path(operands[i]);
			continue;
		}
		status |= replay_paths(2, argument, note_path);
		for (unsigned k = before; k < job.path_count; k++)
			if (is_text_name(job.paths[k]))
				job.paths[kept++] = job.paths[k];
			else
				free(job.paths[k]);
		job.path_count = kept;
	}
	return status;
}

static void show_progress(void)
{
	enum { WIDTH = 40 };
	time_t now = time(NULL);
	unsigned filled = job.path_count ? job.done * WIDTH / job.path_count : WIDTH;

	if (now - job.shown < (job.terminal ? 1 : 10))
		return;
	job.shown = now;
	if (job.terminal)
		fprintf(stderr, "\r\033[K[%.*s%.*s] ", (int)filled, "########################################",
			(int)(WIDTH - filled), "                                        ");
	fprintf(stderr, "sweep: %u of %u programs, %llu runs, %u signatures%s", job.done, job.path_count,
		(unsigned long long)table.runs, table.signature_count, job.terminal ? "" : "\n");
}

/* Where the first run of a signature was, for people: file, allocator and faults. */
static void describe(char *where, const char *path, const struct fault_injection *faults, unsigned count)
{
	size_t used = (size_t)snprintf(where, SWEEP_WHERE_MAX, "%.1000s, %s", path, one.config.allocator->name);

	for (unsigned i = 0; i < count && used < SWEEP_WHERE_MAX; i++)
		used += (size_t)snprintf(where + used, SWEEP_WHERE_MAX - used, ", fault_set %s %u %u%s%.0u",
					 fault_rows[faults[i].point].name, faults[i].nth, faults[i].count,
					 faults[i].interval ? " interval " : "", faults[i].interval);
}

/* A full disk ends the sweep; a program that does not show its finding again does not. */
static void save(struct sweep_signature *entry, struct program *p)
{
	char path[1024];
	size_t used = strlen(entry->where);

	if (!job.out || job.lost)
		return;
	errno = 0;
	if (p && sweep_save(&session, &one, p, entry->signature, job.out, path, sizeof(path))) {
		snprintf(entry->where + used, SWEEP_WHERE_MAX - used, "\n  %s", path);
		return;
	}
	if (job.terminal)
		fprintf(stderr, "\r\033[K");
	fprintf(stderr, "slabfuzz sweep: --out %s: cannot save %s: %s\n", job.out, entry->signature,
		errno ? strerror(errno) : "it does not show again");
	job.unsaved = true;
	job.lost = errno != 0;
	interrupted |= job.lost;
}

/* False iff the faults did not trip. */
static bool run(const char *path, const struct fault_injection *faults, unsigned count)
{
	const struct finding *finding;
	struct sweep_signature *entry;
	struct fault_trip trip;
	enum sweep_outcome outcome = sweep_run(&session, &one, faults, count, &finding, &trip);

	table.runs++;
	if (outcome == SWEEP_NOT_TRIPPED)
		return false;
	table.outcomes[one.program->ops[trip.op].verb][trip.point][outcome]++;
	if (finding && sweep_table_add(&table, finding->signature, &entry)) {
		describe(entry->where, path, faults, count);
		save(entry, sweep_program(&variant, &one, faults, count) ? &variant : NULL);
	}
	show_progress();
	return true;
}

static uint32_t hits_of(unsigned point)
{
	uint32_t hits = job.points >> point & 1 ? one.hits[point] : 0;

	return job.limit && hits > job.limit ? (uint32_t)job.limit : hits;
}

/* Another one at each hit, spread over the structure; all of them are for --bit-flips. */
static uint32_t bit_of(unsigned point, uint32_t nth)
{
	enum { STRIDE = 7919, MASK = 0xffff };

	return FAULT_FLIPS >> point & 1 ? nth * STRIDE & MASK : 0;
}

static void sweep_singles(const char *path)
{
	for (unsigned point = 0; point < FAULT_COUNT; point++)
		for (uint32_t nth = 1; nth <= hits_of(point) && !interrupted; nth++) {
			struct fault_injection once = {
				.point = point, .nth = nth, .count = 1, .bit = bit_of(point, nth)};
			struct fault_injection on = once;

			on.count = FAULT_FOR_EVER;
			run(path, &once, 1);
			run(path, &on, 1);
		}
}

/* The second point is hit more or less often once the first has failed, so it is tried until it does not trip. */
static void sweep_pair(const char *path, unsigned a, unsigned b)
{
	struct fault_injection pair[2] = {{.point = a, .count = 1}, {.point = b, .count = 1}};

	for (pair[0].nth = 1; pair[0].nth <= hits_of(a); pair[0].nth++)
		for (pair[1].nth = 1; !interrupted; pair[1].nth++)
			if ((job.limit && pair[1].nth > job.limit) || !run(path, pair, 2))
				break;
}

/* Two hits of one point. */
static void sweep_twice(const char *path, unsigned point)
{
	struct fault_injection twice = {.point = point, .count = 2};

	for (twice.nth = 1; twice.nth < hits_of(point); twice.nth++)
		for (twice.interval = 1; twice.nth + twice.interval <= hits_of(point) && !interrupted; twice.interval++)
			run(path, &twice, 1);
}

static void sweep_pairs(const char *path)
{
	for (unsigned point = 0; point < FAULT_COUNT; point++)
		sweep_twice(path, point);
	for (unsigned a = 0; a < FAULT_COUNT; a++)
		for (unsigned b = a + 1; b < FAULT_COUNT; b++)
			if (hits_of(a) && job.points >> b & 1)
				sweep_pair(path, a, b);
}

static void found_between(void *context, struct program *found, const struct finding *finding)
{
	struct sweep_signature *entry;

	if (!sweep_table_add(&table, finding->signature, &entry))
		return;
	snprintf(entry->where, SWEEP_WHERE_MAX, "%.1000s, %s", (const char *)context, one.config.allocator->name);
	save(entry, found);
}

static bool goes_on(void *context)
{
	(void)context;
	table.runs = irq_table.runs;
	show_progress();
	return !interrupted;
}

static void sweep_between(const char *path)
{
	static char name[1024];
	const struct sweep_irq sweep = {&session, &one, (unsigned)job.limit, &irq_table, found_between, goes_on, name};

	snprintf(name, sizeof(name), "%s", path);
	if (!one.plain.count)
		sweep_irq_case(&sweep);
}

/* The profile safe without misuse in place of what the program says; the machine stays. */
static void make_safe(struct program *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->setting_count; i++) {
		const char *key = p->settings[i].key;

		if (strncmp(key, "policy.", 7) != 0 && strcmp(key, "profile") != 0 && strcmp(key, "misuse") != 0 &&
		    strcmp(key, "dma") != 0 && strcmp(key, "peers") != 0)
			p->settings[kept++] = p->settings[i];
	}
	p->setting_count = kept;
	program_set(p, "profile", "safe");
}

static int sweep_world(const char *path, const char *allocator)
{
	struct world_config config;
	int status;

	world_program = program;
	if (job.safe)
		make_safe(&world_program);
	if (allocator)
		program_set(&world_program, "allocator", allocator);
	if (job.damage)
		program_set(&world_program, "damage", "1");
	status = program_world(path, &world_program, &job.overrides, &config);
	if (status)
		return status;
	sweep_begin(&session, &one, &world_program, &config);
	table.programs++;
	if (one.plain.count > 0 && !job.unclean) {
		table.unclean++;
		return 0;
	}
	if (job.irq) {
		sweep_between(path);
		return 0;
	}
	sweep_singles(path);
	if (job.pairs)
		sweep_pairs(path);
	return 0;
}

static int sweep_file(const char *path)
{
	int status = program_load(path, NULL, &program, &notes);

	if (!status && !job.allocator_count)
		status = sweep_world(path, NULL);
	for (unsigned i = 0; i < job.allocator_count && !status; i++)
		status = sweep_world(path, job.allocators[i]);
	job.done++;
	return status;
}

static int report(void)
{
	double seconds = (double)clock() / CLOCKS_PER_SEC;

	if (job.terminal)
		fprintf(stderr, "\r\033[K");
	if (job.irq)
		sweep_irq_print(&irq_table, &table, stdout);
	else
		sweep_table_print(&table, stdout);
	if (seconds > 0 && tool_flush())
		fprintf(stderr, "%.1f s of processor time, %.0f runs a second\n", seconds,
			(double)table.runs / seconds);
	if (interrupted)
		fprintf(stderr, "interrupted: %u of %u programs were done\n", job.done, job.path_count);
	if (job.unsaved)
		return STATUS_USAGE;
	return interrupted || table.signature_count ? STATUS_FINDING : STATUS_CLEAN;
}

int tool_sweep(int argc, char **argv)
{
	int status;

	job.points = default_points();
	status = tool_parse(argc, argv, take_option, NULL);
	if (status)
		return status;
	if ((optind == argc) != job.flips)
		return tool_usage("sweep", job.flips ? "--bit-flips has a program of its own" : "which file?");
	if (job.markdown && !job.flips)
		return tool_usage("sweep", "--markdown is for --bit-flips");
	if (job.irq && (job.pairs || job.flips || job.unclean || job.damage))
		return tool_usage("sweep", "--irq fails nothing: it goes with none of --pairs, --unclean, --faults");
	if (job.out && !tool_make_directory(job.out))
		return tool_option_error("sweep", "out", job.out, strerror(errno));
	if (note_paths(argc - optind, argv + optind))
		return STATUS_USAGE;
	if (!session_create(&session))
		return STATUS_FRAMEWORK;
	session.always_runs = true;
	job.terminal = isatty(STDERR_FILENO);
	job.shown = time(NULL);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (job.flips) {
		status = sweep_flips(&session, &interrupted, job.markdown, stdout) ? STATUS_CLEAN : STATUS_FINDING;
		session_destroy(&session);
		return status;
	}
	for (unsigned i = 0; i < job.path_count && !interrupted; i++) {
		status = sweep_file(job.paths[i]);
		if (status)
			return status;
	}
	status = job.lost ? STATUS_USAGE : report();
	session_destroy(&session);
	return status;
}
