/* SPDX-License-Identifier: MIT */
/* Interrupt blocks that nest: what the client may not do there is skipped, and none is left pending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/minimize_run.h"
#include "tests/harness.h"

/* An object that any op under way still uses is not freed in an interrupt, however deep. */
static void test_objects_in_use_are_kept(void **state)
{
	static const char text[] = "world arch=arm926 allocator=slub profile=safe debug=FZPU\n"
				   "o0 = kmalloc 1 GFP_KERNEL repeat=5\n"
				   "irq 3 0 {\n"
				   "irq 1 0 {\n"
				   "o5 = krealloc o1 16 GFP_ATOMIC\n"
				   "}\n"
				   "o6 = krealloc o4 16 GFP_ATOMIC\n"
				   "}\n"
				   "o7 = krealloc o1 16 GFP_KERNEL\n";

	(void)state;
	assert_int_equal(harness_run(text, NULL), 0);
	assert_true(harness_session()->executor.skipped[3]);
	assert_false(harness_session()->executor.skipped[4]);
	assert_false(harness_session()->executor.skipped[5]);
}

/* The interrupt armed by the last op of another comes before the program is over. */
static void test_none_is_left_pending(void **state)
{
	char *log = harness_events("world arch=x86 allocator=slub profile=safe\n"
				   "irq 2 0 {\n"
				   "irq 1 0 {\n"
				   "o0 = kmalloc 8 GFP_ATOMIC\n"
				   "}\n"
				   "}\n"
				   "grace_period\n");

	(void)state;
	assert_non_null(strstr(log, "object-alloc 0"));
	free(log);
}

#define BETWEEN " {\nobj_read o0 0 1\n}\n"
#define CLIENT  "o0 = kmalloc 8 GFP_KERNEL\n"

/* Where a task on the other cpu comes if %u is 0, 1, 2 ...: it takes no lock, so it may come anywhere. */
static const char *const ways[] = {
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "task 1 1 %u" BETWEEN
	"o1 = kmalloc 512 GFP_KERNEL repeat=9\n",
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "o1 = kmalloc 512 GFP_KERNEL repeat=9\n"
	"task 1 1 %u" BETWEEN "kfree o1 repeat=9\n",
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "o1 = kmalloc 512 GFP_KERNEL repeat=9\n"
	"task 1 1 %u" BETWEEN "kmem_cache_shrink kmalloc-512\n",
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "c0 = kmem_cache_create 2048 0 DESTROY_BY_RCU\n"
	"o1 = kmem_cache_alloc c0 GFP_KERNEL\nkmem_cache_free c0 o1\nkmem_cache_shrink c0\n"
	"o2 = kmem_cache_alloc c0 GFP_KERNEL repeat=8\nkmem_cache_free c0 o2 repeat=8\nkmem_cache_shrink c0\n"
	"task 1 1 %u" BETWEEN "grace_period\n",
	"world arch=x86 cpus=2 allocator=slab profile=safe\n" CLIENT "task 1 1 %u" BETWEEN
	"o1 = kmalloc 512 GFP_KERNEL repeat=9\n",
	"world arch=x86 cpus=2 allocator=slab profile=safe\n" CLIENT "o1 = kmalloc 512 GFP_KERNEL repeat=9\n"
	"task 1 1 %u" BETWEEN "kfree o1 repeat=9\n",
	"world arch=x86 cpus=2 allocator=slab profile=safe\n" CLIENT "o1 = kmalloc 512 GFP_KERNEL\n"
	"task 1 1 %u" BETWEEN "kmem_cache_shrink kmalloc-512\n",
	"world arch=x86 cpus=2 allocator=slob-2622 profile=safe\n" CLIENT "task 1 1 %u" BETWEEN
	"o1 = kmalloc 512 GFP_KERNEL repeat=9\n",
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "p0 = alloc_pages 0 GFP_KERNEL\n"
	"task 1 1 %u" BETWEEN "free_pages p0\n",
	"world arch=arm926 cpus=2 allocator=slub profile=safe dma=era\n" CLIENT
	"o1 = kmalloc 64 GFP_KERNEL\ns0 = sg_init_one o1 4 40\n"
	"task 1 1 %u" BETWEEN "m0 = dma_map_sg s0 FROM_DEVICE\n",
	"world arch=arm926 cpus=2 allocator=slub profile=safe dma=era policy.kmalloc_bounce=on\n" CLIENT
	"task 1 1 %u" BETWEEN "m0 = dma_map o0 0 8 FROM_DEVICE\n",
	"world arch=x86 cpus=2 allocator=slub profile=safe\n" CLIENT "p0 = alloc_pages 0 GFP_KERNEL\n"
	"k0 = alloc_skb\nskb_add_frag k0 p0 0\ntask 1 1 %u" BETWEEN "kfree_skb k0\n",
};

/* The op number of the block's header. */
static unsigned header_of(const struct program *p)
{
	unsigned i = 0;

	while (p->ops[i].verb != OP_task)
		i++;
	return i;
}

