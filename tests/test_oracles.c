/* SPDX-License-Identifier: MIT */
/*
 * Every oracle finds its planted situations and stays silent at their innocent neighbours.  The machine is real (sim/,
 * backends/); the executor and the allocator are played by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/cache.h"
#include "backends/dma.h"
#include "backends/mapping.h"
#include "oracles/oracle.h"
#include "sim/page.h"

extern const struct oracle oracle_object_lifetime, oracle_page_overlay, oracle_cacheline_overlap, oracle_kernel_report;

enum { ORACLES = 4, OBJECTS = 32 };

static const struct oracle *const oracles[ORACLES] = {&oracle_object_lifetime, &oracle_page_overlay,
						      &oracle_cacheline_overlap, &oracle_kernel_report};

static struct rig {
	struct sim sim;
	uint8_t policy[POLICY_COUNT];
	struct object objects[OBJECTS];
	uint32_t count;
	struct oracle_context context;
	void *state[ORACLES];
	struct findings findings;
	target_addr_t page; /* a page of the allocator */
} rig;

static void observe(void *context, const struct event *event)
{
	(void)context;
	for (unsigned i = 0; i < ORACLES; i++)
		if (oracles[i]->wants >> event->kind & 1)
			oracles[i]->observe(rig.state[i], &rig.context, event, &rig.findings);
}

static void emit(struct event event)
{
	sim_emit(&rig.sim, &event);
}

/* The op under way from here on. */
static void op(const char *by)
{
	emit((struct event){.kind = EVENT_OP_END, .id = rig.sim.op});
	rig.sim.by = by;
	rig.sim.op++;
	emit((struct event){.kind = EVENT_OP_BEGIN, .id = rig.sim.op, .text = by});
}

/* A new program on an arch row; `page` is one page of the allocator, from which tests carve objects. */
static void start(const char *arch)
{
	struct sim_config config = {.arch = arch_by_name(arch), .actor = "toy", .policy = rig.policy, .ram_frames = 64};

	assert_non_null(config.arch);
	rig.sim.observe = NULL;
	sim_configure(&rig.sim, &config);
	memset(rig.objects, 0, sizeof(rig.objects));
	rig.count = 0;
	rig.findings.count = 0;
	for (unsigned i = 0; i < ORACLES; i++)
		oracles[i]->begin(rig.state[i], &rig.context);
	rig.sim.observe = observe;
	op("alloc_pages");
	rig.page = page_address(alloc_pages(&rig.sim, 0, 0));
}

/* An object that the toy allocator returns; its op is its client. */
static uint32_t object(target_addr_t addr, uint64_t size)
{
	uint32_t handle = rig.count++;

	op("kmalloc");
	rig.objects[handle] = (struct object){.addr = addr, .size = size, .client = rig.sim.op, .state = OBJECT_LIVE};
	emit((struct event){.kind = EVENT_OBJECT_ALLOC, .addr = addr, .size = size, .id = handle});
	return handle;
}

static void release(uint32_t handle)
{
	struct object *o = &rig.objects[handle];

	op("kfree");
	emit((struct event){.kind = EVENT_OBJECT_FREE, .addr = o->addr, .size = o->size, .id = handle});
	o->state = OBJECT_FREED;
	o->freed_by = rig.sim.op;
}

static void store(uint32_t handle, uint8_t value)
{
	struct object *o = &rig.objects[handle];

	op("obj_write");
	target_fill(&rig.sim, o->addr, o->size, value, ROLE_NONE);
	emit((struct event){
		.kind = EVENT_OBJECT_WRITE, .addr = o->addr, .size = o->size, .value = value, .id = handle});
}

static void load(uint32_t handle)
{
	struct object *o = &rig.objects[handle];

	op("obj_read");
	emit((struct event){.kind = EVENT_OBJECT_READ, .addr = o->addr, .size = o->size, .id = handle});
	for (uint64_t i = 0; i < o->size; i++)
		target_load(&rig.sim, o->addr + i, 1);
}

static void map(uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	op("dma_map");
	dma_map_single(&rig.sim, id, addr, size, direction);
}

static void unmap(uint32_t id, target_addr_t addr, uint64_t size, enum dma_direction direction)
{
	op("dma_unmap");
	dma_unmap_single(&rig.sim, id, addr, size, direction);
}

