/* SPDX-License-Identifier: MIT */
/*
 * What a user mapping sees of a page (FACTS 3.3, C57).  Where the D-cache is indexed by virtual address and the user
 * address has another colour than the kernel's, the page has lines of its own there: bytes that only that colour sees
 * until they are written back.  Elsewhere the user shares the kernel's lines.
 * An absent line of such a view is not kept: it is filled from the RAM view when it is used.
 * Not modelled: such caches on rows where DMA is coherent (no line state is kept there), or with an outer cache.
 */
#ifndef SLABFUZZ_SIM_USER_VIEW_H
#define SLABFUZZ_SIM_USER_VIEW_H

#include "sim/sim.h"

enum { USER_VIEWS_MAX = 32, USER_VIEW_LINES = PAGE_SIZE / 16 };

/* Lines of one page at one colour. */
struct user_view {
	frame_t frame;
	uint32_t colour; /* CACHE_VIVT: the virtual page itself */
	uint8_t lines[USER_VIEW_LINES];
	uint8_t bytes[PAGE_SIZE]; /* of present lines */
};

/* True iff the virtual page finds the lines that the kernel uses for the frame. */
bool user_view_is_shared(const struct sim *sim, frame_t frame, uint32_t vpn);
/* The user's accesses to [offset, offset + size) of the frame, inside RAM and the page. */
void user_view_load(struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset, uint32_t size);
void user_view_store(struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset, uint32_t size, uint8_t value);
/* The byte that a load would give; no access. */
uint8_t user_view_byte(const struct sim *sim, frame_t frame, uint32_t vpn, uint32_t offset);
/* Writes back and drops the lines of the frame at the colour of the virtual page. */
void user_view_flush(struct sim *sim, frame_t frame, uint32_t vpn);
/* The same for all views: a VIVT cache at a switch to another mm. */
void user_view_flush_all(struct sim *sim);

#endif
