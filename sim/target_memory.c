/* SPDX-License-Identifier: MIT */
/* Slow paths of the accessors: kernel data, memory nobody owns, wild addresses, cache lines, bulk and lists. */
#include "sim/target_memory.h"

#include "sim/asan.h"
#include "sim/memory.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) raw_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) raw_half;

/* Byte by byte and unchecked: the simulated bus does not ask who owns memory. */
SIM_UNCHECKED SIM_UNCOVERED uint64_t target_read_raw(target_addr_t addr, unsigned width, bool big_endian)
{
	const volatile uint8_t *p = target_pointer(addr);
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)p[i] << 8 * (big_endian ? width - 1 - i : i);
	return value;
}

SIM_UNCHECKED SIM_UNCOVERED void target_write_raw(target_addr_t addr, unsigned width, bool big_endian, uint64_t value)
{
	volatile uint8_t *p = target_pointer(addr);

	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> 8 * (big_endian ? width - 1 - i : i));
}

SIM_UNCHECKED SIM_UNCOVERED void bytes_copy_raw(uint8_t *to, const uint8_t *from, uint64_t size)
{
	volatile uint8_t *out = to;
	uint64_t i = 0;

	/* Volatile, or the compiler makes a memcpy() of it, which asks. */
	for (; i + 8 <= size; i += 8)
		*(volatile raw_word *)(to + i) = *(const raw_word *)(from + i);
	/* Pointers of 32 bits. */
	if (size - i >= 4) {
		*(volatile raw_half *)(to + i) = *(const raw_half *)(from + i);
		i += 4;
	}
	for (; i < size; i++)
		out[i] = from[i];
}

static void emit_unowned(struct sim *sim, target_addr_t addr, unsigned width, bool store)
{
	struct event event = {.kind = EVENT_UNOWNED, .addr = addr, .size = width, .value = store};

	sim_emit(sim, &event);
}

/* Frames touched while free must be cleaned at reset like any other. */
static void check_ram(struct sim *sim, target_addr_t addr, unsigned width, bool store)
{
	frame_t first = (frame_t)((addr - RAM_BASE) >> PAGE_SHIFT);
	frame_t last = (frame_t)((addr + width - 1 - RAM_BASE) >> PAGE_SHIFT);

	if (sim->frame_state[first] == FRAME_FREE || sim->frame_state[last] == FRAME_FREE)
		emit_unowned(sim, addr, width, store);
	memory_touch_frame(sim, first);
	memory_touch_frame(sim, last);
}

static inline bool in_mem_map(const struct sim *sim, target_addr_t addr, unsigned width)
{
	return addr - KERNEL_BASE + width <= (uint64_t)sim->ram_frames * sim->page_struct_size;
}

static bool kernel_range(const struct sim *sim, target_addr_t addr, unsigned width)
{
	uint64_t heap = addr - KERNEL_HEAP_BASE;

	if (heap < KERNEL_HEAP_SIZE)
		return heap + width <= KERNEL_HEAP_SIZE && sim->kernel_shadow[heap >> 3] != KERNEL_NOBODY;
	return in_mem_map(sim, addr, width);
}

void target_check_slow(struct sim *sim, target_addr_t addr, unsigned width, bool store)
{
	uint64_t heap = addr - KERNEL_HEAP_BASE;

	if (target_in_ram(sim, addr, width)) {
		check_ram(sim, addr, width, store);
		return;
	}
	if (!kernel_range(sim, addr, width))
		sim_oops(sim, addr, store ? "store" : "load");
	if (heap < KERNEL_HEAP_SIZE && unlikely(sim->kernel_shadow[heap >> 3] == KERNEL_FREED))
		emit_unowned(sim, addr, width, store);
	if (store)
		memory_touch_kernel(sim, addr, width);
}

SIM_UNCOVERED uint64_t target_load_slow(struct sim *sim, target_addr_t addr, unsigned width)
{
	target_check_slow(sim, addr, width, false);
	if (sim->lines && target_in_ram(sim, addr, width))
		target_lines_load(sim, addr, width);
	return target_read_raw(addr, width, sim->big_endian);
}

