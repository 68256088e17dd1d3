/* SPDX-License-Identifier: MIT */
/* The machine: layouts, page allocator, reference counts, cache lines, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "backends/cache.h"
#include "backends/dma.h"
#include "sim/memory.h"
#include "sim/page.h"

static struct sim sim;
static struct boot_image image;
static struct event seen[256];
static unsigned seen_count;

static void watch(void *context, const struct event *event)
{
	(void)context;
	if (seen_count < 256)
		seen[seen_count++] = *event;
}

static unsigned count_seen(enum event_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < seen_count; i++)
		count += seen[i].kind == kind;
	return count;
}

static void boot(const char *arch, uint32_t frames)
{
	static const uint8_t policy[POLICY_COUNT];
	struct sim_config config = {
		.arch = arch_by_name(arch), .actor = "test", .policy = policy, .ram_frames = frames};

	sim.observe = NULL;
	sim_configure(&sim, &config);
	sim_save_boot(&sim, &image);
	sim_reset(&sim, &image);
	sim.observe = watch;
	seen_count = 0;
}

static void test_layouts_match_the_facts(void **state)
{
	(void)state;
	/* FACTS 1.1 and 3.3a. */
	assert_int_equal(layouts[LAYOUT_A1].size[LS_page], 32);
	assert_int_equal(layouts[LAYOUT_C].size[LS_page], 56);
	assert_int_equal(layouts[LAYOUT_A1].field[LF_kmem_cache_nr_partial].offset,
			 layouts[LAYOUT_A1].field[LF_address_space_i_mmap].offset);
	assert_int_equal(layouts[LAYOUT_C].field[LF_kmem_cache_nr_slabs].offset,
			 layouts[LAYOUT_C].field[LF_address_space_i_mmap].offset);
	assert_int_equal(layouts[LAYOUT_D].field[LF_kmem_cache_nr_partial].offset,
			 layouts[LAYOUT_D].field[LF_address_space_i_mmap].offset);
	assert_int_equal(layouts[LAYOUT_A1].field[LF_kmem_cache_partial].offset,
			 layouts[LAYOUT_A1].field[LF_address_space_i_mmap_nonlinear].offset);
	assert_int_equal(layouts[LAYOUT_A1].field[LF_kmem_cache_refcount].offset,
			 layouts[LAYOUT_A1].field[LF_address_space_a_ops].offset);
}

/* FACTS 3.3a, 32 SMP: byte 24 -> nr_partial, 28 and 30 -> nr_slabs, 32 -> partial; tree_lock at 16 = order. */
static void test_smp_layouts_match_the_facts(void **state)
{
	const struct layout_place *a2 = layouts[LAYOUT_A2].field, *d = layouts[LAYOUT_D].field;

	(void)state;
	assert_int_equal(layouts[LAYOUT_A2].size[LS_page], 32);
	assert_int_equal(a2[LF_address_space_i_mmap].offset, 24);
	assert_int_equal(a2[LF_kmem_cache_nr_partial].offset, 24);
	assert_int_equal(a2[LF_address_space_i_mmap_index_bits].offset, a2[LF_kmem_cache_nr_slabs].offset);
	assert_int_equal(a2[LF_address_space_i_mmap_raw].offset, 30);
	assert_int_equal(a2[LF_address_space_i_mmap_nonlinear].offset, a2[LF_kmem_cache_partial].offset);
	assert_int_equal(a2[LF_address_space_tree_lock].offset, a2[LF_kmem_cache_order].offset);
	assert_int_equal(a2[LF_address_space_tree_lock].width, 4);
	assert_int_equal(layouts[LAYOUT_A1].field[LF_address_space_tree_lock].width, 0);
	assert_int_equal(d[LF_address_space_i_mmap].offset, d[LF_kmem_cache_nr_partial].offset);
	assert_int_equal(d[LF_address_space_i_mmap_index_bits].offset, d[LF_kmem_cache_nr_slabs].offset);
	assert_int_equal(d[LF_address_space_i_mmap_nonlinear].offset, d[LF_kmem_cache_partial].offset);
}

static void test_all_pages_come_back(void **state)
{
	frame_t frames[40];

	(void)state;
	boot("x86", 256);
	assert_int_equal(nr_free_pages(&sim), 256);
	for (unsigned i = 0; i < 40; i++)
		frames[i] = alloc_pages(&sim, GFP_WAIT, i % 3);
	for (unsigned i = 0; i < 40; i++)
		free_pages(&sim, frames[i], i % 3);
	assert_int_equal(nr_free_pages(&sim), 256);
	assert_int_equal(count_seen(EVENT_PAGE_BAD), 0);
	assert_int_not_equal(alloc_pages(&sim, GFP_WAIT, 8), FRAME_NONE);
}

