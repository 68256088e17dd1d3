/* SPDX-License-Identifier: MIT */
/*
 * Fault points that flip one bit of target memory, as a worn cell or a stray store would: before an op, in a structure
 * that the point names; the attribute `bit` tells which, counted over all bits that such structures have then.
 */
#include "fuzz/execute.h"
#include "sim/memory.h"

/* Finds byte number `wanted` of a structure, or counts them all. */
struct byte_search {
	uint64_t seen, wanted;
	target_addr_t found;
};

static void offer(struct byte_search *search, target_addr_t addr)
{
	if (search->seen++ == search->wanted)
		search->found = addr;
}

static bool in_live_object(const struct executor *x, target_addr_t addr)
{
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++)
		if (x->objects[i].state == OBJECT_LIVE && addr - x->objects[i].addr < x->objects[i].size)
			return true;
	return false;
}

static bool is_role(unsigned point, enum byte_role role)
{
	switch (point) {
	case FAULT_flip_free_pointer:
		return role == ROLE_FREE_POINTER || role == ROLE_BUFCTL;
	case FAULT_flip_redzone:
		return role == ROLE_REDZONE || role == ROLE_PADDING;
	default:
		return role == ROLE_SLAB_DESC || role == ROLE_SLOB_HEADER;
	}
}

/* Bytes of RAM with the roles of the point, in pages that somebody has. */
static void search_roles(const struct executor *x, unsigned point, struct byte_search *search)
{
	const struct sim *sim = x->sim;

	for (frame_t frame = 0; frame < sim->ram_frames; frame++) {
		const uint8_t *roles = sim->roles + ((uint64_t)frame << PAGE_SHIFT);

		if (sim->frame_state[frame] != FRAME_TOUCHED)
			continue;
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			if (is_role(point, (enum byte_role)roles[i]) && !in_live_object(x, page_address(frame) + i))
				offer(search, page_address(frame) + i);
	}
}

static void search_objects(const struct executor *x, enum object_state state, struct byte_search *search)
{
	const struct sim *sim = x->sim;

	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		const struct object *o = &x->objects[i];

		if (o->state != state || !target_in_ram(sim, o->addr, o->size) ||
		    sim->frame_state[(o->addr - RAM_BASE) >> PAGE_SHIFT] == FRAME_FREE)
			continue;
		for (uint64_t k = 0; k < o->size; k++) {
			enum byte_role role = (enum byte_role)sim->roles[o->addr + k - RAM_BASE];

			if (state == OBJECT_LIVE ||
			    ((role == ROLE_NONE || role == ROLE_POISON) && !in_live_object(x, o->addr + k)))
				offer(search, o->addr + k);
		}
	}
}

static bool holds_object(const struct executor *x, frame_t frame)
{
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++)
		if (x->objects[i].state != OBJECT_NEVER && x->objects[i].addr - page_address(frame) < PAGE_SIZE)
			return true;
	return false;
}

static void search_page_fields(const struct executor *x, struct byte_search *search)
{
	for (frame_t frame = 0; frame < x->sim->ram_frames; frame++) {
		if (x->sim->frame_state[frame] != FRAME_TOUCHED || !holds_object(x, frame))
			continue;
		for (uint32_t i = 0; i < x->sim->page_struct_size; i++)
			offer(search, page_struct(x->sim, frame) + i);
	}
}

static void search_bytes(const struct executor *x, unsigned point, struct byte_search *search)
{
	switch (point) {
	case FAULT_flip_object:
		search_objects(x, OBJECT_LIVE, search);
		break;
	case FAULT_flip_free_object:
		search_objects(x, OBJECT_FREED, search);
		break;
	case FAULT_flip_page_field:
		search_page_fields(x, search);
		break;
	default:
		search_roles(x, point, search);
		break;
	}
}

static void flip(struct sim *sim, target_addr_t addr, unsigned bit)
{
	bool in_ram = target_in_ram(sim, addr, 1);
	enum byte_role role = in_ram ? (enum byte_role)sim->roles[addr - RAM_BASE] : ROLE_NONE;

	target_store(sim, addr, 1, target_load(sim, addr, 1) ^ (UINT64_C(1) << bit), role);
}

/* Of a kmem_cache that says how large its objects are, not of pages. */
static bool is_of_cache(const struct object *o)
{
	return o->origin.kind == ORIGIN_CREATED;
}

/*
 * A free pointer that lies right behind its object leads out of the slab's pages, or amid a word.  Which other places
 * the slab has is known to its allocator only.
 */
