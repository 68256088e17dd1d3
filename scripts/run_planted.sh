#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/planted/<name>.prog kills <name>.patch with the expected signature, and is clean without the bug.  A patch that
# says `# blind: SIGNATURE` makes an oracle blind: its program shows the signature without the bug only.
set -euo pipefail
shopt -s nullglob
tool=$1
[ -x "$tool" ] || { echo "skipped: no $tool"; exit 0; }
failed=0 count=0
complain() { echo "FAILED planted: $*"; failed=1; }
header() { sed -n "/^--- /q;s/^# $2: *//p" "$1" | head -n 1; }
for patch in tests/planted/*.patch; do
	name=$(basename "$patch" .patch) model=$(header "$patch" model) killer=${patch%.patch}.prog
	[ -f "$killer" ] || { complain "$name has no killer $killer"; continue; }
	status=0
	out=$("$tool" run --set "allocator=$model+$name" "$killer" 2>&1) || status=$?
	[ $status = 1 ] && grep -qF -- "$(header "$patch" expect)" <<<"$out" ||
		complain "$name: exit $status, wanted $(header "$patch" expect): $out"
	out=$("$tool" run --check "$killer" 2>&1) || complain "$name: $out"
	status=0
	out=$("$tool" run --set "allocator=$model" "$killer" 2>&1) || status=$?
	# Misuse is reported by a sound allocator, so its twin is clean if nothing was missed.
	if [[ $(header "$patch" expect) = @(missed|repeated)-detection/* ]]; then
		! grep -qE "(missed|repeated)-detection" <<<"$out" || complain "$name: its clean twin misses too: $out"
	else
		[ $status = 0 ] || complain "$name: its clean twin exits $status: $out"
	fi
	count=$((count + 1))
	[ $((count % 20)) != 0 ] || echo "planted: $count bugs"
done
for patch in tests/planted/machine/*.patch; do
	name=$(basename "$patch" .patch) killer=${patch%.patch}.prog
	[ -f "$killer" ] || { complain "$name has no killer $killer"; continue; }
	status=0 blind=$(header "$patch" blind) sound=$tool
	# The heap of these is in tools of their own.
	[[ $name = region-* ]] && sound=build/machine/region
	out=$("build/machine/$name" run "$killer" 2>&1) || status=$?
	if [ -n "$blind" ]; then
		[ $status = 0 ] || complain "$name: exit $status, wanted nothing: $out"
		grep -qxF -- "# expect: $blind" "$killer" || complain "$killer does not expect $blind"
	else
		[ $status = 1 ] && grep -qF -- "$(header "$patch" expect)" <<<"$out" ||
			complain "$name: exit $status, wanted $(header "$patch" expect): $out"
	fi
	out=$("$sound" run --check "$killer" 2>&1) || complain "$name: its clean twin: $out"
	count=$((count + 1))
	[ $((count % 20)) != 0 ] || echo "planted: $count bugs"
done
echo "planted: $count bugs in all"
exit $failed
