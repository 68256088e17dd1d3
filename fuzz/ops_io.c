/* SPDX-License-Identifier: MIT */
/*
 * Ops of block and network I/O on memory of clients (FACTS 5): who may free what, and when, is judged on the handles'
 * own records; references are counted by the code under test.
 */
#include "fuzz/execute.h"

static bool object_get(void *context, target_addr_t addr)
{
	struct allocator *a = ((struct executor *)context)->allocator;

	return a->ops->object_get && UNDER_TEST(a->sim, a->ops->object_get(a, addr));
}

static void object_put(void *context, target_addr_t addr)
{
	struct allocator *a = ((struct executor *)context)->allocator;

	UNDER_TEST(a->sim, a->ops->object_put(a, addr));
}

static struct network network_of(struct executor *x)
{
	return (struct network){x->sim, {x, object_get, object_put}};
}

static struct bio_handle *bio_of(struct executor *x, uint32_t handle)
{
	bool known = handle < x->count[YIELDS_BIO] && x->bios[handle].bio.state != BIO_NONE;

	return known ? &x->bios[handle] : NULL;
}

static struct skb_handle *skb_of(struct executor *x, uint32_t handle)
{
	bool known = handle < x->count[YIELDS_SKB] && x->skbs[handle].skb.state != SKB_NONE;

	return known ? &x->skbs[handle] : NULL;
}

bool io_needs(const struct executor *x, uint32_t memory)
{
	for (uint32_t i = 0; i < x->count[YIELDS_BIO]; i++) {
		const struct bio_handle *b = &x->bios[i];

		if (b->bio.state != BIO_BUILDING && b->bio.state != BIO_IN_FLIGHT)
			continue;
		for (unsigned v = 0; v < b->bio.count; v++)
			if (b->memory[v] == memory)
				return true;
	}
	return false;
}

bool io_carries(const struct executor *x, uint32_t memory)
{
	for (uint32_t i = 0; i < x->count[YIELDS_SKB]; i++)
		for (unsigned f = 0; f < x->skbs[i].skb.count; f++)
			if (x->skbs[i].memory[f] == memory)
				return true;
	for (uint32_t i = 0; i < x->count[YIELDS_BIO]; i++)
		for (unsigned v = 0; x->bios[i].bio.state == BIO_IN_FLIGHT && v < x->bios[i].bio.count; v++)
			if (x->bios[i].memory[v] == memory)
				return true;
	return false;
}

bool io_refers(const struct executor *x)
{
	for (uint32_t i = 0; i < x->count[YIELDS_SKB]; i++)
		for (unsigned f = 0; f < x->skbs[i].skb.count; f++)
			if (!(x->skbs[i].memory[f] & HANDLE_OTHER))
				return true;
	return false;
}

/* From the page allocator, by policy io_buffer. */
static target_addr_t page_buffer(struct executor *x, uint64_t size, gfp_t gfp)
{
	unsigned order = 0;
	frame_t frame;

	if (x->sim->policy[POLICY_io_buffer] == IO_BUFFER_CHUNK && size <= PAGE_SIZE)
		return UNDER_TEST(x->sim, page_frag_alloc(x->sim, &x->frag, (uint32_t)size, gfp));
	while (order < MAX_ORDER && (uint64_t)PAGE_SIZE << order < size)
		order++;
	frame = order < MAX_ORDER ? alloc_pages(x->sim, gfp | GFP_COMP, order) : FRAME_NONE;
	return frame == FRAME_NONE ? 0 : page_address(frame);
}

static enum op_result page_buffers(struct executor *x, const struct op *op)
{
	const struct origin pages = {ORIGIN_PAGES, 0};
	uint64_t size = size_value(x, op->arg[0]);
	enum op_result result = RESULT_OK;

	for (uint32_t i = 0; i < op->repeat; i++) {
		uint32_t handle = yielded_object(x, i);
		struct object *o = &x->objects[handle];
		struct event event = {.kind = EVENT_OBJECT_ALLOC, .id = handle, .value = origin_number(pages)};

		event.addr = page_buffer(x, size, gfp_of(op->arg[1]) & GFP_WAIT);
		if (!event.addr) {
			result = RESULT_FAILED;
			continue;
		}
		o->addr = event.addr;
		o->size = event.size = size;
		o->client = handle;
		o->origin = pages;
		o->state = OBJECT_LIVE;
		target_disclaim(x->sim, o->addr, size);
		sim_emit(x->sim, &event);
	}
	return result;
}

