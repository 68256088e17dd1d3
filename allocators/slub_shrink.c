/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22: shrinking the partial list, validation as sysfs does it, a cpu that goes offline (FACTS 2.3). */
#include "allocators/slub_internal.h"

#include <inttypes.h>

static void list_move(struct sim *sim, target_addr_t link, target_addr_t head)
{
	list_del(sim, link);
	list_add(sim, link, head);
}

/* Appends the links of `list` to the list at `head`. */
static void list_splice_tail(struct sim *sim, target_addr_t list, target_addr_t head)
{
	target_addr_t first = list_next(sim, list), last = list_prev(sim, list), tail = list_prev(sim, head);

	if (first == list)
		return;
	target_store_field(sim, first, LF_list_head_prev, tail);
	target_store_field(sim, tail, LF_list_head_next, first);
	target_store_field(sim, last, LF_list_head_next, head);
	target_store_field(sim, head, LF_list_head_prev, last);
}

/* The list heads of shrink, one per number of objects in use; `used` has a bit for each that has slabs. */
struct buckets {
	target_addr_t heads;
	uint32_t objects;
	uint64_t used[(UINT16_MAX + 1) / 64];
};

static target_addr_t bucket_head(const struct sim *sim, const struct buckets *buckets, uint64_t inuse)
{
	return buckets->heads + inuse * sim->layout->size[LS_list_head];
}

/* The kernel prepares all heads at once; only those in use are ever looked at. */
static void move_to_bucket(struct sim *sim, struct buckets *buckets, target_addr_t link, uint64_t inuse)
{
	uint64_t bit = UINT64_C(1) << inuse % 64;

	if (inuse < buckets->objects && !(buckets->used[inuse / 64] & bit)) {
		list_init(sim, bucket_head(sim, buckets, inuse));
		buckets->used[inuse / 64] |= bit;
	}
	list_move(sim, link, bucket_head(sim, buckets, inuse));
}

/* Discards the empty slabs and sorts the others into buckets by use. */
static void sort_into_buckets(struct allocator *a, target_addr_t s, struct buckets *buckets, bool always)
{
	struct sim *sim = a->sim;
	target_addr_t head = cache_list(sim, s, LF_kmem_cache_partial), link, next;

	for (link = list_next(sim, head); link != head; link = next) {
		frame_t slab = slub_link_frame(sim, link);
		uint64_t inuse = page_field_load(sim, slab, PF_slub_inuse);

		next = list_next(sim, link);
		if (!inuse) {
			slub_remove_partial(sim, s, slab);
			slub_discard_slab(a, s, slab);
		} else if (always || CACHE_FIELD(sim, s, nr_partial) > MAX_PARTIAL) {
			move_to_bucket(sim, buckets, link, inuse);
		}
	}
}

/* The fullest slabs come last. */
static void empty_buckets(struct sim *sim, target_addr_t s, const struct buckets *buckets)
{
	target_addr_t partial = cache_list(sim, s, LF_kmem_cache_partial);

	for (uint32_t word = (buckets->objects + 63) / 64; word-- > 0;)
		for (uint64_t left = buckets->used[word]; left;) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(left);

			list_splice_tail(sim, bucket_head(sim, buckets, word * 64 + bit), partial);
			left &= ~(UINT64_C(1) << bit);
		}
}

void slub_cache_shrink(struct allocator *a, target_addr_t s)
{
	struct sim *sim = a->sim;
	uint32_t size;
	bool always = !sim->policy[POLICY_bug_shrink_strands]; /* D19 */
	struct buckets buckets;
	bool irqs_off = sim->irqs_off;

	slub_release_held(a);
	slub_flush_all(a, s);
	if (!CACHE_FIELD(sim, s, nr_partial))
		return;
	buckets.objects = (uint32_t)CACHE_FIELD(sim, s, objects);
	size = buckets.objects * sim->layout->size[LS_list_head];
	buckets.heads = kernel_alloc(sim, size);
	if (!buckets.heads)
		return;
	memset(buckets.used, 0, (buckets.objects + 63) / 64 * sizeof(buckets.used[0]));
	sim_preempt_point(sim, POINT_slub_walk_begin);
	sim->irqs_off = true;
	sort_into_buckets(a, s, &buckets, always);
	/* D19: at or below the limit, what lies in the buckets is forgotten there. */
	if (always || CACHE_FIELD(sim, s, nr_partial) > MAX_PARTIAL)
		empty_buckets(sim, s, &buckets);
	sim->irqs_off = irqs_off;
	sim_preempt_point(sim, POINT_slub_walk_end);
	kernel_free(sim, buckets.heads, size);
}