static void test_reference_keeps_a_page_until_the_last_put(void **state)
{
	frame_t frame;

	(void)state;
	boot("x86", 256);
	frame = alloc_pages(&sim, GFP_WAIT, 0);
	get_page(&sim, frame);
	free_pages(&sim, frame, 0);
	assert_int_equal(nr_free_pages(&sim), 255);
	put_page(&sim, frame);
	assert_int_equal(nr_free_pages(&sim), 256);
}

static void test_last_put_of_a_non_compound_block_leaks_the_rest(void **state)
{
	frame_t frame;

	(void)state;
	boot("x86", 256);
	frame = alloc_pages(&sim, GFP_WAIT, 2);
	get_page(&sim, frame);
	free_pages(&sim, frame, 2);
	put_page(&sim, frame);
	assert_int_equal(nr_free_pages(&sim), 253);
}

static void test_tail_reference_is_redirected_to_the_head(void **state)
{
	frame_t frame;

	(void)state;
	boot("arm926", 256);
	frame = alloc_pages(&sim, GFP_WAIT | GFP_COMP, 2);
	get_page(&sim, frame + 3);
	assert_int_equal(page_count_raw(&sim, frame), 2);
	assert_int_equal(page_count_raw(&sim, frame + 3), 0);
	put_page(&sim, frame + 2);
	free_pages(&sim, frame, 2);
	assert_int_equal(nr_free_pages(&sim), 256);
	assert_int_equal(count_seen(EVENT_PAGE_BAD), 0);
}

static void test_bad_page_is_reported_repaired_and_freed(void **state)
{
	frame_t frame;

	(void)state;
	boot("x86", 256);
	frame = alloc_pages(&sim, GFP_WAIT, 0);
	page_set_flag(&sim, frame, PG_slab);
	free_pages(&sim, frame, 0);
	assert_int_equal(count_seen(EVENT_PAGE_BAD), 1);
	assert_false(page_flag(&sim, frame, PG_slab));
	assert_int_equal(nr_free_pages(&sim), 256);
}

static void test_arch_1_survives_on_later_pages_of_a_block(void **state)
{
	frame_t frame;

	(void)state;
	boot("x86", 16);
	frame = alloc_pages(&sim, GFP_WAIT, 4);
	page_set_flag(&sim, frame, PG_arch_1);
	page_set_flag(&sim, frame + 1, PG_arch_1);
	free_pages(&sim, frame, 4);
	assert_int_equal(alloc_pages(&sim, GFP_WAIT, 4), frame);
	assert_false(page_flag(&sim, frame, PG_arch_1));
	assert_true(page_flag(&sim, frame + 1, PG_arch_1));
}

static void test_foreign_reader_of_a_page_field_is_seen(void **state)
{
	frame_t frame;

	(void)state;
	boot("arm926", 256);
	frame = alloc_pages(&sim, GFP_WAIT, 0);
	page_field_load(&sim, frame, PF_page_cache_mapping);
	assert_int_equal(count_seen(EVENT_PAGE_FIELD_MISREAD), 0);
	page_field_store(&sim, frame, PF_slub_slab, 0x54100040);
	assert_int_equal(page_field_load(&sim, frame, PF_page_cache_mapping), 0x54100040);
	assert_int_equal(count_seen(EVENT_PAGE_FIELD_MISREAD), 1);
	page_field_load(&sim, frame, PF_slub_slab);
	assert_int_equal(count_seen(EVENT_PAGE_FIELD_MISREAD), 1);
}

static void test_invalidate_loses_and_clean_keeps_a_store(void **state)
{
	target_addr_t addr;

	(void)state;
	boot("ppc8xx", 256);
	addr = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	target_store(&sim, addr, 4, 0x11223344, ROLE_NONE);
	cache_invalidate(&sim, addr, 4);
	assert_int_equal(target_load(&sim, addr, 4), 0);
	assert_int_equal(count_seen(EVENT_LINE_DISCARD), 1);
	target_store(&sim, addr, 4, 0x11223344, ROLE_NONE);
	cache_clean(&sim, addr, 4);
	cache_invalidate(&sim, addr, 4);
	assert_int_equal(target_load(&sim, addr, 4), 0x11223344);
	assert_int_equal(*(const uint8_t *)(uintptr_t)addr, 0x11); /* big endian */
}

static void test_read_allocate_store_bypasses_an_absent_line(void **state)
{
	target_addr_t addr;

	(void)state;
	boot("arm926", 256);
	addr = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	target_store(&sim, addr, 4, 5, ROLE_NONE);
	assert_false(cache_dirty(&sim, addr, 4));
	assert_int_equal(sim.ram_view[addr - RAM_BASE], 5);
	target_load(&sim, addr, 4);
	target_store(&sim, addr, 4, 6, ROLE_NONE);
	assert_true(cache_dirty(&sim, addr, 4));
	assert_int_equal(sim.ram_view[addr - RAM_BASE], 5);
}

