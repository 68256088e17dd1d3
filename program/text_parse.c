/* SPDX-License-Identifier: MIT */
/*
 * Text -> program: one pass over the lines, one error at most, with the line and column of the offending word.
 * What a word means as an argument is decided in args.c; notes in comments are read by text_notes.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program/args.h"
#include "program/notes.h"
#include "program/text.h"

enum { LINE_MAX_BYTES = 4096, SHOWN_MAX = 40, FAIL_NTH_MAX = 255 };

/* A block whose } has not come yet. */
struct open_block {
	unsigned op;
	unsigned line, length_column, brace_column;
};

struct parser {
	struct program *p;
	struct program_notes *notes;
	struct text_error *error;
	struct arg_scope scope;
	struct open_block open[PROGRAM_BLOCK_DEPTH_MAX + 1]; /* one more: an empty block in the deepest one */
	unsigned depth;
	bool world_seen;
};

/* An op line in parts; verb, argument and property words are read from it in order. */
struct op_line {
	struct text_line *line;
	const struct op_descriptor *descriptor;
	struct op *op;
	const char *length_at; /* the BLOCK_LENGTH word */
	bool repeat_seen, fail_nth_seen;
};

/* A carriage return is a blank, so CRLF files need no other care. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void text_skip_blanks(struct text_line *line)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
}

struct text_span text_word(struct text_line *line)
{
	struct text_span word;

	text_skip_blanks(line);
	word.text = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	word.length = (size_t)(line->at - word.text);
	return word;
}

bool span_is(struct text_span span, const char *text)
{
	return strlen(text) == span.length && memcmp(span.text, text, span.length) == 0;
}

static unsigned column_of(const struct text_line *line, const char *at)
{
	return (unsigned)(at - line->begin) + 1;
}

bool text_fail(struct text_error *error, const struct text_line *line, const char *at, const char *format, ...)
{
	va_list args;

	error->line = line->number;
	error->column = column_of(line, at);
	va_start(args, format);
	vsnprintf(error->what, sizeof(error->what), format, args);
	va_end(args);
	return false;
}

static int shown(struct text_span word)
{
	return word.length < SHOWN_MAX ? (int)word.length : SHOWN_MAX;
}

/* Fails at a word, which the message quotes. */
static bool fail_at_word(const struct parser *ps, const struct text_line *line, struct text_span word, const char *why)
{
	return text_fail(ps->error, line, word.text, "`%.*s`: %s", shown(word), word.text, why);
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

bool text_number(const char *text, size_t length, uint64_t *value)
{
	bool hex = length > 2 && text[0] == '0' && text[1] == 'x';
	unsigned base = hex ? 16 : 10;
	uint64_t number = 0;

	if (length == 0)
		return false;
	for (size_t i = hex ? 2 : 0; i < length; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base || number > (UINT64_MAX - digit) / base)
			return false;
		number = number * base + digit;
	}
	*value = number;
	return true;
}

/* The world line. */

