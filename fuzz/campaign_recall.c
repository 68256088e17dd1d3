/* SPDX-License-Identifier: MIT */
/* Earlier findings are replayed in a process of their own: the one line of the list says "shown" only if they are. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/campaign.h"
#include "fuzz/child.h"
#include "fuzz/containment.h"
#include "fuzz/program_file.h"

/* What the child says of each finding; short enough that a pipe delivers it whole. */
struct answer {
	unsigned finding;
	bool shown;
};

static bool is_shown(struct session *s, const struct campaign_finding *f)
{
	static struct program program;
	static struct program_notes notes;
	struct world_config config;

	if (program_load(f->path, NULL, &program, &notes) || program_world(f->path, &program, NULL, &config))
		return false;
	containment_prepare(s, &config);
	session_run(s, &program, &config);
	for (unsigned i = 0; i < s->world.findings.count; i++)
		if (!strcmp(s->world.findings.list[i].signature, f->signature))
			return true;
	return false;
}

static _Noreturn void child_replays(const struct campaign *c, unsigned first, int fd)
{
	static struct session session;
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	unsetenv("SLABFUZZ_KNOWN");
	unsetenv("SLABFUZZ_FINDINGS");
	if (!session_create(&session))
		_exit(1);
	for (unsigned i = first; i < c->finding_count; i++) {
		struct answer answer = {.finding = i, .shown = is_shown(&session, &c->finding[i])};

		if (write(fd, &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
	}
	_exit(0);
}

static int milliseconds_to(const struct timespec *end)
{
	struct timespec now;
	double left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (double)(end->tv_sec - now.tv_sec) * 1e3 + (double)(end->tv_nsec - now.tv_nsec) / 1e6;
	return left > 0 ? (int)left : 0;
}

/* Returns the first finding that it has no answer of.  One that ends the process is shown. */
static unsigned replay_from(struct campaign *c, unsigned first, const struct timespec *end)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return c->finding_count;
	pid = child_fork();
	if (pid == 0)
		child_replays(c, first, fd[1]);
	close(fd[1]);
	while (pid > 0 && first < c->finding_count) {
		struct pollfd ready = {.fd = fd[0], .events = POLLIN};
		struct answer answer;

		if (poll(&ready, 1, milliseconds_to(end)) <= 0) {
			first = c->finding_count; /* no time left, or a signal: the rest stays as it was listed */
			break;
		}
		if (read(fd[0], &answer, sizeof(answer)) != sizeof(answer)) {
			first++;
			break;
		}
		if (!answer.shown)
			c->finding[answer.finding].state = FINDING_GONE;
		first = answer.finding + 1;
	}
	close(fd[0]);
	if (pid <= 0)
		return c->finding_count;
	child_kill(pid);
	return first;
}

void campaign_recall(struct campaign *c, double seconds)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)seconds;
	for (unsigned i = 0; i < c->finding_count;)
		i = replay_from(c, i, &end);
	/* What no minimiser had the time for. */
	for (unsigned i = 0; i < c->finding_count; i++)
		if (c->finding[i].state == FINDING_BEFORE && !c->finding[i].minimized)
			c->finding[i].state = FINDING_RAW;
}
