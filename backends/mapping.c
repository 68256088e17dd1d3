/* SPDX-License-Identifier: MIT */
/*
 * Code that takes any page for a page-cache page.  The misread is structural: page_mapping() returns the word it finds
 * and the callers read fields of an address_space there, so the outcome depends on content as it did in 2007
 * (FACTS 3.3, 3.3a, 4.7).  flush_dcache_page() itself: backends/flush_dcache_page.c; genuine address_spaces:
 * backends/page_table.c.
 */
#include "backends/mapping.h"

#include "backends/cache.h"
#include "sim/user_view.h"

target_addr_t page_mapping(struct sim *sim, frame_t frame)
{
	uint8_t policy = sim->policy[POLICY_page_mapping];
	uint64_t mapping;

	if (policy == PAGE_MAPPING_HUGH && page_flag(sim, frame, PG_slab))
		return 0;
	if ((policy == PAGE_MAPPING_LAMETER || policy == PAGE_MAPPING_ARCH_CHECK) && sim->debug_vm &&
	    page_flag(sim, frame, PG_slab))
		sim_bug(sim, "page_mapping() of a slab page");
	mapping = page_field_load(sim, frame, PF_page_cache_mapping);
	return mapping & 1 ? 0 : mapping; /* bit 0: anonymous */
}

uint64_t page_index(struct sim *sim, frame_t frame)
{
	if (page_flag(sim, frame, PG_swapcache))
		return page_field_load(sim, frame, PF_swap_cache_entry);
	return page_field_load(sim, frame, PF_page_cache_index);
}

uint64_t page_mapcount(struct sim *sim, frame_t frame)
{
	return page_field_load(sim, frame, PF_page_cache_mapcount) + 1;
}

bool mapping_mapped(struct sim *sim, target_addr_t mapping)
{
	target_addr_t nonlinear = mapping + sim->layout->field[LF_address_space_i_mmap_nonlinear].offset;

	return target_load_field(sim, mapping, LF_address_space_i_mmap) != 0 || !list_empty(sim, nonlinear);
}

/* A lock word that looks taken is never released: nobody holds it. */
static void take_tree_lock(struct sim *sim, target_addr_t mapping)
{
	bool free_is_zero = sim->arch->flush_dcache_page != FDP_PARISC;

	if (!sim->layout->field[LF_address_space_tree_lock].width)
		return;
	if ((target_load_field(sim, mapping, LF_address_space_tree_lock) == 0) != free_is_zero)
		sim_hang(sim);
}

/* Key of a node, in a raw tree or in one of vmas. */
static uint64_t node_key(struct sim *sim, target_addr_t node, bool of_vmas)
{
	return target_load_field(sim, node, of_vmas ? LF_prio_tree_node_vm_pgoff : LF_prio_tree_node_start);
}

/* flush_cache_page() of the address at which the vma of a node maps the page, if it does. */
static void flush_vma(struct sim *sim, frame_t frame, target_addr_t node, uint64_t pgoff)
{
	target_addr_t vma = node - sim->layout->field[LF_vm_area_struct_shared].offset;
	uint64_t start = target_load_field(sim, vma, LF_vm_area_struct_vm_start);
	uint64_t end = target_load_field(sim, vma, LF_vm_area_struct_vm_end);
	uint64_t at = start + ((page_field_load(sim, frame, PF_page_cache_index) - pgoff) << PAGE_SHIFT);

	if (at >= start && at < end)
		user_view_flush(sim, frame, (uint32_t)(at >> PAGE_SHIFT));
}

/* Left children only: our trees have no others. */
void mapping_walk(struct sim *sim, target_addr_t mapping, frame_t frame)
{
	target_addr_t node, next;
	bool of_vmas;

	take_tree_lock(sim, mapping);
	node = target_load_field(sim, mapping, LF_address_space_i_mmap);
	if (!node)
		return;
	of_vmas = target_load_field(sim, mapping, LF_address_space_i_mmap_raw);
	for (;;) {
		uint64_t key = node_key(sim, node, of_vmas);

		if (of_vmas)
			flush_vma(sim, frame, node, key);
		next = target_load_field(sim, node, LF_prio_tree_node_left);
		if (next == node)
			return;
		node = next;
	}
}

void set_page_dirty(struct sim *sim, frame_t frame)
{
	target_addr_t mapping = page_mapping(sim, frame), ops;

	if (!mapping) {
		page_set_flag(sim, frame, PG_dirty);
		return;
	}
	ops = target_load_field(sim, mapping, LF_address_space_a_ops);
	if (target_load_field(sim, ops, LF_address_space_operations_set_page_dirty) == SET_PAGE_DIRTY_TEXT) {
		page_set_flag(sim, frame, PG_dirty);
		return;
	}
	/* A word found there by luck is no function: calling it is the oops. */
	sim_oops(sim, ops, "a_ops->set_page_dirty");
}

target_addr_t kmap(struct sim *sim, frame_t frame)
{
	page_flags(sim, frame); /* the era asks PageHighMem; slab pages never are */
	return page_address(frame);
}

void kunmap(struct sim *sim, frame_t frame)
{
	page_flags(sim, frame);
	kunmap_atomic(sim, page_address(frame));
}

/* Without highmem there is nothing to undo; only some parisc machines flush (C16). */
void kunmap_atomic(struct sim *sim, target_addr_t addr)
{
	uint8_t policy = sim->policy[POLICY_kunmap_flush];

	if (policy == KUNMAP_FLUSH_ALWAYS || (policy == KUNMAP_FLUSH_ARCH && sim->arch->kunmap_flushes))
		cache_flush(sim, addr & ~(target_addr_t)(PAGE_SIZE - 1), PAGE_SIZE);
}
