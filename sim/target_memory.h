/* SPDX-License-Identifier: MIT */
/*
 * How models touch target memory: with the target's width and byte order, marking cache lines exactly (a load fills, a
 * store dirties or bypasses), recording the role of metadata bytes and containing wild pointers (oops and unwind).
 * The only way for our SLAB, SLUB and SLOB; foreign code runs on plain pointers.
 */
#ifndef SLABFUZZ_SIM_TARGET_MEMORY_H
#define SLABFUZZ_SIM_TARGET_MEMORY_H

#include <string.h>

#include "sim/memory.h"

/* Host pointer to the CPU view.  Only for addresses inside target memory. */
SIM_PART uint8_t *target_pointer(target_addr_t addr)
{
	return (uint8_t *)(uintptr_t)addr;
}

SIM_ACCESSOR bool target_in_ram(const struct sim *sim, target_addr_t addr, uint64_t size)
{
	return addr - RAM_BASE < sim->ram_size && size <= sim->ram_size - (addr - RAM_BASE);
}

/* Slow paths: untouched or unowned memory, wild addresses.  Return with the access allowed, or unwind. */
void target_check_slow(struct sim *sim, target_addr_t addr, unsigned width, bool store);
uint64_t target_load_slow(struct sim *sim, target_addr_t addr, unsigned width);
void target_lines_load(struct sim *sim, target_addr_t addr, uint64_t size);
void target_lines_store(struct sim *sim, target_addr_t addr, uint64_t size); /* after the store */
uint64_t target_read_raw(target_addr_t addr, unsigned width, bool big_endian);
void target_write_raw(target_addr_t addr, unsigned width, bool big_endian, uint64_t value);

SIM_PART uint64_t target_get(target_addr_t addr, unsigned width, bool big_endian)
{
	const uint8_t *p = target_pointer(addr);
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (width) {
	case 8:
		memcpy(&v8, p, 8);
		return big_endian ? __builtin_bswap64(v8) : v8;
	case 4:
		memcpy(&v4, p, 4);
		return big_endian ? __builtin_bswap32(v4) : v4;
	case 2:
		memcpy(&v2, p, 2);
		return big_endian ? __builtin_bswap16(v2) : v2;
	default:
		return *p;
	}
}

/* The low `width` bytes in host order; the switch keeps the copies inline. */
SIM_PART void target_put_bytes(uint8_t *p, unsigned width, uint64_t value)
{
	uint32_t v4 = (uint32_t)value;
	uint16_t v2 = (uint16_t)value;

	if (width == 8)
		memcpy(p, &value, 8);
	else if (width == 4)
		memcpy(p, &v4, 4);
	else if (width == 2)
		memcpy(p, &v2, 2);
	else
		*p = (uint8_t)value;
}

SIM_PART void target_put(target_addr_t addr, unsigned width, bool big_endian, uint64_t value)
{
	uint8_t *p = target_pointer(addr);
	uint64_t v8 = big_endian ? __builtin_bswap64(value) : value;
	uint32_t v4 = big_endian ? __builtin_bswap32((uint32_t)value) : (uint32_t)value;
	uint16_t v2 = big_endian ? __builtin_bswap16((uint16_t)value) : (uint16_t)value;

	switch (width) {
	case 8:
		memcpy(p, &v8, 8);
		return;
	case 4:
		memcpy(p, &v4, 4);
		return;
	case 2:
		memcpy(p, &v2, 2);
		return;
	default:
		*p = (uint8_t)value;
	}
}

SIM_PART void sim_step(struct sim *sim)
{
	if (unlikely(--sim->steps == 0))
		sim_hang(sim);
}

/* True iff the whole access lies in a RAM frame that somebody owns and has used before. */
SIM_PART bool target_plain_ram(const struct sim *sim, target_addr_t addr, unsigned width)
{
	uint64_t offset = addr - RAM_BASE;

	return likely(offset < sim->ram_size) && (offset & (PAGE_SIZE - 1)) + width <= PAGE_SIZE &&
	       likely(sim->frame_state[offset >> PAGE_SHIFT] == FRAME_TOUCHED);
}

/* Kernel data that somebody owns, and struct page, which lists link through: nothing to tell of an access. */
SIM_PART bool target_kernel_plain(const struct sim *sim, target_addr_t addr, unsigned width)
{
	uint64_t heap = addr - KERNEL_HEAP_BASE;

	return (heap < KERNEL_HEAP_SIZE - 8 && likely(sim->kernel_shadow[heap >> 3] == KERNEL_USED)) ||
	       addr - KERNEL_BASE + width <= (uint64_t)sim->ram_frames * sim->page_struct_size;
}

