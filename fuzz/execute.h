/* SPDX-License-Identifier: MIT */
/*
 * Runs a program in a world.  One run_<verb>() per op (fuzz/ops_*.c): it judges the op's precondition on the executor's
 * own shadow, never on the allocator, calls the code under test and records what the client now holds.
 */
#ifndef SLABFUZZ_FUZZ_EXECUTE_H
#define SLABFUZZ_FUZZ_EXECUTE_H

#include "backends/dma.h"
#include "backends/dma_pool.h"
#include "backends/page_table.h"
#include "fuzz/io.h"
#include "fuzz/schedule.h"
#include "fuzz/world.h"
#include "program/text.h"

enum { OBJECT_HANDLES_MAX = PROGRAM_OPS_MAX * PROGRAM_REPEAT_MAX };

struct kmem_cache_handle {
	target_addr_t addr; /* 0 = creation failed or destroyed */
	uint64_t size;
	uint32_t align, flags;
	uint32_t live_objects;
	char name[12];
};

struct page_handle {
	frame_t frame;
	uint8_t order;
	bool live;
	bool compound;             /* or a single page: its references count at one place */
	uint32_t object;           /* handle + 1 of the object that virt_to_page was asked of, 0 = from alloc_pages */
	uint32_t extra_references; /* by get_page */
	uint32_t mappings;         /* live DMA mappings */
	uint32_t vmap_of;          /* handle + 1 of the page that this names by a second address, 0 = linear map */
	/* For fuzz/ops_map.c. */
	uint32_t pinned;     /* entries of user mappings for which the client promised that the page stays */
	uint32_t outside;    /* pfn + 1 that is no page of the page allocator; 0 = it is one */
	uint32_t stored_vma; /* by which user mapping */
	uint8_t stored;      /* enum page_stored: by whom, since the last flush_dcache_page() */
	uint8_t file, index; /* where in the page cache, if */
	bool cached;
};

/* Stores to a client's page that another alias may not see yet. */
enum page_stored { STORED_BY_KERNEL = 1, STORED_BY_USER = 2 };

enum { LOCKS_MAX = 8 };

struct held_lock {
	uint32_t object;
	target_addr_t addr;
};

/* Which call made a mapping; each is undone by its own. */
enum mapping_how {
	MAPPED_SINGLE,
	MAPPED_PAGE,
	MAPPED_SG,
	MAPPED_COHERENT,
	MAPPED_NONCOHERENT,
	MAPPED_POOL,
};

struct mapping_handle {
	uint64_t dma;  /* of a scatter list: of its first entry */
	uint64_t size; /* of a scatter list: of all entries */
	uint8_t direction;
	bool live;
	bool busy;                    /* a call on it is under way, and others keep away */
	bool cpu_owns;                /* between sync_for_cpu and sync_for_device: */
	uint64_t cpu_from, cpu_until; /* these offsets */
	uint32_t memory; /* the MEMORY argument it maps, HANDLE_NONE for a scatter list and memory of its own */
	uint8_t how;     /* enum mapping_how */
	uint32_t sg;     /* handle, if MAPPED_SG */
	uint32_t pool;   /* handle, if MAPPED_POOL */
	struct coherent_area area; /* if the mapping brought its memory */
};

struct pool_handle {
	bool live;
	uint32_t blocks; /* handed out and not freed */
	struct dma_pool pool;
};

enum { SG_ENTRIES_MAX = 8 };

/* struct scatterlist[]: an entry is the page of its first byte, an offset and a length that nothing bounds. */
struct sg_handle {
	uint32_t count;    /* of entries */
	uint32_t mappings; /* live DMA mappings */
	struct sg_entry {
		target_addr_t addr;
		uint64_t size;
		uint32_t memory; /* the MEMORY argument it was made of */
	} entries[SG_ENTRIES_MAX];
};

/* An object that an op under way still uses; ops nest, and so do these, each in its op's frame. */
struct busy {
	uint32_t handle;
	struct busy *outer;
};

/* A device write under way, which lands before its mapping goes (FAULT_late_write). */
struct late_write {
	bool pending;
	struct op op;
};

