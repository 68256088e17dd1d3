/* SPDX-License-Identifier: MIT */
/*
 * User mappings, the page cache, and who may touch a page through which alias.  Legal use, judged on page_handle: what
 * one side stored, the other side touches after flush_dcache_page() only, which works for page-cache pages only
 * (cachetlb.txt, FACTS 3.3); pages that are mapped by pfn stay as long as they are mapped.
 */
#include "fuzz/execute.h"
#include "sim/user_view.h"

#define PINNED 0x80000000u /* in pte.owner: handle + 1 of a page, which the client promised to keep */

static bool era(const struct executor *x)
{
	return x->world->config.dma_era;
}

static struct page_handle *any_page(struct executor *x, uint32_t arg)
{
	return arg < x->count[YIELDS_PAGE] ? &x->pages[arg] : NULL;
}

/* A page that the client got from the page allocator and has not freed, or NULL. */
static struct page_handle *own_page(struct executor *x, uint32_t arg)
{
	struct page_handle *p = any_page(x, arg);

	return p && p->live && p->frame != FRAME_NONE && !p->object && !p->vmap_of ? p : NULL;
}

static struct vm_area *live_vma(struct executor *x, uint32_t arg)
{
	return arg < x->count[YIELDS_VMA] && x->mm.vma[arg].live ? &x->mm.vma[arg] : NULL;
}

/* The kernel's own alias */

static enum op_result page_range(struct executor *x, const struct op *op, struct event *event)
{
	struct page_handle *p = own_page(x, op->arg[0]);
	uint64_t size = size_value(x, op->arg[2]);

	if (!p || !size || op->arg[1] >= (uint64_t)PAGE_SIZE << p->order ||
	    size > ((uint64_t)PAGE_SIZE << p->order) - op->arg[1])
		return RESULT_SKIP;
	event->addr = page_address(p->frame) + op->arg[1];
	event->size = size;
	REQUIRE(x, !device_owns(x, event->addr, size));
	REQUIRE(x, era(x) || !(p->stored & STORED_BY_USER));
	return RESULT_OK;
}

enum op_result run_page_write(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_PAGE_STORE, .value = op->arg[3]};
	enum op_result result = page_range(x, op, &event);

	if (result != RESULT_OK)
		return result;
	target_fill(x->sim, event.addr, event.size, (uint8_t)op->arg[3], ROLE_NONE);
	x->pages[op->arg[0]].stored |= STORED_BY_KERNEL;
	sim_emit(x->sim, &event);
	return RESULT_OK;
}

enum op_result run_page_read(struct executor *x, const struct op *op)
{
	struct event event = {.kind = EVENT_PAGE_LOAD};
	enum op_result result = page_range(x, op, &event);

	if (result == RESULT_OK)
		client_load(x, &event);
	return result;
}

/* What a device is given, or gives, goes past the user's lines. */
bool page_may_be_mapped(const struct executor *x, const struct page_handle *p)
{
	return era(x) || !(p->stored & STORED_BY_USER);
}

static bool file_is_mapped(const struct executor *x, unsigned file)
{
	for (uint32_t i = 0; i < x->mm.vma_count; i++)
		if (x->mm.vma[i].live && x->mm.vma[i].kind == VM_FILE && x->mm.vma[i].file == file)
			return true;
	return false;
}

/* A driver showed the page to users: flush_dcache_page() looks for mappings of the file and does not find that one. */
static bool is_inserted(const struct executor *x, const struct page_handle *p)
{
	for (uint32_t n = 0; n < x->mm.vma_count; n++) {
		const struct vm_area *v = &x->mm.vma[n];

		for (unsigned i = 0; v->live && v->kind != VM_FILE && i < VMA_PAGES; i++)
			if (v->pte[i].present && v->pte[i].pfn == p->frame)
				return true;
	}
	return false;
}

/* If nobody maps the file, the flush is put off until somebody faults: that is soon enough for kernel stores only. */
void page_flushed(struct executor *x, struct page_handle *p)
{
	if (!p->cached || is_inserted(x, p))
		return;
	p->stored &= file_is_mapped(x, p->file) ? 0 : (uint8_t)~STORED_BY_KERNEL;
}

