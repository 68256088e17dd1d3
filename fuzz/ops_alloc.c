/* SPDX-License-Identifier: MIT */
/* Ops of the allocator's API: the executor's wrapper emits the object events, the allocator is never asked. */
#include <string.h>

#include "fuzz/execute.h"

static void emit_object(struct executor *x, enum event_kind kind, uint32_t handle)
{
	const struct object *o = object_named(x, handle);
	struct event event = {
		.kind = kind, .addr = o->addr, .size = o->size, .id = handle, .value = origin_number(o->origin)};

	if (target_in_ram(x->sim, o->addr, 1))
		sim_emit(x->sim, &event);
}

/* Free pointers of a live object are worthless: in its first word, or behind it where the slot keeps them apart. */
static void disclaim_free_pointer(struct sim *sim, target_addr_t addr, uint64_t size, bool behind)
{
	uint64_t word = sim->layout->word;
	uint64_t end = ((size + word - 1) & ~(word - 1)) + (behind ? word : 0);

	if (!target_in_ram(sim, addr, end))
		return;
	for (uint64_t i = size; i < end; i++)
		if (sim->roles[addr + i - RAM_BASE] == ROLE_FREE_POINTER)
			sim->roles[addr + i - RAM_BASE] = ROLE_NONE;
}

static bool pointer_behind(struct executor *x, const struct object *o)
{
	const struct kmem_cache_handle *c = created_home(x, o);

	return c && c->flags & ((uint32_t)SLAB_DESTROY_BY_RCU | (uint32_t)SLAB_CTOR);
}

/* On return from the allocator: the client holds the object now. */
static void object_allocated(struct executor *x, uint32_t handle, target_addr_t addr, uint64_t size)
{
	struct object *o = object_named(x, handle);

	invariant(o->state == OBJECT_NEVER);
	o->addr = addr;
	o->size = size;
	o->client = handle;
	o->state = OBJECT_LIVE;
	target_disclaim(x->sim, addr, size); /* old metadata under a live object is nobody's */
	disclaim_free_pointer(x->sim, addr, size, pointer_behind(x, o));
	emit_object(x, EVENT_OBJECT_ALLOC, handle);
}

void object_freed(struct executor *x, uint32_t handle)
{
	struct object *o = object_named(x, handle);
	struct kmem_cache_handle *c = created_home(x, o);

	invariant(o->state == OBJECT_LIVE);
	emit_object(x, EVENT_OBJECT_FREE, handle);
	o->state = OBJECT_FREED;
	o->freed_by = x->sim->op;
	o->freed_at = x->readers_begun;
	if (c)
		c->live_objects--;
}

/* A request gave nothing. */
static enum op_result refused(struct executor *x, uint32_t handle, uint64_t size)
{
	struct event event = {.kind = EVENT_REFUSED, .size = size, .id = handle};

	sim_emit(x->sim, &event);
	return RESULT_FAILED;
}

/* __GFP_ZERO, HIGHMEM are for the page allocator only (FACTS 2.1, D28). */
static bool slab_gfp(const struct executor *x, uint32_t row)
{
	return may_sleep_if_asked(x, row) && !(gfp_of(row) & (GFP_ZERO | GFP_HIGHMEM | GFP_COMP));
}

static target_addr_t allocate(struct executor *x, target_addr_t cache, uint64_t size, gfp_t gfp)
{
	struct alloc_request request = {.kmem_cache = cache, .size = size, .gfp = gfp};

	return UNDER_TEST(x->sim, x->allocator->ops->alloc(x->allocator, &request));
}

/* What is no memory but not NULL either (D25) is found out by whoever clears it. */
static void clear(struct executor *x, target_addr_t addr, uint64_t size)
{
	if (target_in_ram(x->sim, addr, size))
		target_fill(x->sim, addr, size, 0, ROLE_NONE);
	else if (size && addr < PAGE_SIZE)
		sim_oops(x->sim, addr, "memset");
}

static enum op_result kmalloc_repeated(struct executor *x, const struct op *op, uint64_t size, gfp_t gfp, bool zero)
{
	enum op_result result = RESULT_OK;

