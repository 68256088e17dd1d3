/* SPDX-License-Identifier: MIT */
/* Every fault point trips, its filters and schedules hold, and what a sweep judges is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/sweep.h"
#include "tests/bump_heap.h"
#include "tests/harness.h"

static struct program program, variant;
static struct sweep_case one;

/* The program without faults. */
static void begin(const char *text, const struct allocator_ops *allocator)
{
	struct text_error error;
	struct world_config config;

	assert_true(program_parse(&program, NULL, text, strlen(text), &error));
	world_config_default(&config);
	assert_true(world_config_resolve(&config, &program, &error));
	if (allocator)
		config.allocator = allocator;
	sweep_begin(harness_session(), &one, &program, &config);
	assert_int_equal(one.plain.count, 0);
}

static enum sweep_outcome inject(enum fault_point point, uint32_t nth, uint32_t count, const struct finding **finding)
{
	const struct fault_injection fault = {.point = point, .nth = nth, .count = count};

	return sweep_run(harness_session(), &one, &fault, 1, finding, NULL);
}

#define DMA    "world arch=arm926 policy.kmalloc_minalign=line\n"
#define BOUNCE "world arch=generic64 policy.kmalloc_bounce=on\n"
#define FLIP   "world debug=FZPU damage=1\no0 = kmalloc 64 GFP_KERNEL repeat=3\nkfree o1\nkfree o2\n"
#define MAPPED "o0 = kmalloc 64 GFP_KERNEL\nm0 = dma_map o0 0 64 FROM_DEVICE\ndevice_write m0 0 64 0xa5\ndma_unmap m0\n"

/* A program that hits each point, and the outcome of its first hit. */
static const struct trip {
	enum fault_point point;
	enum sweep_outcome outcome;
	const char *text;
} trips[] = {
	{FAULT_page_alloc, SWEEP_HANDLED, "o0 = kmalloc 64 GFP_KERNEL\n"},
	{FAULT_slab_alloc, SWEEP_HANDLED, "o0 = kmalloc 64 GFP_KERNEL\n"},
	{FAULT_dma_map, SWEEP_HANDLED, DMA MAPPED},
	{FAULT_slab_grow, SWEEP_HANDLED, "o0 = kmalloc 64 GFP_KERNEL\n"},
	{FAULT_descriptor, SWEEP_HANDLED, "world allocator=slab\no0 = kmalloc 4096 GFP_KERNEL\n"},
	{FAULT_bounce_full, SWEEP_HANDLED, BOUNCE "o0 = kmalloc 8 GFP_KERNEL\nm0 = dma_map o0 0 8 FROM_DEVICE\n"},
	{FAULT_coherent_alloc, SWEEP_HANDLED, "m0 = dma_alloc_coherent 64 GFP_KERNEL\n"},
	{FAULT_pool_refill, SWEEP_HANDLED, "d0 = dma_pool_create 64 0 0\nm0 = dma_pool_alloc d0 GFP_KERNEL\n"},
	{FAULT_cache_evict, SWEEP_HANDLED, DMA MAPPED},
	{FAULT_cache_fill, SWEEP_HANDLED, "world arch=mips-r10000 policy.kmalloc_minalign=line\n" MAPPED},
	{FAULT_late_write, SWEEP_HANDLED, DMA MAPPED},
	{FAULT_lost_irq, SWEEP_HANDLED, "irq 1 0 {\no0 = kmalloc 8 GFP_ATOMIC\n}\no1 = kmalloc 8 GFP_KERNEL\n"},
	{FAULT_late_grace_period, SWEEP_HANDLED, "grace_period\n"},
	{FAULT_write_after_unmap, SWEEP_CHANGED, "world arch=arm926 policy.kmalloc_minalign=line damage=1\n" MAPPED},
	{FAULT_flip_object, SWEEP_CHANGED, FLIP "obj_write o0 0 64 0x11\nobj_read o0 0 64\n"},
	{FAULT_flip_free_object, SWEEP_CHANGED, FLIP "grace_period\ncache_validate kmalloc-64\n"},
	{FAULT_flip_free_pointer, SWEEP_CHANGED, FLIP "grace_period\ncache_validate kmalloc-64\n"},
	{FAULT_flip_redzone, SWEEP_CHANGED, FLIP "grace_period\ncache_validate kmalloc-64\n"},
	{FAULT_flip_page_field, SWEEP_CRASHED, FLIP "grace_period\nkfree o0\n"},
	{FAULT_flip_descriptor, SWEEP_CHANGED,
	 "world allocator=slab damage=1\no0 = kmalloc 64 GFP_KERNEL repeat=3\nkfree o1\ngrace_period\nkfree o0\n"},
};

/* Flips happen before an op: the one in front of which the program has something to flip. */
static uint32_t nth_of(const struct trip *trip)
{
	return FAULT_FLIPS >> trip->point & 1 ? 4 : 1;
}

