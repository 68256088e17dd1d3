/* SPDX-License-Identifier: MIT */
/*
 * The contract of an oracle: {name, invariant, state, wants, begin, observe, end}.  Three laws: read-only; own shadow,
 * never trusting the suspect's metadata; not told by the suspect (sim/event.h).
 */
#ifndef SLABFUZZ_ORACLES_ORACLE_H
#define SLABFUZZ_ORACLES_ORACLE_H

#include "allocators/allocator.h"

enum grade { GRADE_HAZARD, GRADE_DAMAGE };

/* TITLE(enum, "text", grade, "meaning"): every title a finding may have (DESIGN 6). */
enum title {
#define TITLE(name, text, grade, help) TITLE_##name,
#include "oracles/titles.def"
#undef TITLE
	TITLE_COUNT
};

struct title_row {
	const char *name, *help;
	enum grade grade;
};
extern const struct title_row title_rows[TITLE_COUNT];

enum { FINDINGS_MAX = 16, SIGNATURE_MAX = 120, DETAIL_MAX = 2048 };

struct finding {
	enum title title;
	const char *oracle;
	char signature[SIGNATURE_MAX]; /* title/culprit/victim/by */
	char detail[DETAIL_MAX];       /* lines for the report: bytes, ranges, owners */
	uint32_t op;                   /* number of the op under way */
};

/* Of one run; deduplicated by signature, in order of appearance. */
struct findings {
	unsigned count;
	struct finding list[FINDINGS_MAX];
};

/* What the executor knows about an object: the ground truth of oracles.  Index = handle. */
enum object_state { OBJECT_NEVER, OBJECT_LIVE, OBJECT_FREED };

/* What the client asked for beyond a size. */
enum object_birth { BIRTH_PLAIN, BIRTH_ZEROED, BIRTH_RESIZED };

/* What other cpus may know of an object: nothing, a pointer that they may have followed, one that they can find. */
enum published { PUBLISHED_NEVER, PUBLISHED_ONCE, PUBLISHED_NOW };

/* Who made an object: kmalloc() by its size, a kmem_cache that the program created, one of boot, or the page allocator,
 * of whose buffers nothing holds that an allocator promises. */
enum origin_kind { ORIGIN_KMALLOC, ORIGIN_CREATED, ORIGIN_BOOT, ORIGIN_PAGES };

struct origin {
	enum origin_kind kind;
	uint32_t index; /* handle of a created kmem_cache, number of one of boot, else 0; read by origin_index() */
};

/* The only way to an origin's index: false, and *index untouched, if it is of another kind. */
static inline bool origin_index(struct origin origin, enum origin_kind kind, uint32_t *index)
{
	if (origin.kind != kind)
		return false;
	*index = origin.index;
	return true;
}

static inline bool origin_same(struct origin a, struct origin b)
{
	return a.kind == b.kind && a.index == b.index;
}

/* The number that events and their log have for an origin (sim/event.h); nothing else computes with it. */
static inline uint64_t origin_number(struct origin origin)
{
	static const uint32_t base[] = {
		[ORIGIN_KMALLOC] = 0, [ORIGIN_CREATED] = 1, [ORIGIN_BOOT] = 0x80000001u, [ORIGIN_PAGES] = 0x40000000u};

	return base[origin.kind] + origin.index;
}

struct object {
	target_addr_t addr;
	uint64_t size; /* bytes asked for */
	struct origin origin;
	uint32_t client;   /* who owns it: its own handle */
	uint8_t state;     /* enum object_state */
	bool rcu;          /* of a DESTROY_BY_RCU cache */
	bool dying;        /* given to call_rcu() */
	uint8_t published; /* enum published */
	uint8_t birth;     /* enum object_birth */
	uint32_t freed_by; /* op number */
	uint32_t freed_at; /* RCU readers that had begun before */
	uint32_t mapping;  /* handle + 1 of the live mapping, 0 = none */
};

/* Read-only view of the world for oracles. */
struct oracle_context {
	const struct sim *sim;
	const struct allocator *allocator;
	const struct object *objects; /* by handle */
	const uint32_t *object_count; /* handles yielded so far */
	bool misuse;                  /* the program may break the API */
	bool damage;                  /* devices may write where they must not: fault points of kind damage */
	unsigned depth;               /* ops under way: 1 between an op's OP_BEGIN and OP_END, 2 in one inside it */
	unsigned run, runs;           /* the program runs once per allocator; this is run 0.. of so many */
};

/* Worlds in which an oracle has nothing to judge: it gets no events there, which makes them cheaper.  Alone: the
 * program runs with one allocator only. */
enum oracle_idle { IDLE_IF_COHERENT = 1, IDLE_IF_MISUSE = 2, IDLE_IF_LEGAL = 4, IDLE_IF_ALONE = 8 };

struct oracle {
	const char *name;
	const char *invariant;
	uint32_t state_size; /* bytes; the world owns them, zeroed once, kept between programs: begin() resets what was
				used */
	uint64_t wants;      /* EVENT_BIT mask */
	uint64_t wants_in_misuse; /* these, too, in worlds that allow misuse */
	unsigned idle;            /* enum oracle_idle mask */
	void (*begin)(void *state, const struct oracle_context *context);
	void (*observe)(void *state, const struct oracle_context *context, const struct event *event,
			struct findings *out);
	/* After the last op, whatever ended the program; may be NULL. */
	void (*end)(void *state, const struct oracle_context *context, struct findings *out);
	void (*destroy)(void *state); /* frees side tables; may be NULL */
};

/*
 * Adds a finding unless its signature is there already; returns it, or NULL if it is a repetition or the list is full.
 * victim is a page-field owner or byte role; by is the op or policy.  format is the detail, may be NULL.
 */
struct finding *finding_add(struct findings *out, const struct oracle_context *context, const char *oracle,
			    enum title title, const char *culprit, const char *victim, const char *by,
			    const char *format, ...) __attribute__((format(printf, 8, 9)));
/* Appends a line to the detail; NULL finding is allowed. */
void finding_detail(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Live object that holds a byte, its handle in *handle, or NULL. */
const struct object *object_at(const struct oracle_context *context, target_addr_t addr, uint32_t *handle);
/* Name of what a byte of target memory belongs to: object, free-object, a byte role, free-page ... (sim/byte_owner). */
const char *byte_owner_name(const struct oracle_context *context, target_addr_t addr, uint32_t *handle);

#endif
