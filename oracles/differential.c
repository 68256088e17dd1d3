/* SPDX-License-Identifier: MIT */
/*
 * Oracle differential: one program in the same world with several allocators (world key `peers`) gives its client the
 * same.  Compared per op, between runs that reached it and did it for the same objects: whether memory was refused, the
 * bytes that the client defined, what a constructor left, whether a kmem_cache could be destroyed.  The odd one out is
 * the culprit; without a majority it is the run of the world's own allocator, which comes last.
 *
 * Innocent: addresses and all that follows from them; a refusal after an injected fault, or when memory is so full or
 * broken up that a slab for the request may not fit; bytes that nobody defined; objects of kmem_caches whose objects
 * were written, which need not be constructed any more; ops that an allocator has no capability for; what follows an
 * interrupt block, for its place depends on the allocator, or a device's store.
 */
#include "oracles/attribution.h"

#include <string.h>

#define NAME "differential"

extern const struct oracle oracle_differential;

enum {
	RUNS_MAX = 8,
	OPS_MAX = 513, /* the last one is the drain */
	CACHES_MAX = 512,
	HANDLES_MAX = 32768,
	KERNEL_ROOM = 8192, /* bytes; more than the records of one kmem_cache */
	SLAB_ORDER = 3,     /* slabs of small objects have at most this order */
};

#define HASH_BASIS 2166136261u

/* What one run shows of one op. */
struct observation {
	const char *by;       /* verb; NULL: the op was not reached, or not done */
	uint32_t handles;     /* hash of the objects it was done for, and of what is known of them */
	uint32_t refused;     /* requests that were refused although memory was there */
	uint32_t excused;     /* other refusals */
	uint32_t contents;    /* hash of bytes that the client defined */
	uint32_t constructed; /* hash of objects as constructors left them */
	uint32_t busy;        /* kmem_caches that could not be destroyed */
};

struct run {
	const char *name;
	unsigned ops; /* observations in use */
	struct observation op[OPS_MAX];
};

struct differential {
	bool spoiled; /* nothing is comparable from here on */
	bool fault;   /* one was injected into the op under way */
	unsigned count;
	struct run runs[RUNS_MAX];
	/* Of the run under way. */
	uint32_t moved;                /* defined bytes that krealloc() takes along */
	bool constructs[CACHES_MAX];   /* by handle: has a constructor, and no object of it was written */
	uint32_t defined[HANDLES_MAX]; /* by handle: bytes from the start that the client defined */
};

/* FNV-1a, continued: the same values after something else give something else. */
static uint32_t hash_value(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * 16777619u;
}

static uint32_t hash_memory(const struct oracle_context *context, uint32_t hash, target_addr_t addr, uint64_t size)
{
	struct ram_range range = ram_range(context->sim, addr, size);

	for (uint32_t i = 0; i < range.size; i++)
		hash = hash_value(hash, cpu_byte(range.offset + i));
	return hash;
}

static void begin(void *state, const struct oracle_context *context)
{
	struct differential *d = state;
	unsigned run = context->run < RUNS_MAX ? context->run : RUNS_MAX - 1;

	if (context->run == 0)
		d->spoiled = false;
	d->fault = false;
	d->count = run + 1;
	memset(d->runs[run].op, 0, d->runs[run].ops * sizeof(d->runs[run].op[0]));
	d->runs[run].ops = 0;
	d->runs[run].name = context->sim->actor;
}

/* The observation of the op under way. */
static struct observation *now(struct differential *d, const struct oracle_context *context)
{
	struct run *run = &d->runs[d->count - 1];
	unsigned op = context->sim->op < OPS_MAX ? context->sim->op : OPS_MAX - 1;

	if (op >= run->ops)
		run->ops = op + 1;
	return &run->op[op];
}

static void on_op_begin(struct differential *d, const struct oracle_context *context, const struct event *event)
{
	now(d, context)->by = event->text;
	d->fault = false;
	d->moved = 0;
	if (strcmp(event->text, "irq") == 0)
		d->spoiled = true;
}

/*
 * Is there a free block in which a slab for the request fits, with another page or two beside it, and room in the
 * machine's kernel data, where the records of kmem_caches lie?
 */
