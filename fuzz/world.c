/* SPDX-License-Identifier: MIT */
/* Boot, reset and observation.  A configuration boots once; later runs restore its image. */
#include "fuzz/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/event_log.h"
#include "sim/memory.h"
#include "sim/page.h"

bool world_create(struct world *world)
{
	memset(world, 0, sizeof(*world));
	if (!sim_create(&world->sim))
		return false;
	invariant(oracle_count <= ORACLES_MAX);
	for (unsigned i = 0; i < oracle_count; i++) {
		world->oracle_state[i] = calloc(1, oracles[i]->state_size ? oracles[i]->state_size : 1);
		if (!world->oracle_state[i])
			return false;
	}
	world->sim.observe = world_observe;
	world->sim.observe_context = world;
	world->allocator.sim = &world->sim;
	return true;
}

void world_destroy(struct world *world)
{
	for (unsigned i = 0; i < oracle_count; i++) {
		if (oracles[i]->destroy && world->oracle_state[i])
			oracles[i]->destroy(world->oracle_state[i]);
		free(world->oracle_state[i]);
	}
	for (unsigned i = 0; i < WORLD_IMAGES_MAX; i++) {
		boot_image_free(&world->images[i].boot);
		free(world->images[i].allocator_state);
	}
	free(world->allocator.state);
	sim_destroy(&world->sim);
	memset(world, 0, sizeof(*world));
}

static void choose_watchers(struct watch *watch, const struct world_config *config)
{
	unsigned idle = (config->arch->coherent ? IDLE_IF_COHERENT : 0u) | (config->peer_count ? 0u : IDLE_IF_ALONE) |
			(config->misuse ? (unsigned)IDLE_IF_MISUSE : (unsigned)IDLE_IF_LEGAL);
	uint64_t wants;

	memset(watch, 0, sizeof(*watch));
	for (unsigned i = 0; i < oracle_count; i++) {
		if (oracles[i]->idle & idle)
			continue;
		wants = oracles[i]->wants | (config->misuse ? oracles[i]->wants_in_misuse : 0);
		watch->wants |= wants;
		for (unsigned kind = 0; kind < EVENT_COUNT; kind++)
			if (wants >> kind & 1)
				watch->watchers[kind][watch->watcher_count[kind]++] = (uint8_t)i;
	}
}

/* How far code had come when the clock ran out differs from run to run. */
static bool is_logged(const struct event *event)
{
	return event->kind != EVENT_HANG || event->value != HANG_BY_CLOCK;
}

/* Code under test calls this; what comes is the framework's. */
void world_observe(void *context, const struct event *event)
{
	struct world *world = context;
	const struct watch *watch;
	struct mark mark = mark_set(&world->sim.under_test, false);

	invariant(event->kind < EVENT_COUNT);
	if (unlikely(world->log != NULL) && is_logged(event))
		event_log_add(world->log, event);
	if (world->wants >> event->kind & 1) {
		watch = &world->image->watch;
		for (unsigned k = 0; k < watch->watcher_count[event->kind]; k++) {
			unsigned i = watch->watchers[event->kind][k];

			oracles[i]->observe(world->oracle_state[i], &world->oracle_context, event, &world->findings);
		}
	}
	mark_restore(&mark);
	if (unlikely(world->sim.overdue) && mark.before && event->kind != EVENT_HANG)
		sim_hang_by_clock(&world->sim);
}
/* The machine, its allocator and whether it is compared; not with whom. */
static bool same_machine(const struct world_config *a, const struct world_config *b)
{
	return a->arch == b->arch && a->allocator == b->allocator && a->debug == b->debug &&
	       a->debug_vm == b->debug_vm && a->cpus == b->cpus && a->ram_pages == b->ram_pages &&
	       a->zone_dma_pages == b->zone_dma_pages && a->misuse == b->misuse && a->drain == b->drain &&
	       a->damage == b->damage && a->dma_era == b->dma_era && !a->peer_count == !b->peer_count &&
	       !memcmp(a->policy, b->policy, POLICY_COUNT) && !strcmp(a->debug_prefix, b->debug_prefix);
}

bool world_config_equal(const struct world_config *a, const struct world_config *b)
{
	if (!same_machine(a, b) || a->peer_count != b->peer_count)
		return false;
	for (unsigned i = 0; i < a->peer_count; i++)
		if (a->peers[i] != b->peers[i])
			return false;
	return true;
}

static struct world_image *image_of(struct world *world, const struct world_config *config)
{
	for (unsigned i = 0; i < WORLD_IMAGES_MAX; i++)
		if (world->images[i].boot.valid && same_machine(&world->images[i].config, config))
			return &world->images[i];
	return NULL;
}

static struct sim_config sim_config_of(const struct world_config *config)
{
	return (struct sim_config){.arch = config->arch,
				   .actor = config->allocator->name,
				   .policy = config->policy,
				   .debug_vm = config->debug_vm,
				   .cpus = config->cpus,
				   .ram_frames = config->ram_pages,
				   .zone_dma = config->zone_dma_pages,
				   .native = !config->allocator->contract.frames_are_frames};
}

