#!/bin/bash
# SPDX-License-Identifier: MIT
# fault_bugs.sh TOOL: each fault point has planted bugs (header `# fault: NAME`) that only it reveals: their programs
# show them, and show nothing once the ops that steer faults are taken out.  A line per bug.
# fault_bugs.sh --markdown: the points and their bugs, for docs/faults.md.
set -euo pipefail
shopt -s nullglob
work=$(mktemp -d) failed=0
trap 'rm -rf "$work"' EXIT
complain() { echo "FAILED fault bug: $*"; failed=1; }
header() { sed -n "/^--- /q;s/^# $2: *//p" "$1" | head -n 1; }
points() { sed -n 's/^FAULT(\([a-z_]*\),.*/\1/p' sim/fault.def; }
patches_of() { grep -lx "# fault: $1" tests/planted/*.patch tests/planted/machine/*.patch || true; }

if [ "${1:?}" = --markdown ]; then
	printf '| fault point | planted bug | what it is |\n| --- | --- | --- |\n'
	for point in $(points); do
		for patch in $(patches_of "$point"); do
			echo "| \`$point\` | \`$(basename "$patch" .patch)\` | $(header "$patch" kind) |"
		done
	done
	exit 0
fi
tool=$1

# run PATCH PROGRAM: its exit status and output with the bug in it
run() {
	local name
	name=$(basename "$1" .patch)
	status=0
	if [[ $1 = */machine/* ]]; then
		out=$("build/machine/$name" run "$2" 2>&1) || status=$?
	else
		out=$("$tool" run --set "allocator=$(header "$1" model)+$name" "$2" 2>&1) || status=$?
	fi
}

# shows POINT PATCH: with the faults what the header says, without them nothing
shows() {
	local killer=${2%.patch}.prog wanted blind
	wanted=$(header "$2" expect) blind=$(header "$2" blind)
	grep -q "^fault_set $1 " "$killer" || { complain "$killer sets no $1"; return; }
	run "$2" "$killer"
	if [ -n "$blind" ]; then
		[ $status = 0 ] || complain "$1: $killer: exit $status: $out"
	else
		[ $status = 1 ] && grep -qF -- "BUG: $wanted" <<<"$out" || complain "$1: $killer: no $wanted: $out"
	fi
	grep -v '^fault_\|^# expect' "$killer" >"$work/without.prog"
	run "$2" "$work/without.prog"
	[ $status = 0 ] || complain "$1: $killer finds something without its fault: $out"
	printf 'ok     %-18s %-26s %s\n' "$1" "$(basename "$2" .patch)" "${wanted:-blind to $blind}"
}

for point in $(points); do
	found=$(patches_of "$point")
	[ -n "$found" ] || complain "$point has no planted bug"
	for patch in $found; do
		shows "$point" "$patch"
	done
done
exit $failed
