/* SPDX-License-Identifier: MIT */
/*
 * The notes at the head of a text program: claim, source, what is expected and what is asserted at the end.
 * Assertions stand before the ops, so that their handles exist is known only when the last op has been read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/args.h"
#include "program/notes.h"

enum {
	FIELD_MAX = sizeof(((struct program_assert *)NULL)->field),
	DECIMAL_MAX = 0xffff,
	EVERY_HANDLE = PROGRAM_OPS_MAX * PROGRAM_REPEAT_MAX
};

static const struct {
	const char *name;
	enum arg_kind kind; /* ARG_NOTHING: no operand */
	bool field;
} asserted[ASSERT_WHAT_COUNT] = {
	[ASSERT_ADDR] = {"addr", ARG_MEMORY, false},
	[ASSERT_KSIZE] = {"ksize", ARG_MEMORY, false},
	[ASSERT_PAGE] = {"page", ARG_MEMORY, true},
	[ASSERT_FAULT] = {"fault", ARG_NOTHING, false},
	[ASSERT_NR_PARTIAL] = {"nr_partial", ARG_KMEM_CACHE, false},
	[ASSERT_BYTE] = {"byte", ARG_MEMORY, false},
	[ASSERT_MAPPED] = {"mapped", ARG_MAPPING, false},
};

/* Where an assertion is being read: the line, its error and the result. */
struct assert_line {
	struct text_line *line;
	struct text_error *error;
	struct program_assert *a;
};

static struct text_span rest_of(struct text_line *line)
{
	struct text_span rest;
	struct text_line words;

	text_skip_blanks(line);
	rest.text = line->at;
	rest.length = 0;
	words = *line;
	while (text_word(&words).length > 0)
		rest.length = (size_t)(words.at - rest.text);
	return rest;
}

static bool copy_note(char *to, size_t room, struct text_line *line, struct text_error *error)
{
	struct text_span value = rest_of(line);

	if (value.length == 0)
		return text_fail(error, line, line->at, "the note is empty");
	if (value.length >= room)
		return text_fail(error, line, value.text, "the note is longer than %u bytes", (unsigned)room - 1);
	memcpy(to, value.text, value.length);
	to[value.length] = '\0';
	return true;
}

static bool read_once(char *to, size_t room, struct text_line *line, const char *key, struct text_error *error)
{
	if (to[0] != '\0')
		return text_fail(error, line, key, "there is such a note already");
	return copy_note(to, room, line, error);
}

/* WORD or WORD: why. */
static bool read_verdict(struct program_notes *notes, struct text_line *line, const char *key, struct text_error *error)
{
	static const char *const words[] = {"confirmed", "refuted", "refined", "fact"};
	const char *value, *end;

	if (!read_once(notes->verdict, sizeof(notes->verdict), line, key, error))
		return false;
	value = notes->verdict;
	end = value + strcspn(value, ":");
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is((struct text_span){value, (size_t)(end - value)}, words[i]) &&
		    (!*end || end[1 + strspn(end + 1, " \t")]))
			return true;
	return text_fail(error, line, line->at, "expected confirmed, refuted, refined or fact, then perhaps : why");
}

static bool read_expect(struct program_notes *notes, struct text_line *line, const char *key, struct text_error *error)
{
	char *to;

	if (notes->expect_count >= NOTES_MAX)
		return text_fail(error, line, key, "too many expectations, at most %d", NOTES_MAX);
	to = notes->expect[notes->expect_count];
	if (!copy_note(to, NOTE_MAX, line, error))
		return false;
	if (notes->expect_count > 0 && (!strcmp(to, "clean") || !strcmp(notes->expect[0], "clean")))
		return text_fail(error, line, line->at, "clean is expected alone");
	notes->expect_count++;
	return true;
}

