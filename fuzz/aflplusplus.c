/* SPDX-License-Identifier: MIT */
/*
 * AFL++'s custom mutator ABI over the same op-level core (AFL_CUSTOM_MUTATOR_LIBRARY).  The library does not know the
 * target; op bytes index the target's own set, so it mutates with the set named in SLABFUZZ_VERBS, all verbs if
 * unset.
 */
#include <stdlib.h>
#include <string.h>

#include "program/bytes.h"
#include "program/mutate.h"

struct mutator {
	struct prng r;
	struct op_set set;
	struct op_profile profile;
	struct program program, other, child;
	uint8_t out[PROGRAM_BYTES_MAX];
};

void *afl_custom_init(void *afl, unsigned int seed);
void *afl_custom_init(void *afl, unsigned int seed)
{
	struct mutator *m = calloc(1, sizeof(*m));
	const char *verbs = getenv("SLABFUZZ_VERBS");
	const char *variants = getenv("SLABFUZZ_VARIANTS");

	(void)afl;
	if (!m)
		return NULL;
	m->r.state = seed;
	/* The campaign hands over the target's verbs by name, in its order. */
	while (verbs && *verbs) {
		size_t length = strcspn(verbs, ",");

		op_set_add(&m->set, verb_by_name(verbs, length));
		verbs += length;
		verbs += *verbs == ',';
	}
	if (!m->set.count)
		m->set = *op_set_all();
	m->profile = (struct op_profile){&m->set, variants ? (unsigned)atoi(variants) : 1, 64};
	if (!m->profile.variant_count)
		m->profile.variant_count = 1;
	return m;
}

void afl_custom_deinit(void *data);
void afl_custom_deinit(void *data)
{
	free(data);
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size)
{
	struct mutator *m = data;
	struct program *result = &m->program;
	size_t size;

	program_decode(&m->program, &m->set, buf, buf_size);
	if (m->program.op_count == 0 || prng_one_in(&m->r, 20)) {
		program_generate(&m->program, &m->profile, &m->r);
	} else if (add && add_size > OP_BYTES && prng_one_in(&m->r, 8)) {
		program_decode(&m->other, &m->set, add, add_size);
		program_crossover(&m->child, &m->program, &m->other, &m->profile, &m->r);
		result = &m->child;
	} else {
		program_mutate(&m->program, &m->profile, &m->r);
	}
	while (1 + result->op_count * (size_t)OP_BYTES > max_size && result->op_count)
		result->op_count--;
	program_normalize(result);
	size = program_encode(result, &m->set, m->out, sizeof(m->out));
	*out = m->out;
	return size;
}
