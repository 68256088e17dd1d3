/* SPDX-License-Identifier: MIT */
/* The three layouts, each a column of layout.def. */
#include "sim/layout.h"

const struct layout layouts[LAYOUT_COUNT] = {
	[LAYOUT_A1] = {"A1",
		       4,
#define SIZE(...)
#define FIELD(s, f, ao, aw, co, cw, do_, dw) [LF_##s##_##f] = {ao, aw},
		       {
#include "sim/layout.def"
		       },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a, c, d) [LS_##s] = (a),
		       {
#include "sim/layout.def"
		       }},
#undef FIELD
#undef SIZE
	[LAYOUT_C] = {"C",
		      8,
#define SIZE(...)
#define FIELD(s, f, ao, aw, co, cw, do_, dw) [LF_##s##_##f] = {co, cw},
		      {
#include "sim/layout.def"
		      },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a, c, d) [LS_##s] = (c),
		      {
#include "sim/layout.def"
		      }},
#undef FIELD
#undef SIZE
	[LAYOUT_D] = {"D",
		      8,
#define SIZE(...)
#define FIELD(s, f, ao, aw, co, cw, do_, dw) [LF_##s##_##f] = {do_, dw},
		      {
#include "sim/layout.def"
		      },
#undef FIELD
#undef SIZE
#define FIELD(...)
#define SIZE(s, a, c, d) [LS_##s] = (d),
		      {
#include "sim/layout.def"
		      }},
#undef FIELD
#undef SIZE
};
