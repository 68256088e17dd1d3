/* SPDX-License-Identifier: MIT */
/* Packets made of other people's pages (FACTS 4.6, 5). */
#include "backends/net.h"

#include "backends/cache.h"

enum { CHUNK_ALIGN = 64 };

static void emit_frag(const struct network *net, enum event_kind kind, const struct sk_buff *skb, unsigned i,
		      const struct sk_buff *from)
{
	struct event event = {.kind = kind,
			      .id = skb->id * SKB_FRAGS_MAX + i,
			      .addr = page_address(skb->frags[i].page) + skb->frags[i].offset,
			      .size = skb->frags[i].len,
			      .value = from ? from->id * SKB_FRAGS_MAX + i + 1 : 0};

	sim_emit(net->sim, &event);
}

static target_addr_t frag_address(const struct skb_frag *frag)
{
	return page_address(frag->page) + frag->offset;
}

static void frag_get(const struct network *net, struct skb_frag *frag)
{
	frag->by_object = net->objects.get && net->objects.get(net->objects.context, frag_address(frag));
	if (!frag->by_object)
		page_hold(net->sim, frag->page);
}

static void frag_put(const struct network *net, const struct skb_frag *frag)
{
	if (frag->by_object)
		net->objects.put(net->objects.context, frag_address(frag));
	else
		page_drop(net->sim, frag->page);
}

void alloc_skb(struct sk_buff *skb, uint32_t id)
{
	invariant(skb->state == SKB_NONE);
	*skb = (struct sk_buff){.state = SKB_IDLE, .id = id};
}

/* sendpage_ok(): slab memory and pages that are not counted are not to be referenced. */
static bool must_copy(struct sim *sim, frame_t page)
{
	return sim->policy[POLICY_skb_slab_pages] &&
	       (page_flag(sim, page_head(sim, page), PG_slab) || page_count(sim, page) < 1);
}

bool skb_add_frag(const struct network *net, struct sk_buff *skb, frame_t page, uint32_t offset, uint32_t len)
{
	invariant(skb->state == SKB_IDLE && skb->count <= SKB_FRAGS_MAX);
	if (skb->count == SKB_FRAGS_MAX)
		return false;
	if (must_copy(net->sim, page)) {
		skb->linear += len;
		return true;
	}
	skb->frags[skb->count] = (struct skb_frag){.page = page, .offset = offset, .len = len};
	frag_get(net, &skb->frags[skb->count]);
	emit_frag(net, EVENT_SKB_FRAG, skb, skb->count++, NULL);
	return true;
}

void skb_from_bio(const struct network *net, struct sk_buff *skb, uint32_t id, struct bio *bio)
{
	invariant(bio->state == BIO_BUILDING && bio->count <= BIO_VECS_MAX);
	alloc_skb(skb, id);
	bio->state = BIO_IN_FLIGHT;
	bio->aoe_counts = net->sim->policy[POLICY_aoe_page_count];
	for (unsigned i = 0; bio->aoe_counts && i < bio->count; i++)
		page_hold_raw(net->sim, bio->vecs[i].page);
	for (unsigned i = 0; i < bio->count; i++)
		skb_add_frag(net, skb, bio->vecs[i].page, bio->vecs[i].offset, bio->vecs[i].len);
}

void skb_clone(const struct network *net, struct sk_buff *clone, uint32_t id, const struct sk_buff *skb)
{
	invariant(skb->state != SKB_NONE && skb->count <= SKB_FRAGS_MAX);
	alloc_skb(clone, id);
	clone->linear = skb->linear;
	for (unsigned i = 0; i < skb->count; i++) {
		clone->frags[i] = skb->frags[i];
		frag_get(net, &clone->frags[i]);
		clone->count++;
		emit_frag(net, EVENT_SKB_FRAG, clone, i, skb);
	}
}

/* Whoever reads the fragments reads what is there now. */
static void read_frags(const struct network *net, const struct sk_buff *skb)
{
	for (unsigned i = 0; i < skb->count; i++)
		emit_frag(net, EVENT_SKB_READ, skb, i, NULL);
}

static void drop_frags(const struct network *net, struct sk_buff *skb)
{
	uint8_t state = skb->state;

	/* Nobody else has the packet meanwhile. */
	skb->state = SKB_NONE;
	for (unsigned i = 0; i < skb->count; i++) {
		frag_put(net, &skb->frags[i]);
		sim_preempt_point(net->sim, POINT_skb_frags);
	}
	skb->count = 0;
	skb->state = state;
}

void skb_linearize(const struct network *net, struct sk_buff *skb)
{
	invariant(skb->state == SKB_IDLE);
	/* The CPU copies: it sees its own stores, whatever RAM holds. */
	for (unsigned i = 0; i < skb->count; i++) {
		cache_clean(net->sim, frag_address(&skb->frags[i]), skb->frags[i].len);
		skb->linear += skb->frags[i].len;
	}
	read_frags(net, skb);
	drop_frags(net, skb);
}

void dev_queue_xmit(const struct network *net, struct sk_buff *skb)
{
	invariant(skb->state == SKB_IDLE);
	for (unsigned i = 0; i < skb->count; i++)
		cache_clean(net->sim, frag_address(&skb->frags[i]), skb->frags[i].len);
	skb->state = SKB_QUEUED;
}

void kfree_skb(const struct network *net, struct sk_buff *skb)
{
	invariant(skb->state == SKB_IDLE || skb->state == SKB_QUEUED);
	if (skb->state == SKB_QUEUED)
		read_frags(net, skb);
	drop_frags(net, skb);
	skb->state = SKB_NONE;
}

target_addr_t page_frag_alloc(struct sim *sim, struct page_frag *frag, uint32_t size, gfp_t gfp)
{
	uint32_t room = (size + CHUNK_ALIGN - 1) & ~(uint32_t)(CHUNK_ALIGN - 1);
	target_addr_t chunk;

	room = room ? room : CHUNK_ALIGN;
	while (frag->page == FRAME_NONE || frag->offset + room > PAGE_SIZE) {
		frame_t page = alloc_pages(sim, gfp, 0), old;

		if (page == FRAME_NONE)
			return 0;
		/* An interrupt may use up the new one while the old one goes. */
		old = frag->page;
		*frag = (struct page_frag){.page = page};
		if (old != FRAME_NONE)
			put_page(sim, old);
	}
	chunk = page_address(frag->page) + frag->offset;
	frag->offset += room;
	invariant(frag->offset <= PAGE_SIZE);
	page_hold(sim, frag->page);
	return chunk;
}

void page_frag_drain(struct sim *sim, struct page_frag *frag)
{
	frame_t page = frag->page;

	frag->page = FRAME_NONE;
	if (page != FRAME_NONE)
		put_page(sim, page);
}
