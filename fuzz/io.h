/* SPDX-License-Identifier: MIT */
/* Handles of block and network I/O, and what other ops must know of memory under I/O. */
#ifndef SLABFUZZ_FUZZ_IO_H
#define SLABFUZZ_FUZZ_IO_H

#include "backends/net.h"

struct executor;
struct object;

struct bio_handle {
	struct bio bio;
	uint8_t direction;             /* enum dma_direction, once submitted */
	bool aoe;                      /* the network has it, not the disk */
	uint32_t memory[BIO_VECS_MAX]; /* MEMORY argument of each vec */
};

struct skb_handle {
	struct sk_buff skb;
	uint32_t memory[SKB_FRAGS_MAX]; /* MEMORY argument of each fragment, HANDLE_NONE if the bio's */
};

/* True iff a bio that is not over yet names that memory: its owner waits for end_io. */
bool io_needs(const struct executor *x, uint32_t memory);
/* True iff its owner should not store there: a bio or packet is to carry what it holds. */
bool io_carries(const struct executor *x, uint32_t memory);
/* True iff a packet refers to memory of the allocator. */
bool io_refers(const struct executor *x);
/* The packets are sent, the bios end. */
void io_drain(struct executor *x);
/* Does that buffer from the page allocator share its page with others? */
bool io_buffer_is_chunk(const struct executor *x, const struct object *o);
/* The client's buffer from the page allocator goes (its origin is ORIGIN_PAGES). */
void io_free_buffer(struct executor *x, uint32_t handle);

#endif
