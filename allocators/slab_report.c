/* SPDX-License-Identifier: MIT */
/*
 * SLAB 2.6.22, texts of its debugging reports (FACTS 7.3).  A report is one event: first line, details and dumps,
 * collected in state->text, which lives as long as the program.  Addresses print as pfn:offset.
 */
#include "allocators/slab_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_ROOM = 256, DUMP_LINES = 6, DUMP_BYTES = 16 };

const char *slab_address(target_addr_t addr, char *text)
{
	if (addr)
		snprintf(text, 24, "%05" PRIx64 ":%03x", addr >> PAGE_SHIFT, (unsigned)(addr & (PAGE_SIZE - 1)));
	else
		strcpy(text, "0");
	return text;
}

const char *slab_name(struct allocator *a, target_addr_t c, char *name)
{
	target_addr_t at = CACHE_FIELD(a->sim, c, name);
	unsigned i = 0;

	for (; i < NAME_SIZE - 1; i++) {
		name[i] = (char)target_load(a->sim, at + i, 1);
		if (!name[i])
			break;
	}
	name[i] = '\0';
	return name;
}

void slab_say(struct allocator *a, const char *format, ...)
{
	struct slab_state *state = slab_state(a);
	int length;
	va_list args;

	if (REPORT_TEXT - state->text_used < LINE_ROOM)
		return;
	if (state->text_used > state->text_begin)
		state->text[state->text_used++] = '\n';
	va_start(args, format);
	length = vsnprintf(state->text + state->text_used, LINE_ROOM - 1, format, args);
	va_end(args);
	if (length > LINE_ROOM - 2)
		length = LINE_ROOM - 2;
	if (length > 0)
		state->text_used += (uint32_t)length;
}

/* What was said since the last report, as a string that lives as long as the program; NULL = no room was left for it.
 */
static const char *take_text(struct allocator *a)
{
	struct slab_state *state = slab_state(a);
	const char *text = state->text + state->text_begin;

	if (state->text_used == state->text_begin)
		return NULL;
	state->text[state->text_used++] = '\0';
	state->text_begin = state->text_used;
	return text;
}

void slab_report_end(struct allocator *a, target_addr_t addr)
{
	struct event event = {.kind = EVENT_REPORT, .addr = addr, .text = take_text(a)};

	sim_emit(a->sim, &event);
}

void slab_bug(struct allocator *a)
{
	const char *text = take_text(a);

	sim_bug(a->sim, text ? text : "no room for the report");
}

static void load_reds(struct allocator *a, target_addr_t c, target_addr_t buffer, uint64_t reds[2])
{
	struct sim *sim = a->sim;
	target_addr_t object = buffer + CACHE_FIELD(sim, c, obj_offset);

	reds[0] = target_load(sim, buffer, RED_SIZE);
	reds[1] = target_load(sim, object + CACHE_FIELD(sim, c, obj_size), RED_SIZE);
}

void slab_error(struct allocator *a, target_addr_t c, const char *function, const char *text, target_addr_t buffer)
{
	uint64_t reds[2];
	char name[NAME_SIZE], at[24];

	slab_say(a, "slab error in %s(): cache `%s': %s", function, slab_name(a, c, name), text);
	if (buffer) {
		load_reds(a, c, buffer, reds);
		slab_say(a, "%s: redzone 1:0x%" PRIx64 ", redzone 2:0x%" PRIx64 ".", slab_address(buffer, at), reds[0],
			 reds[1]);
	}
	slab_report_end(a, buffer ? buffer : c);
}

static void dump_line(struct allocator *a, target_addr_t addr, uint64_t offset, uint64_t size)
{
	char hex[3 * DUMP_BYTES + 1] = "";

	for (unsigned i = 0; i < DUMP_BYTES && offset + i < size; i++)
		snprintf(hex + 3 * i, 4, " %02x", (unsigned)target_load(a->sim, addr + offset + i, 1));
	slab_say(a, "%03x:%s", (unsigned)offset, hex);
}

