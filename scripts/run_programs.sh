#!/bin/bash
# SPDX-License-Identifier: MIT
# Every claim, regression, program of a clean corpus and test program in each of the given builds; --check compares with its # expect: and
# # assert: lines and exits 0 iff all hold.
set -euo pipefail
shopt -s nullglob
programs=(corpora/claims/*.prog corpora/regressions/*.prog corpora/*_clean/*.prog corpora/*_misuse/*.prog examples/*.prog tests/programs/*.prog)
failed=0
for tool; do
	[ -x "$tool" ] || { echo "skipped: no $tool"; continue; }
	count=0
	for p in "${programs[@]}"; do
		out=$("$tool" run --check "$p" 2>&1) || { printf '%s\nFAILED %s run --check %s\n' "$out" "$tool" "$p"; failed=1; }
		count=$((count + 1))
		[ $((count % 200)) != 0 ] || echo "programs: $count of ${#programs[@]} in $tool"
	done
	echo "programs: ${#programs[@]} in $tool"
done
exit $failed
