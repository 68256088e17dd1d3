/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine: one struct, passed explicitly; nothing outlives it but the fixed mapping of target memory.
 *
 * Target memory is two ranges of real, fixed host addresses below 4 GiB.  RAM: frames, struct page, cache lines. Kernel
 * data: mem_map and the kernel's own structures, without page frames and outside the cache emulation.
 */
#ifndef SLABFUZZ_SIM_SIM_H
#define SLABFUZZ_SIM_SIM_H

#include <setjmp.h>

#include "sim/arch.h"
#include "sim/asan.h"
#include "sim/event.h"
#include "sim/fault.h"
#include "sim/invariant.h"
#include "sim/page_fields.h"
#include "sim/point.h"

#define RAM_BASE         UINT64_C(0x50000000)
#define RAM_SIZE_MAX     UINT64_C(0x04000000) /* 64 MiB */
#define KERNEL_BASE      UINT64_C(0x54000000)
#define KERNEL_SIZE      UINT64_C(0x00200000)
#define KERNEL_HEAP_BASE UINT64_C(0x54100000) /* mem_map lies below it */
#define KERNEL_HEAP_SIZE UINT64_C(0x00040000)
/* Addresses that a machine has and this one keeps nothing at: only to be told apart. */
#define KERNEL_TEXT_BASE  UINT64_C(0x54200000)
#define KERNEL_TEXT_SIZE  UINT64_C(0x00100000)
#define KERNEL_STACK_BASE UINT64_C(0x54300000)
#define KERNEL_STACK_SIZE UINT64_C(0x00002000)
#define VMALLOC_BASE      UINT64_C(0xe0000000)
#define RAM_PFN           (RAM_BASE >> PAGE_SHIFT)
#define RAM_FRAMES_MAX    (RAM_SIZE_MAX >> PAGE_SHIFT)
#define KERNEL_CHUNK      256u /* bytes: granule of reset */
#define KERNEL_CHUNKS     (KERNEL_SIZE / KERNEL_CHUNK)
#define STEPS_PER_OP      2000000u /* target memory accesses before an op counts as hung */

/* Second addresses of frames, outside the linear map; there is no host memory. */
#define VMAP_BASE UINT64_C(0xe0000000)

enum line_bits { LINE_PRESENT = 1, LINE_DIRTY = 2 };

/* Used frames are clean until the first access, so that a reset need not clear what was allocated but never used. */
enum frame_state { FRAME_FREE = 0, FRAME_USED = 1, FRAME_TOUCHED = 2 };

/* What a metadata byte is for, recorded by the accessors; only names the victim of a finding (DESIGN 3, Attribution).
 */
#define BYTE_ROLE_TABLE(ROLE)                                                                                          \
	ROLE(NONE, "none")                                                                                             \
	ROLE(ALLOCATOR, "allocator")                                                                                   \
	ROLE(FREE_POINTER, "free-pointer")                                                                             \
	ROLE(REDZONE, "redzone")                                                                                       \
	ROLE(POISON, "poison")                                                                                         \
	ROLE(PADDING, "padding")                                                                                       \
	ROLE(TRACK, "track")                                                                                           \
	ROLE(BUFCTL, "bufctl")                                                                                         \
	ROLE(SLAB_DESC, "slab-desc")                                                                                   \
	ROLE(SLOB_HEADER, "slob-header")                                                                               \
	ROLE(KMEM_CACHE, "kmem-cache")                                                                                 \
	ROLE(RCU_HEAD, "rcu-head")                                                                                     \
	ROLE(OBJECT_COUNT, "object-count")

enum byte_role {
#define ROLE(role, name) ROLE_##role,
	BYTE_ROLE_TABLE(ROLE)
#undef ROLE
		ROLE_COUNT
};
extern const char *const byte_role_names[ROLE_COUNT];