enum op_result run_alloc_buffer(struct executor *x, const struct op *op)
{
	if (x->sim->policy[POLICY_io_buffer] == IO_BUFFER_KMALLOC)
		return run_kmalloc(x, op);
	REQUIRE(x, may_sleep_if_asked(x, op->arg[1]));
	REQUIRE(x, size_value(x, op->arg[0]) <= (uint64_t)PAGE_SIZE << (MAX_ORDER - 1));
	return page_buffers(x, op);
}

bool io_buffer_is_chunk(const struct executor *x, const struct object *o)
{
	return x->sim->policy[POLICY_io_buffer] == IO_BUFFER_CHUNK && o->size <= PAGE_SIZE;
}

void io_free_buffer(struct executor *x, uint32_t handle)
{
	struct object *o = &x->objects[handle];
	struct event event = {.kind = EVENT_OBJECT_FREE, .addr = o->addr, .size = o->size, .id = handle};

	sim_emit(x->sim, &event);
	o->state = OBJECT_FREED;
	o->freed_by = x->sim->op;
	/* A page is its owner's by its first reference, a chunk by one that was taken for it. */
	if (io_buffer_is_chunk(x, o))
		page_drop(x->sim, virt_to_frame(x->sim, o->addr));
	else
		put_page(x->sim, virt_to_frame(x->sim, o->addr));
}

enum op_result run_free_buffer(struct executor *x, const struct op *op)
{
	const struct object *o = live_object(x, op->arg[0]);

	if (x->sim->policy[POLICY_io_buffer] == IO_BUFFER_KMALLOC)
		return op->arg[0] == HANDLE_NONE ? RESULT_SKIP : run_kfree(x, op);
	if (!o || o->origin.kind != ORIGIN_PAGES || !may_free(x, o))
		return RESULT_SKIP;
	io_free_buffer(x, op->arg[0]);
	return RESULT_OK;
}

enum op_result run_bio_alloc(struct executor *x, const struct op *op)
{
	(void)op;
	bio_alloc(&x->bios[yielded(x, YIELDS_BIO)].bio);
	return RESULT_OK;
}

/* The piece of memory [addr, end) in its first page, as XFS walks its buffers. */
static struct bio_vec first_piece(struct executor *x, target_addr_t addr, target_addr_t end)
{
	uint32_t offset = (uint32_t)(addr & (PAGE_SIZE - 1)), room = (uint32_t)PAGE_SIZE - offset;

	return (struct bio_vec){virt_to_frame(x->sim, addr), offset, end - addr < room ? (uint32_t)(end - addr) : room};
}

/* Memory that is the client's own: objects, and pages that it allocated. */
static bool may_do_io(struct executor *x, uint32_t memory)
{
	if (!memory_is_live(x, memory))
		return false;
	return !(memory & HANDLE_OTHER) || !page_named(x, memory)->object;
}

/* Who asks first does not meet the BUG. */
static bool may_go_to_disk(struct executor *x, frame_t page)
{
	return x->world->config.dma_era || !x->sim->policy[POLICY_bio_slab_pages] || !page_flag(x->sim, page, PG_slab);
}

static enum op_result add_piece(struct executor *x, struct bio_handle *b, const struct bio_vec *piece, uint32_t memory)
{
	REQUIRE(x, may_go_to_disk(x, piece->page));
	if (!UNDER_TEST(x->sim, bio_add_page(x->sim, &b->bio, piece->page, piece->len, piece->offset)))
		return RESULT_FAILED;
	b->memory[b->bio.count - 1] = memory;
	return RESULT_OK;
}

enum op_result run_bio_add_page(struct executor *x, const struct op *op)
{
	struct bio_handle *b = bio_of(x, op->arg[0]);
	uint64_t size;
	target_addr_t addr = memory_address(x, op->arg[1], &size), end = addr + size;

	if (!b || b->bio.state != BIO_BUILDING || !addr || op->arg[2] >= size || !target_in_ram(x->sim, addr, size))
		return RESULT_SKIP;
	REQUIRE(x, may_do_io(x, op->arg[1]));
	for (addr += op->arg[2]; addr < end;) {
		struct bio_vec piece = first_piece(x, addr, end);
		enum op_result result = add_piece(x, b, &piece, op->arg[1]);

		if (result != RESULT_OK)
			return result;
		addr += piece.len;
	}
	return RESULT_OK;
}

enum op_result run_submit_bio(struct executor *x, const struct op *op)
{
	struct bio_handle *b = bio_of(x, op->arg[0]);