static enum preempt_point where(const char *way, unsigned point)
{
	struct schedule *schedule = &harness_session()->executor.schedule;
	char text[900];

	snprintf(text, sizeof(text), way, point);
	harness_run(text, NULL);
	schedule->watched = header_of(harness_session()->executor.program);
	harness_run(text, NULL);
	schedule->watched = SCHEDULE_UNWATCHED;
	return schedule->watched_at;
}

static void test_every_point_is_reached(void **state)
{
	bool reached[POINT_COUNT] = {false};

	(void)state;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (unsigned point = 0; point < 64; point++) {
			enum preempt_point at = where(ways[i], point);

			if (at == POINT_COUNT)
				break;
			reached[at] = true;
		}
	for (unsigned i = 0; i < POINT_COUNT; i++)
		if (!reached[i] && i != POINT_planted)
			fail_msg("nothing comes at %s", point_rows[i].name);
}

/* Interrupts do not come where they are off, and nothing that takes a lock where one is held. */
static void test_points_are_for_those_who_may_come(void **state)
{
	static const char locked[] = "world arch=x86 cpus=2 allocator=slub profile=safe\n"
				     "task 1 1 %u {\no0 = kmalloc 8 GFP_ATOMIC\n}\n"
				     "o1 = kmalloc 512 GFP_KERNEL repeat=9\n";
	static const char same[] = "world arch=x86 cpus=2 allocator=slub profile=safe\n"
				   "rcu_read_lock\ntask 0 1 %u {\no0 = kmalloc 8 GFP_ATOMIC\n}\n"
				   "o1 = kmalloc 512 GFP_ATOMIC\n";

	(void)state;
	for (unsigned point = 0; point < 64; point++) {
		enum preempt_point at = where(locked, point);

		assert_true(at == POINT_COUNT || point_rows[at].kind != POINT_LOCKED);
	}
	/* A reader of RCU is not preempted. */
	assert_int_equal(where(same, 0), POINT_COUNT);
}

/* The second waits while the first runs, and comes amid one of its ops. */
static void test_a_block_comes_amid_another(void **state)
{
	char *log = harness_events("world arch=x86 allocator=slub profile=safe\n"
				   "irq 1 0 {\no0 = kmalloc 64 GFP_ATOMIC\n}\n"
				   "irq 1 1 {\no1 = kmalloc 96 GFP_ATOMIC\n}\n"
				   "o2 = kmalloc 512 GFP_KERNEL\n");
	const char *first = strstr(log, "op 1 "), *second = strstr(log, "op 3 "), *end = strstr(log, "end 1 ");

	(void)state;
	assert_non_null(first);
	assert_true(strstr(log, "op 4 ") < first);
	assert_true(first < second && second < end);
	free(log);
}

static void test_one_more_than_may_wait_runs_at_once(void **state)
{
	char text[900] = "world arch=x86 allocator=slub profile=safe\n", *log;

	(void)state;
	for (unsigned i = 0; i <= SCHEDULE_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "irq 1 0 {\no%u = kmalloc 8 GFP_ATOMIC\n}\n",
			 i);
	strcat(text, "p0 = alloc_pages 0 GFP_KERNEL\n");
	log = harness_events(text);
	/* It is an op like any other to those that wait. */
	assert_true(strstr(log, "op 17 ") < strstr(log, "op 1 "));
	assert_true(strstr(log, "op 1 ") < strstr(log, "end 17 "));
	free(log);
}

static unsigned cpu_after(const char *ops)
{
	char text[400];

	snprintf(text, sizeof(text), "world arch=x86 cpus=2 allocator=slub profile=safe\n%s", ops);
	harness_run(text, NULL);
	return harness_session()->world.sim.cpu;
}

static void test_tasks_migrate_where_they_may(void **state)
{
	(void)state;
	assert_int_equal(cpu_after("irq 1 0 {\nmigrate 1\n}\no0 = kmalloc 8 GFP_KERNEL\n"), 1);
	assert_int_equal(cpu_after("rcu_read_lock\nirq 1 0 {\nmigrate 1\n}\no0 = kmalloc 8 GFP_ATOMIC\n"), 0);
	/* An interrupt stays where it is. */
	assert_int_equal(cpu_after("irq 3 0 {\nirq 1 0 {\nmigrate 1\n}\no0 = kmalloc 8 GFP_ATOMIC\n}\n"
				   "o1 = kmalloc 8 GFP_KERNEL\n"),
			 0);
	assert_int_equal(cpu_after("migrate 1\n"), 1);
}

