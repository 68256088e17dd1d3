/* SPDX-License-Identifier: MIT */
/* What the executor makes of an object's origin: the handle and the address of the kmem_cache that it came from. */
#include "fuzz/execute.h"

struct origin origin_of(uint32_t kmem_cache)
{
	if (kmem_cache & HANDLE_OTHER)
		return (struct origin){ORIGIN_CREATED, kmem_cache & ~HANDLE_OTHER};
	return (struct origin){ORIGIN_BOOT, kmem_cache};
}

struct kmem_cache_handle *created_home(struct executor *x, const struct object *o)
{
	uint32_t handle;

	return origin_index(o->origin, ORIGIN_CREATED, &handle) ? &x->caches[handle] : NULL;
}

target_addr_t home_of(struct executor *x, const struct object *o)
{
	uint32_t index;

	if (origin_index(o->origin, ORIGIN_CREATED, &index))
		return x->caches[index].addr;
	return origin_index(o->origin, ORIGIN_BOOT, &index) ? world_boot_cache(x->world, index) : 0;
}
