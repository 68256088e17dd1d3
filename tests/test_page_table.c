/* SPDX-License-Identifier: MIT */
/* User mappings entry by entry (FACTS 5): who counts a page, what a child gets, what is given back, and whose mm runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "backends/mapping.h"
#include "tests/harness.h"

#define BIT    "arch=x86 allocator=slub profile=safe policy.pte_special=on"
#define NO_BIT "arch=x86 allocator=slub profile=safe policy.pte_special=off"

/* Runs ops after p0 = alloc_pages, silently; its own reference is counted. */
static void counts(const char *world, const char *ops, unsigned count, unsigned mapcount)
{
	const struct executor *x = &harness_session()->executor;
	char text[1000];
	frame_t frame;

	snprintf(text, sizeof(text), "world %s\np0 = alloc_pages 0 GFP_KERNEL\n%s", world, ops);
	if (harness_run(text, NULL))
		fail_msg("%s\n%s", harness_signatures(), text);
	frame = x->pages[0].frame;
	if ((uint32_t)page_count(x->sim, frame) != count || (uint32_t)page_mapcount(x->sim, frame) != mapcount)
		fail_msg("count %u, mapcount %u after\n%s", (unsigned)page_count(x->sim, frame),
			 (unsigned)page_mapcount(x->sim, frame), text);
}

static const struct pte *entry(unsigned vma, unsigned i)
{
	return &harness_session()->executor.mm.vma[vma].pte[i];
}

