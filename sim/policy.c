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
#define PROFILE(name, policies, help) {name, policies, help},
#include "sim/profile.def"
#undef PROFILE
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

enum { WORD_MAX = 64 };

static void set_bugs(uint8_t values[POLICY_COUNT], const char *value)
{
	for (int i = 0; i < POLICY_COUNT; i++)
		if (!strncmp(policy_rows[i].name, "bug.", 4))
			values[i] = !strcmp(value, "on");
}

/* name=value, cut in two. */
static bool apply_word(const char *name, const char *value, uint8_t values[POLICY_COUNT])
{
	int row = policy_by_name(name), index;

	if (!strcmp(name, "like")) {
		row = profile_by_name(value);
		return row >= 0 && profile_apply(&profiles[row], values);
	}
	if (!strcmp(name, "bugs")) {
		set_bugs(values, value);
		return !strcmp(value, "on") || !strcmp(value, "off");
	}
	index = row < 0 ? -1 : policy_value_by_name((enum policy)row, value);
	if (index >= 0)
		values[row] = (uint8_t)index;
	return index >= 0;
}

bool policies_apply(const char *words, uint8_t values[POLICY_COUNT])
{
	char word[WORD_MAX];

	memset(values, 0, POLICY_COUNT);
	for (size_t length; *words; words += length + (words[length] == ' ')) {
		char *equals;

		length = strcspn(words, " ");
		if (length >= sizeof(word))
			return false;
		memcpy(word, words, length);
		word[length] = 0;
		equals = strchr(word, '=');
		if (!equals)
			return false;
		*equals = 0;
		if (!apply_word(word, equals + 1, values))
			return false;
	}
	return true;
}

bool profile_apply(const struct profile *profile, uint8_t values[POLICY_COUNT])
{
	return policies_apply(profile->policies, values);
}