/* Apart, so that the common case needs no stack frame. */
static __attribute__((noinline)) SIM_UNCOVERED void store_checked(struct sim *sim, target_addr_t addr, unsigned width,
								  uint64_t value, enum byte_role role)
{
	target_check_slow(sim, addr, width, true);
	target_write_raw(addr, width, sim->big_endian, value);
	if (!target_in_ram(sim, addr, width))
		return;
	memset(sim->roles + (addr - RAM_BASE), (int)role, width);
	if (sim->lines)
		target_lines_store(sim, addr, width);
}

SIM_UNCOVERED void target_store_slow(struct sim *sim, target_addr_t addr, unsigned width, uint64_t value,
				     enum byte_role role)
{
	if (likely(target_kernel_plain(sim, addr, width))) {
		memory_touch_kernel(sim, addr, width);
		target_put(addr, width, sim->big_endian, value);
		return;
	}
	store_checked(sim, addr, width, value, role);
}

SIM_UNCOVERED void target_lines_load(struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t first = (addr - RAM_BASE) >> sim->line_shift;
	uint64_t last = (addr + size - 1 - RAM_BASE) >> sim->line_shift;

	for (uint64_t i = first; i <= last; i++)
		sim->lines[i] |= LINE_PRESENT;
}

/* The part of [addr, addr + size) in lines [first, end) goes to RAM past the cache. */
SIM_UNCOVERED static void store_through(struct sim *sim, uint64_t first, uint64_t end, target_addr_t addr,
					uint64_t size)
{
	uint64_t from = first << sim->line_shift, to = end << sim->line_shift;

	from = addr - RAM_BASE > from ? addr - RAM_BASE : from;
	to = addr - RAM_BASE + size < to ? addr - RAM_BASE + size : to;
	bytes_copy_raw(sim->ram_view + from, target_pointer(RAM_BASE + from), to - from);
}

/* Eight line states at once: the rule is that all of them are alike. */
SIM_PART uint64_t eight_lines(const uint8_t *lines)
{
	uint64_t states;

	memcpy(&states, lines, 8);
	return states;
}

/* First line in [i, end) that is present (or is not, if `present` is false). */
static SIM_UNCOVERED uint64_t next_line(const uint8_t *lines, uint64_t i, uint64_t end, bool present)
{
	const uint64_t all = LINE_PRESENT * UINT64_C(0x0101010101010101);
	uint64_t other = present ? 0 : all;

	for (; i + 8 <= end && (eight_lines(lines + i) & all) == other; i += 8)
		;
	while (i < end && (lines[i] & LINE_PRESENT) != (present ? LINE_PRESENT : 0))
		i++;
	return i;
}

SIM_UNCOVERED void target_lines_store(struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t first = (addr - RAM_BASE) >> sim->line_shift;
	uint64_t end = ((addr + size - 1 - RAM_BASE) >> sim->line_shift) + 1;
	uint8_t *lines = sim->lines;

	if (sim->arch->write_through) {
		if (sim->arch->write_allocate)
			memset(lines + first, LINE_PRESENT, (size_t)(end - first));
		store_through(sim, first, end, addr, size);
		return;
	}
	if (sim->arch->write_allocate) {
		memset(lines + first, LINE_PRESENT | LINE_DIRTY, (size_t)(end - first));
		return;
	}
	/* Runs of lines that are present, and so get dirty, and of others, which are stored past. */
	if (end - first == 1 && lines[first] & LINE_PRESENT) {
		lines[first] |= LINE_DIRTY;
		return;
	}
	while (first < end) {
		uint64_t absent = next_line(lines, first, end, false), present;

		memset(lines + first, LINE_PRESENT | LINE_DIRTY, (size_t)(absent - first));
		present = next_line(lines, absent, end, true);
		if (absent < present)
			store_through(sim, absent, present, addr, size);
		first = present;
	}
}

