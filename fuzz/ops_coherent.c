/* SPDX-License-Identifier: MIT */
/* Ops on coherent and non-coherent DMA memory, the DMA mask and dma_pools (FACTS 4.1). */
#include "fuzz/execute.h"

static target_addr_t kmalloc_for_dma(void *context, uint64_t size, gfp_t gfp)
{
	struct executor *x = context;
	const struct alloc_request request = {.size = size, .gfp = gfp};

	target_addr_t addr;

	if (size > x->allocator->ops->contract.size_max)
		return 0;
	addr = UNDER_TEST(x->sim, x->allocator->ops->alloc(x->allocator, &request));
	/* As under any live object. */
	if (addr)
		target_disclaim(x->sim, addr, size);
	return addr;
}

static void kfree_for_dma(void *context, target_addr_t addr)
{
	struct executor *x = context;

	UNDER_TEST(x->sim, x->allocator->ops->free(x->allocator, 0, addr));
}

struct coherent_kmalloc dma_kmalloc(struct executor *x)
{
	return (struct coherent_kmalloc){kmalloc_for_dma, kfree_for_dma, x};
}

enum op_result run_dma_set_mask(struct executor *x, const struct op *op)
{
	/* A device that has memory already, or is just being given some, keeps its wires. */
	if (x->schedule.amid)
		return RESULT_SKIP;
	for (uint32_t i = 0; i < x->count[YIELDS_MAPPING]; i++)
		if (x->mappings[i].live)
			return RESULT_SKIP;
	for (uint32_t i = 0; i < x->count[YIELDS_POOL]; i++)
		if (x->pools[i].live)
			return RESULT_SKIP;
	return dma_set_mask(x->sim, PAGE_SHIFT + op->arg[0]) ? RESULT_OK : RESULT_FAILED;
}

/* The DMA layer passes the mask on to an allocator, which knows no __GFP_ZERO, HIGHMEM or COMP. */
static bool coherent_gfp(const struct executor *x, uint32_t row)
{
	return may_sleep_if_asked(x, row) && !(gfp_of(row) & (GFP_ZERO | GFP_HIGHMEM | GFP_COMP | GFP_NOFAIL));
}

static struct mapping_handle *live_as(struct executor *x, uint32_t handle, enum mapping_how how)
{
	struct mapping_handle *m = handle < x->count[YIELDS_MAPPING] ? &x->mappings[handle] : NULL;

	return m && m->live && m->how == how ? m : NULL;
}

static enum op_result yield_memory(struct mapping_handle *m, enum mapping_how how)
{
	m->dma = m->area.dma;
	m->size = m->area.size;
	m->direction = DMA_BIDIRECTIONAL;
	m->memory = HANDLE_NONE;
	m->how = (uint8_t)how;
	m->live = true;
	return RESULT_OK;
}

enum op_result run_dma_alloc_coherent(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);
	uint64_t size = size_value(x, op->arg[0]);

	if (!size)
		return RESULT_SKIP;
	REQUIRE(x, coherent_gfp(x, op->arg[1]));
	if (!UNDER_TEST(x->sim, dma_alloc_coherent(x->sim, x->yield, &kmalloc, size, gfp_of(op->arg[1]), &m->area)))
		return RESULT_FAILED;
	return yield_memory(m, MAPPED_COHERENT);
}

/* Misuse: memory that was only mapped.  Nothing is given back, for what would be, nobody can tell. */
static enum op_result free_coherent_of_another(struct executor *x, uint32_t handle)
{
	struct mapping_handle *m = live_as(x, handle, MAPPED_SINGLE);
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);
	struct coherent_area area;

	if (!m || m->dma == DMA_MAPPING_ERROR)
		return RESULT_SKIP;
	REQUIRE(x, false);
	area = (struct coherent_area){m->dma, m->dma, m->size, COHERENT_NONE};
	UNDER_TEST(x->sim, dma_free_coherent(x->sim, handle, &kmalloc, &area));
	count_mapping(x, handle, false);
	return RESULT_OK;
}

