/* SPDX-License-Identifier: MIT */
/* SLAB 2.6.22, kmem_caches: alignment, sizes and order, arrays, create, shrink and destroy, boot (FACTS 2.2). */
#include "allocators/slab_internal.h"

#include <stdio.h>

enum {
	USER_SIZE = 8, /* reserved for the user word */
	OFF_SLAB_MIN = PAGE_SIZE / 8,
	SMALL_RAM = 32 << 20, /* up to here only order 0 is worth taking */
	DEBUG_ARRAY_LIMIT = 32,
	SHARED_FACTOR = 8,
};

/* What a client asks for; flags with those of the command line, without SLAB_CTOR. */
struct cache_wish {
	const char *name;
	uint64_t size;
	uint32_t align, flags;
	bool ctor;
};

/* What is derived for a kmem_cache. */
struct cache_sizes {
	uint64_t buffer_size, obj_size, slab_size, left_over;
	uint32_t align, flags, obj_offset, order, num, colour, colour_off;
};

/* Alignment of a kmalloc cache.  Slabs of more than a page are aligned by the page allocator. */
static uint32_t kmalloc_align(const struct sim *sim, uint32_t size)
{
	uint32_t align = sim_kmalloc_minalign(sim);
	bool natural = sim->policy[POLICY_natural_align] && !(size & (size - 1)) && size > align;

	return natural ? (size < PAGE_SIZE ? size : PAGE_SIZE) : align;
}

/* fls(value - 1): equal for sizes between the same powers of two. */
static unsigned power_of(uint64_t value)
{
	unsigned power = 0;

	while (power < 63 && UINT64_C(1) << power < value)
		power++;
	return power;
}

/* What a build with debugging forces on every kmem_cache; here the letters choose. */
static uint32_t forced_flags(const struct allocator *a, const struct cache_wish *wish)
{
	uint64_t overhead = 2 * RED_SIZE + USER_SIZE;
	uint32_t flags = 0;

	if (strncmp(wish->name, a->debug_prefix, strlen(a->debug_prefix)))
		return 0;
	if (a->debug & DEBUG_F)
		flags |= (uint32_t)SLAB_DEBUG_FREE;
	if ((a->debug & DEBUG_P) && !(wish->flags & (uint32_t)SLAB_DESTROY_BY_RCU))
		flags |= (uint32_t)SLAB_POISON;
	/* Not where they would double the memory. */
	if (wish->size >= PAGE_SIZE && power_of(wish->size) != power_of(wish->size + overhead))
		return flags;
	if (a->debug & DEBUG_Z)
		flags |= (uint32_t)SLAB_RED_ZONE;
	if (a->debug & DEBUG_U)
		flags |= (uint32_t)SLAB_STORE_USER;
	return flags;
}

/* Flags that this build knows of; the others are a BUG of the era. */
static uint32_t allowed_flags(struct allocator *a, uint32_t flags)
{
	const uint32_t debug = OBJECT_DEBUG | (uint32_t)SLAB_DEBUG_FREE;
	uint32_t wrong = flags & (a->debug ? (uint32_t)SLAB_DEBUG_FREE : debug);

	if ((flags & (uint32_t)SLAB_DESTROY_BY_RCU) && (flags & (uint32_t)SLAB_POISON))
		wrong |= (uint32_t)SLAB_POISON; /* poison would hit RCU readers */
	if (wrong && a->sim->policy[POLICY_bug_create_flags])
		sim_bug(a->sim, "kmem_cache_create: unexpected flags");
	return flags & ~wrong;
}

/* The steps and their order are the era's; the last two are what costs debug caches their line alignment, or DMA
 * machines their red zones. */
