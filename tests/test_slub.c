/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22 by behaviour: golden layouts (FACTS 2.6), paths, order, lists, merging. */
#include "tests/slub_rig.h"

struct golden {
	unsigned objsize, inuse, offset, size, order, objects;
};

static void assert_golden(const struct golden *row)
{
	char name[32];
	target_addr_t s;

	snprintf(name, sizeof(name), "kmalloc-%u", row->objsize);
	s = cache(name);
	assert_int_not_equal(s, 0);
	assert_int_equal(FIELD_OF(s, objsize), row->objsize);
	assert_int_equal(FIELD_OF(s, inuse), row->inuse);
	assert_int_equal(FIELD_OF(s, offset), row->offset);
	assert_int_equal(FIELD_OF(s, size), row->size);
	assert_int_equal(FIELD_OF(s, order), row->order);
	assert_int_equal(FIELD_OF(s, objects), row->objects);
}

static void golden_layouts_without_debug(void **state)
{
	static const struct golden rows[] = {
		{8, 8, 0, 8, 0, 512},        {16, 16, 0, 16, 0, 256},
		{32, 32, 0, 32, 0, 128},     {64, 64, 0, 64, 0, 64},
		{96, 96, 0, 96, 0, 42},      {128, 128, 0, 128, 0, 32},
		{192, 192, 0, 192, 0, 21},   {256, 256, 0, 256, 0, 16},
		{512, 512, 0, 512, 0, 8},    {1024, 1024, 0, 1024, 0, 4},
		{2048, 2048, 0, 2048, 1, 4}, {4096, 4096, 0, 4096, 1, 2},
		{8192, 8192, 0, 8192, 1, 1}, {4194304, 4194304, 0, 4194304, 10, 1},
	};
	static const char *const names[] = {"arm926", "x86", "ppc8xx"};

	(void)state;
	for (unsigned arch = 0; arch < 3; arch++) {
		boot(names[arch], 0);
		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			assert_golden(&rows[i]);
	}
}

static const struct golden debug32[] = {
	{8, 12, 12, 56, 0, 73},         {16, 20, 20, 64, 0, 64},        {32, 36, 36, 80, 0, 51},
	{64, 68, 68, 112, 0, 36},       {96, 100, 100, 144, 0, 28},     {128, 132, 132, 176, 0, 23},
	{192, 196, 196, 240, 0, 17},    {256, 260, 260, 304, 0, 13},    {512, 516, 516, 560, 0, 7},
	{1024, 1028, 1028, 1072, 1, 7}, {2048, 2052, 2052, 2096, 1, 3}, {4096, 4100, 4100, 4144, 1, 1},
};
static const struct golden debug64[] = {
	{8, 16, 16, 80, 0, 51},         {16, 24, 24, 88, 0, 46},        {32, 40, 40, 104, 0, 39},
	{64, 72, 72, 136, 0, 30},       {96, 104, 104, 168, 0, 24},     {128, 136, 136, 200, 0, 20},
	{192, 200, 200, 264, 0, 15},    {256, 264, 264, 328, 0, 12},    {512, 520, 520, 584, 0, 7},
	{1024, 1032, 1032, 1096, 1, 7}, {2048, 2056, 2056, 2120, 1, 3}, {4096, 4104, 4104, 4168, 1, 1},
};

static void golden_layouts_with_all_debug(void **state)
{
	(void)state;
	boot("arm926", ALL_DEBUG);
	for (unsigned i = 0; i < 12; i++)
		assert_golden(&debug32[i]);
	boot("x86", ALL_DEBUG);
	for (unsigned i = 0; i < 12; i++)
		assert_golden(&debug64[i]);
}

/* Objects of 65535 words and more get no command-line debugging. */
static void huge_caches_are_not_debugged(void **state)
{
	(void)state;
	boot("arm926", ALL_DEBUG);
	assert_int_equal(FIELD_OF(cache("kmalloc-262144"), flags), 0);
	assert_int_not_equal(FIELD_OF(cache("kmalloc-131072"), flags), 0);
}