enum op_result run_dma_free_coherent(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_as(x, op->arg[0], MAPPED_COHERENT);
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);
	bool irqs_off = x->sim->irqs_off;

	if (!m)
		return free_coherent_of_another(x, op->arg[0]);
	REQUIRE(x, !x->in_irq);
	m->live = false;
	x->sim->irqs_off |= x->in_irq > 0;
	UNDER_TEST(x->sim, dma_free_coherent(x->sim, op->arg[0], &kmalloc, &m->area));
	x->sim->irqs_off = irqs_off;
	return RESULT_OK;
}

/* Cached memory, which the device owns only between the driver's syncs. */
enum op_result run_dma_alloc_noncoherent(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);
	uint64_t size = size_value(x, op->arg[0]);

	if (!size)
		return RESULT_SKIP;
	REQUIRE(x, coherent_gfp(x, op->arg[1]));
	if (!UNDER_TEST(x->sim, noncoherent_take(x->sim, &kmalloc, size, gfp_of(op->arg[1]), &m->area)))
		return RESULT_FAILED;
	m->area.dma = UNDER_TEST(x->sim, dma_map_single(x->sim, x->yield, m->area.cpu, size, DMA_BIDIRECTIONAL));
	if (m->area.dma == DMA_MAPPING_ERROR) {
		m->area.dma = m->area.cpu;
		UNDER_TEST(x->sim, coherent_give(x->sim, &kmalloc, &m->area));
		/* The page that an object was in is the allocator's, and it may keep it. */
		return m->area.kind == COHERENT_KMALLOC ? RESULT_OK : RESULT_FAILED;
	}
	UNDER_TEST(x->sim, dma_sync_single_for_cpu(x->sim, x->yield, m->area.dma, size, DMA_BIDIRECTIONAL));
	m->cpu_owns = true;
	m->cpu_until = size;
	return yield_memory(m, MAPPED_NONCOHERENT);
}

enum op_result run_dma_free_noncoherent(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = live_as(x, op->arg[0], MAPPED_NONCOHERENT);
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);

	if (!m)
		return RESULT_SKIP;
	m->live = false;
	UNDER_TEST(x->sim, dma_unmap_single(x->sim, op->arg[0], m->dma, m->size, DMA_BIDIRECTIONAL));
	m->area.dma = m->area.cpu; /* a bounced one's pages are where the CPU saw them */
	UNDER_TEST(x->sim, coherent_give(x->sim, &kmalloc, &m->area));
	return RESULT_OK;
}

/* Memory of these calls that the CPU may touch now, and the range in it; NULL to skip. */
static const struct mapping_handle *memory_of(struct executor *x, const struct op *op)
{
	const struct mapping_handle *m = op->arg[0] < x->count[YIELDS_MAPPING] ? &x->mappings[op->arg[0]] : NULL;
	uint64_t size = size_value(x, op->arg[2]);

	if (!m || !m->live || (m->how != MAPPED_COHERENT && m->how != MAPPED_NONCOHERENT && m->how != MAPPED_POOL))
		return NULL;
	return size && op->arg[1] < m->size && size <= m->size - op->arg[1] ? m : NULL;
}

static bool cpu_has(const struct mapping_handle *m, uint64_t offset, uint64_t size)
{
	return m->cpu_owns && offset >= m->cpu_from && offset + size <= m->cpu_until;
}

static struct coherent_area seen_by_cpu(const struct mapping_handle *m)
{
	struct coherent_area area = m->area;

	if (m->how == MAPPED_NONCOHERENT)
		area.dma = area.cpu;
	return area;
}

enum op_result run_coherent_write(struct executor *x, const struct op *op)
{
	const struct mapping_handle *m = memory_of(x, op);
	struct coherent_area area;

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, m->how != MAPPED_NONCOHERENT || cpu_has(m, op->arg[1], size_value(x, op->arg[2])));
	area = seen_by_cpu(m);
	UNDER_TEST(x->sim, coherent_store(x->sim, op->arg[0], &area, op->arg[1], size_value(x, op->arg[2]),
					  (uint8_t)op->arg[3]));
	return RESULT_OK;
}