static void calculate_alignment(const struct sim *sim, const struct cache_wish *wish, struct cache_sizes *out)
{
	uint32_t align = sim->layout->word, widest = arch_long_long_align(sim->arch);

	out->flags = wish->flags;
	out->obj_size = slab_align_up(wish->size, sim->layout->word);
	if (wish->flags & (uint32_t)SLAB_HWCACHE_ALIGN)
		for (align = 1u << sim->arch->line_shift; wish->size <= align / 2;)
			align /= 2;
	if (wish->flags & (uint32_t)SLAB_STORE_USER)
		align = sim->layout->word;
	if (wish->flags & (uint32_t)SLAB_RED_ZONE) {
		align = widest > sim->layout->word ? widest : sim->layout->word;
		out->obj_size = slab_align_up(wish->size, align);
	}
	if (align < sim->arch->slab_minalign_defined)
		align = sim->arch->slab_minalign_defined;
	if (align < wish->align)
		align = wish->align;
	if (align > widest)
		out->flags &= ~((uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_STORE_USER);
	out->align = align;
}

/* Descriptor and bufctls of a slab with them inside, bytes. */
static uint64_t management_size(const struct sim *sim, uint64_t num, uint32_t align)
{
	return slab_align_up(sim->layout->size[LS_slab_desc] + num * BUFCTL_SIZE, align);
}

/* Objects of a slab of this order; *left_over is what they and an inside descriptor do not use. */
static uint64_t estimate(const struct sim *sim, const struct cache_sizes *sizes, unsigned order, uint64_t *left_over)
{
	uint64_t bytes = (uint64_t)PAGE_SIZE << order, management = 0, num;

	if (sizes->flags & OFF_SLAB) {
		num = bytes / sizes->buffer_size;
	} else {
		num = (bytes - sim->layout->size[LS_slab_desc]) / (sizes->buffer_size + BUFCTL_SIZE);
		if (num && management_size(sim, num, sizes->align) + num * sizes->buffer_size > bytes)
			num--;
		management = management_size(sim, num, sizes->align);
	}
	*left_over = num ? bytes - num * sizes->buffer_size - management : 0;
	return num;
}

static bool calculate_order(const struct sim *sim, struct cache_sizes *out)
{
	unsigned break_order = sim->ram_size > SMALL_RAM ? 1 : 0;

	out->num = 0;
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		uint64_t left_over, num = estimate(sim, out, order, &left_over);

		if (!num)
			continue;
		/* Off-slab descriptors must not need off-slab descriptors. */
		if ((out->flags & OFF_SLAB) && num > (out->buffer_size - sim->layout->size[LS_slab_desc]) / BUFCTL_SIZE)
			break;
		out->num = (uint32_t)num;
		out->order = order;
		out->left_over = left_over;
		if ((out->flags & (uint32_t)SLAB_RECLAIM_ACCOUNT) || order >= break_order ||
		    left_over * 8 <= (uint64_t)PAGE_SIZE << order)
			break;
	}
	return out->num != 0;
}

/* Red word | object | red word | user word, then rounding.  False if it cannot be had. */
static bool calculate_sizes(const struct sim *sim, const struct cache_wish *wish, struct cache_sizes *out)
{
	uint32_t line = 1u << sim->arch->line_shift;
	uint64_t size;

	if (!wish->size || wish->size > UINT64_C(1) << KMALLOC_SHIFT_HIGH || (wish->align & (wish->align - 1)))
		return false;
	calculate_alignment(sim, wish, out);
	size = out->obj_size;
	out->obj_offset = 0;
	if (out->flags & (uint32_t)SLAB_RED_ZONE) {
		out->obj_offset = RED_SIZE;
		size += 2 * RED_SIZE;
	}
	if (out->flags & (uint32_t)SLAB_STORE_USER)
		size += USER_SIZE;
	/* Asked before rounding.  The caches that come before bootstrapping is over are smaller in any case. */
	if (size >= OFF_SLAB_MIN)
		out->flags |= OFF_SLAB;
	out->buffer_size = slab_align_up(size, out->align);
	if (!calculate_order(sim, out))
		return false;
	out->slab_size = management_size(sim, out->num, out->align);
	if ((out->flags & OFF_SLAB) && out->left_over >= out->slab_size) {
		out->flags &= ~OFF_SLAB;
		out->left_over -= out->slab_size;
	}
	if (out->flags & OFF_SLAB)
		out->slab_size = management_size(sim, out->num, 1);
	out->colour_off = line > out->align ? line : out->align;
	out->colour = (uint32_t)(out->left_over / out->colour_off);
	return true;
}

static target_addr_t store_name(struct sim *sim, const char *name)
{
	uint32_t length = (uint32_t)strlen(name);
	target_addr_t addr = kernel_alloc(sim, length + 1);

	for (uint32_t i = 0; addr && i <= length; i++)
		target_store(sim, addr + i, 1, (uint8_t)name[i], ROLE_KMEM_CACHE);
	return addr;
}

