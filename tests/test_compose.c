/* SPDX-License-Identifier: MIT */
/* Generated ops mostly have what they need, and programs have the habits that rare findings want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "program/edit.h"
#include "program/mutate.h"

enum { PROGRAMS = 20000 };

static struct program program;

static const struct op *maker_of(unsigned i, unsigned a)
{
	const struct op *op = &program.ops[i];
	enum yields class = arg_class(op_descriptors[op->verb].args[a], op->arg[a]);
	unsigned maker = program_maker(&program, class, op->arg[a] & ~HANDLE_OTHER, i);

	return maker < PROGRAM_OPS_MAX ? &program.ops[maker] : NULL;
}

static bool is_open(unsigned before, const struct verb_pair *pair, uint32_t value)
{
	unsigned open = 0;

	for (unsigned i = 0; i < before; i++) {
		const struct op *op = &program.ops[i];

		if (op_descriptors[op->verb].arg_count > 0 && op->arg[0] != value)
			continue;
		if (op->verb == pair->opens)
			open++;
		else if (op->verb == pair->closes && open > 0)
			open--;
	}
	return open > 0;
}

struct share {
	unsigned good, all;
};

static void assert_mostly(struct share share)
{
	assert_true(share.all > 100);
	assert_true(share.good * 10 > share.all * 6);
}

/* Op i of the program, for each pair that it closes. */
static void count_closed(unsigned i, struct share share[PAIRS])
{
	const struct op *op = &program.ops[i];
	bool open = false;

	for (unsigned k = pair_closed_by(op->verb, 0); k < PAIRS; k = pair_closed_by(op->verb, k + 1))
		open |= is_open(i, &verb_pairs[k], op->arg[0]);
	for (unsigned k = pair_closed_by(op->verb, 0); k < PAIRS; k = pair_closed_by(op->verb, k + 1)) {
		share[k].good += open;
		share[k].all++;
	}
}

static void test_puts_follow_gets(void **state)
{
	struct op_profile profile = {op_set_all(), 1, 64};
	struct share share[PAIRS] = {{0, 0}};
	struct prng r = {5};

	(void)state;
	for (unsigned n = 0; n < PROGRAMS; n++) {
		program_generate(&program, &profile, &r);
		for (unsigned i = 0; i < program.op_count; i++)
			count_closed(i, share);
	}
	for (unsigned k = 0; k < PAIRS; k++)
		assert_mostly(share[k]);
}

static void test_handles_are_of_a_fitting_maker(void **state)
{
	struct op_profile profile = {op_set_all(), 1, 64};
	struct share device = {0, 0}, freed = {0, 0};
	struct prng r = {6};

	(void)state;
	for (unsigned n = 0; n < PROGRAMS; n++) {
		program_generate(&program, &profile, &r);
		for (unsigned i = 0; i < program.op_count; i++) {
			enum verb verb = (enum verb)program.ops[i].verb;
			struct share *share = verb == OP_kmem_cache_free                          ? &freed
					      : verb == OP_device_read || verb == OP_device_write ? &device
												  : NULL;
			const struct op *maker = share ? maker_of(i, verb == OP_kmem_cache_free) : NULL;

			if (!share)
				continue;
			share->good += maker && maker_serves(maker, verb);
			share->all++;
		}
	}
	assert_mostly(device);
	assert_mostly(freed);
}

/* Longest run of single frees whose handles are the same distance of two or more apart. */
static unsigned longest_sweep(void)
{
	unsigned longest = 0, run = 1;

	for (unsigned i = 2; i < program.op_count; i++) {
		const struct op *op = &program.ops[i];
		uint32_t step = op[0].arg[0] - op[-1].arg[0];

		run = op[0].verb == OP_kfree && op[-1].verb == OP_kfree && op[-2].verb == OP_kfree && step >= 2 &&
				      step <= 8 && step == op[-1].arg[0] - op[-2].arg[0]
			      ? run + 1
			      : 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void test_some_programs_punch_holes(void **state)
{
	struct op_profile profile = {op_set_all(), 1, 64};
	struct prng r = {7};
	unsigned sweeps = 0;

	(void)state;
	for (unsigned n = 0; n < PROGRAMS; n++) {
		program_generate(&program, &profile, &r);
		sweeps += longest_sweep() >= 4;
	}
	assert_true(sweeps > 10);
}

/* Programs that do without a class are about something else more often than chance would have it. */
static void test_classes_stay_away_together(void **state)
{
	struct op_profile profile = {op_set_all(), 1, 64};
	unsigned without_mappings = 0, without_packets = 0, without_either = 0;
	struct prng r = {8};

	(void)state;
	for (unsigned n = 0; n < PROGRAMS; n++) {
		bool mapping = false, packet = false;

		program_generate(&program, &profile, &r);
		for (unsigned i = 0; i < program.op_count && program.op_count > 20; i++) {
			mapping |= op_descriptors[program.ops[i].verb].yields == YIELDS_MAPPING;
			packet |= op_descriptors[program.ops[i].verb].yields == YIELDS_SKB;
		}
		without_mappings += program.op_count > 20 && !mapping;
		without_packets += program.op_count > 20 && !packet;
		without_either += program.op_count > 20 && !mapping && !packet;
	}
	assert_true(without_mappings > PROGRAMS / 10);
	assert_true(without_packets > PROGRAMS / 10);
	assert_true(without_either > PROGRAMS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_puts_follow_gets),
		cmocka_unit_test(test_handles_are_of_a_fitting_maker),
		cmocka_unit_test(test_some_programs_punch_holes),
		cmocka_unit_test(test_classes_stay_away_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
