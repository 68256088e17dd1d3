/* SPDX-License-Identifier: MIT */
/*
 * Oracle detection: a misuse that the contract says is detected is reported in time, named rightly and told once.
 *
 * Judges one misuse at a time, and none after one that may have left the allocator in any state: what is silent by
 * design, or not contained.  Other oracles go on in misuse worlds, for claims show what misuse leads to; what they find
 * there is the client's fault, so misuse targets count only this oracle's title (fuzz/target.h).
 * Innocent: whatever the table does not promise; free objects whose page is gone, or may wait for RCU; stores that
 * change no byte of a fence or of poison; fences of objects whose size for the allocator is not certain; debugging that
 * is on for some kmem_caches only; what waits for a shrink, once anything interrupts.
 */
#include "oracles/attribution.h"
#include "oracles/known_caches.h"

#define NAME "detection"

extern const struct oracle oracle_detection;

enum { HANDLES_MAX = 32768 };

/* A misuse that must be reported. */
struct pending {
	const struct detection_row *row; /* NULL: none */
	uint32_t handle, op;
	target_addr_t addr;
	uint32_t due_op;   /* the misuse, or the free that must tell of it, is this op */
	bool due;          /* ... which is under way */
	bool named;        /* the right report came */
	const char *other; /* first other report */
};

struct detection {
	struct pending pending;
	bool spoiled;     /* no promise holds any more */
	const char *told; /* the right report of the last misuse; NULL = none */
	target_addr_t told_at;
	struct known_caches caches;
	/* How often a frame was given back, and that count when an object was freed: only equality matters, so they are
	 * never reset. */
	uint32_t frame_uses[RAM_FRAMES_MAX];
	uint32_t freed_in[HANDLES_MAX];
};

static const char *const victims[] = {
#define MISUSE(name, victim, help) victim,
#include "sim/misuse.def"
#undef MISUSE
};

static void begin(void *state, const struct oracle_context *context)
{
	struct detection *d = state;

	(void)context;
	d->pending = (struct pending){0};
	d->spoiled = false;
	d->told = NULL;
}

/* Letters that are in force for an object (NULL: for all of them). */
static uint8_t letters_for(const struct detection *d, const struct oracle_context *context, const struct object *o)
{
	const struct allocator *a = context->allocator;
	uint64_t limit = (uint64_t)a->ops->contract.debug_words * context->sim->layout->word;
	uint8_t letters = a->debug;
	const struct known_cache *cache;

	if (a->debug_prefix[0] || (o && limit && o->size > limit / 2))
		return 0;
	if (!o)
		return letters;
	cache = created_cache(&d->caches, o);
	if (o->rcu || (cache && (cache->flags & (uint32_t)SLAB_CTOR)))
		letters &= (uint8_t)~DEBUG_P;
	if (!red_zoned(context, cache, o))
		letters &= (uint8_t)~DEBUG_Z;
	return letters;
}

/* The promise for a kind, NULL if there is none. */
static const struct detection_row *promise(const struct oracle_context *context, enum misuse kind, uint8_t letters)
{
	const struct detection_row *row = context->allocator->ops->contract.detects;

	for (; row && row->words; row++) {
		if (row->kind != kind || (row->unless && context->sim->policy[row->unless]))
			continue;
		if ((!row->any || letters & row->any) && (letters & row->all) == row->all)
			return row;
	}
	return NULL;
}

static bool changes_bytes(const struct oracle_context *context, target_addr_t from, target_addr_t to, uint8_t byte)
{
	for (target_addr_t at = from; at < to; at++)
		if (target_in_ram(context->sim, at, 1) && cpu_byte((uint32_t)(at - RAM_BASE)) != byte)
			return true;
	return false;
}

/* Does the store damage bytes that are looked at?  What lies beyond the fence is nobody's promise. */
static bool damages(const struct detection *d, const struct oracle_context *context, const struct event *event)
{
	const struct redzone_contract *zone = &context->allocator->ops->contract.redzone;
	const struct object *o = &context->objects[(uint32_t)event->value];
	uint64_t width = zone->width ? zone->width : context->sim->layout->word, size;
	target_addr_t from = event->addr, to = event->addr + event->size, end;
	uint8_t byte = (uint8_t)(event->value >> 32);

	if (event->id == MISUSE_write_after_free)
		return changes_bytes(context, from, to, byte);
	size = fenced_size(context, created_cache(&d->caches, o), o);
	if (!size)
		return false;
	if (event->id == MISUSE_underflow)
		return zone->before && changes_bytes(context, from, to < o->addr ? to : o->addr, byte);
	end = o->addr + size;
	if (zone->width)
		end = (end + width - 1) & ~(width - 1);
	else
		width = size % width ? width - size % width : width;
	from = from > end ? from : end;
	to = to < end + width ? to : end + width;
	return changes_bytes(context, from, to, byte);
}