static void fill_cache(struct sim *sim, target_addr_t c, const struct cache_wish *wish, const struct cache_sizes *sizes)
{
	CACHE_FIELD_SET(sim, c, buffer_size, sizes->buffer_size);
	CACHE_FIELD_SET(sim, c, flags, sizes->flags);
	CACHE_FIELD_SET(sim, c, num, sizes->num);
	CACHE_FIELD_SET(sim, c, gfporder, sizes->order);
	CACHE_FIELD_SET(sim, c, gfpflags, sizes->flags & SLAB_CACHE_DMA ? GFP_ZONE_DMA : 0);
	CACHE_FIELD_SET(sim, c, colour, sizes->colour);
	CACHE_FIELD_SET(sim, c, colour_off, sizes->colour_off);
	CACHE_FIELD_SET(sim, c, slab_size, sizes->slab_size);
	CACHE_FIELD_SET(sim, c, obj_offset, sizes->obj_offset);
	CACHE_FIELD_SET(sim, c, obj_size, sizes->obj_size);
	CACHE_FIELD_SET(sim, c, asked_size, wish->size);
	CACHE_FIELD_SET(sim, c, ctor, wish->ctor ? KERNEL_BASE : 0);
}

static target_addr_t open_array(struct sim *sim, uint32_t limit, uint32_t batchcount)
{
	target_addr_t ac = kernel_alloc(sim, sim->layout->size[LS_array_cache] + limit * sim->layout->word);

	if (!ac)
		return 0;
	ARRAY_FIELD_SET(sim, ac, avail, 0);
	ARRAY_FIELD_SET(sim, ac, limit, limit);
	ARRAY_FIELD_SET(sim, ac, batchcount, batchcount);
	ARRAY_FIELD_SET(sim, ac, touched, 0);
	return ac;
}

static void close_array(struct sim *sim, target_addr_t ac)
{
	uint32_t limit = ac ? (uint32_t)ARRAY_FIELD(sim, ac, limit) : 0;

	if (ac)
		kernel_free(sim, ac, sim->layout->size[LS_array_cache] + limit * sim->layout->word);
}

/* Large objects are hoarded less. */
static uint32_t array_limit(const struct allocator *a, uint64_t buffer_size)
{
	uint32_t limit = buffer_size > 128 << 10   ? 1
			 : buffer_size > PAGE_SIZE ? 8
			 : buffer_size > 1024      ? 24
			 : buffer_size > 256       ? 54
						   : 120;

	return a->debug && limit > DEBUG_ARRAY_LIMIT ? DEBUG_ARRAY_LIMIT : limit;
}

/* The lists and the arrays of all cpus. */
static bool open_lists(struct allocator *a, target_addr_t c, const struct cache_sizes *sizes)
{
	struct sim *sim = a->sim;
	uint32_t limit = array_limit(a, sizes->buffer_size), batchcount = (limit + 1) / 2;
	uint32_t factor = sizes->buffer_size <= PAGE_SIZE && sim->cpus > 1 ? SHARED_FACTOR : 0;
	target_addr_t l3 = kernel_alloc(sim, sim->layout->size[LS_slab_list3]), shared = 0;

	if (!l3)
		return false;
	if (factor)
		shared = open_array(sim, factor * batchcount, 0);
	if (factor && !shared)
		return false;
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++) {
		target_addr_t ac = open_array(sim, limit, batchcount);

		if (!ac)
			return false;
		target_store_word(sim, slab_array_place(sim, c, cpu), ac, ROLE_KMEM_CACHE);
	}
	list_init(sim, slab_field_place(sim, l3, LF_slab_list3_partial));
	list_init(sim, slab_field_place(sim, l3, LF_slab_list3_full));
	list_init(sim, slab_field_place(sim, l3, LF_slab_list3_free));
	LIST3_FIELD_SET(sim, l3, free_objects, 0);
	LIST3_FIELD_SET(sim, l3, free_limit, (1 + sim->cpus) * batchcount + sizes->num);
	LIST3_FIELD_SET(sim, l3, colour_next, 0);
	LIST3_FIELD_SET(sim, l3, shared, shared);
	LIST3_FIELD_SET(sim, l3, next_reap, 0);
	LIST3_FIELD_SET(sim, l3, free_touched, 0);
	CACHE_FIELD_SET(sim, c, list3, l3);
	CACHE_FIELD_SET(sim, c, limit, limit);
	CACHE_FIELD_SET(sim, c, batchcount, batchcount);
	CACHE_FIELD_SET(sim, c, shared, factor);
	return true;
}

