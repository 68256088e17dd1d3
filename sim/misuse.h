/* SPDX-License-Identifier: MIT */
/* Kinds of misuse: what the executor tells of, what contracts promise to detect. */
#ifndef SLABFUZZ_SIM_MISUSE_H
#define SLABFUZZ_SIM_MISUSE_H

enum misuse {
#define MISUSE(name, victim, help) MISUSE_##name,
#include "sim/misuse.def"
#undef MISUSE
	MISUSE_COUNT
};

#endif
