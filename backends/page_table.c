/* SPDX-License-Identifier: MIT */
/*
 * Page table entries and who is counted (FACTS 5).  Each walk holds the page table lock, under which nothing may sleep.
 * i_mmap is a prio tree degenerated to a list, as is right for vmas that begin at the same page of the file.
 */
#include "backends/page_table.h"

#include <string.h>

#include "backends/mapping.h"
#include "sim/user_view.h"

#define USER_VPN               UINT32_C(0x40000) /* first virtual page of the first vma */
#define VMA_STRIDE             1024u             /* no cache has more colours */
#define BACKEND                "mm"
#define FIELD_AT(sim, base, f) ((base) + (sim)->layout->field[LF_##f].offset)

void page_tables_reset(struct page_tables *tables)
{
	memset(tables, 0, offsetof(struct page_tables, vma));
}

static void emit(struct sim *sim, enum event_kind kind, frame_t frame)
{
	struct event event = {.kind = kind, .addr = page_address(frame)};

	sim_emit(sim, &event);
}

static void emit_pte(struct sim *sim, enum event_kind kind, uint32_t vma, unsigned i, uint32_t pfn, bool counted)
{
	struct event event = {.kind = kind, .addr = page_address(pfn), .id = vma, .value = i, .size = counted};

	sim_emit(sim, &event);
}

static void get(struct sim *sim, frame_t frame)
{
	emit(sim, EVENT_PAGE_GET, frame);
	get_page(sim, frame);
}

static void put(struct sim *sim, frame_t frame)
{
	emit(sim, EVENT_PAGE_PUT, frame);
	put_page(sim, frame);
}

/* The count is of entries minus one. */
static void page_add_rmap(struct sim *sim, frame_t frame)
{
	uint64_t count = page_field_load(sim, frame, PF_page_cache_mapcount);

	page_field_store(sim, frame, PF_page_cache_mapcount, (uint32_t)(count + 1));
}

static void page_remove_rmap(struct sim *sim, frame_t frame)
{
	uint32_t count = (uint32_t)page_field_load(sim, frame, PF_page_cache_mapcount) - 1;

	page_field_store(sim, frame, PF_page_cache_mapcount, count);
	if ((int32_t)count < -1)
		sim_bug(sim, "page_mapcount(page) went negative!");
}

/* i_mmap */

static target_addr_t node_of(const struct sim *sim, const struct vm_area *v)
{
	return FIELD_AT(sim, v->addr, vm_area_struct_shared);
}

static void link_i_mmap(struct sim *sim, target_addr_t mapping, target_addr_t node)
{
	target_addr_t root = target_load_field(sim, mapping, LF_address_space_i_mmap);

	target_store_field(sim, node, LF_prio_tree_node_left, root ? root : node);
	target_store_field(sim, node, LF_prio_tree_node_right, node);
	target_store_field(sim, node, LF_prio_tree_node_parent, node);
	if (root)
		target_store_field(sim, root, LF_prio_tree_node_parent, node);
	target_store_field(sim, mapping, LF_address_space_i_mmap, node);
}

static void unlink_i_mmap(struct sim *sim, target_addr_t mapping, target_addr_t node)
{
	target_addr_t next = target_load_field(sim, node, LF_prio_tree_node_left);
	target_addr_t parent = target_load_field(sim, node, LF_prio_tree_node_parent);
	bool first = parent == node, last = next == node;

	if (first)
		target_store_field(sim, mapping, LF_address_space_i_mmap, last ? 0 : next);
	else
		target_store_field(sim, parent, LF_prio_tree_node_left, last ? parent : next);
	if (!last)
		target_store_field(sim, next, LF_prio_tree_node_parent, first ? next : parent);
}

