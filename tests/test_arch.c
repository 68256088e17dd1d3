/* SPDX-License-Identifier: MIT */
/* The arch table against the facts, the outer cache, and what each arch's DMA code does (FACTS 3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "backends/cache.h"
#include "backends/dma.h"
#include "sim/page.h"

static struct sim sim;
static struct boot_image image;
static uint8_t policy[POLICY_COUNT];
static unsigned written_back, discarded;

static void watch(void *context, const struct event *event)
{
	(void)context;
	written_back += event->kind == EVENT_LINE_WRITEBACK;
	discarded += event->kind == EVENT_LINE_DISCARD;
}

/* A page in a machine of that row. */
static target_addr_t boot(const char *arch)
{
	struct sim_config config = {.arch = arch_by_name(arch), .actor = "test", .policy = policy, .ram_frames = 256};

	assert_non_null(config.arch);
	sim.observe = NULL;
	sim_configure(&sim, &config);
	sim_save_boot(&sim, &image);
	sim_reset(&sim, &image);
	sim.observe = watch;
	written_back = discarded = 0;
	return page_address(alloc_pages(&sim, GFP_WAIT, 0));
}

static uint8_t ram(target_addr_t addr)
{
	return sim.ram_view[addr - RAM_BASE];
}

static uint8_t cpu(target_addr_t addr)
{
	return (uint8_t)target_load(&sim, addr, 1);
}

static void test_rows_are_sane(void **state)
{
	(void)state;
	for (unsigned i = 0; i < arch_count(); i++) {
		const struct arch *arch = &arches[i];

		assert_ptr_equal(arch_by_name(arch->name), arch);
		assert_in_range(arch->line_shift, 4, 7);
		assert_true(arch->colours >= 1 && arch->cpus >= 1 && arch->cache && arch->dma);
		assert_true(!arch->coherent || (arch->dma == &dma_none && !arch->outer_cache));
		/* Stores that bypass the first level would have to know of the second. */
		assert_true(!arch->outer_cache || (arch->write_allocate && !arch->write_through));
		assert_true(arch->kmalloc_minalign >= arch->slab_minalign_defined);
		assert_int_equal(arch->cache_index == CACHE_PIPT && arch->colours > 1, 0);
		boot(arch->name);
	}
}

