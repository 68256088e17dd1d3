#!/bin/bash
# SPDX-License-Identifier: MIT
# import_samples.sh TOOL: the sample traces become programs, the same each time, that run clean on all allocators.
set -euo pipefail
tool=$1 work=$(mktemp -d) failed=0
trap 'rm -rf "$work"' EXIT
complain() { echo "FAILED import: $*"; failed=1; }
for trace in corpora/traces/*.ftrace corpora/traces/*.mtrace; do
	format=${trace##*.} name=$(basename "$trace")
	for round in 1 2; do
		"$tool" import --format "$format" "$trace" -o "$work/$name.$round" --ops 64 >"$work/log" 2>&1 ||
			complain "$trace: $(cat "$work/log")"
	done
	diff -r "$work/$name.1" "$work/$name.2" >&2 || complain "$trace: another import gives other programs"
	gzip -c "$trace" >"$work/trace.gz"
	"$tool" import --format "$format" "$work/trace.gz" -o "$work/$name.gz" --ops 64 >"$work/log" 2>&1 &&
		diff <(cat "$work/$name.1"/* | grep -v '^# source') <(cat "$work/$name.gz"/* | grep -v '^# source') >&2 ||
		complain "$trace: gzipped it gives other programs"
	ops=$(cat "$work/$name.1"/*.prog | grep -c kmalloc || true)
	[ "$ops" -gt 30 ] || complain "$trace: only $ops allocations came through"
	for allocator in slub slab slob-2622 slob-2624; do
		"$tool" run --check --set "allocator=$allocator" "$work/$name.1"/*.prog >"$work/log" 2>&1 ||
			complain "$trace on $allocator: $(head -n 3 "$work/log")"
	done
	echo "import: $(ls "$work/$name.1" | wc -l) programs of $trace with $tool"
done
exit $failed
