#!/bin/bash
# SPDX-License-Identifier: MIT
# check_examples.sh TOOL: the examples in the documents are what the tool does today.
#   ```prog          passes run --check
#   ```prog outside  is correct text, but its allocator is not in the tree
#   ```report        is part of what its own `replay:` line prints
# A program or a report in a block without such a label is a mistake.
set -euo pipefail
tool=$1 work=$(mktemp -d) failed=0 count=0
trap 'rm -rf "$work"' EXIT
complain() { echo "FAILED example: $*"; failed=1; }

# Blocks of a document as files: LINE.KIND
blocks() {
	awk -v d="$2" '
		/^```/ && !f { kind = substr($0, 4); gsub(/ /, "-", kind); f = d "/" NR "." (kind ? kind : "plain"); next }
		/^```/ { close(f); f = ""; next }
		f { print > f }' "$1"
}
check() {
	local at=$1 block=$2 command
	case $block in
	*.prog) "$tool" run --check "$block" >"$work/out" 2>&1 || complain "$at: $(sed "s|$work/[^:]*:||" "$work/out")" ;;
	*.prog-outside)
		cp "$block" "$work/outside.prog"
		"$tool" print "$work/outside.prog" >/dev/null 2>"$work/out" || complain "$at: $(cat "$work/out")"
		;;
	*.report)
		command=$(sed -n 's/^ *replay: build\/slabfuzz //p' "$block")
		"$tool" $command >"$work/out" 2>&1 || true
		python3 -c 'import sys; a, b = (open(f).read() for f in sys.argv[1:]); sys.exit(a.strip() not in b)' \
			"$block" "$work/out" || complain "$at: slabfuzz $command prints something else"
		;;
	*)
		! grep -qE '^(world [a-z]+=|[ocpm]0 = |BUG: )' "$block" || complain "$at: label the block prog or report"
		return
		;;
	esac
	count=$((count + 1))
}

for document in README.md CONTRIBUTING.md docs/*.md examples/*/README.md corpora/*/README.md; do
	[ -f "$document" ] || continue
	rm -rf "$work/blocks" && mkdir "$work/blocks"
	blocks "$document" "$work/blocks"
	for block in "$work"/blocks/*; do
		line=${block##*/}
		[ ! -f "$block" ] || check "$document:${line%%.*}" "$block"
	done
done
echo "examples: $count in the documents"
[ "$count" -ge 3 ] || { echo "FAILED example: none found"; failed=1; }
exit $failed
