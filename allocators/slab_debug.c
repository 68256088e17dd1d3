/* SPDX-License-Identifier: MIT */
/*
 * SLAB 2.6.22, debugging (FACTS 2.2, 7.3): red words, poison, the user word, and the chains of slabs.  Damage is
 * reported and the operation goes on; what is no object of the slab, and chains that do not add up, are BUGs.
 */
#include "allocators/slab_internal.h"

static target_addr_t object_of(struct sim *sim, target_addr_t c, target_addr_t buffer)
{
	return buffer + CACHE_FIELD(sim, c, obj_offset);
}

static void poison(struct sim *sim, target_addr_t c, target_addr_t buffer, uint8_t value)
{
	target_addr_t object = object_of(sim, c, buffer);
	uint64_t size = CACHE_FIELD(sim, c, obj_size);

	target_fill(sim, object, size - 1, value, ROLE_POISON);
	target_store(sim, object + size - 1, 1, POISON_END, ROLE_POISON);
}

/* Poison of a free object: 0x6b up to the last byte, which is 0xa5. */
static void check_poison(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	target_addr_t object = object_of(sim, c, buffer), last = object + CACHE_FIELD(sim, c, obj_size) - 1;

	if (target_find_other(sim, object, last - object, POISON_FREE) || target_load(sim, last, 1) != POISON_END)
		slab_report_poison(a, c, buffer);
}

static target_addr_t second_red(struct sim *sim, target_addr_t c, target_addr_t buffer)
{
	return object_of(sim, c, buffer) + CACHE_FIELD(sim, c, obj_size);
}

static void set_reds(struct sim *sim, target_addr_t c, target_addr_t buffer, uint64_t value)
{
	target_store(sim, buffer, RED_SIZE, value, ROLE_REDZONE);
	target_store(sim, second_red(sim, c, buffer), RED_SIZE, value, ROLE_REDZONE);
}

/* Bit 0: the first red word has the value; bit 1: the second. */
static unsigned reds_with(struct sim *sim, target_addr_t c, target_addr_t buffer, uint64_t value)
{
	unsigned first = target_load(sim, buffer, RED_SIZE) == value;

	return first | (unsigned)(target_load(sim, second_red(sim, c, buffer), RED_SIZE) == value) << 1;
}

/* Who called is the op, numbered from 1 since 0 means nobody. */
static void store_user(struct sim *sim, target_addr_t c, target_addr_t buffer, uint64_t caller)
{
	target_addr_t place = buffer + CACHE_FIELD(sim, c, buffer_size) - sim->layout->word;

	if (slab_flags(sim, c) & (uint32_t)SLAB_STORE_USER)
		target_store_word(sim, place, caller, ROLE_TRACK);
}

void slab_run_ctor(struct sim *sim, target_addr_t c, target_addr_t object)
{
	target_fill(sim, object, CACHE_FIELD(sim, c, asked_size), CTOR_BYTE, ROLE_NONE);
}

/* Complains about each red word that is not inactive. */
static void check_reds_inactive(struct allocator *a, target_addr_t c, target_addr_t buffer, const char *function,
				const char *const texts[2])
{
	unsigned good = reds_with(a->sim, c, buffer, RED_INACTIVE);

	for (unsigned i = 0; i < 2; i++)
		if (!(good >> i & 1))
			slab_error(a, c, function, texts[i], buffer);
}

/* Poisoned objects are constructed at each allocation, others once. */
void slab_debug_init(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	static const char *const texts[] = {"constructor overwrote the start of an object",
					    "constructor overwrote the end of an object"};
	struct sim *sim = a->sim;
	uint32_t flags = slab_flags(sim, c);

	if (flags & (uint32_t)SLAB_POISON)
		poison(sim, c, buffer, POISON_FREE);
	store_user(sim, c, buffer, 0);
	if (flags & (uint32_t)SLAB_RED_ZONE)
		set_reds(sim, c, buffer, RED_INACTIVE);
	if (CACHE_FIELD(sim, c, ctor) && !(flags & (uint32_t)SLAB_POISON))
		slab_run_ctor(sim, c, object_of(sim, c, buffer));
	if (flags & (uint32_t)SLAB_RED_ZONE)
		check_reds_inactive(a, c, buffer, "cache_init_objs", texts);
}

