/* SPDX-License-Identifier: MIT */
/* Life of the machine: mapping, configuration, boot images, reset; and how an op ends early (oops, BUG, hang). */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/asan.h"
#include "sim/memory.h"
#include "sim/page.h"
#include "sim/store_buffer.h"
#include "sim/user_view.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Side tables are mapped, not allocated: they are large, mostly untouched, and zero. */
static void *map_table(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "slabfuzz: cannot map %zu bytes for the machine's tables\n", size);
		exit(3);
	}
	return p;
}

static bool map_fixed(target_addr_t base, size_t size)
{
	void *want = (void *)(uintptr_t)base;
	void *p = mmap(want, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != want) {
		fprintf(stderr, "slabfuzz: target memory at 0x%llx is already in use in this process\n",
			(unsigned long long)base);
		if (p != MAP_FAILED)
			munmap(p, size);
		return false;
	}
	return true;
}

/* Every side table of struct sim: FIELD, bytes. */
#define SIDE_TABLES(TABLE)                                                                                             \
	TABLE(frame_state, RAM_FRAMES_MAX)                                                                             \
	TABLE(roles, RAM_SIZE_MAX)                                                                                     \
	TABLE(page_writers, RAM_FRAMES_MAX *PAGE_WORD_COUNT)                                                           \
	TABLE(kernel_shadow, KERNEL_HEAP_SIZE / 8)                                                                     \
	TABLE(chunk_dirty, KERNEL_CHUNKS)                                                                              \
	TABLE(dirty_chunks, KERNEL_CHUNKS * sizeof(uint32_t))                                                          \
	TABLE(frame_touched, RAM_FRAMES_MAX)                                                                           \
	TABLE(touched_frames, RAM_FRAMES_MAX * sizeof(uint32_t))                                                       \
	TABLE(frame_block, RAM_FRAMES_MAX)                                                                             \
	TABLE(used_blocks, 2 * RAM_FRAMES_MAX * sizeof(uint32_t))                                                      \
	TABLE(user_views, USER_VIEWS_MAX * sizeof(struct user_view))                                                   \
	TABLE(stores, sizeof(struct store_buffer))

/* Scans read eight at a time. */
enum { LINE_TABLE_SIZE = 0x04000000 / 16 + 8 };

bool sim_create(struct sim *sim)
{
	memset(sim, 0, sizeof(*sim));
	if (!map_fixed(RAM_BASE, RAM_SIZE_MAX))
		return false;
	if (!map_fixed(KERNEL_BASE, KERNEL_SIZE)) {
		munmap((void *)(uintptr_t)RAM_BASE, RAM_SIZE_MAX);
		return false;
	}
#define TABLE(field, bytes) sim->field = map_table((size_t)(bytes));
	SIDE_TABLES(TABLE)
#undef TABLE
	sim->line_table = map_table(LINE_TABLE_SIZE);
	sim->ram_view_table = map_table(RAM_SIZE_MAX);
	sim->outer_line_table = map_table(LINE_TABLE_SIZE);
	sim->outer_view_table = map_table(RAM_SIZE_MAX);
	sim->allocated_ok = true;
	return true;
}

void sim_destroy(struct sim *sim)
{
	if (!sim->allocated_ok)
		return;
	sim_unpoison(RAM_BASE, RAM_SIZE_MAX);
	munmap((void *)(uintptr_t)RAM_BASE, RAM_SIZE_MAX);
	munmap((void *)(uintptr_t)KERNEL_BASE, KERNEL_SIZE);
#define TABLE(field, bytes) munmap(sim->field, (size_t)(bytes));
	SIDE_TABLES(TABLE)
#undef TABLE
	munmap(sim->line_table, LINE_TABLE_SIZE);
	munmap(sim->ram_view_table, RAM_SIZE_MAX);
	munmap(sim->outer_line_table, LINE_TABLE_SIZE);
	munmap(sim->outer_view_table, RAM_SIZE_MAX);
	sim->allocated_ok = false;
}

