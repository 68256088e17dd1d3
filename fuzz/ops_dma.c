/* SPDX-License-Identifier: MIT */
/* Ops on cache lines, DMA mappings and the bus master (FACTS 4.1). */
#include "backends/cache.h"
#include "fuzz/execute.h"

typedef void cache_op(struct sim *sim, target_addr_t addr, uint64_t size);

static enum op_result cache_range(struct executor *x, const struct op *op, cache_op *fn)
{
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (!addr || !length)
		return RESULT_SKIP;
	REQUIRE(x, memory_is_live(x, op->arg[0]) && op->arg[1] < size && length <= size - op->arg[1]);
	UNDER_TEST(x->sim, fn(x->sim, addr + op->arg[1], length));
	return RESULT_OK;
}

enum op_result run_cache_clean(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_clean);
}

/* Dropping dirty lines loses stores by definition, so legal use has none. */
enum op_result run_cache_invalidate(struct executor *x, const struct op *op)
{
	uint64_t size;
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	REQUIRE(x, !UNDER_TEST(x->sim, cache_dirty(x->sim, addr + op->arg[1], size_value(x, op->arg[2]))));
	return cache_range(x, op, cache_invalidate);
}

enum op_result run_cache_flush(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_flush);
}

enum op_result run_cache_evict(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_evict);
}

enum op_result run_cache_prefetch(struct executor *x, const struct op *op)
{
	return cache_range(x, op, cache_prefetch);
}

static enum op_result map_memory(struct executor *x, const struct op *op, enum mapping_how how)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);
	enum dma_direction direction = (enum dma_direction)op->arg[3];

	if (!addr || !length)
		return RESULT_SKIP;
	REQUIRE(x, may_map(x, op->arg[0], op->arg[1], length, direction));
	addr += op->arg[1];
	/* The memory is in use from here on: an interrupt may come between two steps of the maintenance. */
	*m = (struct mapping_handle){.dma = addr,
				     .size = length,
				     .direction = (uint8_t)direction,
				     .memory = op->arg[0],
				     .how = (uint8_t)how};
	count_mapping(x, x->yield, true);
	m->dma = how == MAPPED_PAGE ? UNDER_TEST(x->sim, dma_map_page(x->sim, x->yield, addr, length, direction))
				    : UNDER_TEST(x->sim, dma_map_single(x->sim, x->yield, addr, length, direction));
	if (m->dma != DMA_MAPPING_ERROR)
		return RESULT_OK;
	count_mapping(x, x->yield, false);
	return RESULT_FAILED;
}

enum op_result run_dma_map(struct executor *x, const struct op *op)
{
	return map_memory(x, op, MAPPED_SINGLE);
}

enum op_result run_dma_map_page(struct executor *x, const struct op *op)
{
	return map_memory(x, op, MAPPED_PAGE);
}

enum { STRAY_BYTE = 0xee };

/* A bus master access, entry by entry; a read if value is negative. */
static void access_pieces(struct executor *x, const struct mapping_handle *m, const struct op *op, int value)
{
	uint64_t offset = op->arg[1], length = size_value(x, op->arg[2]);

	for (unsigned n = 0; length && n < mapping_pieces(x, m); n++) {
		struct sg_entry piece = mapping_piece(x, m, n);
		uint64_t part;

		if (offset >= piece.size) {
			offset -= piece.size;
			continue;
		}
		/* What lies beyond the last entry is the misuse that was told of. */
		part = n + 1 == mapping_pieces(x, m) || length < piece.size - offset ? length : piece.size - offset;
		if (value < 0)
			UNDER_TEST(x->sim, device_read(x->sim, op->arg[0], piece.addr + offset, part));
		else
			UNDER_TEST(x->sim, device_write(x->sim, op->arg[0], piece.addr + offset, part, (uint8_t)value));
		offset = 0;
		length -= part;
	}
}

void late_write_lands(struct executor *x, uint32_t mapping)
{
	struct late_write late = x->late;

	if (!late.pending || late.op.arg[0] != mapping)
		return;
	x->late.pending = false;
	/* The driver has the memory, so the device was stopped before it wrote. */
	if (!x->mappings[mapping].cpu_owns)
		access_pieces(x, &x->mappings[mapping], &late.op, (int)(late.op.arg[3] & 0xff));
}

/* A device that does not know of the unmap yet. */
static void write_after_unmap(struct executor *x, uint32_t handle, const struct mapping_handle *m)
{
	if (m->direction != DMA_TO_DEVICE && should_fail(x->sim, FAULT_write_after_unmap, .size = 1))
		UNDER_TEST(x->sim, device_write(x->sim, handle, m->dma, 1, STRAY_BYTE));
}

enum op_result run_dma_unmap(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m || m->how != MAPPED_SINGLE)
		return RESULT_SKIP;
	late_write_lands(x, op->arg[0]);
	invariant(!m->busy);
	m->busy = true;
	UNDER_TEST(x->sim, dma_unmap_single(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction));
	m->busy = false;
	count_mapping(x, op->arg[0], false);
	write_after_unmap(x, op->arg[0], m);
	return RESULT_OK;
}