	if (!b || b->bio.state != BIO_BUILDING || !b->bio.count)
		return RESULT_SKIP;
	if (op->arg[1] != DMA_TO_DEVICE && op->arg[1] != DMA_FROM_DEVICE)
		return RESULT_SKIP;
	for (unsigned i = 0; op->arg[1] == DMA_FROM_DEVICE && i < b->bio.count; i++)
		if (io_carries(x, b->memory[i]))
			return RESULT_SKIP;
	b->direction = (uint8_t)op->arg[1];
	b->bio.state = BIO_IN_FLIGHT;
	return RESULT_OK;
}

/* Objects that the disk reads or fills: their owner asked for it. */
static void emit_transfer(struct executor *x, const struct bio_handle *b, uint8_t byte)
{
	for (unsigned i = 0; i < b->bio.count; i++) {
		const struct bio_vec *vec = &b->bio.vecs[i];
		struct event event = {.kind = b->direction == DMA_TO_DEVICE ? EVENT_OBJECT_READ : EVENT_OBJECT_WRITE,
				      .addr = page_address(vec->page) + vec->offset,
				      .size = vec->len,
				      .value = byte,
				      .id = b->memory[i]};

		if (!(b->memory[i] & HANDLE_OTHER) && live_object(x, b->memory[i]))
			sim_emit(x->sim, &event);
	}
}

static void end_bio(struct executor *x, struct bio_handle *b)
{
	const uint8_t byte = 0xd1;

	if (!b->aoe && b->direction == DMA_TO_DEVICE)
		UNDER_TEST(x->sim, disk_write(x->sim, &b->bio));
	else if (!b->aoe)
		UNDER_TEST(x->sim, disk_read(x->sim, &b->bio, byte));
	if (!b->aoe)
		emit_transfer(x, b, byte);
	UNDER_TEST(x->sim, bio_endio(x->sim, &b->bio));
}

enum op_result run_bio_endio(struct executor *x, const struct op *op)
{
	struct bio_handle *b = bio_of(x, op->arg[0]);

	if (!b || b->bio.state != BIO_IN_FLIGHT)
		return RESULT_SKIP;
	end_bio(x, b);
	return RESULT_OK;
}

enum op_result run_bio_put(struct executor *x, const struct op *op)
{
	struct bio_handle *b = bio_of(x, op->arg[0]);

	if (!b || b->bio.state == BIO_IN_FLIGHT)
		return RESULT_SKIP;
	UNDER_TEST(x->sim, bio_put(x->sim, &b->bio));
	return RESULT_OK;
}

/* A disk is about to fill it: not what anybody wants to send. */
static bool disk_fills(const struct executor *x, uint32_t memory)
{
	for (uint32_t i = 0; i < x->count[YIELDS_BIO]; i++) {
		const struct bio_handle *b = &x->bios[i];

		if (b->bio.state != BIO_IN_FLIGHT || b->direction != DMA_FROM_DEVICE)
			continue;
		for (unsigned v = 0; v < b->bio.count; v++)
			if (b->memory[v] == memory)
				return true;
	}
	return false;
}

/*
 * Strict: what the network refers to must live until it is sent.  Pages do, if their counts work; memory of an
 * allocator does where objects are counted, or where it is copied.
 */
static bool may_go_on_wire(struct executor *x, uint32_t memory, frame_t page)
{
	const struct sim *sim = x->sim;
	bool slab = page_flag(x->sim, page_head(x->sim, page), PG_slab);
	bool of_pages = memory & HANDLE_OTHER || x->objects[memory].origin.kind == ORIGIN_PAGES;

	if (disk_fills(x, memory))
		return false;
	if (x->world->config.dma_era)
		return true;
	if (memory & HANDLE_OTHER && page_named(x, memory)->order && !page_flag(x->sim, page, PG_compound))
		return false;
	if (of_pages)
		return page_count(x->sim, page) >= 1;
	if (slab && sim->policy[POLICY_skb_slab_pages])
		return true;
	return slab && sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT &&
	       x->allocator->ops->object_get && x->objects[memory].size < OBJECT_COUNT_SIZE_MAX;
}

enum op_result run_skb_from_bio(struct executor *x, const struct op *op)
{
	struct bio_handle *b = bio_of(x, op->arg[0]);
	struct skb_handle *k = &x->skbs[yielded(x, YIELDS_SKB)];
	struct network net = network_of(x);

