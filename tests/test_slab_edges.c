/* SPDX-License-Identifier: MIT */
/* SLAB 2.6.22 at its edges: faults, foreign GFP bits, wrong frees, interrupts, destroy, constructors. */
#include "tests/slab_rig.h"

/* D12: the second failslab call is the descriptor's; the pages go back. */
static void failing_off_slab_descriptor_gives_the_pages_back(void **state)
{
	uint32_t before = nr_free_pages(&sim);

	(void)state;
	assert_int_not_equal(CACHE(cache("kmalloc-4096"), flags) & OFF_SLAB, 0);
	fault_set(&sim.faults, FAULT_slab_alloc, 2, 1);
	assert_int_equal(kmalloc(4096), 0);
	assert_int_equal(counts[EVENT_FAULT_TRIPPED], 1);
	assert_int_equal(counts[EVENT_PAGE_ALLOC], 1);
	assert_int_equal(counts[EVENT_PAGE_FREE], 1);
	assert_int_equal(counts[EVENT_PAGE_BAD], 0);
	assert_int_equal(nr_free_pages(&sim), before);
	sound();
	assert_int_not_equal(kmalloc(4096), 0);
}

static void failing_pages_fail_the_allocation(void **state)
{
	(void)state;
	fault_set(&sim.faults, FAULT_page_alloc, 1, 1);
	assert_int_equal(kmalloc(64), 0);
	sound();
	fault_set(&sim.faults, FAULT_slab_alloc, 1, 1);
	assert_int_equal(kmalloc(64), 0);
	assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_NOFAIL), 0);
}

/* D28 */
static void foreign_gfp_bits_matter_only_to_a_growing_cache(void **state)
{
	target_addr_t o;

	(void)state;
	policy[POLICY_bug_grow_gfp] = 1;
	boot("arm926", 0);
	assert_true(FAULTS(alloc_from(0, 64, GFP_WAIT | GFP_ZERO)));
	boot("arm926", 0);
	kmalloc(64);
	assert_int_not_equal(alloc_from(0, 64, GFP_WAIT | GFP_ZERO), 0);
	policy[POLICY_bug_grow_gfp] = 0;
	boot("arm926", 0);
	o = kmalloc(64);
	target_fill(&sim, o, 64, 0x11, ROLE_NONE);
	kfree(o);
	assert_int_equal(alloc_from(0, 64, GFP_WAIT | GFP_ZERO), o);
	assert_int_equal(target_find_other(&sim, o, 64, 0), 0);
}

static void dma_requests_have_their_own_caches(void **state)
{
	target_addr_t o = alloc_from(0, 64, GFP_ZONE_DMA);

	(void)state;
	assert_int_not_equal(page_member(&sim, virt_to_frame(&sim, o), LF_page_lru_next), cache("kmalloc-64"));
	kfree(o);
	sound();
}

/* D3, D27: SLAB checks both in every build. */
static void wrong_pages_and_wrong_caches_are_bugs(void **state)
{
	target_addr_t c = create("other", 64, 0, 0), o = kmalloc(64);
	frame_t page = alloc_pages(&sim, GFP_WAIT, 0);

	(void)state;
	assert_true(FAULTS(free_to(c, o)));
	assert_true(FAULTS(kfree(page_address(page))));
	assert_int_equal(counts[EVENT_KERNEL_BUG], 2);
	assert_true(FAULTS(kfree(RAM_BASE + RAM_SIZE_MAX)));
	assert_int_equal(counts[EVENT_OOPS], 1);
}

static target_addr_t from_irq;

static void interrupt_that_fills_the_array_while_pages_come(void *context, enum preempt_point point)
{
	(void)context;
	if (point != POINT_slab_grow_begin)
		return;
	sim.preempt = NULL;
	from_irq = alloc_from(0, 64, 0);
}

static void growing_lets_interrupts_in(void **state)
{
	target_addr_t c = cache("kmalloc-64"), o;

	(void)state;
	sim.preempt = interrupt_that_fills_the_array_while_pages_come;
	o = kmalloc(64);
	assert_int_not_equal(from_irq, o);
	assert_int_equal(list_length(c, LF_slab_list3_full) + nr_partial(c), 1);
	assert_false(sim.irqs_off);
	sound();
}

static void destroyed_cache_gives_everything_back(void **state)
{
	uint32_t before = nr_free_pages(&sim);
	target_addr_t c = create("c", 100, 0, 0), many[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		many[i] = alloc_from(c, 0, GFP_WAIT);
	for (unsigned i = 0; i < 100; i++)
		free_to(c, many[i]);
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_OK);
	assert_int_equal(nr_free_pages(&sim), before);
	sound();
	CACHE_FIELD(&sim, c, num);
	assert_int_equal(counts[EVENT_UNOWNED], 1);
}

/* D20: the kmem_cache stays. */
static void destroy_of_a_cache_in_use_is_refused(void **state)
{
	target_addr_t c = create("busy", 100, 0, 0), o = alloc_from(c, 0, GFP_WAIT);

	(void)state;
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_BUSY);
	assert_report(0, "slab error in kmem_cache_destroy(): cache `busy': Can't free all objects");
	free_to(c, o);
	assert_int_equal(alloc_from(c, 0, GFP_WAIT), o);
	free_to(c, o);
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_OK);
}