/* Page cache */

static struct page_handle *cached_page(struct executor *x, unsigned file, unsigned index, uint32_t *handle)
{
	for (uint32_t i = 0; i < x->count[YIELDS_PAGE]; i++)
		if (x->pages[i].cached && x->pages[i].file == file && x->pages[i].index == index) {
			*handle = i;
			return &x->pages[i];
		}
	return NULL;
}

enum op_result run_add_to_page_cache(struct executor *x, const struct op *op)
{
	struct page_handle *p = own_page(x, op->arg[0]);
	unsigned index = op->arg[1] % VMA_PAGES, file = op->arg[2] % FILES_MAX;
	uint32_t other;

	if (!p || p->order || p->cached || p->pinned || cached_page(x, file, index, &other))
		return RESULT_SKIP;
	if (!UNDER_TEST(x->sim, add_to_page_cache(x->sim, &x->mm, file, index, p->frame)))
		return RESULT_FAILED;
	p->cached = true;
	p->file = (uint8_t)file;
	p->index = (uint8_t)index;
	return RESULT_OK;
}

static void uncache(struct executor *x, struct page_handle *p)
{
	UNDER_TEST(x->sim, remove_from_page_cache(x->sim, &x->mm, p->file, p->frame));
	p->cached = false;
	/* A flush that was put off will not come any more. */
	p->stored |= STORED_BY_KERNEL;
}

enum op_result run_remove_from_page_cache(struct executor *x, const struct op *op)
{
	struct page_handle *p = own_page(x, op->arg[0]);

	if (!p || !p->cached)
		return RESULT_SKIP;
	REQUIRE(x, !p->mappings);
	uncache(x, p);
	return RESULT_OK;
}

/* vmas */

enum op_result run_mmap(struct executor *x, const struct op *op)
{
	return UNDER_TEST(x->sim, vm_mmap(x->sim, &x->mm, x->yield, (enum vm_kind)op->arg[0], op->arg[1], op->arg[2]))
		       ? RESULT_OK
		       : RESULT_FAILED;
}

static void unpin_page(struct executor *x, uint32_t page)
{
	invariant(page < x->count[YIELDS_PAGE] && x->pages[page].pinned);
	x->pages[page].pinned--;
}

static void unpin(struct executor *x, const struct vm_area *v)
{
	for (unsigned i = 0; i < VMA_PAGES; i++)
		if (v->pte[i].present && v->pte[i].owner & PINNED)
			unpin_page(x, (v->pte[i].owner & ~PINNED) - 1);
}

enum op_result run_munmap(struct executor *x, const struct op *op)
{
	const struct vm_area *v = live_vma(x, op->arg[0]);

	if (!v)
		return RESULT_SKIP;
	unpin(x, v);
	UNDER_TEST(x->sim, vm_munmap(x->sim, &x->mm, op->arg[0]));
	return RESULT_OK;
}

void unmap_all(struct executor *x)
{
	for (uint32_t i = 0; i < x->mm.vma_count; i++)
		if (x->mm.vma[i].live)
			UNDER_TEST(x->sim, vm_munmap(x->sim, &x->mm, i));
	for (uint32_t i = 0; i < x->count[YIELDS_PAGE]; i++)
		if (x->pages[i].cached)
			uncache(x, &x->pages[i]);
}

enum op_result run_fork(struct executor *x, const struct op *op)
{
	if (!live_vma(x, op->arg[0]))
		return RESULT_SKIP;
	if (!UNDER_TEST(x->sim, vm_fork(x->sim, &x->mm, op->arg[0], x->yield)))
		return RESULT_FAILED;
	for (unsigned i = 0; i < VMA_PAGES; i++) {
		uint32_t owner = x->mm.vma[x->yield].pte[i].owner;

		if (owner & PINNED)
			x->pages[(owner & ~PINNED) - 1].pinned++;
	}
	return RESULT_OK;
}

/* Insertion */

