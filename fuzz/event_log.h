/* SPDX-License-Identifier: MIT */
/* The event log: one line per event, without addresses of the host or time, the same in every build and engine. */
#ifndef SLABFUZZ_FUZZ_EVENT_LOG_H
#define SLABFUZZ_FUZZ_EVENT_LOG_H

#include <stdio.h>

#include "sim/event.h"

struct event_log {
	FILE *file;
};

void event_log_add(struct event_log *log, const struct event *event);
/* An address as reports print it: pfn:offset inside RAM, hexadecimal elsewhere. */
void address_print(char *out, size_t size, target_addr_t addr);

#endif
