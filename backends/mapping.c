/* SPDX-License-Identifier: MIT */
/*
 * Code that takes any page for a page-cache page.  The misread is structural: page_mapping() returns the word it finds
 * and the callers read fields of an address_space there, so the outcome depends on content as it did in 2007
 * (FACTS 3.3, 3.3a, 4.7).  Genuine ones are those of backends/page_table.c.
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

/* i_mmap tree not empty or i_mmap_nonlinear list not empty. */
static bool mapping_mapped(struct sim *sim, target_addr_t mapping)
{
	target_addr_t nonlinear = mapping + sim->layout->field[LF_address_space_i_mmap_nonlinear].offset;

	return target_load_field(sim, mapping, LF_address_space_i_mmap) != 0 || !list_empty(sim, nonlinear);
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
static void walk_i_mmap(struct sim *sim, target_addr_t mapping, frame_t frame)
{
	target_addr_t node = target_load_field(sim, mapping, LF_address_space_i_mmap), next;
	bool of_vmas;

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

static void emit_flush(struct sim *sim, frame_t frame, const char *what)
{
	struct event event = {.kind = EVENT_FLUSH_PAGE, .addr = page_address(frame), .size = PAGE_SIZE, .text = what};

	sim_emit(sim, &event);
}

static void flush_arm_vivt(struct sim *sim, frame_t frame)
{
	bool asks = sim->policy[POLICY_page_mapping] != PAGE_MAPPING_ARCH_CHECK || !page_flag(sim, frame, PG_slab);
	target_addr_t mapping = asks ? page_mapping(sim, frame) : 0;

	if (mapping && sim->cpus == 1 && !mapping_mapped(sim, mapping)) {
		page_set_flag(sim, frame, PG_arch_1);
		emit_flush(sim, frame, "deferred");
		return;
	}
	cache_flush(sim, page_address(frame), PAGE_SIZE);
	if (mapping)
		walk_i_mmap(sim, mapping, frame);
	emit_flush(sim, frame, "flushed");
}

void flush_dcache_page(struct sim *sim, frame_t frame)
{
	if (sim->policy[POLICY_fdp_caller] && page_flag(sim, frame, PG_slab)) {
		emit_flush(sim, frame, "skipped");
		return;
	}
	switch (sim->arch->flush_dcache_page) {
	case FDP_ARM_VIVT:
		flush_arm_vivt(sim, frame);
		return;
	case FDP_CLEAR_ARCH_1:
		page_clear_flag(sim, frame, PG_arch_1);
		emit_flush(sim, frame, "none");
		return;
	default:
		emit_flush(sim, frame, "none");
	}
}

void update_mmu_cache(struct sim *sim, frame_t frame)
{
	if (sim->arch->flush_dcache_page != FDP_ARM_VIVT || !page_mapping(sim, frame) ||
	    !page_flag(sim, frame, PG_arch_1))
		return;
	page_clear_flag(sim, frame, PG_arch_1);
	cache_flush(sim, page_address(frame), PAGE_SIZE);
	emit_flush(sim, frame, "flushed");
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
}