struct insertion {
	struct vm_area *vma;
	struct page_handle *page;
	unsigned i;
	uint32_t pfn;
	bool outside; /* no page of the client's, but a device's or a hole's */
};

static bool insertion_of(struct executor *x, const struct op *op, struct insertion *in)
{
	in->vma = live_vma(x, op->arg[0]);
	in->i = op->arg[1] % VMA_PAGES;
	in->page = any_page(x, op->arg[2]);
	in->outside = in->page && in->page->outside;
	if (!in->outside)
		in->page = own_page(x, op->arg[2]);
	if (!in->vma || !in->page || in->vma->pte[in->i].present)
		return false;
	in->pfn = in->outside ? in->page->outside - 1 : in->page->frame;
	return true;
}

static enum op_result inserted(struct insertion *in, uint32_t handle, bool ok, bool pin)
{
	if (!ok)
		return RESULT_FAILED;
	pin = pin && !in->outside;
	invariant(in->i < VMA_PAGES && in->vma->pte[in->i].present);
	in->page->pinned += pin;
	in->vma->pte[in->i].owner = (handle + 1) | (pin ? PINNED : 0);
	return RESULT_OK;
}

/* Only what is freed as one page can be freed by its last user. */
static bool may_insert_page(const struct executor *x, const struct insertion *in)
{
	if (in->outside || in->vma->kind == VM_PFNMAP || in->page->order)
		return false;
	return era(x) || (in->vma->kind == VM_MIXEDMAP && !in->page->cached);
}

enum op_result run_vm_insert_page(struct executor *x, const struct op *op)
{
	struct insertion in;

	if (!insertion_of(x, op, &in))
		return RESULT_SKIP;
	REQUIRE(x, may_insert_page(x, &in));
	if (in.outside)
		return RESULT_SKIP;
	return inserted(&in, op->arg[2], UNDER_TEST(x->sim, vm_insert_page(x->sim, &x->mm, op->arg[0], in.i, in.pfn)),
			false);
}

/* What has a struct page is counted at unmap, unless the entry or the vma says no (C64). */
static bool may_insert_pfn(const struct executor *x, const struct insertion *in)
{
	if (in->vma->kind == VM_PFNMAP || era(x))
		return true;
	return x->sim->policy[POLICY_pte_special] || in->pfn >= x->sim->ram_frames;
}

enum op_result run_vm_insert_pfn(struct executor *x, const struct op *op)
{
	struct insertion in;

	if (!insertion_of(x, op, &in))
		return RESULT_SKIP;
	REQUIRE(x, in.vma->kind != VM_FILE && may_insert_pfn(x, &in));
	REQUIRE(x, in.outside || era(x) || !in.page->cached);
	return inserted(&in, op->arg[2], UNDER_TEST(x->sim, vm_insert_pfn(x->sim, &x->mm, op->arg[0], in.i, in.pfn)),
			true);
}

enum op_result run_vm_insert_mixedmap_pfn(struct executor *x, const struct op *op)
{
	struct insertion in;

	if (!insertion_of(x, op, &in))
		return RESULT_SKIP;
	REQUIRE(x, in.vma->kind == VM_MIXEDMAP && (in.outside || (!in.page->order && !in.page->cached)));
	return inserted(&in, op->arg[2], UNDER_TEST(x->sim, vm_insert_mixed(x->sim, &x->mm, op->arg[0], in.i, in.pfn)),
			true);
}

enum op_result run_set_pte(struct executor *x, const struct op *op)
{
	struct insertion in;

	if (!insertion_of(x, op, &in))
		return RESULT_SKIP;
	REQUIRE(x, era(x));
	return inserted(&in, op->arg[2], UNDER_TEST(x->sim, vm_set_pte(x->sim, &x->mm, op->arg[0], in.i, in.pfn)),
			true);
}

enum op_result run_get_user_pages(struct executor *x, const struct op *op)
{
	if (!live_vma(x, op->arg[0]))
		return RESULT_SKIP;
	return UNDER_TEST(x->sim, vm_get_user_page(x->sim, &x->mm, op->arg[0], op->arg[1] % VMA_PAGES)) ? RESULT_OK
													: RESULT_FAILED;
}

