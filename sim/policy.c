/* SPDX-License-Identifier: MIT */
/* Policy and profile tables and their look-up by name. */
#include "sim/policy.h"

#include <string.h>

const struct policy_row policy_rows[POLICY_COUNT] = {
#define POLICY(name, text, help, ...) [POLICY_##name] = {text, help, {__VA_ARGS__, NULL}},
#include "sim/policy.def"
#undef POLICY
};

const struct profile profiles[] = {
	{"2.6.22-rc5", "June 2007, before the page_mapping check: the kernel of the oops", "none", true},
	{"2.6.22", "July 2007: page_mapping() returns NULL for slab pages", "hugh", true},
	{"safe", "the known bugs of the era mended", "hugh", false},
};

unsigned profile_count(void)
{
	return sizeof(profiles) / sizeof(profiles[0]);
}

int policy_by_name(const char *name)
{
	for (int i = 0; i < POLICY_COUNT; i++)
		if (!strcmp(policy_rows[i].name, name))
			return i;
	return -1;
}

int policy_value_by_name(enum policy policy, const char *value)
{
	for (int i = 0; policy_rows[policy].values[i]; i++)
		if (!strcmp(policy_rows[policy].values[i], value))
			return i;
	return -1;
}

int profile_by_name(const char *name)
{
	for (unsigned i = 0; i < profile_count(); i++)
		if (!strcmp(profiles[i].name, name))
			return (int)i;
	return -1;
}

void profile_apply(const struct profile *profile, uint8_t values[POLICY_COUNT])
{
	memset(values, 0, POLICY_COUNT);
	for (int i = 0; i < POLICY_COUNT; i++)
		if (!strncmp(policy_rows[i].name, "bug.", 4))
			values[i] = profile->bugs;
	values[POLICY_page_mapping] = (uint8_t)policy_value_by_name(POLICY_page_mapping, profile->page_mapping);
}
