/* SPDX-License-Identifier: MIT */
/* Any bytes as mtrace text: either a precise error, or programs that are normalised, leak-free and survive print and
 * parse. */
#include "targets/import_check.h"

import_check_entry LLVMFuzzerTestOneInput;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	return import_check(import_mtrace, bytes, size);
}
