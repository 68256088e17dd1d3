/* SPDX-License-Identifier: MIT */
/* Bit planes over RAM: mapped once per world, cleared frame by frame. */
#include "oracles/shadow.h"

#include <string.h>
#include <sys/mman.h>

enum { PLANE_SIZE = (int)(RAM_SIZE_MAX / 8), PLANE_PAGE = PAGE_SIZE / 8 };

void *shadow_map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	invariant(memory != MAP_FAILED);
	return memory;
}

void shadow_unmap(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

void shadow_begin(struct shadow *shadow, unsigned planes)
{
	if (!shadow->touched) {
		for (unsigned i = 0; i < planes; i++)
			shadow->plane[i] = shadow_map(PLANE_SIZE);
		shadow->touched = shadow_map(RAM_FRAMES_MAX);
		shadow->frames = shadow_map(RAM_FRAMES_MAX * sizeof(frame_t));
		shadow->planes = planes;
	}
	for (uint32_t i = 0; i < shadow->frame_count; i++) {
		frame_t frame = shadow->frames[i];

		for (unsigned plane = 0; plane < shadow->planes; plane++)
			memset(shadow->plane[plane] + (size_t)frame * PLANE_PAGE / 8, 0, PLANE_PAGE);
		shadow->touched[frame] = 0;
	}
	shadow->frame_count = 0;
}

void shadow_list(struct shadow *shadow, frame_t frame)
{
	invariant(frame < RAM_FRAMES_MAX && shadow->frame_count < RAM_FRAMES_MAX);
	shadow->touched[frame] = 1;
	shadow->frames[shadow->frame_count++] = frame;
}

void shadow_destroy(struct shadow *shadow)
{
	for (unsigned i = 0; i < shadow->planes; i++)
		shadow_unmap(shadow->plane[i], PLANE_SIZE);
	shadow_unmap(shadow->touched, RAM_FRAMES_MAX);
	shadow_unmap(shadow->frames, RAM_FRAMES_MAX * sizeof(frame_t));
	*shadow = (struct shadow){0};
}
