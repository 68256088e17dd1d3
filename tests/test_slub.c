/* SPDX-License-Identifier: MIT */
/* SLUB 2.6.22 by behaviour: golden layouts (FACTS 2.6), paths, order, lists, bugs on and off, debug reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/allocator.h"
#include "sim/page.h"

extern const struct allocator_ops allocator_slub;

static struct sim sim;
static struct allocator slub;
static uint8_t policy[POLICY_COUNT];
static unsigned counts[EVENT_COUNT];
static char reports[32][1200];
static unsigned report_count;
static jmp_buf recovery;

static void observe(void *context, const struct event *event)
{
	(void)context;
	counts[event->kind]++;
	if (event->kind == EVENT_REPORT && report_count < 32)
		snprintf(reports[report_count++], sizeof(reports[0]), "%s", event->text);
}

static void boot_cpus(const char *arch, uint8_t debug, const char *prefix, unsigned cpus)
{
	struct sim_config config = {
		.arch = arch_by_name(arch), .actor = "slub", .policy = policy, .cpus = cpus, .ram_frames = 2048};

	sim.observe = NULL;
	sim.preempt = NULL;
	sim.recovery = NULL;
	sim_configure(&sim, &config);
	free(slub.state);
	slub = (struct allocator){.ops = &allocator_slub, .sim = &sim, .debug = debug};
	slub.state = calloc(1, allocator_slub.state_size);
	snprintf(slub.debug_prefix, sizeof(slub.debug_prefix), "%s", prefix);
	assert_true(allocator_slub.init(&slub, NULL));
	memset(counts, 0, sizeof(counts));
	report_count = 0;
	sim.observe = observe;
	sim.op = 7;
}

static void boot(const char *arch, uint8_t debug)
{
	boot_cpus(arch, debug, "", 1);
}

enum { ALL_DEBUG = DEBUG_F | DEBUG_Z | DEBUG_P | DEBUG_U };

static int setup(void **state)
{
	(void)state;
	memset(policy, 0, sizeof(policy));
	boot("arm926", 0);
	return 0;
}

static target_addr_t alloc_from(target_addr_t s, uint64_t size, gfp_t gfp)
{
	struct alloc_request request = {.kmem_cache = s, .size = size, .gfp = gfp};
	target_addr_t object = allocator_slub.alloc(&slub, &request);

	sim.steps = STEPS_PER_OP;
	assert_null(allocator_slub.invariants(&slub));
	return object;
}

static target_addr_t kmalloc(uint64_t size)
{
	return alloc_from(0, size, GFP_WAIT);
}

static void free_to(target_addr_t s, target_addr_t object)
{
	allocator_slub.free(&slub, s, object);
	sim.steps = STEPS_PER_OP;
}

static void kfree(target_addr_t object)
{
	free_to(0, object);
}

static target_addr_t create(const char *name, uint64_t size, uint32_t align, uint32_t flags)
{
	struct kmem_cache_request request = {name, size, align, flags};

	return allocator_slub.cache_create(&slub, &request);
}

static target_addr_t cache(const char *name)
{
	return allocator_slub.boot_cache(&slub, name);
}

static uint64_t nr_partial(target_addr_t s)
{
	return allocator_slub.nr_partial(&slub, s);
}

static void write_byte(target_addr_t addr, uint8_t byte)
{
	target_store(&sim, addr, 1, byte, ROLE_NONE);
}

#define FIELD_OF(s, field) target_load_field(&sim, s, LF_kmem_cache_##field)
#define FAULTS(statement)                                                                                              \
	(sim.recovery = &recovery, setjmp(recovery) ? true : ((statement), sim.recovery = NULL, false))

static frame_t slab_of(target_addr_t object)
{
	return page_head(&sim, virt_to_frame(&sim, object));
}

static void assert_report(unsigned index, const char *words)
{
	assert_true(index < report_count);
	if (!strstr(reports[index], words))
		fail_msg("report %u lacks '%s':\n%s", index, words, reports[index]);
}

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
	boot("x86", 0);
	assert_int_equal(FIELD_OF(cache("kmalloc-96"), size), 128);
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

/* n full slabs of kmalloc-1024 (4 objects each); objects[] in address order per slab. */
static void fill_slabs(unsigned n, target_addr_t *objects)
{
	for (unsigned i = 0; i < 4 * n; i++)
		objects[i] = kmalloc(1024);
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

static unsigned preempted;
static target_addr_t by_interrupt;

/* The second point lies before the page allocation; the first is before the irq-off section. */
static void interrupt(void *context)
{
	struct alloc_request request = {.size = 64};

	(void)context;
	if (++preempted == 2)
		by_interrupt = allocator_slub.alloc(&slub, &request);
}

static void interrupt_gets_the_slab_first(void **state)
{
	target_addr_t a;

	(void)state;
	preempted = 0;
	sim.preempt = interrupt;
	a = kmalloc(64);
	sim.preempt = NULL;
	assert_int_not_equal(by_interrupt, 0);
	assert_int_equal(slab_of(a), slab_of(by_interrupt));
	assert_int_equal(FIELD_OF(cache("kmalloc-64"), nr_slabs), 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
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

/* D2 */
static void dma_kmalloc_sizes(void **state)
{
	target_addr_t o;

	(void)state;
	o = alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(allocator_slub.ksize(&slub, o), 96);
	policy[POLICY_bug_kmalloc_dma_size] = 1;
	boot("arm926", 0);
	o = alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(alloc_from(0, 90, GFP_WAIT | GFP_ZONE_DMA), o + 8);
	assert_int_equal(alloc_from(0, 64, GFP_ZONE_DMA) % 64, 0);
	policy[POLICY_kmalloc_minalign] = KMALLOC_MINALIGN_LINE;
	boot("arm926", 0);
	o = alloc_from(0, 190, GFP_WAIT | GFP_ZONE_DMA);
	assert_int_equal(alloc_from(0, 190, GFP_WAIT | GFP_ZONE_DMA), o + 32);
}

/* `used` slabs with 3 of 4 objects, then `empty` empty ones at the tail: those were flushed while few were partial. */
static target_addr_t build_partial(unsigned used, unsigned empty, target_addr_t *o)
{
	target_addr_t s = cache("kmalloc-1024"), last[2];

	sim.cpu = 0;
	fill_slabs(used, o);
	for (sim.cpu = 0; sim.cpu < empty; sim.cpu++)
		last[sim.cpu] = kmalloc(1024);
	for (sim.cpu = 0; sim.cpu < empty; sim.cpu++) {
		kfree(last[sim.cpu]);
		allocator_slub.cpu_offline(&slub, sim.cpu);
	}
	sim.cpu = 0;
	for (unsigned i = 0; i < used; i++)
		kfree(o[4 * i]);
	assert_int_equal(nr_partial(s), used + empty);
	return s;
}

/* D19: 9 used and 2 empty slabs strand 9; 10 used and 1 empty strand 10. */
static void shrink_strands_sorted_slabs(void **state)
{
	static const unsigned used[] = {9, 10}, empty[] = {2, 1};
	target_addr_t o[64];

	(void)state;
	policy[POLICY_bug_shrink_strands] = 1;
	for (unsigned i = 0; i < 2; i++) {
		boot_cpus("x86", 0, "", 2);
		target_addr_t s = build_partial(used[i], empty[i], o);

		allocator_slub.cache_shrink(&slub, s);
		assert_int_equal(nr_partial(s), used[i]);
		assert_string_equal(allocator_slub.invariants(&slub), "nr_partial does not match the partial list");
		assert_int_equal(counts[EVENT_UNOWNED], 0);
		for (unsigned j = 1; j < 4; j++)
			kfree(o[j]);
		assert_true(counts[EVENT_UNOWNED] > 0);
	}
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

/* D20 */
static void destroy_with_live_objects(void **state)
{
	target_addr_t s = create("drv", 100, 0, (uint32_t)SLAB_CTOR), o = alloc_from(s, 0, GFP_WAIT);

	(void)state;
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_BUSY);
	assert_report(0, "drv: kmem_cache_destroy called for cache that still has objects");
	free_to(s, o);
	assert_int_equal(counts[EVENT_UNOWNED], 0);
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
	policy[POLICY_bug_destroy_live] = 1;
	boot("arm926", 0);
	s = create("drv", 100, 0, (uint32_t)SLAB_CTOR);
	o = alloc_from(s, 0, GFP_WAIT);
	assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
	assert_int_equal(counts[EVENT_UNOWNED], 0);
	kfree(o);
	assert_true(counts[EVENT_UNOWNED] > 0);
}

/* A slab of an RCU kmem_cache in limbo; returns an address in it. */
static target_addr_t rcu_limbo(target_addr_t *s)
{
	target_addr_t o;

	*s = create("rcu", 64, 0, SLAB_DESTROY_BY_RCU);
	o = alloc_from(*s, 0, GFP_WAIT);
	free_to(*s, o);
	allocator_slub.cache_shrink(&slub, *s);
	return o;
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

/* D21 */
static void destroy_with_pending_callbacks(void **state)
{
	target_addr_t s;

	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_destroy_rcu] = (uint8_t)bug;
		boot("x86", 0);
		rcu_limbo(&s);
		assert_int_equal(allocator_slub.cache_destroy(&slub, s), DESTROY_OK);
		assert_int_equal(allocator_slub.grace_period(&slub), bug);
		assert_int_equal(counts[EVENT_UNOWNED] > 0, bug);
		assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	}
}

/* D1 */
static void limbo_slab_keeps_its_mapping(void **state)
{
	target_addr_t s, o;

	(void)state;
	o = rcu_limbo(&s);
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_mapping), 0);
	policy[POLICY_bug_rcu_limbo_mapping] = 1;
	boot("arm926", 0);
	o = rcu_limbo(&s);
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_mapping), s);
	assert_false(page_flag(&sim, slab_of(o), PG_slab));
	assert_int_equal(allocator_slub.grace_period(&slub), 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
}

