/* SPDX-License-Identifier: MIT */
/* SLOB of 2.6.22 and 2.6.24: headers, lists, merging, pages, RCU (FACTS 2.4, 2.5). */
#include "tests/slob_rig.h"

static const char *const word_sizes[] = {"arm926", "ppc8xx", "x86"};

static void units_follow_the_word_size(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		target_addr_t o, next;
		uint64_t unit;

		boot22(word_sizes[i]);
		unit = i == 2 ? 16 : 8;
		o = kmalloc(1);
		next = kmalloc(unit + 1);
		assert_int_equal(o % PAGE_SIZE, unit);
		assert_int_equal(int_at(o - unit), 2);
		assert_int_equal(next - o, 2 * unit);
		assert_int_equal(int_at(next - unit), 3);
		assert_int_equal(kmalloc(1) - next, 3 * unit);
	}
}

static void header_is_overwritten_at_free(void **state)
{
	target_addr_t a = kmalloc(24), b = kmalloc(24), c = kmalloc(24);

	(void)state;
	target_fill(&sim, b, 24, 0x11, ROLE_NONE);
	kfree(b);
	assert_int_equal(int_at(b - 8), 4);
	assert_int_equal(word_at(b - 4), c + 24);
	assert_int_equal(target_find_other(&sim, b, 24, 0x11), 0);
	assert_int_equal(sim.roles[b - 8 - RAM_BASE], ROLE_SLOB_HEADER);
	kfree(a);
	kfree(c);
	assert_int_equal(int_at(a - 8), PAGE_SIZE / 8);
}

static void cache_objects_have_no_header(void **state)
{
	target_addr_t s = create(24, 0, 0), a = cache_alloc(s), b = cache_alloc(s);

	(void)state;
	assert_int_equal(a % PAGE_SIZE, 0);
	assert_int_equal(b - a, 24);
	target_fill(&sim, a, 24, 0x22, ROLE_NONE);
	free_to(s, a);
	assert_int_equal(int_at(a), 3);
	assert_int_equal(target_find_other(&sim, a + 8, 16, 0x22), 0);
	assert_int_equal(slob.ops->object_size(&slob, s), 24);
	slob.ops->cache_shrink(&slob, s);
	assert_int_equal(slob.ops->cache_destroy(&slob, s), DESTROY_OK);
}

static void alignment_leaves_a_fragment(void **state)
{
	target_addr_t small = kmalloc(8), s = create(40, 64, 0), line = create(24, 0, (uint32_t)SLAB_HWCACHE_ALIGN), a;

	(void)state;
	a = cache_alloc(s);
	assert_int_equal(a - small, 56);
	assert_int_equal(cache_alloc(line) % 32, 0);
	assert_int_equal(int_at(small + 8), 6);
	assert_int_equal(kmalloc(16), a + 96);
	assert_int_equal(create(8, 3, 0), 0);
	assert_int_equal(create(0, 0, 0), 0);
}

/* A page behind the last one is merged with what that has left. */
static void heap_objects_straddle_pages(void **state)
{
	target_addr_t a = kmalloc(4000), b = kmalloc(4000), c;

	(void)state;
	assert_int_equal(b - a, 4008);
	assert_int_not_equal(frame_of(b), frame_of(b + 3999));
	kfree(a);
	kfree(b);
	assert_int_equal(int_at(a - 8), 2 * PAGE_SIZE / 8);
	a = kmalloc(3000);
	c = kmalloc(3000);
	assert_int_not_equal(frame_of(c), frame_of(c + 2999));
	kfree(c);
	kfree(a);
	assert_int_equal(int_at(a - 8), 2 * PAGE_SIZE / 8);
}