/* Names of pfns */

static enum op_result name_pfn(struct executor *x, uint32_t pfn)
{
	x->pages[yielded(x, YIELDS_PAGE)].outside = pfn + 1;
	return RESULT_OK;
}

enum op_result run_device_pfn(struct executor *x, const struct op *op)
{
	return name_pfn(x, x->sim->ram_frames + op->arg[0]);
}

enum op_result run_hole_pfn(struct executor *x, const struct op *op)
{
	if (!x->sim->policy[POLICY_mem_hole])
		return RESULT_SKIP;
	return name_pfn(x, x->sim->ram_frames - HOLE_FRAMES + op->arg[0] % HOLE_FRAMES);
}

enum op_result run_pfn_list_init(struct executor *x, const struct op *op)
{
	(void)op;
	pfn_list_init(&x->mm);
	return RESULT_OK;
}

/* The user's alias */

/* Brings a page of the file in, as a fault does.  False: SIGBUS. */
static bool fault(struct executor *x, uint32_t vma, unsigned i)
{
	struct vm_area *v = &x->mm.vma[vma];
	uint32_t handle;
	const struct page_handle *p = v->kind == VM_FILE ? cached_page(x, v->file, i, &handle) : NULL;

	if (!p || !UNDER_TEST(x->sim, vm_file_fault(x->sim, &x->mm, vma, i, p->frame)))
		return false;
	v->pte[i].owner = handle + 1;
	return true;
}

static bool sees_last_store(const struct page_handle *p, uint32_t vma)
{
	if (p->stored & STORED_BY_KERNEL)
		return false;
	return !(p->stored & STORED_BY_USER) || p->stored_vma == vma;
}

/* flush_dcache_page() of some machines knows the kernel's lines only (FACTS 3.3). */
static bool flush_reaches(const struct executor *x, const struct vm_area *v, unsigned i)
{
	enum fdp_kind kind = x->sim->arch->flush_dcache_page;

	return kind == FDP_ARM || kind == FDP_PARISC || user_view_is_shared(x->sim, v->pte[i].pfn, v->vpn + i);
}

static enum op_result user_range(struct executor *x, const struct op *op, struct page_handle **page)
{
	struct vm_area *v = live_vma(x, op->arg[0]);
	uint64_t size = size_value(x, op->arg[2]);
	unsigned i = op->arg[1] >> PAGE_SHIFT;

	if (!v || !size || i >= VMA_PAGES || size > PAGE_SIZE - (op->arg[1] & (PAGE_SIZE - 1)))
		return RESULT_SKIP;
	if (!v->pte[i].present && !fault(x, op->arg[0], i))
		return RESULT_SKIP;
	if (!v->pte[i].owner || v->pte[i].pfn >= x->sim->ram_frames)
		return RESULT_SKIP;
	*page = page_named(x, ((v->pte[i].owner & ~PINNED) - 1) | HANDLE_OTHER);
	if ((*page)->outside)
		return RESULT_SKIP;
	REQUIRE(x, !device_owns(x, page_address(v->pte[i].pfn), PAGE_SIZE));
	REQUIRE(x, era(x) || (sees_last_store(*page, op->arg[0]) && flush_reaches(x, v, i)));
	return RESULT_OK;
}

enum op_result run_user_read(struct executor *x, const struct op *op)
{
	struct page_handle *p;
	enum op_result result = user_range(x, op, &p);

	if (result == RESULT_OK)
		UNDER_TEST(x->sim, vm_user_load(x->sim, &x->mm, op->arg[0], op->arg[1], op->arg[2]));
	return result;
}

enum op_result run_user_write(struct executor *x, const struct op *op)
{
	struct page_handle *p;
	enum op_result result = user_range(x, op, &p);

	if (result != RESULT_OK)
		return result;
	UNDER_TEST(x->sim, vm_user_store(x->sim, &x->mm, op->arg[0], op->arg[1], op->arg[2], (uint8_t)op->arg[3]));
	p->stored |= STORED_BY_USER;
	p->stored_vma = op->arg[0];
	return RESULT_OK;
}
