/* SPDX-License-Identifier: MIT */
/* Importers: identity by address, cpus as blocks, leak-free programs, errors with line and column. */
#include "fuzz/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EVENT(cpu, rest)      "  task-1  [00" cpu "] .....  1.5: " rest "\n"
#define ALLOC(cpu, ptr, size) EVENT(cpu, "kmalloc: ptr=" ptr " bytes_req=" size " gfp_flags=GFP_KERNEL")
#define FREE(cpu, ptr)        EVENT(cpu, "kfree: ptr=" ptr)

static struct importer im;
static struct program last;
static struct text_error error;
static unsigned programs;

static bool keep(void *context, const struct program *p)
{
	(void)context;
	last = *p;
	programs++;
	return true;
}

static bool import_text(import_format *format, const char *text, unsigned ops)
{
	programs = 0;
	memset(&last, 0, sizeof(last));
	memset(&error, 0, sizeof(error));
	importer_begin(&im, keep, NULL, ops);
	return format(&im, text, strlen(text), &error);
}

static void assert_op(unsigned i, enum verb verb, uint32_t a, uint32_t b)
{
	assert_true(i < last.op_count);
	assert_int_equal(last.ops[i].verb, verb);
	assert_int_equal(last.ops[i].arg[0], a);
	assert_int_equal(last.ops[i].arg[1], b);
}

static void test_a_free_finds_its_object_by_address(void **state)
{
	(void)state;
	assert_true(import_text(import_ftrace,
				ALLOC("0", "a0", "10") ALLOC("0", "b0", "20") FREE("0", "a0") FREE("0", "b0"), 512));
	assert_int_equal(last.op_count, 4);
	assert_op(0, OP_kmalloc, 10, 0);
	assert_op(1, OP_kmalloc, 20, 0);
	assert_op(2, OP_kfree, 0, 0);
	assert_op(3, OP_kfree, 1, 0);
}

static void test_a_run_on_another_cpu_becomes_a_block(void **state)
{
	(void)state;
	assert_true(import_text(import_ftrace, ALLOC("1", "a0", "10") FREE("1", "a0") ALLOC("0", "a0", "8"), 512));
	assert_op(0, OP_cpu, 1, 2);
	assert_op(1, OP_kmalloc, 10, 0);
	assert_op(2, OP_kfree, 0, 0);
	assert_op(3, OP_kmalloc, 8, 0);
	assert_op(4, OP_kfree, 1, 0);
	assert_string_equal(program_setting(&last, "cpus"), "2");
}

static void test_frees_of_nothing_are_skipped_and_counted(void **state)
{
	(void)state;
	assert_true(import_text(import_ftrace, FREE("0", "c0") FREE("0", "0") ALLOC("0", "0", "8"), 512));
	assert_int_equal(im.counts.unmatched, 1);
	assert_int_equal(im.counts.null_frees, 1);
	assert_int_equal(im.counts.failed, 1);
	assert_int_equal(programs, 0);
}

static void test_an_address_allocated_twice_is_freed_in_between(void **state)
{
	(void)state;
	assert_true(import_text(import_ftrace, ALLOC("0", "a0", "1") ALLOC("0", "a0", "2"), 512));
	assert_int_equal(im.counts.again, 1);
	assert_op(1, OP_kfree, 0, 0);
	assert_op(2, OP_kmalloc, 2, 0);
	assert_op(3, OP_kfree, 1, 0);
}

static void test_zeroed_memory_is_kzalloc_without_the_flag(void **state)
{
	(void)state;
	assert_true(import_text(
		import_ftrace, EVENT("0", "kmem_cache_alloc: ptr=a bytes_req=5 gfp_flags=GFP_ATOMIC|__GFP_ZERO"), 512));
	assert_op(0, OP_kzalloc, 5, 1);
}