/* D27 */
static void free_through_the_wrong_cache(void **state)
{
	target_addr_t o[8], b;

	(void)state;
	fill_slabs(2, o);
	b = cache("kmalloc-512");
	free_to(b, o[0]);
	assert_report(0, "belongs to slab kmalloc-1024");
	assert_null(allocator_slub.invariants(&slub));
	policy[POLICY_bug_free_wrong_cache] = 1;
	boot("arm926", 0);
	fill_slabs(2, o);
	b = cache("kmalloc-512");
	free_to(b, o[0]);
	assert_int_equal(report_count, 0);
	assert_int_equal(nr_partial(b), 1);
	assert_string_equal(allocator_slub.invariants(&slub), "slab of another kmem_cache");
}

/* D28 */
static void unexpected_gfp_bits_bug_only_when_growing(void **state)
{
	target_addr_t o = alloc_from(0, 64, GFP_WAIT | GFP_ZERO);

	(void)state;
	assert_int_equal(target_find_other(&sim, o, 64, 0), 0);
	policy[POLICY_bug_grow_gfp] = 1;
	boot("arm926", 0);
	assert_true(FAULTS(alloc_from(0, 64, GFP_WAIT | GFP_HIGHMEM)));
	assert_int_not_equal(kmalloc(64), 0);
	assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_ZERO), 0);
}

