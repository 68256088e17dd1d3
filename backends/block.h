/* SPDX-License-Identifier: MIT */
/*
 * A block layer small enough to argue about (FACTS 5): a bio names memory by page, offset and length, and keeps none of
 * it alive.  The owner of the memory waits for end_io, and may by policy bio_owner_ref hold references meanwhile.
 */
#ifndef SLABFUZZ_BACKENDS_BLOCK_H
#define SLABFUZZ_BACKENDS_BLOCK_H

#include "sim/page.h"

enum { BIO_VECS_MAX = 4 };

struct bio_vec {
	frame_t page;
	uint32_t offset, len; /* bytes, inside the page */
};

enum bio_state { BIO_NONE, BIO_BUILDING, BIO_IN_FLIGHT, BIO_ENDED };

struct bio {
	uint8_t state;   /* enum bio_state */
	uint8_t count;   /* of vecs */
	bool aoe_counts; /* the AoE driver raised the counts of the pages, by policy aoe_page_count */
	struct bio_vec vecs[BIO_VECS_MAX];
};

/* An empty bio under construction. */
void bio_alloc(struct bio *bio);
/*
 * False iff the bio is full.  By policy bio_slab_pages a BUG on pages with PG_slab; by policy bio_owner_ref the owner's
 * reference is taken here.
 */
bool bio_add_page(struct sim *sim, struct bio *bio, frame_t page, uint32_t len, uint32_t offset);
/* The disk copies by the CPU: loads all memory of the bio, or fills it with a byte. */
void disk_write(struct sim *sim, const struct bio *bio);
void disk_read(struct sim *sim, const struct bio *bio, uint8_t byte);
/* The I/O is over: the driver's raw counts and the owner's references go, the owner may use its memory again. */
void bio_endio(struct sim *sim, struct bio *bio);
/* The bio itself goes; one that was never submitted lets go of the owner's references. */
void bio_put(struct sim *sim, struct bio *bio);

#endif