static target_addr_t open_cache(struct allocator *a, const struct cache_wish *wish)
{
	struct sim *sim = a->sim;
	struct cache_wish with_debug = *wish;
	struct cache_sizes sizes;
	target_addr_t c, name, slabp_cache = 0;

	with_debug.flags |= forced_flags(a, wish);
	if (sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT && wish->size < OBJECT_COUNT_SIZE_MAX) {
		with_debug.size = slab_align_up(wish->size, sim->layout->word) + sim->layout->word;
		with_debug.flags |= OBJECT_COUNTED;
	}
	if (!calculate_sizes(sim, &with_debug, &sizes))
		return 0;
	if (sizes.flags & OFF_SLAB) {
		slabp_cache = slab_kmalloc_cache(a, sizes.slab_size, 0);
		if (!slabp_cache)
			return 0;
	}
	name = store_name(sim, wish->name);
	c = kernel_alloc(sim, sim->layout->size[LS_slab_cache]);
	if (!c || !name)
		return 0;
	fill_cache(sim, c, &with_debug, &sizes);
	CACHE_FIELD_SET(sim, c, asked_size, wish->size);
	CACHE_FIELD_SET(sim, c, slabp_cache, slabp_cache);
	CACHE_FIELD_SET(sim, c, name, name);
	if (!open_lists(a, c, &sizes))
		return 0;
	list_add(sim, slab_field_place(sim, c, LF_slab_cache_list), slab_state(a)->caches);
	return c;
}

target_addr_t slab_cache_create(struct allocator *a, const struct kmem_cache_request *request)
{
	uint32_t flags = request->flags & ~(uint32_t)SLAB_CTOR;
	struct cache_wish wish = {.name = request->name,
				  .size = request->size,
				  .align = request->align,
				  .flags = allowed_flags(a, flags),
				  .ctor = request->flags & (uint32_t)SLAB_CTOR};

	return open_cache(a, &wish);
}

static void drain_array(struct allocator *a, target_addr_t c, target_addr_t ac)
{
	if (!ac)
		return;
	slab_free_block(a, c, slab_entry_place(a->sim, ac, 0), ARRAY_FIELD(a->sim, ac, avail));
	ARRAY_FIELD_SET(a->sim, ac, avail, 0);
}

/* Each cpu drains its own array: what it frees under RCU waits on its own queue. */
static void drain_arrays(struct allocator *a, target_addr_t c)
{
	struct sim *sim = a->sim;
	bool irqs_off = sim->irqs_off;

	for (unsigned cpu = 0; cpu < sim->cpus; cpu++) {
		unsigned self = sim->cpu;

		sim->irqs_off = true;
		sim->cpu = cpu;
		drain_array(a, c, slab_cpu_array(sim, c, cpu));
		sim->cpu = self;
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slab_drain);
	}
	sim->irqs_off = true;
	drain_array(a, c, LIST3_FIELD(sim, CACHE_FIELD(sim, c, list3), shared));
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slab_drain);
}

void slab_drain_freelist(struct allocator *a, target_addr_t c, uint64_t most)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3), head = slab_field_place(sim, l3, LF_slab_list3_free);
	bool irqs_off = sim->irqs_off;

	for (; most && !list_empty(sim, head); most--) {
		target_addr_t slab = list_prev(sim, head);

		sim->irqs_off = true;
		slab_list_del(sim, slab);
		LIST3_FIELD_SET(sim, l3, free_objects, LIST3_FIELD(sim, l3, free_objects) - CACHE_FIELD(sim, c, num));
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slab_drain);
		slab_destroy(a, c, slab);
	}
}

/* All free objects return to their slabs and all empty slabs go.  True iff a slab stays. */
static bool shrink(struct allocator *a, target_addr_t c)
{
	struct sim *sim = a->sim;
	target_addr_t l3 = CACHE_FIELD(sim, c, list3);

	slab_release_held(a);
	drain_arrays(a, c);
	slab_drain_freelist(a, c, UINT64_MAX);
	return !list_empty(sim, slab_field_place(sim, l3, LF_slab_list3_partial)) ||
	       !list_empty(sim, slab_field_place(sim, l3, LF_slab_list3_full));
}

void slab_cache_shrink(struct allocator *a, target_addr_t c)
{
	shrink(a, c);
}

/* Off-slab descriptors lie in slabs of other kmem_caches, which may be empty only afterwards: twice. */
void slab_reclaim(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = slab_state(a)->caches, link;

	for (unsigned pass = 0; pass < 2; pass++)
		for (link = list_next(sim, head); link != head; link = list_next(sim, link))
			shrink(a, link - sim->layout->field[LF_slab_cache_list].offset);
}

static void release_cache(struct sim *sim, target_addr_t c)
{
	target_addr_t l3 = CACHE_FIELD(sim, c, list3);

	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		close_array(sim, slab_cpu_array(sim, c, cpu));
	close_array(sim, LIST3_FIELD(sim, l3, shared));
	kernel_free(sim, l3, sim->layout->size[LS_slab_list3]);
	list_del(sim, slab_field_place(sim, c, LF_slab_cache_list));
	kernel_free(sim, c, sim->layout->size[LS_slab_cache]);
}