static void device(uint32_t id, target_addr_t addr, uint64_t size, uint8_t value)
{
	op("device_write");
	device_write(&rig.sim, id, addr, size, value);
}

static void evict(target_addr_t addr, uint64_t size)
{
	op("cache_evict");
	cache_evict(&rig.sim, addr, size);
}

static void flush_page(const char *text)
{
	op("flush_dcache_page");
	emit((struct event){.kind = EVENT_FLUSH_PAGE, .addr = rig.page, .size = PAGE_SIZE, .text = text});
}

/* Exactly these signatures, in order; then the list is empty again. */
static void expect(unsigned count, ...)
{
	va_list args;

	va_start(args, count);
	for (unsigned i = 0; i < count; i++) {
		const char *want = va_arg(args, const char *);

		if (i >= rig.findings.count)
			fail_msg("missing: %s", want);
		assert_string_equal(rig.findings.list[i].signature, want);
	}
	va_end(args);
	if (rig.findings.count > count)
		fail_msg("not expected: %s\n%s", rig.findings.list[count].signature, rig.findings.list[count].detail);
	rig.findings.count = 0;
}

static int setup(void **state)
{
	(void)state;
	if (!sim_create(&rig.sim))
		return -1;
	profile_apply(&profiles[0], rig.policy);
	memset(rig.policy, 0, sizeof(rig.policy));
	rig.context = (struct oracle_context){.sim = &rig.sim, .objects = rig.objects, .object_count = &rig.count};
	for (unsigned i = 0; i < ORACLES; i++)
		rig.state[i] = calloc(1, oracles[i]->state_size);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ORACLES; i++) {
		if (oracles[i]->destroy)
			oracles[i]->destroy(rig.state[i]);
		free(rig.state[i]);
	}
	sim_destroy(&rig.sim);
	return 0;
}

/* Findings and owners. */

static struct finding *add(const char *victim, const char *format)
{
	return finding_add(&rig.findings, &rig.context, "test", TITLE_LEAK, "toy", victim, NULL, format ? "%s" : NULL,
			   format);
}

static void test_findings_are_deduplicated_and_bounded(void **state)
{
	char victim[16], text[2 * DETAIL_MAX];
	struct finding *finding;

	(void)state;
	start("x86");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	finding = add("object", text);
	assert_string_equal(finding->signature, "leak/toy/object/-");
	assert_int_equal(strlen(finding->detail), DETAIL_MAX - 1);
	assert_string_equal(finding->detail + DETAIL_MAX - 4, "...");
	finding_detail(finding, "more");
	finding_detail(NULL, "nothing");
	assert_int_equal(strlen(finding->detail), DETAIL_MAX - 1);
	assert_null(add("object", NULL));
	for (int i = 1; i < FINDINGS_MAX; i++) {
		snprintf(victim, sizeof(victim), "v%d", i);
		finding = add(victim, NULL);
		assert_non_null(finding);
		finding_detail(finding, "one %d", 1);
		finding_detail(finding, "two");
		assert_string_equal(finding->detail, "one 1\ntwo");
	}
	assert_null(add("last", NULL));
	assert_int_equal(rig.findings.count, FINDINGS_MAX);
	assert_int_equal(title_rows[TITLE_MISSED_FLUSH].grade, GRADE_HAZARD);
	assert_string_equal(title_rows[TITLE_STATE_CHANGED].name, "state-changed-by-failure");
}

static const char *owner(target_addr_t addr)
{
	return byte_owner_name(&rig.context, addr, NULL);
}

static void test_bytes_have_one_owner(void **state)
{
	uint32_t o;

	(void)state;
	start("ppc8xx");
	assert_string_equal(owner(rig.page), "page");
	target_store(&rig.sim, rig.page, 8, 0, ROLE_FREE_POINTER);
	assert_string_equal(owner(rig.page + 7), "free-pointer");
	o = object(rig.page, 32);
	assert_string_equal(owner(rig.page), "object");
	assert_string_equal(owner(rig.page + 32), "unused");
	release(o);
	assert_string_equal(owner(rig.page), "free-pointer");
	assert_string_equal(owner(rig.page + 31), "free-object");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	assert_string_equal(owner(rig.page), "free-page");
	assert_string_equal(owner(KERNEL_BASE), "kernel-data");
	assert_string_equal(owner(16), "nowhere");
	expect(0);
}