static void test_every_point_trips(void **state)
{
	bool tripped[FAULT_COUNT] = {false};

	(void)state;
	for (unsigned i = 0; i < sizeof(trips) / sizeof(trips[0]); i++) {
		enum sweep_outcome outcome;

		begin(trips[i].text, NULL);
		outcome = inject(trips[i].point, nth_of(&trips[i]), 1, NULL);
		print_message("%s: %s\n", fault_rows[trips[i].point].name, sweep_outcome_names[outcome]);
		assert_int_not_equal(outcome, SWEEP_NOT_TRIPPED);
		if (!(FAULT_FLIPS >> trips[i].point & 1))
			assert_int_equal(outcome, trips[i].outcome);
		else
			assert_int_not_equal(harness_session()->executor.flipped, 0);
		tripped[trips[i].point] = true;
	}
	/* Those of regions are for the test below. */
	for (unsigned point = 0; point < FAULT_COUNT; point++)
		assert_true(tripped[point] || (point >= FAULT_region_refused && point <= FAULT_region_gap));
}

/* Is what the heap of the case does under the fault told?  ASan tells of its native stores first, and ends the process.
 */
static bool is_told(enum fault_point point)
{
	enum { TOLD = 42 };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		bool tripped = inject(point, 1, FAULT_FOR_EVER, NULL) != SWEEP_NOT_TRIPPED;

		_exit(tripped && harness_session()->world.findings.count ? TOLD : 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return false;
#ifdef SIM_ASAN
	return status != 0;
#else
	return WIFEXITED(status) && WEXITSTATUS(status) == TOLD;
#endif
}

static void test_region_heaps(void **state)
{
	static const char text[] = "o0 = kmalloc 5000 GFP_KERNEL repeat=3\nobj_write o0 0 5000 0x11\n"
				   "obj_write o1 0 5000 0x22\nobj_write o2 0 5000 0x33\nobj_read o0 0 5000\n";
	static const struct {
		enum fault_point point;
		const struct allocator_ops *bug;
	} cases[] = {
		{FAULT_region_refused, &allocator_bump_unrefused},
		{FAULT_region_short, &allocator_bump_unshortened},
		{FAULT_region_gap, &allocator_bump_adjacent},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(text, &allocator_bump_growing);
		assert_int_equal(inject(cases[i].point, 1, 1, NULL), SWEEP_HANDLED);
		assert_int_equal(inject(cases[i].point, 2, FAULT_FOR_EVER, NULL), SWEEP_HANDLED);
		/* Silent without the fault, which begin() asserts. */
		begin(text, cases[i].bug);
		assert_true(is_told(cases[i].point));
	}
}

/* Trips of a run, as "op:hit op:hit ...". */
static const char *trips_of(const char *text)
{
	static char out[256];
	const struct faults *faults = &harness_session()->world.sim.faults;
	size_t used = 0;

	harness_run(text, NULL);
	out[0] = 0;
	for (unsigned i = 0; i < faults->trips && i < FAULT_TRIPS_MAX; i++)
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%u:%u", i ? " " : "", faults->trip[i].op,
					 faults->trip[i].hit);
	return out;
}

#define TEN "o0 = kmalloc 64 GFP_KERNEL repeat=10\n"

static void test_schedules(void **state)
{
	(void)state;
	assert_string_equal(trips_of("fault_set slab_alloc 3 2\n" TEN), "1:3 1:4");
	assert_string_equal(trips_of("fault_set slab_alloc 8 255\n" TEN), "1:8 1:9 1:10");
	assert_string_equal(trips_of("fault_set slab_alloc 2 255\nfault_attr slab_alloc interval 4\n" TEN),
			    "2:2 2:6 2:10");
	assert_string_equal(trips_of("fault_set slab_alloc 1 1\nfault_attr slab_alloc times 3\n" TEN), "2:1 2:2 2:3");
	assert_string_equal(trips_of("fault_set slab_alloc 1 1\nfault_attr slab_alloc nth 9\n" TEN), "2:9");
	assert_string_equal(trips_of("fault_set slab_alloc 1 1\nfault_attr slab_alloc space 4\n" TEN), "2:4");
	assert_string_equal(trips_of("fault_set slab_alloc 1 255\nfault_clear\n" TEN), "");
	assert_string_equal(trips_of("o0 = kmalloc 64 GFP_KERNEL fail_nth=1\n"), "0:1");
}

