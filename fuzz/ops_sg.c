/* SPDX-License-Identifier: MIT */
/* Ops on scatter lists (FACTS 4.1): an entry is a page, an offset and a length that may exceed the page. */
#include "fuzz/execute.h"

static struct sg_handle *list_of(struct executor *x, uint32_t handle)
{
	return handle < x->count[YIELDS_SG] && x->lists[handle].count ? &x->lists[handle] : NULL;
}

enum op_result run_sg_init_one(struct executor *x, const struct op *op)
{
	struct sg_handle *list = &x->lists[yielded(x, YIELDS_SG)];
	uint64_t size, length = size_value(x, op->arg[2]);
	target_addr_t addr = memory_address(x, op->arg[0], &size);

	if (!addr || !length || !memory_range(x, op->arg[0], op->arg[1], length) ||
	    !target_in_ram(x->sim, addr + op->arg[1], length))
		return RESULT_SKIP;
	*list = (struct sg_handle){.count = 1, .entries = {{addr + op->arg[1], length, op->arg[0]}}};
	return RESULT_OK;
}

enum op_result run_sg_chain(struct executor *x, const struct op *op)
{
	struct sg_handle *to = list_of(x, op->arg[0]);
	const struct sg_handle *from = list_of(x, op->arg[1]);

	if (!to || !from || to == from || to->mappings || to->count + from->count > SG_ENTRIES_MAX)
		return RESULT_SKIP;
	invariant(to->count + from->count <= SG_ENTRIES_MAX);
	for (uint32_t i = 0; i < from->count; i++)
		to->entries[to->count++] = from->entries[i];
	return RESULT_OK;
}

enum op_result run_sg_page(struct executor *x, const struct op *op)
{
	struct page_handle *p = &x->pages[yielded(x, YIELDS_PAGE)];
	const struct sg_handle *list = list_of(x, op->arg[0]);
	uint32_t memory;

	if (!list)
		return RESULT_SKIP;
	memory = list->entries[0].memory;
	/* The page of pages has a handle already. */
	if (memory & HANDLE_OTHER || !live_object(x, memory))
		return RESULT_SKIP;
	p->frame = virt_to_frame(x->sim, list->entries[0].addr);
	p->object = memory + 1;
	return RESULT_OK;
}

static bool device_takes(const struct executor *x, const struct sg_entry *entry)
{
	uint64_t max = x->device.segment_max, boundary = x->device.segment_boundary, offset = entry->addr - RAM_BASE;

	return (!max || entry->size <= max) &&
	       (!boundary || offset / boundary == (offset + entry->size - 1) / boundary);
}

/* Each entry may be mapped, and no two of them take the same bytes or, by the book, parts of one object. */
static bool may_map_list(struct executor *x, const struct sg_handle *list, enum dma_direction direction)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct sg_entry *a = &list->entries[i];
		uint64_t size;

		if (!may_map(x, a->memory, a->addr - memory_address(x, a->memory, &size), a->size, direction) ||
		    !device_takes(x, a))
			return false;
		for (uint32_t k = 0; k < i; k++) {
			const struct sg_entry *b = &list->entries[k];

			if (a->addr < b->addr + b->size && b->addr < a->addr + a->size)
				return false;
			if (!x->world->config.dma_era && a->memory == b->memory)
				return false;
		}
	}
	return true;
}

/* The backend's view of the entries. */
static unsigned segments_of(const struct sg_handle *list, struct dma_segment out[SG_ENTRIES_MAX])
{
	invariant(list->count <= SG_ENTRIES_MAX);
	for (uint32_t i = 0; i < list->count; i++)
		out[i] = (struct dma_segment){list->entries[i].addr, list->entries[i].size};
	return list->count;
}

enum op_result run_dma_map_sg(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	const struct sg_handle *list = list_of(x, op->arg[0]);
	enum dma_direction direction = (enum dma_direction)op->arg[1];
	struct dma_segment segments[SG_ENTRIES_MAX];

	if (!list)
		return RESULT_SKIP;
	REQUIRE(x, may_map_list(x, list, direction));
	*m = (struct mapping_handle){.dma = list->entries[0].addr,
				     .direction = (uint8_t)direction,
				     .memory = HANDLE_NONE,
				     .how = MAPPED_SG,
				     .sg = op->arg[0]};
	for (uint32_t i = 0; i < list->count; i++)
		m->size += list->entries[i].size;
	count_mapping(x, x->yield, true);
	if (UNDER_TEST(x->sim, dma_map_sg(x->sim, x->yield, segments, segments_of(list, segments), direction)))
		return RESULT_OK;
	count_mapping(x, x->yield, false);
	return RESULT_FAILED;
}

enum op_result run_dma_unmap_sg(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);
	struct dma_segment segments[SG_ENTRIES_MAX];

	if (!m || m->how != MAPPED_SG)
		return RESULT_SKIP;
	late_write_lands(x, op->arg[0]);
	m->busy = true;
	UNDER_TEST(x->sim, dma_unmap_sg(x->sim, op->arg[0], segments, segments_of(&x->lists[m->sg], segments),
					(enum dma_direction)m->direction));
	m->busy = false;
	count_mapping(x, op->arg[0], false);
	return RESULT_OK;
}

static enum op_result sync_list(struct executor *x, const struct op *op, bool to_cpu)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);
	struct dma_segment segments[SG_ENTRIES_MAX];

	if (!m || m->how != MAPPED_SG)
		return RESULT_SKIP;
	REQUIRE(x, m->cpu_owns != to_cpu);
	m->busy = true;
	UNDER_TEST(x->sim, dma_sync_sg(x->sim, op->arg[0], segments, segments_of(&x->lists[m->sg], segments),
				       (enum dma_direction)m->direction, to_cpu));
	m->busy = false;
	m->cpu_owns = to_cpu;
	m->cpu_from = 0;
	m->cpu_until = m->size;
	return RESULT_OK;
}

enum op_result run_dma_sync_sg_for_cpu(struct executor *x, const struct op *op)
{
	return sync_list(x, op, true);
}

static struct mapping_handle *list_mapping(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_mapping(x, op->arg[0]);

	return m && m->how == MAPPED_SG && op->arg[1] && op->arg[1] <= x->lists[m->sg].count ? m : NULL;
}

enum op_result run_dma_unmap_sg_as(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = list_mapping(x, op);
	struct dma_segment segments[SG_ENTRIES_MAX];

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, op->arg[1] == x->lists[m->sg].count);
	segments_of(&x->lists[m->sg], segments);
	m->busy = true;
	UNDER_TEST(x->sim, dma_unmap_sg(x->sim, op->arg[0], segments, op->arg[1], (enum dma_direction)m->direction));
	m->busy = false;
	count_mapping(x, op->arg[0], false);
	return RESULT_OK;
}

enum op_result run_dma_sync_sg_as_for_cpu(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = list_mapping(x, op);
	struct dma_segment segments[SG_ENTRIES_MAX];

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, false);
	segments_of(&x->lists[m->sg], segments);
	m->busy = true;
	UNDER_TEST(x->sim,
		   dma_sync_sg(x->sim, op->arg[0], segments, op->arg[1], (enum dma_direction)m->direction, true));
	m->busy = false;
	return RESULT_OK;
}

enum op_result run_dma_sync_sg_for_device(struct executor *x, const struct op *op)
{
	return sync_list(x, op, false);
}
