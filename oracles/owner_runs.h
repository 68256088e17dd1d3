/* SPDX-License-Identifier: MIT */
/* Runs of bytes that have one owner, and whether anybody would miss what they hold. */
#ifndef SLABFUZZ_ORACLES_OWNER_RUNS_H
#define SLABFUZZ_ORACLES_OWNER_RUNS_H

#include "oracles/attribution.h"

#define NO_HANDLE UINT32_MAX
#define NO_CLIENT UINT32_MAX

struct owner_run {
	target_addr_t addr;
	uint64_t size;
	const char *owner; /* byte_owner_name() */
	uint32_t handle;   /* of the object, or NO_HANDLE */
};

/* Bytes from addr on that have the same owner, within [addr, end). */
struct owner_run owner_run_at(const struct oracle_context *context, target_addr_t addr, target_addr_t end);
/* A line of a finding's detail. */
void owner_run_tell(struct finding *finding, const struct owner_run *run);

/* True iff an owner name speaks of bytes whose content nobody relies on unless he has stored there. */
bool owner_is_worthless(const char *owner);
/* True iff it says that they belong to nobody at all; a page is its client's. */
bool owner_is_nobody(const char *owner);
/* A live object's slack: poison, and what krealloc() gave up, from its end on.  It counts when the object is free. */
bool owner_is_slack(const struct oracle_context *context, target_addr_t addr);
/*
 * Quick test before owners are looked up: some byte of [addr, end) belongs to a live object of another client (of any,
 * if client is NO_CLIENT) or has a role that matters.
 */
bool owners_may_matter(const struct oracle_context *context, target_addr_t addr, target_addr_t end, uint32_t client);

#endif
