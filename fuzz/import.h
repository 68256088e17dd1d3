/* SPDX-License-Identifier: MIT */
/*
 * Recorded allocation traces -> programs.  Pure: text in, programs out through a callback, no host memory.
 *
 * Identity is by address: an object lives from its allocation to the next free of the same address.  A program ends
 * when its ops and the frees it still owes fill it; what lives then is freed at its end, so each program is leak-free
 * and stands alone.  The price: the later free of such an object finds nothing and is counted as unmatched.
 * Slab pages show in an ftrace twice, as pages and as objects; both are replayed.
 */
#ifndef SLABFUZZ_FUZZ_IMPORT_H
#define SLABFUZZ_FUZZ_IMPORT_H

#include "program/program.h"
#include "program/text.h"

enum {
	IMPORT_SLOTS = 1024, /* twice the objects a program can have: probing always ends at an empty slot */
	IMPORT_OPS_MIN = 4,  /* room for a block, an allocation, its free, and one to spare */
	IMPORT_CPUS_MAX = 8,
	IMPORT_SEEN_BITS = 1 << 16,
};

/* What happened, and what of it could not be replayed. */
#define IMPORT_COUNTS(X)                                                                                               \
	X(events, "allocation events read")                                                                            \
	X(allocations, "objects and pages allocated")                                                                  \
	X(frees, "objects and pages freed")                                                                            \
	X(reallocations, "objects reallocated")                                                                        \
	X(unmatched, "frees of objects not seen, skipped")                                                             \
	X(null_frees, "frees of NULL, skipped")                                                                        \
	X(failed, "failed allocations, skipped")                                                                       \
	X(again, "addresses allocated again without a free (the old object is freed first)")                           \
	X(cut, "objects alive at the end of a program, freed there")                                                   \
	X(clamped, "sizes or orders beyond what a program can say, lowered")                                           \
	X(other, "lines of other kinds, skipped")                                                                      \
	X(programs, "programs")

struct import_counts {
#define IMPORT_COUNT(name, help) uint64_t name;
	IMPORT_COUNTS(IMPORT_COUNT)
#undef IMPORT_COUNT
};

enum import_slot_state { SLOT_EMPTY, SLOT_LIVE, SLOT_GONE };

struct import_slot {
	enum import_slot_state state;
	bool page;
	uint64_t address;
	uint32_t handle;
};

/* Takes a finished, normalised program; false = no more wanted. */
typedef bool import_sink(void *context, const struct program *p);

struct importer {
	struct import_counts counts;
	import_sink *sink;
	void *context;
	unsigned ops_max;
	bool stopped; /* the sink has had enough */

	struct program program;
	unsigned live_count;
	uint32_t objects, pages; /* handles yielded in this program */
	unsigned block_op;       /* index + 1 of the open cpu block, 0 = none */
	unsigned cpu;            /* of the open block */
	unsigned cpu_count;      /* needed by this program */
	struct import_slot slots[IMPORT_SLOTS];
};

struct import_allocation {
	uint64_t address;
	uint64_t size;   /* bytes, or the order of pages */
	const char *gfp; /* a name in sim/gfp.def */
	unsigned cpu;
	bool page, zero;
};

/* `ops_max` is brought into IMPORT_OPS_MIN..PROGRAM_OPS_MAX. */
void importer_begin(struct importer *im, import_sink *sink, void *context, unsigned ops_max);
void importer_allocate(struct importer *im, const struct import_allocation *a);
void importer_free(struct importer *im, uint64_t address, bool page, unsigned cpu);
/* Of an object not seen: a plain allocation. */
void importer_reallocate(struct importer *im, uint64_t old_address, const struct import_allocation *a);
/* Hands out the last program. */
void importer_end(struct importer *im);

/* Read a whole trace, importer_begin() done before, importer_end() included.  False and *error at a malformed line. */
typedef bool import_format(struct importer *im, const char *text, size_t length, struct text_error *error);
import_format import_ftrace;
import_format import_mtrace;

/* Which pairs of neighbouring (verb, size class), and how many of each, programs kept so far have shown. */
struct import_seen {
	uint8_t bits[IMPORT_SEEN_BITS / 8];
};
/* True iff p shows something new; remembers it. */
bool import_adds(struct import_seen *seen, const struct program *p);

#endif