/* A page in a random state: absent lines have equal views, present ones any. */
static void scramble_page(target_addr_t page, unsigned seed)
{
	uint32_t lines = (uint32_t)PAGE_SIZE >> sim.line_shift, x = seed * 2654435761u + 1;
	uint64_t at = page - RAM_BASE;

	for (unsigned i = 0; i < PAGE_SIZE; i++) {
		bool present = sim.lines[(at + i) >> sim.line_shift] & LINE_PRESENT;

		if (i % (PAGE_SIZE / lines) == 0) {
			x = x * 1664525 + 1013904223;
			present = (x >> 24) % 8 < seed % 9;
			sim.lines[(at + i) >> sim.line_shift] = present ? LINE_PRESENT : 0;
		}
		target_pointer(page)[i] = (uint8_t)(i * 7 + seed);
		sim.ram_view[at + i] = (uint8_t)(present ? i + 3 : i * 7 + seed);
	}
}

struct page_views {
	uint8_t cpu[PAGE_SIZE], ram[PAGE_SIZE], roles[PAGE_SIZE], lines[PAGE_SIZE];
};

static void view_page(struct page_views *views, target_addr_t page)
{
	uint64_t at = page - RAM_BASE;

	memset(views, 0, sizeof(*views));
	memcpy(views->cpu, target_pointer(page), PAGE_SIZE);
	memcpy(views->ram, sim.ram_view + at, PAGE_SIZE);
	memcpy(views->roles, sim.roles + at, PAGE_SIZE);
	memcpy(views->lines, sim.lines + (at >> sim.line_shift), (size_t)PAGE_SIZE >> sim.line_shift);
}

/* Bulk stores are the same as stores one by one, whatever the lines hold and do. */
static void check_bulk_stores(unsigned seed)
{
	static const unsigned strides[] = {8, 16, 24, 32, 64, 96, 192, 512};
	target_addr_t page = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	unsigned stride = strides[seed / 8 % 8], count = (unsigned)PAGE_SIZE / stride / (1 + seed / 64 % 3);
	unsigned from = seed * 37 % 500, size = 1 + seed * 91 % 3000;
	static struct page_views bulk, single;

	target_store(&sim, page, 1, 0, ROLE_NONE);
	for (unsigned pass = 0; pass < 2; pass++) {
		scramble_page(page, seed);
		memset(sim.roles + (page - RAM_BASE), ROLE_NONE, PAGE_SIZE);
		if (pass == 0) {
			target_store_chain(&sim, page, stride, count, 0);
			target_fill(&sim, page + from, size, 0xa5, ROLE_POISON);
		}
		for (unsigned i = 0; pass == 1 && i < count; i++)
			target_store_word(&sim, page + i * stride, i + 1 < count ? page + (i + 1) * stride : 0,
					  ROLE_FREE_POINTER);
		for (unsigned i = 0; pass == 1 && i < size; i++)
			target_store(&sim, page + from + i, 1, 0xa5, ROLE_POISON);
		view_page(pass ? &single : &bulk, page);
	}
	assert_memory_equal(&bulk, &single, sizeof(bulk));
}

static void test_bulk_stores_equal_single_ones(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 400; seed++) {
		static struct arch row;

		boot(seed & 1 ? "arm926" : "generic64", 64);
		row = *sim.arch;
		row.write_allocate = seed >> 1 & 1;
		row.write_through = seed >> 2 & 1;
		sim.arch = &row;
		check_bulk_stores(seed);
	}
}

static void test_device_store_hides_behind_a_present_line(void **state)
{
	target_addr_t addr;

	(void)state;
	boot("arm926", 256);
	addr = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	target_load(&sim, addr, 4);
	device_write(&sim, 0, addr, 64, 0xa5);
	assert_int_equal(target_load(&sim, addr, 1), 0);
	assert_int_equal(target_load(&sim, addr + 32, 1), 0xa5);
	cache_invalidate(&sim, addr, 4);
	assert_int_equal(target_load(&sim, addr, 1), 0xa5);
}

static void test_wild_pointer_unwinds(void **state)
{
	volatile target_addr_t wild = 0xd; /* gcc warns about constants it can see are no objects */
	jmp_buf recovery;

	(void)state;
	boot("arm926", 256);
	sim.recovery = &recovery;
	if (setjmp(recovery) == 0) {
		target_load(&sim, wild, 4);
		fail();
	}
	assert_int_equal(sim.fault_address, 0xd);
	assert_int_equal(count_seen(EVENT_OOPS), 1);
	sim.recovery = NULL;
}