static void test_filters(void **state)
{
	(void)state;
	assert_string_equal(trips_of("fault_set page_alloc 1 255\nfault_attr page_alloc min_order 1\n"
				     "p0 = alloc_pages 0 GFP_KERNEL\np1 = alloc_pages 2 GFP_KERNEL\n"),
			    "3:2");
	assert_string_equal(trips_of("fault_set page_alloc 1 255\nfault_gfp page_alloc GFP_KERNEL|GFP_DMA\n"
				     "p0 = alloc_pages 0 GFP_KERNEL\np1 = alloc_pages 0 GFP_KERNEL|GFP_DMA\n"),
			    "3:2");
	assert_string_equal(trips_of("fault_set page_alloc 1 255\nfault_gfp page_alloc GFP_ATOMIC\n"
				     "p0 = alloc_pages 0 GFP_KERNEL\np1 = alloc_pages 0 GFP_ATOMIC\n"),
			    "3:2");
	assert_string_equal(trips_of("c0 = kmem_cache_create 64 0 0\nfault_set slab_alloc 1 255\n"
				     "fault_cache slab_alloc kmalloc-32\n"
				     "o0 = kmem_cache_alloc kmalloc-64 GFP_KERNEL\n"
				     "o1 = kmem_cache_alloc kmalloc-32 GFP_KERNEL\n"),
			    "4:2");
	assert_string_equal(trips_of("fault_set slab_alloc 1 255\nfault_op slab_alloc kzalloc\n"
				     "o0 = kmalloc 64 GFP_KERNEL\no1 = kzalloc 64 GFP_KERNEL\n"),
			    "3:2");
}

static void test_damage_needs_its_world(void **state)
{
	(void)state;
	harness_run("fault_set flip_object 1 1\no0 = kmalloc 8 GFP_KERNEL\n", NULL);
	assert_true(harness_session()->executor.skipped[0]);
	harness_run("world damage=1\nfault_set flip_object 1 1\no0 = kmalloc 8 GFP_KERNEL\n", NULL);
	assert_false(harness_session()->executor.skipped[0]);
}

/* The program that a sweep writes shows what its run showed. */
static void test_the_program_of_a_fault(void **state)
{
	const struct fault_injection fault = {.point = FAULT_slab_alloc, .nth = 300, .count = 1};

	(void)state;
	begin("o0 = kmalloc 64 GFP_KERNEL repeat=64\no64 = kmalloc 64 GFP_KERNEL repeat=64\n"
	      "o128 = kmalloc 64 GFP_KERNEL repeat=64\no192 = kmalloc 64 GFP_KERNEL repeat=64\n"
	      "o256 = kmalloc 64 GFP_KERNEL repeat=64\n",
	      NULL);
	assert_int_equal(sweep_run(harness_session(), &one, &fault, 1, NULL, NULL), SWEEP_HANDLED);
	assert_true(sweep_program(&variant, &one, &fault, 1));
	assert_int_equal(sweep_run_variant(harness_session(), &one, &variant, NULL), SWEEP_HANDLED);
	assert_int_equal(harness_session()->world.sim.faults.trips, 1);
	assert_int_equal(harness_session()->world.sim.faults.trip[0].hit, 300);
	assert_int_equal(harness_session()->world.sim.faults.trip[0].op, 6);
}

/* The ops that set a fault are hits of a flip, too, and yet the same bit flips at the same place. */
static void test_the_program_of_a_flip(void **state)
{
	const struct fault_injection faults[] = {
		{.point = FAULT_flip_object, .nth = 5, .count = 1, .bit = 300, .interval = 1},
		{.point = FAULT_slab_alloc, .nth = 400, .count = 1},
	};
	target_addr_t flipped;

	(void)state;
	begin(FLIP "obj_write o0 0 64 0x11\nobj_read o0 0 64\n", NULL);
	assert_int_not_equal(sweep_run(harness_session(), &one, faults, 1, NULL, NULL), SWEEP_NOT_TRIPPED);
	flipped = harness_session()->executor.flipped;
	assert_int_not_equal(flipped, 0);
	assert_true(sweep_program(&variant, &one, faults, 2));
	sweep_run_variant(harness_session(), &one, &variant, NULL);
	assert_int_equal(harness_session()->executor.flipped, flipped);
	assert_int_equal(harness_session()->world.sim.faults.trip[0].op, 5 + 4);
	/* A sweep knows where they can flip. */
	assert_int_equal(one.hits[FAULT_flip_object], one.program->op_count);
}

/* What an oracle finds after the last op is of no op, or its report would leave out the fault. */
static void test_what_comes_to_light_at_the_end(void **state)
{
	const struct finding *finding = harness_session()->world.findings.list;

	(void)state;
	harness_run("world allocator=slab damage=1\no0 = kmalloc 32 GFP_KERNEL\nfault_set flip_free_pointer 2 1\n"
		    "fault_attr flip_free_pointer bit 15838\ngrace_period\n",
		    NULL);
	assert_true(harness_found("invariant-broken"));
	assert_int_equal(finding->op, 4);
	assert_true(harness_session()->world.sim.faults.trip[0].op <= finding->op);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_point_trips),
		cmocka_unit_test(test_region_heaps),
		cmocka_unit_test(test_schedules),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_damage_needs_its_world),
		cmocka_unit_test(test_the_program_of_a_fault),
		cmocka_unit_test(test_the_program_of_a_flip),
		cmocka_unit_test(test_what_comes_to_light_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
