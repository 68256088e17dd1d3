/* SPDX-License-Identifier: MIT */
/* World keys: one table resolves the `world` line of a program and the variants of a target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/world.h"

typedef bool key_fn(struct world_config *config, const char *value);

static bool set_arch(struct world_config *config, const char *value)
{
	config->arch = arch_by_name(value);
	return config->arch != NULL;
}

static bool set_allocator(struct world_config *config, const char *value)
{
	config->allocator = allocator_by_name(value);
	return config->allocator != NULL;
}

static bool set_peers(struct world_config *config, const char *value)
{
	char copy[SETTING_VALUE_MAX];
	char *save = NULL;

	config->peer_count = 0;
	snprintf(copy, sizeof(copy), "%s", value);
	for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		const struct allocator_ops *peer = allocator_by_name(name);

		if (!peer || config->peer_count == PEERS_MAX)
			return false;
		config->peers[config->peer_count++] = peer;
	}
	return config->peer_count > 0;
}

static bool set_profile(struct world_config *config, const char *value)
{
	int index = profile_by_name(value);

	return index >= 0 && profile_apply(&profiles[index], config->policy);
}

/* FZPUT[,prefix], or - for none. */
static bool set_debug(struct world_config *config, const char *value)
{
	static const char letters[] = "FZPUT";
	const char *comma = strchr(value, ',');
	size_t count = comma ? (size_t)(comma - value) : strlen(value);

	config->debug = 0;
	config->debug_prefix[0] = 0;
	if (!strcmp(value, "-"))
		return true;
	for (size_t i = 0; i < count; i++) {
		const char *found = strchr(letters, value[i]);

		if (!found || !value[i])
			return false;
		config->debug |= (uint8_t)(1 << (found - letters));
	}
	if (comma && strlen(comma + 1) >= sizeof(config->debug_prefix))
		return false;
	if (comma)
		snprintf(config->debug_prefix, sizeof(config->debug_prefix), "%s", comma + 1);
	return count > 0;
}

static bool parse_flag(bool *flag, const char *value)
{
	*flag = !strcmp(value, "1");
	return *flag || !strcmp(value, "0");
}

static bool set_debug_vm(struct world_config *config, const char *value)
{
	return parse_flag(&config->debug_vm, value);
}

static bool set_misuse(struct world_config *config, const char *value)
{
	return parse_flag(&config->misuse, value);
}

static bool set_drain(struct world_config *config, const char *value)
{
	return parse_flag(&config->drain, value);
}

static bool set_damage(struct world_config *config, const char *value)
{
	return parse_flag(&config->damage, value);
}

static bool set_dma(struct world_config *config, const char *value)
{
	config->dma_era = !strcmp(value, "era");
	return config->dma_era || !strcmp(value, "strict");
}

static bool parse_number(uint32_t *out, const char *value, uint32_t low, uint32_t high)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*end || end == value || number < low || number > high)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool set_cpus(struct world_config *config, const char *value)
{
	return parse_number(&config->cpus, value, 1, CPUS_MAX);
}

static bool set_ram_pages(struct world_config *config, const char *value)
{
	return parse_number(&config->ram_pages, value, 16, (uint32_t)RAM_FRAMES_MAX);
}

static bool set_zone_dma_pages(struct world_config *config, const char *value)
{
	return parse_number(&config->zone_dma_pages, value, 0, (uint32_t)RAM_FRAMES_MAX);
}

static const struct world_key {
	const char *name, *help;
	key_fn *set;
} world_keys[] = {
	{"arch", "a row of the arch table", set_arch},
	{"allocator", "an allocator of the registry, or allocator+planted", set_allocator},
	{"peers", "allocators a,b,... that run the program, too, for the oracle differential", set_peers},
	{"profile", "policies of an era; policy.X keys after it override", set_profile},
	{"debug", "slub_debug letters FZPUT[,prefix], or -", set_debug},
	{"debug_vm", "1: VM_BUG_ON is active", set_debug_vm},
	{"misuse", "1: programs may break the API", set_misuse},
	{"drain", "1: after the last op all is freed, and the allocator must give back all pages", set_drain},
	{"damage", "1: fault points of kind damage act: bits flip, devices write after the unmap", set_damage},
	{"dma", "strict: whole-line rules of DMA-API.txt; era: what drivers of the era did", set_dma},
	{"cpus", "number of cpus, 1..8 (default: the arch row's)", set_cpus},
	{"ram_pages", "page frames of RAM, 16..16384 (default 1024)", set_ram_pages},
	{"zone_dma_pages", "page frames of ZONE_DMA, from the start of RAM; 0 (default): GFP_DMA may be anywhere",
	 set_zone_dma_pages},
};

enum { WORLD_KEY_COUNT = sizeof(world_keys) / sizeof(world_keys[0]) };

void world_config_default(struct world_config *config)
{
	memset(config, 0, sizeof(*config));
	config->arch = arch_by_name("x86");
	config->allocator = allocators[0];
	set_profile(config, "safe");
}

static bool set_policy(struct world_config *config, const char *name, const char *value)
{
	int policy = policy_by_name(name);
	int index = policy < 0 ? -1 : policy_value_by_name((enum policy)policy, value);

	if (index >= 0)
		config->policy[policy] = (uint8_t)index;
	return index >= 0;
}

static bool known_key(const char *key)
{
	for (unsigned i = 0; i < WORLD_KEY_COUNT; i++)
		if (!strcmp(world_keys[i].name, key))
			return true;
	return !strncmp(key, "policy.", 7) && policy_by_name(key + 7) >= 0;
}

static bool set_key(struct world_config *config, const char *key, const char *value)
{
	if (!strncmp(key, "policy.", 7))
		return set_policy(config, key + 7, value);
	for (unsigned i = 0; i < WORLD_KEY_COUNT; i++)
		if (!strcmp(world_keys[i].name, key))
			return world_keys[i].set(config, value);
	return false;
}

static void explain(struct text_error *error, const struct setting *s)
{
	error->line = s->line;
	error->column = s->column;
	if (!strcmp(s->key, "allocator"))
		allocator_unknown(s->value, error->what, sizeof(error->what));
	else
		snprintf(error->what, sizeof(error->what),
			 known_key(s->key) ? "world key %.30s has no value '%.40s'" : "unknown world key '%.30s'",
			 s->key, s->value);
}

bool world_config_resolve(struct world_config *config, const struct program *settings, struct text_error *error)
{
	/* The profile first: single policies override it wherever they stand. */
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < settings->setting_count; i++) {
			const struct setting *s = &settings->settings[i];
			bool is_profile = !strcmp(s->key, "profile");

			if ((pass == 0) != is_profile || set_key(config, s->key, s->value))
				continue;
			explain(error, s);
			return false;
		}
	return true;
}

bool settings_parse(struct program *p, const char *line)
{
	char copy[SETTINGS_MAX * (SETTING_KEY_MAX + SETTING_VALUE_MAX)];
	char *save = NULL;

	if (strlen(line) >= sizeof(copy))
		return false;
	memcpy(copy, line, strlen(line) + 1);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(word, '=');

		if (!equals)
			return false;
		*equals = 0;
		if (!program_set(p, word, equals + 1))
			return false;
	}
	return true;
}

void world_keys_list(void (*row)(void *context, const char *key, const char *help), void *context)
{
	for (unsigned i = 0; i < WORLD_KEY_COUNT; i++)
		row(context, world_keys[i].name, world_keys[i].help);
	row(context, "policy.<name>", "a row of the policy table");
}