enum op_result run_dma_unmap_page(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m || m->how != MAPPED_PAGE)
		return RESULT_SKIP;
	late_write_lands(x, op->arg[0]);
	m->busy = true;
	UNDER_TEST(x->sim, dma_unmap_page(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction));
	m->busy = false;
	count_mapping(x, op->arg[0], false);
	write_after_unmap(x, op->arg[0], m);
	return RESULT_OK;
}

/* Not by the call for lists, and coherent memory needs none. */
static bool is_synced(const struct mapping_handle *m)
{
	return m->how == MAPPED_SINGLE || m->how == MAPPED_PAGE || m->how == MAPPED_NONCOHERENT;
}

/* Ownership of [from, until) changes hands. */
static void sync_owner(struct mapping_handle *m, bool cpu_owns, uint64_t from, uint64_t until)
{
	/* A second part: drivers of the era had both in hand. */
	if (m->cpu_owns && cpu_owns) {
		m->cpu_from = from < m->cpu_from ? from : m->cpu_from;
		m->cpu_until = until > m->cpu_until ? until : m->cpu_until;
		return;
	}
	m->cpu_owns = cpu_owns;
	m->cpu_from = from;
	m->cpu_until = until;
}

enum op_result run_dma_sync_for_cpu(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m || !is_synced(m))
		return RESULT_SKIP;
	REQUIRE(x, !m->cpu_owns);
	UNDER_TEST(x->sim,
		   dma_sync_single_for_cpu(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction));
	sync_owner(m, true, 0, m->size);
	return RESULT_OK;
}

enum op_result run_dma_sync_for_device(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	if (!m || !is_synced(m))
		return RESULT_SKIP;
	REQUIRE(x, m->cpu_owns && m->cpu_from == 0 && m->cpu_until == m->size);
	UNDER_TEST(x->sim,
		   dma_sync_single_for_device(x->sim, op->arg[0], m->dma, m->size, (enum dma_direction)m->direction));
	sync_owner(m, false, 0, m->size);
	return RESULT_OK;
}

/* Mapping whose bytes [offset, offset + length) may be synced: whole lines by the book. */
static struct mapping_handle *range_to_sync(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);
	uint64_t length = size_value(x, op->arg[2]);

	if (!m || !is_synced(m) || !length || op->arg[1] >= m->size || length > m->size - op->arg[1])
		return NULL;
	return x->world->config.dma_era || whole_lines(x, op->arg[1], length, m->size) ? m : NULL;
}

enum op_result run_dma_sync_range_for_cpu(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = range_to_sync(x, op);
	uint64_t length = size_value(x, op->arg[2]);

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, !m->cpu_owns || x->world->config.dma_era);
	UNDER_TEST(x->sim, dma_sync_single_range_for_cpu(x->sim, op->arg[0], m->dma, op->arg[1], length,
							 (enum dma_direction)m->direction));
	sync_owner(m, true, op->arg[1], op->arg[1] + length);
	return RESULT_OK;
}

enum op_result run_dma_sync_range_for_device(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = range_to_sync(x, op);
	uint64_t length = size_value(x, op->arg[2]);

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, m->cpu_owns && m->cpu_from == op->arg[1] && m->cpu_until == op->arg[1] + length);
	UNDER_TEST(x->sim, dma_sync_single_range_for_device(x->sim, op->arg[0], m->dma, op->arg[1], length,
							    (enum dma_direction)m->direction));
	sync_owner(m, false, 0, 0);
	return RESULT_OK;
}

/* A bus master access to bytes [offset, offset + length) of a mapping, entry by entry. */
static enum op_result device_access(struct executor *x, const struct op *op, enum dma_direction forbidden, int value)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);
	uint64_t offset = op->arg[1], length = size_value(x, op->arg[2]);

	/* A device that was not told to stop. */
	if (!m && x->world->config.misuse && op->arg[0] < x->count[YIELDS_MAPPING] && x->mappings[op->arg[0]].dma)
		m = &x->mappings[op->arg[0]];
	if (!m || !length)
		return RESULT_SKIP;
	REQUIRE(x, offset < m->size && length <= m->size - offset);
	REQUIRE(x, m->direction != forbidden);
	REQUIRE(x, !m->cpu_owns || offset >= m->cpu_until || offset + length <= m->cpu_from);
	if (value >= 0 && should_fail(x->sim, FAULT_late_write, .size = (uint32_t)length)) {
		late_write_lands(x, x->late.op.arg[0]);
		x->late = (struct late_write){true, *op};
		return RESULT_OK;
	}
	access_pieces(x, m, op, value);
	return RESULT_OK;
}

enum op_result run_device_write(struct executor *x, const struct op *op)
{
	return device_access(x, op, DMA_TO_DEVICE, (int)(op->arg[3] & 0xff));
}

enum op_result run_device_read(struct executor *x, const struct op *op)
{
	return device_access(x, op, DMA_FROM_DEVICE, -1);
}

/* A driver of the era that passed virt_to_bus() to its device and nothing to the DMA API. */
enum op_result run_device_read_unmapped(struct executor *x, const struct op *op)
{
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (!addr || !length || !memory_range(x, op->arg[0], op->arg[1], length))
		return RESULT_SKIP;
	REQUIRE(x, x->world->config.dma_era && !device_owns(x, addr + op->arg[1], length));
	UNDER_TEST(x->sim, device_read(x->sim, HANDLE_NONE, addr + op->arg[1], length));
	return RESULT_OK;
}
