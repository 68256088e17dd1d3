/* SPDX-License-Identifier: MIT */
/* The emitter shared by all trace formats: addresses become handles, cpus become blocks, ends become frees. */
#include "fuzz/import.h"

#include <string.h>

#include "sim/invariant.h"

enum { SIZE_EXACT_MAX = 65535, SIZE_LARGEST = (8 << 20) - 8, ORDER_LARGEST = 10, BLOCK_OPS_MAX = 255 };

static const char *const gfp_names[] = {
#define GFP(name, bits) name,
#include "sim/gfp.def"
#undef GFP
};

static uint32_t gfp_row(const char *name)
{
	for (uint32_t i = 0; i < sizeof(gfp_names) / sizeof(gfp_names[0]); i++)
		if (strcmp(gfp_names[i], name) == 0)
			return i;
	invariant(false); /* importers name rows of sim/gfp.def only */
	return 0;
}

static void start_program(struct importer *im)
{
	memset(&im->program, 0, sizeof(im->program));
	memset(im->slots, 0, sizeof(im->slots));
	im->live_count = 0;
	im->objects = 0;
	im->pages = 0;
	im->block_op = 0;
	im->cpu = 0;
	im->cpu_count = 1;
}

void importer_begin(struct importer *im, import_sink *sink, void *context, unsigned ops_max)
{
	memset(&im->counts, 0, sizeof(im->counts));
	im->sink = sink;
	im->context = context;
	im->stopped = false;
	im->ops_max = ops_max < IMPORT_OPS_MIN ? IMPORT_OPS_MIN : ops_max;
	if (im->ops_max > PROGRAM_OPS_MAX)
		im->ops_max = PROGRAM_OPS_MAX;
	start_program(im);
}

/* The slot of an address, or the empty slot where it belongs. */
static struct import_slot *slot_of(struct importer *im, uint64_t address, bool page)
{
	uint64_t hash = (address ^ (page ? 0x5bd1e995u : 0u)) * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(hash >> 54);

	for (;; i = (i + 1) % IMPORT_SLOTS) {
		struct import_slot *s = &im->slots[i];

		if (s->state == SLOT_EMPTY)
			return s;
		if (s->state == SLOT_LIVE && s->address == address && s->page == page)
			return s;
	}
}

static void append(struct importer *im, enum verb verb, uint32_t a, uint32_t b, uint32_t c)
{
	invariant(im->program.op_count < PROGRAM_OPS_MAX);
	im->program.ops[im->program.op_count++] = (struct op){.verb = (uint8_t)verb, .repeat = 1, .arg = {a, b, c, 0}};
}

/* Opens a block for a cpu other than 0, keeps an open one of the same cpu, and counts the op about to come. */
static void enter_cpu(struct importer *im, unsigned cpu)
{
	cpu %= IMPORT_CPUS_MAX;
	if (im->block_op && (im->cpu != cpu || im->program.ops[im->block_op - 1].arg[1] == BLOCK_OPS_MAX))
		im->block_op = 0;
	if (cpu == 0)
		return;
	if (!im->block_op) {
		/* A free has its op reserved but not a block: then it runs on cpu 0. */
		if (im->program.op_count + im->live_count + 1 > im->ops_max)
			return;
		append(im, OP_cpu, cpu, 0, 0);
		im->block_op = im->program.op_count;
		im->cpu = cpu;
	}
	if (im->cpu_count <= cpu)
		im->cpu_count = cpu + 1;
	im->program.ops[im->block_op - 1].arg[1]++;
}

static void append_free(struct importer *im, struct import_slot *s)
{
	append(im, s->page ? OP_free_pages : OP_kfree, s->handle, 0, 0);
	s->state = SLOT_GONE;
	im->live_count--;
}

static void finish_program(struct importer *im)
{
	if (im->program.op_count == 0)
		return;
	im->counts.cut += im->live_count;
	for (unsigned i = 0; i < IMPORT_SLOTS; i++)
		if (im->slots[i].state == SLOT_LIVE)
			append_free(im, &im->slots[i]);
	if (im->cpu_count > 1) {
		char digit[2] = {(char)('0' + im->cpu_count), 0};

		program_set(&im->program, "cpus", digit);
	}
	program_normalize(&im->program);
	im->counts.programs++;
	im->stopped = !im->sink(im->context, &im->program);
	start_program(im);
}

/* An allocation adds at most a block, itself and the free it will owe. */
static void make_room(struct importer *im)
{
	if (im->program.op_count + im->live_count + 3 > im->ops_max)
		finish_program(im);
}

