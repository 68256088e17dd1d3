/* SPDX-License-Identifier: MIT */
/* A small seeded generator (splitmix64), the only source of chance: mutation and random generation, never execution. */
#ifndef SLABFUZZ_PROGRAM_PRNG_H
#define SLABFUZZ_PROGRAM_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline uint64_t prng_next(struct prng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Uniform in [0, bound); bound > 0. */
static inline uint32_t prng_below(struct prng *r, uint32_t bound)
{
	return (uint32_t)(((prng_next(r) >> 32) * bound) >> 32);
}

static inline bool prng_one_in(struct prng *r, uint32_t n)
{
	return prng_below(r, n) == 0;
}

#endif
