/* SPDX-License-Identifier: MIT */
/*
 * Oracle object_bounds: objects lie and look as the contract promises: aligned, as large as ksize() says, zero
 * where that was asked for, and with debugging on surrounded by red zones and filled with poison, new and freed.
 * Innocent: objects smaller than their slot (only created kmem_caches tell where their red zone begins, and objects of
 * krealloc() tell nothing); kmem_caches
 * with a constructor or DESTROY_BY_RCU, which are not poisoned; a freed object whose page is gone; programs that may
 * break the API; debugging that is on for some kmem_caches only.
 */
#include "oracles/attribution.h"
#include "oracles/known_caches.h"

#define NAME "object_bounds"

extern const struct oracle oracle_object_bounds;

enum { FREED_MAX = 64, RESIZED_MAX = 64 };

struct bounds {
	unsigned freed_count;
	uint32_t freed[FREED_MAX]; /* handles freed by the ops under way, to be looked at when they end */
	unsigned resized_count;
	uint32_t resized[RESIZED_MAX]; /* objects of krealloc(), whose slot may be larger than their size tells */
	struct known_caches caches;
};

static void begin(void *state, const struct oracle_context *context)
{
	struct bounds *bounds = state;

	(void)context;
	bounds->freed_count = 0;
	bounds->resized_count = 0;
}

static bool debugging(const struct oracle_context *context, enum debug_letters letter, const struct object *o)
{
	const struct allocator *a = context->allocator;
	uint64_t limit = (uint64_t)a->ops->contract.debug_words * context->sim->layout->word;

	/* kmalloc may take a slot of twice the size. */
	if (limit && o->size > limit / 2)
		return false;
	return (a->debug & letter) && !a->debug_prefix[0];
}

/* Without a branch inside, so that compilers take vectors for it. */
static inline SIM_UNCHECKED bool eight_words(uint32_t offset, uint64_t word)
{
	const view_word *words = (const void *)target_pointer(RAM_BASE + offset);
	uint64_t differ = 0;

	for (unsigned i = 0; i < 8; i++)
		differ |= words[i] ^ word;
	return !differ;
}

/* Offset of the first byte that is neither `value` nor, as the last one, `last`; `end` if there is none. */
static SIM_UNCOVERED uint32_t first_wrong_offset(uint32_t offset, uint32_t end, uint8_t value, uint8_t last)
{
	const uint64_t word = value * UINT64_C(0x0101010101010101);

	for (; offset < end; offset++) {
		uint8_t byte;

		/* Whole words where they are right, which is the rule. */
		while (!(offset & 7) && end - offset > 64 && eight_words(offset, word))
			offset += 64;
		while (!(offset & 7) && end - offset > 8 && cpu_word(offset) == word)
			offset += 8;
		byte = cpu_byte(offset);
		if (byte != value && !(offset + 1 == end && byte == last))
			return offset;
	}
	return end;
}

/* The same by addresses. */
static target_addr_t first_wrong(target_addr_t addr, uint64_t size, uint8_t value, uint8_t last)
{
	uint32_t offset = (uint32_t)(addr - RAM_BASE);

	return RAM_BASE + first_wrong_offset(offset, offset + (uint32_t)size, value, last);
}

/* The contract's, but where the machine asks less of slabs than the contract's author had in mind (m68k). */
static uint64_t least_align(const struct oracle_context *context)
{
	uint32_t contract = context->allocator->ops->contract.align_min, machine = context->sim->arch->slab_minalign;

	return context->allocator->ops->boot_cache && machine < contract ? machine : contract;
}

/*
 * Bytes.  HWCACHE_ALIGN gives lines of their own to objects that are not small; red zones and user words may take that
 * away, and whether they are on is not looked for.
 */