static void free_blocks_merge_with_both_neighbours(void **state)
{
	target_addr_t o[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		o[i] = kmalloc(24);
	kfree(o[0]);
	kfree(o[2]);
	assert_int_equal(int_at(o[0] - 8), 4);
	kfree(o[1]);
	assert_int_equal(int_at(o[0] - 8), 12);
	assert_int_equal(word_at(o[0] - 4), o[3] + 24);
	kfree(o[3]);
	assert_int_equal(int_at(o[0] - 8), PAGE_SIZE / 8);
}

/* The search starts behind the predecessor of the last hit, not at the lowest address. */
static void rover_moves_on(void **state)
{
	target_addr_t o[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		o[i] = kmalloc(24);
	kfree(o[0]);
	kfree(o[2]);
	kfree(o[4]);
	assert_int_equal(slob22_state(&slob)->slobfree, o[2] - 8);
	assert_int_equal(kmalloc(24), o[4]);
	assert_int_equal(slob22_state(&slob)->slobfree, o[2] - 8);
	assert_int_equal(kmalloc(2000), o[5] + 32);
	assert_int_equal(kmalloc(24), o[5] + 32 + 2008);
	kfree(o[4]);
	assert_int_equal(kmalloc(24), o[4]);
}

static void big_blocks_are_bare_pages(void **state)
{
	target_addr_t page = kmalloc(PAGE_SIZE - 8), four = kmalloc(3 * PAGE_SIZE), heap = kmalloc(PAGE_SIZE - 9);

	(void)state;
	assert_int_equal(page % PAGE_SIZE, 0);
	assert_int_equal(heap % PAGE_SIZE, 8);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(page_count_raw(&sim, frame_of(four) + i), i == 0);
		assert_int_equal(page_flags(&sim, frame_of(four) + i), 0);
	}
	assert_int_equal(page_flags(&sim, frame_of(heap)), 0);
	assert_int_equal(ksize(page), PAGE_SIZE);
	assert_int_equal(ksize(four), 4 * PAGE_SIZE);
	assert_int_equal(ksize(heap), PAGE_SIZE - 8);
	kfree(page);
	kfree(four);
	assert_int_equal(counts[EVENT_PAGE_FREE], 2);
	/* Records come back. */
	for (unsigned i = 0; i < 20000; i++)
		kfree(kmalloc(PAGE_SIZE));
	assert_int_equal(kmalloc((UINT64_C(4) << 20) + 1), 0);
	assert_int_equal(ksize(0), 0);
	kfree(0);
}

/* D22 */
static void references_free_a_page_of_a_big_block(void **state)
{
	target_addr_t four = kmalloc(4 * PAGE_SIZE);

	(void)state;
	get_page(&sim, frame_of(four) + 2);
	put_page(&sim, frame_of(four) + 2);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
	assert_string_equal(slob.ops->invariants(&slob), "big block is not pages in use");
}

static void large_cache_objects_are_pages(void **state)
{
	target_addr_t s = create(5000, 0, (uint32_t)SLAB_CTOR), o;

	for (unsigned i = 0; i < 2; i++) {
		o = cache_alloc(s);
		assert_int_equal(o % PAGE_SIZE, 0);
		assert_int_equal(page_count_raw(&sim, frame_of(o) + 1), 0);
		assert_false(page_flag(&sim, frame_of(o), PG_compound));
		assert_int_equal(target_find_other(&sim, o, 5000, SLOB_CTOR_BYTE), 0);
		free_to(s, o);
		assert_int_equal(counts[EVENT_PAGE_FREE], 1);
		setup24(state);
		s = create(5000, 0, (uint32_t)SLAB_CTOR);
	}
}

static void ctor_runs_at_each_alloc(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		target_addr_t s = create(60, 0, (uint32_t)SLAB_CTOR), o;

		for (unsigned j = 0; j < 2; j++) {
			o = cache_alloc(s);
			assert_int_equal(target_find_other(&sim, o, 60, SLOB_CTOR_BYTE), 0);
			target_fill(&sim, o, 60, 0, ROLE_NONE);
			free_to(s, o);
		}
		setup24(state);
	}
}

static void timer_returns_pages(void **state)
{
	target_addr_t a = kmalloc(4000), b = kmalloc(4000);

	(void)state;
	assert_int_equal(grace_period(), 0);
	kfree(a);
	kfree(b);
	assert_int_equal(counts[EVENT_PAGE_FREE], 0);
	grace_period();
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	grace_period();
	grace_period();
	assert_int_equal(counts[EVENT_PAGE_FREE], 2);
	assert_int_equal(slob22_state(&slob)->slobfree, slob22_state(&slob)->arena);
}