static uint32_t size_in_range(struct importer *im, uint64_t size)
{
	if (size <= SIZE_EXACT_MAX)
		return (uint32_t)size;
	if (size > SIZE_LARGEST) {
		im->counts.clamped++;
		return SIZE_LARGEST;
	}
	return (uint32_t)(size + 7) & ~7u;
}

static void append_allocation(struct importer *im, const struct import_allocation *a)
{
	if (!a->page) {
		append(im, a->zero ? OP_kzalloc : OP_kmalloc, size_in_range(im, a->size), gfp_row(a->gfp), 0);
		return;
	}
	im->counts.clamped += a->size > ORDER_LARGEST;
	append(im, OP_alloc_pages, a->size > ORDER_LARGEST ? ORDER_LARGEST : (uint32_t)a->size, gfp_row(a->gfp), 0);
}

static void remember(struct importer *im, const struct import_allocation *a)
{
	struct import_slot *s = slot_of(im, a->address, a->page);

	*s = (struct import_slot){SLOT_LIVE, a->page, a->address, a->page ? im->pages++ : im->objects++};
	im->live_count++;
}

/* A trace with lost events shows an address twice: its first owner must have freed it. */
static void free_lost(struct importer *im, const struct import_allocation *a)
{
	struct import_slot *s = slot_of(im, a->address, a->page);

	if (s->state != SLOT_LIVE)
		return;
	im->counts.again++;
	enter_cpu(im, a->cpu);
	append_free(im, s);
}

void importer_allocate(struct importer *im, const struct import_allocation *a)
{
	im->counts.events++;
	if (im->stopped)
		return;
	if (a->address == 0) {
		im->counts.failed++;
		return;
	}
	free_lost(im, a);
	make_room(im);
	im->counts.allocations++;
	enter_cpu(im, a->cpu);
	append_allocation(im, a);
	remember(im, a);
}

void importer_free(struct importer *im, uint64_t address, bool page, unsigned cpu)
{
	struct import_slot *s;

	im->counts.events++;
	if (im->stopped)
		return;
	if (address == 0 && !page) {
		im->counts.null_frees++;
		return;
	}
	s = slot_of(im, address, page);
	if (s->state != SLOT_LIVE) {
		im->counts.unmatched++;
		return;
	}
	im->counts.frees++;
	enter_cpu(im, cpu);
	append_free(im, s);
}

void importer_reallocate(struct importer *im, uint64_t old_address, const struct import_allocation *a)
{
	struct import_slot *old;

	if (old_address)
		make_room(im); /* may end the program and with it the old object */
	old = slot_of(im, old_address, false);
	if (im->stopped || old_address == 0 || a->address == 0 || old->state != SLOT_LIVE) {
		im->counts.unmatched += old_address && !im->stopped && old->state != SLOT_LIVE;
		importer_allocate(im, a);
		return;
	}
	old->state = SLOT_GONE;
	im->live_count--;
	free_lost(im, a);
	im->counts.events++;
	im->counts.reallocations++;
	enter_cpu(im, a->cpu);
	append(im, OP_krealloc, old->handle, size_in_range(im, a->size), gfp_row(a->gfp));
	remember(im, a);
}

void importer_end(struct importer *im)
{
	if (!im->stopped)
		finish_program(im);
}

/* Verb and, for a size, its power of two. */
static uint32_t op_class(const struct op *op)
{
	bool sized = op_descriptors[op->verb].args[0] == ARG_SIZE || op_descriptors[op->verb].args[0] == ARG_ORDER;
	uint32_t class = 0;

	for (uint32_t size = sized ? op->arg[0] : 0; size; size >>= 1)
		class ++;
	return (uint32_t)op->verb * 33 + class;
}

static uint32_t pair_class(const struct program *p, unsigned i)
{
	return (op_class(&p->ops[i]) * 2654435761u ^ op_class(&p->ops[i + 1]) * 40503u) * 2246822519u;
}

bool import_adds(struct import_seen *seen, const struct program *p)
{
	bool adds = false;

	for (unsigned i = 0; i + 1 < p->op_count; i++) {
		uint32_t pair = pair_class(p, i);
		uint32_t bit, magnitude = 0;
		unsigned count = 0;

		for (unsigned k = 0; k <= i; k++)
			count += pair_class(p, k) == pair;
		for (; count; count >>= 1)
			magnitude++;
		bit = (pair ^ magnitude * 0x85ebca6bu) >> 16;
		adds = adds || !(seen->bits[bit / 8] >> (bit % 8) & 1);
		seen->bits[bit / 8] |= (uint8_t)(1u << (bit % 8));
	}
	return adds;
}
