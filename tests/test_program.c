/* SPDX-License-Identifier: MIT */
/* Programs: bytes and text round trips, every parse error with its place, edits that keep handles, edge values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "program/args.h"
#include "program/bytes.h"
#include "program/prng.h"
#include "program/text.h"

enum { ROUNDS = 120000, BYTES_MAX = 2000, TEXT_MAX = 1 << 17, SETTING_TEXT_MAX = 8192 };

static struct program first, second;
static struct program_notes notes, notes_again;
static struct text_error error;
static char printed[TEXT_MAX], again[TEXT_MAX];

static size_t print_to(char *to, const struct program *p, const struct program_notes *n)
{
	struct text_buffer out = {.bytes = to, .capacity = TEXT_MAX};

	program_print(p, n, &out);
	assert_false(out.overflow);
	return out.size;
}

static void parse_ok(struct program *p, const char *text)
{
	if (!program_parse(p, &notes, text, strlen(text), &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.what);
}

static void assert_normal(const struct program *p)
{
	static struct program copy;

	copy = *p;
	program_normalize(&copy);
	assert_true(program_equal_ops(&copy, p));
}

static void round_trip(const uint8_t *bytes, size_t size)
{
	static uint8_t encoded[PROGRAM_BYTES_MAX];
	size_t length;

	program_decode(&first, op_set_all(), bytes, size);
	assert_normal(&first);
	length = program_encode(&first, op_set_all(), encoded, sizeof(encoded));
	assert_true(length > 0);
	program_decode(&second, op_set_all(), encoded, length);
	assert_true(program_equal_ops(&first, &second));
	assert_int_equal(first.variant, second.variant);
	length = print_to(printed, &first, NULL);
	if (!program_parse(&second, NULL, printed, length, &error))
		fail_msg("%u:%u: %s\n%s", error.line, error.column, error.what, printed);
	assert_true(program_equal_ops(&first, &second));
}

static void test_round_trip(void **state)
{
	static uint8_t bytes[BYTES_MAX];
	struct prng r = {1};

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		/* Mostly short: long ones cost more and say little more. */
		size_t size = prng_below(&r, prng_one_in(&r, 16) ? BYTES_MAX + 1 : 200);

		for (size_t b = 0; b < size; b++)
			bytes[b] = (uint8_t)(prng_next(&r) >> 32);
		round_trip(bytes, size);
	}
}

static const struct {
	const char *text;
	unsigned line, column;
} errors[] = {
	{"frob 1", 1, 1},
	{"o0 =", 1, 5},
	{"\n  # hm\nkmalloc 64 GFP_KERNEL", 3, 1},
	{"o1 = kmalloc 64 GFP_KERNEL", 1, 1},
	{"p0 = kmalloc 64 GFP_KERNEL", 1, 1},
	{"o0 = kmalloc 1 GFP_KERNEL repeat=3\no1 = kmalloc 1 GFP_KERNEL", 2, 1},
	{"o0 = kfree o-", 1, 1},
	{"o0 = kmalloc GFP_KERNEL 64", 1, 14},
	{"o0 = kmalloc 65537 GFP_KERNEL", 1, 14},
	{"o0 = kmalloc 8388608 GFP_KERNEL", 1, 14},
	{"o0 = kmalloc SIZE_MAX-65536 GFP_KERNEL", 1, 14},
	{"o0 = kmalloc 18446744073709551616 GFP_KERNEL", 1, 14},
	{"obj_write o- SIZE_MAX-1 1 0x00", 1, 14},
	{"cpu_offline 8", 1, 13},
	{"p0 = alloc_pages 11 GFP_KERNEL", 1, 18},
	{"c0 = kmem_cache_create 8 3 0", 1, 26},
	{"c0 = kmem_cache_create 8 4 CTOR|NO", 1, 28},
	{"kfree", 1, 6},
	{"kfree   # none", 1, 6},
	{"kfree\r\n", 1, 6},
	{"kfree o- o-", 1, 10},
	{"kfree o0", 1, 7},
	{"o0 = kmalloc 1 GFP_KERNEL\nkfree o1", 2, 7},
	{"kfree m-", 1, 7},
	{"kmem_cache_shrink kmalloc-63", 1, 19},
	{"kfree o- color=3", 1, 10},
	{"kfree o- repeat=0", 1, 10},
	{"kfree o- repeat=65", 1, 10},
	{"kfree o- fail_nth=256", 1, 10},
	{"kfree o- repeat=2 repeat=2", 1, 19},
	{"ksize o- repeat=2", 1, 10},
	{"kfree o- {", 1, 10},
	{"irq 0 1", 1, 8},
	{"irq 2 1 {\nkfree o-\n}", 1, 5},
	{"irq 0 1 {\nkfree o-\n}", 1, 5},
	{"cpu 1 0 {\nkfree o-\n}", 1, 7},
	{"irq 256 1 {\n}", 1, 5},
	{"irq 0 1 { kfree", 1, 11},
	{"grace_period\n\tirq 1 1 {\nkfree o-\n", 2, 10},
	{"}", 1, 1},
	{"irq 0 1 {\n}\n }", 3, 2},
	{"irq 0 1 {\n} o-", 2, 3},
	{"irq 4 1 {\nirq 3 1 {\nirq 2 1 {\nirq 1 1 {\nirq 1 1 {\n", 5, 5},
	{"world a=b\nworld c=d", 2, 1},
	{"kfree o-\n world a=b", 2, 2},
	{"world a=b ab", 1, 11},
	{"world =b", 1, 7},
	{"world a=b a=c", 1, 11},
	{"world a=0123456789012345678901234567890123456789", 1, 7},
	{"# claim:", 1, 9},
	{"# claim: a\n# claim: b", 2, 3},
	{"# says:", 1, 8},
	{"# verdict: fact\n# verdict: fact", 2, 3},
	{"# verdict: true", 1, 12},
	{"# verdict: refuted:", 1, 12},
	{"# verdict: refute", 1, 12},
	{"kfree o-\n# verdict: fact", 2, 3},
	{"# expect: clean\n# expect: oops", 2, 11},
	{"kfree o-\n# expect: clean", 2, 3},
	{"# assert: size(o0) = 1", 1, 11},
	{"# assert: addr(o0) mod 0 = 1", 1, 24},
	{"# assert: addr(o0) mod 8 1", 1, 26},
	{"# assert: addr(o0) = x", 1, 22},
	{"# assert: addr(o-) = 1", 1, 16},
	{"# assert: addr o0 = 1", 1, 15},
	{"# assert: ksize(p0) = 1", 1, 17},
	{"# assert: page(o0) = 1", 1, 19},
	{"# assert: fault(o0) = 1", 1, 16},
	{"# assert: mapped(o0) = 1", 1, 18},
	{"# assert: byte = 1", 1, 15},
	{"# assert: fault = 1 2", 1, 21},
	{"\n# assert: addr(o1) = 1\no0 = kmalloc 1 GFP_KERNEL", 2, 16},
};