static void set_config(struct sim *sim, const struct sim_config *config)
{
	const struct arch *arch = config->arch;
	uint64_t old_size = sim->ram_size;

	sim->arch = arch;
	sim->layout = arch_layout(arch);
	sim->actor = config->actor;
	memcpy(sim->policy, config->policy, POLICY_COUNT);
	sim->debug_vm = config->debug_vm;
	sim->big_endian = arch->big_endian;
	sim->cpus = config->cpus ? config->cpus : arch->cpus;
	sim->ram_frames = config->ram_frames ? config->ram_frames : 1024;
	invariant(sim->ram_frames <= RAM_FRAMES_MAX);
	sim->zone_dma = config->zone_dma < sim->ram_frames ? config->zone_dma : 0;
	invariant(sim->cpus <= CPUS_MAX);
	sim->ram_size = (uint64_t)sim->ram_frames << PAGE_SHIFT;
	sim->page_struct_size = sim->layout->size[LS_page];
	sim->lines = arch->coherent ? NULL : sim->line_table;
	sim->ram_view = arch->coherent ? target_pointer(RAM_BASE) : sim->ram_view_table;
	sim->outer_lines = arch->outer_cache ? sim->outer_line_table : NULL;
	sim->outer_view = sim->outer_view_table;
	sim->line_shift = arch->line_shift;
	if (!config->native && sim->native)
		sim_unpoison(RAM_BASE, RAM_SIZE_MAX);
	if (config->native && !sim->native)
		old_size = 0;
	sim->native = config->native;
	if (sim->ram_size > old_size)
		sim_disown(sim, RAM_BASE + old_size, sim->ram_size - old_size);
}

/* Takes back blocks that were handed out, touched or not. */
static void clear_blocks(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->used_count; i++) {
		frame_t frame = sim->used_blocks[i] & 0xffffff;
		unsigned order = sim->used_blocks[i] >> 24;

		invariant(frame < RAM_FRAMES_MAX && 1u << order <= RAM_FRAMES_MAX - frame);
		memset(sim->frame_state + frame, FRAME_FREE, (size_t)1 << order);
		sim_disown(sim, page_address(frame), (uint64_t)PAGE_SIZE << order);
		sim->frame_block[frame] = 0;
	}
	sim->used_count = 0;
}

/* Clears what programs left in RAM.  Views of absent lines are equal, so both are zero afterwards. */
static void clear_frames(struct sim *sim)
{
	uint32_t lines_per_page = (uint32_t)PAGE_SIZE >> sim->line_shift;

	clear_blocks(sim);
	for (uint32_t i = 0; i < sim->touched_count; i++) {
		frame_t frame = sim->touched_frames[i];
		target_addr_t addr = page_address(frame);

		invariant(frame < RAM_FRAMES_MAX);
		sim_own(sim, addr, PAGE_SIZE);
		memset(target_pointer(addr), 0, PAGE_SIZE);
		sim_disown(sim, addr, PAGE_SIZE);
		memset(sim->roles + (addr - RAM_BASE), 0, PAGE_SIZE);
		if (sim->lines) {
			memset(sim->ram_view + (addr - RAM_BASE), 0, PAGE_SIZE);
			memset(sim->lines + (uint64_t)frame * lines_per_page, 0, lines_per_page);
		}
		if (sim->outer_lines) {
			memset(sim->outer_view + (addr - RAM_BASE), 0, PAGE_SIZE);
			memset(sim->outer_lines + (uint64_t)frame * lines_per_page, 0, lines_per_page);
		}
		sim->frame_state[frame] = FRAME_FREE;
		sim->frame_touched[frame] = 0;
	}
	sim->touched_count = 0;
}

/* Writers of the frames whose struct page lies (partly) in a chunk of mem_map. */
static void clear_writers(struct sim *sim, uint32_t chunk)
{
	uint32_t size = sim->page_struct_size;
	uint64_t first = (uint64_t)chunk * KERNEL_CHUNK / size;
	uint64_t last = ((uint64_t)(chunk + 1) * KERNEL_CHUNK - 1) / size;

	if (first < sim->ram_frames)
		memset(sim->page_writers + first * PAGE_WORD_COUNT, 0, (size_t)(last - first + 1) * PAGE_WORD_COUNT);
}

static void clear_program_state(struct sim *sim)
{
	fault_reset(&sim->faults);
	sim->cpu = 0;
	sim->irqs_off = false;
	sim->rcu_readers = 0;
	memset(sim->rcu_nesting, 0, sizeof(sim->rcu_nesting));
	sim->rcu_waits = 0;
	sim->preempt_count = 0;
	sim->user_view_count = 0;
	if (unlikely(sim->stores_used))
		store_begin(sim);
	sim->region_next = sim->region_end = 0;
	sim->running = NULL;
	sim->declined_before = false;
	sim->fault_address = 0;
	sim->by = "boot";
	sim->op = 0;
	sim->steps = STEPS_PER_OP;
}