static uint32_t object_of_bad_pointer(struct executor *x, target_addr_t addr, unsigned bit)
{
	struct sim *sim = x->sim;
	unsigned word = sim->layout->word;
	target_addr_t place = addr & ~(target_addr_t)(word - 1);
	unsigned in_word = (unsigned)(sim->big_endian ? word - 1 - (addr - place) : addr - place) * 8 + bit;
	target_addr_t value = target_load_word(sim, place) ^ UINT64_C(1) << in_word;
	frame_t to = virt_to_frame(sim, value);
	uint32_t found = HANDLE_NONE;

	if (sim->roles[addr - RAM_BASE] != ROLE_FREE_POINTER || !value)
		return HANDLE_NONE;
	if (value % word == 0 && to != FRAME_NONE && page_head(sim, to) == page_head(sim, virt_to_frame(sim, place)))
		return HANDLE_NONE;
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		const struct object *o = &x->objects[i];
		uint64_t behind = place - o->addr - ((o->size + word - 1) & ~(uint64_t)(word - 1));

		if (o->state != OBJECT_NEVER && is_of_cache(o) && (behind == 0 || behind == word))
			found = i;
	}
	return found;
}

/* A live object in the page, which keeps the slab, and has it looked at when it is freed. */
static uint32_t live_object_in(const struct executor *x, frame_t frame)
{
	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++)
		if (x->objects[i].state == OBJECT_LIVE && x->objects[i].origin.kind != ORIGIN_PAGES &&
		    virt_to_frame(x->sim, x->objects[i].addr) == frame)
			return i;
	return HANDLE_NONE;
}

static bool in_field(const struct sim *sim, target_addr_t base, enum layout_field field, target_addr_t addr)
{
	return addr - base - sim->layout->field[field].offset < sim->layout->field[field].width;
}

static uint32_t object_of_slub_offset(struct executor *x, target_addr_t addr)
{
	frame_t frame = page_struct_frame(x->sim, addr - (addr - KERNEL_BASE) % x->sim->page_struct_size);

	/* Of tail pages nobody reads it. */
	if (frame == FRAME_NONE || page_head(x->sim, frame) != frame ||
	    !in_field(x->sim, page_struct(x->sim, frame), LF_page_offset, addr))
		return HANDLE_NONE;
	return live_object_in(x, frame);
}

/* The descriptor lies in its slab's first page, and that page knows it: others are of slabs elsewhere. */
static uint32_t object_of_descriptor(struct executor *x, target_addr_t addr)
{
	frame_t frame = virt_to_frame(x->sim, addr);
	target_addr_t slab;

	if (frame == FRAME_NONE || x->sim->roles[addr - RAM_BASE] != ROLE_SLAB_DESC)
		return HANDLE_NONE;
	slab = page_member(x->sim, frame, LF_page_lru_prev);
	if (!in_field(x->sim, slab, LF_slab_desc_inuse, addr) && !in_field(x->sim, slab, LF_slab_desc_free, addr))
		return HANDLE_NONE;
	return live_object_in(x, frame);
}

/* The object by which a contract that promises to detect a stray store detects this one; HANDLE_NONE: not for sure. */
static uint32_t stored_over(const struct executor *x, unsigned point, target_addr_t addr)
{
	bool redzone = point == FAULT_flip_redzone;

	for (uint32_t i = 0; i < x->count[YIELDS_OBJECT]; i++) {
		const struct object *o = &x->objects[i];
		uint64_t size = o->size + (redzone ? x->sim->layout->word : 0);

		if (o->state == (redzone ? OBJECT_LIVE : OBJECT_FREED) && addr - o->addr < size)
			return i;
	}
	return HANDLE_NONE;
}

/* What checks are certain to meet must be reported; of the rest no contract speaks. */
static void tell(struct executor *x, unsigned point, target_addr_t addr, unsigned bit)
{
	uint8_t byte = (uint8_t)(target_load(x->sim, addr, 1) ^ (UINT64_C(1) << bit));
	enum misuse kind = MISUSE_other;
	uint32_t handle;

	switch (point) {
	case FAULT_flip_free_pointer:
		handle = object_of_bad_pointer(x, addr, bit);
		kind = MISUSE_free_pointer_flip;
		break;
	case FAULT_flip_page_field:
		handle = object_of_slub_offset(x, addr);
		kind = MISUSE_slub_offset_flip;
		break;
	case FAULT_flip_descriptor:
		handle = object_of_descriptor(x, addr);
		kind = MISUSE_slab_desc_flip;
		break;
	default:
		handle = stored_over(x, point, addr);
		if (handle != HANDLE_NONE)
			kind = misuse_of_store(x, handle, addr, 1);
		break;
	}
	misuse_emit(x, handle == HANDLE_NONE ? MISUSE_other : kind, handle, addr, 1, byte);
}

void flip_bits(struct executor *x)
{
	for (unsigned point = FAULT_flip_object; point <= FAULT_flip_descriptor; point++) {
		struct byte_search search = {.wanted = UINT64_MAX};
		uint32_t bit = x->sim->faults.schedule[point].bit;

		if (!(x->sim->faults.armed >> point & 1) || !should_fail(x->sim, point, .size = 1))
			continue;
		search_bytes(x, point, &search);
		if (!search.seen)
			continue;
		search = (struct byte_search){.wanted = bit / 8 % search.seen};
		search_bytes(x, point, &search);
		if (x->world->config.misuse)
			tell(x, point, search.found, bit % 8);
		flip(x->sim, search.found, bit % 8);
		x->flipped = search.found;
	}
}
