/* SPDX-License-Identifier: MIT */
/*
 * SLUB 2.6.22, debug slabs: red zones, poison, padding, tracks, free chains (FACTS 2.3, Checks).  Damage to padding is
 * repaired and the operation goes on; damage to red zone, poison, free pointer or slab aborts it.
 */
#include "allocators/slub_internal.h"

void slub_init_object(struct allocator *a, target_addr_t s, target_addr_t object, bool active)
{
	struct sim *sim = a->sim;
	uint32_t flags = cache_flags(sim, s);
	uint64_t objsize = CACHE_FIELD(sim, s, objsize);

	if (flags & OBJECT_POISON) {
		target_fill(sim, object, objsize - 1, POISON_FREE, ROLE_POISON);
		target_store(sim, object + objsize - 1, 1, POISON_END, ROLE_POISON);
	}
	if (flags & (uint32_t)SLAB_RED_ZONE)
		target_fill(sim, object + objsize, CACHE_FIELD(sim, s, inuse) - objsize,
			    active ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE, ROLE_REDZONE);
}

static target_addr_t track_of(struct sim *sim, target_addr_t s, target_addr_t object, bool freeing)
{
	uint64_t offset = CACHE_FIELD(sim, s, offset);
	uint64_t at = offset ? offset + sim->layout->word : CACHE_FIELD(sim, s, inuse);

	return object + at + (freeing ? track_size(sim) : 0);
}

/* {addr, cpu, pid, jiffies}; who called is the op, numbered from 1 since 0 means nobody. */
static void set_track(struct allocator *a, target_addr_t s, target_addr_t object, bool freeing)
{
	struct sim *sim = a->sim;
	target_addr_t track = track_of(sim, s, object, freeing);
	uint64_t word = sim->layout->word;

	if (!(cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER))
		return;
	target_store_word(sim, track, sim->op + UINT64_C(1), ROLE_TRACK);
	target_store(sim, track + word, 4, sim->cpu, ROLE_TRACK);
	target_store(sim, track + word + 4, 4, 0, ROLE_TRACK);
	target_store_word(sim, track + word + 8, sim->op, ROLE_TRACK);
}

void slub_init_tracking(struct allocator *a, target_addr_t s, target_addr_t object)
{
	if (cache_flags(a->sim, s) & (uint32_t)SLAB_STORE_USER)
		target_fill(a->sim, track_of(a->sim, s, object, false), 2 * track_size(a->sim), 0, ROLE_TRACK);
}

/* Bytes that must all have one value. */
struct filled {
	target_addr_t addr;
	uint64_t size;
	const char *complaint, *what;
	uint8_t value;
	enum byte_role role;
};

static bool check_filled(struct allocator *a, target_addr_t s, target_addr_t object, const struct filled *bytes)
{
	struct slub_damage damage = {.from = target_find_other(a->sim, bytes->addr, bytes->size, bytes->value),
				     .to = bytes->addr + bytes->size,
				     .what = bytes->what,
				     .value = bytes->value};

	if (!damage.from)
		return true;
	slub_object_err(a, s, object, bytes->complaint, &damage);
	slub_say_repair(a, s, &damage);
	target_fill(a->sim, bytes->addr, bytes->size, bytes->value, bytes->role);
	if (bytes->role == ROLE_REDZONE)
		slub_report_abort(a, s, object);
	else
		slub_report_end(a, object);
	return false;
}

static bool check_redzone(struct allocator *a, target_addr_t s, target_addr_t object, bool active)
{
	uint64_t objsize = CACHE_FIELD(a->sim, s, objsize);
	struct filled zone = {.addr = object + objsize,
			      .size = CACHE_FIELD(a->sim, s, inuse) - objsize,
			      .complaint = active ? "Redzone Active" : "Redzone Inactive",
			      .what = active ? "Redzone (0xcc)" : "Redzone (0xbb)",
			      .value = active ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE,
			      .role = ROLE_REDZONE};

	return check_filled(a, s, object, &zone);
}

static void check_alignment_padding(struct allocator *a, target_addr_t s, target_addr_t object)
{
	uint64_t objsize = CACHE_FIELD(a->sim, s, objsize);
	struct filled padding = {.addr = object + objsize,
				 .size = CACHE_FIELD(a->sim, s, inuse) - objsize,
				 .complaint = "Alignment padding check fails",
				 .what = "Alignment padding (0x5a)",
				 .value = POISON_INUSE,
				 .role = ROLE_PADDING};

	check_filled(a, s, object, &padding);
}

static void check_object_padding(struct allocator *a, target_addr_t s, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t begin = track_of(sim, s, object, false), end = object + CACHE_FIELD(sim, s, size);
	struct filled padding = {.complaint = "Object padding check fails",
				 .what = "object padding (0x5a)",
				 .value = POISON_INUSE,
				 .role = ROLE_PADDING};

	if (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER)
		begin += 2 * track_size(sim);
	padding.addr = begin;
	padding.size = end - begin;
	check_filled(a, s, object, &padding);
}