static bool plenty(const struct sim *sim, uint64_t size)
{
	frame_t block = 2u << SLAB_ORDER, free = 0;

	while (block < sim->ram_frames && ((uint64_t)block << PAGE_SHIFT) / 4 < size)
		block *= 2;
	if (block >= sim->ram_frames || sim->heap_next + KERNEL_ROOM > KERNEL_HEAP_SIZE)
		return false;
	for (frame_t frame = 0; frame < sim->ram_frames; frame++) {
		if (frame % block == 0)
			free = 0;
		free += sim->frame_state[frame] == FRAME_FREE;
		if (free == block)
			return true;
	}
	return false;
}

static void on_refused(struct differential *d, const struct oracle_context *context, const struct event *event)
{
	struct observation *o = now(d, context);

	if (d->fault || !plenty(context->sim, event->size))
		o->excused++;
	else
		o->refused++;
}

static bool constructed(const struct differential *d, const struct object *o)
{
	uint32_t index;

	return origin_index(o->origin, ORIGIN_CREATED, &index) && index < CACHES_MAX && d->constructs[index];
}

/* Ops are compared if they were done for the same objects of which the same is known. */
static void tell_apart(struct observation *o, uint32_t handle, uint32_t known)
{
	o->handles = hash_value(hash_value(o->handles ^ HASH_BASIS, handle), known);
}

static void on_alloc(struct differential *d, const struct oracle_context *context, const struct event *event)
{
	struct observation *o = now(d, context);
	bool zeroed = strcmp(o->by, "kzalloc") == 0 || strcmp(o->by, "kcalloc") == 0;

	if (event->id >= HANDLES_MAX || !event->size)
		return;
	tell_apart(o, event->id, constructed(d, &context->objects[event->id]));
	d->defined[event->id] = zeroed                   ? (uint32_t)event->size
				: d->moved < event->size ? d->moved
							 : (uint32_t)event->size;
	if (constructed(d, &context->objects[event->id]))
		o->constructed = hash_memory(context, o->constructed ^ HASH_BASIS, event->addr, event->size);
}

static void on_write(struct differential *d, const struct oracle_context *context, const struct event *event)
{
	const struct object *o = &context->objects[event->id];
	uint64_t offset = event->addr - o->addr;
	uint32_t index;

	if (origin_index(o->origin, ORIGIN_CREATED, &index) && index < CACHES_MAX)
		d->constructs[index] = false;
	if (event->id < HANDLES_MAX && offset <= d->defined[event->id] && offset + event->size > d->defined[event->id])
		d->defined[event->id] = (uint32_t)(offset + event->size);
}

/* Its owner looks at it, for the last time or not. */
static void on_look(struct differential *d, const struct oracle_context *context, const struct event *event)
{
	struct observation *o = now(d, context);

	if (event->id >= HANDLES_MAX || !event->size)
		return;
	tell_apart(o, event->id, d->defined[event->id]);
	if (strcmp(o->by, "krealloc") == 0)
		d->moved = d->defined[event->id];
	o->contents =
		hash_memory(context, o->contents ^ HASH_BASIS, context->objects[event->id].addr, d->defined[event->id]);
}

static void on_create(struct differential *d, const struct event *event)
{
	if (event->id < CACHES_MAX)
		d->constructs[event->id] = (event->value >> 32) & (uint32_t)SLAB_CTOR;
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct differential *d = state;

	(void)out;
	if (d->spoiled)
		return;
	switch (event->kind) {
	case EVENT_OP_BEGIN:
		on_op_begin(d, context, event);
		break;
	case EVENT_OP_END:
		if (strcmp(event->text, "skip") == 0)
			now(d, context)->by = NULL;
		break;
	case EVENT_FAULT_TRIPPED:
		d->fault = true;
		break;
	case EVENT_REFUSED:
		on_refused(d, context, event);
		break;
	case EVENT_OBJECT_ALLOC:
		on_alloc(d, context, event);
		break;
	case EVENT_OBJECT_WRITE:
		on_write(d, context, event);
		break;
	case EVENT_OBJECT_READ:
	case EVENT_OBJECT_FREE:
		on_look(d, context, event);
		break;
	case EVENT_CACHE_CREATE:
		on_create(d, event);
		break;
	case EVENT_CACHE_DESTROY:
		now(d, context)->busy += event->value != DESTROY_OK;
		break;
	default: /* a device's store, or the end by a crash */
		d->spoiled = true;
		break;
	}
}