enum op_result run_coherent_read(struct executor *x, const struct op *op)
{
	const struct mapping_handle *m = memory_of(x, op);
	struct coherent_area area;

	if (!m)
		return RESULT_SKIP;
	REQUIRE(x, m->how != MAPPED_NONCOHERENT || cpu_has(m, op->arg[1], size_value(x, op->arg[2])));
	area = seen_by_cpu(m);
	UNDER_TEST(x->sim, coherent_load(x->sim, op->arg[0], &area, op->arg[1], size_value(x, op->arg[2])));
	return RESULT_OK;
}

/* Undefined by the API (C22), so legal use has none; the page is never the client's own. */
enum op_result run_coherent_to_page(struct executor *x, const struct op *op)
{
	const struct mapping_handle *m = live_as(x, op->arg[0], MAPPED_COHERENT);

	if (!m || op->arg[1] >= m->size)
		return RESULT_SKIP;
	REQUIRE(x, false);
	x->pages[yielded(x, YIELDS_PAGE)].frame = coherent_virt_to_frame(&m->area, op->arg[1]);
	return RESULT_OK;
}

enum op_result run_dma_pool_create(struct executor *x, const struct op *op)
{
	struct pool_handle *p = &x->pools[yielded(x, YIELDS_POOL)];
	bool debug = x->allocator->debug & DEBUG_P;

	p->live = UNDER_TEST(x->sim, dma_pool_init(&p->pool, size_value(x, op->arg[0]), op->arg[1], op->arg[2], debug));
	return p->live ? RESULT_OK : RESULT_FAILED;
}

static struct pool_handle *live_pool(struct executor *x, uint32_t handle)
{
	return handle < x->count[YIELDS_POOL] && x->pools[handle].live ? &x->pools[handle] : NULL;
}

enum op_result run_dma_pool_alloc(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = &x->mappings[yielded(x, YIELDS_MAPPING)];
	struct pool_handle *p = live_pool(x, op->arg[0]);
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);

	if (!p)
		return RESULT_SKIP;
	REQUIRE(x, coherent_gfp(x, op->arg[1]));
	if (!UNDER_TEST(x->sim, dma_pool_take(x->sim, x->yield, &p->pool, &kmalloc, gfp_of(op->arg[1]), &m->area)))
		return RESULT_FAILED;
	m->pool = op->arg[0];
	p->blocks++;
	return yield_memory(m, MAPPED_POOL);
}

/* Misuse: a block that is free already, or of another pool. */
enum op_result run_dma_pool_free(struct executor *x, const struct op *op)
{
	struct mapping_handle *m = op->arg[1] < x->count[YIELDS_MAPPING] ? &x->mappings[op->arg[1]] : NULL;
	struct pool_handle *p = live_pool(x, op->arg[0]);

	if (!p || !m || m->how != MAPPED_POOL)
		return RESULT_SKIP;
	REQUIRE(x, m->live && m->pool == op->arg[0]);
	if (m->live)
		x->pools[m->pool].blocks--;
	m->live = false;
	UNDER_TEST(x->sim, dma_pool_give(x->sim, op->arg[1], &p->pool, &m->area));
	return RESULT_OK;
}

enum op_result run_dma_pool_destroy(struct executor *x, const struct op *op)
{
	struct pool_handle *p = live_pool(x, op->arg[0]);
	struct coherent_kmalloc kmalloc = dma_kmalloc(x);

	if (!p)
		return RESULT_SKIP;
	REQUIRE(x, !p->blocks && !x->in_irq);
	p->live = false;
	UNDER_TEST(x->sim, dma_pool_exit(x->sim, &p->pool, &kmalloc));
	return RESULT_OK;
}