/* D29 */
static void merging_and_command_line_debug(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_merge_drops_debug] = (uint8_t)bug;
		boot_cpus("arm926", DEBUG_Z | DEBUG_P | DEBUG_U, "drv", 1);
		assert_int_equal(create("drv-a", 64, 0, 0) == cache("kmalloc-64"), bug);
	}
}

/* D3 */
static void kfree_of_a_plain_page(void **state)
{
	target_addr_t page = page_address(alloc_pages(&sim, GFP_WAIT, 0));

	(void)state;
	kfree(page);
	assert_report(0, "Not a valid slab page");
	policy[POLICY_bug_kfree_any_page] = 1;
	boot("arm926", 0);
	page = page_address(alloc_pages(&sim, GFP_WAIT, 0));
	assert_true(FAULTS(kfree(page)));
	assert_int_equal(sim.fault_address, sim.layout->field[LF_kmem_cache_cpu_slab].offset);
	assert_true(FAULTS(kfree(0x1000)));
}

/* D4: written after free, then the slab goes. */
static void check_at_discard(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		target_addr_t o;

		policy[POLICY_bug_destroy_check] = (uint8_t)bug;
		boot("arm926", ALL_DEBUG);
		o = kmalloc(64);
		kfree(o);
		write_byte(o + 5, 0x11);
		allocator_slub.cache_shrink(&slub, cache("kmalloc-64"));
		assert_int_equal(report_count, !bug);
	}
}

static void debug_finds_double_free(void **state)
{
	target_addr_t a, b;

	(void)state;
	boot("x86", ALL_DEBUG);
	a = kmalloc(64);
	b = kmalloc(64);
	kfree(a);
	kfree(a);
	assert_report(0, "*** SLUB kmalloc-64: Object 0x");
	assert_report(0, "already free in slab @0x");
	kfree(b);
	assert_int_equal(report_count, 1);
	kfree(b + 1);
	assert_report(1, "Invalid object pointer");
}

