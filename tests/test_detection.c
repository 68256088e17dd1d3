/* SPDX-License-Identifier: MIT */
/*
 * What contracts promise to detect.  Each row of SLUB's and SLAB's tables: a program that commits the misuse, the text
 * that the allocator then says, and silence of the oracle.  The oracle's own bite is shown by tests/planted/detect-*.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness.h"

struct example {
	const char *world, *ops, *kind, *words; /* words NULL: silent */
};

#define CACHE                                                                                                          \
	"c0 = kmem_cache_create 60 0 0\n"                                                                              \
	"o0 = kmem_cache_alloc c0 GFP_KERNEL repeat=3\n"

static const struct example examples[] = {
	/* SLUB */
	{"allocator=slub debug=F", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free",
	 "already free"},
	{"allocator=slub debug=U", CACHE "kmem_cache_free c0 o0\nkmem_cache_free c0 o0\n", "double-free",
	 "already free"},
	{"allocator=slub debug=F", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree_at o0 8\n", "interior-free",
	 "Invalid object pointer"},
	{"allocator=slub", CACHE "c1 = kmem_cache_create 300 0 0\nkmem_cache_free c1 o0\n", "wrong-cache",
	 "belongs to slab"},
	{"profile=2.6.22 allocator=slub debug=Z", CACHE "c1 = kmem_cache_create 60 0 0\nkmem_cache_free c1 o0\n",
	 "wrong-cache", "belongs to slab"},
	{"allocator=slub debug=P",
	 CACHE "kmem_cache_free c0 o0\nobj_write o0 0 4 0x11\n"
	       "o3 = kmem_cache_alloc c0 GFP_KERNEL\n",
	 "write-after-free", "Poison check failed"},
	{"allocator=slub debug=P", CACHE "kmem_cache_free c0 o0\nobj_write o0 59 1 0x11\ncache_validate c0\n",
	 "write-after-free", "Poison check failed"},
	{"allocator=slub debug=P",
	 CACHE "kmem_cache_free c0 o0 repeat=3\nobj_write o0 0 4 0x11\nkmem_cache_shrink c0\n", "write-after-free",
	 "Poison check failed"},
	{"allocator=slub debug=Z", CACHE "obj_write o0 60 1 0x11\nkmem_cache_free c0 o0\n", "overflow",
	 "Redzone Active"},
	{"allocator=slub debug=ZU", CACHE "obj_write o0 60 4 0x11\ncache_validate c0\n", "overflow", "Redzone Active"},
	{"allocator=slub debug=P", CACHE "kmem_cache_destroy c0\n", "destroy-live", "still has objects"},
	{"allocator=slub debug=Z policy.slub_report=2.6.23", CACHE "obj_write o0 60 1 0x11\nkmem_cache_free c0 o0\n",
	 "overflow", "Redzone overwritten"},
	{"allocator=slub debug=P policy.slub_report=2.6.23",
	 CACHE "kmem_cache_free c0 o0\nobj_write o0 59 1 0x11\ncache_validate c0\n", "write-after-free",
	 "Poison overwritten"},
	{"allocator=slub debug=F policy.slub_report=2.6.23",
	 "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free", "already free"},
	{"allocator=slub", "p0 = alloc_pages 0 GFP_KERNEL\nkfree p0\n", "non-slab-free", "Not a valid slab page"},
	{"allocator=slub debug=Z", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nobj_write o0 64 1 0x11\nkfree o0\n",
	 "overflow", "Redzone Active"},
	/* SLAB */
	{"allocator=slab debug=Z", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free",
	 "double free detected"},
	{"allocator=slab debug=F", CACHE "kmem_cache_free c0 o0\nkmem_cache_free c0 o0\nkmem_cache_shrink c0\n",
	 "double-free", "slab: double free detected in cache"},
	/* The slab goes before the second of its buffers comes. */
	{"allocator=slab debug=F",
	 "c0 = kmem_cache_create 2048 0 0\no0 = kmem_cache_alloc c0 GFP_KERNEL repeat=40\n"
	 "kmem_cache_free c0 o39\nkmem_cache_free c0 o39\nkmem_cache_shrink c0\n",
	 "double-free", ""},
	{"allocator=slab debug=F", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree_at o0 8\n", "interior-free",
	 "not the start of an object"},
	{"allocator=slab", CACHE "c1 = kmem_cache_create 300 0 0\nkmem_cache_free c1 o0\n", "wrong-cache",
	 "object of another kmem_cache"},
	{"allocator=slab debug=P",
	 CACHE "kmem_cache_free c0 o0\nobj_write o0 0 4 0x11\n"
	       "o3 = kmem_cache_alloc c0 GFP_KERNEL\n",
	 "write-after-free", "Slab corruption"},
	{"allocator=slab debug=P",
	 CACHE "kmem_cache_free c0 o0 repeat=3\nobj_write o0 0 4 0x11\nkmem_cache_shrink c0\n", "write-after-free",
	 "Slab corruption"},
	{"allocator=slab debug=Z",
	 "c0 = kmem_cache_create 64 0 0\no0 = kmem_cache_alloc c0 GFP_KERNEL\n"
	 "obj_write o0 64 1 0x11\nkmem_cache_free c0 o0\n",
	 "overflow", "memory outside object was overwritten"},
	{"allocator=slab debug=Z", CACHE "obj_write o0 65535 1 0x11\nkmem_cache_free c0 o0\n", "underflow",
	 "memory outside object was overwritten"},
	{"allocator=slab debug=Z", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nobj_write o0 64 1 0x11\nkfree o0\n",
	 "overflow", "memory outside object was overwritten"},
	{"allocator=slab debug=Z", "o0 = kmalloc 60 GFP_KERNEL repeat=2\nobj_write o0 65535 1 0x11\nkfree o0\n",
	 "underflow", "memory outside object was overwritten"},
	{"allocator=slab", CACHE "kmem_cache_destroy c0\n", "destroy-live", "Can't free all objects"},
	{"allocator=slab", "p0 = alloc_pages 0 GFP_KERNEL\nkfree p0\n", "non-slab-free", "not PageSlab"},
	/* Silent by design.  The buffer is handed out twice before it reaches its slab. */
	{"allocator=slab debug=F",
	 CACHE "kmem_cache_free c0 o0\nkmem_cache_free c0 o0\no3 = kmem_cache_alloc c0 GFP_KERNEL repeat=2\n"
	       "kmem_cache_shrink c0\n",
	 "double-free", NULL},
	/* Red zones begin where the size of kmalloc ends. */
	{"allocator=slub debug=FZPU", "o0 = kmalloc 60 GFP_KERNEL repeat=2\nobj_write o0 60 4 0x11\nkfree o0\n",
	 "overflow", NULL},
	{"allocator=slub debug=Z", "o0 = kmalloc 80 GFP_KERNEL repeat=2\nobj_write o0 80 4 0x11\nkfree o0\n",
	 "overflow", NULL},
	{"allocator=slab debug=FZPU", "o0 = kmalloc 60 GFP_KERNEL repeat=2\nobj_write o0 60 4 0x11\nkfree o0\n",
	 "overflow", NULL},
	{"allocator=slab debug=Z", "o0 = kmalloc 0 GFP_KERNEL repeat=2\nobj_write o0 0 4 0x11\nkfree o0\n", "overflow",
	 NULL},
	{"allocator=slab debug=Z",
	 "o0 = kmalloc 64 GFP_KERNEL repeat=2\no2 = krealloc o0 32 GFP_KERNEL\nobj_write o2 32 4 0x11\nkfree o2\n",
	 "overflow", NULL},
	{"allocator=slob-2622", "o0 = kmalloc 60 GFP_KERNEL repeat=2\nobj_write o0 60 4 0x11\nkfree o0\n", "overflow",
	 NULL},
	{"allocator=slob-2624", "o0 = kmalloc 62 GFP_KERNEL repeat=2\nobj_write o0 62 2 0x11\nkfree o0\n", "overflow",
	 NULL},
	{"allocator=slub", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free", NULL},
	{"allocator=slab", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free", NULL},
	{"profile=2.6.22 allocator=slub debug=P",
	 CACHE "kmem_cache_free c0 o0 repeat=3\nobj_write o0 0 4 0x11\nkmem_cache_shrink c0\n", "write-after-free",
	 NULL},
	{"profile=2.6.22 allocator=slub", CACHE "c1 = kmem_cache_create 300 0 0\nkmem_cache_free c1 o0\n",
	 "wrong-cache", NULL},
	{"allocator=slub debug=FZPU",
	 CACHE "kmem_cache_free c0 o0\nobj_write o0 0 4 0x6b\n"
	       "o3 = kmem_cache_alloc c0 GFP_KERNEL\n",
	 "write-after-free", NULL},
	{"allocator=slub debug=FZ", CACHE "obj_write o1 65535 1 0x11\nkmem_cache_free c0 o1\n", "underflow", NULL},
	{"allocator=slub debug=FZPU",
	 "c0 = kmem_cache_create 60 0 DESTROY_BY_RCU\n"
	 "o0 = kmem_cache_alloc c0 GFP_KERNEL repeat=2\nkmem_cache_free c0 o0\n"
	 "obj_write o0 8 4 0x11\n",
	 "rcu-use", NULL},
	{"allocator=slob-2622", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free", NULL},
	{"allocator=slob-2624", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", "double-free", NULL},
	{"allocator=slob-2622", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nobj_write o0 32 4 0x11\n",
	 "write-after-free", NULL},
	{"allocator=slob-2624", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nobj_write o0 32 4 0x11\n",
	 "write-after-free", NULL},
	{"allocator=slob-2622", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree_at o0 16\n", "interior-free", NULL},
	{"allocator=slob-2624", "o0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree_at o0 16\n", "interior-free", NULL},
	{"allocator=slob-2622", CACHE "c1 = kmem_cache_create 60 0 0\nkmem_cache_free c1 o0\n", "wrong-cache", NULL},
	{"allocator=slob-2624", CACHE "c1 = kmem_cache_create 60 0 0\nkmem_cache_free c1 o0\n", "wrong-cache", NULL},
	{"allocator=slob-2622", CACHE "kmem_cache_destroy c0\n", "destroy-live", NULL},
	{"allocator=slob-2624", CACHE "kmem_cache_destroy c0\n", "destroy-live", NULL},
	{"allocator=slab debug=FZPU",
	 "c0 = kmem_cache_create 60 0 DESTROY_BY_RCU\n"
	 "o0 = kmem_cache_alloc c0 GFP_KERNEL repeat=2\nkmem_cache_free c0 o0\n"
	 "obj_write o0 8 4 0x11\n",
	 "rcu-use", NULL},
};

/* What the code under test itself says. */
static const char *first_complaint(const char *log)
{
	static const char *const kinds[] = {"report ", "kernel-bug ", "oops "};

	for (const char *line = log; *line;) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (!strncmp(line, kinds[i], strlen(kinds[i])))
				return line;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

static void each_promise_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		char text[1024], *log;

		snprintf(text, sizeof(text), "world arch=arm926 misuse=1 %s\n%s", e->world, e->ops);
		log = harness_events(text);
		if (!strstr(log, "misuse"))
			fail_msg("example %zu commits no misuse:\n%s%s", i, text, log);
		if (e->words && !strstr(log, e->words))
			fail_msg("example %zu does not say \"%s\":\n%s%s", i, e->words, text, log);
		if (!e->words && first_complaint(log))
			fail_msg("example %zu is not silent:\n%s%s", i, text, first_complaint(log));
		free(log);
		harness_run(text, NULL);
		if (harness_found("missed-detection"))
			fail_msg("example %zu:\n%s%s", i, text, harness_signatures());
	}
}

/* What kmalloc() rounded a request up to says where its red zone is. */
static void red_zones_of_kmalloc_are_demanded(void **state)
{
	(void)state;
	harness_run("world arch=x86 allocator=slub+detect-redzone-skipped profile=safe debug=FZPU misuse=1\n"
		    "o0 = kmalloc 64 GFP_KERNEL repeat=2\nobj_write o0 64 8 0x11\nkfree o0\n",
		    NULL);
	assert_true(harness_found("missed-detection/slub/overflow/kfree"));
	harness_run("world arch=x86 allocator=slub+detect-redzone-skipped profile=safe debug=FZPU misuse=1\n"
		    "o0 = kmalloc 60 GFP_KERNEL repeat=2\nobj_write o0 60 4 0x11\nkfree o0\n",
		    NULL);
	assert_false(harness_found("missed-detection"));
}

/* The detail of the first finding is the whole report, down to its last line. */
static void reports_reach_their_evidence(void **state)
{
	const struct findings *findings = &harness_session()->world.findings;

	(void)state;
	harness_run("world arch=arm926 allocator=slub profile=2.6.22 debug=FZPU misuse=1\n"
		    "o0 = kmalloc 512 GFP_KERNEL repeat=2\nobj_write o0 508 8 0xa5\nkfree o0\n",
		    NULL);
	assert_true(harness_found("redzone-overwritten/slub/object/kfree"));
	assert_non_null(strstr(findings->list[0].detail, "\n   Redzone 0x50000:200:  a5 a5 a5 a5"));
	assert_non_null(strstr(findings->list[0].detail, "\n@@@ SLUB kmalloc-512: Restoring Redzone (0xcc) from"));
	harness_run("world arch=arm926 allocator=slab profile=2.6.22 debug=FZPU misuse=1\n"
		    "o0 = kmalloc 256 GFP_KERNEL\nkfree o0\nobj_write o0 0 256 0xa5\no1 = kmalloc 256 GFP_KERNEL\n",
		    NULL);
	assert_true(harness_found("poison-overwritten/slab/object/kmalloc"));
	assert_non_null(strstr(findings->list[0].detail, "\n050: a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5\n"
							 "Prev obj: start="));
	assert_null(strstr(findings->list[0].detail, "..."));
}

/* A contract that promises more than the allocator does: the oracle must not believe it. */
static void a_broken_promise_is_found(void **state)
{
	extern const struct allocator_ops allocator_slub;
	struct allocator_ops ops = allocator_slub;
	static const struct detection_row eager[] = {
		{.kind = MISUSE_double_free, .when = DETECT_AT_ONCE, .words = "already free"}, {.words = NULL}};
	static const struct detection_row misnamed[] = {
		{.kind = MISUSE_double_free, .any = DEBUG_F, .when = DETECT_AT_ONCE, .words = "freed twice"},
		{.words = NULL}};

	(void)state;
	ops.contract.detects = eager;
	harness_run("world arch=x86 misuse=1\no0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", &ops);
	assert_true(harness_found("missed-detection/slub/double-free/kfree"));
	ops.contract.detects = misnamed;
	harness_run("world arch=x86 misuse=1 debug=F\no0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", &ops);
	assert_true(harness_found("missed-detection/slub/double-free/kfree"));
	harness_run("world arch=x86 misuse=1\no0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\n", &ops);
	assert_false(harness_found("missed-detection"));
	/* Legal worlds are not judged. */
	harness_run("world arch=x86\no0 = kmalloc 64 GFP_KERNEL repeat=2\nkfree o0\nkfree o0\n", &ops);
	assert_false(harness_found("missed-detection"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_promise_is_kept),
		cmocka_unit_test(red_zones_of_kmalloc_are_demanded),
		cmocka_unit_test(reports_reach_their_evidence),
		cmocka_unit_test(a_broken_promise_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
