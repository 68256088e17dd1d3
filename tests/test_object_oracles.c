/* SPDX-License-Identifier: MIT */
/*
 * object_bounds, allocator_invariants, failure_atomicity, refcount and capacity: each finds its planted situations and
 * stays silent at their innocent neighbours.
 */
#include "tests/oracle_rig.h"

/* object_bounds */

static void test_misaligned_objects_are_found(void **state)
{
	(void)state;
	start("x86");
	rig.ops.contract.align_min = 8;
	object(rig.page + 8, 24);
	expect(0);
	object(rig.page + 36, 8);
	expect(1, "misaligned/toy/object/kmalloc");
}

/* An object of created kmem_cache 0, filled or fenced by the toy before it is handed out. */
static uint32_t cache_object(target_addr_t addr, uint64_t size)
{
	uint32_t handle = rig.count++;

	rig.objects[handle] = (struct object){
		.addr = addr, .size = size, .client = handle, .state = OBJECT_LIVE, .origin = {ORIGIN_CREATED, 0}};
	emit((struct event){.kind = EVENT_OBJECT_ALLOC, .addr = addr, .size = size, .id = handle, .value = 1});
	return handle;
}

static void create_cache(uint64_t size, uint32_t align, uint32_t flags)
{
	op("kmem_cache_create");
	emit((struct event){
		.kind = EVENT_CACHE_CREATE, .addr = 1, .size = size, .value = align | (uint64_t)flags << 32});
}

static void test_alignment_of_a_kmem_cache_counts_for_its_objects(void **state)
{
	(void)state;
	start("x86");
	rig.ops.contract.align_min = 8;
	create_cache(20, 64, 0);
	op("kmem_cache_alloc");
	cache_object(rig.page + 64, 20);
	expect(0);
	cache_object(rig.page + 96, 20);
	expect(1, "misaligned/toy/object/kmem_cache_alloc");
	create_cache(20, 0, 0);
	op("kmem_cache_alloc");
	cache_object(rig.page + 140, 20);
	expect(0);
}

static void zeroed(target_addr_t addr, uint64_t size, const char *by)
{
	uint32_t handle = rig.count++;

	op(by);
	rig.objects[handle] = (struct object){.addr = addr,
					      .size = size,
					      .client = handle,
					      .state = OBJECT_LIVE,
					      .birth = strcmp(by, "kmalloc") ? BIRTH_ZEROED : BIRTH_PLAIN};
	emit((struct event){.kind = EVENT_OBJECT_ALLOC, .addr = addr, .size = size, .id = handle});
}

static void test_memory_promised_zero_is_zero(void **state)
{
	(void)state;
	start("x86");
	target_fill(&rig.sim, rig.page + 200, 1, 7, ROLE_NONE);
	zeroed(rig.page, 64, "kzalloc");
	zeroed(rig.page + 128, 73, "kmalloc");
	expect(0);
	zeroed(rig.page + 140, 61, "kcalloc");
	expect(2, "overlap/toy/object/kcalloc", "not-zeroed/toy/object/kcalloc");
}

/* The toy poisons what it frees and what it hands out, or forgets to. */
static void poison(target_addr_t addr, uint64_t size)
{
	target_fill(&rig.sim, addr, size, POISON_FREE, ROLE_NONE);
	target_fill(&rig.sim, addr + size - 1, 1, POISON_END, ROLE_NONE);
}

static void start_poisoning(void)
{
	start("x86");
	rig.toy.debug = DEBUG_P;
	rig.ops.contract.poison_alloc = rig.ops.contract.poison_free = POISON_FREE;
}

static void test_freed_and_new_objects_are_poisoned(void **state)
{
	uint32_t a, b;

	(void)state;
	start_poisoning();
	poison(rig.page, 64);
	a = object(rig.page, 60);
	poison(rig.page + 64, 64);
	b = object(rig.page + 64, 64);
	store(a, 1);
	release(a);
	poison(rig.page, 64);
	op("obj_read");
	expect(0);
	store(b, 1);
	release(b);
	op("obj_read");
	expect(1, "poison-overwritten/toy/free-object/kfree");
	object(rig.page + 256, 8);
	expect(1, "poison-overwritten/toy/object/kmalloc");
}

