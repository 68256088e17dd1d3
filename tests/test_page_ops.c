/* SPDX-License-Identifier: MIT */
/* When pages of objects may be named, referenced and mapped, and what the rules of strict and era worlds refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/harness.h"

#define SLUB "allocator=slub profile=2.6.22"

static void test_a_page_of_an_object_is_named_while_it_lives(void **state)
{
	(void)state;
	harness_check("arch=x86 " SLUB,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "p0 = virt_to_page o0 63\n"
		      "p1 = virt_to_page o0 64\n"
		      "page_mapping p0\n"
		      "page_mapping p1\n"
		      "kfree o0\n"
		      "page_mapping p0\n"
		      "get_page p0\n"
		      "p2 = virt_to_page o0 0\n",
		      "24678", "");
}

static void test_a_reference_keeps_its_name(void **state)
{
	(void)state;
	harness_check("arch=x86 " SLUB " drain=1",
		      "o0 = kmalloc 2048 GFP_KERNEL repeat=4\n"
		      "p0 = virt_to_page o2 0\n"
		      "put_page p0\n"
		      "get_page p0\n"
		      "kfree o0 repeat=4\n"
		      "kmem_cache_shrink kmalloc-2048\n"
		      "page_mapping p0\n"
		      "put_page p0\n"
		      "put_page p0\n",
		      "28", "");
}

static void test_the_page_is_not_the_clients_to_free(void **state)
{
	(void)state;
	harness_check("arch=x86 " SLUB,
		      "o0 = kmalloc 64 GFP_KERNEL\n"
		      "p0 = virt_to_page o0 0\n"
		      "free_pages p0\n"
		      "kfree p0\n",
		      "23", "");
	/* No slab page of the page allocator: the table of promises does not speak of it. */
	harness_check("arch=x86 allocator=slub profile=safe debug=F misuse=1",
		      "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
		      "p0 = virt_to_page o1 0\n"
		      "kfree p0\n",
		      "", "");
}

static void test_only_the_era_counts_raw(void **state)
{
	(void)state;
	harness_check("arch=x86 " SLUB, "o0 = kmalloc 64 GFP_KERNEL\npage_count_inc o0\nput_page o0\n", "12", "");
	harness_check("arch=x86 " SLUB " dma=era", "o0 = kmalloc 64 GFP_KERNEL\npage_count_inc o0\nput_page o0\n", "",
		      "");
	/* Page 1 of a slab of SLAB: up and down again frees it, unless it was raised raw around that. */
	harness_check("arch=x86 allocator=slab profile=2.6.22 dma=era",
		      "o0 = kmalloc 8192 GFP_KERNEL\n"
		      "p0 = virt_to_page o0 4096\n"
		      "page_count_inc p0\n"
		      "get_page p0\n"
		      "put_page p0\n"
		      "page_mapping p0\n",
		      "", "");
	harness_check("arch=x86 allocator=slab profile=2.6.22 dma=era",
		      "o0 = kmalloc 8192 GFP_KERNEL\n"
		      "p0 = virt_to_page o0 4096\n"
		      "get_page p0\n"
		      "put_page p0\n",
		      "", "use-after-free/slab/object/put_page");
}

static void test_a_device_reads_through_a_page(void **state)
{
	static const char ops[] = "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
				  "p0 = virt_to_page o1 0\n"
				  "m0 = dma_map p0 0 64 TO_DEVICE\n"  /* the bytes of o0 */
				  "m1 = dma_map p0 64 64 TO_DEVICE\n" /* those of o1 */
				  "kfree o1\n"                        /* no reference yet */
				  "get_page p0\n"
				  "obj_write o1 0 8 0x11\n" /* the device's */
				  "kfree o1\n"
				  "m2 = dma_map p0 64 64 FROM_DEVICE\n" /* to read is all that a reference allows */
				  "put_page p0\n"                       /* the device still needs it */
				  "dma_unmap m1\n"
				  "put_page p0\n";

	(void)state;
	harness_check("arch=x86 " SLUB " dma=era", ops, "24689", "");
	/* By the book drivers map objects. */
	harness_check("arch=x86 " SLUB, ops, "23567891011", "");
}

