/* SPDX-License-Identifier: MIT */
/* Ops of the page allocator and of code that reads struct page as page cache. */
#include "backends/cache.h"
#include "backends/mapping.h"
#include "fuzz/execute.h"

enum op_result run_alloc_pages(struct executor *x, const struct op *op)
{
	struct page_handle *p = &x->pages[yielded(x, YIELDS_PAGE)];
	gfp_t gfp = gfp_of(op->arg[1]);

	REQUIRE(x, may_sleep_if_asked(x, op->arg[1]));
	p->frame = alloc_pages(x->sim, gfp, op->arg[0]);
	if (p->frame == FRAME_NONE)
		return RESULT_FAILED;
	invariant(!p->live && p->frame < x->sim->ram_frames);
	p->order = (uint8_t)op->arg[0];
	p->compound = !p->order || gfp & GFP_COMP;
	p->live = true;
	return RESULT_OK;
}

/* Nobody that the client answers for uses its own pages. */
static bool may_give_back(struct executor *x, uint32_t handle)
{
	const struct page_handle *p = &x->pages[handle];

	return p->live && !p->mappings && !p->extra_references && !p->pinned && !p->cached &&
	       !io_needs(x, handle | HANDLE_OTHER);
}

enum op_result run_free_pages(struct executor *x, const struct op *op)
{
	struct page_handle *p = op->arg[0] < x->count[YIELDS_PAGE] ? &x->pages[op->arg[0]] : NULL;

	if (!p || p->frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, may_give_back(x, op->arg[0]));
	invariant(p->order < MAX_ORDER);
	p->live = false;
	free_pages(x->sim, p->frame, p->order);
	return RESULT_OK;
}

enum op_result run_virt_to_page(struct executor *x, const struct op *op)
{
	struct page_handle *p = &x->pages[yielded(x, YIELDS_PAGE)];
	const struct object *o = live_object(x, op->arg[0]);

	if (!o || op->arg[1] >= o->size || !target_in_ram(x->sim, o->addr + op->arg[1], 1))
		return RESULT_SKIP;
	p->frame = virt_to_frame(x->sim, o->addr + op->arg[1]);
	p->object = op->arg[0] + 1;
	return RESULT_OK;
}

enum op_result run_vmap(struct executor *x, const struct op *op)
{
	struct page_handle *p = &x->pages[yielded(x, YIELDS_PAGE)];
	const struct page_handle *of = op->arg[0] < x->count[YIELDS_PAGE] ? &x->pages[op->arg[0]] : NULL;

	if (!of || of->frame == FRAME_NONE || of->vmap_of || !memory_is_live(x, op->arg[0] | HANDLE_OTHER))
		return RESULT_SKIP;
	p->frame = of->frame;
	p->order = of->order;
	p->vmap_of = op->arg[0] + 1;
	return RESULT_OK;
}

/*
 * Frame of a MEMORY argument that the client may still name, FRAME_NONE to skip.  virt_to_page() is a shift and an
 * addition: of an address outside the linear map it is no struct page (C22, C80).
 */
static frame_t frame_of(struct executor *x, uint32_t memory)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, memory, &size);

	if (addr >= VMAP_BASE)
		return (frame_t)((addr - RAM_BASE) >> PAGE_SHIFT);
	/* A page handle may name what is no page (C22). */
	if (addr && memory & HANDLE_OTHER)
		return page_named(x, memory)->frame;
	return virt_to_frame(x->sim, addr);
}

static uint32_t *references(struct executor *x, uint32_t memory)
{
	if (memory & HANDLE_OTHER)
		return &page_named(x, memory)->extra_references;
	invariant(memory < x->count[YIELDS_OBJECT]);
	return &x->object_pins[memory];
}

enum op_result run_get_page(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	page_hold(x->sim, frame);
	(*references(x, op->arg[0]))++;
	return RESULT_OK;
}

enum op_result run_page_count_inc(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]) && x->world->config.dma_era);
	page_hold_raw(x->sim, frame);
	(*references(x, op->arg[0]))++;
	return RESULT_OK;
}

/* A device may still read through a page of an object that is gone: the last reference must outlive the mapping. */
static bool device_needs_page(struct executor *x, uint32_t memory)
{
	const struct page_handle *p = page_of_object(x, memory);

	return p && p->mappings && p->extra_references == 1;
}

/* The client's own page, of which it holds no reference but the one that alloc_pages() gave it. */
static struct page_handle *owned_page(struct executor *x, uint32_t memory)
{
	struct page_handle *p;

	if (memory == HANDLE_NONE || !(memory & HANDLE_OTHER))
		return NULL;
	p = &x->pages[memory & ~HANDLE_OTHER];
	return p->live && !p->object && !p->vmap_of && !p->outside && !p->extra_references ? p : NULL;
}

