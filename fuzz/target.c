/* SPDX-License-Identifier: MIT */
/* Resolves a target's table entries; matches signatures against patterns. */
#include "fuzz/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void table_mistake(const struct target *target, const char *what)
{
	fprintf(stderr, "FRAMEWORK BUG: target %s: %s\n", target->name, what);
	exit(3);
}

const char *target_counts_only(const struct target *target)
{
	return target->kind == TARGET_MISUSE ? "missed-detection|repeated-detection" : NULL;
}

static void resolve_variant(struct target_plan *plan, unsigned i)
{
	struct text_error error;
	struct program *settings = &plan->settings[i];

	settings->setting_count = 0;
	settings->op_count = 0;
	if (!settings_parse(settings, plan->target->variants[i]))
		table_mistake(plan->target, "a variant is not key=value");
	world_config_default(&plan->configs[i]);
	if (!world_config_resolve(&plan->configs[i], settings, &error))
		table_mistake(plan->target, error.what);
}

void target_resolve(struct target_plan *plan, const struct target *target)
{
	memset(plan, 0, sizeof(*plan));
	plan->target = target;
	plan->ops_max = target->ops_max ? target->ops_max : 64;
	for (unsigned i = 0; i < TARGET_VARIANTS_MAX && target->variants[i]; i++) {
		resolve_variant(plan, i);
		plan->variant_count++;
	}
	if (!plan->variant_count)
		table_mistake(target, "no variants");
	if (!target->verbs)
		plan->set = *op_set_all();
	else
		for (const uint8_t *verb = target->verbs; *verb != OP_COUNT; verb++)
			op_set_add(&plan->set, (enum verb) * verb);
}

bool target_override(struct target_plan *plan, const struct program *settings, struct text_error *error)
{
	for (unsigned i = 0; i < plan->variant_count; i++) {
		for (unsigned k = 0; k < settings->setting_count; k++)
			if (!program_set(&plan->settings[i], settings->settings[k].key, settings->settings[k].value)) {
				snprintf(error->what, sizeof(error->what), "no room for another world setting");
				return false;
			}
		world_config_default(&plan->configs[i]);
		if (!world_config_resolve(&plan->configs[i], &plan->settings[i], error))
			return false;
	}
	return true;
}

void target_supply_world(const struct target_plan *plan, struct program *p)
{
	const struct program *from = &plan->settings[p->variant % plan->variant_count];

	p->variant %= plan->variant_count;
	p->setting_count = from->setting_count;
	memcpy(p->settings, from->settings, sizeof(p->settings));
}

int target_variant_of(const struct target_plan *plan, const struct program *p)
{
	struct text_error error;
	struct world_config config;

	world_config_default(&config);
	if (!world_config_resolve(&config, p, &error))
		return -1;
	for (unsigned i = 0; i < plan->variant_count; i++)
		if (world_config_equal(&plan->configs[i], &config))
			return (int)i;
	return -1;
}

static bool matches_one(const char *pattern, size_t length, const char *signature)
{
	return !strncmp(pattern, signature, length) && (signature[length] == 0 || signature[length] == '/');
}

bool signature_matches(const char *pattern, const char *signature)
{
	while (*pattern) {
		size_t length = strcspn(pattern, "|");

		if (matches_one(pattern, length, signature))
			return true;
		pattern += length;
		pattern += *pattern == '|';
	}
	return false;
}
