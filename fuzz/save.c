/* SPDX-License-Identifier: MIT */
/* One file pair per signature, whatever number of processes share the directory. */
#include "fuzz/save.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* <signature with + for />-<hash>.prog */
static bool saved_before(const char *dir, const char *signature)
{
	char stem[SIGNATURE_MAX + 1];
	size_t length;
	struct dirent *entry;
	DIR *files = opendir(dir);
	bool found = false;

	if (!files)
		return false;
	length = (size_t)snprintf(stem, sizeof(stem), "%s-", signature);
	for (char *c = stem; *c; c++)
		if (*c == '/')
			*c = '+';
	while (!found && (entry = readdir(files)) != NULL)
		found = !strncmp(entry->d_name, stem, length) && strstr(entry->d_name, ".prog");
	closedir(files);
	return found;
}

bool target_save_findings(struct session *s, const struct target_plan *plan, struct program *p, const char *dir)
{
	static struct findings all;
	char path[1024];

	all = s->world.findings; /* reports run the program again */
	target_supply_world(plan, p);
	for (unsigned i = 0; i < all.count; i++) {
		const struct finding *finding = &all.list[i];

		if (!session_counts(s, finding))
			continue;
		if (!saved_before(dir, finding->signature) && !finding_save(s, p, finding, dir, path, sizeof(path))) {
			fprintf(stderr, "slabfuzz: %s: cannot save %s: %s\n", dir, finding->signature, strerror(errno));
			return false;
		}
		session_add_known(s, finding->signature);
	}
	return true;
}