/* FACTS 3.1 and 3.2, what a program may depend on. */
static void test_rows_are_as_the_facts_say(void **state)
{
	static const struct {
		const char *arch;
		unsigned line, minalign, colours;
		bool coherent;
	} facts[] = {
		{"arm926", 32, 8, 4, false},
		{"arm1136", 32, 8, 4, false},
		{"pa11", 32, 8, 1024, false},
		{"pa20", 64, 8, 1024, true},
		{"sparc64-cheetah", 32, 8, 4, true},
		{"mips-r4k", 32, 128, 64, false},
		{"xtensa-wt", 16, 8, 1, false},
		{"sh3", 16, 8, 4, false},
		{"sh4", 32, 8, 4, false},
		{"ppc8xx", 16, 8, 1, false},
		{"ppc6xx", 32, 8, 1, true},
		{"ppc64", 128, 8, 1, true},
		{"arm64", 64, 128, 1, false},
		{"arm64-128", 128, 128, 1, false},
		{"riscv-zicbom", 64, 64, 1, false},
		{"m68040", 16, 4, 1, false}, /* alignof(long long) is 2; SLUB takes no less than a word */
		{"cortex-m7", 32, 32, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const struct arch *arch = arch_by_name(facts[i].arch);

		assert_non_null(arch);
		assert_int_equal(1u << arch->line_shift, facts[i].line);
		assert_int_equal(arch->kmalloc_minalign, facts[i].minalign);
		assert_int_equal(arch->colours, facts[i].colours);
		assert_int_equal(arch->coherent, facts[i].coherent);
	}
}

static void test_outer_cache_is_between(void **state)
{
	target_addr_t page = boot("armv7-l2x0");

	(void)state;
	target_store(&sim, page, 1, 0x11, ROLE_NONE);
	cache_inner(&sim, CACHE_OP_CLEAN, page, 32);
	assert_int_equal(ram(page), 0);
	assert_int_equal(written_back, 0);
	cache_outer(&sim, CACHE_OP_CLEAN, page, 32);
	assert_int_equal(ram(page), 0x11);
	assert_int_equal(written_back, 1);
	/* What the first level wrote into it is gone with a pure invalidate. */
	target_store(&sim, page, 1, 0x22, ROLE_NONE);
	cache_inner(&sim, CACHE_OP_FLUSH, page, 32);
	assert_int_equal(cpu(page), 0x22);
	cache_inner(&sim, CACHE_OP_INVALIDATE, page, 32);
	cache_outer(&sim, CACHE_OP_INVALIDATE, page, 32);
	assert_int_equal(cpu(page), 0x11);
	assert_int_equal(discarded, 1);
}

static void test_outer_cache_hides_what_a_device_writes(void **state)
{
	target_addr_t page = boot("mips-rm7000");

	(void)state;
	cpu(page);
	cache_inner(&sim, CACHE_OP_INVALIDATE, page, 32);
	device_write(&sim, 0, page, 1, 0xa5);
	assert_int_equal(cpu(page), 0); /* the load above filled both levels */
	cache_invalidate(&sim, page, 32);
	assert_int_equal(cpu(page), 0xa5);
	device_write(&sim, 0, page + 64, 1, 0x5a);
	assert_int_equal(cpu(page + 64), 0x5a);
}

static void test_write_through_lines_are_never_dirty(void **state)
{
	target_addr_t page = boot("arm926-wt");

	(void)state;
	cpu(page);
	target_store(&sim, page, 1, 0x11, ROLE_NONE);
	assert_int_equal(ram(page), 0x11);
	assert_false(cache_dirty(&sim, page, 32));
	device_write(&sim, 0, page, 1, 0xa5);
	assert_int_equal(cpu(page), 0x11);
	dma_map_single(&sim, 0, page, 32, DMA_FROM_DEVICE);
	assert_int_equal(cpu(page), 0xa5);
	assert_int_equal(written_back + discarded, 0);
}

/* A line that ends in the middle of a mapping: neighbour dirty at both edges, FROM_DEVICE. */
static void test_edges(void **state)
{
	static const struct {
		const char *arch;
		uint8_t written_back, discarded;
		bool neighbour_lives;
	} facts[] = {
		{"arm926", 2, 0, true},       {"arm1136", 2, 0, true},     {"armv7", 2, 0, true},
		{"pa11", 2, 0, true},         {"mips-r4k", 2, 0, true},    {"mips-rm7000", 0, 2, false},
		{"sh3", 2, 0, true},          {"sh4", 0, 2, false},        {"xtensa-wb", 0, 2, false},
		{"ppc8xx", 0, 2, false},      {"armv7-l2x0", 0, 2, false}, {"arm64", 2, 0, true},
		{"riscv-zicbom", 2, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		target_addr_t page = boot(facts[i].arch);
		uint64_t line = UINT64_C(1) << sim.line_shift;

		cpu(page);
		cpu(page + 2 * line);
		target_store(&sim, page, 1, 0x11, ROLE_NONE);
		target_store(&sim, page + 2 * line + 4, 1, 0x22, ROLE_NONE);
		dma_map_single(&sim, 0, page + 4, 2 * line, DMA_FROM_DEVICE);
		if (written_back != facts[i].written_back || discarded != facts[i].discarded)
			fail_msg("%s: %u written back, %u discarded", facts[i].arch, written_back, discarded);
		assert_int_equal(cpu(page), facts[i].neighbour_lives ? 0x11 : 0);
		assert_int_equal(cpu(page + 2 * line + 4), facts[i].neighbour_lives ? 0x22 : 0);
	}
}

/* Lines that came into the cache while the device had the memory: which unmap drops them? */
static void test_unmaps(void **state)
{
	static const struct {
		const char *arch;
		bool single, page, sg;
	} facts[] = {
		{"arm926", false, false, false},    {"pa11", true, true, true},      {"mips-r4k", false, true, true},
		{"mips-r10000", true, true, true},  {"sh4", false, false, false},    {"xtensa-wb", false, false, false},
		{"ppc8xx", false, false, false},    {"cortex-m7", true, true, true}, {"arm64", true, true, true},
		{"riscv-zicbom", true, true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		target_addr_t page = boot(facts[i].arch);
		struct dma_segment part = {page + 2048, 256};

		cache_prefetch(&sim, page, PAGE_SIZE);
		device_write(&sim, 0, page, 4096, 0xa5);
		dma_unmap_single(&sim, 0, page, 256, DMA_FROM_DEVICE);
		dma_unmap_page(&sim, 0, page + 1024, 256, DMA_FROM_DEVICE);
		dma_unmap_sg(&sim, 0, &part, 1, DMA_FROM_DEVICE);
		if ((cpu(page) == 0xa5) != facts[i].single || (cpu(page + 1024) == 0xa5) != facts[i].page ||
		    (cpu(page + 2048) == 0xa5) != facts[i].sg)
			fail_msg("%s: %x %x %x", facts[i].arch, cpu(page), cpu(page + 1024), cpu(page + 2048));
	}
}

static void test_nothing_is_done_on_coherent_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < arch_count(); i++) {
		target_addr_t page;

		if (!arches[i].coherent)
			continue;
		page = boot(arches[i].name);
		target_store(&sim, page, 1, 0x11, ROLE_NONE);
		assert_int_equal(ram(page), 0x11);
		dma_map_single(&sim, 0, page + 1, 3, DMA_FROM_DEVICE);
		device_write(&sim, 0, page + 1, 3, 0xa5);
		dma_unmap_single(&sim, 0, page + 1, 3, DMA_FROM_DEVICE);
		assert_int_equal(cpu(page), 0x11);
		assert_int_equal(cpu(page + 1), 0xa5);
	}
}

static int create(void **state)
{
	(void)state;
	return sim_create(&sim) ? 0 : -1;
}

static int destroy(void **state)
{
	(void)state;
	boot_image_free(&image);
	sim_destroy(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_sane),
		cmocka_unit_test(test_rows_are_as_the_facts_say),
		cmocka_unit_test(test_outer_cache_is_between),
		cmocka_unit_test(test_outer_cache_hides_what_a_device_writes),
		cmocka_unit_test(test_write_through_lines_are_never_dirty),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_unmaps),
		cmocka_unit_test(test_nothing_is_done_on_coherent_rows),
	};

	return cmocka_run_group_tests(tests, create, destroy);
}