/* object_lifetime */

static void test_objects_that_share_a_byte_overlap(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page + 64, 64);
	object(rig.page, 64);
	object(rig.page + 128, 1);
	expect(0);
	object(rig.page + 127, 1);
	expect(1, "overlap/toy/object/kmalloc");
	release(a);
	object(rig.page + 64, 64);
	expect(0);
}

static void test_an_object_lies_in_memory_in_use(void **state)
{
	(void)state;
	start("x86");
	object(16, 0);
	object(rig.page + PAGE_SIZE - 8, 8);
	expect(0);
	object(4, 8);
	expect(1, "overlap/toy/free-page/kmalloc");
	object(RAM_BASE + (60 << PAGE_SHIFT), 8);
	expect(1, "overlap/toy/free-page/kmalloc");
}

static void test_an_object_keeps_its_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 200);
	store(a, 0x5c);
	load(a);
	target_store(&rig.sim, rig.page + 200, 8, 1, ROLE_ALLOCATOR);
	load(a);
	expect(0);
	op("kfree");
	target_store(&rig.sim, rig.page + 130, 1, 0xbb, ROLE_REDZONE);
	load(a);
	expect(1, "out-of-bounds/toy/object/obj_read");
	load(a);
	expect(0);
	target_store(&rig.sim, rig.page + 3, 1, 0xbb, ROLE_REDZONE);
	release(a);
	expect(1, "out-of-bounds/toy/object/kfree");
	target_store(&rig.sim, rig.page, 8, 1, ROLE_FREE_POINTER);
	a = object(rig.page, 200);
	load(a);
	expect(0);
}

static void test_device_writes_are_legal_changes(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 32, DMA_FROM_DEVICE);
	device(0, rig.page, 32, 0xa5);
	unmap(0, rig.page, 32, DMA_FROM_DEVICE);
	load(a);
	expect(0);
	*target_pointer(rig.page + 32) = 0;
	load(a);
	expect(1, "out-of-bounds/toy/object/obj_read");
}

static void test_a_mapped_buffer_is_the_devices(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	store(a, 0x5c);
	map(0, rig.page, 32, DMA_FROM_DEVICE);
	*target_pointer(rig.page) = 0; /* a bus master without events */
	unmap(0, rig.page, 32, DMA_FROM_DEVICE);
	load(a);
	expect(0);
	store(a, 0x5c);
	device(0, rig.page, 32, 0xa5);
	load(a);
	expect(0);
}

static void test_pages_stay_under_live_objects(void **state)
{
	uint32_t a;

	(void)state;
	start("x86");
	a = object(rig.page, 64);
	release(a);
	op("kmem_cache_shrink");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
	start("x86");
	object(rig.page + 4000, 64);
	op("put_page");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(1, "use-after-free/toy/object/put_page");
}

static uint32_t rcu_object(void)
{
	uint32_t handle = object(rig.page, 64);

	rig.objects[handle].rcu = true;
	return handle;
}

static void test_rcu_pages_stay_for_a_grace_period(void **state)
{
	(void)state;
	start("x86");
	release(rcu_object());
	release(rcu_object()); /* reuse by the same type at once */
	op("grace_period");
	emit((struct event){.kind = EVENT_GRACE_PERIOD});
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
	start("x86");
	emit((struct event){.kind = EVENT_GRACE_PERIOD});
	release(rcu_object());
	op("kmem_cache_shrink");
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(1, "use-after-free/toy/rcu-object/kmem_cache_shrink");
	start("x86");
	release(rcu_object());
	start("x86"); /* another program */
	free_pages(&rig.sim, virt_to_frame(&rig.sim, rig.page), 0);
	expect(0);
}

