/* SPDX-License-Identifier: MIT */
/* DMA calls as broken drivers make them (FACTS 4.3). */
#include "fuzz/execute.h"

static void emit_driver(struct executor *x, uint32_t handle, const char *what, target_addr_t addr, uint64_t size)
{
	struct event event = {.kind = EVENT_DMA_DRIVER, .id = handle, .text = what, .addr = addr, .size = size};

	sim_emit(x->sim, &event);
}

/* Without dma_mapping_error() the driver takes the error for an address. */
enum op_result run_dma_map_unchecked(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);
	enum dma_direction direction = (enum dma_direction)op->arg[3];

	if (!addr || !length || op->arg[1] >= size || length > size - op->arg[1] || direction == DMA_NONE)
		return RESULT_SKIP;
	if (!memory_is_live(x, op->arg[0]) || device_owns(x, addr + op->arg[1], length))
		return RESULT_SKIP;
	REQUIRE(x, false);
	m->dma = UNDER_TEST(x->sim, dma_map_single(x->sim, x->yield, addr + op->arg[1], length, direction));
	emit_driver(x, x->yield, m->dma == DMA_MAPPING_ERROR ? "failed" : "unchecked", 0, 0);
	m->size = length;
	m->direction = (uint8_t)direction;
	m->memory = op->arg[0];
	m->how = MAPPED_SINGLE;
	count_mapping(x, x->yield, true);
	return RESULT_OK;
}

/* Memory that no handle stands for: there is none behind it in this machine. */
enum op_result run_dma_map_foreign(struct executor *x, const struct op *op)
{
	static const target_addr_t regions[] = {KERNEL_STACK_BASE, KERNEL_TEXT_BASE, VMALLOC_BASE};
	target_addr_t addr = regions[op->arg[0] % 3];
	uint64_t size = size_value(x, op->arg[1]);

	if (!size)
		return RESULT_SKIP;
	REQUIRE(x, false);
	emit_driver(x, HANDLE_NONE, "foreign", addr, size);
	return UNDER_TEST(x->sim, dma_map_single(x->sim, HANDLE_NONE, addr, size, (enum dma_direction)op->arg[2])) ==
			       DMA_MAPPING_ERROR
		       ? RESULT_FAILED
		       : RESULT_OK;
}

static struct mapping_handle *mapping_ever(struct executor *x, uint32_t handle)
{
	return handle < x->count[YIELDS_MAPPING] && x->mappings[handle].dma ? &x->mappings[handle] : NULL;
}

/* Size 0: that of the mapping. */
enum op_result run_dma_unmap_as(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = mapping_ever(x, op->arg[0]);
	uint64_t size = size_value(x, op->arg[1]);

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, false);
	UNDER_TEST(x->sim,
		   dma_unmap_single(x->sim, op->arg[0], m->dma, size ? size : m->size, (enum dma_direction)op->arg[2]));
	if (m->live && (m->how == MAPPED_SINGLE || m->how == MAPPED_PAGE))
		count_mapping(x, op->arg[0], false);
	m->live = false;
	return RESULT_OK;
}

typedef void sync_fn(struct sim *sim, uint32_t id, uint64_t dma, uint64_t size, enum dma_direction direction);

/* The legal syncs of a part are dma_sync_range_for_cpu and dma_sync_range_for_device. */
static enum op_result sync_as(struct executor *x, const struct op *op, sync_fn *sync)
{
	struct mapping_handle *m = mapping_ever(x, op->arg[0]);
	uint64_t size = size_value(x, op->arg[2]);

	if (!m || !size)
		return RESULT_SKIP;
	REQUIRE(x, false);
	UNDER_TEST(x->sim, sync(x->sim, op->arg[0], m->dma + op->arg[1], size, (enum dma_direction)op->arg[3]));
	return RESULT_OK;
}

enum op_result run_dma_sync_as_for_cpu(struct executor *x, const struct op *op)
{
	return sync_as(x, op, dma_sync_single_for_cpu);
}

enum op_result run_dma_sync_as_for_device(struct executor *x, const struct op *op)
{
	return sync_as(x, op, dma_sync_single_for_device);
}

enum op_result run_dma_set_segments(struct executor *x, const struct op *op)
{
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++)
		if (x->mappings[i].live)
			return RESULT_SKIP;
	dma_set_segments(x->sim, size_value(x, op->arg[0]), op->arg[1]);
	return RESULT_OK;
}

enum op_result run_device_release(struct executor *x, const struct op *op)
{
	bool held = false;

	(void)op;
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++)
		held |= x->mappings[i].live;
	REQUIRE(x, !held);
	emit_driver(x, HANDLE_NONE, "released", 0, 0);
	return RESULT_OK;
}