/* 0x6b up to the last byte, which is 0xa5. */
static bool check_poison(struct allocator *a, target_addr_t s, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t last = object + CACHE_FIELD(sim, s, objsize) - 1;
	struct slub_damage damage = {.from = target_find_other(sim, object, last - object, POISON_FREE),
				     .to = last + 1,
				     .what = "Poison (0x6b)",
				     .value = POISON_FREE};

	if (!damage.from && target_load(sim, last, 1) == POISON_END)
		return true;
	if (!damage.from) {
		damage.from = last;
		damage.value = POISON_END;
	}
	slub_object_err(a, s, object, "Poison check failed", &damage);
	slub_say_repair(a, s, &damage);
	target_fill(sim, object, last - object, POISON_FREE, ROLE_POISON);
	target_store(sim, last, 1, POISON_END, ROLE_POISON);
	slub_report_abort(a, s, object);
	return false;
}

static bool valid_pointer(struct sim *sim, target_addr_t s, frame_t slab, target_addr_t object)
{
	uint64_t at = object - page_address(slab), size = sim_divisor(sim, CACHE_FIELD(sim, s, size));

	return !object || (at < CACHE_FIELD(sim, s, objects) * size && at % size == 0);
}

static bool check_freepointer(struct allocator *a, target_addr_t s, target_addr_t object)
{
	struct sim *sim = a->sim;
	target_addr_t at = object + CACHE_FIELD(sim, s, offset);
	frame_t slab = page_head(sim, virt_to_frame(sim, object));

	if (valid_pointer(sim, s, slab, target_load_word(sim, at)))
		return true;
	slub_object_err(a, s, object, "Freepointer corrupt", NULL);
	target_store_word(sim, at, 0, ROLE_FREE_POINTER);
	slub_report_abort(a, s, object);
	return false;
}

bool slub_check_object(struct allocator *a, target_addr_t s, target_addr_t object, bool active)
{
	struct sim *sim = a->sim;
	uint32_t flags = cache_flags(sim, s);

	if (flags & (uint32_t)SLAB_RED_ZONE) {
		if (!check_redzone(a, s, object, active))
			return false;
	} else if (flags & (uint32_t)SLAB_POISON) {
		check_alignment_padding(a, s, object);
	}
	if (flags & (uint32_t)SLAB_POISON) {
		if (!active && (flags & OBJECT_POISON) && !check_poison(a, s, object))
			return false;
		check_object_padding(a, s, object);
	}
	/* In a live object without a place of its own, the client's data lies over the free pointer. */
	if (active && !CACHE_FIELD(sim, s, offset))
		return true;
	return check_freepointer(a, s, object);
}

static void check_slab_padding(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	uint64_t used = CACHE_FIELD(sim, s, objects) * CACHE_FIELD(sim, s, size);
	uint64_t size = (uint64_t)PAGE_SIZE << slub_order(sim, s);
	target_addr_t begin = page_address(slab) + used;
	struct slub_damage damage = {
		.to = page_address(slab) + size, .what = "slab padding (0x5a)", .value = POISON_INUSE};

	if (!(cache_flags(sim, s) & (uint32_t)SLAB_POISON) || used == size)
		return;
	damage.from = target_find_other(sim, begin, size - used, POISON_INUSE);
	if (!damage.from)
		return;
	slub_slab_err(a, s, slab, "Padding check failed");
	slub_say_repair(a, s, &damage);
	target_fill(sim, begin, size - used, POISON_INUSE, ROLE_PADDING);
	slub_report_end(a, page_address(slab));
}

bool slub_check_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	uint64_t offset, inuse;

	if (!page_flag(sim, slab, PG_slab)) {
		slub_slab_err(a, s, slab, "Not a valid slab page");
		slub_report_abort(a, s, page_address(slab));
		return false;
	}
	offset = page_field_load(sim, slab, PF_slub_offset) * sim->layout->word;
	if (offset != CACHE_FIELD(sim, s, offset)) {
		slub_slab_err(a, s, slab, "Corrupted offset %u", (unsigned)offset);
		slub_report_abort(a, s, page_address(slab));
		return false;
	}
	inuse = page_field_load(sim, slab, PF_slub_inuse);
	if (inuse > CACHE_FIELD(sim, s, objects)) {
		slub_slab_err(a, s, slab, "inuse %u > max %u", (unsigned)inuse, (unsigned)CACHE_FIELD(sim, s, objects));
		slub_report_abort(a, s, page_address(slab));
		return false;
	}
	check_slab_padding(a, s, slab);
	return true;
}

/* The pointer after `object` in the chain (0: the head itself) leads nowhere: cut the chain there. */
static void cut_chain(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct sim *sim = a->sim;

	if (object) {
		slub_object_err(a, s, object, "Freechain corrupt", NULL);
		target_store_word(sim, object + CACHE_FIELD(sim, s, offset), 0, ROLE_FREE_POINTER);
	} else {
		slub_slab_err(a, s, slab, "Freepointer corrupt");
		slub_say_fix(a, s, "Freelist cleared");
		page_field_store(sim, slab, PF_slub_freelist, 0);
		page_field_store(sim, slab, PF_slub_inuse, CACHE_FIELD(sim, s, objects));
	}
	slub_report_end(a, object ? object : page_address(slab));
}