/* Both versions: the footer lies right behind the object, and the object waits. */
static void rcu_objects_wait_one_by_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct allocator_ops *ops = i & 1 ? &allocator_slob_2624 : &allocator_slob_2622;
		target_addr_t s, o, p, footer;
		uint64_t word;

		boot_cpus(ops, i & 2 ? "x86" : "ppc8xx", 1);
		word = sim.layout->word;
		s = create(61, 0, (uint32_t)SLAB_DESTROY_BY_RCU);
		o = cache_alloc(s);
		p = cache_alloc(s);
		footer = o + 61;
		free_to(s, o);
		free_to(s, p);
		assert_int_equal(counts[EVENT_RCU_QUEUE], 2);
		assert_int_equal(word_at(footer), p + 61);
		assert_int_equal(int_at(footer + 2 * word), word == 4 ? 61 + 12 : 61 + 24);
		assert_int_equal(sim.roles[footer - RAM_BASE], ROLE_RCU_HEAD);
		assert_int_not_equal(cache_alloc(s), o);
		assert_int_equal(ops->cache_destroy(&slob, s), DESTROY_OK);
		assert_int_equal(grace_period(), 2);
		assert_int_equal(grace_period(), 0);
		assert_int_equal(counts[EVENT_UNOWNED], 0);
	}
}

/* A footer may make pages of an object. */
static void large_rcu_objects_wait_too(void **state)
{
	target_addr_t s = create(PAGE_SIZE - 8, 0, (uint32_t)SLAB_DESTROY_BY_RCU), o = cache_alloc(s);

	(void)state;
	assert_int_equal(o % PAGE_SIZE, 0);
	free_to(s, o);
	assert_int_equal(counts[EVENT_PAGE_FREE], 0);
	assert_int_equal(grace_period(), 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
}

/* 2.6.24 */
static void objects_never_straddle(void **state)
{
	target_addr_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		target_addr_t o = kmalloc(700);

		assert_int_equal(frame_of(o), frame_of(o + 699));
		assert_int_equal(o % 8, 0);
		assert_int_equal(int_at(o - 8), 700);
		if (i % 5)
			assert_int_equal(o - last, 712);
		last = o;
	}
	assert_int_equal(counts[EVENT_PAGE_ALLOC], 8);
}

static void page_fields_of_a_slob_page(void **state)
{
	target_addr_t o, full;
	frame_t slob_page;
	unsigned header;

	for (unsigned i = 0; i < 3; i++) {
		boot24(word_sizes[i]);
		header = i == 1 ? 4 : 8; /* ppc8xx defines no minimum */
		o = kmalloc(104);
		slob_page = frame_of(o);
		assert_true(page_flag(&sim, slob_page, PG_active));
		assert_true(page_flag(&sim, slob_page, PG_private));
		assert_false(page_flag(&sim, slob_page, PG_slab));
		assert_int_equal(page_member(&sim, slob_page, LF_page_inuse), (PAGE_SIZE - 104 - header) / 2);
		assert_int_equal(page_member(&sim, slob_page, LF_page_index), o + 104);
		full = kmalloc(PAGE_SIZE - 104 - 2 * header);
		assert_int_equal(frame_of(full), slob_page);
		assert_false(page_flag(&sim, slob_page, PG_private));
		assert_true(page_flag(&sim, slob_page, PG_active));
		kfree(full);
		assert_true(page_flag(&sim, slob_page, PG_private));
		kfree(o);
		assert_int_equal(counts[EVENT_PAGE_FREE], 1);
		assert_int_equal(counts[EVENT_PAGE_BAD] + counts[EVENT_PAGE_FIELD_MISREAD], 0);
	}
	(void)state;
}

/* Offsets in units of 2 bytes; a block of one unit keeps minus the next offset. */
static void free_block_encoding(void **state)
{
	target_addr_t four = create(4, 2, 0), o = cache_alloc(four), page = o, odd, s, aligned;

	(void)state;
	assert_int_equal(unit_at(page + 4), (PAGE_SIZE - 4) / 2);
	assert_int_equal(unit_at(page + 6), PAGE_SIZE / 2);
	s = create(6, 0, 0);
	odd = cache_alloc(s);
	aligned = cache_alloc(s);
	assert_int_equal(odd, page + 4);
	assert_int_equal(aligned, page + 12);
	assert_int_equal(unit_at(page + 10), -9);
	assert_int_equal(page_member(&sim, frame_of(o), LF_page_index), page + 10);
	free_to(s, odd);
	assert_int_equal(unit_at(page + 4), 3);
	assert_int_equal(unit_at(page + 6), 5);
	free_to(s, aligned);
	assert_int_equal(unit_at(page + 10), (PAGE_SIZE - 10) / 2);
}

