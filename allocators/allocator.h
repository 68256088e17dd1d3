/* SPDX-License-Identifier: MIT */
/*
 * The contract of an allocator under test: a struct of functions and a contract record.  init, alloc and free are
 * mandatory; any other member may be NULL, then the capability is absent and its ops are skipped.  All state lives in
 * target memory (in sim/) or in the `state` bytes that the world owns; nothing is kept elsewhere.
 */
#ifndef SLABFUZZ_ALLOCATORS_ALLOCATOR_H
#define SLABFUZZ_ALLOCATORS_ALLOCATOR_H

#include "allocators/shape.h"
#include "sim/misuse.h"
#include "sim/sim.h"

/* Debug letters of slub_debug (FACTS 7.1), in the world key debug=FZPUT[,prefix]. */
enum debug_letters { DEBUG_F = 1, DEBUG_Z = 2, DEBUG_P = 4, DEBUG_U = 8, DEBUG_T = 16 };

/* Objects from this size on have no count of their own (policy slab_references=object-count). */
#define OBJECT_COUNT_SIZE_MAX (UINT64_C(1) << 22)

enum size_zero { SIZE_ZERO_OBJECT, SIZE_ZERO_POINTER /* the constant 16 */, SIZE_ZERO_NULL };

/*
 * Bytes that debugging keeps around objects (letter Z), 0 = none.  Each is `width` bytes from the end of the object,
 * rounded up to it, on; width 0 means that one byte value fills the rest of the word, or a word if there is no rest.
 */
struct redzone_contract {
	uint64_t live, freed; /* value of that width in the target's byte order, or the byte value */
	uint8_t width;
	bool before; /* the same value also right before the object */
};

/* When debugging reports a misuse. */
enum detection_time {
	DETECT_AT_ONCE = 1,     /* before the op that commits it ends */
	DETECT_AT_FREE = 2,     /* when the object is freed */
	DETECT_AT_ALLOC = 4,    /* before its bytes are handed out again */
	DETECT_AT_VALIDATE = 8, /* by cache_validate, unless the slab is gone by then */
	DETECT_AT_DISCARD = 16, /* before its page goes */
	DETECT_AT_SHRINK = 32, /* of a created kmem_cache, by kmem_cache_shrink, unless handed out before or the slab is
				  gone by then */
};

/* A promise: where it holds, the report or BUG contains the words (A|B = either, "" = any) at one of the times. */
struct detection_row {
	enum misuse kind;
	uint8_t any, all; /* debug letters in force for the object: one of `any` (0: none needed), all of `all` */
	uint8_t unless;   /* bug row of enum policy that must be off, 0 = none (row 0 is no bug) */
	uint8_t when;     /* mask of enum detection_time */
	bool contained;   /* afterwards the allocator is as if nothing had happened */
	const char *words;
};

/* What users may rely on.  Oracles, generated tests and edge cases are derived from it. */
struct allocator_contract {
	uint32_t align_min; /* bytes, of any object without an explicit alignment */
	uint64_t size_max;  /* largest request that can succeed, bytes */
	enum size_zero size_zero;
	bool metadata_out_of_band; /* freed objects hold no metadata: ASan may poison them */
	bool frames_are_frames;    /* takes memory by alloc_pages(); else it manages the region given to init */
	bool reuses_in_rcu;        /* DESTROY_BY_RCU objects may be reallocated within the grace period */
	bool never_reuses;         /* freed memory is gone for good */
	bool kfree_needs_header;   /* kfree() and ksize() are for objects of kmalloc() only */
	uint32_t region_frames;    /* wanted region, 0 if frames_are_frames */
	uint32_t region_more;      /* frames behind it that region_more() hands out; 0 = the region never grows */
	uint8_t poison_alloc;      /* letter P: bytes of a new and */
	uint8_t poison_free;       /* of a freed object, whose last byte may be POISON_END; 0 = not promised */
	struct redzone_contract redzone;
	uint32_t kmalloc_min; /* smallest size of kmalloc(), of which each power of two is one, and 96 and 192 may be; 0
				 = it has none */
	const struct detection_row
		*detects;     /* first row that holds counts; ended by words NULL; NULL = detects nothing */
	uint32_t debug_words; /* slots of as many words or more are not debugged; 0 = all are */
};