static void test_unowned_memory_is_not_touched(void **state)
{
	target_addr_t cache;

	(void)state;
	start("x86");
	cache = kernel_alloc(&rig.sim, 64);
	op("kmalloc");
	target_load(&rig.sim, cache, 8);
	target_load(&rig.sim, rig.page, 8);
	expect(0);
	kernel_free(&rig.sim, cache, 64);
	target_load(&rig.sim, cache, 8);
	target_load(&rig.sim, RAM_BASE + (60 << PAGE_SHIFT), 8);
	expect(2, "use-after-free/toy/kernel-data/kmalloc", "use-after-free/toy/free-page/kmalloc");
}

static void test_begin_forgets_the_last_program(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 128);
	map(0, rig.page + 8, 8, DMA_FROM_DEVICE);
	device(0, rig.page + 8, 8, 1);
	start("ppc8xx");
	object(rig.page + 16, 64);
	object(rig.page, 16);
	load(1);
	expect(0);
}

/* page_overlay */

static void test_a_page_field_is_read_by_its_owner(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_set_flag(&rig.sim, frame, PG_slab);
	page_field_store(&rig.sim, frame, PF_slub_slab, 0);
	op("page_mapping");
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	page_field_load(&rig.sim, frame, PF_slub_slab);
	expect(0);
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	expect(1, "page-field-alias/toy/slub-page/page_mapping");
	page_clear_flag(&rig.sim, frame, PG_slab);
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	expect(1, "page-field-alias/toy/rcu-limbo-slab/page_mapping");
}

static void test_a_bad_page_names_its_owner(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_set_flag(&rig.sim, frame, PG_slab);
	page_field_store(&rig.sim, frame, PF_slab_cache, KERNEL_HEAP_BASE);
	op("put_page");
	put_page(&rig.sim, frame);
	expect(1, "bad-page-state/toy/slab-page/put_page");
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	op("put_page");
	put_page(&rig.sim, frame);
	expect(1, "bad-page-state/toy/slub-page/put_page");
}

static void test_a_page_changes_hands_once(void **state)
{
	struct event event = {.addr = RAM_BASE + (60 << PAGE_SHIFT), .size = 2 * PAGE_SIZE, .value = 1};

	(void)state;
	start("x86");
	op("alloc_pages");
	event.kind = EVENT_PAGE_FREE; /* of the boot: no event told of its allocation */
	emit(event);
	event.kind = EVENT_PAGE_ALLOC;
	emit(event);
	event.kind = EVENT_PAGE_FREE;
	emit(event);
	event.kind = EVENT_PAGE_ALLOC;
	emit(event);
	expect(0);
	event.size = PAGE_SIZE;
	emit(event);
	expect(1, "bad-page-state/toy/page/alloc_pages");
	event.kind = EVENT_PAGE_FREE;
	emit(event);
	expect(0);
	op("kfree");
	event.size = 2 * PAGE_SIZE;
	emit(event);
	expect(1, "bad-page-state/toy/page/kfree");
}

/* cacheline_overlap: damage.  ppc8xx: 16-byte lines, write-allocate, maps discard all lines that they touch. */

static void test_c48_a_neighbours_store_is_lost(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/object/dma_map", "lost-write/dma/object/dma_map");
	load(neighbour); /* the loss is told once, by one oracle */
	expect(0);
}

static void test_c48_a_clean_neighbour_loses_nothing(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	cache_clean(&rig.sim, rig.page, 32);
	store(0, 0x66); /* dirties the line again, but not the neighbour's bytes */
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	expect(1, "cacheline-overlap/toy/object/dma_map");
}

static void test_a_sub_line_loss_spares_the_next_line(void **state)
{
	uint32_t mine, next;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 16);
	next = object(rig.page + 16, 16);
	store(mine, 1);
	store(next, 2);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	load(next);
	expect(0);
}

static void test_to_device_mappings_may_share_lines(void **state)
{
	uint32_t neighbour;

	(void)state;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_TO_DEVICE);
	unmap(0, rig.page, 12, DMA_TO_DEVICE);
	load(neighbour);
	expect(0);
}

static void test_d6_a_free_pointer_reverts(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 8);
	neighbour = object(rig.page + 8, 8);
	store(neighbour, 0x77);
	store(mine, 0x66);
	release(neighbour);
	map(0, rig.page, 8, DMA_FROM_DEVICE); /* garbage of a dead client is nobody's loss */
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
	target_store(&rig.sim, rig.page + 8, 4, 0x50000010, ROLE_FREE_POINTER);
	map(1, rig.page, 8, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/free-pointer/dma_map", "lost-write/dma/free-pointer/dma_map");
}

