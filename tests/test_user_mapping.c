/* SPDX-License-Identifier: MIT */
/* User mappings and RCU by the book: what is innocent, and what the rules of strict worlds refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/harness.h"

#define ARM  "arch=arm926 allocator=slub profile=safe"
#define X86  "arch=x86 allocator=slub profile=safe drain=1"
#define WEAK "arch=x86 allocator=slub profile=safe cpus=2 policy.memory_order=weak"

static void test_a_mapping_with_a_reference_outlives_the_owners(void **state)
{
	(void)state;
	harness_check(X86,
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "v0 = mmap MIXEDMAP 0 0\n"
		      "vm_insert_page v0 0 p0\n"
		      "free_pages p0\n"
		      "user_write v0 0 64 0x11\n"
		      "v1 = fork v0\n"
		      "munmap v0\n"
		      "user_read v1 0 64\n"
		      "munmap v1\n",
		      "7", ""); /* the child's reading waits for a flush that nobody can do */
}

static void test_a_mapping_by_pfn_needs_the_page_to_stay(void **state)
{
	(void)state;
	harness_check(X86,
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "v0 = mmap PFNMAP 0 0\n"
		      "vm_insert_pfn v0 0 p0\n"
		      "v1 = fork v0\n"
		      "munmap v0\n"
		      "free_pages p0\n"
		      "munmap v1\n"
		      "free_pages p0\n",
		      "5", "");
	harness_check("arch=x86 allocator=slub profile=safe dma=era policy.mixedmap=pfn",
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "v0 = mmap MIXEDMAP 0 0\n"
		      "vm_insert_page v0 0 p0\n"
		      "v1 = mmap MIXEDMAP 0 0\n"
		      "vm_insert_mixedmap_pfn v1 1 p0\n"
		      "munmap v1\n",
		      "", "refcount-underflow/mm/page/munmap");
}

static void test_kernel_and_user_wait_for_the_flush(void **state)
{
	(void)state;
	harness_check(ARM,
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "add_to_page_cache p0 0 0\n"
		      "v0 = mmap FILE 0 0\n"
		      "page_write p0 0 64 0x11\n"
		      "user_read v0 0 64\n"
		      "flush_dcache_page p0\n"
		      "user_write v0 0 64 0x22\n"
		      "page_read p0 0 64\n"
		      "flush_dcache_page p0\n"
		      "page_read p0 0 64\n",
		      "47", "");
}

/* With the file unmapped the flush is put off, which is soon enough for the kernel's stores only. */
static void test_a_flush_that_is_put_off(void **state)
{
	(void)state;
	harness_check(ARM,
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "add_to_page_cache p0 0 0\n"
		      "v0 = mmap FILE 0 0\n"
		      "user_write v0 0 64 0x22\n"
		      "munmap v0\n"
		      "flush_dcache_page p0\n"
		      "page_read p0 0 64\n"
		      "v1 = mmap FILE 0 0\n"
		      "flush_dcache_page p0\n"
		      "page_read p0 0 64\n",
		      "6", "");
}

/* Colours of a VIPT cache: frame 1 and page 0 of the file have different ones, the pages of all files of colour 0 not.
 */
static void test_colours_of_a_vipt_cache(void **state)
{
	const char *ops = "p0 = alloc_pages 0 GFP_KERNEL\n"
			  "p1 = alloc_pages 0 GFP_KERNEL\n"
			  "add_to_page_cache p1 0 0\n"
			  "v0 = mmap FILE 0 0\n"
			  "user_read v0 0 64\n"
			  "page_read p1 0 64\n"
			  "page_write p1 0 64 0x11\n"
			  "%s"
			  "user_read v0 0 64\n";
	char text[600];

	(void)state;
	snprintf(text, sizeof(text), ops, "");
	harness_check("arch=arm1136 allocator=slub profile=safe dma=era", text, "",
		      "stale-read/cache/user-page/user_read");
	snprintf(text, sizeof(text), ops, "flush_dcache_page p1\n");
	harness_check("arch=arm1136 allocator=slub profile=safe dma=era", text, "", "");
}

static void test_truncation_unmaps(void **state)
{
	(void)state;
	harness_check(X86,
		      "p0 = alloc_pages 0 GFP_KERNEL\n"
		      "add_to_page_cache p0 1 2\n"
		      "v0 = mmap FILE 2 0\n"
		      "user_read v0 4096 64\n"
		      "v1 = fork v0\n"
		      "remove_from_page_cache p0\n"
		      "free_pages p0\n"
		      "user_read v1 4096 64\n",
		      "7", "");
}