static target_addr_t open_file(struct sim *sim, struct page_tables *tables, unsigned file)
{
	target_addr_t *mapping = &tables->files[file], list, ops;

	invariant(file < FILES_MAX);
	if (*mapping)
		return *mapping;
	tables->used = true;
	*mapping = kernel_alloc(sim, sim->layout->size[LS_address_space]);
	ops = kernel_alloc(sim, sim->layout->size[LS_address_space_operations]);
	if (!*mapping || !ops)
		return *mapping = 0;
	/* A lock that nobody holds reads 1 on parisc. */
	if (sim->layout->field[LF_address_space_tree_lock].width)
		target_store_field(sim, *mapping, LF_address_space_tree_lock,
				   sim->arch->flush_dcache_page == FDP_PARISC);
	list = FIELD_AT(sim, *mapping, address_space_i_mmap_nonlinear);
	target_store_field(sim, *mapping, LF_address_space_i_mmap, 0);
	target_store_field(sim, *mapping, LF_address_space_i_mmap_raw, 1); /* vmas: the key is vm_pgoff */
	list_init(sim, list);
	target_store_field(sim, ops, LF_address_space_operations_set_page_dirty, SET_PAGE_DIRTY_TEXT);
	target_store_field(sim, *mapping, LF_address_space_a_ops, ops);
	return *mapping;
}

/* vmas */

static bool open_vma(struct sim *sim, struct page_tables *tables, struct vm_area *v)
{
	uint64_t start = (uint64_t)v->vpn << PAGE_SHIFT;
	target_addr_t mapping = v->kind == VM_FILE ? open_file(sim, tables, v->file) : 0;

	v->addr = kernel_alloc(sim, sim->layout->size[LS_vm_area_struct]);
	if (!v->addr || (v->kind == VM_FILE && !mapping))
		return false;
	target_store_field(sim, v->addr, LF_vm_area_struct_vm_start, start);
	target_store_field(sim, v->addr, LF_vm_area_struct_vm_end, start + ((uint64_t)VMA_PAGES << PAGE_SHIFT));
	target_store_field(sim, v->addr, LF_vm_area_struct_vm_pgoff, 0);
	if (mapping)
		link_i_mmap(sim, mapping, node_of(sim, v));
	v->live = true;
	tables->used = true;
	return true;
}

static void count_vma(struct page_tables *tables, uint32_t vma)
{
	if (vma >= tables->vma_count)
		tables->vma_count = vma + 1;
}

bool vm_mmap(struct sim *sim, struct page_tables *tables, uint32_t vma, enum vm_kind kind, unsigned file,
	     unsigned colour)
{
	struct vm_area *v = &tables->vma[vma];

	invariant(vma < VMAS_MAX && kind < VM_KINDS);
	memset(v, 0, sizeof(*v));
	count_vma(tables, vma);
	v->kind = (uint8_t)kind;
	v->file = (uint8_t)(file % FILES_MAX);
	v->mm = tables->mm;
	v->vpn = USER_VPN + vma * VMA_STRIDE + colour % VMA_COLOURS;
	/* get_unmapped_area(): the colour of a shared page of a file is that of its number in the file. */
	if (kind == VM_FILE)
		v->vpn -= v->vpn % sim->arch->colours;
	return open_vma(sim, tables, v);
}

/* pfn_valid() */

static target_addr_t add_segment(struct sim *sim, target_addr_t next, uint32_t first, uint32_t count)
{
	target_addr_t node = kernel_alloc_boot(sim, sim->layout->size[LS_pfn_segment]);

	if (!node)
		return next;
	target_store_field(sim, node, LF_pfn_segment_next, next);
	target_store_field(sim, node, LF_pfn_segment_first, first);
	target_store_field(sim, node, LF_pfn_segment_count, count);
	return node;
}

/* Two segments, so that there is something to walk. */
static bool in_segments(struct sim *sim, struct page_tables *tables, uint32_t pfn)
{
	uint32_t frames = sim->ram_frames - (sim->policy[POLICY_mem_hole] ? HOLE_FRAMES : 0), half = frames / 2;

	if (!tables->segments)
		tables->segments = add_segment(sim, add_segment(sim, 0, 0, half), half, frames - half);
	for (target_addr_t node = tables->segments; node; node = target_load_field(sim, node, LF_pfn_segment_next)) {
		uint64_t first = target_load_field(sim, node, LF_pfn_segment_first);

		if (pfn - first < target_load_field(sim, node, LF_pfn_segment_count))
			return true;
	}
	return false;
}

