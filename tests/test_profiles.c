/* SPDX-License-Identifier: MIT */
/* The table of profiles: every word means something, and the eras are as FACTS tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy.h"

static uint8_t values[POLICY_COUNT];

static const char *value_of(const char *profile, enum policy policy)
{
	assert_true(profile_apply(&profiles[profile_by_name(profile)], values));
	return policy_rows[policy].values[values[policy]];
}

static void every_word_means_something(void **state)
{
	(void)state;
	for (unsigned i = 0; i < profile_count(); i++) {
		const char *like = strstr(profiles[i].policies, "like=");
		char base[32];

		if (like && sscanf(like, "like=%31s", base) == 1)
			assert_in_range(profile_by_name(base), 0, i - 1); /* an earlier row: no circle */
		if (!profile_apply(&profiles[i], values))
			fail_msg("profile %s: a word of '%s' means nothing", profiles[i].name, profiles[i].policies);
		assert_int_equal(profile_by_name(profiles[i].name), i);
	}
}

static void unknown_words_are_refused(void **state)
{
	static const char *const wrong[] = {"page_maping=hugh", "page_mapping=huge",        "page_mapping", "bugs=some",
					    "like=2.6.21",      "page_mapping=hugh colour", "=on",          "bug.*=on"};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (policies_apply(wrong[i], values))
			fail_msg("'%s' is taken", wrong[i]);
	assert_true(policies_apply("", values));
}

static void eras_are_as_told(void **state)
{
	static const struct {
		const char *profile;
		enum policy policy;
		const char *value;
	} told[] = {
		{"2.6.22-rc5", POLICY_page_mapping, "none"},
		{"2.6.22", POLICY_page_mapping, "hugh"},
		{"2.6.23", POLICY_page_mapping, "lameter"},
		{"2.6.25", POLICY_page_mapping, "lameter"},
		{"3.13", POLICY_page_mapping, "hugh"},
		{"safe", POLICY_page_mapping, "hugh"},
		{"2.6.22", POLICY_bug_kmalloc_dma_size, "on"},
		{"2.6.23", POLICY_bug_kmalloc_dma_size, "off"},
		{"2.6.23", POLICY_bug_shrink_strands, "on"},
		{"2.6.25", POLICY_bug_shrink_strands, "off"},
		{"2.6.25", POLICY_bug_kfree_any_page, "off"},
		{"2.6.22", POLICY_slub_report, "2.6.22"},
		{"2.6.23", POLICY_slub_report, "2.6.23"},
		{"3.13", POLICY_natural_align, "off"},
		{"5.4", POLICY_natural_align, "on"},
		{"6.14", POLICY_natural_align, "on"},
		{"5.4", POLICY_kmalloc_bounce, "off"},
		{"6.5", POLICY_kmalloc_bounce, "6.5"},
		{"3.13", POLICY_kmalloc_minalign, "arch"},
		{"5.4", POLICY_kmalloc_minalign, "6.1"},
		{"6.5", POLICY_kmalloc_minalign, "6.5"},
		{"3.13", POLICY_dma_code, "arch"},
		{"6.14", POLICY_dma_code, "6.1"},
		{"6.5", POLICY_slab_page_count, "counted"},
		{"6.14", POLICY_slab_page_count, "frozen"},
		{"5.4", POLICY_skb_slab_pages, "referenced"},
		{"6.5", POLICY_skb_slab_pages, "copied"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		assert_string_equal(value_of(told[i].profile, told[i].policy), told[i].value);
}

static void safe_has_no_bug_and_the_first_era_has_all(void **state)
{
	(void)state;
	for (int i = 0; i < POLICY_COUNT; i++) {
		if (strncmp(policy_rows[i].name, "bug.", 4) != 0)
			continue;
		assert_string_equal(value_of("safe", (enum policy)i), "off");
		assert_string_equal(value_of("2.6.22-rc5", (enum policy)i), "on");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_means_something),
		cmocka_unit_test(unknown_words_are_refused),
		cmocka_unit_test(eras_are_as_told),
		cmocka_unit_test(safe_has_no_bug_and_the_first_era_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