	/* Beyond the contract's largest size the era's kmalloc may BUG. */
	REQUIRE(x, size <= x->allocator->ops->contract.size_max);
	for (uint32_t i = 0; i < op->repeat; i++) {
		uint32_t handle = yielded_object(x, i);
		target_addr_t addr = allocate(x, 0, size, gfp);

		if (!addr) {
			result = refused(x, handle, size);
			continue;
		}
		if (zero)
			clear(x, addr, size);
		x->objects[handle].birth = zero ? BIRTH_ZEROED : BIRTH_PLAIN;
		object_allocated(x, handle, addr, size);
	}
	return result;
}

enum op_result run_kmalloc(struct executor *x, const struct op *op)
{
	REQUIRE(x, slab_gfp(x, op->arg[1]));
	return kmalloc_repeated(x, op, size_value(x, op->arg[0]), gfp_of(op->arg[1]), false);
}

enum op_result run_kzalloc(struct executor *x, const struct op *op)
{
	REQUIRE(x, slab_gfp(x, op->arg[1]));
	return kmalloc_repeated(x, op, size_value(x, op->arg[0]), gfp_of(op->arg[1]), true);
}

enum op_result run_kcalloc(struct executor *x, const struct op *op)
{
	uint64_t max = size_value(x, 0xffffffffu), n = op->arg[0], size = size_value(x, op->arg[1]);

	REQUIRE(x, slab_gfp(x, op->arg[2]));
	if (n && size > max / n)
		return RESULT_FAILED;
	return kmalloc_repeated(x, op, n * size, gfp_of(op->arg[2]), true);
}

/* An op uses the object while interrupts may come: they must not free it meanwhile. */
static void busy_begin(struct executor *x, struct busy *busy, uint32_t handle)
{
	invariant(handle < x->count[YIELDS_OBJECT]);
	*busy = (struct busy){handle, x->busy};
	x->busy = busy;
}

static void busy_end(struct executor *x)
{
	invariant(x->busy);
	x->busy = x->busy->outer;
}

static bool is_busy(const struct executor *x, const struct object *o)
{
	for (const struct busy *busy = x->busy; unlikely(busy != NULL); busy = busy->outer)
		if (o == &x->objects[busy->handle])
			return true;
	return false;
}

/* A device that reads through a page whose reference is held was no reason to keep the object (C33, C34). */
static bool device_holds_piece(struct executor *x, const struct mapping_handle *m, struct sg_entry piece,
			       const struct object *o)
{
	const struct page_handle *p = page_of_object(x, piece.memory);
	uint64_t size = o->size ? o->size : 1;

	if (p && p->extra_references && m->direction == DMA_TO_DEVICE)
		return false;
	return o->addr < piece.addr + piece.size && piece.addr < o->addr + size;
}

static bool device_holds(struct executor *x, const struct object *o)
{
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++) {
		const struct mapping_handle *m = &x->mappings[i];

		for (unsigned n = 0; m->live && !m->cpu_owns && n < mapping_pieces(x, m); n++)
			if (device_holds_piece(x, m, mapping_piece(x, m, n), o))
				return true;
	}
	return o->mapping;
}

/* Who may have found a pointer to it may still follow it, unless the memory stays of its type. */
static bool others_know(const struct executor *x, const struct object *o)
{
	return o->published > (o->rcu ? PUBLISHED_ONCE : PUBLISHED_NEVER) && !x->world->config.dma_era;
}

bool may_free(struct executor *x, const struct object *o)
{
	return o && !is_busy(x, o) && !device_holds(x, o) && !io_needs(x, (uint32_t)(o - x->objects)) && !o->dying &&
	       !others_know(x, o);
}

/* SLAB and SLUB know the kmem_cache of any object; SLOB looks for a header in front of it. */
static bool has_header(const struct executor *x, const struct object *o)
{
	if (o->origin.kind == ORIGIN_PAGES)
		return false;
	return o->origin.kind == ORIGIN_KMALLOC || !x->allocator->ops->contract.kfree_needs_header;
}

/* SLOB has interrupts on before it takes its lock. */
static uint64_t ksize_of(struct executor *x, uint32_t handle)
{
	struct busy busy;
	uint64_t size;

	busy_begin(x, &busy, handle);
	size = UNDER_TEST(x->sim, x->allocator->ops->ksize(x->allocator, x->objects[handle].addr));
	busy_end(x);
	return size;
}