/* A complete copy of kernel data after boot, restored chunk by chunk; one per world configuration. */
struct boot_image {
	bool valid;
	uint8_t *bytes;  /* KERNEL_SIZE */
	uint8_t *shadow; /* KERNEL_HEAP_SIZE / 8 */
	uint32_t heap_next;
	target_addr_t zone;
	uint32_t chunk_count;
	uint32_t *chunks; /* those that differ from zero */
};

struct sim {
	/* Configuration, constant between sim_configure() calls. */
	const struct arch *arch;
	const struct layout *layout;
	const char *actor; /* the code under test, for reports: the allocator's name */
	uint8_t policy[POLICY_COUNT];
	bool debug_vm;
	bool big_endian;
	bool native; /* as configured: frames that nobody owns are poisoned */
	unsigned cpus;
	uint32_t ram_frames;
	uint64_t ram_size; /* bytes */
	uint32_t zone_dma; /* frames below this one are ZONE_DMA; 0 = the machine has one zone, which serves GFP_DMA */
	uint32_t page_struct_size;

	/* Hot: read by every access. */
	uint8_t *lines; /* enum line_bits per line of RAM; NULL if coherent */
	uint8_t line_shift;
	uint8_t *frame_state; /* enum frame_state per frame */
	uint8_t *roles;       /* enum byte_role per byte of RAM */
	uint32_t steps;       /* left in this op */

	/* Rest of the machine. */
	uint8_t *line_table, *ram_view_table, *outer_line_table, *outer_view_table;
	uint8_t *outer_lines;   /* enum line_bits of the outer cache; NULL without one */
	uint8_t *outer_view;    /* what it holds; where it holds nothing, what RAM holds */
	uint8_t *ram_view;      /* what a bus master sees; on a coherent row the CPU view itself */
	uint8_t *page_writers;  /* enum page_owner per struct page word: [frame * PAGE_WORD_COUNT + word] */
	uint8_t *kernel_shadow; /* per 8 bytes of the kernel heap: 0 = nobody's, 1 = in use, 2 = freed */
	uint8_t *chunk_dirty;
	uint32_t *dirty_chunks;
	uint32_t dirty_chunk_count;
	uint8_t *frame_touched;
	uint32_t *touched_frames;
	uint8_t *frame_block;  /* 1 + largest order in which a block at the frame was handed out since reset */
	uint32_t *used_blocks; /* those blocks: frame | order << 24 */
	uint32_t used_count;
	uint32_t touched_count;
	uint32_t heap_next;           /* bytes used of the kernel heap */
	target_addr_t zone;           /* struct zone of sim/page_alloc.c */
	struct boot_image *boot;      /* restored at reset; NULL while booting */
	struct dma_device *device;    /* of backends/dma_device.h: the bus master; NULL = one that reaches all of RAM */
	struct user_view *user_views; /* sim/user_view.h: USER_VIEWS_MAX */
	struct store_buffer *stores;  /* sim/store_buffer.h */

	/* Of the running program. */
	struct faults faults;
	unsigned cpu;
	bool irqs_off;
	uint32_t rcu_readers;          /* sections open, on all cpus */
	uint8_t rcu_nesting[CPUS_MAX]; /* of them on each cpu */
	uint8_t rcu_waits;             /* mask of cpus whose readers began before the last callback was queued */
	uint32_t preempt_count;        /* > 0: a spinlock is held, nothing may sleep */
	uint32_t user_view_count;      /* used elements of user_views */
	target_addr_t region_next, region_end; /* what region_more() may hand out */
	bool stores_used;                      /* since reset */
	uint32_t store_count;                  /* used elements of stores->pending */
	bool declined_before;                  /* a reference to a frozen slab page was declined: warn once */
	target_addr_t fault_address;           /* of the last oops */
	const char *by;                        /* the op under way */
	const char *running;      /* backend whose code runs, culprit of what it does; NULL = the allocator */
	uint32_t op;              /* its number */
	jmp_buf *recovery;        /* where an oops, BUG or hang unwinds to */
	volatile bool under_test; /* code under test runs (sim/invariant.h) */
	volatile bool overdue;    /* a watchdog waits until the code under test goes on, to end it */

