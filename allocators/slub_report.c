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
	DUMP_ROW = 16,
	DUMP_MAX = 64, /* bytes of an object that are worth printing, and as many from the first damaged ones on */
	RULE_WIDTH = 77,
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

static void dump_rows(struct allocator *a, const char *title, target_addr_t addr, uint64_t size)
{
	for (uint64_t i = 0; i < size && i < DUMP_MAX; i += DUMP_ROW)
		dump_line(a, title, addr + i, (unsigned)(size - i < DUMP_ROW ? size - i : DUMP_ROW));
}

/* The first rows, and those with the damage (may be NULL) if it lies behind them. */
static void dump(struct allocator *a, const char *title, target_addr_t addr, uint64_t size,
		 const struct slub_damage *damage)
{
	uint64_t at = damage && damage->from >= addr ? damage->from - addr : 0;

	dump_rows(a, title, addr, size);
	at -= at % DUMP_ROW;
	if (at < DUMP_MAX || at >= size)
		return;
	if (at > DUMP_MAX)
		slub_say(a, "%10s", "*");
	dump_rows(a, title, addr + at, size - at);
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
static void say_metadata(struct allocator *a, target_addr_t s, target_addr_t object, const struct slub_damage *damage)
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
		dump(a, "Filler", object + end, CACHE_FIELD(sim, s, size) - end, damage);
}

static void say_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object,
		       const struct slub_damage *damage)
{
	struct sim *sim = a->sim;
	uint64_t objsize = CACHE_FIELD(sim, s, objsize);
	char freelist[24];

	slub_say(a, "    offset=%" PRIu64 " flags=0x%08x inuse=%u freelist=0x%s", object - page_address(slab),
		 page_flags(sim, slab), (unsigned)page_member(sim, slab, LF_page_inuse),
		 slub_address(page_member(sim, slab, LF_page_index), freelist));
	if (object >= page_address(slab) + DUMP_ROW)
		dump_rows(a, "Bytes b4", object - DUMP_ROW, DUMP_ROW);
	dump(a, "Object", object, objsize, damage);
	if (cache_flags(sim, s) & (uint32_t)SLAB_RED_ZONE)
		dump(a, "Redzone", object + objsize, CACHE_FIELD(sim, s, inuse) - objsize, damage);
	say_metadata(a, s, object, damage);
}

/* Reasons that later eras word otherwise. */
static const char *later_reason(const char *reason)
{
	static const char *const words[][2] = {
		{"Redzone Active", "Redzone overwritten"},
		{"Redzone Inactive", "Redzone overwritten"},
		{"Poison check failed", "Poison overwritten"},
		{"Alignment padding check fails", "Alignment padding overwritten"},
		{"Object padding check fails", "Object padding overwritten"},
		{"Padding check failed", "Padding overwritten"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(reason, words[i][0]))
			return words[i][1];
	return reason;
}

static bool is_later(struct allocator *a)
{
	return a->sim->policy[POLICY_slub_report];
}

static void say_banner(struct allocator *a, target_addr_t s, const char *reason)
{
	char name[NAME_SIZE], rule[RULE_WIDTH + 1];

	memset(rule, '=', RULE_WIDTH);
	rule[RULE_WIDTH] = '\0';
	slub_say(a, "%s", rule);
	slub_say(a, "BUG %s: %s", slub_name(a, s, name), later_reason(reason));
	memset(rule, '-', RULE_WIDTH);
	slub_say(a, "%s", rule);
}

static void say_later_slab(struct allocator *a, target_addr_t s, frame_t slab)
{
	struct sim *sim = a->sim;
	char page[24], fp[24];

	slub_say(a, "INFO: Slab 0x%s objects=%u used=%u fp=0x%s flags=0x%08x", slub_address(page_address(slab), page),
		 (unsigned)CACHE_FIELD(sim, s, objects), (unsigned)page_member(sim, slab, LF_page_inuse),
		 slub_address(page_member(sim, slab, LF_page_index), fp), page_flags(sim, slab));
}

static void say_later_track(struct allocator *a, const char *title, target_addr_t track)
{
	struct sim *sim = a->sim;
	uint64_t op = target_load_word(sim, track);

	if (op)
		slub_say(a, "INFO: %s in op %" PRIu64 " age=%" PRIu64 " cpu=%u pid=%u", title, op - 1,
			 sim->op - target_load_word(sim, track + sim->layout->word + 8),
			 (unsigned)target_load(sim, track + sim->layout->word, 4),
			 (unsigned)target_load(sim, track + sim->layout->word + 4, 4));
}

static void say_later_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object,
			     const struct slub_damage *damage)
{
	struct sim *sim = a->sim;
	uint64_t objsize = CACHE_FIELD(sim, s, objsize), offset = CACHE_FIELD(sim, s, offset);
	uint64_t end = offset ? offset + sim->layout->word : CACHE_FIELD(sim, s, inuse);
	char at[24], fp[24];

	say_later_slab(a, s, slab);
	slub_say(a, "INFO: Object 0x%s @offset=%" PRIu64 " fp=0x%s", slub_address(object, at),
		 object - page_address(slab), slub_address(target_load_word(sim, object + offset), fp));
	if (cache_flags(sim, s) & (uint32_t)SLAB_STORE_USER) {
		say_later_track(a, "Allocated", object + end);
		say_later_track(a, "Freed", object + end + track_size(sim));
		end += 2 * track_size(sim);
	}
	if (object >= page_address(slab) + DUMP_ROW)
		dump_rows(a, "Bytes b4", object - DUMP_ROW, DUMP_ROW);
	dump(a, "Object", object, objsize, damage);
	if (cache_flags(sim, s) & (uint32_t)SLAB_RED_ZONE)
		dump(a, "Redzone", object + objsize, CACHE_FIELD(sim, s, inuse) - objsize, damage);
	if (end < CACHE_FIELD(sim, s, size))
		dump(a, "Padding", object + end, CACHE_FIELD(sim, s, size) - end, damage);
}

