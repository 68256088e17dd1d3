/* SPDX-License-Identifier: MIT */
/* Mutation, crossover and generation keep programs expressible; minimising finds the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "program/bytes.h"
#include "program/minimize.h"
#include "program/mutate.h"

enum { ROUNDS = 20000 };

static struct op_set small_set(void)
{
	static const enum verb verbs[] = {OP_kmalloc, OP_kfree, OP_dma_map, OP_dma_unmap, OP_device_write, OP_obj_read};
	struct op_set set = {0};

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		op_set_add(&set, verbs[i]);
	return set;
}

static void assert_expressible(const struct program *p, const struct op_profile *profile)
{
	static struct program copy;
	static uint8_t bytes[PROGRAM_BYTES_MAX];
	size_t size;

	assert_true(p->op_count <= profile->ops_max);
	assert_true(p->variant < profile->variant_count);
	for (unsigned i = 0; i < p->op_count; i++)
		assert_true(op_set_has(profile->set, (enum verb)p->ops[i].verb));
	copy = *p;
	program_normalize(&copy);
	assert_true(program_equal_ops(&copy, p));
	size = program_encode(p, profile->set, bytes, sizeof(bytes));
	assert_true(size > 0);
	program_decode(&copy, profile->set, bytes, size);
	assert_true(program_equal_ops(&copy, p));
}

static void check_profile(const struct op_profile *profile)
{
	static struct program a, b, child;
	struct prng r = {7};

	program_generate(&a, profile, &r);
	program_generate(&b, profile, &r);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 16 == 0)
			program_generate(&b, profile, &r);
		program_mutate(&a, profile, &r);
		assert_expressible(&a, profile);
		assert_expressible(&b, profile);
		program_crossover(&child, &a, &b, profile, &r);
		assert_expressible(&child, profile);
		if (i % 8 == 0)
			a = child;
	}
}

static void test_all_verbs_stay_expressible(void **state)
{
	struct op_profile profile = {op_set_all(), 3, 64};

	(void)state;
	check_profile(&profile);
}

static void test_a_small_set_is_never_left(void **state)
{
	struct op_set set = small_set();
	struct op_profile profile = {&set, 1, 32};

	(void)state;
	check_profile(&profile);
}

static void test_same_seed_same_program(void **state)
{
	static struct program a, b;
	struct op_profile profile = {op_set_all(), 2, 64};
	struct prng r = {99}, s = {99};

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		program_generate(&a, &profile, &r);
		program_generate(&b, &profile, &s);
		assert_true(program_equal_ops(&a, &b));
	}
}

/* Wants a device store through a mapping of an object of at least 100 bytes. */
static bool wants_device_store(void *context, const struct program *p)
{
	uint32_t first[PROGRAM_OPS_MAX];

	++*(unsigned *)context;
	program_number_handles(p, first);
	for (unsigned i = 0; i < p->op_count; i++) {
		if (p->ops[i].verb != OP_device_write || p->ops[i].arg[0] == HANDLE_NONE)
			continue;
		for (unsigned k = 0; k < i; k++)
			if (p->ops[k].verb == OP_dma_map && first[k] == p->ops[i].arg[0] && p->ops[k].arg[2] >= 100 &&
			    p->ops[k].arg[2] < SIZE_NEAR_MAX)
				return true;
	}
	return false;
}

static void test_minimizing_keeps_only_what_the_predicate_wants(void **state)
{
	static struct program p;
	struct op_set set = small_set();
	struct op_profile profile = {&set, 1, 64};
	struct prng r = {3};
	unsigned found = 0, calls = 0;

	(void)state;
	while (found < 20) {
		program_generate(&p, &profile, &r);
		if (p.op_count < 30 || !wants_device_store(&calls, &p))
			continue;
		calls = 0;
		program_minimize(&p, wants_device_store, &calls, NULL);
		assert_true(wants_device_store(&calls, &p));
		assert_true(p.op_count <= 2);
		assert_true(calls < 1500);
		found++;
	}
}

/* As many frees as allocations, wherever they are, and a load. */
static bool wants_balance(void *context, const struct program *p)
{
	int balance = 0;
	bool loads = false;

	++*(unsigned *)context;
	for (unsigned i = 0; i < p->op_count; i++) {
		balance += (p->ops[i].verb == OP_kmalloc) - (p->ops[i].verb == OP_kfree);
		loads |= p->ops[i].verb == OP_obj_read;
	}
	return loads && balance == 0;
}

static void test_minimizing_takes_pairs_away(void **state)
{
	static const enum verb verbs[] = {OP_kmalloc, OP_obj_read, OP_kmalloc, OP_obj_read,
					  OP_kfree,   OP_obj_read, OP_kfree};
	static struct program p;
	unsigned calls = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		p.ops[p.op_count++] =
			(struct op){.verb = (uint8_t)verbs[i], .repeat = 1, .arg = {64 * (verbs[i] == OP_kmalloc)}};
	program_normalize(&p);
	program_minimize(&p, wants_balance, &calls, NULL);
	assert_int_equal(p.op_count, 1);
	assert_int_equal(p.ops[0].verb, OP_obj_read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_verbs_stay_expressible),
		cmocka_unit_test(test_a_small_set_is_never_left),
		cmocka_unit_test(test_same_seed_same_program),
		cmocka_unit_test(test_minimizing_keeps_only_what_the_predicate_wants),
		cmocka_unit_test(test_minimizing_takes_pairs_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