static void minalign_line_raises_the_smallest_cache(void **state)
{
	(void)state;
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_LINE;
	boot("arm926", 0);
	assert_int_equal(cache("kmalloc-16"), 0);
	assert_int_equal(allocator_slub.ksize(&slub, kmalloc(1)), 32);
	/* What lies between two powers of two is there if it is a multiple of the line. */
	assert_int_not_equal(cache("kmalloc-96"), 0);
	boot("x86", 0);
	assert_int_equal(cache("kmalloc-96"), 0);
	assert_int_equal(allocator_slub.ksize(&slub, kmalloc(96)), 128);
	assert_int_not_equal(cache("kmalloc-192"), 0);
}

static void fast_path_pops_and_pushes_the_lockless_list(void **state)
{
	target_addr_t a = kmalloc(64), b = kmalloc(64);
	frame_t slab = slab_of(a);

	(void)state;
	assert_int_equal(b, a + 64);
	assert_int_equal(page_member(&sim, slab, LF_page_private), b + 64);
	assert_int_equal(page_member(&sim, slab, LF_page_inuse), 64);
	assert_int_equal(page_member(&sim, slab, LF_page_index), 0);
	kfree(a);
	assert_int_equal(page_member(&sim, slab, LF_page_private), a);
	assert_int_equal(target_load_word(&sim, a), b + 64);
	assert_int_equal(kmalloc(64), a);
}

static void odd_sizes_take_the_right_cache(void **state)
{
	static const unsigned sizes[][2] = {{1, 8},     {9, 16},    {65, 96},   {96, 96},     {97, 128},
					    {129, 192}, {193, 256}, {192, 192}, {4097, 8192}, {4194304, 4194304}};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(allocator_slub.ksize(&slub, kmalloc(sizes[i][0])), sizes[i][1]);
}

static void zero_and_oversize(void **state)
{
	(void)state;
	assert_int_equal(kmalloc(0), 16);
	kfree(16);
	kfree(0);
	assert_int_equal(allocator_slub.ksize(&slub, 16), 0);
	assert_true(FAULTS(kmalloc(4194305)));
	assert_true(FAULTS(kmalloc(UINT32_MAX)));
	assert_true(FAULTS(kmalloc(UINT64_MAX)));
	assert_int_equal(counts[EVENT_KERNEL_BUG], 3);
	assert_int_equal(create("huge", UINT64_MAX, 0, 0), 0);
	assert_int_equal(create("huge", UINT32_MAX, 0, 0), 0);
}

static void exhaustion_and_faults_return_null(void **state)
{
	(void)state;
	assert_int_not_equal(kmalloc(4194304), 0);
	fault_set(&sim.faults, FAULT_page_alloc, 1, 1);
	assert_int_equal(kmalloc(64), 0);
	assert_int_not_equal(kmalloc(64), 0);
	fault_set(&sim.faults, FAULT_slab_alloc, 1, 1);
	assert_int_equal(kmalloc(64), 0);
	fault_set(&sim.faults, FAULT_slab_alloc, 1, 1);
	assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_NOFAIL), 0);
}

static void partial_list_order(void **state)
{
	target_addr_t o[16], s = cache("kmalloc-1024");

	(void)state;
	fill_slabs(4, o);
	kfree(o[0]); /* full -> front */
	kfree(o[4]);
	assert_int_equal(nr_partial(s), 2);
	assert_int_equal(kmalloc(1024), o[4]); /* the newest partial slab first, once the cpu slab is full */
	assert_int_equal(kmalloc(1024), o[0]);
	assert_int_equal(nr_partial(s), 0);
}

