/* SPDX-License-Identifier: MIT */
/* SLAB 2.6.22 by behaviour: golden layouts (FACTS 2.6), order of objects and slabs, arrays, pages, limits. */
#include "tests/slab_rig.h"

/* off: the descriptor lies in a kmalloc cache. */
struct golden {
	unsigned size, buffer, align, order, num;
	bool off;
	unsigned colours;
};

/* kmem_caches keep no alignment; where buffers are exact multiples of it, their place tells. */
static void assert_golden(const struct golden *row)
{
	char name[32];
	target_addr_t c;

	snprintf(name, sizeof(name), "kmalloc-%u", row->size);
	c = cache(name);
	assert_int_not_equal(c, 0);
	assert_int_equal(CACHE(c, asked_size), row->size);
	assert_int_equal(CACHE(c, buffer_size), row->buffer);
	assert_int_equal(CACHE(c, gfporder), row->order);
	assert_int_equal(CACHE(c, num), row->num);
	assert_int_equal((CACHE(c, flags) & OFF_SLAB) != 0, row->off);
	assert_int_equal(CACHE(c, colour), row->colours);
	assert_int_equal(CACHE(c, buffer_size) % row->align, 0);
	if (!row->off)
		assert_int_equal(CACHE(c, slab_size),
				 slab_align_up(sim.layout->size[LS_slab_desc] + 4 * row->num, row->align));
}

static void assert_goldens(const struct golden *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_golden(&rows[i]);
}

#define ASSERT_GOLDENS(rows) assert_goldens(rows, sizeof(rows) / sizeof((rows)[0]))

static void golden_layouts_32_bit(void **state)
{
	static const struct golden rows[] = {
		{32, 32, 32, 0, 113, false, 0},  {64, 64, 32, 0, 59, false, 1},   {128, 128, 32, 0, 30, false, 3},
		{192, 192, 32, 0, 20, false, 4}, {256, 256, 32, 0, 15, false, 5}, {512, 512, 32, 0, 8, true, 0},
		{1024, 1024, 32, 0, 4, true, 0}, {2048, 2048, 32, 0, 2, true, 0}, {4096, 4096, 32, 0, 1, true, 0},
		{8192, 8192, 32, 1, 1, true, 0},
	};

	(void)state;
	boot_ram("arm926", 0, 1, MUCH_RAM);
	ASSERT_GOLDENS(rows);
	boot_ram("arm926", 0, 1, LITTLE_RAM);
	ASSERT_GOLDENS(rows);
}

static void golden_layouts_64_bit(void **state)
{
	static const struct golden rows[] = {
		{32, 32, 32, 0, 112, false, 0},  {64, 64, 64, 0, 59, false, 0},   {128, 128, 64, 0, 30, false, 1},
		{192, 192, 64, 0, 20, false, 2}, {256, 256, 64, 0, 15, false, 2}, {512, 512, 64, 0, 8, true, 0},
		{1024, 1024, 64, 0, 4, true, 0}, {2048, 2048, 64, 0, 2, true, 0}, {4096, 4096, 64, 0, 1, true, 0},
		{8192, 8192, 64, 1, 1, true, 0},
	};
	static const char *const names[] = {"x86", "generic64"};

	(void)state;
	for (unsigned arch = 0; arch < 2; arch++) {
		boot_ram(names[arch], 0, 1, MUCH_RAM);
		ASSERT_GOLDENS(rows);
	}
}

static void golden_layouts_32_bit_debug(void **state)
{
	static const struct golden rows[] = {
		{32, 56, 8, 0, 67, false, 1},     {64, 88, 8, 0, 44, false, 0},     {128, 152, 8, 0, 26, false, 0},
		{192, 216, 8, 0, 18, false, 3},   {256, 280, 8, 0, 14, false, 2},   {512, 536, 8, 0, 7, false, 9},
		{1024, 1048, 8, 1, 7, false, 25}, {2048, 2072, 8, 1, 3, false, 60}, {4096, 4096, 32, 0, 1, true, 0},
		{8192, 8192, 32, 1, 1, true, 0},
	};

	(void)state;
	boot_ram("arm926", ALL_DEBUG, 1, MUCH_RAM);
	ASSERT_GOLDENS(rows);
}

