/* SPDX-License-Identifier: MIT */
/* Prints events.  Kernel data and wild addresses print as the target would see them: they are deterministic. */
#include "fuzz/event_log.h"

#include "sim/sim.h"

void address_print(char *out, size_t size, target_addr_t addr)
{
	if (addr - RAM_BASE < RAM_SIZE_MAX)
		snprintf(out, size, "%llx:%03x", (unsigned long long)(addr >> PAGE_SHIFT),
			 (unsigned)(addr & (PAGE_SIZE - 1)));
	else
		snprintf(out, size, "0x%08llx", (unsigned long long)addr);
}

void event_log_add(struct event_log *log, const struct event *event)
{
	char addr[32];

	address_print(addr, sizeof(addr), event->addr);
	fprintf(log->file, "%s %u %s %llu %llu%s%s\n", event_names[event->kind], event->id, event->addr ? addr : "-",
		(unsigned long long)event->size, (unsigned long long)event->value, event->text ? " " : "",
		event->text ? event->text : "");
}
