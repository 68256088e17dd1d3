/* SPDX-License-Identifier: MIT */
/* The claims: programs of corpora/claims whose first lines say who claimed what, and who was right. */
#ifndef SLABFUZZ_FUZZ_CLAIMS_H
#define SLABFUZZ_FUZZ_CLAIMS_H

#include "program/text.h"

struct claim_program {
	char file[80]; /* without the directory */
	char letter;   /* of the id: C or D, 0 if the note is none */
	unsigned number;
	struct program program;
	struct program_notes notes;
};

struct claim_list {
	unsigned count;
	struct claim_program *list; /* on the heap; by id, then by name, C01.prog before C01-what.prog */
};

/* Reads all; 0, or EXIT_USAGE after a line on stderr for each that cannot be read. */
int claims_load(struct claim_list *claims);
void claims_free(struct claim_list *claims);

/* Groups of claims.def: the ids that there must be. */
struct claim_group {
	const char *title, *ids;
};
extern const struct claim_group claim_groups[];
extern const unsigned claim_group_count;

/* Calls each() for every id of a group, in order. */
void claim_group_walk(const struct claim_group *group, void (*each)(void *context, char letter, unsigned number),
		      void *context);
/* "C01", "D1": as files and notes spell it. */
void claim_id_print(char letter, unsigned number, char text[8]);

#endif