static void test_freed_kernel_data_is_unowned(void **state)
{
	target_addr_t addr;

	(void)state;
	boot("x86", 256);
	addr = kernel_alloc(&sim, 64);
	target_store(&sim, addr, 8, 1, ROLE_NONE);
	assert_int_equal(count_seen(EVENT_UNOWNED), 0);
	kernel_free(&sim, addr, 64);
	target_load(&sim, addr, 8);
	assert_int_equal(count_seen(EVENT_UNOWNED), 1);
}

static void test_reset_restores_everything(void **state)
{
	uint8_t *before = target_pointer(KERNEL_BASE);
	static uint8_t copy[KERNEL_SIZE];

	(void)state;
	boot("arm926", 256);
	memcpy(copy, before, KERNEL_SIZE);
	for (unsigned i = 0; i < 60; i++)
		target_store(&sim, page_address(alloc_pages(&sim, GFP_WAIT | GFP_COMP, i % 2)) + i, 4, i, ROLE_PADDING);
	kernel_alloc(&sim, 500);
	sim_reset(&sim, &image);
	assert_memory_equal(copy, before, KERNEL_SIZE);
	assert_int_equal(nr_free_pages(&sim), 256);
	for (uint32_t i = 0; i < sim.ram_frames * PAGE_WORD_COUNT; i++)
		assert_int_equal(sim.page_writers[i], 0);
	for (uint64_t i = 0; i < sim.ram_size; i++)
		assert_int_equal(sim.roles[i], 0);
	assert_int_equal(target_find_other(&sim, page_address(alloc_pages(&sim, GFP_WAIT, 0)), PAGE_SIZE, 0), 0);
}

/* A slot that held the image of a larger machine holds nothing of it afterwards. */
static void test_boot_image_forgets_what_it_held(void **state)
{
	uint32_t map = 8192 * 56;

	(void)state;
	boot("x86", 8192);
	boot("arm926", 64);
	for (uint32_t i = 0; i < map; i++)
		assert_int_equal(image.bytes[i], *(const uint8_t *)target_pointer(KERNEL_BASE + i));
}

static void test_fault_schedule(void **state)
{
	(void)state;
	boot("x86", 256);
	fault_set(&sim.faults, FAULT_page_alloc, 2, 2);
	assert_int_not_equal(alloc_pages(&sim, GFP_WAIT, 0), FRAME_NONE);
	assert_int_equal(alloc_pages(&sim, GFP_WAIT, 0), FRAME_NONE);
	assert_int_equal(alloc_pages(&sim, GFP_WAIT, 0), FRAME_NONE);
	assert_int_not_equal(alloc_pages(&sim, GFP_WAIT, 0), FRAME_NONE);
	assert_int_equal(count_seen(EVENT_FAULT_TRIPPED), 2);
	sim.faults.fail_nth = 1;
	assert_int_not_equal(alloc_pages(&sim, GFP_WAIT | GFP_NOFAIL, 0), FRAME_NONE);
	assert_int_equal(alloc_pages(&sim, GFP_WAIT, 0), FRAME_NONE);
}

static int setup(void **state)
{
	(void)state;
	return sim_create(&sim) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	boot_image_free(&image);
	sim_destroy(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts_match_the_facts),
		cmocka_unit_test(test_smp_layouts_match_the_facts),
		cmocka_unit_test(test_all_pages_come_back),
		cmocka_unit_test(test_reference_keeps_a_page_until_the_last_put),
		cmocka_unit_test(test_last_put_of_a_non_compound_block_leaks_the_rest),
		cmocka_unit_test(test_tail_reference_is_redirected_to_the_head),
		cmocka_unit_test(test_bad_page_is_reported_repaired_and_freed),
		cmocka_unit_test(test_arch_1_survives_on_later_pages_of_a_block),
		cmocka_unit_test(test_foreign_reader_of_a_page_field_is_seen),
		cmocka_unit_test(test_invalidate_loses_and_clean_keeps_a_store),
		cmocka_unit_test(test_read_allocate_store_bypasses_an_absent_line),
		cmocka_unit_test(test_bulk_stores_equal_single_ones),
		cmocka_unit_test(test_device_store_hides_behind_a_present_line),
		cmocka_unit_test(test_wild_pointer_unwinds),
		cmocka_unit_test(test_freed_kernel_data_is_unowned),
		cmocka_unit_test(test_reset_restores_everything),
		cmocka_unit_test(test_boot_image_forgets_what_it_held),
		cmocka_unit_test(test_fault_schedule),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