void pfn_list_init(struct page_tables *tables)
{
	tables->used = true;
	tables->segments_ready = true;
}

bool pfn_valid(struct sim *sim, struct page_tables *tables, uint32_t pfn)
{
	uint8_t policy = sim->policy[POLICY_pfn_valid], late = sim->policy[POLICY_pfn_list];
	bool valid;

	if (policy == PFN_VALID_ARRAY)
		return pfn < sim->ram_frames; /* a hole has a struct page, too */
	if (late != PFN_LIST_BOOT && !tables->segments_ready)
		return late == PFN_LIST_LATE_ASSUME_VALID && pfn < sim->ram_frames;
	if (policy == PFN_VALID_LIST_MUTEX)
		sim_might_sleep(sim);
	sim->preempt_count += policy == PFN_VALID_LIST_SPINLOCK;
	valid = in_segments(sim, tables, pfn);
	sim->preempt_count -= policy == PFN_VALID_LIST_SPINLOCK;
	return valid;
}

/* Frame whose struct page stands for the entry, FRAME_NONE: it is not counted. */
static frame_t vm_normal_page(struct sim *sim, struct page_tables *tables, const struct vm_area *v,
			      const struct pte *pte)
{
	bool has_bit = sim->policy[POLICY_pte_special];

	if (has_bit ? pte->special : v->kind == VM_PFNMAP)
		return FRAME_NONE;
	if (!has_bit && v->kind == VM_MIXEDMAP)
		return pfn_valid(sim, tables, pte->pfn) ? pte->pfn : FRAME_NONE;
	if ((sim->policy[POLICY_pfn_check] == 0 || sim->debug_vm) && !pfn_valid(sim, tables, pte->pfn)) {
		sim_check(sim, page_address(pte->pfn), "BUG: Bad page map: pfn not valid");
		return FRAME_NONE;
	}
	return pte->pfn;
}

/* Insertion */

static struct pte *empty_pte(struct page_tables *tables, uint32_t vma, unsigned i)
{
	struct pte *pte = &tables->vma[vma].pte[i];

	invariant(vma < tables->vma_count && tables->vma[vma].live && i < VMA_PAGES);
	return pte->present ? NULL : pte;
}

static void set_pte(struct sim *sim, struct pte *pte, uint32_t vma, unsigned i, struct pte value, bool counted)
{
	invariant(!pte->present);
	*pte = value;
	pte->present = true;
	emit_pte(sim, EVENT_PTE_SET, vma, i, value.pfn, counted);
}

static bool insert_counted(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, frame_t frame)
{
	struct pte *pte = empty_pte(tables, vma, i);

	if (!pte || page_count(sim, frame) == 0)
		return false;
	sim->running = BACKEND;
	get(sim, frame);
	page_add_rmap(sim, frame);
	set_pte(sim, pte, vma, i, (struct pte){.pfn = frame}, true);
	sim->running = NULL;
	return true;
}

static bool insert_bare(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn,
			bool special)
{
	struct pte *pte = empty_pte(tables, vma, i);

	if (pte)
		set_pte(sim, pte, vma, i, (struct pte){.pfn = pfn, .special = special}, false);
	return pte != NULL;
}

bool vm_insert_page(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, frame_t frame)
{
	return insert_counted(sim, tables, vma, i, frame);
}

bool vm_insert_pfn(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn)
{
	if (tables->vma[vma].kind == VM_FILE)
		sim_bug(sim, "vm_insert_pfn(): vma is neither VM_PFNMAP nor VM_MIXEDMAP");
	return insert_bare(sim, tables, vma, i, pfn, sim->policy[POLICY_pte_special]);
}

bool vm_insert_mixed(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn)
{
	if (tables->vma[vma].kind != VM_MIXEDMAP)
		sim_bug(sim, "vm_insert_mixedmap_pfn(): vma is not VM_MIXEDMAP");
	if (sim->policy[POLICY_pte_special] || sim->policy[POLICY_mixedmap] == MIXEDMAP_PFN ||
	    !pfn_valid(sim, tables, pfn))
		return vm_insert_pfn(sim, tables, vma, i, pfn);
	return vm_insert_page(sim, tables, vma, i, pfn);
}