static bool copy_span(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

static bool read_setting(struct parser *ps, const struct text_line *line, struct text_span word)
{
	const char *equals = memchr(word.text, '=', word.length);
	size_t key_length = equals ? (size_t)(equals - word.text) : 0;
	struct setting setting;

	if (key_length == 0)
		return fail_at_word(ps, line, word, "a setting is key=value");
	memset(&setting, 0, sizeof(setting));
	if (!copy_span(setting.key, sizeof(setting.key), word.text, key_length) ||
	    !copy_span(setting.value, sizeof(setting.value), equals + 1, word.length - key_length - 1))
		return fail_at_word(ps, line, word, "key and value have at most 39 bytes each");
	if (program_setting(ps->p, setting.key))
		return fail_at_word(ps, line, word, "the key is set already");
	if (ps->p->setting_count >= SETTINGS_MAX)
		return fail_at_word(ps, line, word, "too many settings, at most 24");
	setting.line = line->number;
	setting.column = column_of(line, word.text);
	ps->p->settings[ps->p->setting_count++] = setting;
	return true;
}
_Static_assert(SETTING_KEY_MAX == 40 && SETTING_VALUE_MAX == 40 && SETTINGS_MAX == 24, "the messages say so");

static bool read_world(struct parser *ps, struct text_line *line, struct text_span world)
{
	if (ps->p->op_count > 0)
		return fail_at_word(ps, line, world, "must come before the first op");
	if (ps->world_seen)
		return fail_at_word(ps, line, world, "there is one already");
	ps->world_seen = true;
	for (;;) {
		struct text_span word = text_word(line);

		if (word.length == 0)
			return true;
		if (!read_setting(ps, line, word))
			return false;
	}
}

/* Blocks. */

static bool open_block(struct parser *ps, const struct op_line *o, struct text_span brace)
{
	bool empty = op_block_length(o->op) == 0;

	if (ps->depth > PROGRAM_BLOCK_DEPTH_MAX || (ps->depth == PROGRAM_BLOCK_DEPTH_MAX && !empty))
		return text_fail(ps->error, o->line, o->length_at, "blocks nest too deep, at most %d",
				 PROGRAM_BLOCK_DEPTH_MAX);
	ps->open[ps->depth++] = (struct open_block){
		.op = ps->p->op_count,
		.line = o->line->number,
		.length_column = column_of(o->line, o->length_at),
		.brace_column = column_of(o->line, brace.text),
	};
	return true;
}

static bool close_block(struct parser *ps, struct text_line *line, struct text_span brace)
{
	struct text_span rest = text_word(line);
	const struct open_block *block;
	unsigned said, inside;

	if (ps->depth == 0)
		return fail_at_word(ps, line, brace, "closes no block");
	if (rest.length > 0)
		return fail_at_word(ps, line, rest, "nothing follows a }");
	block = &ps->open[--ps->depth];
	said = op_block_length(&ps->p->ops[block->op]);
	inside = ps->p->op_count - block->op - 1;
	if (said == inside)
		return true;
	ps->error->line = block->line;
	ps->error->column = block->length_column;
	snprintf(ps->error->what, sizeof(ps->error->what), "the block has %u ops, not %u", inside, said);
	return false;
}

static bool all_closed(const struct parser *ps)
{
	const struct open_block *block;

	if (ps->depth == 0)
		return true;
	block = &ps->open[ps->depth - 1];
	ps->error->line = block->line;
	ps->error->column = block->brace_column;
	snprintf(ps->error->what, sizeof(ps->error->what), "the block is not closed");
	return false;
}

/* Op lines. */

static bool read_property_value(const struct parser *ps, const struct op_line *o, struct text_span word,
				unsigned range[2], uint8_t *value)
{
	const char *equals = memchr(word.text, '=', word.length);
	size_t length = word.length - (size_t)(equals + 1 - word.text);
	uint64_t number;

	if (text_number(equals + 1, length, &number) && number >= range[0] && number <= range[1]) {
		*value = (uint8_t)number;
		return true;
	}
	return text_fail(ps->error, o->line, word.text, "`%.*s`: expected a number %u..%u", shown(word), word.text,
			 range[0], range[1]);
}

static bool name_is(struct text_span word, size_t length, const char *name)
{
	word.length = length;
	return span_is(word, name);
}

static bool read_property(const struct parser *ps, struct op_line *o, struct text_span word)
{
	unsigned repeats[2] = {1, PROGRAM_REPEAT_MAX}, nths[2] = {0, FAIL_NTH_MAX};
	size_t length = (size_t)((const char *)memchr(word.text, '=', word.length) - word.text);
	bool repeat = name_is(word, length, "repeat");
	bool *seen = repeat ? &o->repeat_seen : &o->fail_nth_seen;

	if (!repeat && !name_is(word, length, "fail_nth"))
		return fail_at_word(ps, o->line, word, "unknown property");
	if (repeat && !(o->descriptor->flags & OP_REPEATS))
		return fail_at_word(ps, o->line, word, "this op cannot repeat");
	if (*seen)
		return fail_at_word(ps, o->line, word, "the property is set already");
	*seen = true;
	return read_property_value(ps, o, word, repeat ? repeats : nths, repeat ? &o->op->repeat : &o->op->fail_nth);
}

static bool read_args(const struct parser *ps, struct op_line *o)
{
	for (unsigned a = 0; a < o->descriptor->arg_count; a++) {
		enum arg_kind kind = o->descriptor->args[a];
		const char *after = o->line->at;
		struct text_span span = text_word(o->line);
		struct arg_word word = {span.text, span.length, ps->error->what};

		if (span.length == 0)
			return text_fail(ps->error, o->line, after, "%s: missing argument: %s", o->descriptor->name,
					 arg_kind_descriptors[kind].help);
		if (kind == ARG_BLOCK_LENGTH)
			o->length_at = span.text;
		if (arg_kind_ops[kind].parse(&ps->scope, &word, &o->op->arg[a]))
			continue;
		ps->error->line = o->line->number;
		ps->error->column = column_of(o->line, span.text);
		return false;
	}
	return true;
}

/* The { at the end of a line that opens a block. */
static bool read_brace(struct parser *ps, const struct op_line *o, struct text_span brace)
{
	struct text_span rest = text_word(o->line);

	if (!(o->descriptor->flags & OP_OPENS_BLOCK))
		return fail_at_word(ps, o->line, brace, "this op opens no block");
	if (rest.length > 0)
		return fail_at_word(ps, o->line, rest, "nothing follows a {");
	return open_block(ps, o, brace);
}

/* What follows the arguments: properties, then {. */
static bool read_rest(struct parser *ps, struct op_line *o)
{
	for (;;) {
		const char *after = o->line->at;
		struct text_span word = text_word(o->line);

		if (word.length == 0 && !(o->descriptor->flags & OP_OPENS_BLOCK))
			return true;
		if (word.length == 0)
			return text_fail(ps->error, o->line, after, "%s opens a block: missing {", o->descriptor->name);
		if (span_is(word, "{"))
			return read_brace(ps, o, word);
		if (!memchr(word.text, '=', word.length))
			return fail_at_word(ps, o->line, word, "too many arguments");
		if (!read_property(ps, o, word))
			return false;
	}
}

/* `oN =` must be there for an op that yields, with the next number, and for no other. */
static bool check_prefix(const struct parser *ps, const struct op_line *o, struct text_span prefix,
			 struct text_span verb)
{
	enum yields class = o->descriptor->yields;
	char expected[24];

	if (class == YIELDS_NOTHING && prefix.length > 0)
		return text_fail(ps->error, o->line, prefix.text, "`%.*s`: %s yields nothing", shown(prefix),
				 prefix.text, o->descriptor->name);
	if (class == YIELDS_NOTHING)
		return true;
	snprintf(expected, sizeof(expected), "%c%u", yields_letter(class), (unsigned)ps->scope.handles[class]);
	if (prefix.length == 0)
		return text_fail(ps->error, o->line, verb.text, "%s yields a handle: expected `%s = %s`",
				 o->descriptor->name, expected, o->descriptor->name);
	if (!span_is(prefix, expected))
		return text_fail(ps->error, o->line, prefix.text, "`%.*s`: expected %s", shown(prefix), prefix.text,
				 expected);
	return true;
}

/* Splits off `oN =`; returns the verb's word. */
static struct text_span split_prefix(struct text_line *line, struct text_span first, struct text_span *prefix)
{
	struct text_line ahead = *line;

	prefix->text = first.text;
	prefix->length = 0;
	if (!span_is(text_word(&ahead), "="))
		return first;
	*prefix = first;
	*line = ahead;
	return text_word(line);
}

static bool read_op(struct parser *ps, struct text_line *line, struct text_span first)
{
	struct op_line o = {.line = line};
	struct text_span prefix, word;
	enum verb verb;

	if (ps->p->op_count >= PROGRAM_OPS_MAX)
		return text_fail(ps->error, line, first.text, "too many ops, at most %d", PROGRAM_OPS_MAX);
	word = split_prefix(line, first, &prefix);
	verb = verb_by_name(word.text, word.length);
	if (word.length == 0)
		return text_fail(ps->error, line, word.text, "expected an op");
	if (verb == OP_COUNT)
		return fail_at_word(ps, line, word, "unknown op");
	o.descriptor = &op_descriptors[verb];
	o.op = &ps->p->ops[ps->p->op_count];
	memset(o.op, 0, sizeof(*o.op));
	o.op->verb = (uint8_t)verb;
	o.op->repeat = 1;
	if (!check_prefix(ps, &o, prefix, word) || !read_args(ps, &o) || !read_rest(ps, &o))
		return false;
	ps->scope.handles[o.descriptor->yields] += o.op->repeat;
	ps->p->op_count++;
	return true;
}

/* Lines. */

static bool check_bytes(const struct parser *ps, const struct text_line *line)
{
	size_t length = (size_t)(line->end - line->begin);
	const char *zero;

	if (length > LINE_MAX_BYTES)
		return text_fail(ps->error, line, line->begin + LINE_MAX_BYTES, "line longer than %d bytes",
				 LINE_MAX_BYTES);
	zero = length > 0 ? memchr(line->begin, '\0', length) : NULL;
	return !zero || text_fail(ps->error, line, zero, "NUL byte");
}

static bool read_line(struct parser *ps, struct text_line *line)
{
	struct text_span first;
	const char *hash;

	if (!check_bytes(ps, line))
		return false;
	text_skip_blanks(line);
	if (line->at == line->end)
		return true;
	if (*line->at == '#')
		return notes_read(ps->notes, *line, ps->p->op_count == 0, ps->error);
	hash = memchr(line->at, '#', (size_t)(line->end - line->at));
	if (hash)
		line->end = hash;
	first = text_word(line);
	if (span_is(first, "world"))
		return read_world(ps, line, first);
	if (span_is(first, "}"))
		return close_block(ps, line, first);
	return read_op(ps, line, first);
}

static bool read_lines(struct parser *ps, const char *text, size_t length)
{
	const char *at = text, *end = text + length;

	for (unsigned number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct text_line line = {.begin = at, .at = at, .end = newline ? newline : end, .number = number};

		if (line.end > at && line.end[-1] == '\r')
			line.end--;
		if (!read_line(ps, &line))
			return false;
		at = newline ? newline + 1 : end;
	}
	return all_closed(ps);
}

/* Column of the operand of the assertion on a line: it stands in the only parentheses. */
static unsigned operand_column(const char *text, size_t length, unsigned number)
{
	const char *at = text, *end = text + length;
	const char *parenthesis;

	for (; number > 1; number--)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	parenthesis = memchr(at, '(', (size_t)(end - at));
	return parenthesis ? (unsigned)(parenthesis - at) + 2 : 1;
}

bool program_parse(struct program *p, struct program_notes *notes, const char *text, size_t length,
		   struct text_error *error)
{
	struct program_notes unwanted;
	struct parser ps = {.p = p, .notes = notes ? notes : &unwanted, .error = error};

	p->variant = 0;
	p->setting_count = 0;
	p->op_count = 0;
	memset(ps.notes, 0, sizeof(*ps.notes));
	scope_begin(&ps.scope);
	if (length > 0 && !read_lines(&ps, text, length))
		return false;
	if (!notes_check(ps.notes, p, error)) {
		error->column = operand_column(text, length, error->line);
		return false;
	}
	program_normalize(p);
	return true;
}