/* Is the object on the slab's chain (0: is the chain sound)?  Repairs the chain and the count as it goes. */
bool slub_on_freelist(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t search)
{
	struct sim *sim = a->sim;
	uint64_t offset = CACHE_FIELD(sim, s, offset), objects = CACHE_FIELD(sim, s, objects), count = 0, inuse;
	target_addr_t at = page_field_load(sim, slab, PF_slub_freelist), object = 0;

	while (at && count <= objects) {
		if (at == search)
			return true;
		if (!valid_pointer(sim, s, slab, at)) {
			cut_chain(a, s, slab, object);
			if (!object)
				return false;
			break;
		}
		object = at;
		at = target_load_word(sim, object + offset);
		count++;
	}
	inuse = page_field_load(sim, slab, PF_slub_inuse);
	if (inuse != ((objects - count) & 0xffff)) {
		slub_slab_err(a, s, slab, "Wrong object count. Counter is %u but counted were %u", (unsigned)inuse,
			      (unsigned)(objects - count) & 0xffff);
		page_field_store(sim, slab, PF_slub_inuse, objects - count);
		slub_report_end(a, page_address(slab));
	}
	return !search;
}

/* A slab that failed is retired: all its objects count as used, so nobody looks at it again. */
static void retire_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;

	if (!page_flag(sim, slab, PG_slab))
		return;
	page_field_store(sim, slab, PF_slub_inuse, CACHE_FIELD(sim, s, objects));
	page_field_store(sim, slab, PF_slub_freelist, 0);
	page_field_store(sim, slab, PF_slub_offset, CACHE_FIELD(sim, s, offset) / sim->layout->word);
}

static bool alloc_sound(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	if (!slub_check_slab(a, s, slab))
		return false;
	if (!valid_pointer(a->sim, s, slab, object)) {
		slub_slab_err(a, s, slab, "Freelist Pointer check fails");
		slub_report_abort(a, s, page_address(slab));
		return false;
	}
	return slub_check_object(a, s, object, false);
}

static void will_undo(struct allocator *a, enum slub_undone what, frame_t slab, target_addr_t object)
{
	struct slub_state *state = slub_state(a);

	state->undone = what;
	state->undone_slab = slab;
	state->undone_object = object;
}

/* May the head of the chain be handed out?  Prepares it, or retires the slab. */
bool slub_alloc_checks(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	bool sound;

	will_undo(a, UNDONE_ALLOC, slab, object);
	sound = alloc_sound(a, s, slab, object);
	will_undo(a, UNDONE_NOTHING, FRAME_NONE, 0);
	if (!sound) {
		retire_slab(a, s, slab);
		return false;
	}
	set_track(a, s, object, false);
	slub_init_object(a, s, object, true);
	return true;
}

bool slub_belongs(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	target_addr_t owner = page_field_load(a->sim, slab, PF_slub_slab);
	char text[24], name[NAME_SIZE];

	if (owner == s)
		return true;
	if (owner)
		slub_slab_err(a, s, slab, "object at 0x%s belongs to slab %s", slub_address(object, text),
			      slub_name(a, owner, name));
	else
		slub_slab_err(a, s, slab, "no slab for object 0x%s", slub_address(object, text));
	slub_report_abort(a, s, object);
	return false;
}

static bool free_sound(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	char text[24];

	if (!slub_check_slab(a, s, slab))
		return false;
	if (!valid_pointer(a->sim, s, slab, object)) {
		slub_slab_err(a, s, slab, "Invalid object pointer 0x%s", slub_address(object, text));
		slub_report_abort(a, s, object);
		return false;
	}
	if (slub_on_freelist(a, s, slab, object)) {
		slub_slab_err(a, s, slab, "Object 0x%s already free", slub_address(object, text));
		slub_report_abort(a, s, object);
		return false;
	}
	return slub_check_object(a, s, object, true) && slub_belongs(a, s, slab, object);
}

/* May the object go back on the chain?  Prepares it. */
bool slub_free_checks(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	bool sound;

	will_undo(a, UNDONE_FREE, slab, object);
	sound = free_sound(a, s, slab, object);
	will_undo(a, UNDONE_NOTHING, FRAME_NONE, 0);
	if (!sound)
		return false;
	set_track(a, s, object, true);
	slub_init_object(a, s, object, false);
	return true;
}

void slub_check_all_free(struct allocator *a, target_addr_t s, frame_t slab)
{
	uint64_t objects = CACHE_FIELD(a->sim, s, objects), size = CACHE_FIELD(a->sim, s, size);

	check_slab_padding(a, s, slab);
	for (uint64_t i = 0; i < objects; i++)
		slub_check_object(a, s, page_address(slab) + i * size, false);
}
