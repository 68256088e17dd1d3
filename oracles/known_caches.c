/* SPDX-License-Identifier: MIT */
/* See known_caches.h. */
#include "oracles/known_caches.h"

void know_cache(struct known_caches *caches, const struct event *event)
{
	if (event->id < KNOWN_CACHES_MAX)
		caches->cache[event->id] = (struct known_cache){
			.size = event->size, .align = (uint32_t)event->value, .flags = (uint32_t)(event->value >> 32)};
}

const struct known_cache *created_cache(const struct known_caches *caches, const struct object *o)
{
	uint32_t index;

	return origin_index(o->origin, ORIGIN_CREATED, &index) && index < KNOWN_CACHES_MAX ? &caches->cache[index]
											   : NULL;
}

/* SLAB's sizes do not depend on the arch's alignment, which may be why they have no red zones. */
static uint64_t kmalloc_size(const struct oracle_context *context, const struct object *o)
{
	const struct allocator_contract *contract = &context->allocator->ops->contract;
	uint64_t size = contract->kmalloc_min, least = contract->redzone.width ? 0 : sim_kmalloc_minalign(context->sim);

	/* Of the page allocator, or of a kmem_cache that was created as one too many to be known. */
	if (o->origin.kind == ORIGIN_PAGES || o->origin.kind == ORIGIN_CREATED)
		return 0;
	if (!size || o->birth == BIRTH_RESIZED || !o->size)
		return 0;
	if ((o->size > 64 && o->size <= 96) || (o->size > 128 && o->size <= 192))
		return 0;
	while (size < o->size)
		size *= 2;
	return size < least || (contract->redzone.width && size >= PAGE_SIZE / 4) ? 0 : size;
}

uint64_t fenced_size(const struct oracle_context *context, const struct known_cache *cache, const struct object *o)
{
	/* A count lies between the object and its red zone. */
	if (context->sim->policy[POLICY_slab_references] == SLAB_REFERENCES_OBJECT_COUNT)
		return 0;
	return cache ? o->size : kmalloc_size(context, o);
}

bool red_zoned(const struct oracle_context *context, const struct known_cache *cache, const struct object *o)
{
	const struct redzone_contract *zone = &context->allocator->ops->contract.redzone;
	const struct sim *sim = context->sim;
	const struct arch *arch = sim->arch;

	if (!zone->width)
		return true;
	if (arch->slab_minalign > zone->width || arch_long_long_align(arch) < sim->layout->word ||
	    o->size >= PAGE_SIZE / 4)
		return false;
	if (!cache)
		return arch->kmalloc_minalign <= zone->width && !sim->policy[POLICY_kmalloc_minalign] &&
		       !sim->policy[POLICY_natural_align];
	return cache->align <= zone->width && !(cache->flags & (uint32_t)SLAB_HWCACHE_ALIGN);
}
