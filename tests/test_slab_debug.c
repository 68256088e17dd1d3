/* SPDX-License-Identifier: MIT */
/* SLAB 2.6.22 debugging (FACTS 2.2, 7.3): what is reported, in which words, and what is a BUG. */
#include "tests/slab_rig.h"

static void overrun_is_reported_at_free(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	write_byte(o + 64, 0x11);
	kfree(o);
	assert_int_equal(report_count, 1);
	assert_report(0,
		      "slab error in verify_redzone_free(): cache `size-64': memory outside object was overwritten\n");
	assert_report(0, ": redzone 1:0xd84156c5635688c0, redzone 2:0xd84156c563568811.");
	sound();
}

static void underrun_is_reported_at_free_big_endian(void **state)
{
	target_addr_t o;

	(void)state;
	boot("ppc8xx", DEBUG_Z);
	o = kmalloc(64);
	write_byte(o - 8, 0x11);
	kfree(o);
	assert_report(0, "memory outside object was overwritten\n");
	assert_report(0, ": redzone 1:0x114156c5635688c0, redzone 2:0xd84156c5635688c0.");
}

static void double_free_is_reported_by_the_red_words(void **state)
{
	target_addr_t o;

	(void)state;
	boot("x86", DEBUG_Z);
	o = kmalloc(64);
	kfree(o);
	kfree(o);
	assert_report(0, "slab error in verify_redzone_free(): cache `size-64': double free detected\n");
	assert_report(0, ": redzone 1:0x9f911029d74e35b, redzone 2:0x9f911029d74e35b.");
}

/* The buffer is in the array twice; the second to reach its slab finds its bufctl unmarked. */
static void double_free_is_a_bug_when_it_reaches_the_slab(void **state)
{
	target_addr_t o;

	(void)state;
	boot("x86", DEBUG_F);
	o = kmalloc(64);
	kmalloc(64);
	kfree(o);
	kfree(o);
	assert_true(FAULTS(allocator_slab.cpu_offline(&slab, 0)));
	assert_report(0, "slab: double free detected in cache 'size-64', objp 5");
	assert_int_equal(counts[EVENT_KERNEL_BUG], 1);
}

static void red_word_damaged_while_free_is_reported_at_alloc(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", DEBUG_Z);
	o = kmalloc(64);
	kfree(o);
	write_byte(o + 71, 0);
	kmalloc(64);
	assert_report(0,
		      "slab error in cache_alloc_debugcheck_after(): cache `size-64': double free, or memory outside "
		      "object was overwritten\n");
	/* Repaired by the alloc. */
	kfree(o);
	assert_int_equal(report_count, 1);
}

/* Up to the comma that ends the address. */
static const char *start_line(char line[64], const char *words, target_addr_t addr)
{
	snprintf(line, 64, "%s%05x:%03x,", words, (unsigned)(addr >> PAGE_SHIFT), (unsigned)(addr & (PAGE_SIZE - 1)));
	return line;
}

static void write_after_free_is_reported_at_alloc(void **state)
{
	target_addr_t o;
	uint64_t size;
	char line[64];

	(void)state;
	boot("arm926", ALL_DEBUG);
	size = CACHE(cache("kmalloc-64"), buffer_size);
	kmalloc(64);
	o = kmalloc(64);
	kfree(o);
	write_byte(o + 17, 0x11);
	write_byte(o + 40, 0x22);
	assert_int_equal(kmalloc(64), o);
	assert_int_equal(report_count, 1);
	/* Where objects start, not their buffers. */
	assert_report(0, start_line(line, "Slab corruption: size-64 start=", o));
	assert_report(0, start_line(line, "\nPrev obj: start=", o - size));
	assert_report(0, start_line(line, "\nNext obj: start=", o + size));
	assert_report(0, ", len=64\nRedzone: 0x9f911029d74e35b/0x9f911029d74e35b.\nLast user: [<8>](op 7)\n"
			 "010: 6b 11 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b\n"
			 "020: 6b 6b 6b 6b 6b 6b 6b 6b 22 6b 6b 6b 6b 6b 6b 6b\n"
			 "Prev obj: start=5");
	assert_null(strstr(reports[0], "Single bit"));
	assert_null(strstr(reports[0], "\n030: "));
}