static void clear_kernel(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->dirty_chunk_count; i++) {
		uint32_t chunk = sim->dirty_chunks[i];

		memset(target_pointer(KERNEL_BASE + (uint64_t)chunk * KERNEL_CHUNK), 0, KERNEL_CHUNK);
		clear_writers(sim, chunk);
		sim->chunk_dirty[chunk] = 0;
	}
	sim->dirty_chunk_count = 0;
	if (sim->boot)
		for (uint32_t i = 0; i < sim->boot->chunk_count; i++)
			memset(target_pointer(KERNEL_BASE + (uint64_t)sim->boot->chunks[i] * KERNEL_CHUNK), 0,
			       KERNEL_CHUNK);
	memset(sim->kernel_shadow, 0, (sim->heap_next + 7) / 8);
	sim->heap_next = 0;
	sim->boot = NULL;
}

void sim_configure(struct sim *sim, const struct sim_config *config)
{
	if (sim->arch) {
		clear_frames(sim);
		clear_kernel(sim);
	}
	set_config(sim, config);
	clear_program_state(sim);
	page_alloc_boot(sim);
}

void sim_save_boot(struct sim *sim, struct boot_image *image)
{
	invariant(sim->touched_count == 0);
	if (!image->bytes) {
		image->bytes = map_table(KERNEL_SIZE);
		image->shadow = map_table(KERNEL_HEAP_SIZE / 8);
		image->chunks = map_table(KERNEL_CHUNKS * sizeof(uint32_t));
	}
	/* The image of another configuration may have been here, with other chunks. */
	for (uint32_t i = 0; i < image->chunk_count; i++)
		memset(image->bytes + (uint64_t)image->chunks[i] * KERNEL_CHUNK, 0, KERNEL_CHUNK);
	image->chunk_count = sim->dirty_chunk_count;
	for (uint32_t i = 0; i < sim->dirty_chunk_count; i++) {
		uint32_t chunk = sim->dirty_chunks[i];
		uint64_t offset = (uint64_t)chunk * KERNEL_CHUNK;

		image->chunks[i] = chunk;
		memcpy(image->bytes + offset, target_pointer(KERNEL_BASE + offset), KERNEL_CHUNK);
		sim->chunk_dirty[chunk] = 0;
		clear_writers(sim, chunk);
	}
	sim->dirty_chunk_count = 0;
	memcpy(image->shadow, sim->kernel_shadow, KERNEL_HEAP_SIZE / 8);
	image->heap_next = sim->heap_next;
	image->zone = sim->zone;
	image->valid = true;
	sim->boot = image;
}

static void restore_shadow(struct sim *sim, const struct boot_image *image)
{
	uint32_t high = sim->heap_next > image->heap_next ? sim->heap_next : image->heap_next;

	memcpy(sim->kernel_shadow, image->shadow, (high + 7) / 8);
	sim->heap_next = image->heap_next;
	sim->zone = image->zone;
}

void sim_reset(struct sim *sim, struct boot_image *image)
{
	invariant(sim->boot == image);
	clear_frames(sim);
	for (uint32_t i = 0; i < sim->dirty_chunk_count; i++) {
		uint32_t chunk = sim->dirty_chunks[i];
		uint64_t offset = (uint64_t)chunk * KERNEL_CHUNK;

		memcpy(target_pointer(KERNEL_BASE + offset), image->bytes + offset, KERNEL_CHUNK);
		sim->chunk_dirty[chunk] = 0;
		clear_writers(sim, chunk);
	}
	sim->dirty_chunk_count = 0;
	restore_shadow(sim, image);
	clear_program_state(sim);
}

/* mem_map and the used part of the heap are all that differs between images. */
void sim_switch(struct sim *sim, const struct sim_config *config, struct boot_image *image)
{
	uint64_t old_map = (uint64_t)sim->ram_frames * sim->page_struct_size, map;
	uint32_t heap = sim->heap_next > image->heap_next ? sim->heap_next : image->heap_next;

	clear_frames(sim);
	for (uint32_t i = 0; i < sim->dirty_chunk_count; i++) {
		clear_writers(sim, sim->dirty_chunks[i]);
		sim->chunk_dirty[sim->dirty_chunks[i]] = 0;
	}
	sim->dirty_chunk_count = 0;
	set_config(sim, config);
	map = (uint64_t)sim->ram_frames * sim->page_struct_size;
	memcpy(target_pointer(KERNEL_BASE), image->bytes, (size_t)(map > old_map ? map : old_map));
	memcpy(target_pointer(KERNEL_HEAP_BASE), image->bytes + (KERNEL_HEAP_BASE - KERNEL_BASE), heap);
	restore_shadow(sim, image);
	sim->boot = image;
	clear_program_state(sim);
}