struct memory_region {
	target_addr_t base; /* page aligned, zeroed */
	uint64_t size;
};

struct alloc_request {
	target_addr_t kmem_cache; /* 0 = kmalloc */
	uint64_t size;            /* kmalloc: bytes */
	uint32_t align;           /* 0 = the contract's */
	gfp_t gfp;
};

struct kmem_cache_request {
	const char *name; /* outlives the program */
	uint64_t size;    /* object bytes */
	uint32_t align;
	uint32_t flags; /* SLAB_* */
};

enum destroy_result { DESTROY_OK, DESTROY_BUSY };

struct allocator {
	const struct allocator_ops *ops;
	struct sim *sim;
	uint8_t debug;         /* enum debug_letters */
	char debug_prefix[24]; /* "" = all caches */
	void *state;           /* ops->state_size bytes, zeroed before init and saved with the boot image */
};

struct allocator_ops {
	const char *name;
	uint32_t state_size;   /* bytes */
	uint32_t scratch_size; /* of these, at the end: need not be restored between programs (texts of reports) */
	struct allocator_contract contract;

	/* Boots on an empty machine.  False iff the machine is too small. */
	bool (*init)(struct allocator *a, const struct memory_region *region);
	/* Address of an object, 0 if out of memory, or the contract's constant for size 0. */
	target_addr_t (*alloc)(struct allocator *a, const struct alloc_request *request);
	/* kmem_cache 0 = kfree. */
	void (*free)(struct allocator *a, target_addr_t kmem_cache, target_addr_t object);

	/* Optional from here. */
	/* The boot cache of a name in program/program.h's list, or 0. */
	target_addr_t (*boot_cache)(struct allocator *a, const char *name);
	target_addr_t (*cache_create)(struct allocator *a, const struct kmem_cache_request *request);
	enum destroy_result (*cache_destroy)(struct allocator *a, target_addr_t kmem_cache);
	void (*cache_shrink)(struct allocator *a, target_addr_t kmem_cache);
	/* As sysfs does (flushes cpu slabs, checks all slabs).  Number of errors reported. */
	unsigned (*cache_validate)(struct allocator *a, target_addr_t kmem_cache);
	void (*cpu_offline)(struct allocator *a, unsigned cpu);
	/* Usable bytes. */
	uint64_t (*ksize)(struct allocator *a, target_addr_t object);
	/* Gives back every page that holds no object, as under memory pressure. */
	void (*reclaim)(struct allocator *a);
	/* What each cpu does from time to time: gives back some of what it did not use. */
	void (*reap)(struct allocator *a, unsigned cpu);
	/* Runs the RCU callbacks queued before; returns how many. */
	unsigned (*grace_period)(struct allocator *a);
	/*
	 * References to the object at an address by policy slab_references.  get is false if there is no such object,
	 * or if its page is what can be referenced; put drops what get took.
	 */
	bool (*object_get)(struct allocator *a, target_addr_t addr);
	void (*object_put)(struct allocator *a, target_addr_t addr);
	/* Exact internal check for the oracle allocator_invariants; read only.  NULL if all is well, or what is broken.
	 */
	const char *(*invariants)(struct allocator *a);
	/* Adds rows for what a run left behind, which is sound: engines look for new ones.  Read only. */
	void (*shape)(struct allocator *a, struct shape *shape);
	/* For `# assert: nr_partial(...)`. */
	uint64_t (*nr_partial)(struct allocator *a, target_addr_t kmem_cache);
	/* Object size of a kmem_cache as the client asked for it, bytes. */
	uint64_t (*object_size)(struct allocator *a, target_addr_t kmem_cache);
};

/*
 * For heaps that manage a region, as sbrk() is for libc's: at least `size` more bytes in whole pages, as a rule right
 * behind what was given last.  Size 0 = refused; by fault points it may be less than asked for, or lie elsewhere.
 */
struct memory_region region_more(struct allocator *a, uint64_t size);

#endif