/* mm/util.c of the era: keep the object if it has room, else allocate, copy and free. */
enum op_result run_krealloc(struct executor *x, const struct op *op)
{
	struct object *o = live_object(x, op->arg[0]);
	const struct allocator_ops *ops = x->allocator->ops;
	uint64_t size = size_value(x, op->arg[1]), old;
	gfp_t gfp = gfp_of(op->arg[2]);
	target_addr_t addr;

	REQUIRE(x, slab_gfp(x, op->arg[2]) && (op->arg[0] == HANDLE_NONE || may_free(x, o)));
	REQUIRE(x, size <= ops->contract.size_max && size > 0);
	REQUIRE(x, !o || (o->origin.kind == ORIGIN_KMALLOC && !io_carries(x, op->arg[0])));
	if (!o)
		return kmalloc_repeated(x, op, size, gfp, false);
	if (!ops->ksize || (o->addr && !target_in_ram(x->sim, o->addr, 1)))
		return RESULT_SKIP;
	old = ksize_of(x, op->arg[0]);
	addr = o->addr;
	if (old < size) {
		struct busy busy;

		busy_begin(x, &busy, op->arg[0]);
		addr = allocate(x, 0, size, gfp);
		busy_end(x);
		if (!addr)
			return refused(x, x->yield, size);
		target_copy(x->sim, addr, o->addr, o->size < size ? o->size : size);
	}
	object_freed(x, op->arg[0]);
	if (addr != o->addr)
		UNDER_TEST(x->sim, ops->free(x->allocator, 0, o->addr));
	x->objects[x->yield].birth = BIRTH_RESIZED;
	object_allocated(x, x->yield, addr, size);
	return RESULT_OK;
}

/* kfree of a page-allocator address, or of a pointer that is not live: misuse (D3). */
static enum op_result kfree_raw(struct executor *x, uint32_t memory)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, memory, &size);

	if (!x->world->config.misuse)
		return RESULT_SKIP;
	misuse_emit(x, misuse_of_free(x, memory), memory, addr, size, 0);
	UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, addr));
	return RESULT_OK;
}

enum op_result run_kfree(struct executor *x, const struct op *op)
{
	enum op_result result = RESULT_SKIP;

	if (op->arg[0] == HANDLE_NONE) {
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, 0));
		return RESULT_OK;
	}
	if (op->arg[0] & HANDLE_OTHER)
		return kfree_raw(x, op->arg[0]);
	for (uint32_t i = 0; i < op->repeat && op->arg[0] + i < x->count[YIELDS_OBJECT]; i++) {
		struct object *o = live_object(x, op->arg[0] + i);

		if (!may_free(x, o) || !has_header(x, o)) {
			if (x->world->config.misuse)
				result = kfree_raw(x, op->arg[0] + i);
			continue;
		}
		object_freed(x, op->arg[0] + i);
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, o->addr));
		result = RESULT_OK;
	}
	return result;
}

enum op_result run_kfree_at(struct executor *x, const struct op *op)
{
	const struct object *o = live_object(x, op->arg[0]);
	target_addr_t addr;

	if (!x->world->config.misuse || !may_free(x, o) || !has_header(x, o))
		return RESULT_SKIP;
	if (op->arg[1] == 0 || op->arg[1] >= o->size)
		return RESULT_SKIP;
	addr = o->addr + op->arg[1];
	misuse_emit(x, MISUSE_interior_free, op->arg[0], addr, 1, 0);
	UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, addr));
	return RESULT_OK;
}

enum op_result run_ksize(struct executor *x, const struct op *op)
{
	struct object *o = live_object(x, op->arg[0]);
	struct event event = {.kind = EVENT_USABLE, .id = op->arg[0]};

