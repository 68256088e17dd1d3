/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of SLAB 2.6.22 (FACTS 2.2): the little state kept outside target memory, names for the fields of
 * its structures, and what slab.c, slab_grow.c, slab_caches.c, slab_debug.c and slab_report.c need of one another.
 *
 * An "object" is what a client holds, a "buffer" the slot around it: they differ by the red word of debugging.  Arrays
 * and slabs deal in buffers.
 */
#ifndef SLABFUZZ_ALLOCATORS_SLAB_INTERNAL_H
#define SLABFUZZ_ALLOCATORS_SLAB_INTERNAL_H

#include "allocators/allocator.h"
#include "allocators/references.h"
#include "sim/page.h"

/* Internal flag bit, beside those of the client: the descriptor lies in a kmalloc cache (SLAB_CTOR is never stored). */
#define OFF_SLAB 0x80000000u
/* Debugging that has a place in every buffer; DEBUG_FREE checks lists only. */
#define OBJECT_DEBUG ((uint32_t)SLAB_RED_ZONE | (uint32_t)SLAB_POISON | (uint32_t)SLAB_STORE_USER)
#define BUFCTL_END   0xffffffffu
#define BUFCTL_FREE  0xfffffffeu /* DEBUG_FREE: handed out */
#define RED_INACTIVE UINT64_C(0x09F911029D74E35B)
#define RED_ACTIVE   UINT64_C(0xD84156C5635688C0)

enum {
	KMALLOC_SHIFT_HIGH = 22, /* 4 MiB */
	KMALLOC_SIZES = 20,      /* 32, 64, 96, 128, 192, 256 ... */
	BUFCTL_SIZE = 4,
	RED_SIZE = 8,
	CTOR_BYTE = 0xc7,
	NAME_SIZE = 32,
	REPORT_TEXT = 6144,
};

/* Only addresses of what lies in target memory, and the text of reports. */
struct slab_state {
	uint32_t sizes; /* kmalloc caches in use */
	uint32_t size[KMALLOC_SIZES];
	target_addr_t kmalloc[KMALLOC_SIZES], kmalloc_dma[KMALLOC_SIZES];
	target_addr_t caches; /* list head */
	/* RCU heads that wait for a grace period, by the cpu that queued them. */
	target_addr_t rcu_first[CPUS_MAX], rcu_last[CPUS_MAX];
	uint32_t reap_turns[CPUS_MAX]; /* how often the cpu reaped: its clock, in steps of 2 s */
	uint32_t text_used, text_begin;
	uint32_t held_count; /* buffers kept aside by policy slab_references */
	char text[REPORT_TEXT];
	struct held_objects held;
};

static inline struct slab_state *slab_state(struct allocator *a)
{
	return a->state;
}

/* Fields in kernel data: CACHE_FIELD(sim, c, num). */
#define CACHE_FIELD(sim, c, field)             target_load_field(sim, c, LF_slab_cache_##field)
#define CACHE_FIELD_SET(sim, c, field, value)  target_store_field(sim, c, LF_slab_cache_##field, value)
#define LIST3_FIELD(sim, l3, field)            target_load_field(sim, l3, LF_slab_list3_##field)
#define LIST3_FIELD_SET(sim, l3, field, value) target_store_field(sim, l3, LF_slab_list3_##field, value)
#define ARRAY_FIELD(sim, ac, field)            target_load_field(sim, ac, LF_array_cache_##field)
#define ARRAY_FIELD_SET(sim, ac, field, value) target_store_field(sim, ac, LF_array_cache_##field, value)
/* Fields in RAM. */
#define DESC_FIELD(sim, slab, field)            target_load_field(sim, slab, LF_slab_desc_##field)
#define DESC_FIELD_SET(sim, slab, field, value) slab_store(sim, slab, LF_slab_desc_##field, value, ROLE_SLAB_DESC)

/* A record that was stored over says anything; processors shift by so much of it. */
static inline unsigned slab_order(struct sim *sim, target_addr_t c)
{
	return CACHE_FIELD(sim, c, gfporder) & 31;
}

SIM_ACCESSOR void slab_store(struct sim *sim, target_addr_t base, enum layout_field field, uint64_t value,
			     enum byte_role role)
{
	struct layout_place place = sim->layout->field[field];

	target_store(sim, base + place.offset, place.width, value, role);
}

static inline target_addr_t slab_field_place(const struct sim *sim, target_addr_t base, enum layout_field field)
{
	return base + sim->layout->field[field].offset;
}

SIM_ACCESSOR uint32_t slab_flags(struct sim *sim, target_addr_t c)
{
	return (uint32_t)CACHE_FIELD(sim, c, flags);
}

static inline target_addr_t slab_array_place(const struct sim *sim, target_addr_t c, unsigned cpu)
{
	return slab_field_place(sim, c, LF_slab_cache_array) + cpu * sim->layout->word;
}

SIM_ACCESSOR target_addr_t slab_cpu_array(struct sim *sim, target_addr_t c, unsigned cpu)
{
	return target_load_word(sim, slab_array_place(sim, c, cpu));
}

static inline target_addr_t slab_entry_place(const struct sim *sim, target_addr_t ac, uint64_t index)
{
	return ac + sim->layout->size[LS_array_cache] + index * sim->layout->word;
}

