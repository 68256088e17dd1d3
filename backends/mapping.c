/* SPDX-License-Identifier: MIT */
/*
 * Code that takes any page for a page-cache page.  The misread is structural: page_mapping() returns the word it finds
 * and the callers read fields of an address_space there, so the outcome depends on content as it did in 2007
 * (FACTS 3.3, 3.3a, 4.7).  Not modelled here: vmas, user colours.
 */
#include "backends/mapping.h"

#include "backends/cache.h"

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

/* i_mmap tree not empty or i_mmap_nonlinear list not empty. */
static bool mapping_mapped(struct sim *sim, target_addr_t mapping)
{
	target_addr_t nonlinear = mapping + sim->layout->field[LF_address_space_i_mmap_nonlinear].offset;

	return target_load_field(sim, mapping, LF_address_space_i_mmap) != 0 || !list_empty(sim, nonlinear);
}

/* The first step of a prio tree walk: reads the key of the root node, in a raw tree or in one of vmas. */
static void walk_i_mmap(struct sim *sim, target_addr_t mapping)
{
	target_addr_t node = target_load_field(sim, mapping, LF_address_space_i_mmap);

	if (!node)
		return;
	if (target_load_field(sim, mapping, LF_address_space_i_mmap_raw))
		target_load_field(sim, node, LF_prio_tree_node_vm_pgoff);
	else
		target_load_field(sim, node, LF_prio_tree_node_start);
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
		walk_i_mmap(sim, mapping);
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

void set_page_dirty(struct sim *sim, frame_t frame)
{
	target_addr_t mapping = page_mapping(sim, frame), ops;

	if (!mapping) {
		page_set_flag(sim, frame, PG_dirty);
		return;
	}
	ops = target_load_field(sim, mapping, LF_address_space_a_ops);
	target_load_field(sim, ops, LF_address_space_operations_set_page_dirty);
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
