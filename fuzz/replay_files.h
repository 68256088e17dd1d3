/* SPDX-License-Identifier: MIT */
/* Walks the files and directories that a replay binary is given. */
#ifndef SLABFUZZ_FUZZ_REPLAY_FILES_H
#define SLABFUZZ_FUZZ_REPLAY_FILES_H

/* Calls file() for each path, in sorted order inside directories; arguments with a leading dash are an engine's options
 * and skipped.  Returns the highest status. */
int replay_paths(int argc, char **argv, int (*file)(const char *path));

#endif