SIM_PART uint64_t target_load_part(struct sim *sim, target_addr_t addr, unsigned width)
{
	sim_step(sim);
	if (target_plain_ram(sim, addr, width)) {
		if (sim->lines)
			target_lines_load(sim, addr, width);
	} else if (!target_kernel_plain(sim, addr, width)) {
		return target_load_slow(sim, addr, width);
	}
	return target_get(addr, width, sim->big_endian);
}

void target_store_slow(struct sim *sim, target_addr_t addr, unsigned width, uint64_t value, enum byte_role role);

SIM_PART void target_store_part(struct sim *sim, target_addr_t addr, unsigned width, uint64_t value,
				enum byte_role role)
{
	sim_step(sim);
	if (!target_plain_ram(sim, addr, width)) {
		target_store_slow(sim, addr, width, value, role);
		return;
	}
	target_put(addr, width, sim->big_endian, value);
	target_put_bytes(sim->roles + (addr - RAM_BASE), width, role * UINT64_C(0x0101010101010101));
	if (sim->lines)
		target_lines_store(sim, addr, width);
}

/* Loads `width` bytes (1, 2, 4, 8) at any alignment. */
SIM_ACCESSOR uint64_t target_load(struct sim *sim, target_addr_t addr, unsigned width)
{
	return target_load_part(sim, addr, width);
}

/* Stores allocator metadata; `role` names the bytes if they become a victim. */
SIM_ACCESSOR void target_store(struct sim *sim, target_addr_t addr, unsigned width, uint64_t value, enum byte_role role)
{
	target_store_part(sim, addr, width, value, role);
}

/* A pointer or unsigned long of the target. */
SIM_ACCESSOR uint64_t target_load_word(struct sim *sim, target_addr_t addr)
{
	return target_load_part(sim, addr, sim->layout->word);
}

SIM_ACCESSOR void target_store_word(struct sim *sim, target_addr_t addr, uint64_t value, enum byte_role role)
{
	target_store_part(sim, addr, sim->layout->word, value, role);
}

/* A field of a kernel structure at `base`, by layout. */
SIM_ACCESSOR uint64_t target_load_field(struct sim *sim, target_addr_t base, enum layout_field field)
{
	struct layout_place place = sim->layout->field[field];

	return target_load_part(sim, base + place.offset, place.width);
}

SIM_ACCESSOR void target_store_field(struct sim *sim, target_addr_t base, enum layout_field field, uint64_t value)
{
	struct layout_place place = sim->layout->field[field];

	target_store_part(sim, base + place.offset, place.width, value, ROLE_KMEM_CACHE);
}

/* Bulk accesses, with the same rules; they cross pages. */
void target_fill(struct sim *sim, target_addr_t addr, uint64_t size, uint8_t value, enum byte_role role);
void target_copy(struct sim *sim, target_addr_t to, target_addr_t from, uint64_t size);
/* Whatever metadata the bytes held, it is void: they have no role any more.  No access; outside RAM nothing happens. */
void target_disclaim(struct sim *sim, target_addr_t addr, uint64_t size);
/*
 * Links a chain of free objects: at first + i * stride the address first + (i + 1) * stride - bias, in the last one 0.
 * The same as `count` word stores.
 */
void target_store_chain(struct sim *sim, target_addr_t first, uint64_t stride, uint64_t count, uint64_t bias);
/*
 * Pushes the free objects of the chain from `object` on onto the chain `onto`, one by one, which reverses them; their
 * free pointers lie `offset` bytes behind their addresses.  Returns the new head, adds their number to *count.
 */
target_addr_t target_push_chain(struct sim *sim, target_addr_t object, uint64_t offset, target_addr_t onto,
				uint64_t *count);
/* Address of the first byte in [addr, addr + size) that is not `value`, or 0. */
target_addr_t target_find_other(struct sim *sim, target_addr_t addr, uint64_t size, uint8_t value);

/* Doubly linked lists of the target: heads and links are `struct list_head`s in target memory. */
void list_init(struct sim *sim, target_addr_t head);
void list_add(struct sim *sim, target_addr_t link, target_addr_t head);
void list_add_tail(struct sim *sim, target_addr_t link, target_addr_t head);
/* Unlinks; leaves LIST_POISON in the link. */
void list_del(struct sim *sim, target_addr_t link);
bool list_empty(struct sim *sim, target_addr_t head);

SIM_ACCESSOR target_addr_t list_next(struct sim *sim, target_addr_t link)
{
	return target_load_field(sim, link, LF_list_head_next);
}

SIM_ACCESSOR target_addr_t list_prev(struct sim *sim, target_addr_t link)
{
	return target_load_field(sim, link, LF_list_head_prev);
}

#endif
