/* SPDX-License-Identifier: MIT */
/*
 * A network small enough to argue about (FACTS 5): packets whose fragments are memory of others, kept by a reference
 * each, which the NIC reads when it gets round to it - long after the sender forgot about them.
 */
#ifndef SLABFUZZ_BACKENDS_NET_H
#define SLABFUZZ_BACKENDS_NET_H

#include "backends/block.h"

enum { SKB_FRAGS_MAX = BIO_VECS_MAX };

struct skb_frag {
	frame_t page;
	uint32_t offset, len;
	bool by_object; /* the reference is the allocator's, by policy slab_references */
};

enum skb_state { SKB_NONE, SKB_IDLE, SKB_QUEUED };

struct sk_buff {
	uint8_t state;   /* enum skb_state */
	uint8_t count;   /* of frags */
	uint32_t id;     /* for events */
	uint32_t linear; /* bytes that were copied */
	struct skb_frag frags[SKB_FRAGS_MAX];
};

/* References that the allocator under test counts itself; get is false where only the page can be referenced. */
struct object_references {
	void *context;
	bool (*get)(void *context, target_addr_t addr);
	void (*put)(void *context, target_addr_t addr);
};

struct network {
	struct sim *sim;
	struct object_references objects;
};

void alloc_skb(struct sk_buff *skb, uint32_t id);
/* Takes a reference, by policy skb_slab_pages copies instead.  False iff the skb is full. */
bool skb_add_frag(const struct network *net, struct sk_buff *skb, frame_t page, uint32_t offset, uint32_t len);
/*
 * What the AoE driver does with a bio that is written: a packet whose fragments are the pages of the bio.  By policy
 * aoe_page_count their raw counts are up by one until bio_endio().
 */
void skb_from_bio(const struct network *net, struct sk_buff *skb, uint32_t id, struct bio *bio);
/* A packet of the same fragments, with references of its own. */
void skb_clone(const struct network *net, struct sk_buff *clone, uint32_t id, const struct sk_buff *skb);
/* The fragments become a copy; their references go. */
void skb_linearize(const struct network *net, struct sk_buff *skb);
/* The NIC has the packet: what the cache holds of it is written back, as dma_map_page() does. */
void dev_queue_xmit(const struct network *net, struct sk_buff *skb);
/* The NIC sends what is queued, reading RAM now; then the references go. */
void kfree_skb(const struct network *net, struct sk_buff *skb);

/* Chunks carved from pages, a reference each (C45): later kernels' page_frag.  FRAME_NONE: no page at hand. */
struct page_frag {
	frame_t page;
	uint32_t offset;
};

/* Address of `size` <= PAGE_SIZE bytes, or 0. Given back by page_drop() of the page. */
target_addr_t page_frag_alloc(struct sim *sim, struct page_frag *frag, uint32_t size, gfp_t gfp);
/* The carver's own reference. */
void page_frag_drain(struct sim *sim, struct page_frag *frag);

#endif