/* Bytes of [addr, addr + size) in one page, at most. */
static size_t page_piece(target_addr_t addr, uint64_t size)
{
	size_t rest = PAGE_SIZE - (size_t)(addr & (PAGE_SIZE - 1));

	return size < rest ? (size_t)size : rest;
}

/* A frame that nobody touched since reset is zero in both views and without roles. */
static inline bool target_still_zero(const struct sim *sim, target_addr_t addr)
{
	uint64_t offset = addr - RAM_BASE;

	return offset < sim->ram_size && sim->frame_state[offset >> PAGE_SHIFT] == FRAME_USED &&
	       !sim->frame_touched[offset >> PAGE_SHIFT] && !(sim->lines && sim->arch->write_allocate);
}

/* True, and the frame touched, iff the byte's frame is RAM that somebody owns. */
static bool target_owned_ram(struct sim *sim, target_addr_t addr)
{
	uint64_t offset = addr - RAM_BASE;

	if (offset >= sim->ram_size || sim->frame_state[offset >> PAGE_SHIFT] == FRAME_FREE)
		return false;
	memory_touch_frame(sim, (frame_t)(offset >> PAGE_SHIFT));
	return true;
}

SIM_UNCOVERED void target_fill(struct sim *sim, target_addr_t addr, uint64_t size, uint8_t value, enum byte_role role)
{
	while (size) {
		size_t piece = page_piece(addr, size);

		sim_step(sim);
		if (value == 0 && role == ROLE_NONE && target_still_zero(sim, addr)) {
			/* Nothing to store. */
		} else if (target_owned_ram(sim, addr)) {
			memset(target_pointer(addr), value, piece);
			memset(sim->roles + (addr - RAM_BASE), (int)role, piece);
			if (sim->lines)
				target_lines_store(sim, addr, piece);
		} else {
			for (uint64_t i = 0; i < piece; i++)
				target_store(sim, addr + i, 1, value, role);
		}
		addr += piece;
		size -= piece;
	}
}

SIM_UNCOVERED void target_copy(struct sim *sim, target_addr_t to, target_addr_t from, uint64_t size)
{
	while (size) {
		size_t piece = page_piece(to, size), source = page_piece(from, size);

		piece = piece < source ? piece : source;
		sim_step(sim);
		if (target_owned_ram(sim, to) && target_owned_ram(sim, from)) {
			if (sim->lines)
				target_lines_load(sim, from, piece);
			memmove(target_pointer(to), target_pointer(from), piece);
			if (sim->lines)
				target_lines_store(sim, to, piece);
		} else {
			for (size_t i = 0; i < piece; i++)
				target_store(sim, to + i, 1, target_load(sim, from + i, 1), ROLE_NONE);
		}
		to += piece;
		from += piece;
		size -= piece;
	}
}

void target_disclaim(struct sim *sim, target_addr_t addr, uint64_t size)
{
	uint64_t offset = addr - RAM_BASE;

	if (!target_in_ram(sim, addr, size))
		return;
	for (uint64_t i = 0; i < size;) {
		uint64_t piece = PAGE_SIZE - ((addr + i) & (PAGE_SIZE - 1));

		piece = piece < size - i ? piece : size - i;
		/* An untouched frame has no roles. */
		if (sim->frame_touched[(offset + i) >> PAGE_SHIFT])
			memset(sim->roles + offset + i, ROLE_NONE, (size_t)piece);
		i += piece;
	}
}

/* With the frames touched, only the bytes and their roles are left to do. */
SIM_PART void store_links_as(struct sim *sim, unsigned word, bool big_endian, target_addr_t first, uint64_t stride,
			     uint64_t count, uint64_t bias)
{
	const uint64_t role = ROLE_FREE_POINTER * UINT64_C(0x0101010101010101);

	for (uint64_t i = 1; i < count; i++, first += stride) {
		target_put(first, word, big_endian, first + stride - bias);
		target_put_bytes(sim->roles + (first - RAM_BASE), word, role);
	}
	target_put(first, word, big_endian, 0);
	target_put_bytes(sim->roles + (first - RAM_BASE), word, role);
}