/* State of a run, reused: reset costs the handles that were yielded. */
struct executor {
	struct world *world;
	struct sim *sim;
	struct allocator *allocator;
	const struct program *program;
	uint32_t first[PROGRAM_OPS_MAX]; /* first handle of each op */
	uint32_t yield;                  /* first handle of the op under way */
	uint32_t count[YIELDS_COUNT];    /* handles of each class yielded so far */
	struct object *objects;          /* OBJECT_HANDLES_MAX */
	uint32_t *object_pins;           /* references taken by get_page through an object */
	struct kmem_cache_handle caches[PROGRAM_OPS_MAX];
	struct page_handle pages[PROGRAM_OPS_MAX];
	struct mapping_handle mappings[PROGRAM_OPS_MAX];
	struct pool_handle pools[PROGRAM_OPS_MAX];
	struct dma_device device;
	struct sg_handle lists[PROGRAM_OPS_MAX];
	struct bio_handle bios[PROGRAM_OPS_MAX];
	struct skb_handle skbs[PROGRAM_OPS_MAX];
	struct page_frag frag; /* of alloc_buffer */
	bool skipped[PROGRAM_OPS_MAX];
	struct page_tables mm;
	struct late_write late;
	target_addr_t flipped; /* by the last flip of the run, 0 = none */
	/* RCU: objects that wait for call_rcu()'s callback; locks that readers hold; readers that began so far. */
	uint32_t rcu_queue[PROGRAM_OPS_MAX]; /* objects given to call_rcu(), rcu_queued of them */
	uint32_t rcu_queued, lock_count, readers_begun;
	uint32_t reader[CPUS_MAX]; /* number of the section that is open on a cpu */
	struct held_lock locks[LOCKS_MAX];
	struct schedule schedule;
	/* > 0: an interrupt block runs, or one amid code with interrupts off; it may not sleep. */
	unsigned in_irq;
	bool chain_mutex;              /* an op under way makes, destroys or shrinks kmem_caches */
	struct busy *busy;             /* innermost object that an op under way still uses; NULL = none */
	uint64_t runs;                 /* since executor_create() */
	bool over;                     /* an oops, BUG or hang ended the program */
	bool misused;                  /* some op broke the API */
	bool ending;                   /* oracles look at what is left */
	const struct program *running; /* the program under way, NULL between runs */
	/* Of a sweep: in force from the first op on; injected_count of them. */
	const struct fault_injection *injected;
	unsigned injected_count;
	jmp_buf recovery;
};

bool executor_create(struct executor *x, struct world *world);
void executor_destroy(struct executor *x);

/*
 * Prepares the world for *config and runs the whole program, with its peers before.  Findings are in x->world->findings
 * afterwards; x->skipped tells which ops failed their precondition.
 */
void executor_run(struct executor *x, const struct program *p, const struct world_config *config);

/* Evaluates an assertion on the state after the last op; false and a sentence in *why if it does not hold. */
bool executor_assert(struct executor *x, const struct program_assert *a, char *why, size_t size);

/*
 * Handles, checked: what is wrong here is the framework's mistake, not the program's.  The slot of what the op under
 * way yields; of an object, the i-th one.
 */
static inline uint32_t yielded(const struct executor *x, enum yields class)
{
	invariant(op_descriptors[x->program->ops[x->sim->op].verb].yields == class && x->yield < x->count[class]);
	return x->yield;
}

static inline uint32_t yielded_object(const struct executor *x, uint32_t i)
{
	uint32_t handle = x->first[x->sim->op] + i;

	invariant(handle < x->count[YIELDS_OBJECT]);
	return handle;
}

/* The page that a MEMORY argument, which is no object, names. */
static inline struct page_handle *page_named(struct executor *x, uint32_t memory)
{
	uint32_t index = memory & ~HANDLE_OTHER;

	invariant(memory & HANDLE_OTHER && index < x->count[YIELDS_PAGE]);
	return &x->pages[index];
}

/* The object that a MEMORY argument, which is no page, names; or any other object handle. */
static inline struct object *object_named(struct executor *x, uint32_t handle)
{
	invariant(handle < x->count[YIELDS_OBJECT]);
	return &x->objects[handle];
}

static inline gfp_t gfp_of(uint32_t row)
{
	invariant(row < GFP_ROWS);
	return gfp_rows[row].bits;
}

/* For the ops. */
typedef enum op_result run_op(struct executor *x, const struct op *op);
#define OP(verb, ...) run_op run_##verb;
#include "program/ops.def"
#undef OP

/* fuzz/misuse.c: tells of a misuse right before it; handle may be HANDLE_NONE. */
void misuse_emit(struct executor *x, enum misuse kind, uint32_t handle, target_addr_t addr, uint64_t size,
		 uint8_t byte);
/* Kind of a free of that handle's address, which its client may not free so. */
enum misuse misuse_of_free(struct executor *x, uint32_t handle);
/* Kind of a store into [addr, addr + size) through that handle. */
enum misuse misuse_of_store(struct executor *x, uint32_t handle, target_addr_t addr, uint64_t size);

/*
 * The op's precondition: skip unless it holds or the world allows misuse.  What has a kind of its own is told of by the
 * op; all else is MISUSE_other, after which no promise of the allocator holds.
 */
#define REQUIRE(x, condition)                                                                                          \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			if (!(x)->world->config.misuse)                                                                \
				return RESULT_SKIP;                                                                    \
			misuse_emit(x, MISUSE_other, HANDLE_NONE, 0, 0, 0);                                            \
		}                                                                                                      \
	} while (0)