static void test_c51_clean_edges_keep_the_neighbour(void **state)
{
	uint32_t neighbour;

	(void)state;
	rig.policy[POLICY_dma_edge] = DMA_EDGE_CLEAN_EDGE;
	start("ppc8xx");
	object(rig.page, 12);
	neighbour = object(rig.page + 12, 12);
	store(neighbour, 0x77);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	/* C52(a): the neighbour stores while the device owns the buffer. */
	store(neighbour, 0x78);
	device(0, rig.page, 12, 0xa5);
	evict(rig.page, 16);
	expect(1, "lost-dma-write/cache/object/cache_evict");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_c52_a_stale_line_hides_device_data(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 12);
	neighbour = object(rig.page + 12, 4);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	load(neighbour);
	device(0, rig.page, 12, 0xa5);
	load(mine); /* still the device's: another oracle's matter */
	unmap(0, rig.page, 12, DMA_FROM_DEVICE);
	expect(0);
	load(mine);
	expect(1, "stale-read/cache/object/obj_read");
}

static void test_c52_a_repeat_at_unmap_cures_the_stale_line(void **state)
{
	uint32_t mine, neighbour;

	(void)state;
	rig.policy[POLICY_dma_unmap] = DMA_REPEAT_AGAIN;
	start("ppc8xx");
	mine = object(rig.page, 12);
	neighbour = object(rig.page + 12, 4);
	map(0, rig.page, 12, DMA_FROM_DEVICE);
	load(neighbour);
	device(0, rig.page, 12, 0xa5);
	unmap(0, rig.page, 12, DMA_FROM_DEVICE);
	load(mine);
	expect(1, "cacheline-overlap/toy/object/dma_map");
	rig.policy[POLICY_dma_unmap] = DMA_REPEAT_ARCH;
}

static void test_stale_bytes_of_a_former_buffer_are_no_loss(void **state)
{
	uint32_t mine, again;

	(void)state;
	start("ppc8xx");
	mine = object(rig.page, 16);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page, 16);
	device(0, rig.page, 16, 0xa5);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	release(mine);
	target_store(&rig.sim, rig.page, 4, 0, ROLE_FREE_POINTER); /* dirties the stale line */
	again = object(rig.page, 16);
	op("cache_clean");
	cache_clean(&rig.sim, rig.page, 16);
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	load(again);
	expect(0);
}

/* Line of a buffer that the CPU filled before the device wrote, dirtied by a store beside the buffer. */
static void make_dirty_stale_buffer(void)
{
	start("ppc8xx");
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page, 16);
	device(0, rig.page, 8, 0xa5);
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	target_store(&rig.sim, rig.page + 8, 8, 1, ROLE_NONE);
}

static void test_dropping_a_line_gives_the_device_data_back(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	load(0);
	expect(0);
	make_dirty_stale_buffer();
	release(0);
	object(rig.page, 8);
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(0);
}

