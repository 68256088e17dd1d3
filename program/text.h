/* SPDX-License-Identifier: MIT */
/*
 * Text <-> program, the durable form (docs/program_format.md).  parse(print(P)) = P.
 *
 *	# claim: C01
 *	# source: 002_4e4bcdce53d9d2e1.txt
 *	# expect: oops/slub
 *	# assert: addr(o0) mod 32 = 16
 *	world arch=arm926 allocator=slub
 *	o0 = kmalloc 64 GFP_KERNEL repeat=3
 *	irq 1 2 {
 *		kfree o1
 *	}
 *	kfree o0 fail_nth=1
 */
#ifndef SLABFUZZ_PROGRAM_TEXT_H
#define SLABFUZZ_PROGRAM_TEXT_H

#include "program/program.h"

enum { NOTES_MAX = 16, NOTE_MAX = 160, SENTENCE_MAX = 240 };

enum assert_what {
	ASSERT_ADDR,
	ASSERT_KSIZE,
	ASSERT_PAGE,
	ASSERT_FAULT,
	ASSERT_NR_PARTIAL,
	ASSERT_BYTE,   /* what the CPU sees first of an object or page, freed ones too */
	ASSERT_MAPPED, /* 1 if the mapping is live */
	ASSERT_WHAT_COUNT
};

/* `what(operand[.field]) [mod N] = value`; ASSERT_FAULT has no operand. */
struct program_assert {
	enum assert_what what;
	enum arg_kind kind; /* of operand: ARG_MEMORY or ARG_KMEM_CACHE */
	uint32_t operand;
	char field[24];   /* ASSERT_PAGE: name in sim/page_fields.def or a struct page member */
	uint64_t modulus; /* 0 = none */
	uint64_t value;
	unsigned line;
};

/* The `# key: value` lines at the head of a text program.  Unknown comments are skipped. */
struct program_notes {
	char claim[NOTE_MAX];
	char source[NOTE_MAX];
	char says[SENTENCE_MAX];          /* what is claimed, in our own words */
	char verdict[SENTENCE_MAX];       /* confirmed, refuted, refined or fact; then perhaps ": why" */
	unsigned expect_count;            /* 0 = nothing is expected: any result is accepted */
	char expect[NOTES_MAX][NOTE_MAX]; /* "clean", or signatures */
	unsigned assert_count;
	struct program_assert asserts[NOTES_MAX];
};

/* Where and what is wrong with an input: printed as file:line:column: what.  Zero line = whole file. */
struct text_error {
	unsigned line, column;
	char what[120];
};

/* Parses `length` bytes.  True and a normalised program, or false and *error; *p is then unspecified.  notes may be
 * NULL. */
bool program_parse(struct program *p, struct program_notes *notes, const char *text, size_t length,
		   struct text_error *error);

/* A growing text buffer; fixed capacity, sets `overflow` instead of writing past it.  Always NUL terminated. */
struct text_buffer {
	char *bytes;
	size_t size, capacity;
	bool overflow;
};
void text_printf(struct text_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints notes (if not NULL), the world line (if settings) and the ops. */
void program_print(const struct program *p, const struct program_notes *notes, struct text_buffer *out);
/* Prints one op without indentation or newline, as it stands in the text; `first` from program_number_handles(). */
void op_print(const struct program *p, unsigned i, const uint32_t *first, struct text_buffer *out);

#endif