/* [0+64][64+64] stays split. */
static void block_below_the_first_is_not_merged(void **state)
{
	target_addr_t s = create(64, 0, 0), o[4], page;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		o[i] = cache_alloc(s);
	page = o[0];
	free_to(s, o[1]);
	free_to(s, o[0]);
	assert_int_equal(unit_at(page), 32);
	assert_int_equal(unit_at(page + 2), 32);
	assert_int_equal(unit_at(page + 64), 32);
	free_to(s, o[2]);
	assert_int_equal(unit_at(page), 32);
	assert_int_equal(unit_at(page + 64), 64);
	/* Not even 128 bytes of it can be had as one. */
	assert_int_equal(cache_alloc(create(100, 0, 0)), page + 64);
}

static void list_rotates_to_the_last_hit(void **state)
{
	target_addr_t o[3], head = slob24_state(&slob)->free_slob_pages;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		o[i] = kmalloc(2500);
	assert_int_equal(list_next(&sim, head), page_lru(&sim, frame_of(o[2])));
	kfree(o[1]);
	o[1] = kmalloc(3000);
	o[0] = kmalloc(2500);
	assert_int_equal(list_next(&sim, head), page_lru(&sim, frame_of(o[0])));
	assert_int_equal(list_empty(&sim, head), false);
	/* Pages in list order are [0'], [1], [2], [0]: a hit in the second moves it to the front. */
	target_addr_t second = list_next(&sim, list_next(&sim, head));
	frame_t hit = page_of_lru(&sim, second);
	target_addr_t small = create(1000, 0, 0), filler = cache_alloc(create(1560, 0, 0)), got;

	assert_int_equal(frame_of(filler), frame_of(o[0]));
	got = cache_alloc(small);
	assert_int_equal(frame_of(got), hit);
	assert_int_equal(list_next(&sim, head), page_lru(&sim, hit));
}

static void empty_page_goes_straight_back(void **state)
{
	target_addr_t o[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		o[i] = kmalloc(100 + i);
	kfree(o[1]);
	kfree(o[0]);
	assert_int_equal(counts[EVENT_PAGE_FREE], 0);
	kfree(o[2]);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
	assert_int_equal((uint32_t)page_member(&sim, frame_of(o[0]), LF_page__mapcount), UINT32_MAX);
	assert_int_equal(page_flags(&sim, frame_of(o[0])), 0);
}

static void big_kmalloc_keeps_its_size(void **state)
{
	target_addr_t one = kmalloc(PAGE_SIZE - 8), two = kmalloc(5000);

	(void)state;
	assert_false(page_flag(&sim, frame_of(one), PG_compound));
	assert_true(page_flag(&sim, frame_of(two), PG_compound));
	assert_true(page_is_tail(&sim, frame_of(two) + 1));
	assert_int_equal(page_member(&sim, frame_of(two), LF_page_private), 5000);
	assert_int_equal(ksize(one), PAGE_SIZE - 8);
	assert_int_equal(ksize(two), 5000);
	get_page(&sim, frame_of(two) + 1);
	put_page(&sim, frame_of(two) + 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 0);
	kfree(one);
	kfree(two);
	assert_int_equal(counts[EVENT_PAGE_FREE], 2);
	assert_int_equal(kmalloc((UINT64_C(4) << 20) + 1), 0);
	assert_int_equal(kmalloc(0), 16);
	assert_int_equal(ksize(16), 0);
	kfree(16);
	kfree(0);
}

static void minimum_alignment_is_the_header(void **state)
{
	static const struct {
		const char *arch;
		unsigned bytes;
	} headers[] = {{"ppc8xx", 4}, {"sh4", 4}, {"m68040", 4}, {"arm926", 8}, {"x86", 8}, {"mips-r4k", 128}};
	target_addr_t o, s;

	(void)state;
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_LINE;
	boot24("x86");
	o = kmalloc(10);
	assert_int_equal(o % PAGE_SIZE, 64);
	assert_int_equal(int_at(o - 64), 10);
	assert_int_equal(ksize(o), 10);
	assert_int_equal(kmalloc(10) - o, 128);
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_ARCH;
	/* What the arch defines, for kmalloc or for slabs, else alignof(long). */
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		boot24(headers[i].arch);
		o = kmalloc(10);
		assert_int_equal(o % PAGE_SIZE, headers[i].bytes);
		assert_int_equal(kmalloc(10) - o,
				 (10 + 2 * headers[i].bytes - 1) / headers[i].bytes * headers[i].bytes);
	}
	/* C48 */
	boot24("ppc8xx");
	s = create(12, 0, 0);
	o = cache_alloc(s);
	assert_int_equal(cache_alloc(s), o + 12);
}

static target_addr_t stolen;