static void test_old_data_of_a_buffer_mapped_again_is_no_loss(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	evict(rig.page, 16);
	expect(1, "lost-dma-write/cache/object/cache_evict");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_FLUSH;
	make_dirty_stale_buffer();
	map(1, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
	make_dirty_stale_buffer();
	map(1, rig.page, 8, DMA_BIDIRECTIONAL);
	expect(1, "lost-dma-write/dma/object/dma_map");
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_a_sync_for_the_device_gives_read_data_up(void **state)
{
	(void)state;
	rig.policy[POLICY_dma_edge] = DMA_EDGE_FLUSH;
	for (int for_cpu = 0; for_cpu < 2; for_cpu++) {
		start("ppc8xx");
		object(rig.page, 8);
		map(0, rig.page, 8, DMA_FROM_DEVICE);
		op("dma_sync_for_cpu");
		if (for_cpu)
			dma_sync_single_for_cpu(&rig.sim, 0, rig.page, 8, DMA_FROM_DEVICE);
		cache_prefetch(&rig.sim, rig.page, 16);
		device(0, rig.page, 8, 0xa5);
		target_store(&rig.sim, rig.page + 8, 8, 1, ROLE_NONE);
		op("dma_sync_for_device");
		dma_sync_single_for_device(&rig.sim, 0, rig.page, 8, DMA_FROM_DEVICE);
		if (for_cpu)
			expect(0);
		else
			expect(1, "lost-dma-write/dma/object/dma_sync_for_device");
	}
	rig.policy[POLICY_dma_edge] = DMA_EDGE_ARCH;
}

static void test_the_owner_may_overwrite_device_data(void **state)
{
	(void)state;
	make_dirty_stale_buffer();
	store(0, 0x31);
	evict(rig.page, 16);
	load(0);
	expect(0);
}

static void test_undefined_content_is_no_loss_but_zeros_are(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page, 16);
	store(a, 0x77);
	release(a);
	object(rig.page, 16); /* kmalloc: holds what the last owner stored */
	flush_page("deferred");
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(0);
	store(1, 0x77);
	cache_clean(&rig.sim, rig.page, 16);
	release(1);
	target_fill(&rig.sim, rig.page, 16, 0, ROLE_NONE);
	object(rig.page, 16); /* kzalloc */
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(1, "lost-write/cache/object/cache_invalidate");
}

static void test_an_explicit_invalidate_loses_live_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page, 16);
	store(a, 0x11);
	op("cache_flush");
	cache_flush(&rig.sim, rig.page, 16);
	expect(0);
	store(a, 0x22);
	op("cache_invalidate");
	cache_invalidate(&rig.sim, rig.page, 16);
	expect(1, "lost-write/cache/object/cache_invalidate");
}

/* cacheline_overlap: hazards. */

static void test_slack_and_padding_are_innocent(void **state)
{
	(void)state;
	start("ppc8xx");
	target_fill(&rig.sim, rig.page, 14, POISON_FREE, ROLE_POISON); /* the slot: object and slack */
	target_fill(&rig.sim, rig.page + 14, 2, POISON_INUSE, ROLE_PADDING);
	object(rig.page, 10);
	map(0, rig.page, 10, DMA_FROM_DEVICE);
	unmap(0, rig.page, 10, DMA_FROM_DEVICE);
	map(1, rig.page + 4, 4, DMA_FROM_DEVICE); /* and so is the rest of the client's own object */
	expect(0);
}

static void test_metadata_on_the_line_is_a_hazard(void **state)
{
	(void)state;
	start("ppc8xx");
	target_fill(&rig.sim, rig.page + 12, 4, SLUB_RED_ACTIVE, ROLE_REDZONE);
	target_store(&rig.sim, rig.page + 16, 4, 3, ROLE_SLOB_HEADER);
	target_fill(&rig.sim, rig.page + 36, 12, POISON_FREE, ROLE_POISON);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	object(rig.page, 12);
	object(rig.page + 20, 16);
	map(0, rig.page, 12, DMA_BIDIRECTIONAL);
	expect(1, "cacheline-overlap/toy/redzone/dma_map");
	map(1, rig.page + 20, 12, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/toy/slob-header/dma_map");
}

static void test_a_free_neighbours_poison_is_a_hazard(void **state)
{
	(void)state;
	start("ppc8xx");
	target_store(&rig.sim, rig.page + 8, 2, 0, ROLE_FREE_POINTER);
	target_fill(&rig.sim, rig.page + 10, 6, POISON_FREE, ROLE_POISON);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(2, "cacheline-overlap/toy/free-pointer/dma_map", "cacheline-overlap/toy/poison/dma_map");
}

static void test_objects_of_one_client_may_share_lines(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 8);
	object(rig.page + 8, 8);
	rig.objects[1].client = rig.objects[0].client; /* repeat=2 */
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	expect(0);
}