static void assert_error(const char *text, size_t length, unsigned line, unsigned column)
{
	memset(&error, 0, sizeof(error));
	if (program_parse(&first, NULL, text, length, &error))
		fail_msg("parsed: %.60s", text);
	if (error.line != line || error.column != column || error.what[0] == '\0')
		fail_msg("%.60s\n%u:%u: %s, not %u:%u", text, error.line, error.column, error.what, line, column);
}

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_error(errors[i].text, strlen(errors[i].text), errors[i].line, errors[i].column);
}

static void test_limits(void **state)
{
	static char text[SETTING_TEXT_MAX];
	size_t length = 0;

	(void)state;
	assert_error("kfree\0o-", 8, 1, 6);
	assert_error("# a\n# \0", 7, 2, 3);
	memset(text, '#', sizeof(text));
	assert_true(program_parse(&first, NULL, text, 4096, &error));
	assert_error(text, 4097, 1, 4097);
	for (unsigned i = 0; i <= PROGRAM_OPS_MAX; i++)
		length += (size_t)sprintf(text + length, " ksize o-\n");
	assert_error(text, length, PROGRAM_OPS_MAX + 1, 2);
	assert_true(program_parse(&first, NULL, text, length - 10, &error));
	length = (size_t)sprintf(text, "world");
	for (unsigned i = 0; i <= SETTINGS_MAX; i++)
		length += (size_t)sprintf(text + length, " k%02u=v", i);
	assert_error(text, length, 1, 7 + SETTINGS_MAX * 6);
}

static void test_sizes(void **state)
{
	static const uint32_t sizes[] = {0,     255,   256,     4095,       4096,       65535,
					 65536, 65544, 8388600, 0xffff0000, 0xfffffffe, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static uint8_t bytes[PROGRAM_BYTES_MAX];
		size_t size;

		parse_ok(&first, "o0 = kmalloc 1 GFP_KERNEL\nobj_read o0 0 1\n");
		first.ops[0].arg[0] = first.ops[1].arg[2] = sizes[i];
		first.ops[1].arg[1] = sizes[i] < SIZE_NEAR_MAX ? sizes[i] : 0;
		assert_normal(&first);
		size = program_encode(&first, op_set_all(), bytes, sizeof(bytes));
		program_decode(&second, op_set_all(), bytes, size);
		assert_true(program_equal_ops(&first, &second));
		print_to(printed, &first, NULL);
		parse_ok(&second, printed);
		assert_true(program_equal_ops(&first, &second));
	}
}