/* The page of a free object is there still, as when it was freed. */
static bool page_stayed(struct detection *d, const struct oracle_context *context, uint32_t handle)
{
	frame_t frame = virt_to_frame(context->sim, context->objects[handle].addr);

	return frame != FRAME_NONE && handle < HANDLES_MAX && d->freed_in[handle] == d->frame_uses[frame];
}

static void missed(struct detection *d, const struct oracle_context *context, const char *when, struct findings *out)
{
	struct pending *p = &d->pending;
	struct finding *finding;

	if (!p->named) {
		finding = finding_add(out, context, NAME, TITLE_MISSED_DETECTION, context->sim->actor,
				      victims[p->row->kind], context->sim->by, "op %u at %s: no \"%s\" %s", p->op,
				      range_text(p->addr, 1).text, p->row->words, when);
		if (p->other) {
			int length = (int)report_complaint(&p->other);

			finding_detail(finding, "instead it was called: %.*s", length, p->other);
		}
	}
	/* What is not contained goes on doing harm, which is new each time. */
	if (!p->row->contained)
		d->told = NULL;
	d->spoiled = d->spoiled || !p->row->contained;
	p->row = NULL;
}

static bool waits_for_shrink(const struct pending *p)
{
	return p->row && p->row->when & DETECT_AT_SHRINK;
}

static void on_misuse(struct detection *d, const struct oracle_context *context, const struct event *event,
		      struct findings *out)
{
	enum misuse kind = (enum misuse)event->id;
	uint32_t handle = (uint32_t)event->value;
	const struct object *o = handle < *context->object_count ? &context->objects[handle] : NULL;
	bool store = kind == MISUSE_write_after_free || kind == MISUSE_overflow || kind == MISUSE_underflow;

	d->told = NULL;
	/* Of a repeated op: the one before is over. */
	if (d->pending.row && d->pending.due && d->pending.op == context->sim->op)
		missed(d, context, "when it happened", out);
	if (d->spoiled || d->pending.row) {
		d->spoiled = true;
		d->pending.row = NULL;
		return;
	}
	d->pending = (struct pending){
		.row = promise(context, kind, letters_for(d, context, o)), .handle = handle, .addr = event->addr};
	/* An empty slab of an RCU kmem_cache is no slab any more, although its page stays until the grace period. */
	if (o && o->state == OBJECT_FREED && (o->rcu || !page_stayed(d, context, handle)))
		d->pending.row = NULL;
	if (o && store && d->pending.row && !damages(d, context, event))
		d->pending.row = NULL;
	if (waits_for_shrink(&d->pending) && (context->depth > 1 || !o || !created_cache(&d->caches, o)))
		d->pending.row = NULL;
	d->spoiled = !d->pending.row;
	d->pending.op = d->pending.due_op = context->sim->op;
	d->pending.due = d->pending.row && d->pending.row->when & DETECT_AT_ONCE;
}

static bool has_words(const char *text, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, "|");

		if (memmem(text, strlen(text), words, length))
			return true;
		words += length;
		words += *words == '|';
		if (!*words)
			return false;
	}
	return true;
}

/* The same complaint about the same bytes, with no misuse in between, is a repetition. */
static void check_once(const struct detection *d, const struct oracle_context *context, const struct event *event,
		       struct findings *out)
{
	const char *text = event->text ? event->text : "", *told = d->told ? d->told : "";
	size_t length = report_complaint(&text);

	if (length && event->addr == d->told_at && length == report_complaint(&told) && !memcmp(text, told, length))
		finding_add(out, context, NAME, TITLE_REPEATED_DETECTION, context->sim->actor, "report",
			    context->sim->by, "%.*s\nwas reported before", (int)length, text);
}

static void on_report(struct detection *d, const struct event *event)
{
	struct pending *p = &d->pending;
	const char *text = event->text;

	/* The model ran out of room for texts, which no kernel does. */
	if (!text) {
		d->spoiled = true;
		p->row = NULL;
		return;
	}
	if (has_words(text, p->row->words)) {
		p->named = true;
		d->told = text;
		d->told_at = event->addr;
	} else if (!p->other)
		p->other = text;
}

/* Are the bytes of the pending misuse in the event's range? */
static bool covers(const struct pending *p, const struct oracle_context *context, target_addr_t addr, uint64_t size)
{
	const struct object *o = &context->objects[p->handle];

	return o->addr - addr < size;
}