	if (!b || b->bio.state != BIO_BUILDING || !b->bio.count)
		return RESULT_SKIP;
	for (unsigned i = 0; i < b->bio.count; i++)
		REQUIRE(x, may_go_on_wire(x, b->memory[i], b->bio.vecs[i].page));
	b->aoe = true;
	b->direction = DMA_TO_DEVICE;
	memcpy(k->memory, b->memory, sizeof(k->memory));
	UNDER_TEST(x->sim, skb_from_bio(&net, &k->skb, x->yield, &b->bio));
	return RESULT_OK;
}

enum op_result run_alloc_skb(struct executor *x, const struct op *op)
{
	(void)op;
	alloc_skb(&x->skbs[yielded(x, YIELDS_SKB)].skb, x->yield);
	return RESULT_OK;
}

static enum op_result add_frag(struct executor *x, struct skb_handle *k, const struct bio_vec *piece, uint32_t memory)
{
	struct network net = network_of(x);
	unsigned count = k->skb.count;

	REQUIRE(x, may_go_on_wire(x, memory, piece->page));
	if (!UNDER_TEST(x->sim, skb_add_frag(&net, &k->skb, piece->page, piece->offset, piece->len)))
		return RESULT_FAILED;
	if (k->skb.count > count)
		k->memory[count] = memory;
	return RESULT_OK;
}

enum op_result run_skb_add_frag(struct executor *x, const struct op *op)
{
	struct skb_handle *k = skb_of(x, op->arg[0]);
	uint64_t size;
	target_addr_t addr = memory_address(x, op->arg[1], &size), end = addr + size;

	if (!k || k->skb.state != SKB_IDLE || !addr || op->arg[2] >= size || !target_in_ram(x->sim, addr, size))
		return RESULT_SKIP;
	REQUIRE(x, may_do_io(x, op->arg[1]));
	for (addr += op->arg[2]; addr < end;) {
		struct bio_vec piece = first_piece(x, addr, end);
		enum op_result result = add_frag(x, k, &piece, op->arg[1]);

		if (result != RESULT_OK)
			return result;
		addr += piece.len;
	}
	return RESULT_OK;
}

enum op_result run_skb_clone(struct executor *x, const struct op *op)
{
	struct skb_handle *k = skb_of(x, op->arg[0]), *clone = &x->skbs[yielded(x, YIELDS_SKB)];
	struct network net = network_of(x);

	if (!k)
		return RESULT_SKIP;
	memcpy(clone->memory, k->memory, sizeof(clone->memory));
	UNDER_TEST(x->sim, skb_clone(&net, &clone->skb, x->yield, &k->skb));
	return RESULT_OK;
}

enum op_result run_skb_linearize(struct executor *x, const struct op *op)
{
	struct skb_handle *k = skb_of(x, op->arg[0]);
	struct network net = network_of(x);

	if (!k || k->skb.state != SKB_IDLE)
		return RESULT_SKIP;
	UNDER_TEST(x->sim, skb_linearize(&net, &k->skb));
	return RESULT_OK;
}

enum op_result run_dev_queue_xmit(struct executor *x, const struct op *op)
{
	struct skb_handle *k = skb_of(x, op->arg[0]);
	struct network net = network_of(x);

	if (!k || k->skb.state != SKB_IDLE)
		return RESULT_SKIP;
	UNDER_TEST(x->sim, dev_queue_xmit(&net, &k->skb));
	return RESULT_OK;
}

enum op_result run_kfree_skb(struct executor *x, const struct op *op)
{
	struct skb_handle *k = skb_of(x, op->arg[0]);
	struct network net = network_of(x);

	if (!k)
		return RESULT_SKIP;
	UNDER_TEST(x->sim, kfree_skb(&net, &k->skb));
	return RESULT_OK;
}

void io_drain(struct executor *x)
{
	struct network net = network_of(x);

	for (uint32_t i = 0; i < x->count[YIELDS_SKB]; i++)
		if (x->skbs[i].skb.state != SKB_NONE)
			UNDER_TEST(x->sim, kfree_skb(&net, &x->skbs[i].skb));
	for (uint32_t i = 0; i < x->count[YIELDS_BIO]; i++) {
		if (x->bios[i].bio.state == BIO_IN_FLIGHT)
			end_bio(x, &x->bios[i]);
		if (x->bios[i].bio.state != BIO_NONE)
			UNDER_TEST(x->sim, bio_put(x->sim, &x->bios[i].bio));
	}
}
