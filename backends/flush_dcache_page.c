/* SPDX-License-Identifier: MIT */
/*
 * flush_dcache_page() of each architecture (FACTS 3.3), and its relatives.  What it reads of struct page and of the
 * address_space behind it decides what becomes of a slab page (C01-C07, C15).
 */
#include "backends/cache.h"
#include "backends/mapping.h"
#include "sim/user_view.h"

static void emit_flush(struct sim *sim, frame_t frame, const char *what)
{
	struct event event = {.kind = EVENT_FLUSH_PAGE, .addr = page_address(frame), .size = PAGE_SIZE, .text = what};

	sim_emit(sim, &event);
}

static void flush_kernel_lines(struct sim *sim, frame_t frame)
{
	cache_flush(sim, page_address(frame), PAGE_SIZE);
}

/* The mapping, unless the arch tests PageSlab first (policy arch-check; mips has no such test). */
static target_addr_t asked_mapping(struct sim *sim, frame_t frame)
{
	bool tests =
		sim->policy[POLICY_page_mapping] == PAGE_MAPPING_ARCH_CHECK && sim->arch->flush_dcache_page != FDP_MIPS;

	return tests && page_flag(sim, frame, PG_slab) ? 0 : page_mapping(sim, frame);
}

/* A page that nobody has mapped is flushed when somebody does: PG_arch_1 tells. */
static bool is_deferred(struct sim *sim, frame_t frame, target_addr_t mapping)
{
	if (!mapping || mapping_mapped(sim, mapping))
		return false;
	page_set_flag(sim, frame, PG_arch_1);
	emit_flush(sim, frame, "deferred");
	return true;
}

static void flush_arm(struct sim *sim, frame_t frame)
{
	target_addr_t mapping = asked_mapping(sim, frame);

	if (sim->cpus == 1 && is_deferred(sim, frame, mapping))
		return;
	flush_kernel_lines(sim, frame);
	if (mapping && sim->arch->cache_index == CACHE_VIVT)
		mapping_walk(sim, mapping, frame);
	/* Only the colour bits are used. */
	if (mapping && sim->arch->cache_index == CACHE_VIPT && sim->arch->colours > 1)
		user_view_flush(sim, frame, (uint32_t)page_field_load(sim, frame, PF_page_cache_index));
	emit_flush(sim, frame, "flushed");
}

static void flush_parisc(struct sim *sim, frame_t frame)
{
	target_addr_t mapping = asked_mapping(sim, frame);

	if (is_deferred(sim, frame, mapping))
		return;
	flush_kernel_lines(sim, frame);
	if (mapping)
		mapping_walk(sim, mapping, frame);
	emit_flush(sim, frame, "flushed");
}

/* The flags remember which cpu must flush; Spitfire's flush asks for the mapping again, for the I-cache. */
static void flush_sparc64(struct sim *sim, frame_t frame)
{
	if (is_deferred(sim, frame, asked_mapping(sim, frame))) {
		page_member_put(sim, frame, LF_page_flags, page_flags(sim, frame) | (uint64_t)sim->cpu << 32);
		return;
	}
	if (sim->arch->flush_dcache_page == FDP_SPARC64_SPITFIRE)
		page_mapping(sim, frame);
	flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, "flushed");
}

static void flush_mips(struct sim *sim, frame_t frame)
{
	if (is_deferred(sim, frame, asked_mapping(sim, frame)))
		return;
	flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, "flushed");
}

static void flush_xtensa(struct sim *sim, frame_t frame)
{
	asked_mapping(sim, frame);
	flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, "flushed");
}

static void flush_sh(struct sim *sim, frame_t frame)
{
	bool mapped = page_flag(sim, frame, PG_arch_1);

	if (mapped)
		flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, mapped ? "flushed" : "none");
}

static void clear_arch_1(struct sim *sim, frame_t frame)
{
	page_clear_flag(sim, frame, PG_arch_1);
	emit_flush(sim, frame, "none");
}

static void flush_address(struct sim *sim, frame_t frame)
{
	page_check_frame(sim, frame);
	flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, "flushed");
}

static void flush_nothing(struct sim *sim, frame_t frame)
{
	emit_flush(sim, frame, "none");
}

void flush_dcache_page(struct sim *sim, frame_t frame)
{
	static void (*const functions[])(struct sim *, frame_t) = {
		[FDP_NOTHING] = flush_nothing,     [FDP_ARM] = flush_arm,   [FDP_PARISC] = flush_parisc,
		[FDP_SPARC64] = flush_sparc64,     [FDP_MIPS] = flush_mips, [FDP_SPARC64_SPITFIRE] = flush_sparc64,
		[FDP_XTENSA] = flush_xtensa,       [FDP_SH] = flush_sh,     [FDP_ADDRESS] = flush_address,
		[FDP_CLEAR_ARCH_1] = clear_arch_1,
	};

	if (sim->policy[POLICY_fdp_caller] && page_flag(sim, frame, PG_slab))
		emit_flush(sim, frame, "skipped");
	else
		functions[sim->arch->flush_dcache_page](sim, frame);
}

/* Where PG_arch_1 says that the kernel's lines are dirty. */
static bool defers(const struct sim *sim)
{
	static const uint32_t kinds =
		1u << FDP_ARM | 1u << FDP_PARISC | 1u << FDP_SPARC64 | 1u << FDP_SPARC64_SPITFIRE | 1u << FDP_MIPS;

	return kinds >> sim->arch->flush_dcache_page & 1;
}

void update_mmu_cache(struct sim *sim, frame_t frame)
{
	if (!defers(sim) || !page_mapping(sim, frame) || !page_flag(sim, frame, PG_arch_1))
		return;
	page_clear_flag(sim, frame, PG_arch_1);
	flush_kernel_lines(sim, frame);
	emit_flush(sim, frame, "flushed");
}

bool flush_dcache_range(struct sim *sim, target_addr_t addr, uint64_t size)
{
	/* The page table knows both addresses of a frame, and the caches that have this function are physical. */
	if (addr >= VMAP_BASE)
		addr -= VMAP_BASE - RAM_BASE;
	if (sim->arch->flush_dcache_range == FDR_FLUSH)
		cache_flush(sim, addr, size);
	return sim->arch->flush_dcache_range != FDR_ABSENT;
}

void flush_kernel_dcache_page(struct sim *sim, frame_t frame)
{
	if (sim->arch->flush_dcache_page == FDP_PARISC)
		flush_address(sim, frame);
}
