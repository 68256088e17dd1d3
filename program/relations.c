/* SPDX-License-Identifier: MIT */
/* Which verbs go together, beyond the classes of their handles: tables for composing ops that get past the first check.
 */
#include "program/edit.h"

enum { TO_DEVICE = 1, FROM_DEVICE = 2 }; /* rows of sim/dma_direction.def */

/* Verbs that take only what certain verbs made, though others yield the class as well. */
static const struct {
	uint8_t verb, maker;
} served_by[] = {
	{OP_kmem_cache_free, OP_kmem_cache_alloc},
	{OP_free_buffer, OP_alloc_buffer},
	{OP_free_pages, OP_alloc_pages},
	{OP_dma_unmap, OP_dma_map},
	{OP_dma_sync_for_cpu, OP_dma_map},
	{OP_dma_sync_for_device, OP_dma_map},
	{OP_dma_unmap_page, OP_dma_map_page},
	{OP_dma_unmap_sg, OP_dma_map_sg},
	{OP_dma_sync_sg_for_cpu, OP_dma_map_sg},
	{OP_dma_sync_sg_for_device, OP_dma_map_sg},
	{OP_dma_free_coherent, OP_dma_alloc_coherent},
	{OP_dma_free_noncoherent, OP_dma_alloc_noncoherent},
	{OP_dma_pool_free, OP_dma_pool_alloc},
};

const struct verb_pair verb_pairs[PAIRS] = {
	{OP_get_page, OP_put_page},
	{OP_rcu_read_lock, OP_rcu_read_unlock},
	{OP_obj_lock, OP_obj_unlock},
	{OP_kmap, OP_kunmap},
	{OP_dma_sync_for_cpu, OP_dma_sync_for_device},
	{OP_dma_sync_sg_for_cpu, OP_dma_sync_sg_for_device},
	{OP_bio_add_page, OP_submit_bio},
	{OP_bio_add_page, OP_skb_from_bio},
	{OP_submit_bio, OP_bio_endio},
	{OP_skb_from_bio, OP_bio_endio},
};

unsigned pair_closed_by(unsigned verb, unsigned from)
{
	while (from < PAIRS && verb_pairs[from].closes != verb)
		from++;
	return from;
}

enum verb verb_opener(enum verb verb, const struct op_set *set, struct prng *r)
{
	enum verb opener = OP_COUNT;
	unsigned seen = 0;

	for (unsigned i = pair_closed_by(verb, 0); i < PAIRS; i = pair_closed_by(verb, i + 1))
		if (op_set_has(set, (enum verb)verb_pairs[i].opens) && prng_one_in(r, ++seen))
			opener = (enum verb)verb_pairs[i].opens;
	return opener;
}

enum verb maker_for(enum verb verb, unsigned n)
{
	for (unsigned i = 0; i < sizeof(served_by) / sizeof(served_by[0]); i++)
		if (served_by[i].verb == verb && n-- == 0)
			return (enum verb)served_by[i].maker;
	return OP_COUNT;
}

bool maker_serves(const struct op *maker, enum verb verb)
{
	const struct op_descriptor *descriptor = &op_descriptors[maker->verb];
	bool served = maker_for(verb, 0) == OP_COUNT;

	for (unsigned n = 0; !served && maker_for(verb, n) != OP_COUNT; n++)
		served = maker_for(verb, n) == (enum verb)maker->verb;
	if (verb != OP_device_write && verb != OP_device_read)
		return served;
	for (unsigned a = 0; a < descriptor->arg_count; a++)
		if (descriptor->args[a] == ARG_DIRECTION)
			return maker->arg[a] != (verb == OP_device_write ? TO_DEVICE : FROM_DEVICE);
	return true;
}