/* The run whose value most others do not have; the last one if there is no majority. */
static unsigned odd_one(const uint32_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned same = 0;

		for (unsigned k = 0; k < count; k++)
			same += values[k] == values[i];
		for (unsigned k = 0; k < count && 2 * same > count; k++)
			if (values[k] != values[i])
				return k;
	}
	return count - 1;
}

/* A difference in one value of an op; names[] belong to values[]. */
static void compare(const struct oracle_context *context, struct findings *out, unsigned op, const char *by,
		    const char *what, const uint32_t *values, const char *const *names, unsigned count)
{
	unsigned same = 0, odd;
	struct finding *finding;

	while (same < count && values[same] == values[0])
		same++;
	if (same == count)
		return;
	odd = odd_one(values, count);
	finding = finding_add(out, context, NAME, TITLE_DIFFERS, names[odd], what, by,
			      "op %u gives its client something else with %s than with", op, names[odd]);
	for (unsigned i = 0; i < count; i++)
		if (values[i] != values[odd])
			finding_detail(finding, "%s", names[i]);
	if (finding)
		finding->op = op;
}

/* Runs that did the op for the same objects as the last run: values of one member. */
static void compare_member(const struct differential *d, const struct oracle_context *context, struct findings *out,
			   unsigned op, const char *what, size_t member)
{
	const struct observation *last = &d->runs[d->count - 1].op[op];
	uint32_t values[RUNS_MAX];
	const char *names[RUNS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < d->count; i++) {
		const struct observation *o = &d->runs[i].op[op];

		if (op >= d->runs[i].ops || !o->by || o->handles != last->handles)
			continue;
		memcpy(&values[count], (const char *)o + member, sizeof(values[0]));
		names[count++] = d->runs[i].name;
	}
	if (count > 1)
		compare(context, out, op, last->by, what, values, names, count);
}

/* Who was refused what memory was there for, while another got it. */
static void compare_refusals(const struct differential *d, const struct oracle_context *context, struct findings *out,
			     unsigned op)
{
	const char *satisfied = NULL;

	for (unsigned i = 0; i < d->count; i++) {
		const struct observation *o = &d->runs[i].op[op];

		if (op < d->runs[i].ops && o->by && !o->refused && !o->excused)
			satisfied = d->runs[i].name;
	}
	for (unsigned i = 0; i < d->count && satisfied; i++) {
		const struct observation *o = &d->runs[i].op[op];
		struct finding *finding = NULL;

		if (op < d->runs[i].ops && o->by && o->refused)
			finding = finding_add(out, context, NAME, TITLE_DIFFERS, d->runs[i].name, "refusal", o->by,
					      "op %u: memory is free, and %s refuses what it gives with %s", op,
					      d->runs[i].name, satisfied);
		if (finding)
			finding->op = op;
	}
}

/* After the last run. */
static void end(void *state, const struct oracle_context *context, struct findings *out)
{
	struct differential *d = state;

	if (context->run + 1 != context->runs)
		return;
	for (unsigned op = 0; op < d->runs[d->count - 1].ops; op++) {
		compare_refusals(d, context, out, op);
		if (!d->runs[d->count - 1].op[op].by)
			continue;
		compare_member(d, context, out, op, "contents", offsetof(struct observation, contents));
		compare_member(d, context, out, op, "constructed-object", offsetof(struct observation, constructed));
		compare_member(d, context, out, op, "kmem-cache", offsetof(struct observation, busy));
	}
}

const struct oracle oracle_differential = {
	.name = NAME,
	.invariant = "One program gives its client the same with every allocator.",
	.idle = IDLE_IF_ALONE,
	.state_size = sizeof(struct differential),
	.wants = EVENT_BIT(OP_BEGIN) | EVENT_BIT(OP_END) | EVENT_BIT(FAULT_TRIPPED) | EVENT_BIT(REFUSED) |
		 EVENT_BIT(OBJECT_ALLOC) | EVENT_BIT(OBJECT_WRITE) | EVENT_BIT(OBJECT_READ) | EVENT_BIT(OBJECT_FREE) |
		 EVENT_BIT(CACHE_CREATE) | EVENT_BIT(CACHE_DESTROY) | EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(OOPS) |
		 EVENT_BIT(KERNEL_BUG) | EVENT_BIT(HANG),
	.begin = begin,
	.observe = observe,
	.end = end,
};
