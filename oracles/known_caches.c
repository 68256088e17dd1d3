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
	return o->kmem_cache && o->kmem_cache <= KNOWN_CACHES_MAX ? &caches->cache[o->kmem_cache - 1] : NULL;
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