void boot_image_free(struct boot_image *image)
{
	if (image->bytes) {
		munmap(image->bytes, KERNEL_SIZE);
		munmap(image->shadow, KERNEL_HEAP_SIZE / 8);
		munmap(image->chunks, KERNEL_CHUNKS * sizeof(uint32_t));
	}
	memset(image, 0, sizeof(*image));
}

static _Noreturn void unwind(struct sim *sim)
{
	invariant(sim->recovery); /* a model fails in an op only */
	sim->under_test = false;
	sim->irqs_off = false;
	sim->running = NULL;
	longjmp(*sim->recovery, 1);
}

_Noreturn void sim_bug(struct sim *sim, const char *text)
{
	struct event event = {.kind = EVENT_KERNEL_BUG, .text = text};

	sim_emit(sim, &event);
	unwind(sim);
}

_Noreturn void sim_oops(struct sim *sim, target_addr_t addr, const char *where)
{
	struct event event = {.kind = EVENT_OOPS, .addr = addr, .text = where};

	sim->fault_address = addr;
	sim_emit(sim, &event);
	unwind(sim);
}

_Noreturn void sim_hang(struct sim *sim)
{
	struct event event = {.kind = EVENT_HANG};

	sim->steps = STEPS_PER_OP;
	sim_emit(sim, &event);
	unwind(sim);
}

_Noreturn void sim_hang_by_clock(struct sim *sim)
{
	struct event event = {.kind = EVENT_HANG, .value = HANG_BY_CLOCK};

	sim->steps = STEPS_PER_OP;
	sim->overdue = false;
	sim_emit(sim, &event);
	unwind(sim);
}

void sim_synchronize_rcu(struct sim *sim)
{
	struct event event = {.kind = EVENT_GRACE_PERIOD};

	if (sim->rcu_readers)
		sim_hang(sim);
	sim_emit(sim, &event);
}

void sim_rcu_queue(struct sim *sim, const struct event *event)
{
	for (unsigned cpu = 0; sim->rcu_readers && cpu < CPUS_MAX; cpu++)
		if (sim->rcu_nesting[cpu])
			sim->rcu_waits |= (uint8_t)(1u << cpu);
	sim_emit(sim, event);
}

void sim_check(struct sim *sim, target_addr_t addr, const char *text)
{
	struct event event = {.kind = EVENT_CHECK, .addr = addr, .text = text};

	sim_emit(sim, &event);
}

void sim_might_sleep(struct sim *sim)
{
	if (sim->preempt_count)
		sim_check(sim, 0, "BUG: sleeping function called from invalid context");
}

static void shade(struct sim *sim, target_addr_t addr, uint32_t size, enum kernel_shadow_state state)
{
	invariant(addr >= KERNEL_HEAP_BASE && addr + size <= KERNEL_HEAP_BASE + KERNEL_HEAP_SIZE);
	memset(sim->kernel_shadow + (addr - KERNEL_HEAP_BASE) / 8, (int)state, (size + 7) / 8);
}

target_addr_t kernel_alloc_boot(struct sim *sim, uint32_t size)
{
	uint32_t rounded = (size + 15) & ~15u;
	target_addr_t addr = KERNEL_HEAP_BASE + sim->heap_next;

	if (size > KERNEL_HEAP_SIZE || rounded > KERNEL_HEAP_SIZE - sim->heap_next)
		return 0;
	sim->heap_next += rounded;
	shade(sim, addr, size, KERNEL_USED);
	return addr;
}

target_addr_t kernel_alloc(struct sim *sim, uint32_t size)
{
	return should_fail(sim, FAULT_descriptor, .size = size) ? 0 : kernel_alloc_boot(sim, size);
}

void kernel_free(struct sim *sim, target_addr_t addr, uint32_t size)
{
	shade(sim, addr, size, KERNEL_FREED);
}