static void test_poison_is_asked_only_where_it_is_promised(void **state)
{
	uint32_t a;

	(void)state;
	start_poisoning();
	create_cache(64, 0, (uint32_t)SLAB_CTOR);
	op("kmem_cache_alloc");
	a = cache_object(rig.page, 64);
	release(a);
	/* Its page goes in the same op. */
	rig.toy.debug = 0;
	a = object(rig.page + 512, 16);
	rig.toy.debug = DEBUG_P;
	release(a);
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	op("obj_read");
	/* Debugging of some caches only. */
	rig.page = page_address(alloc_pages(&rig.sim, 0, 0));
	snprintf(rig.toy.debug_prefix, sizeof(rig.toy.debug_prefix), "dentry");
	object(rig.page + 512, 8);
	expect(0);
}

static void test_red_zone_says_whether_an_object_is_live(void **state)
{
	uint32_t a;

	(void)state;
	start("arm926");
	rig.toy.debug = DEBUG_Z;
	rig.ops.contract.redzone = (struct redzone_contract){.live = SLUB_RED_ACTIVE, .freed = SLUB_RED_INACTIVE};
	create_cache(13, 0, 0);
	target_fill(&rig.sim, rig.page + 13, 3, SLUB_RED_ACTIVE, ROLE_REDZONE);
	op("kmem_cache_alloc");
	a = cache_object(rig.page, 13);
	release(a);
	target_fill(&rig.sim, rig.page + 13, 3, SLUB_RED_INACTIVE, ROLE_REDZONE);
	op("obj_read");
	expect(0);
	/* Not armed again: one byte of three. */
	target_fill(&rig.sim, rig.page + 13, 2, SLUB_RED_ACTIVE, ROLE_REDZONE);
	op("kmem_cache_alloc");
	cache_object(rig.page, 13);
	expect(1, "redzone-overwritten/toy/redzone/kmem_cache_alloc");
}

static void test_red_words_lie_before_and_behind(void **state)
{
	static const uint64_t live = UINT64_C(0xD84156C5635688C0), freed = UINT64_C(0x09F911029D74E35B);

	(void)state;
	start("ppc8xx"); /* big endian */
	rig.toy.debug = DEBUG_Z;
	rig.ops.contract.redzone = (struct redzone_contract){.live = live, .freed = freed, .width = 8, .before = true};
	create_cache(20, 0, 0);
	target_store(&rig.sim, rig.page, 8, live, ROLE_REDZONE);
	target_store(&rig.sim, rig.page + 32, 8, live, ROLE_REDZONE);
	op("kmem_cache_alloc");
	cache_object(rig.page + 8, 20);
	expect(0);
	target_store(&rig.sim, rig.page + 64, 8, freed, ROLE_REDZONE);
	target_store(&rig.sim, rig.page + 96, 8, live, ROLE_REDZONE);
	cache_object(rig.page + 72, 20);
	expect(1, "redzone-overwritten/toy/redzone/kmem_cache_alloc");
}

/* allocator_invariants */

static void test_broken_invariants_are_found_at_the_end_and_every_16th_op(void **state)
{
	(void)state;
	start("x86");
	for (unsigned i = 0; i < 13; i++)
		op("obj_read");
	rig.broken = "nr_partial is wrong";
	op("obj_read");
	op("obj_read");
	expect(0);
	op("obj_read");
	expect(1, "invariant-broken/toy/nr_partial-is-wrong/check");
	op("obj_read");
	finish();
	expect(1, "invariant-broken/toy/nr_partial-is-wrong/check");
}

static void test_invariants_rest_inside_ops_and_after_damage(void **state)
{
	(void)state;
	start("x86");
	rig.broken = "list";
	/* Ops of an interrupt block, inside one op. */
	for (unsigned i = 0; i < 40; i++) {
		emit((struct event){.kind = EVENT_OP_BEGIN, .text = "irq"});
		emit((struct event){.kind = EVENT_OP_END, .text = "ok"});
	}
	expect(0);
	emit((struct event){.kind = EVENT_OOPS, .addr = 13, .text = "x"});
	expect(1, "oops/toy/pointer/alloc_pages");
	finish();
	expect(0);
	start("x86");
	rig.broken = "list";
	rig.context.misuse = true;
	finish();
	rig.context.misuse = false;
	expect(0);
}

/* failure_atomicity */

static void fails(void)
{
	emit((struct event){.kind = EVENT_OP_END, .id = rig.sim.op, .text = "failed", .value = RESULT_FAILED});
	rig.under_way = false;
}