void slub_reclaim(struct allocator *a)
{
	struct sim *sim = a->sim;
	target_addr_t head = slub_state(a)->slab_caches, link;

	for (link = list_next(sim, head); link != head; link = list_next(sim, link))
		slub_cache_shrink(a, link - sim->layout->field[LF_kmem_cache_list].offset);
}

/* Which objects are on the free chain, one bit each; the chain was found sound before. */
static void map_chain(struct sim *sim, target_addr_t s, frame_t slab, uint64_t *map)
{
	uint64_t offset = CACHE_FIELD(sim, s, offset), left = CACHE_FIELD(sim, s, objects);
	uint64_t size = CACHE_FIELD(sim, s, size);
	target_addr_t at = page_field_load(sim, slab, PF_slub_freelist);

	memset(map, 0, (size_t)((left + 63) / 64) * sizeof(*map));
	for (; at && left--; at = target_load_word(sim, at + offset)) {
		uint64_t index = (at - page_address(slab)) / size;

		map[index / 64] |= UINT64_C(1) << index % 64;
	}
}

static void validate_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	uint64_t objects = CACHE_FIELD(sim, s, objects), size = CACHE_FIELD(sim, s, size);
	uint64_t map[(UINT16_MAX + 1) / 64];

	if (!slub_check_slab(a, s, slab) || !slub_on_freelist(a, s, slab, 0))
		return;
	/* Without debugging an object has nothing to check but its free pointer, and the chain was walked just now. */
	if (!(cache_flags(sim, s) & DEBUG_FLAGS))
		return;
	map_chain(sim, s, slab, map);
	for (uint64_t i = 0; i < objects; i++) {
		bool in_use = !(map[i / 64] >> i % 64 & 1);

		if (!slub_check_object(a, s, page_address(slab) + i * size, in_use))
			return;
	}
}

static uint64_t validate_list(struct allocator *a, target_addr_t s, target_addr_t head)
{
	struct sim *sim = a->sim;
	uint64_t count = 0;

	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		validate_slab(a, s, slub_link_frame(sim, link));
		count++;
	}
	return count;
}

static void compare_count(struct allocator *a, target_addr_t s, const char *what, uint64_t counted, uint64_t counter)
{
	char name[NAME_SIZE];

	if (counted == counter)
		return;
	slub_say(a, "SLUB %s: %" PRIu64 " %s slabs counted but counter=%" PRIu64, slub_name(a, s, name), counted, what,
		 counter);
	slub_report_end(a, s);
}

/* In one go: a cpu that got a slab between the flush and the count would be a wrong count. */
unsigned slub_cache_validate(struct allocator *a, target_addr_t s)
{
	struct sim *sim = a->sim;
	uint32_t before = slub_state(a)->errors;
	bool irqs_off = sim->irqs_off;
	uint64_t partial, full;

	sim->irqs_off = true;
	slub_flush_all(a, s);
	partial = validate_list(a, s, cache_list(sim, s, LF_kmem_cache_partial));
	compare_count(a, s, "partial", partial, CACHE_FIELD(sim, s, nr_partial));
	if (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER) {
		full = validate_list(a, s, cache_list(sim, s, LF_kmem_cache_full));
		compare_count(a, s, "all", partial + full, CACHE_FIELD(sim, s, nr_slabs));
	}
	sim->irqs_off = irqs_off;
	return slub_state(a)->errors - before;
}

void slub_cpu_offline(struct allocator *a, unsigned cpu)
{
	struct sim *sim = a->sim;
	target_addr_t head = slub_state(a)->slab_caches;
	bool irqs_off = sim->irqs_off;

	for (target_addr_t link = list_next(sim, head); link != head; link = list_next(sim, link)) {
		sim->irqs_off = true;
		slub_flush_cpu_slab(a, link - sim->layout->field[LF_kmem_cache_list].offset, cpu);
		sim->irqs_off = irqs_off;
		sim_preempt_point(sim, POINT_slub_flush);
	}
}
