/* SPDX-License-Identifier: MIT */
/* See owner_runs.h. */
#include "oracles/owner_runs.h"

#include <string.h>

bool owner_is_worthless(const char *owner)
{
	static const char *const names[] = {"unused", "free-object", "padding", "page", "free-page"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(owner, names[i]) == 0)
			return true;
	return false;
}

bool owner_is_nobody(const char *owner)
{
	return owner_is_worthless(owner) && strcmp(owner, "page") != 0;
}

bool owner_is_slack(const struct oracle_context *context, target_addr_t addr)
{
	if (object_at(context, addr, NULL))
		return false;
	while (addr > RAM_BASE && (context->sim->roles[addr - RAM_BASE] == ROLE_POISON ||
				   context->sim->roles[addr - RAM_BASE] == ROLE_NONE))
		if (object_at(context, --addr, NULL))
			return true;
	return false;
}

bool owners_may_matter(const struct oracle_context *context, target_addr_t addr, target_addr_t end, uint32_t client)
{
	const uint8_t *roles = context->sim->roles + (addr - RAM_BASE);

	for (uint64_t i = 0; i < end - addr; i++)
		if (roles[i] != ROLE_NONE && roles[i] != ROLE_PADDING)
			return true;
	for (uint32_t i = 0; addr < end && i < *context->object_count; i++) {
		const struct object *object = &context->objects[i];

		if (object->state == OBJECT_LIVE && object->client != client && object->addr < end &&
		    addr < object->addr + object->size)
			return true;
	}
	return false;
}

struct owner_run owner_run_at(const struct oracle_context *context, target_addr_t addr, target_addr_t end)
{
	struct owner_run run = {.addr = addr, .handle = NO_HANDLE};

	run.owner = byte_owner_name(context, addr, &run.handle);
	for (run.size = 1; addr + run.size < end; run.size++) {
		uint32_t handle = NO_HANDLE;

		if (byte_owner_name(context, addr + run.size, &handle) != run.owner || handle != run.handle)
			break;
	}
	return run;
}

void owner_run_tell(struct finding *finding, const struct owner_run *run)
{
	struct range_text range = range_text(run->addr, run->size);

	if (run->handle == NO_HANDLE)
		finding_detail(finding, "bytes %s: %s", range.text, run->owner);
	else
		finding_detail(finding, "bytes %s: %s o%u", range.text, run->owner, run->handle);
}
