/* SPDX-License-Identifier: MIT */
/* main() of a target built without an engine: replays the files or directories it is given, text or bytes. */
#include <stdio.h>

#include "fuzz/engine.h"
#include "fuzz/input_file.h"
#include "fuzz/program_file.h"
#include "fuzz/replay_files.h"
#include "fuzz/report.h"

static struct program program;

static int replay_file(const char *path)
{
	struct session *s = engine_session();
	struct program_notes notes;
	struct world_config config;
	const struct finding *finding;
	int status = program_load(path, engine_plan(), &program, &notes);

	if (!status)
		status = program_world(path, &program, NULL, &config);
	if (status)
		return status;
	finding = session_run(s, &program, &config);
	if (!finding)
		return 0;
	printf("%s: %s\n", path, finding->signature);
	report_print(s, &program, &config, finding, NULL, stdout);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
		return EXIT_USAGE;
	}
	return replay_paths(argc, argv, replay_file);
}
