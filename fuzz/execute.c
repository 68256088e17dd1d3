/* SPDX-License-Identifier: MIT */
/* The only loop: run op, let events reach the oracles, next.  Re-entrant: an interrupt block nests inside an op. */
#include "fuzz/execute.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/event_log.h"

static run_op *const dispatch[OP_COUNT] = {
#define OP(verb, ...) run_##verb,
#include "program/ops.def"
#undef OP
};

static const char *const result_names[] = {"ok", "skip", "failed"};

bool executor_create(struct executor *x, struct world *world)
{
	memset(x, 0, sizeof(*x));
	x->world = world;
	x->schedule.watched = SCHEDULE_UNWATCHED;
	x->sim = &world->sim;
	x->allocator = &world->allocator;
	x->objects = calloc(OBJECT_HANDLES_MAX, sizeof(*x->objects));
	x->object_pins = calloc(OBJECT_HANDLES_MAX, sizeof(*x->object_pins));
	x->sim->device = &x->device;
	world->oracle_context.objects = x->objects;
	world->oracle_context.object_count = &x->count[YIELDS_OBJECT];
	return x->objects && x->object_pins;
}

void executor_destroy(struct executor *x)
{
	free(x->objects);
	free(x->object_pins);
	memset(x, 0, sizeof(*x));
}

struct object *live_object(struct executor *x, uint32_t handle)
{
	if (handle >= x->count[YIELDS_OBJECT] || x->objects[handle].state != OBJECT_LIVE)
		return NULL;
	return &x->objects[handle];
}

target_addr_t memory_address(struct executor *x, uint32_t memory, uint64_t *size)
{
	uint32_t index = memory & ~HANDLE_OTHER;

	*size = 0;
	if (memory == HANDLE_NONE)
		return 0;
	if (memory & HANDLE_OTHER) {
		if (index >= x->count[YIELDS_PAGE] || x->pages[index].frame == FRAME_NONE)
			return 0;
		*size = (uint64_t)PAGE_SIZE << x->pages[index].order;
		return page_address(x->pages[index].frame) + (x->pages[index].vmap_of ? VMAP_BASE - RAM_BASE : 0);
	}
	if (index >= x->count[YIELDS_OBJECT] || x->objects[index].state == OBJECT_NEVER)
		return 0;
	*size = x->objects[index].size;
	return x->objects[index].addr;
}

/* The page of an object may be named while the object lives, and as long as a reference is held. */
static bool page_is_live(struct executor *x, uint32_t index)
{
	const struct page_handle *p = index < x->count[YIELDS_PAGE] ? &x->pages[index] : NULL;

	if (p && p->vmap_of) {
		invariant(p->vmap_of <= x->count[YIELDS_PAGE]);
		p = &x->pages[p->vmap_of - 1];
	}
	if (!p || !p->object)
		return p && p->live;
	return p->frame != FRAME_NONE && (p->extra_references || live_object(x, p->object - 1));
}

bool memory_is_live(struct executor *x, uint32_t memory)
{
	uint32_t index = memory & ~HANDLE_OTHER;

	if (memory == HANDLE_NONE)
		return false;
	if (memory & HANDLE_OTHER)
		return page_is_live(x, index);
	return live_object(x, index) && target_in_ram(x->sim, x->objects[index].addr, 1);
}

uint64_t size_value(const struct executor *x, uint32_t arg)
{
	uint64_t max = x->sim->layout->word == 8 ? UINT64_MAX : UINT32_MAX;

	return arg >= SIZE_NEAR_MAX ? max - (0xffffffffu - arg) : arg;
}

static void emit_op(struct executor *x, enum event_kind kind, unsigned i, const char *text, enum op_result result)
{
	struct event event = {.kind = kind, .id = i, .text = text, .value = result};

	if (x->world->log || (x->world->wants >> kind & 1))
		sim_emit(x->sim, &event);
}

struct slots {
	void *array;
	size_t element;
};

/* Where the handles of a class keep what they stand for. */
static struct slots slots_of(struct executor *x, enum yields class)
{
	switch (class) {
	case YIELDS_OBJECT:
		return (struct slots){x->objects, sizeof(x->objects[0])};
	case YIELDS_KMEM_CACHE:
		return (struct slots){x->caches, sizeof(x->caches[0])};
	case YIELDS_PAGE:
		return (struct slots){x->pages, sizeof(x->pages[0])};
	case YIELDS_MAPPING:
		return (struct slots){x->mappings, sizeof(x->mappings[0])};
	case YIELDS_POOL:
		return (struct slots){x->pools, sizeof(x->pools[0])};
	case YIELDS_SG:
		return (struct slots){x->lists, sizeof(x->lists[0])};
	case YIELDS_VMA:
		return (struct slots){x->mm.vma, sizeof(x->mm.vma[0])};
	case YIELDS_BIO:
		return (struct slots){x->bios, sizeof(x->bios[0])};
	case YIELDS_SKB:
		return (struct slots){x->skbs, sizeof(x->skbs[0])};
	default:
		return (struct slots){NULL, 0};
	}
}