static void debug_finds_overrun_at_free_and_keeps_the_object(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 64, 0);
	kfree(o);
	assert_report(0, "*** SLUB kmalloc-64: Redzone Active@0x5");
	assert_report(0, "@@@ SLUB kmalloc-64: Restoring Redzone (0xcc) from 0x5");
	assert_report(0, "Last alloc: op 7 jiffies_ago=0 cpu=0 pid=0");
	assert_report(0, "Object 0x5");
	kfree(o);
	assert_int_equal(report_count, 1);
}

static void debug_finds_write_after_free_at_alloc_and_retires_the_slab(void **state)
{
	target_addr_t o, other;

	(void)state;
	boot("x86", ALL_DEBUG);
	o = kmalloc(64);
	kfree(o);
	write_byte(o + 63, 0);
	other = kmalloc(64);
	assert_report(0, "Poison check failed");
	assert_int_not_equal(slab_of(o), slab_of(other));
	assert_int_equal(page_member(&sim, slab_of(o), LF_page_inuse), 30);
}

static void debug_repairs_padding_and_goes_on(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 111, 0);
	write_byte(page_address(slab_of(o)) + 4095, 0);
	kfree(o);
	assert_int_equal(report_count, 2);
	assert_report(0, "Padding check failed in slab @0x");
	assert_report(1, "Object padding check fails");
	assert_int_equal(kmalloc(64), o);
	assert_int_equal(report_count, 2);
}

static void debug_finds_a_corrupt_free_pointer(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	target_store_word(&sim, o + 68, 0x1234, ROLE_NONE);
	kfree(o);
	assert_report(0, "Freepointer corrupt");
	assert_int_equal(target_load_word(&sim, o + 68), 0);
}

static void validate_finds_what_nobody_met(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	assert_int_equal(allocator_slub.cache_validate(&slub, cache("kmalloc-64")), 0);
	write_byte(o + 64, 0);
	assert_int_equal(allocator_slub.cache_validate(&slub, cache("kmalloc-64")), 1);
	assert_report(0, "Redzone Active");
	assert_null(allocator_slub.invariants(&slub));
}

static void reports_survive_a_full_buffer(void **state)
{
	(void)state;
	boot("arm926", ALL_DEBUG);
	for (unsigned i = 0; i < 200; i++) {
		target_addr_t o = kmalloc(64);

		write_byte(o + 64, 0);
		kfree(o);
	}
	assert_int_equal(counts[EVENT_REPORT], 200);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test_setup(merge_by_size_and_destroy_refcount, setup),
		cmocka_unit_test_setup(constructor_runs_at_slab_creation_only, setup),
		cmocka_unit_test_setup(dma_kmalloc_sizes, setup),
		cmocka_unit_test_setup(shrink_strands_sorted_slabs, setup),
		cmocka_unit_test_setup(shrink_sorts_fullest_first, setup),
		cmocka_unit_test_setup(destroy_with_live_objects, setup),
		cmocka_unit_test_setup(rcu_slab_waits_for_the_grace_period, setup),
		cmocka_unit_test_setup(destroy_with_pending_callbacks, setup),
		cmocka_unit_test_setup(limbo_slab_keeps_its_mapping, setup),
		cmocka_unit_test_setup(free_through_the_wrong_cache, setup),
		cmocka_unit_test_setup(unexpected_gfp_bits_bug_only_when_growing, setup),
		cmocka_unit_test_setup(merging_and_command_line_debug, setup),
		cmocka_unit_test_setup(kfree_of_a_plain_page, setup),
		cmocka_unit_test_setup(check_at_discard, setup),
		cmocka_unit_test_setup(debug_finds_double_free, setup),
		cmocka_unit_test_setup(debug_finds_overrun_at_free_and_keeps_the_object, setup),
		cmocka_unit_test_setup(debug_finds_write_after_free_at_alloc_and_retires_the_slab, setup),
		cmocka_unit_test_setup(debug_repairs_padding_and_goes_on, setup),
		cmocka_unit_test_setup(debug_finds_a_corrupt_free_pointer, setup),
		cmocka_unit_test_setup(validate_finds_what_nobody_met, setup),
		cmocka_unit_test_setup(reports_survive_a_full_buffer, setup),
		cmocka_unit_test_setup(long_run_keeps_the_invariants, setup),
	};
	int failed;

	if (!sim_create(&sim))
		return 3;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(slub.state);
	sim_destroy(&sim);
	return failed;
}