/* The owner's reference goes, and of a block without __GFP_COMP that of its first page only (FACTS 1.4). */
static enum op_result put_owned(struct executor *x, const struct op *op, struct page_handle *p)
{
	struct event event = {.kind = EVENT_PAGE_PUT, .addr = page_address(p->frame), .text = "owner"};

	REQUIRE(x, p->compound && may_give_back(x, op->arg[0] & ~HANDLE_OTHER));
	if (!p->compound)
		event.size = (uint64_t)PAGE_SIZE << p->order;
	p->live = false;
	sim_emit(x->sim, &event);
	put_page(x->sim, p->frame);
	return RESULT_OK;
}

enum op_result run_put_page(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);
	struct page_handle *owned = owned_page(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	if (owned)
		return put_owned(x, op, owned);
	REQUIRE(x, *references(x, op->arg[0]) > 0 && !device_needs_page(x, op->arg[0]));
	if (*references(x, op->arg[0]))
		(*references(x, op->arg[0]))--;
	page_drop(x->sim, frame);
	return RESULT_OK;
}

/*
 * Readers of struct page name memory by its page.  An object that was freed stays nameable while its page may wait for
 * a grace period: drivers of DESTROY_BY_RCU caches hold such pointers (D1).
 */
static bool may_name(struct executor *x, uint32_t memory)
{
	if (memory_is_live(x, memory))
		return true;
	return memory != HANDLE_NONE && !(memory & HANDLE_OTHER) && memory < x->count[YIELDS_OBJECT] &&
	       x->objects[memory].rcu && x->world->config.dma_era;
}

enum op_result run_page_mapping(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, may_name(x, op->arg[0]));
	UNDER_TEST(x->sim, page_mapping(x->sim, frame));
	return RESULT_OK;
}

/* What callers of page_mapping() ask next (C19). */
static enum op_result read_field(struct executor *x, const struct op *op, uint64_t (*read)(struct sim *, frame_t))
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, may_name(x, op->arg[0]));
	UNDER_TEST(x->sim, read(x->sim, frame));
	return RESULT_OK;
}

/* By the book nobody asks for the index of a page that has none: whoever had the page before left his there. */
enum op_result run_page_index(struct executor *x, const struct op *op)
{
	uint32_t i = op->arg[0] & ~HANDLE_OTHER;

	if (op->arg[0] != HANDLE_NONE && (op->arg[0] & HANDLE_OTHER) && i < x->count[YIELDS_PAGE])
		REQUIRE(x, x->pages[i].cached || x->pages[i].object || x->world->config.dma_era);
	return read_field(x, op, page_index);
}

enum op_result run_page_mapcount(struct executor *x, const struct op *op)
{
	return read_field(x, op, page_mapcount);
}

enum op_result run_set_page_dirty(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, may_name(x, op->arg[0]));
	UNDER_TEST(x->sim, set_page_dirty(x->sim, frame));
	return RESULT_OK;
}

enum op_result run_kmap(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	UNDER_TEST(x->sim, kmap(x->sim, frame));
	return RESULT_OK;
}

enum op_result run_kunmap(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	UNDER_TEST(x->sim, kunmap(x->sim, frame));
	return RESULT_OK;
}

enum op_result run_kmap_atomic(struct executor *x, const struct op *op)
{
	enum op_result result = run_kmap(x, op);

	return result == RESULT_OK ? run_kunmap(x, op) : result;
}

/* The address may be any: the era's drivers passed what they had at hand (C04). */
enum op_result run_kunmap_atomic(struct executor *x, const struct op *op)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (virt_to_frame(x->sim, addr) == FRAME_NONE || op->arg[1] >= size)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	UNDER_TEST(x->sim, kunmap_atomic(x->sim, addr + op->arg[1]));
	return RESULT_OK;
}

/* FAILED: this machine's kernel has no such function. */
enum op_result run_flush_dcache_range(struct executor *x, const struct op *op)
{
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (!addr || !length || op->arg[1] >= size || length > size - op->arg[1])
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	return UNDER_TEST(x->sim, flush_dcache_range(x->sim, addr + op->arg[1], length)) ? RESULT_OK : RESULT_FAILED;
}

enum op_result run_flush_kernel_dcache_page(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]));
	UNDER_TEST(x->sim, flush_kernel_dcache_page(x->sim, frame));
	return RESULT_OK;
}

enum op_result run_flush_dcache_page(struct executor *x, const struct op *op)
{
	frame_t frame = frame_of(x, op->arg[0]);

	if (frame == FRAME_NONE)
		return RESULT_SKIP;
	REQUIRE(x, may_name(x, op->arg[0]));
	UNDER_TEST(x->sim, flush_dcache_page(x->sim, frame));
	if (op->arg[0] & HANDLE_OTHER)
		page_flushed(x, page_named(x, op->arg[0]));
	return RESULT_OK;
}