/* With red zones an object begins behind the first red word of its buffer. */
static target_addr_t object_in(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	return buffer + CACHE_FIELD(a->sim, c, obj_offset);
}

/* Red words, last user and the first lines of an object. */
static void say_object(struct allocator *a, target_addr_t c, target_addr_t buffer, unsigned lines)
{
	struct sim *sim = a->sim;
	uint32_t flags = slab_flags(sim, c);
	uint64_t size = CACHE_FIELD(sim, c, obj_size), reds[2], user;

	if (flags & (uint32_t)SLAB_RED_ZONE) {
		load_reds(a, c, buffer, reds);
		slab_say(a, "Redzone: 0x%" PRIx64 "/0x%" PRIx64 ".", reds[0], reds[1]);
	}
	if (flags & (uint32_t)SLAB_STORE_USER) {
		user = target_load_word(sim, buffer + CACHE_FIELD(sim, c, buffer_size) - sim->layout->word);
		if (user)
			slab_say(a, "Last user: [<%" PRIx64 ">](op %" PRIu64 ")", user, user - 1);
		else
			slab_say(a, "Last user: [<0>](nobody)");
	}
	for (unsigned i = 0; i < lines && i * DUMP_BYTES < size; i++)
		dump_line(a, object_in(a, c, buffer), i * DUMP_BYTES, size);
}

/* Up to DUMP_LINES lines with damage.  True iff one byte differs by one bit, which memory does by itself. */
static bool say_damage(struct allocator *a, target_addr_t object, uint64_t size)
{
	uint64_t shown = UINT64_MAX;
	unsigned lines = 0, bytes = 0;
	uint8_t error = 0;

	for (uint64_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)target_load(a->sim, object + i, 1);

		if (byte == (i == size - 1 ? POISON_END : POISON_FREE))
			continue;
		bytes++;
		error = byte ^ POISON_FREE;
		if (i / DUMP_BYTES != shown && lines++ < DUMP_LINES)
			dump_line(a, object, i - i % DUMP_BYTES, size);
		shown = i / DUMP_BYTES;
	}
	return bytes == 1 && !(error & (error - 1));
}

static void say_neighbour(struct allocator *a, target_addr_t c, const char *which, target_addr_t buffer)
{
	char text[24];

	slab_say(a, "%s obj: start=%s, len=%" PRIu64, which, slab_address(object_in(a, c, buffer), text),
		 CACHE_FIELD(a->sim, c, obj_size));
	say_object(a, c, buffer, 2);
}

static void say_neighbours(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	target_addr_t slab = slab_page_slab(sim, slab_object_page(sim, buffer));
	uint64_t size = sim_divisor(sim, CACHE_FIELD(sim, c, buffer_size)),
		 index = (buffer - DESC_FIELD(sim, slab, s_mem)) / size;

	if (index)
		say_neighbour(a, c, "Prev", buffer - size);
	if (index + 1 < CACHE_FIELD(sim, c, num))
		say_neighbour(a, c, "Next", buffer + size);
}

void slab_report_poison(struct allocator *a, target_addr_t c, target_addr_t buffer)
{
	struct sim *sim = a->sim;
	uint64_t size = CACHE_FIELD(sim, c, obj_size);
	target_addr_t object = object_in(a, c, buffer);
	char name[NAME_SIZE], text[24];

	slab_say(a, "Slab corruption: %s start=%s, len=%" PRIu64, slab_name(a, c, name), slab_address(object, text),
		 size);
	say_object(a, c, buffer, 0);
	if (say_damage(a, object, size))
		slab_say(a, "Single bit error detected. Probably bad RAM.");
	say_neighbours(a, c, buffer);
	slab_report_end(a, buffer);
}

void slab_say_descriptor(struct allocator *a, target_addr_t c, target_addr_t slab)
{
	struct sim *sim = a->sim;
	uint64_t size = sim->layout->size[LS_slab_desc] + CACHE_FIELD(sim, c, num) * BUFCTL_SIZE;

	for (uint64_t i = 0; i < size && i < DUMP_LINES * DUMP_BYTES; i += DUMP_BYTES)
		dump_line(a, slab, i, size);
}
