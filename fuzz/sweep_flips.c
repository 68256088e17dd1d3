/* SPDX-License-Identifier: MIT */
#include "fuzz/sweep_flips.h"

#include <stdlib.h>
#include <string.h>

enum {
	FLIPS_PER_TIME = 256,
	STRIDE = 7919, /* prime: flips spread over a structure whatever its size */
	BIT_MASK = 0xffff,
	OPS_MAX = 64,
};

/* Objects of three kinds, some freed; then traffic.  The bits flip before these ops. */
static const unsigned flip_times[] = {9, 17};
static const char flip_program[] = "c0 = kmem_cache_create 72 0 0\n"
				   "o0 = kmalloc 64 GFP_KERNEL repeat=4\n"
				   "o4 = kmem_cache_alloc c0 GFP_KERNEL repeat=4\n"
				   "o8 = kmalloc 200 GFP_KERNEL repeat=3\n"
				   "obj_write o0 0 64 0x11\n"
				   "obj_write o4 0 72 0x22\n"
				   "kfree o1\n"
				   "kmem_cache_free c0 o5\n"
				   "kfree o9\n"
				   "o11 = kmalloc 64 GFP_KERNEL\n"
				   "o12 = kmem_cache_alloc c0 GFP_KERNEL\n"
				   "o13 = kmalloc 200 GFP_KERNEL\n"
				   "kfree o2\n"
				   "kmem_cache_free c0 o6\n"
				   "kfree o8\n"
				   "obj_read o0 0 64\n"
				   "obj_read o4 0 72\n"
				   "o14 = kmalloc 64 GFP_KERNEL repeat=2\n"
				   "o16 = kmem_cache_alloc c0 GFP_KERNEL repeat=2\n"
				   "o18 = kmalloc 200 GFP_KERNEL repeat=2\n"
				   "kfree o0\n"
				   "kmem_cache_free c0 o4\n"
				   "kfree o10\n"
				   "o20 = kmalloc 64 GFP_KERNEL\n"
				   "o21 = kmem_cache_alloc c0 GFP_KERNEL\n"
				   "o22 = kmalloc 200 GFP_KERNEL\n"
				   "kfree o14\n"
				   "kmem_cache_free c0 o16\n"
				   "kfree o18\n";

static const struct flip_world {
	const char *allocator, *debug;
} flip_worlds[] = {
	{"slab", "-"}, {"slab", "FZPU"}, {"slub", "-"}, {"slub", "FZPU"}, {"slob-2622", "-"}, {"slob-2624", "-"},
};

/* What became of a flip. */
enum fate { FATE_REPORTED, FATE_CRASHED, FATE_SILENT, FATE_NONE, FATE_COUNT };

/* Sits in front of the oracles. */
struct watch_first {
	struct world *world;
	bool reported, crashed;
	uint32_t op; /* of the first of either */
};

static void observe(void *context, const struct event *event)
{
	struct watch_first *watch = context;
	bool first = !watch->reported && !watch->crashed;

	switch (event->kind) {
	case EVENT_REPORT:
	case EVENT_CHECK:
	case EVENT_PAGE_BAD:
	case EVENT_KERNEL_BUG:
		watch->reported |= first;
		break;
	case EVENT_OOPS:
	case EVENT_HANG:
		watch->crashed |= first;
		break;
	default:
		first = false;
		break;
	}
	if (first)
		watch->op = watch->world->sim.op;
	world_observe(watch->world, event);
}

struct flip_row {
	unsigned fates[FATE_COUNT], flips;
	unsigned latency[OPS_MAX]; /* reports by the number of ops after the flip */
	unsigned latest;
};

static void run_flip(struct session *s, const struct sweep_case *c, const struct fault_injection *flip,
		     struct flip_row *row)
{
	struct watch_first watch = {.world = &s->world};
	const struct finding *finding = NULL;
	enum sweep_outcome outcome;
	unsigned after;

