#!/bin/bash
# SPDX-License-Identifier: MIT
# pairs_test.sh TOOL: a program of slabfuzz pairs that kills the tool is saved and told of, and the others still run.
set -euo pipefail
tool=$1 work=$(mktemp -d) status=0
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED pairs: $*"; cat "$work/out"; exit 1; }

"$tool" pairs --jobs 1 --every 29 --out "$work/saved" >"$work/out" 2>&1 &
tool_pid=$!
worker=
for _ in $(seq 100); do
	worker=$(cat "/proc/$tool_pid/task/$tool_pid/children" 2>/dev/null || true)
	[ -z "$worker" ] || break
	sleep 0.02
done
sleep 0.2
# shellcheck disable=SC2086
kill -SEGV $worker || fail "no worker to kill"
wait "$tool_pid" || status=$?
[ "$status" = 3 ] || fail "exit $status, not 3"
grep -q '^FRAMEWORK BUG: signal 11$' "$work/out" || fail "the signal is not named"
saved=$(sed -n 's/^FRAMEWORK BUG: \(.*\.prog\)$/\1/p' "$work/out")
"$tool" run "$saved" >/dev/null || [ $? = 1 ] || fail "the program is not saved, or no program: $saved"
grep -q '^pairs: [0-9]* ordered pairs of ops, [0-9]* programs in [0-9]* worlds; .*; 1 killed the tool$' "$work/out" ||
	fail "no summary of one that killed the tool"
echo "pairs: a program that kills the tool is saved"
