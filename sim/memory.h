/* SPDX-License-Identifier: MIT */
/* What was touched, so that reset costs only that; for the rest of sim/ and backends/. */
#ifndef SLABFUZZ_SIM_MEMORY_H
#define SLABFUZZ_SIM_MEMORY_H

#include "sim/sim.h"

enum kernel_shadow_state { KERNEL_NOBODY, KERNEL_USED, KERNEL_FREED };

SIM_ACCESSOR void memory_touch_frame(struct sim *sim, frame_t frame)
{
	if (sim->frame_state[frame] == FRAME_USED)
		sim->frame_state[frame] = FRAME_TOUCHED;
	if (!sim->frame_touched[frame]) {
		invariant(frame < sim->ram_frames && sim->touched_count < RAM_FRAMES_MAX);
		sim->frame_touched[frame] = 1;
		sim->touched_frames[sim->touched_count++] = frame;
	}
}

/* A block is handed out: its frames are used, and reset must know. */
SIM_ACCESSOR void memory_use_block(struct sim *sim, frame_t frame, unsigned order)
{
	if (sim->frame_block[frame] > order)
		return;
	invariant(order < MAX_ORDER && sim->used_count < RAM_FRAMES_MAX);
	sim->frame_block[frame] = (uint8_t)(order + 1);
	sim->used_blocks[sim->used_count++] = frame | order << 24;
}

SIM_PART void memory_touch_chunk(struct sim *sim, uint32_t chunk)
{
	if (!sim->chunk_dirty[chunk]) {
		invariant(chunk < KERNEL_CHUNKS && sim->dirty_chunk_count < KERNEL_CHUNKS);
		sim->chunk_dirty[chunk] = 1;
		sim->dirty_chunks[sim->dirty_chunk_count++] = chunk;
	}
}

/* Before or after a store of at most KERNEL_CHUNK bytes to kernel data. */
SIM_PART void memory_touch_kernel(struct sim *sim, target_addr_t addr, unsigned width)
{
	uint32_t first = (uint32_t)((addr - KERNEL_BASE) / KERNEL_CHUNK);
	uint32_t last = (uint32_t)((addr + width - 1 - KERNEL_BASE) / KERNEL_CHUNK);

	memory_touch_chunk(sim, first);
	if (unlikely(last != first))
		memory_touch_chunk(sim, last);
}

/* Copies without asking AddressSanitizer. */
void bytes_copy_raw(uint8_t *to, const uint8_t *from, uint64_t size);

#endif