static void on_page_free(struct detection *d, const struct oracle_context *context, const struct event *event,
			 struct findings *out)
{
	struct pending *p = &d->pending;
	frame_t frame = virt_to_frame(context->sim, event->addr);

	for (uint64_t i = 0; frame != FRAME_NONE && i < event->size >> PAGE_SHIFT; i++)
		d->frame_uses[frame + i]++;
	if (!p->row || (p->due && !waits_for_shrink(p)) || !covers(p, context, event->addr, event->size))
		return;
	if (p->row->when & DETECT_AT_DISCARD)
		missed(d, context, "before its page went", out);
	/* The evidence is gone, and with it the duty. */
	d->spoiled = d->spoiled || p->row;
	p->row = NULL;
}

static void on_free(struct detection *d, const struct oracle_context *context, const struct event *event)
{
	frame_t frame = virt_to_frame(context->sim, event->addr);
	struct pending *p = &d->pending;

	if (frame != FRAME_NONE && event->id < HANDLES_MAX)
		d->freed_in[event->id] = d->frame_uses[frame];
	if (!p->row || p->due || event->id != p->handle || !(p->row->when & DETECT_AT_FREE))
		return;
	p->due = true;
	p->due_op = context->sim->op;
}

/* What the arrays of a kmem_cache hold twice shows when they are emptied, if nobody took it from them before. */
static void on_way_to_shrink(struct detection *d, const struct oracle_context *context, const struct event *event)
{
	struct pending *p = &d->pending;

	if (event->kind == EVENT_CACHE_SHRINK && origin_number(context->objects[p->handle].origin) == event->value) {
		p->due = true;
		p->due_op = context->sim->op;
	}
	if (context->depth > 1 || (event->kind == EVENT_OBJECT_ALLOC && covers(p, context, event->addr, 1))) {
		d->spoiled = true;
		p->row = NULL;
	}
}

/* Events that end the time for a report. */
static void on_deadline(struct detection *d, const struct oracle_context *context, const struct event *event,
			struct findings *out)
{
	struct pending *p = &d->pending;

	if (event->kind == EVENT_OP_END && p->due && p->due_op == event->id)
		missed(d, context, "by the end of the op", out);
	else if (event->kind == EVENT_OBJECT_ALLOC && p->row->when & DETECT_AT_ALLOC && !p->due &&
		 covers(p, context, event->addr, event->size ? event->size : 1))
		missed(d, context, "before its bytes were handed out", out);
	else if (event->kind == EVENT_CACHE_VALIDATE && p->row->when & DETECT_AT_VALIDATE && !p->due &&
		 context->objects[p->handle].origin.kind != ORIGIN_KMALLOC &&
		 origin_number(context->objects[p->handle].origin) == event->value)
		missed(d, context, "when its kmem_cache was validated", out);
	else if (event->kind == EVENT_OVER && p->due)
		missed(d, context, "before the crash", out);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct detection *d = state;

	if (!context->allocator)
		return;
	if (event->kind == EVENT_REPORT)
		check_once(d, context, event, out);
	if (event->kind == EVENT_MISUSE)
		on_misuse(d, context, event, out);
	else if (event->kind == EVENT_OBJECT_FREE)
		on_free(d, context, event);
	else if (event->kind == EVENT_PAGE_FREE)
		on_page_free(d, context, event, out);
	else if (event->kind == EVENT_CACHE_CREATE)
		know_cache(&d->caches, event);
	else if (d->pending.row && (event->kind == EVENT_REPORT || event->kind == EVENT_KERNEL_BUG))
		on_report(d, event);
	else if (d->pending.row) {
		if (waits_for_shrink(&d->pending))
			on_way_to_shrink(d, context, event);
		if (d->pending.row)
			on_deadline(d, context, event, out);
	}
}

const struct oracle oracle_detection = {
	.name = NAME,
	.invariant = "Misuse that the contract says is detected is reported in time, named rightly and told once.",
	.state_size = sizeof(struct detection),
	.wants = EVENT_BIT(MISUSE) | EVENT_BIT(OBJECT_FREE) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(CACHE_CREATE) |
		 EVENT_BIT(REPORT) | EVENT_BIT(KERNEL_BUG) | EVENT_BIT(OP_END) | EVENT_BIT(OBJECT_ALLOC) |
		 EVENT_BIT(CACHE_VALIDATE) | EVENT_BIT(CACHE_SHRINK) | EVENT_BIT(OVER),
	.idle = IDLE_IF_LEGAL,
	.begin = begin,
	.observe = observe,
};
