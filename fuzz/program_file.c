/* SPDX-License-Identifier: MIT */
/* Loads programs; every complaint is one line, file:line:column: what. */
#include "fuzz/program_file.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/input_file.h"
#include "program/bytes.h"

bool is_text_name(const char *path)
{
	size_t length = strlen(path);

	return length >= 5 && !strcmp(path + length - 5, ".prog");
}

static int complain(const char *path, const struct text_error *error)
{
	fprintf(stderr, "%s:%u:%u: %s\n", path, error->line, error->column, error->what);
	return EXIT_USAGE;
}

int program_load(const char *path, const struct target_plan *plan, struct program *p, struct program_notes *notes)
{
	struct input in;
	struct text_error error = {0, 0, ""};
	int status = input_read(path, &in);

	if (status)
		return status;
	memset(notes, 0, sizeof(*notes));
	if (is_text_name(path)) {
		if (!program_parse(p, notes, in.bytes, in.size, &error))
			status = complain(path, &error);
	} else if (!plan) {
		status = input_error(path, "bytes need --target to be understood (a text program ends in .prog)");
	} else {
		program_decode(p, &plan->set, (const uint8_t *)in.bytes, in.size);
		target_supply_world(plan, p);
	}
	input_free(&in);
	return status;
}

int program_world(const char *path, struct program *p, const struct program *overrides, struct world_config *config)
{
	struct text_error error = {0, 0, ""};

	world_config_default(config);
	if (!world_config_resolve(config, p, &error))
		return complain(path, &error);
	if (!overrides || !overrides->setting_count)
		return 0;
	for (unsigned i = 0; i < overrides->setting_count; i++)
		if (!program_set(p, overrides->settings[i].key, overrides->settings[i].value))
			return input_error(path, "its world has no room for another setting");
	/* Once more as a whole: the program prints with these settings, and must then run in this world. */
	world_config_default(config);
	return world_config_resolve(config, p, &error) ? 0 : complain(path, &error);
}