static void test_edits(void **state)
{
	struct op extra = {.verb = OP_kmalloc, .repeat = 2};

	(void)state;
	parse_ok(&first, "o0 = kmalloc 1 GFP_KERNEL\no1 = kmalloc 2 GFP_KERNEL repeat=2\n"
			 "irq 2 1 {\n\tkfree o0\n\tkfree o2\n}\nkfree o1\n");
	second = first;
	assert_true(program_insert_op(&second, 1, &extra));
	assert_int_equal(second.ops[4].arg[0], 0);
	assert_int_equal(second.ops[5].arg[0], 4);
	assert_int_equal(second.ops[6].arg[0], 3);
	program_remove_op(&second, 1);
	assert_true(program_equal_ops(&first, &second));
	program_remove_op(&second, 0);
	assert_int_equal(second.ops[2].arg[0], HANDLE_NONE);
	assert_int_equal(second.ops[3].arg[0], 1);
	assert_int_equal(second.ops[4].arg[0], 0);
	program_remove_op(&second, 2);
	assert_int_equal(second.ops[1].arg[0], 1);
}

static void test_equal_neighbours_become_one_op(void **state)
{
	(void)state;
	parse_ok(&first, "o0 = kmalloc 8 GFP_KERNEL\no1 = kmalloc 8 GFP_KERNEL repeat=2\no3 = kmalloc 9 GFP_KERNEL\n"
			 "kfree o2\nkfree o3\n");
	assert_true(program_merge_next(&first, 0));
	parse_ok(&second, "o0 = kmalloc 8 GFP_KERNEL repeat=3\no3 = kmalloc 9 GFP_KERNEL\nkfree o2\nkfree o3\n");
	assert_true(program_equal_ops(&first, &second));
	assert_false(program_merge_next(&first, 0)); /* another size */
	assert_false(program_merge_next(&first, 2)); /* yields nothing */
	assert_false(program_merge_next(&first, 3)); /* the last */
	/* One in a block, one behind it. */
	parse_ok(&first, "irq 1 0 {\n\to0 = kmalloc 8 GFP_ATOMIC\n}\no1 = kmalloc 8 GFP_ATOMIC\n");
	assert_false(program_merge_next(&first, 1));
	parse_ok(&first, "irq 2 0 {\n\to0 = kmalloc 8 GFP_ATOMIC\n\to1 = kmalloc 8 GFP_ATOMIC\n}\nkfree o1\n");
	assert_true(program_merge_next(&first, 1));
	assert_int_equal(op_block_length(&first.ops[0]), 1);
	assert_int_equal(first.ops[2].arg[0], 1);
}

static void test_notes_and_crlf(void **state)
{
	size_t length;

	(void)state;
	parse_ok(&first, "# claim: C01\r\n# source: a b.txt \r\n# says: it breaks\r\n# verdict: refuted: it: not\r\n"
			 "# expect: oops/slub\r\n# expect: x\r\n"
			 "# assert: addr(o0) mod 32 = 16\r\n# assert: ksize(o0) = 64\r\n"
			 "# assert: page(p0).mapping = 0\r\n# assert: fault = 0xd\r\n"
			 "# assert: nr_partial(kmalloc-64) = 1\r\n# assert: byte(o1) = 0x6b\r\n"
			 "# assert: mapped(m0) = 0\r\nworld  arch=arm926\tdebug=-\r\n\r\n"
			 "o0 = kmalloc 64 GFP_KERNEL repeat=3 fail_nth=2 # x\r\np0 = alloc_pages 0 GFP_KERNEL\r\n"
			 "m0 = dma_map o0 0 64 FROM_DEVICE\r\np1 = virt_to_page o1 63\r\npage_count_inc p1\r\n");
	assert_string_equal(notes.claim, "C01");
	assert_string_equal(notes.source, "a b.txt");
	assert_string_equal(notes.says, "it breaks");
	assert_string_equal(notes.verdict, "refuted: it: not");
	assert_int_equal(notes.expect_count, 2);
	assert_int_equal(notes.assert_count, 7);
	assert_int_equal(notes.asserts[0].modulus, 32);
	assert_int_equal(notes.asserts[2].operand, HANDLE_OTHER);
	assert_string_equal(notes.asserts[2].field, "mapping");
	assert_int_equal(notes.asserts[3].value, 0xd);
	assert_string_equal(program_setting(&first, "debug"), "-");
	assert_int_equal(first.settings[1].line, 14);
	assert_int_equal(first.settings[1].column, 20);
	assert_int_equal(first.ops[0].fail_nth, 2);
	length = print_to(printed, &first, &notes);
	assert_true(program_parse(&second, &notes_again, printed, length, &error));
	assert_int_equal(print_to(again, &second, &notes_again), length);
	assert_string_equal(printed, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),         cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_edits),          cmocka_unit_test(test_equal_neighbours_become_one_op),
		cmocka_unit_test(test_notes_and_crlf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