/*
 * Handles exist from the moment their op is reached, even if it yields nothing: their slots become "never allocated".
 * Those of ops inside an interrupt block are used later.
 */
static void reserve_handles(struct executor *x, unsigned i)
{
	const struct op *op = &x->program->ops[i];
	enum yields class = op_descriptors[op->verb].yields;
	uint32_t end = x->first[i] + op_yield_count(op), from = x->count[class];
	struct slots slots = slots_of(x, class);

	x->yield = x->first[i];
	if (!slots.array || end <= from)
		return;
	invariant(end <= (class == YIELDS_OBJECT ? (uint32_t)OBJECT_HANDLES_MAX : (uint32_t)PROGRAM_OPS_MAX));
	memset((char *)slots.array + from * slots.element, 0, (end - from) * slots.element);
	if (class == YIELDS_OBJECT)
		memset(x->object_pins + from, 0, (end - from) * sizeof(x->object_pins[0]));
	for (uint32_t page = from; class == YIELDS_PAGE && page < end; page++)
		x->pages[page].frame = FRAME_NONE;
	x->count[class] = end;
}

static void run_one(struct executor *x, unsigned i)
{
	struct sim *sim = x->sim;
	const struct op *op = &x->program->ops[i];
	const char *by = sim->by;
	uint32_t number = sim->op, steps = sim->steps, yield = x->yield, fail_nth = sim->faults.fail_nth;
	enum op_result result;

	invariant(i < x->program->op_count && op->verb < OP_COUNT && !sim->under_test && sim->cpu < sim->cpus);
	sim->overdue = false;
	sim->by = op_descriptors[op->verb].name;
	sim->op = i;
	sim->steps = STEPS_PER_OP;
	sim->faults.fail_nth = op->fail_nth;
	reserve_handles(x, i);
	x->world->oracle_context.depth++;
	emit_op(x, EVENT_OP_BEGIN, i, sim->by, RESULT_OK);
	if (unlikely(sim->faults.armed & FAULT_FLIPS))
		flip_bits(x);
	result = dispatch[op->verb](x, op);
	emit_op(x, EVENT_OP_END, i, result_names[result], result);
	x->world->oracle_context.depth--;
	x->skipped[i] = result == RESULT_SKIP;
	sim->by = by;
	sim->op = number;
	sim->steps = steps;
	sim->faults.fail_nth = fail_nth;
	x->yield = yield;
}

static void run_cpu_block(struct executor *x, const struct op *op, unsigned from, unsigned to)
{
	unsigned cpu = x->sim->cpu;

	x->sim->cpu = op->arg[0] % x->sim->cpus;
	run_range(x, from, to);
	x->sim->cpu = cpu;
}

/* Runs the header (its own event) and returns the index after the block. */
static unsigned open_block(struct executor *x, unsigned i)
{
	const struct op *op = &x->program->ops[i];
	unsigned length = op->arg[op->verb == OP_irq ? 0 : 1];
	unsigned from = i + 1, to = i + 1 + length;

	invariant(to <= x->program->op_count);
	run_one(x, i);
	if (op->verb == OP_cpu)
		run_cpu_block(x, op, from, to);
	else
		schedule_add(x, i, from, to);
	return to;
}

void run_range(struct executor *x, unsigned from, unsigned to)
{
	unsigned i = from;

	invariant(from <= to && to <= x->program->op_count);
	while (i < to && !x->over) {
		if (op_descriptors[x->program->ops[i].verb].flags & OP_OPENS_BLOCK) {
			i = open_block(x, i);
			continue;
		}
		run_one(x, i++);
		/* They come after the op at the latest. */
		if (unlikely(x->schedule.count))
			schedule_flush(x);
	}
}

static void begin(struct executor *x, const struct program *p)
{
	struct world *world = x->world;

	x->program = p;
	memset(x->count, 0, sizeof(x->count));
	schedule_begin(x);
	x->in_irq = 0;
	x->chain_mutex = false;
	x->busy = NULL;
	x->over = x->misused = x->ending = false;
	x->rcu_queued = x->lock_count = x->readers_begun = 0;
	if (x->mm.used)
		page_tables_reset(&x->mm);
	x->late.pending = false;
	x->flipped = 0;
	x->frag.page = FRAME_NONE;
	dma_device_begin(&x->device);
	memset(x->skipped, 0, p->op_count * sizeof(x->skipped[0]));
	program_number_handles(p, x->first);
	for (unsigned i = 0; i < x->injected_count; i++) {
		invariant(x->injected[i].point < FAULT_COUNT);
		fault_set(&x->sim->faults, x->injected[i].point, x->injected[i].nth, x->injected[i].count);
		fault_attribute_set(&x->sim->faults, x->injected[i].point, FAULT_ATTRIBUTE_bit, x->injected[i].bit);
		fault_attribute_set(&x->sim->faults, x->injected[i].point, FAULT_ATTRIBUTE_interval,
				    x->injected[i].interval);
	}
	for (unsigned i = 0; i < oracle_count; i++)
		oracles[i]->begin(world->oracle_state[i], &world->oracle_context);
}