static void test_a_stranger_may_come_later(void **state)
{
	(void)state;
	start("ppc8xx");
	object(rig.page, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	object(rig.page + 16, 8);
	expect(0);
	object(rig.page + 8, 8);
	expect(1, "cacheline-overlap/toy/object/kmalloc");
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	release(2);
	map(1, rig.page, 8, DMA_TO_DEVICE);
	object(rig.page + 8, 8);
	expect(0);
}

static void test_coherent_rows_have_no_hazard(void **state)
{
	uint32_t mine;

	(void)state;
	start("x86");
	mine = object(rig.page, 8);
	object(rig.page + 8, 8);
	map(0, rig.page, 8, DMA_FROM_DEVICE);
	map(1, rig.page + 8, 8, DMA_FROM_DEVICE);
	device(0, rig.page, 8, 1);
	unmap(0, rig.page, 8, DMA_FROM_DEVICE);
	load(mine);
	expect(0);
}

static void test_c49_two_mappings_on_a_line(void **state)
{
	(void)state;
	start("arm926"); /* 32-byte lines */
	object(rig.page, 64);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	map(1, rig.page + 32, 16, DMA_FROM_DEVICE);
	map(2, rig.page + 16, 16, DMA_TO_DEVICE);
	expect(0);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	map(0, rig.page, 16, DMA_FROM_DEVICE); /* beside the one to the device */
	expect(0);
	unmap(2, rig.page + 16, 16, DMA_TO_DEVICE);
	map(3, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	map(4, rig.page, 8, DMA_FROM_DEVICE); /* a gap between them, the other order */
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
}

static void test_c49_the_first_buffers_data_is_destroyed(void **state)
{
	uint32_t o;

	(void)state;
	start("arm926");
	o = object(rig.page, 32);
	map(0, rig.page, 16, DMA_FROM_DEVICE);
	map(1, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(1, "cacheline-overlap/dma/mapping/dma_map");
	device(0, rig.page, 16, 0x11);
	unmap(0, rig.page, 16, DMA_FROM_DEVICE);
	op("obj_read"); /* reads, then writes its half */
	target_load(&rig.sim, rig.page, 4);
	target_fill(&rig.sim, rig.page, 16, 0x22, ROLE_NONE);
	emit((struct event){.kind = EVENT_OBJECT_WRITE, .addr = rig.page, .size = 16, .value = 0x22, .id = o});
	device(1, rig.page + 16, 16, 0x33);
	unmap(1, rig.page + 16, 16, DMA_FROM_DEVICE);
	expect(0);
	load(o);
	evict(rig.page, 32);
	expect(2, "stale-read/cache/object/obj_read", "lost-dma-write/cache/object/cache_evict");
}

static void test_a_flush_that_leaves_dirty_bytes(void **state)
{
	uint32_t a;

	(void)state;
	start("ppc8xx");
	a = object(rig.page + 64, 16);
	store(a, 0x44);
	flush_page("none"); /* the row has nothing to flush */
	release(a);
	flush_page("deferred"); /* dirty bytes of nobody */
	a = object(rig.page + 64, 16);
	cache_clean(&rig.sim, rig.page, PAGE_SIZE);
	flush_page("deferred");
	expect(0);
	store(a, 0x55);
	flush_page("deferred");
	expect(1, "missed-flush/toy/object/flush_dcache_page");
	flush_page("skipped");
	expect(1, "missed-flush/toy/object/flush_dcache_page");
	cache_flush(&rig.sim, rig.page, PAGE_SIZE);
	flush_page("flushed");
	map(0, rig.page + 64, 16, DMA_FROM_DEVICE);
	cache_prefetch(&rig.sim, rig.page + 64, 16);
	device(0, rig.page + 64, 16, 0x66);
	flush_page("deferred"); /* stale, but clean */
	expect(0);
}

/* kernel_report */

static void test_reports_map_to_titles(void **state)
{
	static const char *const rows[][2] = {
		{"Redzone overwritten", "redzone-overwritten/toy/object/kfree"},
		{"Poison overwritten", "poison-overwritten/toy/object/kfree"},
		{"Object already free", "double-free/toy/object/kfree"},
		{"Freechain corrupt", "freelist-corrupted/toy/object/kfree"},
		{"object belongs to slab kmalloc-64", "wrong-cache/toy/object/kfree"},
		{"object at 0x10 is outside of slab", "invalid-free/toy/object/kfree"},
		{"Padding overwritten", "out-of-bounds/toy/object/kfree"},
	};

	(void)state;
	start("x86");
	op("kfree");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		emit((struct event){.kind = EVENT_REPORT, .addr = rig.page, .text = rows[i][0]});
		expect(1, rows[i][1]);
	}
}

static void test_an_oops_names_the_misread_field(void **state)
{
	frame_t frame;

	(void)state;
	start("arm926");
	frame = virt_to_frame(&rig.sim, rig.page);
	page_field_store(&rig.sim, frame, PF_slub_slab, KERNEL_HEAP_BASE);
	op("flush_dcache_page");
	page_field_load(&rig.sim, frame, PF_page_cache_mapping);
	emit((struct event){.kind = EVENT_OOPS, .addr = 13, .text = "load"});
	expect(2, "page-field-alias/toy/rcu-limbo-slab/flush_dcache_page", "oops/toy/rcu-limbo-slab/flush_dcache_page");
	op("kfree");
	emit((struct event){.kind = EVENT_OOPS, .addr = 13, .text = "load"});
	emit((struct event){.kind = EVENT_KERNEL_BUG, .text = "not PageSlab"});
	emit((struct event){.kind = EVENT_HANG});
	expect(3, "oops/toy/pointer/kfree", "kernel-bug/toy/pointer/kfree", "hang/toy/op/kfree");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings_are_deduplicated_and_bounded),
		cmocka_unit_test(test_bytes_have_one_owner),
		cmocka_unit_test(test_objects_that_share_a_byte_overlap),
		cmocka_unit_test(test_an_object_lies_in_memory_in_use),
		cmocka_unit_test(test_an_object_keeps_its_bytes),
		cmocka_unit_test(test_device_writes_are_legal_changes),
		cmocka_unit_test(test_a_mapped_buffer_is_the_devices),
		cmocka_unit_test(test_pages_stay_under_live_objects),
		cmocka_unit_test(test_rcu_pages_stay_for_a_grace_period),
		cmocka_unit_test(test_unowned_memory_is_not_touched),
		cmocka_unit_test(test_begin_forgets_the_last_program),
		cmocka_unit_test(test_a_page_field_is_read_by_its_owner),
		cmocka_unit_test(test_a_bad_page_names_its_owner),
		cmocka_unit_test(test_a_page_changes_hands_once),
		cmocka_unit_test(test_c48_a_neighbours_store_is_lost),
		cmocka_unit_test(test_c48_a_clean_neighbour_loses_nothing),
		cmocka_unit_test(test_a_sub_line_loss_spares_the_next_line),
		cmocka_unit_test(test_to_device_mappings_may_share_lines),
		cmocka_unit_test(test_d6_a_free_pointer_reverts),
		cmocka_unit_test(test_c51_clean_edges_keep_the_neighbour),
		cmocka_unit_test(test_c52_a_stale_line_hides_device_data),
		cmocka_unit_test(test_c52_a_repeat_at_unmap_cures_the_stale_line),
		cmocka_unit_test(test_stale_bytes_of_a_former_buffer_are_no_loss),
		cmocka_unit_test(test_dropping_a_line_gives_the_device_data_back),
		cmocka_unit_test(test_old_data_of_a_buffer_mapped_again_is_no_loss),
		cmocka_unit_test(test_a_sync_for_the_device_gives_read_data_up),
		cmocka_unit_test(test_the_owner_may_overwrite_device_data),
		cmocka_unit_test(test_undefined_content_is_no_loss_but_zeros_are),
		cmocka_unit_test(test_an_explicit_invalidate_loses_live_bytes),
		cmocka_unit_test(test_slack_and_padding_are_innocent),
		cmocka_unit_test(test_metadata_on_the_line_is_a_hazard),
		cmocka_unit_test(test_a_free_neighbours_poison_is_a_hazard),
		cmocka_unit_test(test_objects_of_one_client_may_share_lines),
		cmocka_unit_test(test_a_stranger_may_come_later),
		cmocka_unit_test(test_coherent_rows_have_no_hazard),
		cmocka_unit_test(test_c49_two_mappings_on_a_line),
		cmocka_unit_test(test_c49_the_first_buffers_data_is_destroyed),
		cmocka_unit_test(test_a_flush_that_leaves_dirty_bytes),
		cmocka_unit_test(test_reports_map_to_titles),
		cmocka_unit_test(test_an_oops_names_the_misread_field),
	};

	return cmocka_run_group_tests_name("oracles", tests, setup, teardown);
}