target_addr_t slab_debug_alloc(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	uint32_t flags = slab_flags(sim, c);

	if (flags & (uint32_t)SLAB_POISON) {
		check_poison(a, c, buffer);
		poison(sim, c, buffer, POISON_INUSE);
	}
	store_user(sim, c, buffer, sim->op + UINT64_C(1));
	if (flags & (uint32_t)SLAB_RED_ZONE) {
		if (reds_with(sim, c, buffer, RED_INACTIVE) != 3)
			slab_error(a, c, "cache_alloc_debugcheck_after",
				   "double free, or memory outside object was overwritten", buffer);
		set_reds(sim, c, buffer, RED_ACTIVE);
	}
	if (CACHE_FIELD(sim, c, ctor) && (flags & (uint32_t)SLAB_POISON))
		slab_run_ctor(sim, c, object_of(sim, c, buffer));
	return object_of(sim, c, buffer);
}

static void verify_reds_of_free(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	bool twice;

	if (reds_with(a->sim, c, buffer, RED_ACTIVE) == 3)
		return;
	twice = reds_with(a->sim, c, buffer, RED_INACTIVE) == 3;
	slab_error(a, c, "verify_redzone_free",
		   twice ? "double free detected" : "memory outside object was overwritten", buffer);
}

/* BUG unless the buffer is exactly one of its slab. */
static void check_start(struct sim *sim, target_addr_t c, target_addr_t buffer)
{
	target_addr_t slab = slab_page_slab(sim, slab_object_page(sim, buffer));
	uint64_t at = buffer - DESC_FIELD(sim, slab, s_mem), size = sim_divisor(sim, CACHE_FIELD(sim, c, buffer_size));

	if (at / size >= CACHE_FIELD(sim, c, num))
		sim_bug(sim, "cache_free_debugcheck: no object of the slab");
	if (at % size)
		sim_bug(sim, "cache_free_debugcheck: not the start of an object");
}

target_addr_t slab_debug_free(struct allocator *a, target_addr_t c, target_addr_t object)
{
	struct sim *sim = a->sim;
	uint32_t flags = slab_flags(sim, c);
	target_addr_t buffer = object - CACHE_FIELD(sim, c, obj_offset);

	if (flags & (uint32_t)SLAB_RED_ZONE) {
		verify_reds_of_free(a, c, buffer);
		set_reds(sim, c, buffer, RED_INACTIVE);
	}
	store_user(sim, c, buffer, sim->op + UINT64_C(1));
	check_start(sim, c, buffer);
	if (flags & (uint32_t)SLAB_POISON)
		poison(sim, c, buffer, POISON_FREE);
	return buffer;
}

/* A slab goes: its objects must be as they were freed. */
void slab_debug_destroy(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	static const char *const texts[] = {"start of a freed object was overwritten",
					    "end of a freed object was overwritten"};
	struct sim *sim = a->sim;
	uint64_t num = CACHE_FIELD(sim, c, num), size = CACHE_FIELD(sim, c, buffer_size);
	target_addr_t buffer = DESC_FIELD(sim, slab, s_mem);
	uint32_t flags = slab_flags(sim, c);

	for (uint64_t i = 0; i < num; i++, buffer += size) {
		if (flags & (uint32_t)SLAB_POISON)
			check_poison(a, c, buffer);
		if (flags & (uint32_t)SLAB_RED_ZONE)
			check_reds_inactive(a, c, buffer, "slab_destroy_objs", texts);
	}
}

static void corrupted_chain(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	char name[NAME_SIZE], text[24];

	slab_say(a, "slab: Internal list corruption detected in cache '%s'(%u), slabp %s(%u). Hexdump:",
		 slab_name(a, c, name), (unsigned)CACHE_FIELD(a->sim, c, num), slab_address(slab, text),
		 (unsigned)DESC_FIELD(a->sim, slab, inuse));
	slab_say_descriptor(a, c, slab);
	slab_bug(a);
}

void slab_check_chain(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	struct sim *sim = a->sim;
	uint64_t num, index, entries = 0;

	if (!(slab_flags(sim, c) & (uint32_t)SLAB_DEBUG_FREE))
		return;
	num = CACHE_FIELD(sim, c, num);
	index = DESC_FIELD(sim, slab, free);
	while (index != BUFCTL_END) {
		if (index >= num || ++entries > num)
			corrupted_chain(a, c, slab);
		index = target_load(sim, slab_bufctl_place(sim, slab, index), BUFCTL_SIZE);
	}
	if (entries != num - DESC_FIELD(sim, slab, inuse))
		corrupted_chain(a, c, slab);
}
