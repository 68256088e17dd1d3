/* SPDX-License-Identifier: MIT */
/* Programs of pairs: in normal form, the two ops in their places, with the handles that the choice promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "program/pairs.h"

enum { OPS_FEW = 32 };

static struct program program, normal;
static unsigned at[2];

static const struct op *compose(enum verb first, enum verb second, enum pair_choice choice)
{
	pair_compose(&program, first, second, choice, at);
	assert_in_range(program.op_count, 2, OPS_FEW);
	assert_true(at[0] < at[1] && at[1] < program.op_count);
	assert_int_equal(program.ops[at[0]].verb, first);
	assert_int_equal(program.ops[at[1]].verb, second);
	return &program.ops[at[1]];
}

static void test_all_are_in_normal_form(void **state)
{
	(void)state;
	for (unsigned a = 0; a < OP_COUNT; a++)
		for (unsigned b = 0; b < OP_COUNT; b++)
			for (unsigned choice = 0; choice < PAIR_CHOICES; choice++) {
				compose((enum verb)a, (enum verb)b, (enum pair_choice)choice);
				normal = program;
				program_normalize(&normal);
				assert_true(program_equal_ops(&program, &normal));
			}
}

static void test_the_second_op_shares_the_handles_of_the_first(void **state)
{
	(void)state;
	assert_int_equal(compose(OP_kfree, OP_kfree, PAIR_SHARED)->arg[0], 0);
	assert_int_equal(program.ops[at[0]].arg[0], 0);
	/* What the first made comes before what it was made of. */
	assert_int_equal(compose(OP_kzalloc, OP_kfree, PAIR_SHARED)->arg[0], 0);
	assert_int_equal(program.op_count, 2);
	assert_int_equal(compose(OP_alloc_pages, OP_kmap, PAIR_SHARED)->arg[0], HANDLE_OTHER);
}

static void test_apart_they_have_handles_of_their_own(void **state)
{
	const struct op *second;

	(void)state;
	second = compose(OP_dma_map, OP_dma_unmap, PAIR_APART);
	assert_int_not_equal(second->arg[0], 0);
	second = compose(OP_kmem_cache_free, OP_kmem_cache_free, PAIR_APART);
	assert_int_not_equal(second->arg[1], program.ops[at[0]].arg[1]);
}

static void test_hostile_handles_are_anybodys_or_none(void **state)
{
	(void)state;
	assert_int_equal(compose(OP_kmalloc, OP_dma_unmap, PAIR_HOSTILE)->arg[0], HANDLE_NONE);
	assert_int_equal(compose(OP_kmalloc, OP_free_buffer, PAIR_HOSTILE)->arg[0], 0);
	assert_int_equal(program.op_count, 2);
}

static void test_makers_serve_and_openers_come_first(void **state)
{
	static const uint8_t chain[] = {OP_bio_alloc, OP_kmalloc, OP_bio_add_page, OP_submit_bio};
	const struct op *second = compose(OP_fault_clear, OP_dma_unmap_page, PAIR_SHARED);

	(void)state;
	assert_int_equal(second[-1].verb, OP_dma_map_page);
	second = compose(OP_fault_clear, OP_bio_endio, PAIR_SHARED);
	for (unsigned i = 0; i < sizeof(chain); i++) {
		unsigned n = 0;

		while (n < at[1] && program.ops[n].verb != chain[i])
			n++;
		assert_true(n < at[1]);
		assert_true(chain[i] == OP_kmalloc || program.ops[n].arg[0] == 0 || !i);
	}
	assert_int_equal(second->arg[0], 0);
}

static void test_a_block_is_around_the_second_op(void **state)
{
	const struct op *second = compose(OP_irq, OP_kfree, PAIR_SHARED);

	(void)state;
	assert_int_equal(at[1], at[0] + 1);
	assert_int_equal(program.ops[at[0]].arg[0], 1);
	assert_int_equal(second[1].verb, OP_kmalloc); /* which it interrupts */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_in_normal_form),
		cmocka_unit_test(test_the_second_op_shares_the_handles_of_the_first),
		cmocka_unit_test(test_apart_they_have_handles_of_their_own),
		cmocka_unit_test(test_hostile_handles_are_anybodys_or_none),
		cmocka_unit_test(test_makers_serve_and_openers_come_first),
		cmocka_unit_test(test_a_block_is_around_the_second_op),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
