/* SPDX-License-Identifier: MIT */
/* main() of parser and importer targets built without an engine: feeds files as they are. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/input_file.h"
#include "fuzz/replay_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay_file(const char *path)
{
	struct input in;

	if (input_read(path, &in))
		return EXIT_USAGE;
	LLVMFuzzerTestOneInput((const uint8_t *)in.bytes, in.size);
	input_free(&in);
	return 0;
}

int main(int argc, char **argv)
{
	return replay_paths(argc, argv, replay_file);
}