bool vm_set_pte(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn)
{
	return insert_bare(sim, tables, vma, i, pfn, false);
}

bool vm_file_fault(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, frame_t frame)
{
	if (!insert_counted(sim, tables, vma, i, frame))
		return false;
	update_mmu_cache(sim, frame);
	return true;
}

/* Walks */

static void zap_pte(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i)
{
	struct vm_area *v = &tables->vma[vma];
	struct pte *pte = &v->pte[i];
	frame_t frame;

	if (!pte->present)
		return;
	frame = vm_normal_page(sim, tables, v, pte);
	if (pte->pfn < sim->ram_frames)
		user_view_flush(sim, pte->pfn, v->vpn + i);
	if (frame != FRAME_NONE)
		page_remove_rmap(sim, frame);
	pte->present = false;
	emit_pte(sim, EVENT_PTE_CLEAR, vma, i, pte->pfn, frame != FRAME_NONE);
	if (frame != FRAME_NONE)
		put(sim, frame);
}

void vm_munmap(struct sim *sim, struct page_tables *tables, uint32_t vma)
{
	struct vm_area *v = &tables->vma[vma];

	invariant(vma < tables->vma_count && v->live);
	sim->running = BACKEND;
	sim->preempt_count++;
	for (unsigned i = 0; i < VMA_PAGES; i++)
		zap_pte(sim, tables, vma, i);
	sim->preempt_count--;
	if (v->kind == VM_FILE)
		unlink_i_mmap(sim, tables->files[v->file], node_of(sim, v));
	kernel_free(sim, v->addr, sim->layout->size[LS_vm_area_struct]);
	v->live = false;
	sim->running = NULL;
}

static void copy_pte(struct sim *sim, struct page_tables *tables, uint32_t parent, uint32_t child, unsigned i)
{
	struct vm_area *v = &tables->vma[parent];
	frame_t frame;

	if (!v->pte[i].present)
		return;
	frame = vm_normal_page(sim, tables, v, &v->pte[i]);
	if (frame != FRAME_NONE) {
		get(sim, frame);
		page_add_rmap(sim, frame);
	}
	set_pte(sim, &tables->vma[child].pte[i], child, i, v->pte[i], frame != FRAME_NONE);
}

bool vm_fork(struct sim *sim, struct page_tables *tables, uint32_t parent, uint32_t child)
{
	struct vm_area *from = &tables->vma[parent], *v = &tables->vma[child];

	invariant(parent < tables->vma_count && from->live && child < VMAS_MAX && child != parent);
	memset(v, 0, sizeof(*v));
	count_vma(tables, child);
	v->kind = from->kind;
	v->file = from->file;
	v->vpn = from->vpn;
	v->mm = (uint16_t)(tables->mms + 1);
	if (!open_vma(sim, tables, v))
		return false;
	tables->mms++;
	sim->running = BACKEND;
	sim->preempt_count++;
	for (unsigned i = 0; i < VMA_PAGES; i++)
		copy_pte(sim, tables, parent, child, i);
	sim->preempt_count--;
	sim->running = NULL;
	return true;
}

bool vm_get_user_page(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i)
{
	const struct pte *pte = &tables->vma[vma].pte[i];
	frame_t frame;

	invariant(vma < tables->vma_count && tables->vma[vma].live && i < VMA_PAGES);
	if (!pte->present)
		return false;
	sim->running = BACKEND;
	/* follow_page() */
	sim->preempt_count++;
	frame = vm_normal_page(sim, tables, &tables->vma[vma], pte);
	if (frame != FRAME_NONE)
		get(sim, frame);
	sim->preempt_count--;
	if (frame != FRAME_NONE)
		put(sim, frame);
	sim->running = NULL;
	return frame != FRAME_NONE;
}

/* Accesses */