static void single_bit_is_told_apart(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", DEBUG_P);
	o = kmalloc(64);
	kfree(o);
	write_byte(o + 5, 0x6b ^ 0x10);
	kmalloc(64);
	assert_report(0, "000: 6b 6b 6b 6b 6b 7b 6b");
	assert_report(0, "Single bit error detected. Probably bad RAM.");
	assert_null(strstr(reports[0], "Redzone"));
	assert_null(strstr(reports[0], "Last user"));
}

static void at_most_six_lines_are_shown(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", DEBUG_P);
	o = kmalloc(512);
	kfree(o);
	target_fill(&sim, o, 256, 0x33, ROLE_NONE);
	kmalloc(512);
	assert_report(0, "050: 33");
	assert_null(strstr(reports[0], "\n060: 33"));
}

static void poison_of_fresh_and_freed_objects(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	assert_int_equal(target_find_other(&sim, o, 63, POISON_INUSE), 0);
	assert_int_equal(target_load(&sim, o + 63, 1), POISON_END);
	assert_int_equal(target_load(&sim, o - 8, 8), RED_ACTIVE);
	assert_int_equal(target_load(&sim, o + 64, 8), RED_ACTIVE);
	assert_int_equal(target_load(&sim, o - 8 + 84, 4), sim.op + 1);
	assert_int_equal(sim.roles[o - 8 - RAM_BASE], ROLE_REDZONE);
	assert_int_equal(sim.roles[o - 8 + 84 - RAM_BASE], ROLE_TRACK);
	kfree(o);
	assert_int_equal(target_find_other(&sim, o, 63, POISON_FREE), 0);
	assert_int_equal(target_load(&sim, o - 8, 8), RED_INACTIVE);
}

static void damage_is_also_found_when_the_slab_goes(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	o = kmalloc(64);
	kfree(o);
	write_byte(o, 0);
	write_byte(o - 1, 0);
	write_byte(o + 64, 0);
	allocator_slab.cache_shrink(&slab, cache("kmalloc-64"));
	assert_int_equal(report_count, 3);
	assert_report(0, "Slab corruption: size-64");
	assert_report(1,
		      "slab error in slab_destroy_objs(): cache `size-64': start of a freed object was overwritten\n");
	assert_report(2, "slab error in slab_destroy_objs(): cache `size-64': end of a freed object was overwritten\n");
}

/* D7: a cache line reverted, or an overrun ran into the next slab's bufctls. */
static void damaged_chain_is_internal_list_corruption(void **state)
{
	target_addr_t o, c;

	(void)state;
	boot("arm926", DEBUG_F);
	c = cache("kmalloc-64");
	o = kmalloc(64);
	target_store(&sim, slab_bufctl_place(&sim, slab_of(o), 20), 4, 3, ROLE_BUFCTL);
	assert_true(FAULTS(allocator_slab.cache_shrink(&slab, c)));
	assert_report(0, "slab: Internal list corruption detected in cache 'size-64'(59), slabp 5");
	assert_report(0, "Hexdump:\n000: ");
}

static void pointer_into_an_object_is_a_bug(void **state)
{
	target_addr_t o;

	(void)state;
	boot("arm926", DEBUG_P);
	o = kmalloc(64);
	assert_true(FAULTS(kfree(o + 8)));
	assert_report(0, "cache_free_debugcheck: not the start of an object");
	assert_true(FAULTS(kfree(o & ~UINT64_C(0xfff))));
	assert_report(1, "cache_free_debugcheck: no object of the slab");
	assert_true(FAULTS(kfree(UINT64_C(0x1234))));
	assert_report(2, "kfree_debugcheck: out of range ptr 00001:234h.");
}

static void rounding_hides_small_overruns(void **state)
{
	target_addr_t c, o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	c = create("c61", 61, 0, 0);
	o = alloc_from(c, 0, GFP_WAIT);
	write_byte(o + 61, 0x11);
	free_to(c, o);
	assert_int_equal(report_count, 0);
}

static void constructors_run_at_each_alloc_of_poisoned_objects(void **state)
{
	target_addr_t c, o;

	(void)state;
	boot("arm926", ALL_DEBUG);
	c = create("ctor", 60, 0, (uint32_t)SLAB_CTOR);
	o = alloc_from(c, 0, GFP_WAIT);
	assert_int_equal(target_find_other(&sim, o, 60, CTOR_BYTE), 0);
	write_byte(o, 1);
	free_to(c, o);
	assert_int_equal(target_load(&sim, o, 1), POISON_FREE);
	assert_int_equal(alloc_from(c, 0, GFP_WAIT), o);
	assert_int_equal(target_find_other(&sim, o, 60, CTOR_BYTE), 0);
	assert_int_equal(report_count, 0);
}

