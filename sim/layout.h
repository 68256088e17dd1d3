/* SPDX-License-Identifier: MIT */
/* Struct layouts of the target (layout.def): offset and width of each field, chosen by the arch row (FACTS 3.3a). */
#ifndef SLABFUZZ_SIM_LAYOUT_H
#define SLABFUZZ_SIM_LAYOUT_H

#include "sim/types.h"

enum layout_field {
#define FIELD(structure, field, ...) LF_##structure##_##field,
#define SIZE(structure, ...)
#include "sim/layout.def"
#undef FIELD
#undef SIZE
	LF_COUNT
};

enum layout_struct {
#define FIELD(structure, field, ...)
#define SIZE(structure, ...) LS_##structure,
#include "sim/layout.def"
#undef FIELD
#undef SIZE
	LS_COUNT
};

struct layout_place {
	uint8_t offset, width;
};

struct layout {
	const char *name;
	uint8_t word; /* bytes of a pointer or unsigned long */
	struct layout_place field[LF_COUNT];
	uint16_t size[LS_COUNT]; /* bytes */
};

enum layout_id { LAYOUT_A1, LAYOUT_A2, LAYOUT_C, LAYOUT_D, LAYOUT_COUNT };
extern const struct layout layouts[LAYOUT_COUNT];

#endif