/* D21: the era waits for readers, and by that for callbacks of this cpu, but not for those of other cpus. */
static void wait_for_rcu(struct allocator *a)
{
	struct sim *sim = a->sim;

	sim_synchronize_rcu(sim);
	for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
		if (cpu == sim->cpu || !sim->policy[POLICY_bug_destroy_rcu])
			slab_run_callbacks(a, cpu);
}

enum destroy_result slab_cache_destroy(struct allocator *a, target_addr_t c)
{
	struct sim *sim = a->sim;
	bool by_rcu = slab_flags(sim, c) & (uint32_t)SLAB_DESTROY_BY_RCU;

	if (shrink(a, c)) {
		slab_error(a, c, "kmem_cache_destroy", "Can't free all objects", 0);
		return DESTROY_BUSY;
	}
	/* Waiting inside a reader's section would never end. */
	if (by_rcu && sim->rcu_readers)
		return DESTROY_BUSY;
	if (by_rcu)
		wait_for_rcu(a);
	release_cache(sim, c);
	return DESTROY_OK;
}

/* The cpu comes back with a new, untouched array. */
void slab_cpu_offline(struct allocator *a, unsigned cpu)
{
	struct sim *sim = a->sim;
	target_addr_t head = slab_state(a)->caches;
	bool irqs_off = sim->irqs_off;

	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		target_addr_t c = link - sim->layout->field[LF_slab_cache_list].offset;
		target_addr_t ac = slab_cpu_array(sim, c, cpu);

		sim->irqs_off = true;
		drain_array(a, c, ac);
		ARRAY_FIELD_SET(sim, ac, touched, 0);
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slab_drain);
	}
}

/* Index of the smallest kmalloc size that holds so many bytes, or `sizes`. */
static unsigned kmalloc_index(const struct slab_state *state, uint64_t size)
{
	unsigned i = 0;

	while (i < state->sizes && state->size[i] < size)
		i++;
	return i;
}

target_addr_t slab_kmalloc_cache(struct allocator *a, uint64_t size, gfp_t gfp)
{
	struct slab_state *state = slab_state(a);
	unsigned i = kmalloc_index(state, size);

	if (i == state->sizes)
		return 0;
	return unlikely(gfp & GFP_ZONE_DMA) ? state->kmalloc_dma[i] : state->kmalloc[i];
}

/* Programs say kmalloc-N, of SLUB; here that is the smallest size-* that holds N bytes. */
target_addr_t slab_boot_cache(struct allocator *a, const char *name)
{
	unsigned size;

	return sscanf(name, "kmalloc-%u", &size) == 1 ? slab_kmalloc_cache(a, size, 0) : 0;
}

static bool open_kmalloc_caches(struct allocator *a, uint32_t size)
{
	struct slab_state *state = slab_state(a);
	char name[NAME_SIZE];
	struct cache_wish wish = {.name = name,
				  .size = size,
				  .align = kmalloc_align(a->sim, size),
				  .flags = (uint32_t)SLAB_HWCACHE_ALIGN};
	unsigned i = state->sizes++;

	state->size[i] = size;
	snprintf(name, sizeof(name), "size-%u", (unsigned)size);
	state->kmalloc[i] = open_cache(a, &wish);
	snprintf(name, sizeof(name), "size-%u(DMA)", (unsigned)size);
	wish.flags |= SLAB_CACHE_DMA;
	state->kmalloc_dma[i] = open_cache(a, &wish);
	return state->kmalloc[i] && state->kmalloc_dma[i];
}

bool slab_init(struct allocator *a, const struct memory_region *region)
{
	struct sim *sim = a->sim;
	struct slab_state *state = slab_state(a);
	uint32_t line = 1u << sim->arch->line_shift;

	(void)region;
	state->caches = kernel_alloc(sim, sim->layout->size[LS_list_head]);
	if (!state->caches)
		return false;
	list_init(sim, state->caches);
	for (unsigned shift = 5; shift <= KMALLOC_SHIFT_HIGH; shift++) {
		uint32_t between = shift == 6 && line < 64 ? 96 : shift == 7 && line < 128 ? 192 : 0;

		if (!open_kmalloc_caches(a, 1u << shift) || (between && !open_kmalloc_caches(a, between)))
			return false;
	}
	return true;
}
