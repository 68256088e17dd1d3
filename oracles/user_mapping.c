/* SPDX-License-Identifier: MIT */
/*
 * Oracle user_mapping: page table entries drop the references that they took and no others, a page stays while it is
 * mapped, and whoever loads from a client's page, user or kernel, finds what was stored last (FACTS 3.3, 5).
 * Innocent: entries without a reference, as long as they drop none and the page stays; bytes that nobody stored to;
 * FROM_DEVICE mappings, whose bytes are the device's.
 */
#include "oracles/attribution.h"
#include "oracles/shadow.h"
#include "sim/user_view.h"

#define NAME    "user_mapping"
#define CULPRIT "mm"

extern const struct oracle oracle_user_mapping;

enum { KNOWN, DEVICE, PLANES, VMAS = 512, PTES = 4 };
enum pte_state { PTE_NONE, PTE_COUNTED, PTE_BARE };

struct user_mapping {
	bool used;
	struct shadow shadow;    /* KNOWN: expected[] was stored last; DEVICE: by a device */
	uint8_t *expected;       /* per byte of RAM */
	uint8_t pte[VMAS][PTES]; /* enum pte_state */
	frame_t frame[VMAS][PTES];
	uint32_t vma_end; /* entries from here on are PTE_NONE */
};

static void begin(void *state, const struct oracle_context *context)
{
	struct user_mapping *user = state;

	(void)context;
	if (!user->expected) {
		user->expected = shadow_map(RAM_SIZE_MAX);
		shadow_begin(&user->shadow, PLANES);
	}
	if (!user->used)
		return;
	shadow_begin(&user->shadow, PLANES);
	memset(user->pte, PTE_NONE, user->vma_end * sizeof(user->pte[0]));
	user->vma_end = 0;
	user->used = false;
}

static void destroy(void *state)
{
	struct user_mapping *user = state;

	shadow_unmap(user->expected, RAM_SIZE_MAX);
	shadow_destroy(&user->shadow);
	*user = (struct user_mapping){0};
}

static void on_pte_set(struct user_mapping *user, const struct event *event)
{
	user->used = true;
	user->pte[event->id][event->value] = event->size ? PTE_COUNTED : PTE_BARE;
	user->frame[event->id][event->value] = (frame_t)((event->addr - RAM_BASE) >> PAGE_SHIFT);
	if (event->id >= user->vma_end)
		user->vma_end = event->id + 1;
}

static void on_pte_clear(struct user_mapping *user, const struct oracle_context *context, const struct event *event,
			 struct findings *out)
{
	uint8_t *pte = &user->pte[event->id][event->value];
	enum pte_state was = (enum pte_state) * pte;

	*pte = PTE_NONE;
	if (was == PTE_BARE && event->size)
		finding_add(out, context, NAME, TITLE_REFCOUNT_UNDERFLOW, CULPRIT, "page", context->sim->by,
			    "page %05x: v%u drops a reference that it never took",
			    (unsigned)(event->addr >> PAGE_SHIFT), event->id);
	if (was == PTE_COUNTED && !event->size)
		finding_add(out, context, NAME, TITLE_LEAK, CULPRIT, "page", context->sim->by,
			    "page %05x: the entry of v%u goes and leaves its reference",
			    (unsigned)(event->addr >> PAGE_SHIFT), event->id);
}

static void on_page_free(struct user_mapping *user, const struct oracle_context *context, const struct event *event,
			 struct findings *out)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);
	frame_t first = range.offset >> PAGE_SHIFT, end = (range.offset + range.size) >> PAGE_SHIFT;

	if (likely(!user->used))
		return;
	for (unsigned plane = 0; plane < PLANES; plane++)
		shadow_clear(&user->shadow, plane, range.offset, range.size);
	for (uint32_t vma = 0; vma < user->vma_end; vma++)
		for (unsigned i = 0; i < PTES; i++) {
			if (!user->pte[vma][i] || user->frame[vma][i] < first || user->frame[vma][i] >= end)
				continue;
			finding_add(out, context, NAME, TITLE_USE_AFTER_FREE, CULPRIT, "user-page", context->sim->by,
				    "page %05x becomes free while v%u maps it",
				    (unsigned)(page_address(user->frame[vma][i]) >> PAGE_SHIFT), vma);
		}
}