static uint64_t promised_align(const struct oracle_context *context, const struct known_cache *cache)
{
	uint64_t line = UINT64_C(1) << context->sim->arch->line_shift;

	if (!cache)
		return least_align(context);
	if ((cache->flags & SLAB_HWCACHE_ALIGN) && cache->size > line / 2 && cache->align < line &&
	    !context->allocator->debug && !(cache->flags & ((uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_STORE_USER)))
		return line;
	return cache->align;
}

static void check_align(const struct bounds *bounds, const struct oracle_context *context, uint32_t handle,
			struct findings *out)
{
	const struct object *o = &context->objects[handle];
	const struct known_cache *cache = created_cache(&bounds->caches, o);
	uint64_t align = promised_align(context, cache);

	if (align > 1 && o->addr % align)
		finding_add(out, context, NAME, TITLE_MISALIGNED, context->sim->actor, "object", context->sim->by,
			    "o%u bytes %s are not aligned to %u", handle, range_text(o->addr, o->size).text,
			    (unsigned)align);
}

static void check_fill(const struct oracle_context *context, uint32_t handle, uint8_t value, uint8_t last,
		       enum title title, struct findings *out)
{
	const struct object *o = &context->objects[handle];
	struct ram_range range = ram_range(context->sim, o->addr, o->size);
	target_addr_t wrong;

	/* Memory that nobody stored to since reset is zero, and much of what is asked for zeroed is such. */
	while (!value && range.size && !context->sim->frame_touched[range.offset >> PAGE_SHIFT]) {
		uint32_t rest = (uint32_t)PAGE_SIZE - range.offset % (uint32_t)PAGE_SIZE;

		rest = rest < range.size ? rest : range.size;
		range.offset += rest;
		range.size -= rest;
	}
	wrong = first_wrong(RAM_BASE + range.offset, range.size, value, last);
	if (wrong < RAM_BASE + range.offset + range.size)
		finding_add(out, context, NAME, title, context->sim->actor,
			    o->state == OBJECT_LIVE ? "object" : "free-object", context->sim->by,
			    "o%u bytes %s: byte %s is 0x%02x, not 0x%02x", handle, range_text(o->addr, o->size).text,
			    range_text(wrong, 1).text, cpu_byte((uint32_t)(wrong - RAM_BASE)), value);
}

static bool is_value(const struct sim *sim, target_addr_t addr, uint64_t value, unsigned width)
{
	uint64_t have = 0;

	if (!target_in_ram(sim, addr, width))
		return false;
	for (unsigned i = 0; i < width; i++) {
		unsigned at = sim->big_endian ? width - 1 - i : i;

		have |= (uint64_t)cpu_byte((uint32_t)(addr - RAM_BASE) + i) << 8 * at;
	}
	return have == value;
}

/* A red zone that fills the word after the object. */
static bool filler_ok(const struct sim *sim, target_addr_t end, uint64_t size, uint8_t value)
{
	uint64_t word = sim->layout->word, rest = (word - size % word) % word;

	rest = rest ? rest : word;
	return target_in_ram(sim, end, rest) && first_wrong(end, rest, value, value) == end + rest;
}

static void check_redzone(const struct bounds *bounds, const struct oracle_context *context, uint32_t handle,
			  struct findings *out)
{
	const struct redzone_contract *zone = &context->allocator->ops->contract.redzone;
	const struct object *o = &context->objects[handle];
	const struct known_cache *cache = created_cache(&bounds->caches, o);
	uint64_t value = o->state == OBJECT_LIVE ? zone->live : zone->freed;
	target_addr_t end = o->addr + o->size;
	bool ok;

	/* The count lies between the object and its red zone. */
	if (context->sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT)
		return;
	if (!value || !cache || !debugging(context, DEBUG_Z, o) || !red_zoned(context, cache, o))
		return;
	if (zone->width) {
		end = (end + zone->width - 1) & ~((uint64_t)zone->width - 1);
		ok = is_value(context->sim, end, value, zone->width) &&
		     (!zone->before || is_value(context->sim, o->addr - zone->width, value, zone->width));
	} else {
		ok = filler_ok(context->sim, end, o->size, (uint8_t)value);
	}
	if (!ok)
		finding_add(out, context, NAME, TITLE_REDZONE_OVERWRITTEN, context->sim->actor, "redzone",
			    context->sim->by, "o%u bytes %s: its red zone does not say that it is %s", handle,
			    range_text(o->addr, o->size).text, o->state == OBJECT_LIVE ? "live" : "free");
}

/* True iff the contract fills such objects with poison. */
static bool poisoned(const struct bounds *bounds, const struct oracle_context *context, const struct object *o)
{
	const struct known_cache *cache = created_cache(&bounds->caches, o);

	if (!debugging(context, DEBUG_P, o) || o->rcu)
		return false;
	return !cache || !(cache->flags & ((uint32_t)SLAB_CTOR | (uint32_t)SLAB_DESTROY_BY_RCU));
}

static void on_alloc(struct bounds *bounds, const struct oracle_context *context, uint32_t handle, struct findings *out)
{
	const struct allocator_contract *contract = &context->allocator->ops->contract;
	const struct object *o = &context->objects[handle];

	if (o->origin.kind == ORIGIN_PAGES)
		return;
	check_align(bounds, context, handle, out);
	if (o->birth == BIRTH_RESIZED) {
		if (bounds->resized_count < RESIZED_MAX)
			bounds->resized[bounds->resized_count++] = handle;
		return;
	}
	if (o->birth == BIRTH_ZEROED)
		check_fill(context, handle, 0, 0, TITLE_NOT_ZEROED, out);
	else if (contract->poison_alloc && poisoned(bounds, context, o))
		check_fill(context, handle, contract->poison_alloc, POISON_END, TITLE_POISON_OVERWRITTEN, out);
	check_redzone(bounds, context, handle, out);
}

static bool resized(const struct bounds *bounds, uint32_t handle)
{
	for (unsigned i = 0; i < bounds->resized_count; i++)
		if (bounds->resized[i] == handle)
			return true;
	return bounds->resized_count == RESIZED_MAX;
}

/*
 * Does something live there by now?  An object of size 0 covers no byte, but its slot was filled; the allocator itself
 * takes slots for off-slab descriptors.
 */
static bool has_tenant(const struct oracle_context *context, target_addr_t addr)
{
	if (object_at(context, addr, NULL) || context->sim->roles[addr - RAM_BASE] == ROLE_SLAB_DESC)
		return true;
	for (uint32_t i = 0; i < *context->object_count; i++)
		if (context->objects[i].state == OBJECT_LIVE && context->objects[i].addr == addr)
			return true;
	return false;
}

/* What the ops that just ended freed. */
static void look_at_freed(struct bounds *bounds, const struct oracle_context *context, struct findings *out)
{
	const struct allocator_contract *contract = &context->allocator->ops->contract;

	for (unsigned i = 0; i < bounds->freed_count; i++) {
		const struct object *o = &context->objects[bounds->freed[i]];

		if (o->origin.kind == ORIGIN_PAGES)
			continue;
		if (o->state != OBJECT_FREED || has_tenant(context, o->addr) || resized(bounds, bounds->freed[i]))
			continue;
		/* Somebody else may count it still. */
		if (context->sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT)
			continue;
		if (contract->poison_free && poisoned(bounds, context, o))
			check_fill(context, bounds->freed[i], contract->poison_free, POISON_END,
				   TITLE_POISON_OVERWRITTEN, out);
		check_redzone(bounds, context, bounds->freed[i], out);
	}
	bounds->freed_count = 0;
}

/* Pages that go take the freed objects on them along. */
static void on_page_free(struct bounds *bounds, const struct oracle_context *context, const struct event *event)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < bounds->freed_count; i++) {
		const struct object *o = &context->objects[bounds->freed[i]];

		if (o->addr - event->addr >= event->size)
			bounds->freed[kept++] = bounds->freed[i];
	}
	bounds->freed_count = kept;
}

