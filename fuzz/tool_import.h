/* SPDX-License-Identifier: MIT */
/* The import command of the tool; argv[0] is "import".  Returns the exit status. */
#ifndef SLABFUZZ_FUZZ_TOOL_IMPORT_H
#define SLABFUZZ_FUZZ_TOOL_IMPORT_H

int tool_import(int argc, char **argv);

#endif