static void last_free_of_a_partial_slab_discards_it(void **state)
{
	target_addr_t o[8], s = cache("kmalloc-1024");
	uint32_t free_before;

	(void)state;
	fill_slabs(2, o);
	free_before = nr_free_pages(&sim);
	for (unsigned i = 0; i < 4; i++)
		kfree(o[i]);
	assert_int_equal(nr_partial(s), 0);
	assert_int_equal(FIELD_OF(s, nr_slabs), 1);
	assert_int_equal(nr_free_pages(&sim), free_before + 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
	assert_null(allocator_slub.invariants(&slub));
}

static void deactivation_reverses_the_lockless_list(void **state)
{
	target_addr_t a = kmalloc(1024);

	(void)state;
	allocator_slub.cpu_offline(&slub, 0);
	assert_int_equal(nr_partial(cache("kmalloc-1024")), 1);
	assert_int_equal(kmalloc(1024), a + 3072);
	assert_int_equal(kmalloc(1024), a + 2048);
	assert_int_equal(kmalloc(1024), a + 1024);
}

static void empty_cpu_slab_goes_to_the_tail_while_few_are_partial(void **state)
{
	target_addr_t o[8], s = cache("kmalloc-1024");

	(void)state;
	fill_slabs(1, o);
	kfree(o[3]);
	kfree(o[2]);
	kfree(o[1]);
	kfree(o[0]);
	allocator_slub.cpu_offline(&slub, 0);
	assert_int_equal(nr_partial(s), 1);
	allocator_slub.cache_shrink(&slub, s);
	assert_int_equal(nr_partial(s), 0);
	assert_int_equal(FIELD_OF(s, nr_slabs), 0);
}

static void cpus_have_slabs_of_their_own(void **state)
{
	target_addr_t a, b;

	(void)state;
	boot_cpus("x86", 0, "", 2);
	a = kmalloc(64);
	sim.cpu = 1;
	b = kmalloc(64);
	assert_int_not_equal(slab_of(a), slab_of(b));
	kfree(a); /* frozen by cpu 0: on its freelist, not on any list */
	assert_int_equal(page_member(&sim, slab_of(a), LF_page_index), a);
	assert_int_equal(nr_partial(cache("kmalloc-64")), 0);
	assert_null(allocator_slub.invariants(&slub));
}

static target_addr_t by_interrupt;

static void interrupt(void *context, enum preempt_point point)
{
	struct alloc_request request = {.size = 64};

	(void)context;
	if (point == POINT_slub_grow_begin && !by_interrupt)
		by_interrupt = allocator_slub.alloc(&slub, &request);
}

static void interrupt_gets_the_slab_first(void **state)
{
	target_addr_t a;

	(void)state;
	by_interrupt = 0;
	sim.policy[POLICY_bug_cpu_slab_reuse] = 1;
	sim.preempt = interrupt;
	a = kmalloc(64);
	sim.preempt = NULL;
	assert_int_not_equal(by_interrupt, 0);
	assert_int_equal(slab_of(a), slab_of(by_interrupt));
	assert_int_equal(FIELD_OF(cache("kmalloc-64"), nr_slabs), 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
}

/* Mended, that one is put back, in case it has objects that only the cpu knows of. */
static void a_slab_that_came_meanwhile_is_put_back(void **state)
{
	target_addr_t a;

	(void)state;
	by_interrupt = 0;
	sim.preempt = interrupt;
	a = kmalloc(64);
	sim.preempt = NULL;
	assert_int_not_equal(slab_of(a), slab_of(by_interrupt));
	assert_int_equal(FIELD_OF(cache("kmalloc-64"), nr_slabs), 2);
	assert_int_equal(FIELD_OF(cache("kmalloc-64"), nr_partial), 1);
}

static void merge_by_size_and_destroy_refcount(void **state)
{
	target_addr_t s = create("driver", 62, 0, 0);

	(void)state;
	assert_int_equal(s, cache("kmalloc-64"));
	assert_int_equal(FIELD_OF(s, refcount), 2);
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
	assert_int_equal(FIELD_OF(s, refcount), 1);
	assert_int_not_equal(create("a", 56, 0, 0), s);
	assert_int_not_equal(create("b", 64, 0, (uint32_t)SLAB_CTOR), s);
	assert_int_not_equal(create("c", 64, 0, SLAB_DESTROY_BY_RCU), s);
	assert_int_not_equal(create("d", 64, 0, SLAB_RECLAIM_ACCOUNT), s);
	assert_int_not_equal(create("e", 64, 0, SLAB_RED_ZONE), s);
	assert_int_not_equal(create("f", 64, 128, 0), s);
}

static void constructor_runs_at_slab_creation_only(void **state)
{
	target_addr_t s = create("ctor", 100, 0, (uint32_t)SLAB_CTOR), o = alloc_from(s, 0, GFP_WAIT);

	(void)state;
	assert_int_equal(FIELD_OF(s, offset), 100);
	assert_int_equal(target_find_other(&sim, o, 100, 0xc7), 0);
	write_byte(o, 1);
	free_to(s, o);
	assert_int_equal(alloc_from(s, 0, GFP_WAIT), o);
	assert_int_equal(target_load(&sim, o, 1), 1);
	assert_int_equal(target_load(&sim, o + 1, 1), 0xc7);
}

static void shrink_sorts_fullest_first(void **state)
{
	target_addr_t o[64], s;

	(void)state;
	boot_cpus("x86", 0, "", 2);
	s = build_partial(9, 2, o);
	kfree(o[1]); /* the slab of o[0] has two free objects now, the others one */
	allocator_slub.cache_shrink(&slub, s);
	assert_int_equal(nr_partial(s), 9);
	assert_null(allocator_slub.invariants(&slub));
	assert_int_equal(list_prev(&sim, s + sim.layout->field[LF_kmem_cache_partial].offset),
			 page_lru(&sim, slab_of(o[0])));
}

static void rcu_slab_waits_for_the_grace_period(void **state)
{
	target_addr_t s, o = rcu_limbo(&s);

	(void)state;
	assert_int_equal(counts[EVENT_RCU_QUEUE], 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 0);
	assert_int_equal(page_count(&sim, slab_of(o)), 1);
	assert_int_equal(allocator_slub.grace_period(&slub), 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
	assert_int_equal(allocator_slub.grace_period(&slub), 0);
}

/* Many ops at random places of a fixed sequence; the invariants hold after each allocation. */
static void long_run_keeps_the_invariants(void **state)
{
	static const uint8_t debugs[] = {0, ALL_DEBUG, DEBUG_Z, DEBUG_P, DEBUG_U};
	target_addr_t o[64] = {0};
	uint32_t seed = 1;

	(void)state;
	for (unsigned d = 0; d < 5; d++) {
		boot_cpus(d & 1 ? "x86" : "arm926", debugs[d], "", 2);
		memset(o, 0, sizeof(o));
		for (unsigned i = 0; i < 4000; i++) {
			unsigned slot = (seed = seed * 1103515245 + 12345) >> 16 & 63;

			sim.cpu = seed >> 24 & 1;
			if (o[slot])
				kfree(o[slot]);
			o[slot] = o[slot] ? 0 : kmalloc(1 + (seed >> 8) % 5000);
		}
		for (unsigned i = 0; i < 64; i++)
			kfree(o[i]);
		for (unsigned cpu = 0; cpu < 2; cpu++)
			allocator_slub.cpu_offline(&slub, cpu);
		assert_null(allocator_slub.invariants(&slub));
		assert_int_equal(report_count + counts[EVENT_PAGE_BAD] + counts[EVENT_UNOWNED], 0);
		assert_int_equal(counts[EVENT_PAGE_FIELD_MISREAD], 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(golden_layouts_without_debug, setup),
	cmocka_unit_test_setup(golden_layouts_with_all_debug, setup),
	cmocka_unit_test_setup(huge_caches_are_not_debugged, setup),
	cmocka_unit_test_setup(minalign_line_raises_the_smallest_cache, setup),
	cmocka_unit_test_setup(fast_path_pops_and_pushes_the_lockless_list, setup),
	cmocka_unit_test_setup(odd_sizes_take_the_right_cache, setup),
	cmocka_unit_test_setup(zero_and_oversize, setup),
	cmocka_unit_test_setup(exhaustion_and_faults_return_null, setup),
	cmocka_unit_test_setup(partial_list_order, setup),
	cmocka_unit_test_setup(last_free_of_a_partial_slab_discards_it, setup),
	cmocka_unit_test_setup(deactivation_reverses_the_lockless_list, setup),
	cmocka_unit_test_setup(empty_cpu_slab_goes_to_the_tail_while_few_are_partial, setup),
	cmocka_unit_test_setup(cpus_have_slabs_of_their_own, setup),
	cmocka_unit_test_setup(interrupt_gets_the_slab_first, setup),
	cmocka_unit_test_setup(a_slab_that_came_meanwhile_is_put_back, setup),
	cmocka_unit_test_setup(merge_by_size_and_destroy_refcount, setup),
	cmocka_unit_test_setup(constructor_runs_at_slab_creation_only, setup),
	cmocka_unit_test_setup(shrink_sorts_fullest_first, setup),
	cmocka_unit_test_setup(rcu_slab_waits_for_the_grace_period, setup),
	cmocka_unit_test_setup(long_run_keeps_the_invariants, setup),
};

RUN_SLUB_TESTS(tests)
