/* SPDX-License-Identifier: MIT */
/*
 * Oracle kernel_report: the code under test does not crash, hang or report damage on legal use.
 * An oops that follows a misread page field in the same op names the field's owner as victim.  Reports are mapped to
 * titles by the words of their first line.  Innocent: a BUG or warning that refuses a mapping of foreign memory; with
 * misuse on, the executor's targets declare what they expect.
 */
#include "oracles/attribution.h"

#include <string.h>

#define NAME "kernel_report"

extern const struct oracle oracle_kernel_report;

struct kernel_report {
	const char *misread; /* victim of the last misread page field */
	uint32_t misread_op; /* op of that misread */
	uint32_t foreign_op; /* op + 1 in which a driver maps what is nobody's to map */
};

static const struct {
	const char *words;
	enum title title;
} report_titles[] = {
	{"Redzone", TITLE_REDZONE_OVERWRITTEN},
	{"Poison", TITLE_POISON_OVERWRITTEN},
	{"already free", TITLE_DOUBLE_FREE},
	{"Freepointer", TITLE_FREELIST_CORRUPTED},
	{"Freechain", TITLE_FREELIST_CORRUPTED},
	{"Freelist", TITLE_FREELIST_CORRUPTED},
	{"belongs to slab", TITLE_WRONG_CACHE},
	{"Invalid object pointer", TITLE_INVALID_FREE},
	{"outside of slab", TITLE_INVALID_FREE},
	{"outside of the pool", TITLE_INVALID_FREE},
	{"Not a valid slab page", TITLE_INVALID_FREE},
	{"no slab", TITLE_INVALID_FREE},
	{"still has objects", TITLE_LEAK},
	/* SLAB */
	{"double free detected", TITLE_DOUBLE_FREE},
	{"Slab corruption", TITLE_POISON_OVERWRITTEN},
	{"was overwritten", TITLE_REDZONE_OVERWRITTEN},
	{"constructor overwrote", TITLE_REDZONE_OVERWRITTEN},
	{"Can't free all objects", TITLE_LEAK},
};

/* Checks outside the allocator: what of theirs is damaged, and how it is called. */
static const struct {
	const char *words, *victim;
	enum title title;
} check_titles[] = {
	{"sleeping function", "context", TITLE_SLEEP_IN_ATOMIC},
	{"Bad page map", "pte", TITLE_BAD_PAGE_MAP},
	{"outside the linear map", "pointer", TITLE_INVALID_MAPPING},
};

static void on_check(const struct oracle_context *context, const struct event *event, struct findings *out)
{
	for (size_t i = 0; i < sizeof(check_titles) / sizeof(check_titles[0]); i++)
		if (event->text && strstr(event->text, check_titles[i].words))
			finding_add(out, context, NAME, check_titles[i].title, context->sim->actor,
				    check_titles[i].victim, context->sim->by, "%s", event->text);
}

/* Dumps below the complaint contain the same words. */
static enum title report_title(const char *text)
{
	size_t length = report_complaint(&text);

	for (size_t i = 0; i < sizeof(report_titles) / sizeof(report_titles[0]); i++)
		if (memmem(text, length, report_titles[i].words, strlen(report_titles[i].words)))
			return report_titles[i].title;
	return TITLE_OUT_OF_BOUNDS;
}

/* Who owns what led to the crash. */
static const char *crash_victim(const struct kernel_report *report, const struct sim *sim)
{
	return report->misread && report->misread_op == sim->op ? report->misread : "pointer";
}

static void on_hang(const struct oracle_context *context, const struct event *event, struct findings *out)
{
	const struct sim *sim = context->sim;

	if (event->value == HANG_BY_CLOCK)
		finding_add(out, context, NAME, TITLE_HANG, sim->actor, "clock", sim->by,
			    "the clock decided, not the op's step budget: it did not end in time (--timeout)");
	else
		finding_add(out, context, NAME, TITLE_HANG, sim->actor, "op", sim->by,
			    "more than %u accesses in one op", STEPS_PER_OP);
}

/* The kernel refuses what dma_ownership tells of already: that is no second finding. */
static bool is_answer(const struct kernel_report *report, const struct sim *sim, const struct event *event)
{
	return report->foreign_op == sim->op + 1 && (event->kind == EVENT_KERNEL_BUG || event->kind == EVENT_CHECK);
}

static void begin(void *state, const struct oracle_context *context)
{
	(void)context;
	*(struct kernel_report *)state = (struct kernel_report){0};
}

static void observe(void *state, const struct oracle_context *context, const struct event *event, struct findings *out)
{
	struct kernel_report *report = state;
	const struct sim *sim = context->sim;
	const char *text = event->text ? event->text : "";

	if (is_answer(report, sim, event))
		return;
	switch (event->kind) {
	case EVENT_DMA_DRIVER:
		if (!strcmp(text, "foreign"))
			report->foreign_op = sim->op + 1;
		break;
	case EVENT_PAGE_FIELD_MISREAD:
		report->misread = misread_victim(sim, event);
		report->misread_op = sim->op;
		break;
	case EVENT_OOPS:
		finding_add(out, context, NAME, TITLE_OOPS, sim->actor, crash_victim(report, sim), sim->by,
			    "bad address 0x%08llx in %s", (unsigned long long)event->addr, text);
		break;
	case EVENT_KERNEL_BUG:
		finding_add(out, context, NAME, TITLE_KERNEL_BUG, sim->actor, crash_victim(report, sim), sim->by,
			    "BUG: %s", text);
		break;
	case EVENT_HANG:
		on_hang(context, event, out);
		break;
	case EVENT_REPORT:
		/* One that found no room for its text follows hundreds that did. */
		if (!event->text)
			break;
		finding_add(out, context, NAME, report_title(text), sim->actor, "object", sim->by, "%s", text);
		break;
	case EVENT_CHECK:
		on_check(context, event, out);
		break;
	default:
		break;
	}
}

const struct oracle oracle_kernel_report = {
	.name = NAME,
	.invariant = "The code under test does not crash, hang or report damage on legal use.",
	.state_size = sizeof(struct kernel_report),
	.wants = EVENT_BIT(PAGE_FIELD_MISREAD) | EVENT_BIT(OOPS) | EVENT_BIT(KERNEL_BUG) | EVENT_BIT(HANG) |
		 EVENT_BIT(REPORT) | EVENT_BIT(CHECK) | EVENT_BIT(DMA_DRIVER),
	.begin = begin,
	.observe = observe,
};
