/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of SLUB 2.6.22 (FACTS 2.3): the little state kept outside target memory, names for the fields of
 * a kmem_cache, and what slub.c, slub_caches.c, slub_debug.c, slub_report.c and slub_shrink.c need of one another.
 */
#ifndef SLABFUZZ_ALLOCATORS_SLUB_INTERNAL_H
#define SLABFUZZ_ALLOCATORS_SLUB_INTERNAL_H

#include "allocators/allocator.h"
#include "allocators/references.h"
#include "sim/page.h"

/* Internal flag bits, beside those of the client (FACTS 2.1). */
#define SLAB_TRACE    0x00200000u
#define OBJECT_POISON 0x80000000u /* POISON without RCU and ctor; SLAB_CTOR itself is never stored */
#define DEBUG_FLAGS                                                                                                    \
	((uint32_t)SLAB_DEBUG_FREE | (uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_POISON | (uint32_t)SLAB_STORE_USER |     \
	 SLAB_TRACE)

enum {
	MIN_PARTIAL = 2,
	MAX_PARTIAL = 10,
	DEBUG_WORDS_MAX = 65535, /* larger objects are not debugged */
	ZERO_SIZE_PTR = 16,
	KMALLOC_SHIFT_LOW = 3,
	KMALLOC_SHIFT_HIGH = 22,                 /* 4 MiB */
	KMALLOC_CACHES = KMALLOC_SHIFT_HIGH + 1, /* index 1 is 96, index 2 is 192 */
	CTOR_BYTE = 0xc7,
	NAME_SIZE = 32,
	REPORT_TEXT = 6144,
};

/* What an operation that checks abort leaves undone, as its report says last. */
enum slub_undone { UNDONE_NOTHING, UNDONE_ALLOC, UNDONE_FREE };

/* Only addresses of what lies in target memory, and the text of reports. */
struct slub_state {
	target_addr_t kmalloc[KMALLOC_CACHES];
	target_addr_t kmalloc_dma[KMALLOC_CACHES]; /* created on first use */
	target_addr_t slab_caches;                 /* list head */
	target_addr_t rcu_first, rcu_last;         /* lru words of the slabs that wait for a grace period */
	uint32_t errors;                           /* reports so far */
	uint32_t text_used, text_begin;
	enum slub_undone undone; /* if a check fails now, */
	target_addr_t undone_object;
	frame_t undone_slab;
	uint32_t held_count; /* objects kept aside by policy slab_references */
	char text[REPORT_TEXT];
	struct held_objects held;
};

static inline struct slub_state *slub_state(struct allocator *a)
{
	return a->state;
}

/* A kmem_cache field: CACHE_FIELD(sim, s, objects). */
#define CACHE_FIELD(sim, s, field)            target_load_field(sim, s, LF_kmem_cache_##field)
#define CACHE_FIELD_SET(sim, s, field, value) target_store_field(sim, s, LF_kmem_cache_##field, value)

/* A record that was stored over says anything; processors shift by so much of it. */
static inline unsigned slub_order(struct sim *sim, target_addr_t s)
{
	return CACHE_FIELD(sim, s, order) & 31;
}

static inline target_addr_t cache_list(const struct sim *sim, target_addr_t s, enum layout_field list)
{
	return s + sim->layout->field[list].offset;
}

SIM_ACCESSOR uint32_t cache_flags(struct sim *sim, target_addr_t s)
{
	return (uint32_t)CACHE_FIELD(sim, s, flags);
}

static inline target_addr_t cpu_slab_place(const struct sim *sim, target_addr_t s, unsigned cpu)
{
	return s + sim->layout->field[LF_kmem_cache_cpu_slab].offset + cpu * sim->layout->word;
}

/* Frame of a struct page pointer read from memory; a wild one faults where the page's field would be read. */
SIM_ACCESSOR frame_t slub_page_frame(struct sim *sim, target_addr_t page)
{
	frame_t frame = page_struct_frame(sim, page);

	if (unlikely(frame == FRAME_NONE))
		sim_oops(sim, page, "struct page outside mem_map");
	return frame;
}

SIM_ACCESSOR frame_t slub_link_frame(struct sim *sim, target_addr_t link)
{
	frame_t frame = page_of_lru(sim, link);

	if (unlikely(frame == FRAME_NONE))
		sim_oops(sim, link, "slab list");
	return frame;
}

SIM_ACCESSOR bool slab_debug(struct sim *sim, frame_t slab)
{
	return page_flag(sim, slab, PG_error);
}

/* Setters of the era are a load and a store: what another cpu sets in between is lost (FACTS 1.3, C47). */
SIM_ACCESSOR void slub_set_frozen(struct sim *sim, frame_t slab, bool frozen)
{
	uint32_t flags = page_flags(sim, slab), bit = 1u << PG_active;

	sim_race_point(sim, POINT_slub_flags);
	page_put_flags(sim, slab, frozen ? flags | bit : flags & ~bit);
}

static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* Size of a track record {addr, cpu, pid, jiffies}. */
SIM_ACCESSOR uint32_t track_size(const struct sim *sim)
{
	return 2u * sim->layout->word + 8;
}

/* slub.c: slabs and their lists. */
void slub_add_partial(struct sim *sim, target_addr_t s, frame_t slab, bool tail);
void slub_remove_partial(struct sim *sim, target_addr_t s, frame_t slab);
void slub_discard_slab(struct allocator *a, target_addr_t s, frame_t slab);
void slub_flush_cpu_slab(struct allocator *a, target_addr_t s, unsigned cpu);
void slub_flush_all(struct allocator *a, target_addr_t s);
/* Its grace period is over. */
void slub_rcu_free_slab(struct allocator *a, frame_t slab);

void slub_unfreeze_slab(struct allocator *a, target_addr_t s, frame_t slab);
void slub_free_object(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
/* Onto the slab's chain, what debugging does at a free is done. */
void slub_give_back(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);

/* slub_rcu.c */
unsigned slub_run_callbacks(struct allocator *a, target_addr_t only);

/* slub_references.c: what policy slab_references adds to alloc and free. */
void slub_object_taken(struct allocator *a, target_addr_t object);
/* True iff the object is to be freed now. */
bool slub_object_dropped(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
/* Objects that were kept aside, and need not be any more. */
void slub_release_held(struct allocator *a);
bool slub_object_get(struct allocator *a, target_addr_t addr);
void slub_object_put(struct allocator *a, target_addr_t addr);

/* slub_caches.c: sizes, merging, create, destroy, boot. */
bool slub_init(struct allocator *a, const struct memory_region *region);
target_addr_t slub_boot_cache(struct allocator *a, const char *name);
target_addr_t slub_cache_create(struct allocator *a, const struct kmem_cache_request *request);
enum destroy_result slub_cache_destroy(struct allocator *a, target_addr_t s);
target_addr_t slub_kmalloc_cache(struct allocator *a, uint64_t size, gfp_t gfp);

/* slub_debug.c: checks of debug slabs.  All repair what they report. */
void slub_init_object(struct allocator *a, target_addr_t s, target_addr_t object, bool active);
void slub_init_tracking(struct allocator *a, target_addr_t s, target_addr_t object);
bool slub_check_slab(struct allocator *a, target_addr_t s, frame_t slab);
bool slub_check_object(struct allocator *a, target_addr_t s, target_addr_t object, bool active);
/* object 0: is the whole chain sound? */
bool slub_on_freelist(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
bool slub_alloc_checks(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
/* Is the slab one of this kmem_cache?  Reports it if not. */
bool slub_belongs(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
bool slub_free_checks(struct allocator *a, target_addr_t s, frame_t slab, target_addr_t object);
void slub_check_all_free(struct allocator *a, target_addr_t s, frame_t slab);

/* slub_report.c: texts in the form of FACTS 7.2. */
void slub_say(struct allocator *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void slub_report_end(struct allocator *a, target_addr_t addr);
/* The same for a check that aborts the alloc or free under way, if there is one. */
void slub_report_abort(struct allocator *a, target_addr_t s, target_addr_t addr);
/* Bytes that should all have one value; `what` names them for the repair. */
struct slub_damage {
	target_addr_t from, to;
	const char *what;
	uint8_t value;
};
/* damage may be NULL.  The caller goes on with its repairs and ends the report. */
void slub_object_err(struct allocator *a, target_addr_t s, target_addr_t object, const char *reason,
		     const struct slub_damage *damage);
/* What was done about it. */
void slub_say_fix(struct allocator *a, target_addr_t s, const char *action);
void slub_say_repair(struct allocator *a, target_addr_t s, const struct slub_damage *damage);
void slub_slab_err(struct allocator *a, target_addr_t s, frame_t slab, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The name of a kmem_cache into name[NAME_SIZE]. */
const char *slub_name(struct allocator *a, target_addr_t s, char *name);
/* An address as pfn:offset into text[24]. */
const char *slub_address(target_addr_t addr, char *text);

/* slub_shrink.c: shrink, validate, offline and the invariants. */
void slub_cache_shrink(struct allocator *a, target_addr_t s);
void slub_reclaim(struct allocator *a);
unsigned slub_cache_validate(struct allocator *a, target_addr_t s);
void slub_cpu_offline(struct allocator *a, unsigned cpu);

/* slub_invariants.c */
const char *slub_invariants(struct allocator *a);
void slub_shape(struct allocator *a, struct shape *shape);

#endif
