/* SPDX-License-Identifier: MIT */
/* slabfuzz dictionary: what engines may paste into inputs, from the tables that parse and decode them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/tool.h"
#include "program/bytes.h"
#include "sim/fault.h"
#include "sim/policy.h"

static const struct target *chosen;

static const char *take_option(void *context, int letter, const char *value)
{
	(void)context, (void)letter;
	return tool_take_target(value, &chosen);
}

static void word(const char *text)
{
	printf("\"%s\"\n", text);
}

static void setting(void *context, const char *key, const char *help)
{
	(void)context, (void)help;
	/* A key that stands for many is written in angle brackets. */
	if (!strchr(key, '<'))
		printf("\"%s=\"\n", key);
}

/* Program text. */
static void words(void)
{
	word("world ");
	word(" repeat=");
	word(" fail_nth=");
	for (unsigned i = 0; i < OP_COUNT; i++)
		word(op_descriptors[i].name);
	for (unsigned i = 0; i < gfp_row_count(); i++)
		word(gfp_rows[i].name);
	for (unsigned i = 0; i < DMA_DIRECTION_COUNT; i++)
		word(dma_direction_names[i]);
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		word(fault_rows[i].name);
	world_keys_list(setting, NULL);
	for (unsigned i = 0; i < POLICY_COUNT; i++)
		printf("\"policy.%s=\"\n", policy_rows[i].name);
	for (unsigned i = 0; i < allocator_count; i++)
		word(allocators[i]->name);
	for (unsigned i = 0; i < arch_count(); i++)
		word(arches[i].name);
	for (unsigned i = 0; i < profile_count(); i++)
		word(profiles[i].name);
}

/* The bytes of each op of a target in its simplest form. */
static void ops(void)
{
	static struct target_plan plan;
	static struct program program;
	uint8_t zeros[1 + OP_BYTES] = {0}, bytes[1 + OP_BYTES];

	target_resolve(&plan, chosen);
	for (unsigned i = 0; i < plan.set.count; i++) {
		zeros[1] = (uint8_t)i;
		program_decode(&program, &plan.set, zeros, sizeof(zeros));
		if (program.op_count != 1 || program_encode(&program, &plan.set, bytes, sizeof(bytes)) != sizeof(bytes))
			continue;
		printf("%s=\"", op_descriptors[program.ops[0].verb].name);
		for (unsigned k = 1; k < sizeof(bytes); k++)
			printf("\\x%02x", bytes[k]);
		printf("\"\n");
	}
}

int tool_dictionary(int argc, char **argv)
{
	int status = tool_parse(argc, argv, take_option, NULL);

	if (status)
		return status;
	if (optind < argc)
		return tool_usage("dictionary", "takes no operands");
	if (chosen)
		ops();
	else
		words();
	return 0;
}
