/* SPDX-License-Identifier: MIT */
/*
 * Oracle object_lifetime: live objects lie in memory in use, never overlap, keep the bytes that their owner stored, and
 * their pages stay while they live (objects of DESTROY_BY_RCU caches: also until the next grace period).
 * A freed object is not read, unless it is of a DESTROY_BY_RCU cache and an RCU reader does it before its page goes.
 * Who follows a published pointer finds what its owner stored before.  A lock in an object stays taken.
 * Innocent: a freed RCU object reallocated as the same type; bytes that a device may write; bytes of a dropped cache
 * line (cacheline_overlap tells of that loss); objects of size 0; live objects at the end of a program.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"
#include "sim/store_buffer.h"

#define NAME "object_lifetime"

extern const struct oracle oracle_object_lifetime;

enum { LIVE, KNOWN, PLANES, LOCK_BYTES = 4, LOCKS_MAX = 8, HANDLES_MAX = 512 * 64 };

struct lock {
	target_addr_t addr;
	uint32_t value; /* bytes as they were when it was taken */
};

struct lifetime {
	struct shadow shadow;  /* LIVE: byte of a live object; KNOWN: its owner stored expected[] there */
	uint8_t *expected;     /* per byte of RAM */
	uint32_t *rcu_stamp;   /* per frame: grace period in which an RCU object on it was freed, 0 = none */
	uint32_t *page_lives;  /* per frame: how often it was returned */
	uint32_t *page_life;   /* per handle of an RCU object: that, of its page, when it was freed */
	uint32_t grace_period; /* number of the one that runs */
	uint32_t lock_count;
	struct lock locks[LOCKS_MAX]; /* taken */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct lifetime *life = state;

	(void)context;
	if (!life->expected) {
		life->expected = shadow_map(RAM_SIZE_MAX);
		life->rcu_stamp = shadow_map(RAM_FRAMES_MAX * sizeof(uint32_t));
		life->page_lives = shadow_map(RAM_FRAMES_MAX * sizeof(uint32_t));
		life->page_life = shadow_map(HANDLES_MAX * sizeof(uint32_t));
	}
	for (uint32_t i = 0; i < life->shadow.frame_count; i++)
		life->rcu_stamp[life->shadow.frames[i]] = life->page_lives[life->shadow.frames[i]] = 0;
	shadow_begin(&life->shadow, PLANES);
	life->grace_period = 1;
	life->lock_count = 0;
}

static void destroy(void *state)
{
	struct lifetime *life = state;

	shadow_unmap(life->expected, RAM_SIZE_MAX);
	shadow_unmap(life->rcu_stamp, RAM_FRAMES_MAX * sizeof(uint32_t));
	shadow_unmap(life->page_lives, RAM_FRAMES_MAX * sizeof(uint32_t));
	shadow_unmap(life->page_life, HANDLES_MAX * sizeof(uint32_t));
	shadow_destroy(&life->shadow);
	*life = (struct lifetime){0};
}

static bool in_free_frame(const struct sim *sim, struct ram_range range)
{
	for (uint32_t frame = range.offset >> PAGE_SHIFT; frame <= (range.offset + range.size - 1) >> PAGE_SHIFT;
	     frame++)
		if (sim->frame_state[frame] == FRAME_FREE)
			return true;
	return false;
}

/* Names the live object, other than `handle`, that holds a byte of the range. */
static void tell_other(struct finding *finding, const struct oracle_context *context, const struct event *event)
{
	for (uint32_t i = 0; finding && i < *context->object_count; i++) {
		const struct object *other = &context->objects[i];

		if (i == event->id || other->state != OBJECT_LIVE || other->addr >= event->addr + event->size ||
		    event->addr >= other->addr + other->size)
			continue;
		finding_detail(finding, "o%u bytes %s", i, range_text(other->addr, other->size).text);
	}
}

static void on_alloc(struct lifetime *life, const struct oracle_context *context, const struct event *event,
		     struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	struct finding *finding;

	if (event->size == 0)
		return;
	if (range.size != event->size) {
		finding_add(out, context, NAME, TITLE_OVERLAP, sim->actor, "free-page", sim->by,
			    "o%u bytes %s lie outside RAM", event->id, range_text(event->addr, event->size).text);
		return;
	}
	if (in_free_frame(sim, range))
		finding_add(out, context, NAME, TITLE_OVERLAP, sim->actor, "free-page", sim->by,
			    "o%u bytes %s lie in a free page", event->id, range_text(event->addr, event->size).text);
	if (shadow_any(&life->shadow, LIVE, range.offset, range.size)) {
		finding = finding_add(out, context, NAME, TITLE_OVERLAP, sim->actor, "object", sim->by,
				      "o%u bytes %s share bytes with", event->id,
				      range_text(event->addr, event->size).text);
		tell_other(finding, context, event);
	}
	/* In this order: nothing is known in frames that no object has lain in. */
	shadow_clear(&life->shadow, KNOWN, range.offset, range.size);
	shadow_set(&life->shadow, LIVE, range.offset, range.size);
}