/* Chains are most of building a slab: width and byte order are constants in each copy of the loop. */
static SIM_UNCOVERED void store_links(struct sim *sim, target_addr_t first, uint64_t stride, uint64_t count,
				      uint64_t bias)
{
	if (sim->layout->word == 8 && !sim->big_endian)
		store_links_as(sim, 8, false, first, stride, count, bias);
	else if (sim->layout->word == 4 && !sim->big_endian)
		store_links_as(sim, 4, false, first, stride, count, bias);
	else
		store_links_as(sim, sim->layout->word, sim->big_endian, first, stride, count, bias);
}

/* The lines of stored links.  Views of absent lines are equal, so links that lie close are one range; lines that are
 * stored through while present may hold what RAM does not. */
static SIM_UNCOVERED void lines_store_links(struct sim *sim, target_addr_t first, uint64_t stride, uint64_t count)
{
	uint64_t word = sim->layout->word;

	if (!sim->lines)
		return;
	if (stride <= UINT64_C(1) << sim->line_shift && !sim->arch->write_through) {
		target_lines_store(sim, first, (count - 1) * stride + word);
		return;
	}
	for (uint64_t i = 0; i < count; i++, first += stride)
		target_lines_store(sim, first, word);
}

SIM_UNCOVERED void target_store_chain(struct sim *sim, target_addr_t first, uint64_t stride, uint64_t count,
				      uint64_t bias)
{
	uint64_t size = (count - 1) * stride + sim->layout->word;
	bool plain = count && target_in_ram(sim, first, size);

	for (uint64_t at = 0; plain && at < size; at += PAGE_SIZE)
		plain = target_owned_ram(sim, first + at);
	if (plain && target_owned_ram(sim, first + size - 1)) {
		sim_step(sim);
		store_links(sim, first, stride, count, bias);
		lines_store_links(sim, first, stride, count);
		return;
	}
	for (uint64_t i = 0; i < count; i++, first += stride)
		target_store_word(sim, first, i + 1 < count ? first + stride - bias : 0, ROLE_FREE_POINTER);
}

SIM_PART target_addr_t push_chain_as(struct sim *sim, unsigned word, bool big_endian, target_addr_t object,
				     uint64_t offset, target_addr_t onto, uint64_t *count)
{
	const uint64_t role = ROLE_FREE_POINTER * UINT64_C(0x0101010101010101);

	for (; object; ++*count) {
		target_addr_t at = object + offset, next;

		if (likely(!sim->lines && target_plain_ram(sim, at, word))) {
			sim_step(sim);
			next = target_get(at, word, big_endian);
			target_put(at, word, big_endian, onto);
			target_put_bytes(sim->roles + (at - RAM_BASE), word, role);
		} else {
			next = target_load_word(sim, at);
			target_store_word(sim, at, onto, ROLE_FREE_POINTER);
		}
		onto = object;
		object = next;
	}
	return onto;
}

SIM_UNCOVERED target_addr_t target_push_chain(struct sim *sim, target_addr_t object, uint64_t offset,
					      target_addr_t onto, uint64_t *count)
{
	if (sim->layout->word == 8 && !sim->big_endian)
		return push_chain_as(sim, 8, false, object, offset, onto, count);
	if (sim->layout->word == 4 && !sim->big_endian)
		return push_chain_as(sim, 4, false, object, offset, onto, count);
	return push_chain_as(sim, sim->layout->word, sim->big_endian, object, offset, onto, count);
}

/* Equal bytes are the rule: compare the range with itself, one byte on. */
static SIM_UNCOVERED size_t first_other(const uint8_t *p, size_t size, uint8_t value)
{
	size_t i = 0;

	if (p[0] == value && memcmp(p, p + 1, size - 1) == 0)
		return size;
	while (i < size && p[i] == value)
		i++;
	return i;
}

static SIM_UNCOVERED target_addr_t find_other_raw(target_addr_t addr, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (target_read_raw(addr + i, 1, false) != value)
			return addr + i;
	return 0;
}