static void run_once(struct executor *x, const struct program *p, const struct world_config *config)
{
	struct world *world = x->world;

	x->runs++;
	world_prepare(world, config);
	begin(x, p);
	x->sim->recovery = &x->recovery;
	if (setjmp(x->recovery) != 0) {
		/* The allocator's own check, which an oracle asks for at the end, may fail once more. */
		if (x->ending) {
			x->sim->recovery = NULL;
			return;
		}
		x->over = true;
	} else {
		run_range(x, 0, p->op_count);
		/* A block's last op may have been the header of another. */
		while (x->schedule.count)
			schedule_flush(x);
		if (config->drain)
			executor_drain(x);
		/* What oracles find now is of no op, and came after all of them. */
		x->sim->op = p->op_count;
	}
	x->ending = true;
	emit_op(x, EVENT_OVER, p->op_count, x->over ? "crashed" : "ended", RESULT_OK);
	for (unsigned i = 0; i < oracle_count; i++)
		if (oracles[i]->end)
			oracles[i]->end(world->oracle_state[i], &world->oracle_context, &world->findings);
	x->sim->recovery = NULL;
}

void executor_run(struct executor *x, const struct program *p, const struct world_config *config)
{
	struct oracle_context *context = &x->world->oracle_context;

	invariant(!x->running);
	x->running = p;
	context->runs = config->peer_count + 1;
	/* The world's own allocator comes last, so that what is left behind is its. */
	for (context->run = 0; unlikely(context->run < config->peer_count); context->run++) {
		struct world_config peer = *config;

		peer.allocator = config->peers[context->run];
		run_once(x, p, &peer);
	}
	run_once(x, p, config);
	x->running = NULL;
}

target_addr_t cache_address(struct executor *x, uint32_t handle)
{
	if (handle & HANDLE_OTHER)
		return (handle & ~HANDLE_OTHER) < x->count[YIELDS_KMEM_CACHE] ? x->caches[handle & ~HANDLE_OTHER].addr
									      : 0;
	return world_boot_cache(x->world, handle);
}

static bool page_value(struct executor *x, const struct program_assert *a, target_addr_t addr, uint64_t *value)
{
	static const struct {
		const char *name;
		enum layout_field field;
	} members[] = {
#define FIELD(structure, field, ...) {#structure "." #field, LF_##structure##_##field},
#define SIZE(...)
#include "sim/layout.def"
#undef FIELD
#undef SIZE
	};
	char name[40];
	frame_t frame = virt_to_frame(x->sim, addr);

	snprintf(name, sizeof(name), "page.%s", a->field);
	if (frame == FRAME_NONE)
		return false;
	for (unsigned i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(members[i].name, name)) {
			*value = page_member(x->sim, frame, members[i].field);
			return true;
		}
	return false;
}

/* Under all accessors: to look is no access. */
static SIM_UNCHECKED bool byte_value(const struct executor *x, target_addr_t addr, uint64_t *value)
{
	const volatile uint8_t *byte = target_pointer(addr);

	if (!target_in_ram(x->sim, addr, 1))
		return false;
	*value = *byte;
	return true;
}

static bool assert_value(struct executor *x, const struct program_assert *a, uint64_t *value)
{
	const struct allocator_ops *ops = x->allocator->ops;
	target_addr_t addr;
	uint64_t size;

	switch (a->what) {
	case ASSERT_ADDR:
		*value = memory_address(x, a->operand, &size);
		return *value != 0;
	case ASSERT_KSIZE:
		addr = memory_address(x, a->operand, &size);
		*value = ops->ksize ? UNDER_TEST(x->sim, ops->ksize(x->allocator, addr)) : 0;
		return ops->ksize != NULL;
	case ASSERT_PAGE:
		return page_value(x, a, memory_address(x, a->operand, &size), value);
	case ASSERT_FAULT:
		*value = x->sim->fault_address;
		return true;
	case ASSERT_NR_PARTIAL:
		addr = cache_address(x, a->operand);
		*value = ops->nr_partial ? UNDER_TEST(x->sim, ops->nr_partial(x->allocator, addr)) : 0;
		return ops->nr_partial != NULL;
	case ASSERT_BYTE:
		return byte_value(x, memory_address(x, a->operand, &size), value);
	case ASSERT_MAPPED:
		*value = a->operand < x->count[YIELDS_MAPPING] && x->mappings[a->operand].live;
		return true;
	default:
		return false;
	}
}

bool executor_assert(struct executor *x, const struct program_assert *a, char *why, size_t size)
{
	uint64_t value = 0;

	if (setjmp(x->recovery) != 0) {
		snprintf(why, size, "evaluating it crashed");
		return false;
	}
	x->sim->recovery = &x->recovery;
	if (!assert_value(x, a, &value)) {
		snprintf(why, size, "there is no such value");
		return false;
	}
	if (a->modulus)
		value %= a->modulus;
	snprintf(why, size, "it is 0x%" PRIx64, value);
	return value == a->value;
}
