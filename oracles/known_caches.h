/* SPDX-License-Identifier: MIT */
/* What oracles know of the kmem_caches that a program created, and what debugging promises of their objects. */
#ifndef SLABFUZZ_ORACLES_KNOWN_CACHES_H
#define SLABFUZZ_ORACLES_KNOWN_CACHES_H

#include "oracles/oracle.h"

enum { KNOWN_CACHES_MAX = 512 };

struct known_cache {
	uint64_t size; /* as asked for */
	uint32_t align, flags;
};

/* By number of EVENT_CACHE_CREATE; never reset, for an object's cache was created before it. */
struct known_caches {
	struct known_cache cache[KNOWN_CACHES_MAX];
};

/* Of an EVENT_CACHE_CREATE. */
void know_cache(struct known_caches *caches, const struct event *event);

/* The created kmem_cache of an object, NULL for kmalloc and boot caches. */
const struct known_cache *created_cache(const struct known_caches *caches, const struct object *o);

/*
 * Bytes of the object that debugging fences: as asked for of a created kmem_cache; of kmalloc the size that the request
 * was rounded up to.  0 = not certain: 96 and 192 exist on some machines only, a resized object has the place of what
 * it was.
 */
uint64_t fenced_size(const struct oracle_context *context, const struct known_cache *cache, const struct object *o);

/*
 * Has an object red zones for certain, where the contract's debugging promises them?  cache is its created_cache().
 * Alignments wider than a red zone's word drop them (FACTS 2.2), whoever asks: cache, arch or a policy of kmalloc.
 */
bool red_zoned(const struct oracle_context *context, const struct known_cache *cache, const struct object *o);

#endif