	void (*observe)(void *context, const struct event *event);
	void *observe_context;
	/* Called at the preemption points (sim/point.def); NULL unless a schedule wants to come between. */
	void (*preempt)(void *context, enum preempt_point point);
	void *preempt_context;
	bool allocated_ok; /* sim_create() succeeded */
};

/*
 * Maps target memory and allocates the side tables, once per process or test.  False (and a line on stderr) iff the
 * fixed range is taken.  sim_destroy() unmaps.
 */
bool sim_create(struct sim *sim);
void sim_destroy(struct sim *sim);

struct sim_config {
	const struct arch *arch;
	const char *actor;
	const uint8_t *policy; /* POLICY_COUNT values */
	bool debug_vm;
	unsigned cpus;       /* 0 = the row's */
	uint32_t ram_frames; /* 0 = 1024 */
	uint32_t zone_dma;   /* frames of ZONE_DMA, 0 = no such zone */
	bool native;         /* the allocator touches memory itself: ASan builds poison the frames that nobody owns */
};

/* Sets the machine up from nothing: clears all that was touched, builds mem_map and the free lists.  No boot image. */
void sim_configure(struct sim *sim, const struct sim_config *config);
/* Records the state after boot in *image (buffers are allocated on first use). */
void sim_save_boot(struct sim *sim, struct boot_image *image);
/* Back to image, which must belong to the configuration in force or be followed by sim_configure_same(). Cost: what was
 * touched. */
void sim_reset(struct sim *sim, struct boot_image *image);
/* Switches to another configuration whose image exists: the tables of *config, then the memory of *image. */
void sim_switch(struct sim *sim, const struct sim_config *config, struct boot_image *image);
void boot_image_free(struct boot_image *image);

/* Frames that get an owner, and that lose it.  Models look before they touch; of native code ASan is told. */
static inline void sim_own(struct sim *sim, target_addr_t addr, uint64_t size)
{
	if (sim->native)
		sim_unpoison(addr, size);
}

static inline void sim_disown(struct sim *sim, target_addr_t addr, uint64_t size)
{
	if (sim->native)
		sim_poison(addr, size);
}

/* ARCH_KMALLOC_MINALIGN of this world (FACTS 3.1), bytes. */
static inline uint32_t sim_kmalloc_minalign(const struct sim *sim)
{
	if (sim->policy[POLICY_kmalloc_minalign] == KMALLOC_MINALIGN_LINE)
		return 1u << sim->arch->line_shift;
	if (sim->policy[POLICY_kmalloc_minalign] == KMALLOC_MINALIGN_LATER)
		return arch_kmalloc_minalign_later(sim->arch);
	if (sim->policy[POLICY_kmalloc_minalign] == KMALLOC_MINALIGN_BOUNCED)
		return sim->arch->kmalloc_bounces ? 8 : arch_kmalloc_minalign_later(sim->arch);
	return sim->arch->kmalloc_minalign;
}

/* What the DMA API does on this machine in the era of the world. */
static inline const struct dma_code *sim_dma_code(const struct sim *sim)
{
	return sim->policy[POLICY_dma_code] && sim->arch->dma_later ? sim->arch->dma_later : sim->arch->dma;
}

/* Mappings that are small by their size alone go through bounce slots on this machine (FACTS 4.4). */
static inline bool sim_kmalloc_bounces(const struct sim *sim)
{
	uint8_t bounce = sim->policy[POLICY_kmalloc_bounce];

	return bounce == KMALLOC_BOUNCE_ARCH ? sim->arch->kmalloc_bounces : bounce == KMALLOC_BOUNCE_ON;
}

/* Bytes that DMA maintenance rounds to, a power of two: the line, or the page where a platform can drop no less (C53).
 */