/* addr(o0): the operand, which may be yielded by any op of the file. */
static bool read_operand(const struct assert_line *r, struct text_span operand)
{
	struct arg_word word = {operand.text, operand.length, r->error->what};
	struct arg_scope scope;

	scope_begin(&scope);
	for (unsigned class = 0; class < YIELDS_COUNT; class ++)
		scope.handles[class] = EVERY_HANDLE;
	if (operand.length == 0)
		return text_fail(r->error, r->line, operand.text, "expected a handle");
	if (!arg_kind_ops[r->a->kind].parse(&scope, &word, &r->a->operand)) {
		r->error->line = r->line->number;
		r->error->column = (unsigned)(operand.text - r->line->begin) + 1;
		return false;
	}
	if (r->a->operand == HANDLE_NONE)
		return text_fail(r->error, r->line, operand.text, "nothing can be asserted about no handle");
	if (r->a->what == ASSERT_KSIZE && (r->a->operand & HANDLE_OTHER))
		return text_fail(r->error, r->line, operand.text, "ksize is of an object");
	return true;
}

static bool is_name(struct text_span span)
{
	for (size_t i = 0; i < span.length; i++) {
		char c = span.text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return span.length > 0;
}

/* .mapping: which fields a page has is known to the layer that reads it. */
static bool read_field(const struct assert_line *r, struct text_span field)
{
	if (field.length == 0 || field.text[0] != '.')
		return text_fail(r->error, r->line, field.text, "expected .FIELD");
	field.text++;
	field.length--;
	if (!is_name(field) || field.length >= FIELD_MAX)
		return text_fail(r->error, r->line, field.text, "expected the name of a page field");
	memcpy(r->a->field, field.text, field.length);
	return true;
}

/* The first word: fault, or what(operand), or page(operand).field. */
static bool read_subject(const struct assert_line *r, struct text_span word)
{
	const char *open = word.length > 0 ? memchr(word.text, '(', word.length) : NULL;
	const char *close = open ? memchr(open, ')', (size_t)(word.text + word.length - open)) : NULL;
	struct text_span name = {word.text, open ? (size_t)(open - word.text) : word.length};
	struct text_span rest = {close ? close + 1 : word.text + word.length, 0};
	unsigned what = 0;

	while (what < ASSERT_WHAT_COUNT && !span_is(name, asserted[what].name))
		what++;
	if (what == ASSERT_WHAT_COUNT)
		return text_fail(r->error, r->line, word.text,
				 "expected addr, ksize, page, fault, nr_partial, byte or mapped");
	r->a->what = (enum assert_what)what;
	r->a->kind = asserted[what].kind;
	rest.length = (size_t)(word.text + word.length - rest.text);
	if (r->a->kind == ARG_NOTHING)
		return !open || text_fail(r->error, r->line, open, "%s has no operand", asserted[what].name);
	if (!close)
		return text_fail(r->error, r->line, open ? open : rest.text, "expected (HANDLE) after %s",
				 asserted[what].name);
	if (!read_operand(r, (struct text_span){open + 1, (size_t)(close - open) - 1}))
		return false;
	if (asserted[what].field)
		return read_field(r, rest);
	return rest.length == 0 || text_fail(r->error, r->line, rest.text, "expected a blank after )");
}

static bool read_number(const struct assert_line *r, uint64_t *value)
{
	struct text_span word = text_word(r->line);

	return text_number(word.text, word.length, value) ||
	       text_fail(r->error, r->line, word.text, "expected a number");
}

static bool read_assert(struct program_notes *notes, struct text_line *line, const char *key, struct text_error *error)
{
	struct assert_line r = {.line = line, .error = error, .a = &notes->asserts[notes->assert_count]};
	struct text_span word;

	if (notes->assert_count >= NOTES_MAX)
		return text_fail(error, line, key, "too many assertions, at most %d", NOTES_MAX);
	r.a->line = line->number;
	if (!read_subject(&r, text_word(line)))
		return false;
	word = text_word(line);
	if (span_is(word, "mod")) {
		text_skip_blanks(line);
		word.text = line->at;
		if (!read_number(&r, &r.a->modulus))
			return false;
		if (r.a->modulus == 0)
			return text_fail(error, line, word.text, "the modulus is zero");
		word = text_word(line);
	}
	if (!span_is(word, "="))
		return text_fail(error, line, word.text, "expected =");
	if (!read_number(&r, &r.a->value))
		return false;
	word = text_word(line);
	if (word.length > 0)
		return text_fail(error, line, word.text, "expected the end of the line");
	notes->assert_count++;
	return true;
}

/* Moves past a key if it is there. */
static bool take_key(struct text_line *line, const char *key)
{
	size_t length = strlen(key);

	if ((size_t)(line->end - line->at) < length || memcmp(line->at, key, length) != 0)
		return false;
	line->at += length;
	return true;
}

bool notes_read(struct program_notes *notes, struct text_line line, bool early, struct text_error *error)
{
	enum { CLAIM, SOURCE, SAYS, VERDICT, EXPECT, ASSERT, KEY_COUNT };
	static const char *const keys[KEY_COUNT] = {"claim:", "source:", "says:", "verdict:", "expect:", "assert:"};
	const char *key_at;
	unsigned key = 0;

	line.at++;
	text_skip_blanks(&line);
	key_at = line.at;
	while (key < KEY_COUNT && !take_key(&line, keys[key]))
		key++;
	if (key == KEY_COUNT)
		return true;
	if (!early)
		return text_fail(error, &line, key_at, "a note must come before the first op");
	switch (key) {
	case CLAIM:
		return read_once(notes->claim, sizeof(notes->claim), &line, key_at, error);
	case SOURCE:
		return read_once(notes->source, sizeof(notes->source), &line, key_at, error);
	case SAYS:
		return read_once(notes->says, sizeof(notes->says), &line, key_at, error);
	case VERDICT:
		return read_verdict(notes, &line, key_at, error);
	case EXPECT:
		return read_expect(notes, &line, key_at, error);
	default:
		return read_assert(notes, &line, key_at, error);
	}
}

bool notes_check(const struct program_notes *notes, const struct program *p, struct text_error *error)
{
	for (unsigned i = 0; i < notes->assert_count; i++) {
		const struct program_assert *a = &notes->asserts[i];
		enum yields class = a->kind == ARG_NOTHING ? YIELDS_NOTHING : arg_class(a->kind, a->operand);
		uint32_t index = a->operand & ~HANDLE_OTHER;

		if (class == YIELDS_NOTHING || index < program_handles_before(p, class, p->op_count))
			continue;
		error->line = a->line;
		error->column = 1;
		snprintf(error->what, sizeof(error->what), "no op yields %c%u", yields_letter(class), (unsigned)index);
		return false;
	}
	return true;
}

static void print_assert(const struct program_assert *a, struct text_buffer *out)
{
	bool hex = a->what == ASSERT_FAULT || a->value > DECIMAL_MAX;

	text_printf(out, "# assert: %s", asserted[a->what].name);
	if (a->kind != ARG_NOTHING) {
		text_printf(out, "(");
		arg_kind_ops[a->kind].print(out, a->operand);
		text_printf(out, ")");
	}
	if (a->what == ASSERT_PAGE)
		text_printf(out, ".%s", a->field);
	if (a->modulus != 0)
		text_printf(out, " mod %" PRIu64, a->modulus);
	if (hex)
		text_printf(out, " = 0x%" PRIx64 "\n", a->value);
	else
		text_printf(out, " = %" PRIu64 "\n", a->value);
}

void notes_print(const struct program_notes *notes, struct text_buffer *out)
{
	if (notes->claim[0] != '\0')
		text_printf(out, "# claim: %s\n", notes->claim);
	if (notes->source[0] != '\0')
		text_printf(out, "# source: %s\n", notes->source);
	if (notes->says[0] != '\0')
		text_printf(out, "# says: %s\n", notes->says);
	if (notes->verdict[0] != '\0')
		text_printf(out, "# verdict: %s\n", notes->verdict);
	for (unsigned i = 0; i < notes->expect_count; i++)
		text_printf(out, "# expect: %s\n", notes->expect[i]);
	for (unsigned i = 0; i < notes->assert_count; i++)
		print_assert(&notes->asserts[i], out);
}