static void say_range(struct allocator *a, const struct slub_damage *damage)
{
	target_addr_t to = damage->to;
	char first[24], last[24];

	while (to > damage->from + 1 && target_load(a->sim, to - 1, 1) == damage->value)
		to--;
	slub_say(a, "INFO: 0x%s-0x%s. First byte 0x%02x instead of 0x%02x", slub_address(damage->from, first),
		 slub_address(to - 1, last), (unsigned)target_load(a->sim, damage->from, 1), damage->value);
}

static void later_object_err(struct allocator *a, target_addr_t s, target_addr_t object, const char *reason,
			     const struct slub_damage *damage)
{
	say_banner(a, s, reason);
	if (damage)
		say_range(a, damage);
	if (details_wanted(a))
		say_later_object(a, s, page_head(a->sim, virt_to_frame(a->sim, object)), object, damage);
}

void slub_object_err(struct allocator *a, target_addr_t s, target_addr_t object, const char *reason,
		     const struct slub_damage *damage)
{
	frame_t slab = page_head(a->sim, virt_to_frame(a->sim, object));
	char name[NAME_SIZE], at[24], page[24];

	if (is_later(a)) {
		later_object_err(a, s, object, reason, damage);
		return;
	}
	slub_say(a, "*** SLUB %s: %s@0x%s slab 0x%s", slub_name(a, s, name), reason, slub_address(object, at),
		 slub_address(page_address(slab), page));
	if (details_wanted(a))
		say_object(a, s, slab, object, damage);
}

void slub_slab_err(struct allocator *a, target_addr_t s, frame_t slab, const char *format, ...)
{
	char what[160], name[NAME_SIZE], page[24];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (is_later(a)) {
		say_banner(a, s, what);
		say_later_slab(a, s, slab);
	} else {
		slub_say(a, "*** SLUB %s: %s in slab @0x%s", slub_name(a, s, name), what,
			 slub_address(page_address(slab), page));
	}
}

void slub_say_fix(struct allocator *a, target_addr_t s, const char *action)
{
	char name[NAME_SIZE];

	slub_say(a, "%s %s: %s", is_later(a) ? "FIX" : "@@@ SLUB", slub_name(a, s, name), action);
}

void slub_say_repair(struct allocator *a, target_addr_t s, const struct slub_damage *damage)
{
	char action[160], first[24], last[24];

	slub_address(damage->from, first);
	slub_address(damage->to - 1, last);
	if (is_later(a))
		snprintf(action, sizeof(action), "Restoring 0x%s-0x%s=0x%02x", first, last, damage->value);
	else
		snprintf(action, sizeof(action), "Restoring %s from 0x%s-0x%s", damage->what, first, last);
	slub_say_fix(a, s, action);
}

void slub_report_abort(struct allocator *a, target_addr_t s, target_addr_t addr)
{
	const struct slub_state *state = slub_state(a);
	char action[64], at[24];

	/* What is no slab is not retired either. */
	if (state->undone == UNDONE_ALLOC && page_flag(a->sim, state->undone_slab, PG_slab))
		slub_say_fix(a, s, "Marking all objects used");
	if (state->undone == UNDONE_FREE) {
		snprintf(action, sizeof(action), "Object at 0x%s not freed", slub_address(state->undone_object, at));
		slub_say_fix(a, s, action);
	}
	slub_report_end(a, addr);
}
