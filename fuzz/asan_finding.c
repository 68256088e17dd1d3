/* SPDX-License-Identifier: MIT */
/*
 * The hook runs inside ASan's report: the op under way is caught at the instruction, so nothing may run again here; the
 * program and ASan's text are written as they are.  A report on host memory is left alone: it is a framework bug.
 */
#include "fuzz/asan_finding.h"

#include "sim/asan.h"

#ifdef SIM_ASAN

#include <stdio.h>
#include <string.h>

#include "fuzz/atomic_file.h"

/* ASan calls a plain function. */
static struct session *asan_session;

static void save(const char *signature, const char *report)
{
	struct session *s = asan_session;
	char path[1024];
	size_t length;

	if (!s->findings_dir || !finding_save_program(s->running, signature, s->findings_dir, path, sizeof(path)))
		return;
	length = strlen(path);
	memcpy(path + length - 5, ".txt", 5);
	file_write_atomically(path, report, strlen(report));
}

static void on_report(const char *report)
{
	struct session *s = asan_session;
	struct sim *sim = &s->world.sim;
	target_addr_t addr = (uintptr_t)__asan_get_report_address();
	const char *title;
	char signature[SIGNATURE_MAX];

	sim->recovery = NULL; /* the process is about to end: its abort() is not the allocator's */
	if (!s->running || addr - RAM_BASE >= sim->ram_size)
		return;
	title = sim->frame_touched[(addr - RAM_BASE) >> PAGE_SHIFT] ? "use-after-free" : "out-of-bounds";
	snprintf(signature, sizeof(signature), "%s/%s/free-page/%s", title, sim->actor, sim->by);
	fprintf(stderr, "\nBUG: %s\n\n  AddressSanitizer, at op %u; target address %llx:%03x\n", signature, sim->op,
		(unsigned long long)(addr >> PAGE_SHIFT), (unsigned)(addr & (PAGE_SIZE - 1)));
	save(signature, report);
}

void asan_finding_install(struct session *s)
{
	asan_session = s;
	__asan_set_error_report_callback(on_report);
}

#else

void asan_finding_install(struct session *s)
{
	(void)s;
}

#endif