static void test_pages_are_known_by_frame_and_order(void **state)
{
	(void)state;
	assert_true(import_text(import_ftrace,
				EVENT("0", "mm_page_alloc: page=f pfn=0x10 order=2 gfp_flags=GFP_KERNEL")
					EVENT("0", "mm_page_free: page=f pfn=0x10 order=2"),
				512));
	assert_op(0, OP_alloc_pages, 2, 0);
	assert_op(1, OP_free_pages, 0, 0);
}

/* Every program frees what it allocates, whatever its length. */
static void test_programs_are_cut_without_leaks(void **state)
{
	static const char text[] = ALLOC("1", "a0", "1") ALLOC("2", "b0", "1") ALLOC("1", "c0", "1") FREE("3", "a0")
		ALLOC("1", "b0", "1") FREE("2", "c0") FREE("1", "b0") ALLOC("1", "e0", "1");

	(void)state;
	for (unsigned ops = 0; ops < 24; ops++) {
		assert_true(import_text(import_ftrace, text, ops));
		assert_true(programs > 0);
		assert_int_equal(im.counts.allocations, im.counts.frees + im.counts.cut + im.counts.again);
		assert_true(last.op_count <= (ops < IMPORT_OPS_MIN ? IMPORT_OPS_MIN : ops));
	}
}

static void test_realloc_halves_become_krealloc(void **state)
{
	(void)state;
	assert_true(import_text(import_mtrace,
				"= Start\n@ a:[0x1] + 0x10 0x5\n@ a:[0x1] < 0x10\n@ a:[0x1] > 0x20 0x100000\n- 0x20\n",
				512));
	assert_int_equal(last.op_count, 3);
	assert_op(0, OP_kmalloc, 5, 0);
	assert_op(1, OP_krealloc, 0, 0x100000);
	assert_op(2, OP_kfree, 1, 0);
}

static void test_malformed_lines_are_told_by_line_and_column(void **state)
{
	static const struct {
		import_format *format;
		const char *text;
		unsigned line, column;
	} cases[] = {
		{import_mtrace, "= Start\n@ a + 0x10\n", 2, 11},
		{import_mtrace, "> 0x10 0x5\n", 1, 1},
		{import_mtrace, "- zz\n", 1, 3},
		{import_mtrace, "hello\n", 1, 1},
		{import_ftrace, "# x\nhello\n", 2, 1},
		{import_ftrace, "t [000] . 1: kfree: ptr=xyz\n", 1, 25},
		{import_ftrace, "t [000] . 1: kfree: prt=1\n", 1, 20},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(import_text(cases[i].format, cases[i].text, 512));
		assert_int_equal(error.line, cases[i].line);
		assert_int_equal(error.column, cases[i].column);
		assert_int_equal(programs, 0);
	}
}

static void test_dedup_drops_a_program_seen_before(void **state)
{
	static struct import_seen seen;

	(void)state;
	assert_true(import_text(import_ftrace, ALLOC("0", "a0", "10"), 512));
	assert_true(import_adds(&seen, &last));
	assert_false(import_adds(&seen, &last));
	assert_true(import_text(import_ftrace, ALLOC("0", "a0", "1000"), 512));
	assert_true(import_adds(&seen, &last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_free_finds_its_object_by_address),
		cmocka_unit_test(test_a_run_on_another_cpu_becomes_a_block),
		cmocka_unit_test(test_frees_of_nothing_are_skipped_and_counted),
		cmocka_unit_test(test_an_address_allocated_twice_is_freed_in_between),
		cmocka_unit_test(test_zeroed_memory_is_kzalloc_without_the_flag),
		cmocka_unit_test(test_pages_are_known_by_frame_and_order),
		cmocka_unit_test(test_programs_are_cut_without_leaks),
		cmocka_unit_test(test_realloc_halves_become_krealloc),
		cmocka_unit_test(test_malformed_lines_are_told_by_line_and_column),
		cmocka_unit_test(test_dedup_drops_a_program_seen_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