target_addr_t target_find_other(struct sim *sim, target_addr_t addr, uint64_t size, uint8_t value)
{
	while (size) {
		size_t piece = page_piece(addr, size), at;
		target_addr_t found;

		sim_step(sim);
		if (!target_owned_ram(sim, addr)) {
			target_check_slow(sim, addr, 1, false);
			found = find_other_raw(addr, piece, value);
			if (found)
				return found;
		} else {
			if (sim->lines)
				target_lines_load(sim, addr, piece);
			at = first_other(target_pointer(addr), piece, value);
			if (at < piece)
				return addr + at;
		}
		addr += piece;
		size -= piece;
	}
	return 0;
}

static SIM_UNCOVERED void set_next(struct sim *sim, target_addr_t link, target_addr_t to)
{
	target_store_field(sim, link, LF_list_head_next, to);
}

static SIM_UNCOVERED void set_prev(struct sim *sim, target_addr_t link, target_addr_t to)
{
	target_store_field(sim, link, LF_list_head_prev, to);
}

/* The links of a list as a rule lie in kernel data: one check for both words of each. */
SIM_PART bool links_plain(const struct sim *sim, target_addr_t a, target_addr_t b, target_addr_t c)
{
	unsigned size = sim->layout->size[LS_list_head];

	return target_kernel_plain(sim, a, size) && target_kernel_plain(sim, b, size) &&
	       target_kernel_plain(sim, c, size);
}

SIM_PART void put_link(struct sim *sim, target_addr_t link, enum layout_field field, target_addr_t to)
{
	struct layout_place place = sim->layout->field[field];

	memory_touch_kernel(sim, link + place.offset, place.width);
	target_put(link + place.offset, place.width, sim->big_endian, to);
}

SIM_UNCOVERED void list_init(struct sim *sim, target_addr_t head)
{
	if (likely(target_kernel_plain(sim, head, sim->layout->size[LS_list_head]))) {
		sim_step(sim);
		put_link(sim, head, LF_list_head_next, head);
		put_link(sim, head, LF_list_head_prev, head);
		return;
	}
	set_next(sim, head, head);
	set_prev(sim, head, head);
}

static SIM_UNCOVERED void list_link(struct sim *sim, target_addr_t link, target_addr_t prev, target_addr_t next)
{
	if (likely(links_plain(sim, link, prev, next))) {
		sim_step(sim);
		put_link(sim, next, LF_list_head_prev, link);
		put_link(sim, link, LF_list_head_next, next);
		put_link(sim, link, LF_list_head_prev, prev);
		put_link(sim, prev, LF_list_head_next, link);
		return;
	}
	set_prev(sim, next, link);
	set_next(sim, link, next);
	set_prev(sim, link, prev);
	set_next(sim, prev, link);
}

SIM_UNCOVERED void list_add(struct sim *sim, target_addr_t link, target_addr_t head)
{
	list_link(sim, link, head, list_next(sim, head));
}

SIM_UNCOVERED void list_add_tail(struct sim *sim, target_addr_t link, target_addr_t head)
{
	list_link(sim, link, list_prev(sim, head), head);
}

SIM_UNCOVERED void list_del(struct sim *sim, target_addr_t link)
{
	target_addr_t next = list_next(sim, link), prev = list_prev(sim, link);

	if (likely(links_plain(sim, link, prev, next))) {
		sim_step(sim);
		put_link(sim, next, LF_list_head_prev, prev);
		put_link(sim, prev, LF_list_head_next, next);
		put_link(sim, link, LF_list_head_next, LIST_POISON1);
		put_link(sim, link, LF_list_head_prev, LIST_POISON2);
		return;
	}
	set_prev(sim, next, prev);
	set_next(sim, prev, next);
	set_next(sim, link, LIST_POISON1);
	set_prev(sim, link, LIST_POISON2);
}

bool list_empty(struct sim *sim, target_addr_t head)
{
	return list_next(sim, head) == head;
}