	if (!x->allocator->ops->ksize || !o)
		return RESULT_SKIP;
	REQUIRE(x, has_header(x, o));
	event.addr = o->addr;
	event.size = ksize_of(x, op->arg[0]);
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

/* The kmem_cache of an argument; NULL handle for a boot cache. */
static target_addr_t cache_of(struct executor *x, uint32_t arg, struct kmem_cache_handle **handle)
{
	*handle = NULL;
	if (arg == HANDLE_NONE)
		return 0;
	if (!(arg & HANDLE_OTHER))
		return world_boot_cache(x->world, arg);
	if ((arg & ~HANDLE_OTHER) >= x->count[YIELDS_KMEM_CACHE])
		return 0;
	*handle = &x->caches[arg & ~HANDLE_OTHER];
	return (*handle)->addr;
}

/* Ops that make, destroy or look through kmem_caches sleep, and wait for one another; those that make or destroy also
 * for all others. */
static bool may_take_mutex(const struct executor *x, bool alone)
{
	return !x->in_irq && !x->chain_mutex && !(alone && x->schedule.amid);
}

/* The argument is a mask of rows of slab_flags.def. */
static uint32_t slab_flags_of(uint32_t rows)
{
	static const uint32_t values[] = {
#define SLAB_FLAG(name, value) value,
#include "sim/slab_flags.def"
#undef SLAB_FLAG
	};
	uint32_t flags = 0;

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (rows >> i & 1)
			flags |= values[i];
	return flags;
}

/* cache-<handle>; printf would cost more than the rest of the op. */
static void name_cache(struct kmem_cache_handle *c, uint32_t handle)
{
	static const char prefix[] = "cache-";
	char *at = c->name + sizeof(prefix) - 1;

	invariant(handle < 1000);
	memcpy(c->name, prefix, sizeof(prefix) - 1);
	if (handle >= 100)
		*at++ = (char)('0' + handle / 100);
	if (handle >= 10)
		*at++ = (char)('0' + handle / 10 % 10);
	*at++ = (char)('0' + handle % 10);
	*at = 0;
}

enum op_result run_kmem_cache_create(struct executor *x, const struct op *op)
{
	struct kmem_cache_handle *c = &x->caches[yielded(x, YIELDS_KMEM_CACHE)];
	struct kmem_cache_request request = {.name = c->name,
					     .size = size_value(x, op->arg[0]),
					     .align = op->arg[1],
					     .flags = slab_flags_of(op->arg[2])};
	struct event event = {.kind = EVENT_CACHE_CREATE,
			      .id = x->yield,
			      .size = request.size,
			      .value = request.align | (uint64_t)request.flags << 32};

	REQUIRE(x, may_take_mutex(x, true));
	if (!x->allocator->ops->cache_create)
		return RESULT_SKIP;
	/* Smaller than a pointer, the free pointer of a red-zoned cache lies over the red zone (docs/discoveries.md).
	 */
	REQUIRE(x, request.size >= x->sim->layout->word && request.size <= x->allocator->ops->contract.size_max / 8);
	name_cache(c, x->yield);
	x->chain_mutex = true;
	c->addr = UNDER_TEST(x->sim, x->allocator->ops->cache_create(x->allocator, &request));
	x->chain_mutex = false;
	if (!c->addr)
		return refused(x, x->yield, request.size);
	c->size = request.size;
	c->align = request.align;
	c->flags = request.flags;
	event.addr = c->addr;
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

enum op_result run_kmem_cache_destroy(struct executor *x, const struct op *op)
{
	struct kmem_cache_handle *c;
	target_addr_t cache = cache_of(x, op->arg[0], &c);
	struct event event = {.kind = EVENT_CACHE_DESTROY, .id = op->arg[0] & ~HANDLE_OTHER};

	REQUIRE(x, may_take_mutex(x, true));
	if (!cache || !c || !x->allocator->ops->cache_destroy)
		return RESULT_SKIP;
	REQUIRE(x, !((c->flags & SLAB_DESTROY_BY_RCU) && x->sim->rcu_readers) && !io_refers(x));
	if (c->live_objects && !x->world->config.misuse)
		return RESULT_SKIP;
	if (c->live_objects)
		misuse_emit(x, MISUSE_destroy_live, HANDLE_NONE, cache, 0, 0);
	/* Nobody uses it from here on. */
	c->addr = 0;
	x->chain_mutex = true;
	event.value = UNDER_TEST(x->sim, x->allocator->ops->cache_destroy(x->allocator, cache));
	x->chain_mutex = false;
	if (event.value != DESTROY_OK)
		c->addr = cache;
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

enum op_result run_kmem_cache_alloc(struct executor *x, const struct op *op)
{
	struct kmem_cache_handle *c;
	target_addr_t cache = cache_of(x, op->arg[0], &c);
	enum op_result result = RESULT_OK;
	uint64_t size;

