/* SPDX-License-Identifier: MIT */
/* What a user would write instead: 16 slots, at most 32 malloc or free with fill and check, sanitizers as the oracle.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16, OPS_MAX = 32, OP_SIZE = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint8_t *p;
		size_t size;
	} slots[SLOTS] = {0};

	for (size_t i = 0; i < OPS_MAX && 1 + (i + 1) * OP_SIZE <= size; i++) {
		const uint8_t *op = data + 1 + i * OP_SIZE;
		unsigned slot = op[3] % SLOTS;

		if (op[0] & 1) {
			if (slots[slot].p)
				continue;
			slots[slot].size = op[4] | (op[0] & 2 ? op[5] << 4 : 0);
			slots[slot].p = malloc(slots[slot].size);
			if (slots[slot].p)
				memset(slots[slot].p, (int)slot, slots[slot].size);
		} else if (slots[slot].p) {
			for (size_t k = 0; k < slots[slot].size; k++)
				if (slots[slot].p[k] != slot)
					abort();
			free(slots[slot].p);
			slots[slot].p = NULL;
		}
	}
	for (unsigned i = 0; i < SLOTS; i++)
		free(slots[i].p);
	return 0;
}
