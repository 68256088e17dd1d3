/* SPDX-License-Identifier: MIT */
/*
 * Bytes <-> program, the form engines mutate: one header byte (the variant) and OP_BYTES per op.
 * Total: any bytes are a program; zeros mean the simplest one.  A partial op at the end is ignored.
 * decode(encode(P)) = P for every normalised P whose verbs are in the set.
 */
#ifndef SLABFUZZ_PROGRAM_BYTES_H
#define SLABFUZZ_PROGRAM_BYTES_H

#include "program/program.h"

/* Decodes into *p (ops and variant; settings cleared); p is normalised.  At most PROGRAM_OPS_MAX ops are read. */
void program_decode(struct program *p, const struct op_set *set, const uint8_t *bytes, size_t size);

/* Encodes; returns the size in bytes, or 0 if `capacity` is too small or a verb is not in the set. */
size_t program_encode(const struct program *p, const struct op_set *set, uint8_t *bytes, size_t capacity);

#endif