static const char racing[] = "world arch=x86 cpus=2 allocator=slub+race-slub-alloc profile=safe\n"
			     "task 1 1 3 {\no0 = kmalloc 64 GFP_KERNEL\n}\n"
			     "o1 = kmalloc 512 GFP_KERNEL repeat=3\n"
			     "irq 1 9 {\np0 = alloc_pages 0 GFP_ATOMIC\n}\n"
			     "irq 3 1 {\nirq 1 0 {\nkfree o0\n}\no4 = kmalloc 512 GFP_ATOMIC\n}\n"
			     "o5 = kmalloc 512 GFP_KERNEL repeat=4\n"
			     "kfree o1\n";

static void test_schedules_are_deterministic(void **state)
{
	char *log = harness_events(racing);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char *again;

		where(ways[i % (sizeof(ways) / sizeof(ways[0]))], i);
		again = harness_events(racing);
		assert_string_equal(log, again);
		free(again);
	}
	free(log);
}

/* One block of one op is left of four, and it comes at the only point that matters. */
static void test_schedules_are_minimised(void **state)
{
	static struct program p;
	static struct program_notes notes;
	struct text_error error = {0, 0, ""};
	struct world_config config;
	char signature[SIGNATURE_MAX] = "overlap/slub/object/kmalloc";

	(void)state;
	assert_true(program_parse(&p, &notes, racing, strlen(racing), &error));
	world_config_default(&config);
	assert_true(world_config_resolve(&config, &p, &error));
	assert_true(minimize_run(harness_session(), &p, &config, signature, 0) > 0);
	assert_int_equal(p.op_count, 4);
	assert_int_equal(p.ops[1].verb, OP_irq);
	assert_int_equal(p.ops[1].arg[1], 1);
}

/* What an op under way relies on is left alone: the device's wires, and an object that waits for a grace period. */
static void test_what_an_op_relies_on_stays(void **state)
{
	(void)state;
	harness_check("arch=x86 allocator=slub profile=safe zone_dma_pages=64 drain=1",
		      "irq 1 0 {\n"
		      "dma_set_mask 6\n"
		      "}\n"
		      "m0 = dma_alloc_coherent 1 GFP_KERNEL\n",
		      "1", "");
	harness_check("arch=x86-32 allocator=slob-2622 profile=safe cpus=2 ram_pages=128 drain=1",
		      "o0 = kcalloc 2 2048 GFP_KERNEL\n"
		      "o1 = kcalloc 0 0 GFP_KERNEL\n"
		      "call_rcu o0\n"
		      "task 0 2 0 {\n"
		      "o2 = kzalloc 0 GFP_KERNEL\n"
		      "ksize o0\n"
		      "}\n"
		      "task 0 1 4 {\n"
		      "grace_period\n"
		      "}\n"
		      "o3 = kcalloc 0 0 GFP_KERNEL\n",
		      "7", "");
}

#define LIST_MAPPED                                                                                                    \
	"o0 = kmalloc 8 GFP_KERNEL repeat=2\ns0 = sg_init_one o0 0 8\ns1 = sg_init_one o1 0 8\nsg_chain s0 s1\n"       \
	"m0 = dma_map_sg s0 BIDIRECTIONAL\n"
#define PART_MAPPED "o0 = kmalloc 64 GFP_KERNEL\nm0 = dma_map o0 4 40 BIDIRECTIONAL\n"

/* An interrupt finds a mapping in use by the call that it came into, and leaves it alone. */
static void test_mappings_in_use_are_kept(void **state)
{
	static const char any[] = "arch=x86 allocator=slub profile=safe drain=1";
	static const char arm[] = "arch=arm926 allocator=slub profile=2.6.22 dma=era debug=-";

	(void)state;
	harness_check(any, LIST_MAPPED "irq 1 0 {\ndma_unmap_sg m0\n}\ndma_unmap_sg m0\n", "6", "");
	harness_check(any,
		      LIST_MAPPED "irq 1 0 {\ndma_unmap_sg m0\n}\ndma_sync_sg_for_cpu m0\ndma_sync_sg_for_device m0\n"
				  "dma_unmap_sg m0\n",
		      "6", "");
	harness_check(any,
		      LIST_MAPPED "dma_sync_sg_for_cpu m0\nirq 1 0 {\ndma_sync_sg_for_cpu m0\n}\n"
				  "dma_sync_sg_for_device m0\ndma_unmap_sg m0\n",
		      "7", "");
	harness_check(arm, PART_MAPPED "irq 1 0 {\ndma_unmap m0\n}\ndma_unmap m0\n", "3", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_in_use_are_kept),
		cmocka_unit_test(test_none_is_left_pending),
		cmocka_unit_test(test_every_point_is_reached),
		cmocka_unit_test(test_points_are_for_those_who_may_come),
		cmocka_unit_test(test_a_block_comes_amid_another),
		cmocka_unit_test(test_one_more_than_may_wait_runs_at_once),
		cmocka_unit_test(test_tasks_migrate_where_they_may),
		cmocka_unit_test(test_schedules_are_deterministic),
		cmocka_unit_test(test_schedules_are_minimised),
		cmocka_unit_test(test_what_an_op_relies_on_stays),
		cmocka_unit_test(test_mappings_in_use_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