static inline target_addr_t slab_bufctl_place(const struct sim *sim, target_addr_t slab, uint64_t index)
{
	return slab + sim->layout->size[LS_slab_desc] + index * BUFCTL_SIZE;
}

static inline uint64_t slab_align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* slab.c: arrays, and what moves between them and the slabs. */
target_addr_t slab_cache_alloc(struct allocator *a, target_addr_t c, gfp_t gfp);
void slab_cache_free(struct allocator *a, target_addr_t c, target_addr_t object);
void slab_copy_entries(struct sim *sim, target_addr_t to, target_addr_t from, uint64_t count);
/* Gives `count` buffers, listed at `entries`, back to their slabs. */
void slab_free_block(struct allocator *a, target_addr_t c, target_addr_t entries, uint64_t count);
/* Page of a pointer; the kmem_cache and the slab that it tells, BUG if it is no slab page. */
frame_t slab_object_page(struct sim *sim, target_addr_t object);
target_addr_t slab_page_cache(struct sim *sim, frame_t frame);
target_addr_t slab_page_slab(struct sim *sim, frame_t frame);

/* A buffer that is free onto the cpu's array; interrupts are off. */
void slab_array_put(struct allocator *a, target_addr_t c, target_addr_t buffer);

/* slab_references.c: what policy slab_references adds to alloc and free. */
void slab_object_taken(struct allocator *a, target_addr_t c, target_addr_t object);
/* True iff the object is to be freed now. */
bool slab_object_dropped(struct allocator *a, target_addr_t c, target_addr_t object);
/* True iff the buffer may not be handed out yet; it is kept aside then. */
bool slab_keeps_aside(struct allocator *a, target_addr_t c, target_addr_t buffer);
void slab_release_held(struct allocator *a);
bool slab_object_get(struct allocator *a, target_addr_t addr);
void slab_object_put(struct allocator *a, target_addr_t addr);

/* slab_grow.c: the life of a slab. */
void slab_list_add(struct sim *sim, target_addr_t slab, target_addr_t head, bool tail);
void slab_list_del(struct sim *sim, target_addr_t slab);
bool slab_grow(struct allocator *a, target_addr_t c, gfp_t gfp);
void slab_destroy(struct allocator *a, target_addr_t c, target_addr_t slab);
unsigned slab_run_callbacks(struct allocator *a, unsigned cpu);

/* slab_caches.c: sizes, create, destroy, shrink, boot. */
bool slab_init(struct allocator *a, const struct memory_region *region);
target_addr_t slab_boot_cache(struct allocator *a, const char *name);
target_addr_t slab_cache_create(struct allocator *a, const struct kmem_cache_request *request);
enum destroy_result slab_cache_destroy(struct allocator *a, target_addr_t c);
void slab_cache_shrink(struct allocator *a, target_addr_t c);
void slab_reclaim(struct allocator *a);
void slab_cpu_offline(struct allocator *a, unsigned cpu);
/* Destroys up to `most` free slabs, the longest unused first. */
void slab_drain_freelist(struct allocator *a, target_addr_t c, uint64_t most);
/* The smallest kmalloc cache that holds `size` bytes, or 0. */
target_addr_t slab_kmalloc_cache(struct allocator *a, uint64_t size, gfp_t gfp);

/* slab_reap.c */
void slab_reap(struct allocator *a, unsigned cpu);

/* slab_debug.c: what debugging does at each step of a buffer's life. */
void slab_debug_init(struct allocator *a, target_addr_t c, target_addr_t buffer);
target_addr_t slab_debug_alloc(struct allocator *a, target_addr_t c, target_addr_t buffer);
/* Returns the buffer. */
target_addr_t slab_debug_free(struct allocator *a, target_addr_t c, target_addr_t object);
void slab_debug_destroy(struct allocator *a, target_addr_t c, target_addr_t slab);
void slab_run_ctor(struct sim *sim, target_addr_t c, target_addr_t object);
/* DEBUG_FREE: the chain of a slab is as long as its count says, or BUG. */
void slab_check_chain(struct allocator *a, target_addr_t c, target_addr_t slab);

/* slab_report.c: texts in the form of FACTS 7.3. */
void slab_say(struct allocator *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void slab_report_end(struct allocator *a, target_addr_t addr);
/* A BUG whose text is what was said. */
_Noreturn void slab_bug(struct allocator *a);
/* buffer 0: the kmem_cache itself is wrong. */
void slab_error(struct allocator *a, target_addr_t c, const char *function, const char *text, target_addr_t buffer);
void slab_report_poison(struct allocator *a, target_addr_t c, target_addr_t buffer);
void slab_say_descriptor(struct allocator *a, target_addr_t c, target_addr_t slab);
/* The name of a kmem_cache into name[NAME_SIZE]. */
const char *slab_name(struct allocator *a, target_addr_t c, char *name);
/* An address as pfn:offset into text[24]. */
const char *slab_address(target_addr_t addr, char *text);

/* slab_invariants.c */
const char *slab_invariants(struct allocator *a);
void slab_shape(struct allocator *a, struct shape *shape);

#endif
