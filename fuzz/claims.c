/* SPDX-License-Identifier: MIT */
/* Loads corpora/claims; the ids that there must be stand in claims.def. */
#include "fuzz/claims.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/input_file.h"
#include "fuzz/program_file.h"

static const char directory[] = "corpora/claims";

const struct claim_group claim_groups[] = {
#define CLAIM_GROUP(title, ids) {title, ids},
#include "fuzz/claims.def"
#undef CLAIM_GROUP
};
const unsigned claim_group_count = sizeof(claim_groups) / sizeof(claim_groups[0]);

/* The digits of an id; moves past it. */
static bool read_id(const char **text, char *letter, unsigned *number)
{
	char *end;

	if (**text != 'C' && **text != 'D')
		return false;
	*letter = **text;
	*number = (unsigned)strtoul(*text + 1, &end, 10);
	if (end == *text + 1)
		return false;
	*text = end;
	return true;
}

void claim_id_print(char letter, unsigned number, char text[8])
{
	snprintf(text, 8, letter == 'C' ? "%c%02u" : "%c%u", letter, number % 1000);
}

void claim_group_walk(const struct claim_group *group, void (*each)(void *context, char letter, unsigned number),
		      void *context)
{
	const char *at = group->ids;
	char letter;
	unsigned first, last;

	while (read_id(&at, &letter, &first)) {
		last = first;
		if (*at == '-') {
			at++;
			read_id(&at, &letter, &last);
		}
		for (unsigned n = first; n <= last; n++)
			each(context, letter, n);
		at += strspn(at, " ");
	}
}

static int is_program(const struct dirent *entry)
{
	return is_text_name(entry->d_name);
}

/* . comes before - here, so that a claim stands before its variants. */
static int compare(const void *a, const void *b)
{
	const struct claim_program *x = a, *y = b;
	size_t same = 0;

	if (x->letter != y->letter)
		return x->letter - y->letter;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	while (x->file[same] && x->file[same] == y->file[same])
		same++;
	if (x->file[same] == '.' || y->file[same] == '.')
		return x->file[same] == '.' ? -1 : 1;
	return x->file[same] - y->file[same];
}

static int load_one(struct claim_program *c, const char *name)
{
	char path[sizeof(directory) + sizeof(c->file) + 2];
	const char *id = c->notes.claim;
	int status;

	snprintf(c->file, sizeof(c->file), "%.79s", name);
	snprintf(path, sizeof(path), "%s/%s", directory, c->file);
	status = program_load(path, NULL, &c->program, &c->notes);
	if (!status && !read_id(&id, &c->letter, &c->number))
		status = input_error(path, "has no note # claim: with an id");
	return status;
}

int claims_load(struct claim_list *claims)
{
	struct dirent **entries;
	int status = 0, count = scandir(directory, &entries, is_program, alphasort);

	claims->count = 0;
	claims->list = NULL;
	if (count < 0)
		return input_error(directory, "cannot be read: claims are listed from the top of the tree");
	claims->list = calloc((size_t)count + 1, sizeof(*claims->list));
	for (int i = 0; i < count; i++) {
		int one = claims->list ? load_one(&claims->list[claims->count], entries[i]->d_name) : EXIT_USAGE;

		claims->count += !one;
		status = one > status ? one : status;
		free(entries[i]);
	}
	free(entries);
	if (claims->count)
		qsort(claims->list, claims->count, sizeof(*claims->list), compare);
	return status;
}

void claims_free(struct claim_list *claims)
{
	free(claims->list);
	claims->list = NULL;
}