	if (!cache)
		return RESULT_SKIP;
	size = c ? c->size : boot_cache_size(op->arg[0]);
	REQUIRE(x, slab_gfp(x, op->arg[1]));
	for (uint32_t i = 0; i < op->repeat; i++) {
		struct object *o = &x->objects[yielded_object(x, i)];
		target_addr_t addr = allocate(x, cache, size, gfp_of(op->arg[1]));

		if (!addr) {
			result = refused(x, yielded_object(x, i), size);
			continue;
		}
		o->origin = origin_of(op->arg[0]);
		o->rcu = c && (c->flags & SLAB_DESTROY_BY_RCU);
		if (c)
			c->live_objects++;
		object_allocated(x, yielded_object(x, i), addr, size);
	}
	return result;
}

/* A kmem_cache_free() that is not legal.  Merged kmem_caches are one, so addresses are compared. */
static void tell_cache_free(struct executor *x, target_addr_t cache, uint32_t handle)
{
	const struct object *o = &x->objects[handle];
	enum misuse kind = MISUSE_other;

	if (o->state == OBJECT_FREED && home_of(x, o) == cache)
		kind = misuse_of_free(x, handle);
	else if (o->state == OBJECT_LIVE && may_free(x, o) && home_of(x, o) && home_of(x, o) != cache)
		kind = MISUSE_wrong_cache;
	misuse_emit(x, kind, handle, o->addr, o->size, 0);
}

enum op_result run_kmem_cache_free(struct executor *x, const struct op *op)
{
	struct kmem_cache_handle *c;
	target_addr_t cache = cache_of(x, op->arg[0], &c);
	enum op_result result = RESULT_SKIP;

	if (!cache || op->arg[1] == HANDLE_NONE)
		return RESULT_SKIP;
	for (uint32_t i = 0; i < op->repeat && op->arg[1] + i < x->count[YIELDS_OBJECT]; i++) {
		struct object *o = &x->objects[op->arg[1] + i];
		bool legal = o->state == OBJECT_LIVE && origin_same(o->origin, origin_of(op->arg[0])) && may_free(x, o);

		if (o->state == OBJECT_NEVER || (!legal && !x->world->config.misuse))
			continue;
		if (!legal)
			tell_cache_free(x, cache, op->arg[1] + i);
		if (o->state == OBJECT_LIVE)
			object_freed(x, op->arg[1] + i);
		UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, cache, o->addr));
		result = RESULT_OK;
	}
	return result;
}

enum op_result run_kmem_cache_shrink(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_CACHE_SHRINK};
	struct kmem_cache_handle *c;
	target_addr_t cache = cache_of(x, op->arg[0], &c);

	REQUIRE(x, may_take_mutex(x, false));
	if (!cache || !x->allocator->ops->cache_shrink)
		return RESULT_SKIP;
	event.value = origin_number(origin_of(op->arg[0]));
	if (c)
		sim_emit(x->sim, &event);
	x->chain_mutex = true;
	UNDER_TEST(x->sim, x->allocator->ops->cache_shrink(x->allocator, cache));
	x->chain_mutex = false;
	return RESULT_OK;
}

enum op_result run_cache_validate(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_CACHE_VALIDATE};
	struct kmem_cache_handle *c;
	target_addr_t cache = cache_of(x, op->arg[0], &c);

	REQUIRE(x, may_take_mutex(x, true));
	if (!cache || !x->allocator->ops->cache_validate)
		return RESULT_SKIP;
	x->chain_mutex = true;
	UNDER_TEST(x->sim, x->allocator->ops->cache_validate(x->allocator, cache));
	x->chain_mutex = false;
	event.value = origin_number(origin_of(op->arg[0]));
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

enum op_result run_cpu_offline(struct executor *x, const struct op *op)
{
	REQUIRE(x, may_take_mutex(x, true));
	if (!x->allocator->ops->cpu_offline)
		return RESULT_SKIP;
	x->chain_mutex = true;
	UNDER_TEST(x->sim, x->allocator->ops->cpu_offline(x->allocator, op->arg[0] % x->sim->cpus));
	x->chain_mutex = false;
	return RESULT_OK;
}

enum op_result run_cache_reap(struct executor *x, const struct op *op)
{
	REQUIRE(x, may_take_mutex(x, false));
	if (!x->allocator->ops->reap)
		return RESULT_SKIP;
	x->chain_mutex = true;
	for (unsigned i = 0; i < op->repeat; i++)
		UNDER_TEST(x->sim, x->allocator->ops->reap(x->allocator, op->arg[0] % x->sim->cpus));
	x->chain_mutex = false;
	return RESULT_OK;
}
