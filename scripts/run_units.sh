#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs each unit test program; prints the output of those that fail.
set -euo pipefail
failed=0
for t; do
	if out=$("$t" 2>&1); then
		echo "ok     $t $(grep -c '^\[       OK' <<<"$out" || true)"
	else
		printf '%s\nFAILED %s\n' "$out" "$t"
		failed=1
	fi
done
exit $failed