static void set_allocator(struct world *world, const struct world_config *config)
{
	struct allocator *a = &world->allocator;

	invariant(config->allocator->state_size <= ALLOCATOR_STATE_MAX);
	if (!a->state)
		a->state = calloc(1, ALLOCATOR_STATE_MAX);
	a->ops = config->allocator;
	a->debug = config->debug;
	memcpy(a->debug_prefix, config->debug_prefix, sizeof(a->debug_prefix));
}

/* A world in which its allocator does not boot is a mistake of who made it. */
static bool boots(struct allocator *a, const struct memory_region *region)
{
	return UNDER_TEST(a->sim, a->ops->init(a, region));
}

/* Region allocators take memory at init, so they boot for every program; the image is the machine before that. */
static void init_region(struct world *world)
{
	struct allocator *a = &world->allocator;
	uint32_t frames = a->ops->contract.region_frames, more = a->ops->contract.region_more;
	unsigned order = 0;
	frame_t frame;
	struct memory_region region;

	while ((1u << order) < frames + more)
		order++;
	frame = alloc_pages(&world->sim, GFP_WAIT, order);
	/* Native code does not tell what it touches. */
	for (uint32_t i = 0; frame != FRAME_NONE && i < 1u << order; i++)
		memory_touch_frame(&world->sim, frame + i);
	region = (struct memory_region){page_address(frame),
					(uint64_t)PAGE_SIZE * (more ? frames : UINT64_C(1) << order)};
	world->sim.region_next = region.base + region.size;
	world->sim.region_end = region.base + ((uint64_t)PAGE_SIZE << order);
	memset(a->state, 0, a->ops->state_size);
	invariant(frame != FRAME_NONE && boots(a, &region));
}

/* Looked up by name once, because programs name them in most ops. */
static void find_boot_caches(struct world *world, struct world_image *image)
{
	struct allocator *a = &world->allocator;

	invariant(boot_cache_count() <= BOOT_CACHES_MAX);
	for (unsigned i = 0; i < boot_cache_count(); i++)
		image->boot_caches[i] = a->ops->boot_cache && a->ops->contract.frames_are_frames
						? UNDER_TEST(a->sim, a->ops->boot_cache(a, boot_cache_name(i)))
						: 0;
}

target_addr_t world_boot_cache(const struct world *world, unsigned index)
{
	invariant(world->image);
	return index < BOOT_CACHES_MAX ? world->image->boot_caches[index] : 0;
}

static void boot(struct world *world, const struct world_config *config)
{
	struct sim_config sim_config = sim_config_of(config);
	struct allocator *a = &world->allocator;
	struct world_image *image = &world->images[world->image_next++ % WORLD_IMAGES_MAX];

	sim_configure(&world->sim, &sim_config);
	memset(a->state, 0, a->ops->state_size);
	if (a->ops->contract.frames_are_frames)
		invariant(boots(a, NULL));
	image->config = *config;
	choose_watchers(&image->watch, config);
	find_boot_caches(world, image);
	sim_save_boot(&world->sim, &image->boot);
	if (!image->allocator_state)
		image->allocator_state = calloc(1, ALLOCATOR_STATE_MAX);
	memcpy(image->allocator_state, a->state, a->ops->state_size);
	world->image = image;
	/* The first run must start from the same state as all later ones. */
	sim_reset(&world->sim, &image->boot);
}

static void enter(struct world *world, const struct world_config *config)
{
	struct world_image *image =
		world->image && same_machine(&world->image->config, config) ? world->image : image_of(world, config);
	struct sim_config sim_config;

	if (!image) {
		boot(world, config);
		return;
	}
	if (image == world->image) {
		sim_reset(&world->sim, &image->boot);
	} else {
		sim_config = sim_config_of(config);
		sim_switch(&world->sim, &sim_config, &image->boot);
		world->image = image;
	}
	memcpy(world->allocator.state, image->allocator_state,
	       world->allocator.ops->state_size - world->allocator.ops->scratch_size);
}

void world_prepare(struct world *world, const struct world_config *config)
{
	void (*observe)(void *, const struct event *) = world->sim.observe;

	world->sim.observe = NULL; /* booting is not part of the program */
	world->config = *config;
	set_allocator(world, config);
	enter(world, config);
	if (!config->allocator->contract.frames_are_frames)
		init_region(world);
	world->sim.observe = observe;
	world->wants = world->deaf ? 0 : world->image->watch.wants;
	if (world->oracle_context.run == 0)
		world->findings.count = 0;
	world->oracle_context.sim = &world->sim;
	world->oracle_context.allocator = &world->allocator;
	world->oracle_context.misuse = config->misuse;
	world->oracle_context.damage = config->damage;
	world->oracle_context.depth = 0;
}