static void prefix_chooses_the_caches(void **state)
{
	(void)state;
	debug_prefix = "size-64";
	boot("arm926", ALL_DEBUG);
	assert_int_not_equal(CACHE(cache("kmalloc-64"), flags) & OBJECT_DEBUG, 0);
	assert_int_equal(CACHE(cache("kmalloc-128"), flags) & OBJECT_DEBUG, 0);
	assert_int_equal(CACHE(cache("kmalloc-128"), buffer_size), 128);
}

/* FACTS 2.1: flags that were not built in. */
static void debug_flags_of_clients(void **state)
{
	target_addr_t c;

	(void)state;
	assert_int_equal(CACHE(create("a", 64, 0, SLAB_RED_ZONE | SLAB_POISON), flags) & OBJECT_DEBUG, 0);
	policy[POLICY_bug_create_flags] = 1;
	boot("arm926", 0);
	assert_true(FAULTS(create("a", 64, 0, SLAB_RED_ZONE)));
	debug_prefix = "none";
	boot("arm926", DEBUG_Z);
	c = create("a", 64, 0, SLAB_RED_ZONE | SLAB_STORE_USER);
	assert_int_equal(CACHE(c, buffer_size), 88);
	assert_true(FAULTS(create("b", 64, 0, SLAB_DEBUG_FREE)));
	assert_true(FAULTS(create("c", 64, 0, SLAB_DESTROY_BY_RCU | SLAB_POISON)));
}

static void red_zones_alone_and_users_alone(void **state)
{
	(void)state;
	boot("arm926", DEBUG_Z);
	assert_int_equal(CACHE(cache("kmalloc-64"), buffer_size), 80);
	boot("arm926", DEBUG_U);
	assert_int_equal(CACHE(cache("kmalloc-64"), buffer_size), 72);
	assert_int_equal(CACHE(cache("kmalloc-64"), obj_offset), 0);
	boot("arm926", DEBUG_P);
	assert_int_equal(CACHE(cache("kmalloc-64"), buffer_size), 64);
	kfree(kmalloc(64));
	assert_int_equal(report_count, 0);
}

/* A slab of an RCU kmem_cache in limbo; returns an address in it. */
static target_addr_t rcu_limbo(target_addr_t *c, unsigned size)
{
	target_addr_t o;

	*c = create("rcu", size, 0, SLAB_DESTROY_BY_RCU);
	o = alloc_from(*c, 0, GFP_WAIT);
	free_to(*c, o);
	allocator_slab.cache_shrink(&slab, *c);
	return o;
}

static void rcu_slab_keeps_flag_and_lru_until_the_callback(void **state)
{
	static const unsigned sizes[] = {64, 1024};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		target_addr_t c, o = rcu_limbo(&c, sizes[i]);
		frame_t frame = virt_to_frame(&sim, o);

		assert_int_equal(counts[EVENT_RCU_QUEUE], i + 1);
		assert_int_equal(counts[EVENT_PAGE_FREE], i);
		assert_true(page_flag(&sim, frame, PG_slab));
		assert_int_equal(page_member(&sim, frame, LF_page_lru_next), c);
		assert_int_equal(sim.roles[slab_of(o) - RAM_BASE], ROLE_RCU_HEAD);
		sound();
		assert_int_equal(allocator_slab.grace_period(&slab), 1);
		assert_int_equal(counts[EVENT_PAGE_FREE], i + 1);
		assert_int_equal(allocator_slab.grace_period(&slab), 0);
		sound();
	}
}

static void rcu_caches_are_not_poisoned(void **state)
{
	target_addr_t c;

	(void)state;
	boot("arm926", ALL_DEBUG);
	c = create("rcu", 64, 0, SLAB_DESTROY_BY_RCU);
	assert_int_equal(CACHE(c, flags) & (uint32_t)SLAB_POISON, 0);
	assert_int_not_equal(CACHE(c, flags) & (uint32_t)SLAB_RED_ZONE, 0);
}

/* D21: destroy waits for readers, and not for what another cpu queued. */
static unsigned unowned_after_destroy(unsigned shrinking_cpu, unsigned cpus)
{
	target_addr_t c, o;

	boot_ram("x86", 0, cpus, 2048);
	sim.cpu = shrinking_cpu;
	c = create("rcu", 64, 0, SLAB_DESTROY_BY_RCU);
	o = alloc_from(c, 0, GFP_WAIT);
	free_to(c, o);
	allocator_slab.cache_shrink(&slab, c);
	sim.cpu = 0;
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_OK);
	assert_int_equal(counts[EVENT_GRACE_PERIOD], 1);
	allocator_slab.grace_period(&slab);
	return counts[EVENT_UNOWNED];
}