static void expect(struct user_mapping *user, const struct oracle_context *context, const struct event *event,
		   bool device)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	if (!range.size)
		return;
	user->used = true;
	memset(user->expected + range.offset, (int)(uint8_t)event->value, range.size);
	shadow_set(&user->shadow, KNOWN, range.offset, range.size);
	if (device)
		shadow_set(&user->shadow, DEVICE, range.offset, range.size);
	else
		shadow_clear(&user->shadow, DEVICE, range.offset, range.size);
}

static void forget(struct user_mapping *user, const struct oracle_context *context, const struct event *event)
{
	struct ram_range range = ram_range(context->sim, event->addr, event->size);

	if (likely(!user->used))
		return;
	shadow_clear(&user->shadow, KNOWN, range.offset, range.size);
}

/* What the one who loads gets; virtual page 0 is the kernel's own alias. */
static uint8_t seen_byte(const struct sim *sim, uint32_t vpn, uint32_t offset)
{
	if (!vpn)
		return cpu_byte(offset);
	return user_view_byte(sim, offset >> PAGE_SHIFT, vpn, offset & (PAGE_SIZE - 1));
}

/* True iff the byte waits in RAM or in some cache line of the page. */
static bool exists(const struct sim *sim, uint32_t offset, uint8_t value)
{
	uint32_t in_page = offset & (PAGE_SIZE - 1);

	for (uint32_t i = 0; i < sim->user_view_count; i++) {
		const struct user_view *view = &sim->user_views[i];

		if (view->frame == offset >> PAGE_SHIFT && view->lines[in_page >> sim->line_shift] & LINE_PRESENT &&
		    view->bytes[in_page] == value)
			return true;
	}
	return cpu_byte(offset) == value || sim->ram_view[offset] == value;
}

static void on_load(const struct user_mapping *user, const struct oracle_context *context, const struct event *event,
		    struct findings *out)
{
	const struct sim *sim = context->sim;
	struct ram_range range = ram_range(sim, event->addr, event->size);
	uint32_t end = range.offset + range.size;
	enum title lost;

	for (uint32_t i = range.offset; (i = shadow_next(&user->shadow, KNOWN, i, end)) < end; i++) {
		uint8_t seen = seen_byte(sim, event->id, i);

		if (seen == user->expected[i])
			continue;
		lost = shadow_bit(&user->shadow, DEVICE, i) ? TITLE_LOST_DMA_WRITE : TITLE_LOST_WRITE;
		finding_add(out, context, NAME, exists(sim, i, user->expected[i]) ? TITLE_STALE_READ : lost, "cache",
			    event->id ? "user-page" : "page", sim->by,
			    "byte %s: %02x was stored last, the %s sees %02x", range_text(RAM_BASE + i, 1).text,
			    user->expected[i], event->id ? "user" : "kernel", seen);
		return;
	}
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct user_mapping *user = state;

	switch (event->kind) {
	case EVENT_PTE_SET:
		on_pte_set(user, event);
		break;
	case EVENT_PTE_CLEAR:
		on_pte_clear(user, context, event, out);
		break;
	case EVENT_PAGE_FREE:
		on_page_free(user, context, event, out);
		break;
	case EVENT_PAGE_STORE:
		expect(user, context, event, false);
		break;
	case EVENT_PAGE_LOAD:
		on_load(user, context, event, out);
		break;
	case EVENT_DMA_MAP:
		if (event->value != DMA_TO_DEVICE)
			forget(user, context, event);
		break;
	case EVENT_DMA_BOUNCE:
		forget(user, context, event);
		break;
	case EVENT_DEVICE_WRITE:
		/* Devices write to objects, too: only pages that are looked at matter. */
		if (user->used)
			expect(user, context, event, true);
		break;
	default:
		break;
	}
}

const struct oracle oracle_user_mapping = {
	.name = NAME,
	.invariant = "User mappings drop what they took, their pages stay, and each load finds the last store.",
	.state_size = sizeof(struct user_mapping),
	.wants = EVENT_BIT(PTE_SET) | EVENT_BIT(PTE_CLEAR) | EVENT_BIT(PAGE_FREE) | EVENT_BIT(PAGE_STORE) |
		 EVENT_BIT(PAGE_LOAD) | EVENT_BIT(DMA_MAP) | EVENT_BIT(DEVICE_WRITE) | EVENT_BIT(DMA_BOUNCE),
	.begin = begin,
	.observe = observe,
	.destroy = destroy,
};
