/* SPDX-License-Identifier: MIT */
/* The table of preemption points. */
#include "sim/point.h"

const struct point_row point_rows[POINT_COUNT] = {
#define POINT(name, kind, help) {#name, help, POINT_##kind},
#include "sim/point.def"
#undef POINT
};