/* Known bytes of the range that are not what their owner stored. */
static void check_bytes(struct lifetime *life, const struct oracle_context *context, const struct event *event,
			struct findings *out)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	uint32_t end = range.offset + range.size, first = end, last = end;
	uint8_t want = 0, have = 0;

	for (uint32_t at = range.offset; (at = shadow_next(&life->shadow, KNOWN, at, end)) < end; at += 8) {
		unsigned changed;

		at &= ~7u;
		changed = shadow_byte(&life->shadow, KNOWN, at) & bytes_inside(at, range.offset, end);
		changed &= nonzero_bytes(cpu_word(at) ^ view_word_at(life->expected, at));
		if (likely(!changed))
			continue;
		if (first == end) {
			first = at + (unsigned)__builtin_ctz(changed);
			want = life->expected[first];
			have = cpu_byte(first);
		}
		last = at + 31 - (unsigned)__builtin_clz(changed);
		life->shadow.plane[KNOWN][at >> 6] &= ~((uint64_t)changed << (at & 63));
	}
	if (first == end)
		return;
	finding_add(out, context, NAME, TITLE_OUT_OF_BOUNDS, context->sim->actor, "object", context->sim->by,
		    "o%u bytes %s changed without a store of the owner\nfirst byte: stored %02x, found %02x", event->id,
		    range_text(RAM_BASE + first, last - first + 1).text, want, have);
}

static void on_free(struct lifetime *life, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	if (range.size == 0)
		return;
	check_bytes(life, context, event, out);
	shadow_clear(&life->shadow, LIVE, range.offset, range.size);
	shadow_clear(&life->shadow, KNOWN, range.offset, range.size);
	if (event->id >= *context->object_count || !context->objects[event->id].rcu)
		return;
	shadow_touch(&life->shadow, range.offset, range.size);
	for (uint32_t frame = range.offset >> PAGE_SHIFT; frame <= (range.offset + range.size - 1) >> PAGE_SHIFT;
	     frame++)
		life->rcu_stamp[frame] = life->grace_period;
	life->page_life[event->id] = life->page_lives[range.offset >> PAGE_SHIFT];
}

static void on_write(struct lifetime *life, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	if (range.size == 0)
		return;
	shadow_set(&life->shadow, KNOWN, range.offset, range.size);
	memset(life->expected + range.offset, (int)(uint8_t)event->value, range.size);
}

static void forget(struct lifetime *life, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	shadow_clear(&life->shadow, KNOWN, range.offset, range.size);
}

static void on_discard(struct lifetime *life, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&life->shadow, KNOWN, i, end)) < end; i++)
		if (cpu_byte(i) != context->sim->ram_view[i])
			shadow_clear(&life->shadow, KNOWN, i, 1);
}

static void on_page_free(struct lifetime *life, const struct oracle_context *context, const struct event *event,
			 struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t end = range.offset + range.size, live = shadow_next(&life->shadow, LIVE, range.offset, end),
		 handle = 0;

	if (live != end) {
		bool found = object_at(context, RAM_BASE + live, &handle) != NULL;
		struct finding *finding = finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, sim->actor, "object",
						      sim->by, "pages %s are returned under a live object",
						      range_text(event->addr, event->size).text);

		if (found)
			finding_detail(finding, "o%u bytes %s", handle,
				       range_text(context->objects[handle].addr, context->objects[handle].size).text);
		/* One finding per loss: the rest would only repeat it. */
		shadow_clear(&life->shadow, LIVE, range.offset, range.size);
		shadow_clear(&life->shadow, KNOWN, range.offset, range.size);
	}
	for (uint32_t frame = range.offset >> PAGE_SHIFT; frame < end >> PAGE_SHIFT; frame++) {
		if (life->rcu_stamp[frame] == life->grace_period)
			finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, sim->actor, "rcu-object", sim->by,
				    "page %s is returned in the grace period of an object freed on it",
				    range_text(page_address(frame), PAGE_SIZE).text);
		life->rcu_stamp[frame] = 0;
		life->page_lives[frame] += life->shadow.touched[frame];
	}
}

/*
 * True iff an RCU reader may still look there: the page was not returned since the object was freed, and the memory is
 * free, or an object of the same kmem_cache again.
 */
static bool rcu_protects(const struct lifetime *life, const struct oracle_context *context, const struct event *event)
{
	const struct object *o = &context->objects[event->id], *now = object_at(context, event->addr, NULL);
	frame_t frame = virt_to_frame(context->sim, o->addr);

	if (!o->rcu || !context->sim->rcu_readers || frame == FRAME_NONE ||
	    life->page_lives[frame] != life->page_life[event->id])
		return false;
	return !now || origin_same(now->origin, o->origin);
}