static void test_lines_may_be_required(void **state)
{
	static const char ops[] = "o0 = kmalloc 64 GFP_KERNEL\n"
				  "m0 = dma_map o0 0 16 FROM_DEVICE\n"
				  "m1 = dma_map o0 16 32 FROM_DEVICE\n"
				  "m2 = dma_map o0 32 32 FROM_DEVICE\n"
				  "dma_unmap m0\n"
				  "dma_unmap m1\n"
				  "dma_unmap m2\n";

	(void)state;
	harness_check("arch=arm926 " SLUB " dma=era policy.require_line_alignment=on", ops, "45", "");
	harness_check("arch=x86 " SLUB " dma=era policy.require_line_alignment=on", ops, "36", "");
}

static void test_freed_objects_are_read_in_misuse_worlds_only(void **state)
{
	static const char ops[] = "o0 = kmalloc 64 GFP_KERNEL repeat=2\n"
				  "kfree o0\n"
				  "obj_read o0 0 64\n"
				  "obj_read o0 0 65\n"
				  "obj_read o1 0 64\n";

	(void)state;
	harness_check("arch=arm926 " SLUB, ops, "23", "");
	harness_check("arch=arm926 " SLUB " misuse=1", ops, "3", "use-after-free/client/free-pointer/obj_read");
}

static void test_kmalloc_is_aligned_naturally(void **state)
{
	static const char *const names[] = {"slub", "slab"};
	char world[120];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned on = 0; on < 2; on++) {
			const struct object *o = harness_session()->executor.objects;
			unsigned aligned = 0;

			snprintf(world, sizeof(world), "arch=arm926 allocator=%s debug=FZPU policy.natural_align=%s",
				 names[i], on ? "on" : "off");
			harness_check(world,
				      "o0 = kmalloc 256 GFP_KERNEL repeat=8\no8 = kmalloc 4096 GFP_KERNEL repeat=8\n",
				      "", "");
			for (unsigned n = 0; n < 8; n++)
				aligned += o[n].addr % 256 == 0;
			assert_int_equal(aligned == 8, on);
			for (unsigned n = 8; n < 16; n++)
				assert_int_equal(o[n].addr % 4096, 0);
		}
	}
}

static void test_the_owner_drops_its_reference_once_and_of_one_page(void **state)
{
	(void)state;
	harness_check("arch=arm926 allocator=slub profile=safe drain=1",
		      "p0 = alloc_pages 0 GFP_KERNEL\nput_page p0\nput_page p0\nfree_pages p0\n", "23", "");
	harness_check("arch=arm926 allocator=slub profile=safe drain=1",
		      "p0 = alloc_pages 2 GFP_KERNEL|__GFP_COMP\nget_page p0\nput_page p0\nput_page p0\n", "", "");
	harness_check("arch=arm926 allocator=slub profile=safe", "p0 = alloc_pages 1 GFP_KERNEL\nput_page p0\n", "1",
		      "");
	/* A device writes it. */
	harness_check("arch=arm926 allocator=slub profile=safe",
		      "p0 = alloc_pages 0 GFP_KERNEL\nm0 = dma_map p0 0 4096 FROM_DEVICE\nput_page p0\n", "2", "");
	harness_check("arch=arm926 allocator=slub profile=safe misuse=1 drain=1",
		      "p0 = alloc_pages 1 GFP_KERNEL\nput_page p0\n", "", "leak/client/page/put_page");
	assert_int_equal(harness_session()->world.findings.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_of_an_object_is_named_while_it_lives),
		cmocka_unit_test(test_a_reference_keeps_its_name),
		cmocka_unit_test(test_the_page_is_not_the_clients_to_free),
		cmocka_unit_test(test_only_the_era_counts_raw),
		cmocka_unit_test(test_a_device_reads_through_a_page),
		cmocka_unit_test(test_lines_may_be_required),
		cmocka_unit_test(test_freed_objects_are_read_in_misuse_worlds_only),
		cmocka_unit_test(test_kmalloc_is_aligned_naturally),
		cmocka_unit_test(test_the_owner_drops_its_reference_once_and_of_one_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
