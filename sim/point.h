/* SPDX-License-Identifier: MIT */
/* Preemption points (sim/point.def): what may come between where. */
#ifndef SLABFUZZ_SIM_POINT_H
#define SLABFUZZ_SIM_POINT_H

/* OPEN: an interrupt, a task on this cpu, other cpus; CLOSED: other cpus; LOCKED: other cpus that take no lock. */
enum point_kind { POINT_OPEN, POINT_CLOSED, POINT_LOCKED };

enum preempt_point {
#define POINT(name, kind, help) POINT_##name,
#include "sim/point.def"
#undef POINT
	POINT_COUNT
};

struct point_row {
	const char *name, *help;
	enum point_kind kind;
};
extern const struct point_row point_rows[POINT_COUNT];

#endif