/* An interrupt allocates while the other waits for a page. */
static void steal(void *context, enum preempt_point point)
{
	(void)context;
	if (stolen || point != POINT_slob_pages_end)
		return;
	sim.preempt = NULL;
	stolen = alloc_from(0, 3000, 0);
}

static void interrupt_while_the_heap_grows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		target_addr_t o;

		stolen = 0;
		sim.preempt = steal;
		o = kmalloc(3000);
		assert_int_not_equal(stolen, 0);
		assert_int_not_equal(o, stolen);
		assert_int_equal(counts[EVENT_PAGE_ALLOC], 2);
		kfree(o);
		kfree(stolen);
		setup24(state);
	}
}

static void failures_return_null(void **state)
{
	target_addr_t s;

	for (unsigned i = 0; i < 2; i++) {
		s = create(64, 0, (uint32_t)SLAB_CTOR);
		fault_set(&sim.faults, FAULT_slab_alloc, 1, 2);
		assert_int_equal(kmalloc(64), 0);
		assert_int_equal(cache_alloc(s), 0);
		out_of_memory();
		assert_int_equal(kmalloc(64), 0);
		assert_int_equal(kmalloc(9000), 0);
		assert_int_equal(cache_alloc(s), 0);
		assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_NOFAIL), 0);
		setup24(state);
	}
}

/* The exact check sees what no client could. */
static void invariants_see_damage(void **state)
{
	target_addr_t o[3], header;

	for (unsigned i = 0; i < 3; i++)
		o[i] = kmalloc(24);
	kfree(o[0]);
	header = o[0] - 8;
	target_store(&sim, header, 4, 0, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "free block without units");
	target_store(&sim, header, 4, 8, ROLE_NONE);
	assert_null(slob.ops->invariants(&slob));
	target_store(&sim, header, 4, 12, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "neighbours are not merged");
	target_store(&sim, header, 4, 13, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "free blocks overlap");
	target_store(&sim, header, 4, 4, ROLE_NONE);
	target_store_word(&sim, header + 4, header, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "free list is not in address order");
	target_store_word(&sim, header + 4, header + 36, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "free list leaves the heap");
	setup24(state);
	for (unsigned i = 0; i < 3; i++)
		o[i] = kmalloc(24);
	kfree(o[0]);
	page_field_store(&sim, frame_of(o[0]), PF_slob_2624_units, 7);
	assert_string_equal(slob.ops->invariants(&slob), "units of a page do not match its free blocks");
	target_store(&sim, o[0] - 6, 2, 3, ROLE_NONE);
	assert_string_equal(slob.ops->invariants(&slob), "free blocks of a page are broken");
	page_clear_flag(&sim, frame_of(o[0]), PG_private);
	assert_string_equal(slob.ops->invariants(&slob), "listed page without its flags");
	list_init(&sim, slob24_state(&slob)->free_slob_pages);
	assert_string_equal(slob.ops->invariants(&slob), "page with free units on no list");
}

#define TEST22(name) cmocka_unit_test_setup(name, setup22)
#define TEST24(name) cmocka_unit_test_setup(name, setup24)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST22(units_follow_the_word_size),
		TEST22(header_is_overwritten_at_free),
		TEST22(cache_objects_have_no_header),
		TEST22(alignment_leaves_a_fragment),
		TEST22(heap_objects_straddle_pages),
		TEST22(free_blocks_merge_with_both_neighbours),
		TEST22(rover_moves_on),
		TEST22(big_blocks_are_bare_pages),
		TEST22(references_free_a_page_of_a_big_block),
		TEST22(large_cache_objects_are_pages),
		TEST22(ctor_runs_at_each_alloc),
		TEST22(timer_returns_pages),
		TEST22(rcu_objects_wait_one_by_one),
		TEST22(large_rcu_objects_wait_too),
		TEST22(interrupt_while_the_heap_grows),
		TEST22(failures_return_null),
		TEST22(invariants_see_damage),
		TEST24(objects_never_straddle),
		TEST24(page_fields_of_a_slob_page),
		TEST24(free_block_encoding),
		TEST24(block_below_the_first_is_not_merged),
		TEST24(list_rotates_to_the_last_hit),
		TEST24(empty_page_goes_straight_back),
		TEST24(big_kmalloc_keeps_its_size),
		TEST24(minimum_alignment_is_the_header),
		TEST24(large_rcu_objects_wait_too),
	};
	int failed;

	if (!sim_create(&sim))
		return 3;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(slob.state);
	sim_destroy(&sim);
	return failed;
}