static void golden_layouts_64_bit_debug(void **state)
{
	static const struct golden rows[] = {
		{32, 56, 8, 0, 67, false, 0},     {64, 88, 8, 0, 44, false, 0},     {128, 152, 8, 0, 25, false, 2},
		{192, 216, 8, 0, 18, false, 1},   {256, 280, 8, 0, 14, false, 1},   {512, 536, 8, 0, 7, false, 4},
		{1024, 1048, 8, 1, 7, false, 12}, {2048, 2072, 8, 1, 3, false, 29}, {4096, 4096, 64, 0, 1, true, 0},
		{8192, 8192, 64, 1, 1, true, 0},
	};

	(void)state;
	boot_ram("x86", ALL_DEBUG, 1, MUCH_RAM);
	ASSERT_GOLDENS(rows);
}

static void golden_debug_layouts_of_little_ram(void **state)
{
	static const char *const names[] = {"arm926", "x86"};

	(void)state;
	for (unsigned arch = 0; arch < 2; arch++) {
		boot_ram(names[arch], ALL_DEBUG, 1, LITTLE_RAM);
		assert_int_equal(CACHE(cache("kmalloc-1024"), gfporder), 0);
		assert_int_equal(CACHE(cache("kmalloc-1024"), num), 3);
		assert_int_equal(CACHE(cache("kmalloc-2048"), gfporder), 0);
		assert_int_equal(CACHE(cache("kmalloc-2048"), num), 1);
	}
}

/* Object #index of every slab, at every colour, crosses its page; no other does. */
static void assert_straddles(unsigned size, unsigned index)
{
	char name[32];
	target_addr_t c;

	snprintf(name, sizeof(name), "kmalloc-%u", size);
	c = cache(name);
	for (unsigned i = 0; i < (CACHE(c, colour) + 1) * CACHE(c, num); i++) {
		target_addr_t o = kmalloc(size), slab_at = slab_of(o);
		uint64_t at = (o - 8 - DESC_FIELD(&sim, slab_at, s_mem)) / CACHE(c, buffer_size);
		bool crosses = o >> PAGE_SHIFT != (o + size - 1) >> PAGE_SHIFT;

		assert_int_equal(o, DESC_FIELD(&sim, slab_at, s_mem) + at * CACHE(c, buffer_size) + 8);
		assert_int_equal(crosses, at == index);
	}
}

static void debug_objects_straddle_pages(void **state)
{
	static const char *const names[] = {"arm926", "x86"};

	(void)state;
	for (unsigned arch = 0; arch < 2; arch++) {
		boot_ram(names[arch], ALL_DEBUG, 1, MUCH_RAM);
		assert_straddles(1024, 3);
		assert_straddles(2048, 1);
	}
}

static void descriptor_moves_out_by_the_size_before_alignment(void **state)
{
	static const char *const names[] = {"arm926", "x86"};

	(void)state;
	for (unsigned arch = 0; arch < 2; arch++) {
		target_addr_t c;

		boot_ram(names[arch], 0, 1, MUCH_RAM);
		c = create("c504", 504, 0, SLAB_HWCACHE_ALIGN);
		assert_int_equal(CACHE(c, buffer_size), 512);
		assert_int_equal(CACHE(c, flags) & OFF_SLAB, 0);
		assert_int_equal(CACHE(c, num), 7);
		c = create("c512", 512, 0, SLAB_HWCACHE_ALIGN);
		assert_int_not_equal(CACHE(c, flags) & OFF_SLAB, 0);
		assert_int_equal(CACHE(c, num), 8);
		/* 8 objects of 480 would leave room for a descriptor: it stays off only where it does not fit. */
		c = create("c560", 560, 0, 0);
		assert_int_equal(CACHE(c, flags) & OFF_SLAB, 0);
		assert_int_equal(CACHE(c, num), 7);
	}
}

static void descriptors_have_the_size_of_the_era(void **state)
{
	(void)state;
	assert_int_equal(sim.layout->size[LS_slab_desc], 28);
	boot("x86", 0);
	assert_int_equal(sim.layout->size[LS_slab_desc], 48);
}

static void odd_kmalloc_sizes_depend_on_the_line(void **state)
{
	(void)state;
	assert_int_equal(CACHE(cache("kmalloc-96"), asked_size), 96);
	assert_int_equal(CACHE(cache("kmalloc-8"), asked_size), 32);
	boot("x86", 0);
	assert_int_equal(CACHE(cache("kmalloc-96"), asked_size), 128);
	assert_int_equal(CACHE(cache("kmalloc-192"), asked_size), 192);
}