static void test_a_reader_from_before_is_waited_for(void **state)
{
	(void)state;
	harness_check("arch=x86 allocator=slub profile=safe cpus=2 debug=-",
		      "c0 = kmem_cache_create 512 0 DESTROY_BY_RCU\n"
		      "o0 = kmem_cache_alloc c0 GFP_KERNEL\n"
		      "rcu_read_lock\n"
		      "kmem_cache_free c0 o0\n"
		      "kmem_cache_shrink c0\n"
		      "grace_period\n"
		      "obj_read o0 0 64\n"
		      "rcu_read_unlock\n"
		      "grace_period\n"
		      "obj_read o0 0 64\n",
		      "59", "");
}

static void test_a_page_that_was_returned_is_not_protected(void **state)
{
	(void)state;
	/* The page has another object of the same kmem_cache, but it was gone in between. */
	harness_check("arch=x86 allocator=slub profile=safe cpus=2 dma=era debug=-",
		      "c0 = kmem_cache_create 2048 0 DESTROY_BY_RCU\n"
		      "o0 = kmem_cache_alloc c0 GFP_KERNEL\n"
		      "kmem_cache_free c0 o0\n"
		      "kmem_cache_shrink c0\n"
		      "rcu_read_lock\n"
		      "grace_period\n"
		      "o1 = kmem_cache_alloc c0 GFP_KERNEL\n"
		      "obj_read o0 0 64\n",
		      "", "use-after-free/client/object/obj_read");
}

/* A page that a driver inserted and a file has then, too: flushes reach users of the file, so the others do not look.
 */
static void test_inserted_pages_of_files(void **state)
{
	(void)state;
	harness_check("arch=generic64 allocator=slab profile=safe policy.pte_special=on ram_pages=128 drain=1",
		      "p0 = alloc_pages 0 GFP_KERNEL\nv0 = mmap MIXEDMAP 0 0\nvm_insert_page v0 0 p0\n"
		      "add_to_page_cache p0 0 0\npage_write p0 0 1 0x11\nflush_dcache_page p0\nuser_read v0 0 1\n",
		      "6", "");
}

static void test_published_objects(void **state)
{
	(void)state;
	/* 4: written after it was published; 5: freed while others may find it; 8: it never waited for them. */
	harness_check(WEAK,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "obj_write o0 0 64 0x11\n"
		      "publish 0 o0\n"
		      "rcu_assign_pointer 0 o0\n"
		      "obj_write o0 0 64 0x22\n"
		      "kfree o0\n"
		      "rcu_assign_pointer 0 o-\n"
		      "store_drain 0 0\n"
		      "kfree o0\n"
		      "call_rcu o0\n",
		      "2458", "");
}

static void test_locks_in_objects(void **state)
{
	(void)state;
	/* 1: no reader; 5: over the lock that is held; 6: what is locked inside is unlocked inside. */
	harness_check("arch=x86 allocator=slub profile=safe",
		      "c0 = kmem_cache_create 64 0 DESTROY_BY_RCU|CTOR\n"
		      "obj_lock o- 0\n"
		      "o0 = kmem_cache_alloc c0 GFP_KERNEL\n"
		      "rcu_read_lock\n"
		      "obj_lock o0 8\n"
		      "obj_write o0 0 64 0x11\n"
		      "rcu_read_unlock\n"
		      "kmem_cache_free c0 o0\n"
		      "obj_unlock o0 8\n"
		      "rcu_read_unlock\n",
		      "156", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mapping_with_a_reference_outlives_the_owners),
		cmocka_unit_test(test_a_mapping_by_pfn_needs_the_page_to_stay),
		cmocka_unit_test(test_kernel_and_user_wait_for_the_flush),
		cmocka_unit_test(test_a_flush_that_is_put_off),
		cmocka_unit_test(test_colours_of_a_vipt_cache),
		cmocka_unit_test(test_truncation_unmaps),
		cmocka_unit_test(test_a_reader_from_before_is_waited_for),
		cmocka_unit_test(test_a_page_that_was_returned_is_not_protected),
		cmocka_unit_test(test_inserted_pages_of_files),
		cmocka_unit_test(test_published_objects),
		cmocka_unit_test(test_locks_in_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