static void on_usable(const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct object *o = &context->objects[event->id];

	target_addr_t last = o->addr + event->size - 1;
	frame_t frame = virt_to_frame(context->sim, last);
	const struct object *tenant;

	if (!o->size || !target_in_ram(context->sim, o->addr, 1))
		return;
	tenant = object_at(context, last, NULL);
	if (event->size >= o->size && (!tenant || tenant == o) && frame != FRAME_NONE &&
	    context->sim->frame_state[frame] != FRAME_FREE)
		return;
	finding_add(out, context, NAME, TITLE_OUT_OF_BOUNDS, context->sim->actor, "usable-size", context->sim->by,
		    "o%u bytes %s: %llu bytes are said to be usable", event->id, range_text(o->addr, o->size).text,
		    (unsigned long long)event->size);
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct bounds *bounds = state;

	if (!context->allocator)
		return;
	if (event->kind == EVENT_CACHE_CREATE)
		know_cache(&bounds->caches, event);
	else if (event->kind == EVENT_OBJECT_ALLOC && event->size)
		on_alloc(bounds, context, event->id, out);
	else if (event->kind == EVENT_OBJECT_FREE && context->allocator->debug && event->size &&
		 bounds->freed_count < FREED_MAX)
		bounds->freed[bounds->freed_count++] = event->id;
	else if (event->kind == EVENT_USABLE)
		on_usable(context, event, out);
	else if (event->kind == EVENT_PAGE_FREE)
		on_page_free(bounds, context, event);
	else if (event->kind == EVENT_OP_END && context->depth == 1 && bounds->freed_count)
		look_at_freed(bounds, context, out);
}

const struct oracle oracle_object_bounds = {
	.name = NAME,
	.invariant = "Objects are aligned, zeroed, usable, poisoned and fenced as the contract promises.",
	.state_size = sizeof(struct bounds),
	.wants = EVENT_BIT(OP_END) | EVENT_BIT(CACHE_CREATE) | EVENT_BIT(OBJECT_ALLOC) | EVENT_BIT(OBJECT_FREE) |
		 EVENT_BIT(PAGE_FREE) | EVENT_BIT(USABLE),
	.idle = IDLE_IF_MISUSE,
	.begin = begin,
	.observe = observe,
};