static void constructors_run_once_per_object(void **state)
{
	target_addr_t c = create("ctor", 60, 0, (uint32_t)SLAB_CTOR), o = alloc_from(c, 0, GFP_WAIT);

	(void)state;
	assert_int_equal(target_find_other(&sim, o, 60, CTOR_BYTE), 0);
	write_byte(o, 1);
	free_to(c, o);
	assert_int_equal(alloc_from(c, 0, GFP_WAIT), o);
	assert_int_equal(target_load(&sim, o, 1), 1);
}

static void broken(const char *words)
{
	const char *found = allocator_slab.invariants(&slab);

	if (!found || !strstr(found, words))
		fail_msg("'%s' instead of '%s'", found ? found : "nothing", words);
}

#define BREAKS(statement, mend, words)                                                                                 \
	do {                                                                                                           \
		statement;                                                                                             \
		broken(words);                                                                                         \
		mend;                                                                                                  \
		sound();                                                                                               \
	} while (0)

/* Each field that the check reads, damaged alone. */
static void invariants_see_each_damage(void **state)
{
	target_addr_t o = kmalloc(64), c = cache("kmalloc-64"), l3 = CACHE_FIELD(&sim, c, list3), at = slab_of(o);
	target_addr_t ac = cpu_array(c, 0), entry = slab_entry_place(&sim, ac, 0),
		      bufctl = slab_bufctl_place(&sim, at, 20);
	target_addr_t buffer = target_load_word(&sim, entry), next = slab_entry_place(&sim, ac, 1);
	frame_t frame = virt_to_frame(&sim, o);

	(void)state;
	BREAKS(DESC_FIELD_SET(&sim, at, inuse, 15), DESC_FIELD_SET(&sim, at, inuse, 16), "inuse does not match");
	BREAKS(DESC_FIELD_SET(&sim, at, inuse, 59), DESC_FIELD_SET(&sim, at, inuse, 16), "on the partial list");
	BREAKS(DESC_FIELD_SET(&sim, at, free, 60), DESC_FIELD_SET(&sim, at, free, 16), "bufctl chain");
	BREAKS(target_store(&sim, bufctl, 4, 17, ROLE_BUFCTL), target_store(&sim, bufctl, 4, 21, ROLE_BUFCTL),
	       "bufctl chain");
	BREAKS(DESC_FIELD_SET(&sim, at, colouroff, 32), DESC_FIELD_SET(&sim, at, colouroff, 288), "slab");
	BREAKS(page_clear_flag(&sim, frame, PG_slab), page_set_flag(&sim, frame, PG_slab), "without PG_slab");
	BREAKS(page_field_store(&sim, frame, PF_slab_cache, 0), page_field_store(&sim, frame, PF_slab_cache, c),
	       "another kmem_cache");
	BREAKS(page_field_store(&sim, frame, PF_slab_slab, 0), page_field_store(&sim, frame, PF_slab_slab, at),
	       "another slab");
	BREAKS(LIST3_FIELD_SET(&sim, l3, free_objects, 42), LIST3_FIELD_SET(&sim, l3, free_objects, 43),
	       "free_objects");
	BREAKS(LIST3_FIELD_SET(&sim, l3, colour_next, 1), LIST3_FIELD_SET(&sim, l3, colour_next, 0), "colour");
	BREAKS(ARRAY_FIELD_SET(&sim, ac, avail, 121), ARRAY_FIELD_SET(&sim, ac, avail, 15), "its limit");
	BREAKS(target_store_word(&sim, entry, buffer + 4, ROLE_NONE), target_store_word(&sim, entry, buffer, ROLE_NONE),
	       "is no object");
	BREAKS(target_store_word(&sim, entry, 0, ROLE_NONE), target_store_word(&sim, entry, buffer, ROLE_NONE),
	       "lies in no slab");
	/* One of those that went to the array, twice; and one that is on the chain. */
	BREAKS(target_store_word(&sim, entry, target_load_word(&sim, next), ROLE_NONE),
	       target_store_word(&sim, entry, buffer, ROLE_NONE), "free twice");
	BREAKS(target_store_word(&sim, entry, DESC_FIELD(&sim, at, s_mem) + 20 * CACHE_FIELD(&sim, c, buffer_size),
				 ROLE_NONE),
	       target_store_word(&sim, entry, buffer, ROLE_NONE), "free twice");
	BREAKS(target_store_field(&sim, at, LF_list_head_next, at),
	       target_store_field(&sim, at, LF_list_head_next, slab_field_place(&sim, l3, LF_slab_list3_partial)),
	       "list is broken");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(failing_off_slab_descriptor_gives_the_pages_back, setup),
	cmocka_unit_test_setup(failing_pages_fail_the_allocation, setup),
	cmocka_unit_test_setup(foreign_gfp_bits_matter_only_to_a_growing_cache, setup),
	cmocka_unit_test_setup(dma_requests_have_their_own_caches, setup),
	cmocka_unit_test_setup(wrong_pages_and_wrong_caches_are_bugs, setup),
	cmocka_unit_test_setup(growing_lets_interrupts_in, setup),
	cmocka_unit_test_setup(destroyed_cache_gives_everything_back, setup),
	cmocka_unit_test_setup(destroy_of_a_cache_in_use_is_refused, setup),
	cmocka_unit_test_setup(constructors_run_once_per_object, setup),
	cmocka_unit_test_setup(invariants_see_each_damage, setup),
};

RUN_SLAB_TESTS(tests)