/* The cache of the process that ran before holds its addresses, not these. */
static void switch_mm(struct sim *sim, struct page_tables *tables, const struct vm_area *v)
{
	if (tables->mm == v->mm)
		return;
	if (sim->arch->cache_index == CACHE_VIVT)
		user_view_flush_all(sim);
	tables->mm = v->mm;
}

/* The entry finds the frame whoever owns it. */
static void touch(struct sim *sim, frame_t frame, uint32_t offset, bool store)
{
	if (sim->frame_state[frame] == FRAME_FREE)
		target_check_slow(sim, page_address(frame) + offset, 1, store);
}

static void emit_access(struct sim *sim, enum event_kind kind, const struct vm_area *v, uint32_t offset, uint32_t size,
			uint8_t value)
{
	unsigned i = offset >> PAGE_SHIFT;
	struct event event = {.kind = kind,
			      .addr = page_address(v->pte[i].pfn) + (offset & (PAGE_SIZE - 1)),
			      .size = size,
			      .value = value,
			      .id = v->vpn + i};

	sim_emit(sim, &event);
}

/* One page of a live vma, and RAM behind it. */
static void check_access(const struct sim *sim, const struct page_tables *tables, uint32_t vma, uint32_t offset,
			 uint32_t size)
{
	unsigned i = offset >> PAGE_SHIFT;

	invariant(vma < tables->vma_count && tables->vma[vma].live && i < VMA_PAGES);
	invariant(size && size <= PAGE_SIZE - (offset & (PAGE_SIZE - 1)));
	invariant(tables->vma[vma].pte[i].present && tables->vma[vma].pte[i].pfn < sim->ram_frames);
}

void vm_user_load(struct sim *sim, struct page_tables *tables, uint32_t vma, uint32_t offset, uint32_t size)
{
	const struct vm_area *v = &tables->vma[vma];
	unsigned i = offset >> PAGE_SHIFT;

	check_access(sim, tables, vma, offset, size);
	sim->running = BACKEND;
	switch_mm(sim, tables, v);
	touch(sim, v->pte[i].pfn, offset & (PAGE_SIZE - 1), false);
	emit_access(sim, EVENT_PAGE_LOAD, v, offset, size, 0);
	user_view_load(sim, v->pte[i].pfn, v->vpn + i, offset & (PAGE_SIZE - 1), size);
	sim->running = NULL;
}

void vm_user_store(struct sim *sim, struct page_tables *tables, uint32_t vma, uint32_t offset, uint32_t size,
		   uint8_t value)
{
	const struct vm_area *v = &tables->vma[vma];
	unsigned i = offset >> PAGE_SHIFT;

	check_access(sim, tables, vma, offset, size);
	sim->running = BACKEND;
	switch_mm(sim, tables, v);
	touch(sim, v->pte[i].pfn, offset & (PAGE_SIZE - 1), true);
	user_view_store(sim, v->pte[i].pfn, v->vpn + i, offset & (PAGE_SIZE - 1), size, value);
	emit_access(sim, EVENT_PAGE_STORE, v, offset, size, value);
	sim->running = NULL;
}

/* Page cache */

bool add_to_page_cache(struct sim *sim, struct page_tables *tables, unsigned file, uint32_t index, frame_t frame)
{
	target_addr_t mapping = open_file(sim, tables, file);

	if (!mapping)
		return false;
	get(sim, frame);
	page_field_store(sim, frame, PF_page_cache_mapping, mapping);
	page_field_store(sim, frame, PF_page_cache_index, index);
	return true;
}

void remove_from_page_cache(struct sim *sim, struct page_tables *tables, unsigned file, frame_t frame)
{
	sim->running = BACKEND;
	sim->preempt_count++;
	for (uint32_t vma = 0; vma < tables->vma_count; vma++)
		for (unsigned i = 0; i < VMA_PAGES; i++) {
			const struct vm_area *v = &tables->vma[vma];

			if (v->live && v->kind == VM_FILE && v->file == file && v->pte[i].pfn == frame)
				zap_pte(sim, tables, vma, i);
		}
	sim->preempt_count--;
	page_field_store(sim, frame, PF_page_cache_mapping, 0);
	put(sim, frame);
	sim->running = NULL;
}
