/* SPDX-License-Identifier: MIT */
/* bios, and a disk that copies (PIO): what DMA does to memory is backends/dma.c's. */
#include "backends/block.h"

void bio_alloc(struct bio *bio)
{
	invariant(bio->state == BIO_NONE);
	*bio = (struct bio){.state = BIO_BUILDING};
}

static void take_owner_reference(struct sim *sim, frame_t page)
{
	switch (sim->policy[POLICY_bio_owner_ref]) {
	case BIO_OWNER_RAW_INC:
		page_hold_raw(sim, page);
		return;
	case BIO_OWNER_GET_PAGE:
		page_hold(sim, page);
		return;
	default:
		return;
	}
}

static void drop_owner_references(struct sim *sim, const struct bio *bio)
{
	for (unsigned i = 0; i < bio->count; i++)
		switch (sim->policy[POLICY_bio_owner_ref]) {
		case BIO_OWNER_RAW_INC:
			page_drop_raw(sim, bio->vecs[i].page);
			break;
		case BIO_OWNER_GET_PAGE:
			page_drop(sim, bio->vecs[i].page);
			break;
		default:
			return;
		}
}

bool bio_add_page(struct sim *sim, struct bio *bio, frame_t page, uint32_t len, uint32_t offset)
{
	invariant(bio->state == BIO_BUILDING && bio->count <= BIO_VECS_MAX);
	if (bio->count == BIO_VECS_MAX)
		return false;
	/* The flag of this very page: tails of SLUB and all of SLOB 2.6.22 have none (C41). */
	if (sim->policy[POLICY_bio_slab_pages] && page_flag(sim, page, PG_slab))
		sim_bug(sim, "bio_add_page() of a slab page");
	bio->vecs[bio->count++] = (struct bio_vec){page, offset, len};
	take_owner_reference(sim, page);
	return true;
}

static target_addr_t vec_address(const struct bio_vec *vec)
{
	return page_address(vec->page) + vec->offset;
}

void disk_write(struct sim *sim, const struct bio *bio)
{
	/* Loads matter to the cache only. */
	for (unsigned i = 0; sim->lines && i < bio->count; i++) {
		memory_touch_frame(sim, bio->vecs[i].page);
		target_lines_load(sim, vec_address(&bio->vecs[i]), bio->vecs[i].len);
	}
}

void disk_read(struct sim *sim, const struct bio *bio, uint8_t byte)
{
	for (unsigned i = 0; i < bio->count; i++)
		target_fill(sim, vec_address(&bio->vecs[i]), bio->vecs[i].len, byte, ROLE_NONE);
}

void bio_endio(struct sim *sim, struct bio *bio)
{
	invariant(bio->state == BIO_IN_FLIGHT && bio->count <= BIO_VECS_MAX);
	for (unsigned i = 0; bio->aoe_counts && i < bio->count; i++)
		page_drop_raw(sim, bio->vecs[i].page);
	bio->aoe_counts = false;
	drop_owner_references(sim, bio);
	bio->state = BIO_ENDED;
}

void bio_put(struct sim *sim, struct bio *bio)
{
	invariant(bio->state == BIO_BUILDING || bio->state == BIO_ENDED);
	if (bio->state == BIO_BUILDING)
		drop_owner_references(sim, bio);
	bio->state = BIO_NONE;
}