	s->world.sim.observe = observe;
	s->world.sim.observe_context = &watch;
	outcome = sweep_run(s, c, flip, 1, &finding, NULL);
	s->world.sim.observe = world_observe;
	s->world.sim.observe_context = &s->world;
	if (outcome == SWEEP_NOT_TRIPPED || !s->executor.flipped)
		return;
	row->flips++;
	row->fates[watch.reported ? FATE_REPORTED : watch.crashed ? FATE_CRASHED : finding ? FATE_SILENT : FATE_NONE]++;
	if (!watch.reported)
		return;
	after = watch.op + 1 - flip->nth;
	invariant(after < OPS_MAX);
	row->latency[after]++;
	row->latest = after > row->latest ? after : row->latest;
}

static unsigned median(const struct flip_row *row)
{
	unsigned seen = 0, after = 0;

	while (2 * (seen += row->latency[after]) < row->fates[FATE_REPORTED])
		after++;
	return after;
}

static void print_heading(bool markdown, FILE *out)
{
	static const char *const cells[] = {"allocator", "debug",         "structure", "flips",           "reported",
					    "crashed",   "silent damage", "no effect", "ops to a report", "at most"};
	unsigned count = sizeof(cells) / sizeof(cells[0]);

	for (unsigned i = 0; i < count; i++)
		fprintf(out, markdown ? (i ? " %s |" : "| %s |") : "%-15s ", cells[i]);
	for (unsigned i = 0; markdown && i < count; i++)
		fprintf(out, i ? " --- |" : "\n| --- |");
	fputc('\n', out);
}

static void print_row(const struct flip_world *w, unsigned point, const struct flip_row *row, bool markdown, FILE *out)
{
	const char *structure = fault_rows[point].name + sizeof("flip_") - 1;
	char latency[2][16] = {"-", "-"};

	if (!row->flips)
		return;
	if (row->fates[FATE_REPORTED]) {
		snprintf(latency[0], sizeof(latency[0]), "%u", median(row));
		snprintf(latency[1], sizeof(latency[1]), "%u", row->latest);
	}
	fprintf(out, markdown ? "| `%s` | `%s` | %s | %u |" : "%-15s %-15s %-15s %-15u ", w->allocator, w->debug,
		structure, row->flips);
	for (unsigned fate = 0; fate < FATE_COUNT; fate++)
		fprintf(out, markdown ? " %5.1f %% |" : "%5.1f %%         ", 100.0 * row->fates[fate] / row->flips);
	fprintf(out, markdown ? " %s | %s |\n" : "%-15s %s\n", latency[0], latency[1]);
}

static void measure(struct session *s, const struct sweep_case *c, unsigned point, struct flip_row *row)
{
	struct fault_injection flip = {.point = point, .count = 1};

	*row = (struct flip_row){.flips = 0};
	for (unsigned t = 0; t < sizeof(flip_times) / sizeof(flip_times[0]); t++)
		for (unsigned i = 0; i < FLIPS_PER_TIME; i++) {
			flip.nth = flip_times[t] + 1;
			flip.bit = i * STRIDE & BIT_MASK;
			run_flip(s, c, &flip, row);
		}
}

static void set_world(struct program *p, const struct flip_world *w)
{
	program_set(p, "allocator", w->allocator);
	program_set(p, "debug", w->debug);
	program_set(p, "damage", "1");
}

bool sweep_flips(struct session *s, const volatile int *stop, bool markdown, FILE *out)
{
	static struct program p;
	static struct sweep_case c;
	struct world_config config;
	struct text_error error;
	struct flip_row row;

	print_heading(markdown, out);
	for (unsigned w = 0; w < sizeof(flip_worlds) / sizeof(flip_worlds[0]); w++) {
		if (!program_parse(&p, NULL, flip_program, sizeof(flip_program) - 1, &error))
			abort();
		set_world(&p, &flip_worlds[w]);
		world_config_default(&config);
		if (!world_config_resolve(&config, &p, &error))
			abort();
		sweep_begin(s, &c, &p, &config);
		for (unsigned point = FAULT_flip_object; point <= FAULT_flip_descriptor; point++) {
			if (stop && *stop)
				return false;
			measure(s, &c, point, &row);
			print_row(&flip_worlds[w], point, &row, markdown, out);
		}
	}
	return true;
}