/* The bytes at a lock as one number; it only matters whether they change. */
static uint32_t lock_value(const struct sim *sim, target_addr_t addr)
{
	struct ram_range range = ram_range(sim, addr, LOCK_BYTES);
	uint32_t value = 0;

	for (uint32_t i = 0; i < range.size; i++)
		value = value << 8 | cpu_byte(range.offset + i);
	return value;
}

/* Stores to locks are nobody's: the bytes are not known any more. */
static void on_lock(struct lifetime *life, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	struct ram_range range = ram_range(context->sim, event->addr, LOCK_BYTES);
	uint32_t i = 0;

	shadow_clear(&life->shadow, KNOWN, range.offset, range.size);
	while (i < life->lock_count && life->locks[i].addr != event->addr)
		i++;
	if (event->value) {
		if (i < LOCKS_MAX)
			life->locks[i] = (struct lock){event->addr, lock_value(context->sim, event->addr)};
		life->lock_count += i == life->lock_count && i < LOCKS_MAX;
		return;
	}
	if (i == life->lock_count)
		return;
	if (lock_value(context->sim, event->addr) != life->locks[i].value)
		finding_add(out, context, NAME, TITLE_LOST_WRITE, "client", "lock", context->sim->by,
			    "o%u: the lock at bytes %s was taken, and somebody stored over it", event->id,
			    range_text(event->addr, LOCK_BYTES).text);
	life->locks[i] = life->locks[--life->lock_count];
}

static void on_shared_read(struct lifetime *life, const struct oracle_context *context, const struct event *event,
			   struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;

	for (uint32_t i = range.offset; (i = shadow_next(&life->shadow, KNOWN, i, end)) < end; i++) {
		uint8_t seen = store_view_byte(sim, event->id, RAM_BASE + i);

		if (seen == life->expected[i])
			continue;
		finding_add(out, context, NAME, TITLE_STALE_READ, "client", "object", sim->by,
			    "o%u byte %s: its owner stored %02x and published it, cpu %u sees %02x", event->id,
			    range_text(RAM_BASE + i, 1).text, life->expected[i], sim->cpu, seen);
		return;
	}
}

static void on_freed_read(const struct lifetime *life, const struct oracle_context *context, const struct event *event,
			  struct findings *out)
{
	const char *owner = byte_owner_name(context, event->addr, NULL);

	if (!rcu_protects(life, context, event))
		finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, "client", owner, context->sim->by,
			    "o%u bytes %s are freed; the first of them belongs to %s", event->id,
			    range_text(event->addr, event->size).text, owner);
}

static void on_unowned(const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct sim *sim = context->sim;
	bool ram = virt_to_frame(sim, event->addr) != FRAME_NONE;

	finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, sim->actor, ram ? "free-page" : "kernel-data", sim->by,
		    "bytes %s, which nobody owns, are %s", range_text(event->addr, event->size).text,
		    event->value ? "stored to" : "loaded");
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct lifetime *life = state;

	switch (event->kind) {
	case EVENT_OBJECT_ALLOC:
		on_alloc(life, context, event, out);
		break;
	case EVENT_OBJECT_FREE:
		on_free(life, context, event, out);
		break;
	case EVENT_OBJECT_WRITE:
		on_write(life, context, event);
		break;
	case EVENT_OBJECT_READ:
		check_bytes(life, context, event, out);
		break;
	case EVENT_LINE_DISCARD:
		on_discard(life, context, event);
		break;
	case EVENT_DMA_MAP:
		if (event->value != DMA_TO_DEVICE)
			forget(life, context, event);
		break;
	case EVENT_DEVICE_WRITE:
	case EVENT_DMA_BOUNCE:
		forget(life, context, event);
		break;
	case EVENT_PAGE_FREE:
		on_page_free(life, context, event, out);
		break;
	case EVENT_GRACE_PERIOD:
		life->grace_period++;
		break;
	case EVENT_FREED_READ:
		on_freed_read(life, context, event, out);
		break;
	case EVENT_LOCK:
		on_lock(life, context, event, out);
		break;
	case EVENT_SHARED_READ:
		on_shared_read(life, context, event, out);
		break;
	case EVENT_UNOWNED:
		on_unowned(context, event, out);
		break;
	default:
		break;
	}
}

const struct oracle oracle_object_lifetime = {
	.name = NAME,
	.invariant =
		"Live objects never overlap, keep their owner's bytes, and their pages stay while they are needed.",
	.state_size = sizeof(struct lifetime),
	.wants = EVENT_BIT(OBJECT_ALLOC) | EVENT_BIT(OBJECT_FREE) | EVENT_BIT(OBJECT_WRITE) | EVENT_BIT(OBJECT_READ) |
		 EVENT_BIT(LINE_DISCARD) | EVENT_BIT(DMA_MAP) | EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(PAGE_FREE) |
		 EVENT_BIT(GRACE_PERIOD) | EVENT_BIT(UNOWNED) | EVENT_BIT(FREED_READ) | EVENT_BIT(DMA_BOUNCE) |
		 EVENT_BIT(LOCK) | EVENT_BIT(SHARED_READ),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
