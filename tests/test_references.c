/* SPDX-License-Identifier: MIT */
/* References to objects and pages: all interleavings of Miller's free, and the neighbours of what packet_bytes finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "allocators/references.h"
#include "tests/harness.h"

enum { PUTTERS_MAX = 3, COUNT_AT = 64 };

struct putter {
	unsigned step; /* 0: has not looked, 1: has read the count, 2: done */
	bool last;     /* it read 1 */
	bool frees;
};

/* One step of one putter, as object_count_drop() takes them. */
static void step(struct sim *sim, target_addr_t count, struct putter *p)
{
	if (p->step == 0)
		p->last = object_count_is_last(sim, count);
	else
		p->frees = p->last || object_count_dec_and_test(sim, count);
	p->step++;
}

/* Every order of the steps of n putters; how many orders there are, each of which must free exactly once. */
static unsigned try_all(struct sim *sim, target_addr_t count, struct putter *putters, unsigned n)
{
	unsigned orders = 0, freed = 0, done = 0;

	for (unsigned i = 0; i < n; i++) {
		struct putter before = putters[i];
		uint64_t value = target_load_word(sim, count);

		done += before.step == 2;
		freed += before.frees;
		if (before.step == 2)
			continue;
		step(sim, count, &putters[i]);
		orders += try_all(sim, count, putters, n);
		putters[i] = before;
		target_store_word(sim, count, value, ROLE_NONE);
	}
	if (done < n)
		return orders;
	assert_int_equal(freed, 1);
	return 1;
}

/* A page to count in. */
static struct sim *machine(void)
{
	harness_run("world arch=x86 allocator=slub\np0 = alloc_pages 0 GFP_KERNEL\n", NULL);
	harness_session()->world.sim.steps = STEPS_PER_OP;
	return &harness_session()->world.sim;
}

static void test_putters_free_exactly_once(void **state)
{
	static const unsigned orders[] = {0, 1, 6, 90};

	(void)state;
	for (unsigned n = 1; n <= PUTTERS_MAX; n++) {
		struct sim *sim = machine();
		struct putter putters[PUTTERS_MAX] = {{0}};
		target_addr_t count = page_address(harness_session()->executor.pages[0].frame) + COUNT_AT;

		target_store_word(sim, count, n, ROLE_NONE);
		assert_int_equal(try_all(sim, count, putters, n), orders[n]);
	}
}

static void test_a_getter_without_a_reference_comes_too_late(void **state)
{
	struct sim *sim = machine();
	struct putter putter = {0};
	target_addr_t count = page_address(harness_session()->executor.pages[0].frame) + COUNT_AT;

	(void)state;
	object_count_set(sim, count);
	step(sim, count, &putter);
	object_count_inc(sim, count);
	step(sim, count, &putter);
	assert_true(putter.frees);
	assert_int_equal(target_load_word(sim, count), 2);
}

static void check(const char *ops, const char *found)
{
	char text[600];
	unsigned count;

	snprintf(text, sizeof(text),
		 "world arch=x86 allocator=slub profile=2.6.22 dma=era\n"
		 "o0 = kmalloc 64 GFP_KERNEL\nobj_write o0 0 64 0x11\n%s",
		 ops);
	count = harness_run(text, NULL);
	if (count != (found ? 1 : 0) || (found && !harness_found(found)))
		fail_msg("%s: %s", ops, harness_signatures());
}

#define PACKET "k0 = alloc_skb\nskb_add_frag k0 o0 0\ndev_queue_xmit k0\n"

static void test_a_packet_carries_what_was_handed_over(void **state)
{
	(void)state;
	check(PACKET "kfree o0\nkfree_skb k0\n", "use-after-free/client/free-pointer/kfree_skb");
	/* Sent before the owner frees, dropped unread, or of bytes that nobody changed. */
	check(PACKET "kfree_skb k0\nkfree o0\n", NULL);
	check("k0 = alloc_skb\nskb_add_frag k0 o0 0\nkfree o0\nkfree_skb k0\n", NULL);
	check("k0 = alloc_skb\nskb_add_frag k0 o0 8\ndev_queue_xmit k0\nkfree o0\nkfree_skb k0\n", NULL);
}

static void test_an_owner_may_change_what_is_on_its_way(void **state)
{
	(void)state;
	check("k0 = alloc_skb\nskb_add_frag k0 o0 8\ndev_queue_xmit k0\nobj_write o0 8 4 0x55\nkfree o0\nkfree_skb "
	      "k0\n",
	      NULL);
	check("k0 = alloc_skb\nskb_add_frag k0 o0 8\nk1 = skb_clone k0\ndev_queue_xmit k1\nobj_write o0 8 4 0x55\n"
	      "kfree o0\nkfree_skb k1\n",
	      NULL);
	/* What the next owner of the memory writes is not theirs. */
	check("k0 = alloc_skb\nskb_add_frag k0 o0 8\ndev_queue_xmit k0\nobj_write o0 8 4 0x55\nkfree o0\n"
	      "o1 = kmalloc 64 GFP_KERNEL\nobj_write o1 8 4 0x66\nkfree_skb k0\n",
	      "use-after-free/client/object/kfree_skb");
}

static void test_a_clone_carries_what_its_original_did(void **state)
{
	(void)state;
	check("k0 = alloc_skb\nskb_add_frag k0 o0 0\nkfree o0\nk1 = skb_clone k0\ndev_queue_xmit k1\nkfree_skb k1\n",
	      "use-after-free/client/free-pointer/kfree_skb");
	check("k0 = alloc_skb\nskb_add_frag k0 o0 0\nkfree o0\nskb_linearize k0\n",
	      "use-after-free/client/free-pointer/skb_linearize");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_putters_free_exactly_once),
		cmocka_unit_test(test_a_getter_without_a_reference_comes_too_late),
		cmocka_unit_test(test_a_packet_carries_what_was_handed_over),
		cmocka_unit_test(test_an_owner_may_change_what_is_on_its_way),
		cmocka_unit_test(test_a_clone_carries_what_its_original_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
