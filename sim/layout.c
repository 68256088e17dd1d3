/* SPDX-License-Identifier: MIT */
/* The layouts, each a column of layout.def. */
#include "sim/layout.h"

const struct layout layouts[LAYOUT_COUNT] = {
	[LAYOUT_A1] = {"A1",
		       4,
#define SIZE(...)
#define FIELD(s, f, a1, a1w, a2, a2w, co, cw, do_, dw) [LF_##s##_##f] = {a1, a1w},
		       {
#include "sim/layout.def"
		       },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a1, a2, c, d) [LS_##s] = (a1),
		       {
#include "sim/layout.def"
		       }},
#undef FIELD
#undef SIZE
	[LAYOUT_A2] = {"A2",
		       4,
#define SIZE(...)
#define FIELD(s, f, a1, a1w, a2, a2w, co, cw, do_, dw) [LF_##s##_##f] = {a2, a2w},
		       {
#include "sim/layout.def"
		       },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a1, a2, c, d) [LS_##s] = (a2),
		       {
#include "sim/layout.def"
		       }},
#undef FIELD
#undef SIZE
	[LAYOUT_C] = {"C",
		      8,
#define SIZE(...)
#define FIELD(s, f, a1, a1w, a2, a2w, co, cw, do_, dw) [LF_##s##_##f] = {co, cw},
		      {
#include "sim/layout.def"
		      },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a1, a2, c, d) [LS_##s] = (c),
		      {
#include "sim/layout.def"
		      }},
#undef FIELD
#undef SIZE
	[LAYOUT_D] = {"D",
		      8,
#define SIZE(...)
#define FIELD(s, f, a1, a1w, a2, a2w, co, cw, do_, dw) [LF_##s##_##f] = {do_, dw},
		      {
#include "sim/layout.def"
		      },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a1, a2, c, d) [LS_##s] = (d),
		      {
#include "sim/layout.def"
		      }},
#undef FIELD
#undef SIZE
};