/* C48: a 12-byte object, its neighbour right behind it, only where no minimum is defined. */
static void small_caches_pack_by_the_word(void **state)
{
	target_addr_t c, first, second;

	(void)state;
	boot("ppc8xx", 0);
	c = create("c12", 12, 0, 0);
	assert_int_equal(CACHE(c, buffer_size), 12);
	first = alloc_from(c, 0, GFP_WAIT);
	second = alloc_from(c, 0, GFP_WAIT);
	assert_int_equal(first - second, 12);
	boot("arm926", 0);
	assert_int_equal(CACHE(create("c12", 12, 0, 0), buffer_size), 16);
	boot("x86", 0);
	assert_int_equal(CACHE(create("c12", 12, 0, 0), buffer_size), 16);
}

/* Step 5 of the alignment rule; C75. */
static void wide_alignment_drops_red_zones_but_not_poison(void **state)
{
	const uint32_t dropped = (uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_STORE_USER;
	target_addr_t c, o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	c = create("wide", 2048, 2048, 0);
	assert_int_equal(CACHE(c, flags) & dropped, 0);
	assert_int_not_equal(CACHE(c, flags) & (uint32_t)SLAB_POISON, 0);
	o = alloc_from(c, 0, GFP_WAIT);
	assert_int_equal(o % 2048, 0);
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_LINE;
	boot("arm926", ALL_DEBUG);
	assert_int_equal(CACHE(cache("kmalloc-64"), flags) & dropped, 0);
	assert_int_equal(kmalloc(64) % 32, 0);
}

static void sizes_at_the_edges(void **state)
{
	target_addr_t o;

	(void)state;
	boot_ram("arm926", 0, 1, 4096);
	o = kmalloc(0);
	assert_true(target_in_ram(&sim, o, 32));
	assert_int_equal(allocator_slab.ksize(&slab, o), 32);
	kfree(o);
	assert_int_equal(kmalloc((UINT64_C(1) << 22) + 1), 0);
	assert_int_not_equal(kmalloc(UINT64_C(1) << 22), 0);
	kfree(0);
	assert_int_equal(create("huge", (UINT64_C(1) << 22) + 1, 0, 0), 0);
	assert_int_equal(create("odd", 64, 24, 0), 0);
	assert_int_equal(allocator_slab.ksize(&slab, kmalloc(33)), 64);
	boot("arm926", ALL_DEBUG);
	assert_int_equal(allocator_slab.ksize(&slab, kmalloc(33)), 64);
	/* The rounding of a red-zoned object is part of it. */
	assert_int_equal(allocator_slab.ksize(&slab, alloc_from(create("c20", 20, 0, 0), 0, GFP_WAIT)), 24);
}

/* Refill pushes 16 ascending indices and pops the highest. */
static void fresh_slab_hands_out_the_highest_refilled_first(void **state)
{
	target_addr_t c = cache("kmalloc-64"), s_mem, o;

	(void)state;
	o = kmalloc(64);
	s_mem = DESC_FIELD(&sim, slab_of(o), s_mem);
	assert_int_equal(o, s_mem + 15 * 64);
	assert_int_equal(kmalloc(64), s_mem + 14 * 64);
	assert_int_equal(avail(cpu_array(c, 0)), 14);
	assert_int_equal(DESC_FIELD(&sim, slab_of(o), inuse), 16);
	assert_int_equal(free_objects(c), 59 - 16);
	for (unsigned i = 0; i < 14; i++)
		kmalloc(64);
	/* Touched now: up to batchcount, here all that the slab has, and on to a new slab. */
	assert_int_equal(kmalloc(64), s_mem + 58 * 64);
	assert_int_equal(avail(cpu_array(c, 0)), 42);
	assert_int_equal(list_length(c, LF_slab_list3_full), 1);
}

static void freed_objects_are_handed_out_last_in_first_out(void **state)
{
	target_addr_t a = kmalloc(100), b = kmalloc(100);

	(void)state;
	kfree(a);
	kfree(b);
	assert_int_equal(kmalloc(100), b);
	assert_int_equal(kmalloc(100), a);
}

static void free_writes_nothing_into_the_object(void **state)
{
	target_addr_t o = kmalloc(64);

	(void)state;
	target_fill(&sim, o, 64, 0x77, ROLE_NONE);
	kfree(o);
	allocator_slab.cpu_offline(&slab, 0);
	assert_int_equal(target_find_other(&sim, o, 64, 0x77), 0);
}

static void limits_follow_the_buffer_size(void **state)
{
	static const unsigned rows[][2] = {{32, 120},  {256, 120}, {512, 54},   {1024, 54},
					   {2048, 24}, {4096, 24}, {131072, 8}, {262144, 1}};
	char name[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		target_addr_t c;

		snprintf(name, sizeof(name), "kmalloc-%u", rows[i][0]);
		c = cache(name);
		assert_int_equal(CACHE(c, limit), rows[i][1]);
		assert_int_equal(CACHE(c, batchcount), (rows[i][1] + 1) / 2);
		assert_int_equal(CACHE(c, shared), 0);
		assert_int_equal(LIST3_FIELD(&sim, CACHE_FIELD(&sim, c, list3), free_limit),
				 2 * ((rows[i][1] + 1) / 2) + CACHE(c, num));
	}
	boot("arm926", ALL_DEBUG);
	assert_int_equal(CACHE(cache("kmalloc-32"), limit), 32);
	boot_ram("x86", 0, 2, 2048);
	assert_int_equal(CACHE(cache("kmalloc-4096"), shared), 8);
	assert_int_equal(ARRAY_FIELD(&sim, shared_of(cache("kmalloc-4096")), limit), 8 * 12);
	assert_int_equal(shared_of(cache("kmalloc-8192")), 0);
}

static target_addr_t objects[400];

static void allocate_many(uint64_t size, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		objects[i] = kmalloc(size);
}

static void free_many(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		kfree(objects[i]);
	sound();
}

/* One cpu: the oldest batchcount entries of a full array go to their slabs. */
static void full_array_flushes_its_oldest_entries(void **state)
{
	target_addr_t c = cache("kmalloc-512"), ac = cpu_array(c, 0);

	(void)state;
	allocate_many(512, 80);
	allocator_slab.cpu_offline(&slab, 0);
	assert_int_equal(avail(ac), 0);
	free_many(0, 54);
	assert_int_equal(avail(ac), 54);
	kfree(objects[54]);
	sound();
	assert_int_equal(avail(ac), 54 - 27 + 1);
	assert_int_equal(target_load_word(&sim, slab_entry_place(&sim, ac, 0)), objects[27]);
	assert_int_equal(target_load_word(&sim, slab_entry_place(&sim, ac, 27)), objects[54]);
}

/* Two cpus: any room in the shared array takes what it can, and that ends the flush. */
static void shared_array_comes_before_the_slabs(void **state)
{
	target_addr_t c, ac, shared;

	(void)state;
	boot_ram("x86", 0, 2, 2048);
	c = cache("kmalloc-4096"), ac = cpu_array(c, 0), shared = shared_of(c);
	allocate_many(4096, 150);
	allocator_slab.cpu_offline(&slab, 0);
	free_many(0, 25);
	assert_int_equal(avail(shared), 12);
	assert_int_equal(target_load_word(&sim, slab_entry_place(&sim, shared, 0)), objects[0]);
	assert_int_equal(avail(ac), 13);
	free_many(25, 120);
	assert_int_equal(avail(shared), 96);
	free_many(120, 133);
	assert_int_equal(avail(shared), 96);
	/* Another cpu's refill takes the newest of them, at most 16 for an untouched array, here batchcount. */
	sim.cpu = 1;
	assert_int_equal(kmalloc(4096), objects[95]);
	assert_int_equal(avail(shared), 84);
	assert_int_equal(avail(cpu_array(c, 1)), 11);
	sim.cpu = 0;
}

static void partly_filled_shared_array_takes_only_what_fits(void **state)
{
	target_addr_t c, shared;

	(void)state;
	boot_ram("x86", 0, 2, 2048);
	c = cache("kmalloc-4096"), shared = shared_of(c);
	allocate_many(4096, 60);
	allocator_slab.cpu_offline(&slab, 0);
	free_many(0, 24);
	/* Room for one: of the twelve only one moves. */
	ARRAY_FIELD_SET(&sim, shared, limit, 1);
	kfree(objects[24]);
	assert_int_equal(avail(shared), 1);
	assert_int_equal(avail(cpu_array(c, 0)), 24);
}

static void empty_slabs_beyond_the_limit_are_destroyed(void **state)
{
	target_addr_t c = cache("kmalloc-4096");
	uint32_t before = nr_free_pages(&sim);

	(void)state;
	allocate_many(4096, 60);
	free_many(0, 60);
	allocator_slab.cpu_offline(&slab, 0);
	sound();
	/* free_limit is 2 * 12 + 1: a slab is destroyed while more objects than that are free. */
	assert_int_equal(free_objects(c), 25);
	assert_int_equal(list_length(c, LF_slab_list3_free), 25);
	allocator_slab.cache_shrink(&slab, c);
	sound();
	assert_int_equal(list_length(c, LF_slab_list3_free), 0);
	allocator_slab.cache_shrink(&slab, CACHE_FIELD(&sim, c, slabp_cache));
	assert_int_equal(nr_free_pages(&sim), before);
}

/* Limit 24, so 5 objects a turn; free_limit 25, one object a slab, so 5 slabs every second turn. */
static void unused_objects_and_slabs_are_reaped_bit_by_bit(void **state)
{
	static const struct {
		unsigned avail, free_slabs;
	} turns[] = {{24, 0}, {19, 5}, {14, 5}, {9, 10}, {4, 10}, {2, 12}, {1, 8}, {0, 9}};
	target_addr_t c = cache("kmalloc-4096"), ac = cpu_array(c, 0);

	(void)state;
	allocate_many(4096, 60);
	free_many(0, 24);
	for (unsigned i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		allocator_slab.reap(&slab, 0);
		sound();
		assert_int_equal(avail(ac), turns[i].avail);
		assert_int_equal(list_length(c, LF_slab_list3_free), turns[i].free_slabs);
		if (turns[i].avail == 4)
			assert_int_equal(target_load_word(&sim, slab_entry_place(&sim, ac, 0)), objects[20]);
	}
}

static void what_is_used_is_not_reaped(void **state)
{
	target_addr_t c = cache("kmalloc-4096"), ac = cpu_array(c, 0);

	(void)state;
	allocate_many(4096, 60);
	free_many(0, 20);
	for (unsigned i = 0; i < 6; i++) {
		kfree(kmalloc(4096));
		allocator_slab.reap(&slab, 0);
	}
	assert_int_equal(avail(ac), 20);
}

/* The shared array belongs to all cpus: one of them sees to it, every second time. */
static void the_first_cpu_reaps_the_shared_array(void **state)
{
	target_addr_t c, shared;

	(void)state;
	boot_ram("x86", 0, 2, 2048);
	c = cache("kmalloc-4096"), shared = shared_of(c);
	allocate_many(4096, 60);
	free_many(0, 25);
	assert_int_equal(avail(shared), 12);
	allocator_slab.reap(&slab, 1);
	assert_int_equal(avail(shared), 6);
	allocator_slab.reap(&slab, 0);
	assert_int_equal(avail(shared), 6);
	assert_int_equal(avail(cpu_array(c, 0)), 13);
	sound();
}

static void slabs_return_to_the_tail_of_partial_and_the_front_of_free(void **state)
{
	target_addr_t c = cache("kmalloc-1024"), head, l3 = CACHE_FIELD(&sim, c, list3);

	(void)state;
	allocate_many(1024, 16);
	allocator_slab.cache_shrink(&slab, c);
	assert_int_equal(list_length(c, LF_slab_list3_full), 4);
	kfree(objects[0]);
	kfree(objects[4]);
	allocator_slab.cpu_offline(&slab, 0);
	head = slab_field_place(&sim, l3, LF_slab_list3_partial);
	assert_int_equal(nr_partial(c), 2);
	assert_int_equal(list_prev(&sim, head), slab_of(objects[4]));
	for (unsigned i = 1; i < 8; i++)
		if (i != 4)
			kfree(objects[i]);
	allocator_slab.cpu_offline(&slab, 0);
	head = slab_field_place(&sim, l3, LF_slab_list3_free);
	assert_int_equal(list_next(&sim, head), slab_of(objects[4]));
	assert_int_equal(list_prev(&sim, head), slab_of(objects[0]));
}

static void colours_go_round(void **state)
{
	target_addr_t c = create("c200", 200, 0, 0);
	unsigned num = CACHE(c, num), colours = CACHE(c, colour);

	(void)state;
	assert_true(colours > 1);
	for (unsigned i = 0; i < (colours + 1) * num; i++) {
		target_addr_t o = alloc_from(c, 0, GFP_WAIT), descriptor = slab_of(o);

		assert_int_equal(descriptor & (PAGE_SIZE - 1), i / num % colours * CACHE(c, colour_off));
	}
}

/* FACTS 1.2, C17, C37: no compound page; flag and both words of lru on every page, counts 1, 0. */
static void every_page_of_a_slab_tells_its_cache_and_slab(void **state)
{
	target_addr_t o = kmalloc(8192);
	frame_t frame = virt_to_frame(&sim, o);

	(void)state;
	assert_int_equal(page_count_raw(&sim, frame), 1);
	assert_int_equal(page_count_raw(&sim, frame + 1), 0);
	for (frame_t i = frame; i < frame + 2; i++) {
		assert_true(page_flag(&sim, i, PG_slab));
		assert_false(page_flag(&sim, i, PG_compound));
		assert_int_equal(page_member(&sim, i, LF_page_lru_next), cache("kmalloc-8192"));
		assert_int_equal(page_member(&sim, i, LF_page_lru_prev), slab_of(o));
		assert_int_equal(page_member(&sim, i, LF_page_mapping), 0);
		assert_int_equal(page_word_writer(&sim, i, PAGE_WORD_LRU_PREV), OWNER_slab);
	}
	assert_int_equal(page_word_writer(&sim, frame, PAGE_WORD_PRIVATE), OWNER_allocated);
	kfree(o);
	allocator_slab.cache_shrink(&slab, cache("kmalloc-8192"));
	assert_false(page_flag(&sim, frame + 1, PG_slab));
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
}

static void metadata_bytes_have_roles(void **state)
{
	target_addr_t o = kmalloc(64), descriptor = slab_of(o);

	(void)state;
	assert_int_equal(sim.roles[descriptor - RAM_BASE], ROLE_SLAB_DESC);
	assert_int_equal(sim.roles[descriptor + 16 - RAM_BASE], ROLE_SLAB_DESC);
	assert_int_equal(sim.roles[slab_bufctl_place(&sim, descriptor, 3) - RAM_BASE], ROLE_BUFCTL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(golden_layouts_32_bit, setup),
	cmocka_unit_test_setup(golden_layouts_64_bit, setup),
	cmocka_unit_test_setup(golden_layouts_32_bit_debug, setup),
	cmocka_unit_test_setup(golden_layouts_64_bit_debug, setup),
	cmocka_unit_test_setup(golden_debug_layouts_of_little_ram, setup),
	cmocka_unit_test_setup(debug_objects_straddle_pages, setup),
	cmocka_unit_test_setup(descriptor_moves_out_by_the_size_before_alignment, setup),
	cmocka_unit_test_setup(descriptors_have_the_size_of_the_era, setup),
	cmocka_unit_test_setup(odd_kmalloc_sizes_depend_on_the_line, setup),
	cmocka_unit_test_setup(small_caches_pack_by_the_word, setup),
	cmocka_unit_test_setup(wide_alignment_drops_red_zones_but_not_poison, setup),
	cmocka_unit_test_setup(sizes_at_the_edges, setup),
	cmocka_unit_test_setup(fresh_slab_hands_out_the_highest_refilled_first, setup),
	cmocka_unit_test_setup(freed_objects_are_handed_out_last_in_first_out, setup),
	cmocka_unit_test_setup(free_writes_nothing_into_the_object, setup),
	cmocka_unit_test_setup(limits_follow_the_buffer_size, setup),
	cmocka_unit_test_setup(full_array_flushes_its_oldest_entries, setup),
	cmocka_unit_test_setup(shared_array_comes_before_the_slabs, setup),
	cmocka_unit_test_setup(partly_filled_shared_array_takes_only_what_fits, setup),
	cmocka_unit_test_setup(empty_slabs_beyond_the_limit_are_destroyed, setup),
	cmocka_unit_test_setup(unused_objects_and_slabs_are_reaped_bit_by_bit, setup),
	cmocka_unit_test_setup(what_is_used_is_not_reaped, setup),
	cmocka_unit_test_setup(the_first_cpu_reaps_the_shared_array, setup),
	cmocka_unit_test_setup(slabs_return_to_the_tail_of_partial_and_the_front_of_free, setup),
	cmocka_unit_test_setup(colours_go_round, setup),
	cmocka_unit_test_setup(every_page_of_a_slab_tells_its_cache_and_slab, setup),
	cmocka_unit_test_setup(metadata_bytes_have_roles, setup),
};

RUN_SLAB_TESTS(tests)