/* False iff the GFP mask of a row of gfp.def may sleep where that is forbidden. */
static inline bool may_sleep_if_asked(const struct executor *x, uint32_t gfp_row)
{
	return !x->in_irq || !(gfp_of(gfp_row) & GFP_WAIT);
}

/* Live object, or NULL. */
struct object *live_object(struct executor *x, uint32_t handle);
/* Address of a MEMORY argument (object or page, dead ones too), 0 if none; *size its bytes. */
target_addr_t memory_address(struct executor *x, uint32_t memory, uint64_t *size);
/* True iff the client may still use that memory. */
bool memory_is_live(struct executor *x, uint32_t memory);
/* fuzz/ops_coherent.c: the machine's kmalloc() for the DMA layer. */
struct coherent_kmalloc dma_kmalloc(struct executor *x);
/* fuzz/mappings.c: a mapping is one piece of memory, or one per entry of its scatter list. */
unsigned mapping_pieces(const struct executor *x, const struct mapping_handle *m);
struct sg_entry mapping_piece(const struct executor *x, const struct mapping_handle *m, unsigned i);
/* Live mapping, or NULL. */
struct mapping_handle *live_mapping(struct executor *x, uint32_t handle);
/* The page handle that a MEMORY argument is, if it names the page of an object, else NULL. */
const struct page_handle *page_of_object(const struct executor *x, uint32_t memory);
/* True iff the strict rules of the world or, if it has none, those of the era's drivers let the range be mapped. */
bool may_map(struct executor *x, uint32_t memory, uint64_t offset, uint64_t length, enum dma_direction direction);
/* Strict: no line is partly inside, but at the end of the object, whose slack is its own. */
bool whole_lines(const struct executor *x, uint64_t offset, uint64_t length, uint64_t size);
/* A mapping begins or ends to use all its memory. */
void count_mapping(struct executor *x, uint32_t handle, bool live);
/* False iff [offset, offset + length) is no range of the memory, which must be live. */
bool memory_range(struct executor *x, uint32_t memory, uint64_t offset, uint64_t length);
/* True iff a live mapping that the device owns covers part of the range, and the owner of the bytes knows of it. */
bool device_owns(struct executor *x, target_addr_t addr, uint64_t size);
/* True iff a sync gave that range of a mapping, and perhaps no more of it, to the cpu. */
bool cpu_has_synced(struct executor *x, target_addr_t addr, uint64_t size);
/*
 * Adds how many mappings there are, how many of them are of memory that was given back, and how many pages are held; if
 * memory was given back, how much of it belongs to somebody else by now.
 */
void client_shape(const struct executor *x, struct shape *shape);
/* The value of a SIZE argument as the target's size_t. */
uint64_t size_value(const struct executor *x, uint32_t arg);
/* True iff the client may free that object now: nobody it knows of still uses it (NULL: no). */
bool may_free(struct executor *x, const struct object *o);
/* On entry to free. */
void object_freed(struct executor *x, uint32_t handle);
/*
 * fuzz/origins.c.  The origin of objects from a KMEM_CACHE argument, which must not be HANDLE_NONE; the created
 * kmem_cache that an object came from, or NULL; the address of its kmem_cache, 0 if no program names one.
 */
struct origin origin_of(uint32_t kmem_cache);
struct kmem_cache_handle *created_home(struct executor *x, const struct object *o);
target_addr_t home_of(struct executor *x, const struct object *o);
/* True iff an RCU reader of this cpu began before the object, of a DESTROY_BY_RCU cache, was freed. */
bool reader_may_see(const struct executor *x, const struct object *o);
/* Address of a KMEM_CACHE argument, 0 if none. */
target_addr_t cache_address(struct executor *x, uint32_t handle);
/* True iff a lock that is held lies in the range. */
bool lock_held_in(const struct executor *x, target_addr_t addr, uint64_t size);
/* A client loads: lines are filled, the event tells of it. */
void client_load(struct executor *x, const struct event *event);
/* fuzz/ops_map.c: all user mappings and page-cache pages go. */
void unmap_all(struct executor *x);
/* flush_dcache_page() was called for the page: what one alias stored, the other may load now. */
void page_flushed(struct executor *x, struct page_handle *p);
/* True iff a device may be given the page: no store of a user waits in lines that the DMA API knows nothing of. */
bool page_may_be_mapped(const struct executor *x, const struct page_handle *p);
/* fuzz/ops_dma.c: before that mapping goes. */
void late_write_lands(struct executor *x, uint32_t mapping);
/* fuzz/flip.c: fault points that flip a bit, before each op once one of them is set. */
void flip_bits(struct executor *x);
/* fuzz/drain.c: the client gives back all it holds, then the allocator; events DRAINED and PROBE. */
void executor_drain(struct executor *x);
/* Nested run of a block of ops. */
void run_range(struct executor *x, unsigned from, unsigned to);

#endif