static void insertion_counts(void **state)
{
	struct executor *x = &harness_session()->executor;

	(void)state;
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 1 p0\n", 2, 1);
	assert_true(entry(0, 1)->present && !entry(0, 1)->special);
	assert_false(entry(0, 0)->present || entry(0, 2)->present);
	/* The second finds the entry in use. */
	assert_false(vm_insert_page(x->sim, &x->mm, 0, 1, x->pages[0].frame));
	assert_false(vm_insert_mixed(x->sim, &x->mm, 0, 1, x->pages[0].frame));
	assert_int_equal(page_count(x->sim, x->pages[0].frame), 2);
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 1 p0\nvm_insert_page v0 2 p0\n", 3, 2);
	/* By pfn there is no reference, and with the bit the entry says so. */
	counts(NO_BIT, "v0 = mmap PFNMAP 0 0\nvm_insert_pfn v0 3 p0\n", 1, 0);
	assert_true(entry(0, 3)->present && !entry(0, 3)->special);
	counts(BIT, "v0 = mmap PFNMAP 0 0\nvm_insert_pfn v0 3 p0\n", 1, 0);
	assert_true(entry(0, 3)->present && entry(0, 3)->special);
	/* The bit decides for a mixed mapping (C66). */
	counts(BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_mixedmap_pfn v0 0 p0\n", 1, 0);
	assert_true(entry(0, 0)->special);
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_mixedmap_pfn v0 0 p0\n", 2, 1);
	assert_false(entry(0, 0)->special);
}

static void unmapping_gives_back(void **state)
{
	(void)state;
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 1 p0\nvm_insert_page v0 3 p0\nmunmap v0\n", 1, 0);
	assert_false(entry(0, 1)->present || entry(0, 3)->present);
	counts(BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_mixedmap_pfn v0 0 p0\nmunmap v0\n", 1, 0);
	counts(NO_BIT, "v0 = mmap PFNMAP 0 0\nvm_insert_pfn v0 0 p0\nmunmap v0\n", 1, 0);
	assert_false(entry(0, 0)->present);
}

static void a_child_counts_for_itself(void **state)
{
	(void)state;
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 2 p0\nv1 = fork v0\n", 3, 2);
	assert_true(entry(1, 2)->present && !entry(1, 0)->present);
	assert_int_equal(entry(1, 2)->pfn, entry(0, 2)->pfn);
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 2 p0\nv1 = fork v0\nmunmap v0\n", 2, 1);
	assert_true(entry(1, 2)->present && !entry(0, 2)->present);
	counts(BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_mixedmap_pfn v0 2 p0\nv1 = fork v0\nmunmap v1\n", 1, 0);
	counts(BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_mixedmap_pfn v0 2 p0\nv1 = fork v0\n", 1, 0);
	assert_true(entry(1, 2)->special);
	/* Grandchildren have an mm each, at the same addresses. */
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 2\nv1 = fork v0\nv2 = fork v1\n", 1, 0);
	assert_int_equal(harness_session()->executor.mm.vma[1].mm, 1);
	assert_int_equal(harness_session()->executor.mm.vma[2].mm, 2);
	assert_int_equal(harness_session()->executor.mm.vma[2].vpn, harness_session()->executor.mm.vma[0].vpn);
}

static void looking_up_leaves_no_trace(void **state)
{
	(void)state;
	counts(NO_BIT, "v0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 1 p0\nget_user_pages v0 1\nget_user_pages v0 2\n", 2,
	       1);
	counts(BIT, "v0 = mmap PFNMAP 0 0\nvm_insert_pfn v0 1 p0\nget_user_pages v0 1\n", 1, 0);
}

static void a_file_knows_who_maps_it(void **state)
{
	struct executor *x = &harness_session()->executor;
	const char *faulted = "add_to_page_cache p0 1 2\nv0 = mmap FILE 2 0\nuser_read v0 4096 64\n";
	char text[400];

	(void)state;
	counts(NO_BIT, faulted, 3, 1); /* its own, the page cache's, the user's */
	assert_true(entry(0, 1)->present);
	assert_true(mapping_mapped(x->sim, x->mm.files[2]));
	snprintf(text, sizeof(text), "%smunmap v0\n", faulted);
	counts(NO_BIT, text, 2, 0);
	assert_false(mapping_mapped(x->sim, x->mm.files[2]));
	snprintf(text, sizeof(text), "%sv1 = fork v0\nmunmap v0\n", faulted);
	counts(NO_BIT, text, 3, 1);
	assert_true(mapping_mapped(x->sim, x->mm.files[2]));
	/* Truncation takes it from all who map it. */
	snprintf(text, sizeof(text), "%sv1 = fork v0\nremove_from_page_cache p0\n", faulted);
	counts(NO_BIT, text, 1, 0);
	assert_false(entry(0, 1)->present || entry(1, 1)->present);
	assert_true(mapping_mapped(x->sim, x->mm.files[2]));
}

static void the_mm_of_the_user_runs(void **state)
{
	const char *ops = "add_to_page_cache p0 0 0\nv0 = mmap FILE 0 0\nv1 = fork v0\nuser_read v1 0 64\n";
	char text[400];

	(void)state;
	counts(NO_BIT, ops, 3, 1);
	assert_int_equal(harness_session()->executor.mm.mm, 1);
	snprintf(text, sizeof(text), "%suser_read v0 0 64\n", ops);
	counts(NO_BIT, text, 4, 2);
	assert_int_equal(harness_session()->executor.mm.mm, 0);
}

static void pfns_are_valid_by_the_list(void **state)
{
	struct executor *x = &harness_session()->executor;
	uint32_t top;

	(void)state;
	counts(NO_BIT, "", 1, 0);
	top = x->sim->ram_frames;
	assert_true(pfn_valid(x->sim, &x->mm, 0) && pfn_valid(x->sim, &x->mm, top - 1));
	assert_false(pfn_valid(x->sim, &x->mm, top));
	counts(NO_BIT " policy.pfn_valid=list-spinlock", "v0 = mmap MIXEDMAP 0 0\n", 1, 0);
	assert_true(pfn_valid(x->sim, &x->mm, 1));
	assert_false(pfn_valid(x->sim, &x->mm, top));
	assert_int_equal(x->sim->preempt_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(insertion_counts),           cmocka_unit_test(unmapping_gives_back),
		cmocka_unit_test(a_child_counts_for_itself),  cmocka_unit_test(looking_up_leaves_no_trace),
		cmocka_unit_test(a_file_knows_who_maps_it),   cmocka_unit_test(the_mm_of_the_user_runs),
		cmocka_unit_test(pfns_are_valid_by_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
