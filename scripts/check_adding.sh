#!/bin/bash
# SPDX-License-Identifier: MIT
# The diffs of docs/adding.md must apply to this tree, and what they touch must compile.
set -euo pipefail
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
awk -v d="$copy" '/^```diff/{n++; f=d"/"n".diff"; next} /^```/{f=""} f{print > f}' docs/adding.md
count=0
for diff in "$copy"/*.diff; do
	tree=$copy/tree && rm -rf "$tree" && mkdir "$tree"
	git ls-files -z '*.c' '*.h' '*.def' | xargs -0 cp --parents -t "$tree"
	(cd "$tree" && patch -p1 --fuzz=0 --silent <"$diff")
	for file in $(sed -n 's|^+++ b/||p' "$diff") fuzz/registry.c fuzz/execute.c; do
		case $file in *.c) (cd "$tree" && gcc -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only "$file") ;; esac
	done
	count=$((count + 1))
done
[ "$count" = 4 ] || { echo "docs/adding.md: expected four diffs, found $count" >&2; exit 1; }
echo "docs/adding.md: $count diffs apply and compile"
