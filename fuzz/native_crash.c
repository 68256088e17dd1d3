/* SPDX-License-Identifier: MIT */
/* The ASan tool is a child whose output is kept: its line `BUG: signature` is the answer. */
#include "fuzz/native_crash.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/atomic_file.h"

enum { PATH_BYTES = 1024, ANSWER_MAX = 64 * 1024 };

static char answer[ANSWER_MAX];

static bool is_native(const struct world_config *config)
{
	bool native = config->allocator && !config->allocator->contract.frames_are_frames;

	for (unsigned i = 0; i < config->peer_count; i++)
		native = native || !config->peers[i]->contract.frames_are_frames;
	return native;
}

/* False if there is none, or this is it. */
static bool find_tool(char path[PATH_BYTES])
{
	static const char *const places[] = {"asan/slabfuzz", "../asan/slabfuzz"};
	const char *named = getenv("SLABFUZZ_ASAN");
	char own[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	if (named) {
		snprintf(path, PATH_BYTES, "%s", named);
		return *named && access(path, X_OK) == 0;
	}
	own[n < 0 ? 0 : n] = 0;
	slash = strrchr(own, '/');
	if (!slash || strstr(own, "/asan/"))
		return false;
	*slash = 0;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(path, PATH_BYTES, "%s/%s", own, places[i]) < PATH_BYTES && access(path, X_OK) == 0)
			return true;
	return false;
}

/*
 * fork() would wait for locks of the heap, which may be what broke, and file actions would take from it: this process,
 * which is about to end anyway, lends its own standard files.
 */
static pid_t start(const char *tool, const char *prog, int out)
{
	char *const arguments[] = {(char *)(uintptr_t)tool, (char *)(uintptr_t) "run", (char *)(uintptr_t)prog, NULL};
	int own[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	pid_t pid;
	bool started;

	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	started = posix_spawn(&pid, tool, NULL, NULL, arguments, environ) == 0;
	dup2(own[0], STDOUT_FILENO);
	dup2(own[1], STDERR_FILENO);
	close(own[0]);
	close(own[1]);
	return started ? pid : -1;
}

/* Exit status of the tool, -1 if it did not end by itself; what it said is in `answer`. */
static int ask(const char *tool, const char *prog)
{
	int fd[2], status = -1;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fd) != 0)
		return -1;
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	setenv("SLABFUZZ_ASAN", "", 1); /* it asks nobody */
	unsetenv("SLABFUZZ_FINDINGS");
	pid = start(tool, prog, fd[1]);
	close(fd[1]);
	while (pid > 0 && (n = read(fd[0], answer + used, sizeof(answer) - 1 - used)) > 0)
		used += (size_t)n;
	answer[used] = 0;
	close(fd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* From a line that begins with "BUG: ". */
static bool read_signature(char signature[SIGNATURE_MAX])
{
	for (const char *line = answer; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "BUG: ", 5))
			return sscanf(line, "BUG: %119s", signature) == 1;
	}
	return false;
}

/* DIR/framework-bug-HASH.EXT becomes DIR/SIGNATURE-HASH.EXT. */
static void finding_path(char *out, const char *artefact, const char *signature)
{
	const char *name = strrchr(artefact, '/') + 1, *hash = strrchr(artefact, '-');
	size_t directory = (size_t)(name - artefact);

	snprintf(out, PATH_BYTES, "%.*s%s%s", (int)directory, artefact, signature, hash);
	for (char *c = out + directory; *c; c++)
		if (*c == '/')
			*c = '+';
}

_Static_assert(SIGNATURE_MAX == 120, "read_signature() has its length");

bool native_crash_is_finding(const struct session *s, const char *prog, const char *txt)
{
	char tool[PATH_BYTES], signature[SIGNATURE_MAX], path[PATH_BYTES], report[PATH_BYTES];

	if (!is_native(&s->world.config) || !find_tool(tool) || ask(tool, prog) < 1 || !read_signature(signature))
		return false;
	finding_path(path, prog, signature);
	finding_path(report, txt, signature);
	if (!file_write_atomically(report, answer, strlen(answer)))
		return false;
	if (rename(prog, path) != 0) {
		unlink(report);
		return false;
	}
	unlink(txt);
	dprintf(STDERR_FILENO,
		"\nBUG: %s\n\n  a wild store of native code: it hit the framework later, AddressSanitizer "
		"saw it happen\n  program saved: %s\n",
		signature, path);
	return true;
}
