/* SPDX-License-Identifier: MIT */
/*
 * A world: one machine with an allocator, its policies and the oracles' state.  Everything that a run may change lives
 * in here.  World keys are a table (world_keys in world.c): the settings of a program resolve to a struct world_config.
 */
#ifndef SLABFUZZ_FUZZ_WORLD_H
#define SLABFUZZ_FUZZ_WORLD_H

#include "fuzz/registry.h"
#include "program/text.h"

enum { WORLD_IMAGES_MAX = 8, ORACLES_MAX = 24, ALLOCATOR_STATE_MAX = 32768, BOOT_CACHES_MAX = 32, PEERS_MAX = 7 };

struct world_config {
	const struct arch *arch;
	const struct allocator_ops *allocator;
	uint8_t policy[POLICY_COUNT];
	uint8_t debug; /* enum debug_letters */
	char debug_prefix[24];
	bool debug_vm;
	bool misuse;   /* programs may break the API */
	bool drain;    /* the client gives everything back at the end, and the allocator must */
	bool damage;   /* fault points of kind damage act */
	bool dma_era;  /* sub-line mappings, neighbours and shared objects as the era's drivers had (else strict) */
	unsigned cpus; /* 0 = the arch row's */
	uint32_t ram_pages;      /* 0 = 1024 */
	uint32_t zone_dma_pages; /* 0 = GFP_DMA restricts nothing */
	unsigned peer_count;
	const struct allocator_ops *peers[PEERS_MAX]; /* run the program before `allocator` does, to be compared */
};

/* Who wants which events; oracles that have nothing to judge in this world are not in it. */
struct watch {
	uint64_t wants;                             /* union of the oracles' */
	uint8_t watchers[EVENT_COUNT][ORACLES_MAX]; /* oracles that want a kind, in order */
	uint8_t watcher_count[EVENT_COUNT];
};

/* Boot state of one configuration, kept because variants of a target alternate. */
struct world_image {
	struct world_config config;
	struct boot_image boot;
	void *allocator_state;                      /* state_size bytes */
	target_addr_t boot_caches[BOOT_CACHES_MAX]; /* by index of program/program.h; 0 = none */
	struct watch watch;
};

struct event_log;

struct world {
	struct sim sim;
	struct world_config config;
	struct allocator allocator;
	struct world_image images[WORLD_IMAGES_MAX];
	unsigned image_next;
	struct world_image *image;
	void *oracle_state[ORACLES_MAX];
	uint64_t wants; /* kinds that some oracle wants in the world at hand */
	bool deaf;      /* oracles get no events, to measure what they cost */
	struct oracle_context oracle_context;
	struct findings findings;
	struct event_log *log; /* NULL unless events are wanted */
};

/* Defaults: x86, slub, profile safe. */
void world_config_default(struct world_config *config);
/* Resolves settings in order; false and *error (line, column of the setting) if a key or value is unknown. */
bool world_config_resolve(struct world_config *config, const struct program *settings, struct text_error *error);
bool world_config_equal(const struct world_config *a, const struct world_config *b);
/* Parses "key=value key=value" of a target's table into settings.  False iff it does not fit. */
bool settings_parse(struct program *p, const char *line);
/* Prints every world key with its meaning, for `slabfuzz list`. */
void world_keys_list(void (*row)(void *context, const char *key, const char *help), void *context);

/* Maps the machine.  Only one world can exist in a process at a time.  False (one line on stderr) if that fails. */
bool world_create(struct world *world);
void world_destroy(struct world *world);
/* Boots or resets to an empty machine of this configuration; cost: what the last run touched. */
void world_prepare(struct world *world, const struct world_config *config);
/* The boot kmem_cache of an index, 0 if the allocator has none. */
target_addr_t world_boot_cache(const struct world *world, unsigned index);
/* The observer of the machine: log, then oracles. */
void world_observe(void *world, const struct event *event);

#endif
