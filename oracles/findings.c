/* SPDX-License-Identifier: MIT */
/*
 * The list of findings of a run, and who owns a byte of target memory.  Owners are looked up for findings only, so
 * scans over all handles are fine here.
 */
#include "oracles/attribution.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct title_row title_rows[TITLE_COUNT] = {
#define TITLE(name, text, grade, help) [TITLE_##name] = {text, help, GRADE_##grade},
#include "oracles/titles.def"
#undef TITLE
};

/* Appends to text[size]; a tail that does not fit becomes "...". */
static void __attribute__((format(printf, 3, 0))) append(char *text, size_t size, const char *format, va_list args)
{
	size_t used = strlen(text);
	int length = vsnprintf(text + used, size - used, format, args);

	if (length < 0)
		text[used] = '\0';
	else if ((size_t)length >= size - used)
		memcpy(text + size - 4, "...", 4);
}

struct finding *finding_add(struct findings *out, const struct oracle_context *context, const char *oracle,
			    enum title title, const char *culprit, const char *victim, const char *by,
			    const char *format, ...)
{
	char signature[SIGNATURE_MAX];
	struct finding *finding;
	va_list args;

	invariant(title < TITLE_COUNT && out->count <= FINDINGS_MAX);
	/* A backend of the machine may be at work where as a rule the allocator is. */
	if (culprit == context->sim->actor && context->sim->running)
		culprit = context->sim->running;
	snprintf(signature, sizeof(signature), "%s/%s/%s/%s", title_rows[title].name, culprit ? culprit : "-",
		 victim ? victim : "-", by ? by : "-");
	for (unsigned i = 0; i < out->count; i++)
		if (strcmp(out->list[i].signature, signature) == 0)
			return NULL;
	if (out->count == FINDINGS_MAX)
		return NULL;
	finding = &out->list[out->count++];
	finding->title = title;
	finding->oracle = oracle;
	finding->op = context->sim->op;
	memcpy(finding->signature, signature, sizeof(signature));
	finding->detail[0] = '\0';
	if (format) {
		va_start(args, format);
		append(finding->detail, DETAIL_MAX, format, args);
		va_end(args);
	}
	return finding;
}

void finding_detail(struct finding *finding, const char *format, ...)
{
	size_t used;
	va_list args;

	if (!finding)
		return;
	used = strlen(finding->detail);
	if (used + 5 > DETAIL_MAX)
		return;
	if (used > 0)
		memcpy(finding->detail + used, "\n", 2);
	va_start(args, format);
	append(finding->detail, DETAIL_MAX, format, args);
	va_end(args);
}

static const struct object *object_in_state(const struct oracle_context *context, target_addr_t addr,
					    enum object_state state, uint32_t *handle)
{
	for (uint32_t i = 0; i < *context->object_count; i++) {
		const struct object *object = &context->objects[i];

		if (object->state != state || addr - object->addr >= object->size)
			continue;
		if (handle)
			*handle = i;
		return object;
	}
	return NULL;
}

const struct object *object_at(const struct oracle_context *context, target_addr_t addr, uint32_t *handle)
{
	return object_in_state(context, addr, OBJECT_LIVE, handle);
}

/* True iff some object, live or freed, ever touched the frame. */
static bool frame_had_object(const struct oracle_context *context, frame_t frame)
{
	target_addr_t page = page_address(frame);

	for (uint32_t i = 0; i < *context->object_count; i++) {
		const struct object *object = &context->objects[i];

		if (object->state != OBJECT_NEVER && object->addr < page + PAGE_SIZE &&
		    page < object->addr + object->size)
			return true;
	}
	return false;
}

/* The first page of the compound page that the frame is a tail of, else the frame. */
static frame_t head_quiet(const struct sim *sim, frame_t frame)
{
	const uint32_t tail = 1u << PG_compound | 1u << PG_reclaim;
	struct layout_place place = sim->layout->field[LF_page_private];
	frame_t head;

	if ((page_flags_quiet(sim, frame) & tail) != tail)
		return frame;
	head = page_struct_frame(sim, target_get(page_struct(sim, frame) + place.offset, place.width, sim->big_endian));
	return head == FRAME_NONE ? frame : head;
}

static bool is_for_objects(const struct oracle_context *context, frame_t frame)
{
	return page_flags_quiet(context->sim, frame) & (1u << PG_slab) || frame_had_object(context, frame);
}

const char *byte_owner_name(const struct oracle_context *context, target_addr_t addr, uint32_t *handle)
{
	const struct sim *sim = context->sim;
	frame_t frame = virt_to_frame(sim, addr);
	uint8_t role;

	if (object_at(context, addr, handle))
		return "object";
	if (frame == FRAME_NONE)
		return addr - KERNEL_BASE < KERNEL_SIZE ? "kernel-data" : "nowhere";
	if (sim->frame_state[frame] == FRAME_FREE)
		return "free-page";
	role = sim->roles[addr - RAM_BASE];
	if (role != ROLE_NONE)
		return byte_role_names[role];
	if (object_in_state(context, addr, OBJECT_FREED, handle))
		return "free-object";
	return is_for_objects(context, frame) || is_for_objects(context, head_quiet(sim, frame)) ? "unused" : "page";
}

struct range_text range_text(target_addr_t addr, uint64_t size)
{
	struct range_text range;
	target_addr_t last = addr + (size ? size - 1 : 0);
	int length = snprintf(range.text, sizeof(range.text), "%05x:%03x-", (unsigned)(addr >> PAGE_SHIFT),
			      (unsigned)(addr & (PAGE_SIZE - 1)));

	if (last >> PAGE_SHIFT != addr >> PAGE_SHIFT)
		length += snprintf(range.text + length, sizeof(range.text) - (size_t)length,
				   "%05x:", (unsigned)(last >> PAGE_SHIFT));
	snprintf(range.text + length, sizeof(range.text) - (size_t)length, "%03x", (unsigned)(last & (PAGE_SIZE - 1)));
	return range;
}

uint32_t page_flags_quiet(const struct sim *sim, frame_t frame)
{
	struct layout_place place = sim->layout->field[LF_page_flags];

	return (uint32_t)target_get(page_struct(sim, frame) + place.offset, place.width, sim->big_endian);
}

int32_t page_count_quiet(const struct sim *sim, frame_t frame)
{
	struct layout_place place = sim->layout->field[LF_page__count];

	return (int32_t)(uint32_t)target_get(page_struct(sim, frame) + place.offset, place.width, sim->big_endian);
}

const char *misread_victim(const struct sim *sim, const struct event *event)
{
	frame_t frame = virt_to_frame(sim, event->addr);
	enum page_owner writer = event->size < OWNER_COUNT ? (enum page_owner)event->size : OWNER_nobody;

	/* A slab of SLUB that gave up PG_slab and keeps its page waits for a grace period. */
	if (writer == OWNER_slub && frame != FRAME_NONE && sim->frame_state[frame] != FRAME_FREE &&
	    !(page_flags_quiet(sim, frame) & (1u << PG_slab)))
		return "rcu-limbo-slab";
	return page_owner_names[writer];
}

size_t report_complaint(const char **text)
{
	if (**text == '=')
		*text += strcspn(*text, "\n");
	*text += **text == '\n';
	return strcspn(*text, "\n");
}