static inline uint64_t sim_dma_granule(const struct sim *sim)
{
	return sim->policy[POLICY_dma_granule] ? PAGE_SIZE : UINT64_C(1) << sim->line_shift;
}

SIM_ACCESSOR void sim_emit(struct sim *sim, const struct event *event)
{
	if (sim->observe)
		sim->observe(sim->observe_context, event);
}

/* The hit is counted; false as long as no fault is asked for. */
static inline bool fault_hit(struct sim *sim, enum fault_point point)
{
	sim->faults.hits[point]++;
	return unlikely(sim->faults.armed | sim->faults.fail_nth);
}

/*
 * True iff the call must fail now, or the event come; emits FAULT_TRIPPED.  __GFP_NOFAIL callers do not ask.  The rest
 * of the arguments initialise a struct fault_call; they are not looked at as long as no fault is asked for.
 */
#define should_fail(sim, point, ...)                                                                                   \
	(fault_hit(sim, point) && fault_decide(sim, point, &(const struct fault_call){__VA_ARGS__}))

/* A BUG(): emits KERNEL_BUG with the text and unwinds the op. */
_Noreturn void sim_bug(struct sim *sim, const char *text);
/* A bad address: emits OOPS with `where` and unwinds the op. */
_Noreturn void sim_oops(struct sim *sim, target_addr_t addr, const char *where);
_Noreturn void sim_hang(struct sim *sim);
/* The same by the clock, not by steps: where it stood by then is chance, so event logs leave it out. */
_Noreturn void sim_hang_by_clock(struct sim *sim);

/* What metadata is divided by: a zero there is a divide error of the target. */
static inline uint64_t sim_divisor(struct sim *sim, uint64_t divisor)
{
	if (unlikely(!divisor))
		sim_oops(sim, 0, "divide");
	return divisor;
}

/* A point that is open, unless a caller has interrupts off and with it perhaps a lock: then nothing comes. */
SIM_ACCESSOR void sim_preempt_point(struct sim *sim, enum preempt_point point)
{
	if (unlikely(sim->preempt != NULL) && !sim->irqs_off)
		sim->preempt(sim->preempt_context, point);
}

/* A point that is closed or locked: code with interrupts off touches what other cpus may touch at the same time. */
SIM_ACCESSOR void sim_race_point(struct sim *sim, enum preempt_point point)
{
	if (unlikely(sim->preempt != NULL))
		sim->preempt(sim->preempt_context, point);
}

/*
 * A grace period ends: emits GRACE_PERIOD.  For models that wait for one (synchronize_rcu, rcu_barrier); waiting inside
 * a reader would never end, so that is a hang.
 */
void sim_synchronize_rcu(struct sim *sim);

/* A callback is queued: emits the event, and remembers the readers that its grace period waits for (C85). */
void sim_rcu_queue(struct sim *sim, const struct event *event);
/* Quiescent: no reader is left that began before the last callback was queued. */
static inline bool sim_rcu_may_end(const struct sim *sim)
{
	return !sim->rcu_waits;
}

/* __might_sleep(): CHECK with a spinlock held, then the caller sleeps all the same, as in the kernel. */
void sim_might_sleep(struct sim *sim);
/* A check of the kernel outside the allocator complains; the kernel goes on. */
void sim_check(struct sim *sim, target_addr_t addr, const char *text);

/* Kernel data without page frames (kmem_cache structures, shrink's buckets).  0 if full; memory is never reused in a
 * program. */
target_addr_t kernel_alloc(struct sim *sim, uint32_t size);
/* The same for what the machine has from boot on, even if it is made when somebody asks first: no fault point. */
target_addr_t kernel_alloc_boot(struct sim *sim, uint32_t size);
/* Freed kernel data stays readable as it was; touching it emits UNOWNED (a use after free). */
void kernel_free(struct sim *sim, target_addr_t addr, uint32_t size);

#endif
