/* SPDX-License-Identifier: MIT */
/*
 * ftrace text of the kmem events:
 *
 *	init-1  [000] .....  1.632812: kmem_cache_alloc: call_site=f+0x25/0x110 ptr=ffff8931847d3000 bytes_req=4096 ...
 *
 * kmem_cache_alloc becomes kmalloc of the requested size; the name of its kmem_cache is not in the trace.
 */
#include "fuzz/import.h"
#include "fuzz/import_line.h"

#include <string.h>

struct record {
	const struct import_line *line;
	const char *fields;
	unsigned cpu;
	struct text_error *error;
};

static bool fail(const struct record *r, const char *at, const char *what)
{
	return import_line_error(r->line, at, r->error, what);
}

/* A task name may hold brackets and colons, so the cpu is the first "[digits] ". */
static const char *parse_cpu(const struct import_line *l, unsigned *cpu)
{
	for (const char *open = l->text; open < l->end; open++) {
		const char *at = open + 1;

		if (*open != '[')
			continue;
		for (*cpu = 0; at < l->end && *at >= '0' && *at <= '9' && *cpu < 100000; at++)
			*cpu = *cpu * 10 + (unsigned)(*at - '0');
		if (at > open + 1 && l->end - at >= 2 && at[0] == ']' && at[1] == ' ')
			return at + 1;
	}
	return NULL;
}

static bool number_field(const struct record *r, const char *key, unsigned base, uint64_t *value)
{
	const char *word = import_field(r->line, r->fields, key);
	char what[64] = "missing field ";

	*value = 0;
	if (!word)
		return fail(r, r->fields, strncat(what, key, 40));
	if (!import_number(r->line, word, base, value))
		return fail(r, word, "bad number");
	return true;
}

/* The nearest row for an object.  Never __GFP_ZERO, on which the kmalloc of 2.6.22 BUGs: that becomes kzalloc. */
static const char *object_gfp(const struct import_line *l, const char *gfp)
{
	bool atomic = import_word_has(l, gfp, "GFP_ATOMIC") || import_word_has(l, gfp, "GFP_NOWAIT");

	if (import_word_has(l, gfp, "GFP_DMA"))
		return atomic ? "GFP_ATOMIC|GFP_DMA" : "GFP_KERNEL|GFP_DMA";
	return atomic ? "GFP_ATOMIC" : "GFP_KERNEL";
}

static const char *page_gfp(const struct import_line *l, const char *gfp, uint64_t order)
{
	if (import_word_has(l, gfp, "GFP_ATOMIC") || import_word_has(l, gfp, "GFP_NOWAIT"))
		return "GFP_ATOMIC";
	if (order > 0 && import_word_has(l, gfp, "__GFP_COMP"))
		return "GFP_KERNEL|__GFP_COMP";
	if (import_word_has(l, gfp, "HIGH"))
		return "GFP_KERNEL|__GFP_HIGHMEM";
	return import_word_has(l, gfp, "__GFP_ZERO") ? "GFP_KERNEL|__GFP_ZERO" : "GFP_KERNEL";
}

static bool object_alloc(struct importer *im, const struct record *r)
{
	const char *gfp = import_field(r->line, r->fields, "gfp_flags");
	struct import_allocation a = {.cpu = r->cpu};

	if (!number_field(r, "ptr", 16, &a.address) || !number_field(r, "bytes_req", 10, &a.size))
		return false;
	if (!gfp)
		return fail(r, r->fields, "missing field gfp_flags");
	a.gfp = object_gfp(r->line, gfp);
	a.zero = import_word_has(r->line, gfp, "__GFP_ZERO");
	importer_allocate(im, &a);
	return true;
}

static bool object_free(struct importer *im, const struct record *r)
{
	uint64_t address;

	if (!number_field(r, "ptr", 16, &address))
		return false;
	importer_free(im, address, false, r->cpu);
	return true;
}

static bool page_alloc(struct importer *im, const struct record *r)
{
	const char *gfp = import_field(r->line, r->fields, "gfp_flags");
	struct import_allocation a = {.cpu = r->cpu, .page = true};

	if (!number_field(r, "pfn", 0, &a.address) || !number_field(r, "order", 10, &a.size))
		return false;
	if (!gfp)
		return fail(r, r->fields, "missing field gfp_flags");
	a.gfp = page_gfp(r->line, gfp, a.size);
	importer_allocate(im, &a);
	return true;
}

static bool page_free(struct importer *im, const struct record *r)
{
	uint64_t pfn, order;

	if (!number_field(r, "pfn", 0, &pfn) || !number_field(r, "order", 10, &order))
		return false;
	importer_free(im, pfn, true, r->cpu);
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct importer *im, const struct record *r);
} events[] = {
	{"kmalloc:", object_alloc},
	{"kmalloc_node:", object_alloc},
	{"kmem_cache_alloc:", object_alloc},
	{"kmem_cache_alloc_node:", object_alloc},
	{"kfree:", object_free},
	{"kmem_cache_free:", object_free},
	{"mm_page_alloc:", page_alloc},
	{"mm_page_free:", page_free},
};

/* After the cpu: flags (optional), timestamp with a colon, event with a colon, fields. */
static const char *event_word(const struct import_line *l, const char *at)
{
	for (unsigned i = 0; i < 3; i++) {
		const char *end;

		at = import_word(l, at);
		end = import_word_end(l, at);
		if (at == end)
			return NULL;
		at = end;
		if (end[-1] == ':')
			break;
	}
	at = import_word(l, at);
	return at < l->end ? at : NULL;
}

static bool read_line(struct importer *im, struct record *r)
{
	const struct import_line *l = r->line;
	const char *at = parse_cpu(l, &r->cpu);
	const char *event = at ? event_word(l, at) : NULL;

	if (!event)
		return fail(r, at ? at : l->text, at ? "no event after the cpu" : "not an ftrace line: no [cpu]");
	r->fields = import_word_end(l, event);
	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (import_word_is(l, event, events[i].name))
			return events[i].read(im, r);
	im->counts.other++;
	return true;
}

bool import_ftrace(struct importer *im, const char *text, size_t length, struct text_error *error)
{
	struct import_line line;
	struct record record = {.line = &line, .error = error};

	import_lines_begin(&line, text, length);
	while (!im->stopped && import_lines_next(&line)) {
		const char *word = import_word(&line, line.text);
		const char *nul = memchr(line.text, 0, (size_t)(line.end - line.text));

		if (nul)
			return import_line_error(&line, nul, error, "NUL byte");
		/* Comments, blank lines and "CPU:1 [LOST 12 EVENTS]". */
		if (word == line.end || *word == '#' || (line.end - word > 4 && memcmp(word, "CPU:", 4) == 0)) {
			im->counts.other++;
			continue;
		}
		if (!read_line(im, &record))
			return false;
	}
	importer_end(im);
	return true;
}