static void test_a_failed_op_keeps_no_pages(void **state)
{
	frame_t frame;

	(void)state;
	start("x86");
	op("kmalloc");
	frame = alloc_pages(&rig.sim, 0, 1);
	free_pages(&rig.sim, frame, 1);
	fails();
	/* Memory that an earlier op took may go. */
	op("kmalloc");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	fails();
	expect(0);
	op("kmalloc");
	alloc_pages(&rig.sim, 0, 2);
	fails();
	expect(1, "state-changed-by-failure/toy/page/kmalloc");
}

static void test_an_interrupt_and_partial_success_are_no_failure(void **state)
{
	(void)state;
	start("x86");
	op("kmalloc");
	emit((struct event){.kind = EVENT_OP_BEGIN, .text = "kmalloc"});
	alloc_pages(&rig.sim, 0, 0);
	emit((struct event){.kind = EVENT_OP_END, .text = "ok"});
	fails();
	expect(0);
	op("kmalloc");
	rig.page = page_address(alloc_pages(&rig.sim, 0, 0));
	rig.objects[0] = (struct object){.addr = rig.page, .size = 8, .state = OBJECT_LIVE};
	rig.count = 1;
	emit((struct event){.kind = EVENT_OBJECT_ALLOC, .addr = rig.page, .size = 8});
	fails();
	expect(0);
}

/* refcount */

static void reference(enum event_kind kind, frame_t frame)
{
	op(kind == EVENT_PAGE_GET ? "get_page" : "put_page");
	emit((struct event){.kind = kind, .addr = page_address(frame)});
	if (kind == EVENT_PAGE_GET)
		get_page(&rig.sim, frame);
}

static void test_a_page_stays_while_references_are_held(void **state)
{
	frame_t frame;

	(void)state;
	start("x86");
	frame = alloc_pages(&rig.sim, GFP_COMP, 1);
	reference(EVENT_PAGE_GET, frame + 1);
	op("free_pages");
	free_pages(&rig.sim, frame, 1);
	reference(EVENT_PAGE_PUT, frame + 1);
	put_page(&rig.sim, frame + 1);
	expect(0);
	frame = alloc_pages(&rig.sim, GFP_COMP, 1);
	reference(EVENT_PAGE_GET, frame + 1);
	op("free_pages");
	page_count_set_raw(&rig.sim, frame, 1); /* the reference was not counted */
	free_pages(&rig.sim, frame, 1);
	expect(1, "refcount-underflow/toy/page/free_pages");
}

static void test_only_holders_drop_references(void **state)
{
	frame_t frame;

	(void)state;
	start("x86");
	frame = alloc_pages(&rig.sim, 0, 0);
	reference(EVENT_PAGE_GET, frame);
	reference(EVENT_PAGE_PUT, frame);
	expect(0);
	reference(EVENT_PAGE_PUT, frame);
	expect(1, "refcount-underflow/client/page/put_page");
}

/* capacity */

static void test_pages_left_when_all_is_freed_are_leaked(void **state)
{
	(void)state;
	start("x86");
	op("drain");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	emit((struct event){.kind = EVENT_DRAINED});
	emit((struct event){.kind = EVENT_PROBE, .size = 64, .value = 1});
	expect(0);
	alloc_pages(&rig.sim, 0, 1);
	emit((struct event){.kind = EVENT_DRAINED});
	expect(1, "leak/toy/page/drain");
	emit((struct event){.kind = EVENT_PROBE, .size = 64, .value = 0});
	expect(1, "capacity-lost/toy/object/drain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misaligned_objects_are_found),
		cmocka_unit_test(test_alignment_of_a_kmem_cache_counts_for_its_objects),
		cmocka_unit_test(test_memory_promised_zero_is_zero),
		cmocka_unit_test(test_freed_and_new_objects_are_poisoned),
		cmocka_unit_test(test_poison_is_asked_only_where_it_is_promised),
		cmocka_unit_test(test_red_zone_says_whether_an_object_is_live),
		cmocka_unit_test(test_red_words_lie_before_and_behind),
		cmocka_unit_test(test_broken_invariants_are_found_at_the_end_and_every_16th_op),
		cmocka_unit_test(test_invariants_rest_inside_ops_and_after_damage),
		cmocka_unit_test(test_a_failed_op_keeps_no_pages),
		cmocka_unit_test(test_an_interrupt_and_partial_success_are_no_failure),
		cmocka_unit_test(test_a_page_stays_while_references_are_held),
		cmocka_unit_test(test_only_holders_drop_references),
		cmocka_unit_test(test_pages_left_when_all_is_freed_are_leaked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