static void destroy_does_not_wait_for_callbacks_of_other_cpus(void **state)
{
	(void)state;
	policy[POLICY_bug_destroy_rcu] = 1;
	assert_int_equal(unowned_after_destroy(0, 1), 0);
	assert_int_equal(unowned_after_destroy(0, 2), 0);
	assert_int_not_equal(unowned_after_destroy(1, 2), 0);
	policy[POLICY_bug_destroy_rcu] = 0;
	assert_int_equal(unowned_after_destroy(1, 2), 0);
}

static void destroy_within_a_reader_is_refused(void **state)
{
	target_addr_t c;

	(void)state;
	rcu_limbo(&c, 64);
	sim.rcu_readers = 1;
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_BUSY);
	sim.rcu_readers = 0;
	assert_int_equal(allocator_slab.cache_destroy(&slab, c), DESTROY_OK);
	sound();
}

/* Fixed and long: sizes, frees in another order, both cpus, shrinks and descriptors that fail. */
static void long_run_keeps_the_invariants(void **state)
{
	static const uint8_t letters[] = {0, ALL_DEBUG, DEBUG_F, DEBUG_Z | DEBUG_U};
	target_addr_t live[64] = {0};
	uint32_t x = 1;

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		boot_ram(round & 1 ? "arm926" : "x86", letters[round], 2, 512);
		memset(live, 0, sizeof(live));
		for (unsigned i = 0; i < 3000; i++) {
			target_addr_t *slot = &live[(x >> 8) % 64];

			x = x * 1103515245 + 12345;
			sim.cpu = x >> 30 & 1;
			if (x % 97 == 0)
				fault_set(&sim.faults, x & 1024 ? FAULT_slab_alloc : FAULT_page_alloc, 2, 1);
			if (x % 61 == 0)
				allocator_slab.cpu_offline(&slab, sim.cpu);
			if (x % 127 == 0)
				allocator_slab.cache_shrink(&slab, cache("kmalloc-512"));
			if (*slot)
				kfree(*slot);
			*slot = *slot ? 0 : kmalloc((x >> 12) % (x & 4096 ? 300 : 5000));
			sound();
		}
		assert_int_equal(report_count, 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(overrun_is_reported_at_free, setup),
	cmocka_unit_test_setup(underrun_is_reported_at_free_big_endian, setup),
	cmocka_unit_test_setup(double_free_is_reported_by_the_red_words, setup),
	cmocka_unit_test_setup(double_free_is_a_bug_when_it_reaches_the_slab, setup),
	cmocka_unit_test_setup(red_word_damaged_while_free_is_reported_at_alloc, setup),
	cmocka_unit_test_setup(write_after_free_is_reported_at_alloc, setup),
	cmocka_unit_test_setup(single_bit_is_told_apart, setup),
	cmocka_unit_test_setup(at_most_six_lines_are_shown, setup),
	cmocka_unit_test_setup(poison_of_fresh_and_freed_objects, setup),
	cmocka_unit_test_setup(damage_is_also_found_when_the_slab_goes, setup),
	cmocka_unit_test_setup(damaged_chain_is_internal_list_corruption, setup),
	cmocka_unit_test_setup(pointer_into_an_object_is_a_bug, setup),
	cmocka_unit_test_setup(rounding_hides_small_overruns, setup),
	cmocka_unit_test_setup(constructors_run_at_each_alloc_of_poisoned_objects, setup),
	cmocka_unit_test_setup(prefix_chooses_the_caches, setup),
	cmocka_unit_test_setup(debug_flags_of_clients, setup),
	cmocka_unit_test_setup(red_zones_alone_and_users_alone, setup),
	cmocka_unit_test_setup(rcu_slab_keeps_flag_and_lru_until_the_callback, setup),
	cmocka_unit_test_setup(rcu_caches_are_not_poisoned, setup),
	cmocka_unit_test_setup(destroy_does_not_wait_for_callbacks_of_other_cpus, setup),
	cmocka_unit_test_setup(destroy_within_a_reader_is_refused, setup),
	cmocka_unit_test_setup(long_run_keeps_the_invariants, setup),
};

RUN_SLAB_TESTS(tests)
