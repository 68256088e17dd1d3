/* SPDX-License-Identifier: MIT */
/* SLOB of 2.6.22 and 2.6.24, the bugs of the era (FACTS 2.4, 2.5, 8.7) on and off. */
#include "tests/slob_rig.h"

/* D23 */
static void ksize_counts_the_header(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_slob_ksize] = (uint8_t)bug;
		boot22("arm926");
		assert_int_equal(ksize(kmalloc(20)), bug ? 32 : 24);
		boot22("x86");
		assert_int_equal(ksize(kmalloc(20)), bug ? 48 : 32);
		assert_int_equal(ksize(kmalloc(PAGE_SIZE)), PAGE_SIZE);
	}
}

/* One cpu has no spinlocks; two stop at the next use of the lock. */
static void ksize_drops_the_other_lock(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++)
		for (unsigned cpus = 1; cpus <= 2; cpus++) {
			target_addr_t big, small;

			policy[POLICY_bug_slob_ksize_lock] = (uint8_t)bug;
			boot_cpus(&allocator_slob_2622, "x86", cpus);
			small = kmalloc(100);
			big = kmalloc(8192);
			ksize(small);
			kfree(kmalloc(8192));
			assert_int_equal(ksize(big), 8192);
			assert_int_equal(kmalloc(100) - small, 128);
			assert_int_equal(FAULTS(free_raw(0, big)), bug && cpus == 2);
			assert_int_equal(counts[EVENT_HANG], bug && cpus == 2);
		}
}

/* D24 */
static void list_head_is_handed_out(void **state)
{
	target_addr_t o, p, s;

	(void)state;
	policy[POLICY_bug_slob_kmalloc_zero] = 1;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_slob_arena] = (uint8_t)bug;
		boot22("arm926");
		o = kmalloc(0);
		p = kmalloc(0);
		assert_int_equal(o == p, bug);
		assert_int_equal(target_in_ram(&sim, o - 8, 8), !bug);
		assert_int_equal(FAULTS(free_raw(0, o)), bug);
		assert_int_equal(counts[EVENT_HANG], bug);
		/* Off the list while another block is on it, and back. */
		boot22("arm926");
		s = create(8, 0, 0);
		o = kmalloc(8);
		kmalloc(8);
		p = kmalloc(PAGE_SIZE - 40);
		kfree(o);
		kfree(p);
		kmalloc(PAGE_SIZE - 40);
		o = cache_alloc(s);
		assert_int_equal(target_in_ram(&sim, o, 8), !bug);
		free_to(s, o);
	}
}

/* The constructor's bytes over the only block of the list. */
static void ctor_over_the_list_head(void **state)
{
	struct alloc_request request = {.gfp = GFP_WAIT};
	target_addr_t s;

	(void)state;
	policy[POLICY_bug_slob_arena] = 1;
	boot22("arm926");
	s = create(8, 0, (uint32_t)SLAB_CTOR);
	request.kmem_cache = s;
	assert_true(FAULTS((slob.ops->alloc(&slob, &request), slob.ops->alloc(&slob, &request))));
}

/* D26 */
static void bare_header_in_front_of_a_big_block(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		target_addr_t filler, zero, big;

		policy[POLICY_bug_slob_kmalloc_zero] = (uint8_t)bug;
		boot22("arm926");
		filler = kmalloc(PAGE_SIZE - 16);
		zero = kmalloc(0);
		big = kmalloc(PAGE_SIZE);
		assert_int_equal(filler % PAGE_SIZE, 8);
		assert_int_equal(zero == big, bug);
		assert_int_equal(counts[EVENT_PAGE_FREE], 0);
		free_raw(0, zero);
		assert_int_equal(counts[EVENT_PAGE_FREE], bug);
	}
}

static void ctor_runs_on_null(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		volatile target_addr_t result = 1;
		target_addr_t s;

		policy[POLICY_bug_slob_ctor_null] = (uint8_t)bug;
		boot22("arm926");
		s = create(64, 0, (uint32_t)SLAB_CTOR);
		out_of_memory();
		assert_int_equal(FAULTS(result = cache_alloc(s)), bug);
		assert_int_equal(counts[EVENT_OOPS], bug);
		if (bug)
			assert_int_equal(sim.fault_address, 0);
		else
			assert_int_equal(result, 0);
		boot22("arm926");
		s = create(64, 0, 0);
		out_of_memory();
		assert_int_equal(cache_alloc(s), 0);
	}
}

/* D25 */
static void kmalloc_returns_the_header_size(void **state)
{
	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_slob_kmalloc_null] = (uint8_t)bug;
		boot24("arm926");
		out_of_memory();
		assert_int_equal(kmalloc(64), bug ? 8 : 0);
		assert_int_equal(kmalloc(PAGE_SIZE), 0);
		assert_int_equal(FAULTS(free_raw(0, 8)), true);
	}
}

static void ksize_reads_the_wrong_bytes(void **state)
{
	target_addr_t o;

	(void)state;
	for (unsigned bug = 0; bug < 2; bug++) {
		policy[POLICY_bug_slob_ksize_bytes] = (uint8_t)bug;
		boot24("arm926");
		o = kmalloc(100);
		assert_int_equal(ksize(o), bug ? 0 : 100);
		target_store(&sim, o - 2, 2, 0x1234, ROLE_NONE);
		assert_int_equal(ksize(o), bug ? 0x1234 : 100);
		assert_int_equal(ksize(kmalloc(5000)), 5000);
	}
}

#define TEST22(name) cmocka_unit_test_setup(name, setup22)
#define TEST24(name) cmocka_unit_test_setup(name, setup24)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST22(ksize_counts_the_header),
		TEST22(ksize_drops_the_other_lock),
		TEST22(list_head_is_handed_out),
		TEST22(ctor_over_the_list_head),
		TEST22(bare_header_in_front_of_a_big_block),
		TEST22(ctor_runs_on_null),
		TEST24(kmalloc_returns_the_header_size),
		TEST24(ksize_reads_the_wrong_bytes),
	};
	int failed;

	if (!sim_create(&sim))
		return 3;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(slob.state);
	sim_destroy(&sim);
	return failed;
}
