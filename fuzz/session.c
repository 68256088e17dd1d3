/* SPDX-License-Identifier: MIT */
/* Known findings, saving and the run that everything shares. */
#include "fuzz/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/asan_finding.h"
#include "fuzz/atomic_file.h"
#include "fuzz/containment.h"
#include "fuzz/report.h"
#include "fuzz/shell_word.h"
#include "fuzz/watchdog.h"

enum { TEXT_MAX = 256 * 1024 };

bool session_read_known(struct session *s, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n#")] = 0;
		if (line[0])
			session_add_known(s, line);
	}
	fclose(file);
	return true;
}

void session_add_known(struct session *s, const char *signature)
{
	if (s->known_count < KNOWN_MAX && !session_knows(s, signature))
		snprintf(s->known[s->known_count++], SIGNATURE_MAX, "%.*s", SIGNATURE_MAX - 1, signature);
}

bool session_knows(const struct session *s, const char *signature)
{
	for (unsigned i = 0; i < s->known_count; i++)
		if (signature_matches(s->known[i], signature))
			return true;
	return false;
}

bool session_knows_one_of(const struct session *s, const char *pattern)
{
	for (unsigned i = 0; i < s->known_count; i++)
		if (signature_matches(pattern, s->known[i]))
			return true;
	return false;
}

bool session_counts(const struct session *s, const struct finding *finding)
{
	if (title_rows[finding->title].grade < s->grade || session_knows(s, finding->signature))
		return false;
	return !s->only || signature_matches(s->only, finding->signature);
}

bool session_create(struct session *s)
{
	const char *known = getenv("SLABFUZZ_KNOWN");
	const char *findings = getenv("SLABFUZZ_FINDINGS");

	memset(s, 0, sizeof(*s));
	if (!world_create(&s->world))
		return false;
	if (!executor_create(&s->executor, &s->world)) {
		fprintf(stderr, "slabfuzz: out of memory\n");
		return false;
	}
	if (!watchdog_seconds(&s->timeout))
		return false;
	containment_install(s);
	asan_finding_install(s);
	s->findings_dir = findings && *findings ? findings : NULL;
	if (known && *known && !session_read_known(s, known)) {
		fprintf(stderr, "%s:0:0: cannot read the known findings: %s\n", known, strerror(errno));
		return false;
	}
	return true;
}

void session_destroy(struct session *s)
{
	containment_release();
	executor_destroy(&s->executor);
	world_destroy(&s->world);
}

const struct finding *session_run(struct session *s, const struct program *p, const struct world_config *config)
{
	containment_prepare(s, config);
	executor_run(&s->executor, p, config);
	for (unsigned i = 0; i < s->world.findings.count; i++) {
		const struct finding *finding = &s->world.findings.list[i];

		if (session_counts(s, finding))
			return finding;
	}
	return NULL;
}

/* FNV-1a: names a file by its content; not security. */
static uint32_t text_hash(const char *text, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

static bool save_report(struct session *s, const struct program *p, const struct finding *finding, const char *prog)
{
	struct world_config config = s->world.config;
	char path[1024], replay[2100], word[2048];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return false;
	snprintf(replay, sizeof(replay), "build/slabfuzz run %s", shell_word(prog, word, sizeof(word)));
	report_print(s, p, &config, finding, replay, out);
	fclose(out);
	snprintf(path, sizeof(path), "%.*s.txt", (int)strlen(prog) - 5, prog);
	ok = file_write_atomically(path, text, size);
	free(text);
	return ok;
}

bool finding_save_program(const struct program *p, const char *signature, const char *dir, char *path, size_t path_size)
{
	struct text_buffer text = {malloc(TEXT_MAX), 0, TEXT_MAX, false};
	char name[SIGNATURE_MAX];
	bool ok;

	if (!text.bytes)
		return false;
	if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
		free(text.bytes);
		return false;
	}
	snprintf(name, sizeof(name), "%s", signature);
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '+';
	program_print(p, NULL, &text);
	errno = ENAMETOOLONG;
	ok = snprintf(path, path_size, "%s/%s-%08x.prog", dir, name, text_hash(text.bytes, text.size)) < (int)path_size;
	ok = ok && file_write_atomically(path, text.bytes, text.size);
	free(text.bytes);
	return ok;
}

bool finding_save(struct session *s, const struct program *p, const struct finding *finding, const char *dir,
		  char *path, size_t path_size)
{
	int error;

	if (!finding_save_program(p, finding->signature, dir, path, path_size))
		return false;
	if (save_report(s, p, finding, path))
		return true;
	error = errno;
	unlink(path); /* never a program without its report */
	errno = error;
	return false;
}
