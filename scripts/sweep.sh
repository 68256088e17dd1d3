#!/bin/bash
# SPDX-License-Identifier: MIT
# sweep.sh TOOL [bounded]: no fault in any program of the corpora, and of the recorded traces, is more than handled: with
# each allocator, by the book.  bounded: the first hits of each point only, for `make test`.
set -euo pipefail
tool=$1 limit=() work=$(mktemp -d) failed=0
trap 'rm -rf "$work"' EXIT
[ "${2:-}" = bounded ] && limit=(--limit 4)
# What DMA does to SLOB on machines that are not coherent is a fact of the era: its blocks are no multiples of a line.
printf '%s\n' cacheline-overlap/slob-2622 cacheline-overlap/slob-2624 >"$work/known"
"$tool" import --format mtrace corpora/traces/git-add.mtrace -o "$work/mtrace" >/dev/null
"$tool" import --format ftrace corpora/traces/linux-boot.ftrace -o "$work/ftrace" >/dev/null
# sweep NAME PATH...
sweep() {
	local name=$1 status=0
	shift
	SLABFUZZ_KNOWN=$work/known "$tool" sweep --safe --set policy.kmalloc_minalign=line "${limit[@]}" \
		--allocators slab,slub,slob-2622,slob-2624 "$@" >"$work/out" 2>"$work/err" || status=$?
	echo "sweep of $name: $(tail -n 1 "$work/out")"
	[ $status = 0 ] || { failed=1 && cat "$work/out" "$work/err"; }
}
for corpus in corpora/claims corpora/regressions corpora/*_clean; do sweep "$corpus" "$corpus"; done
sweep traces "$work/mtrace" "$work/ftrace"
exit $failed
