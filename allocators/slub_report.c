/* SPDX-License-Identifier: MIT */
/*
 * SLUB 2.6.22, texts of its debugging reports (FACTS 7.2).  A report is one event: first line, details, dumps and
 * repairs, collected in state->text, which lives as long as the program.  Addresses print as pfn:offset.
 */
#include "allocators/slub_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	LINE_ROOM = 256,
	DUMP_MAX = 64,                   /* bytes of an object that are worth printing */
	DETAILS_UNTIL = REPORT_TEXT / 2, /* later reports are first line and repairs only */
};

const char *slub_address(target_addr_t addr, char *text)
{
	if (addr)
		snprintf(text, 24, "%05" PRIx64 ":%03x", addr >> PAGE_SHIFT, (unsigned)(addr & (PAGE_SIZE - 1)));
	else
		strcpy(text, "0");
	return text;
}

const char *slub_name(struct allocator *a, target_addr_t s, char *name)
{
	target_addr_t at = CACHE_FIELD(a->sim, s, name);
	unsigned i = 0;

	for (; i < NAME_SIZE - 1; i++) {
		name[i] = (char)target_load(a->sim, at + i, 1);
		if (!name[i])
			break;
	}
	name[i] = '\0';
	return name;
}

static void say(struct allocator *a, const char *format, va_list args)
{
	struct slub_state *state = slub_state(a);
	uint32_t room = REPORT_TEXT - state->text_used;
	int length;

	if (room < LINE_ROOM)
		return;
	if (state->text_used > state->text_begin)
		state->text[state->text_used++] = '\n';
	length = vsnprintf(state->text + state->text_used, LINE_ROOM - 1, format, args);
	if (length > LINE_ROOM - 2)
		length = LINE_ROOM - 2;
	if (length > 0)
		state->text_used += (uint32_t)length;
}

void slub_say(struct allocator *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(a, format, args);
	va_end(args);
}

void slub_report_end(struct allocator *a, target_addr_t addr)
{
	struct slub_state *state = slub_state(a);
	bool full = state->text_used == state->text_begin;
	struct event event = {
		.kind = EVENT_REPORT, .addr = addr, .text = full ? NULL : state->text + state->text_begin};

	if (!full)
		state->text[state->text_used++] = '\0';
	state->text_begin = state->text_used;
	state->errors++;
	sim_emit(a->sim, &event);
}

static bool details_wanted(struct allocator *a)
{
	return slub_state(a)->text_begin < DETAILS_UNTIL;
}

/* One line of at most 16 bytes with their ASCII form. */
static void dump_line(struct allocator *a, const char *title, target_addr_t addr, unsigned count)
{
	char hex[3 * 16 + 1] = "", ascii[17] = "", where[24];

	for (unsigned i = 0; i < count; i++) {
		uint8_t byte = (uint8_t)target_load(a->sim, addr + i, 1);

		snprintf(hex + 3 * i, 4, " %02x", byte);
		ascii[i] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '.');
	}
	slub_say(a, "%10s 0x%s: %s %s", title, slub_address(addr, where), hex, ascii);
}

static void dump(struct allocator *a, const char *title, target_addr_t addr, uint64_t size)
{
	for (uint64_t i = 0; i < size && i < DUMP_MAX; i += 16)
		dump_line(a, title, addr + i, (unsigned)(size - i < 16 ? size - i : 16));
}

static void say_track(struct allocator *a, const char *title, target_addr_t track)
{
	struct sim *sim = a->sim;
	uint64_t op = target_load_word(sim, track);

	if (op)
		slub_say(a, "%s: op %" PRIu64 " jiffies_ago=%" PRIu64 " cpu=%u pid=%u", title, op - 1,
			 sim->op - target_load_word(sim, track + sim->layout->word + 8),
			 (unsigned)target_load(sim, track + sim->layout->word, 4),
			 (unsigned)target_load(sim, track + sim->layout->word + 4, 4));
}

/* What lies behind the object: free pointer, tracks, padding. */
static void say_metadata(struct allocator *a, target_addr_t s, target_addr_t object)
{
	struct sim *sim = a->sim;
	uint64_t offset = CACHE_FIELD(sim, s, offset), end = CACHE_FIELD(sim, s, inuse);
	char where[24], to[24];

	slub_say(a, "FreePointer 0x%s -> 0x%s", slub_address(object + offset, where),
		 slub_address(target_load_word(sim, object + offset), to));
	if (offset)
		end = offset + sim->layout->word;
	if (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER) {
		say_track(a, "Last alloc", object + end);
		say_track(a, "Last free ", object + end + track_size(sim));
		end += 2 * track_size(sim);
	}
	if (end < CACHE_FIELD(sim, s, size))
		dump(a, "Filler", object + end, CACHE_FIELD(sim, s, size) - end);
}

static void say_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object)
{
	struct sim *sim = a->sim;
	uint64_t objsize = CACHE_FIELD(sim, s, objsize);
	char freelist[24];

	slub_say(a, "    offset=%" PRIu64 " flags=0x%08x inuse=%u freelist=0x%s", object - page_address(slab),
		 page_flags(sim, slab), (unsigned)page_member(sim, slab, LF_page_inuse),
		 slub_address(page_member(sim, slab, LF_page_index), freelist));
	if (object >= page_address(slab) + 16)
		dump(a, "Bytes b4", object - 16, 16);
	dump(a, "Object", object, objsize);
	if (cache_flags(sim, s) & (uint32_t)SLAB_RED_ZONE)
		dump(a, "Redzone", object + objsize, CACHE_FIELD(sim, s, inuse) - objsize);
	say_metadata(a, s, object);
}

/* The caller goes on with its repairs and ends the report. */
void slub_object_err(struct allocator *a, target_addr_t s, target_addr_t object, const char *reason)
{
	frame_t slab = page_head(a->sim, virt_to_frame(a->sim, object));
	char name[NAME_SIZE], at[24], page[24];

	slub_say(a, "*** SLUB %s: %s@0x%s slab 0x%s", slub_name(a, s, name), reason, slub_address(object, at),
		 slub_address(page_address(slab), page));
	if (details_wanted(a))
		say_object(a, s, slab, object);
}

void slub_slab_err(struct allocator *a, target_addr_t s, frame_t slab, const char *format, ...)
{
	char what[160], name[NAME_SIZE], page[24];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	slub_say(a, "*** SLUB %s: %s in slab @0x%s", slub_name(a, s, name), what,
		 slub_address(page_address(slab), page));
}
