/* SPDX-License-Identifier: MIT */
/*
 * The log of glibc's mtrace(): `@ LOCATION + PTR SIZE` malloc, `- PTR` free, `< PTR` and `> PTR SIZE` the two halves
 * of a realloc, `! PTR SIZE` its failure.  A location may be missing and may not contain blanks.
 */
#include "fuzz/import.h"
#include "fuzz/import_line.h"

#include <string.h>

struct log {
	struct import_line line;
	uint64_t old; /* address of the first half of a realloc */
	bool pending;
	struct text_error *error;
};

static bool fail(const struct log *g, const char *at, const char *what)
{
	return import_line_error(&g->line, at, g->error, what);
}

static bool address_and_size(const struct log *g, const char *at, struct import_allocation *a)
{
	const char *address = import_word(&g->line, at);
	const char *size = import_word(&g->line, import_word_end(&g->line, address));

	a->gfp = "GFP_KERNEL";
	if (!import_number(&g->line, address, 16, &a->address))
		return fail(g, address, "bad address");
	if (!import_number(&g->line, size, 16, &a->size))
		return fail(g, size, "bad size");
	return true;
}

static bool read_malloc(struct importer *im, struct log *g, const char *at)
{
	struct import_allocation a = {0};

	if (!address_and_size(g, at, &a))
		return false;
	importer_allocate(im, &a);
	return true;
}

static bool read_free(struct importer *im, struct log *g, const char *at)
{
	const char *word = import_word(&g->line, at);
	uint64_t address;

	if (!import_number(&g->line, word, 16, &address))
		return fail(g, word, "bad address");
	importer_free(im, address, false, 0);
	return true;
}

static bool read_realloc_old(struct importer *im, struct log *g, const char *at)
{
	const char *word = import_word(&g->line, at);

	(void)im;
	if (!import_number(&g->line, word, 16, &g->old))
		return fail(g, word, "bad address");
	g->pending = true;
	return true;
}

static bool read_realloc_new(struct importer *im, struct log *g, const char *at)
{
	struct import_allocation a = {0};

	if (!g->pending)
		return fail(g, at - 1, "'>' without '<' before it");
	g->pending = false;
	if (!address_and_size(g, at, &a))
		return false;
	importer_reallocate(im, g->old, &a);
	return true;
}

static bool read_realloc_failed(struct importer *im, struct log *g, const char *at)
{
	struct import_allocation a = {0};

	g->pending = false;
	if (!address_and_size(g, at, &a))
		return false;
	im->counts.events++;
	im->counts.failed++;
	return true;
}

static const struct {
	char sign;
	bool (*read)(struct importer *im, struct log *g, const char *at);
} actions[] = {
	{'+', read_malloc},      {'-', read_free},           {'<', read_realloc_old},
	{'>', read_realloc_new}, {'!', read_realloc_failed},
};

static bool read_line(struct importer *im, struct log *g)
{
	const struct import_line *l = &g->line;
	const char *word = import_word(l, l->text);

	if (word == l->end || *word == '=') {
		im->counts.other++;
		return true;
	}
	if (*word == '@')
		word = import_word(l, import_word_end(l, import_word(l, import_word_end(l, word))));
	for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (import_word_end(l, word) - word == 1 && *word == actions[i].sign)
			return actions[i].read(im, g, word + 1);
	return fail(g, word, "not an mtrace line: expected + - < > or !");
}

bool import_mtrace(struct importer *im, const char *text, size_t length, struct text_error *error)
{
	struct log log = {.error = error};

	import_lines_begin(&log.line, text, length);
	while (!im->stopped && import_lines_next(&log.line)) {
		const char *nul = memchr(log.line.text, 0, (size_t)(log.line.end - log.line.text));

		if (nul)
			return fail(&log, nul, "NUL byte");
		if (!read_line(im, &log))
			return false;
	}
	importer_end(im);
	return true;
}
