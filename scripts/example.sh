#!/bin/bash
# SPDX-License-Identifier: MIT
# An allocator from outside the tree: examples/region-heap builds, both of its bugs are found within 10 s, their
# reproducers replay and minimise, and the contract's tests fail for the one bug that they can see.  Plain build only: an
# engine build of the core takes minutes.
set -euo pipefail
fail() { echo "example.sh: $*" >&2; exit 1; }
dir=examples/region-heap
out=$(mktemp -d)
echo "example: building $dir"
trap 'rm -rf "$out"' EXIT
"${MAKE:-make}" --no-print-directory -s -C $dir OUTSIDE_FLAVOURS=plain >"$out/make.log" 2>&1 ||
	{ cat "$out/make.log" >&2; fail "does not build"; }
tool=$dir/build/slabfuzz
echo "example: fuzzing, until both bugs are found"
[ "$($tool list targets | grep -c region_heap)" = 1 ] || fail "the tool does not know the outside target"
$tool fuzz --target region_heap --engine random --time 10 --until-declared --out "$out/campaign" >"$out/table" 2>&1 ||
	{ cat "$out/table" >&2; fail "a declared bug was not found"; }
for program in $dir/*.prog; do
	expect=$(sed -n 's/^# expect: //p' "$program")
	for replay in "$tool run" "$dir/build/fuzz_region_heap"; do
		status=0
		$replay "$program" >"$out/replay" 2>&1 || status=$?
		[ $status = 1 ] && grep -qF "$expect" "$out/replay" || { cat "$out/replay" >&2; fail "$replay $program: $status"; }
	done
	$tool minimize "$program" >"$out/small.prog" 2>"$out/minimize.log" || [ $? = 1 ] || fail "minimize $program"
	status=0
	$tool run "$out/small.prog" >"$out/replay" 2>&1 || status=$?
	[ $status = 1 ] && grep -qF "$expect" "$out/replay" || fail "minimize $program lost its finding"
done
echo "example: the tests of the contract"
if "${MAKE:-make}" --no-print-directory -s -C $dir contract >"$out/contract" 2>&1; then fail "the contract's tests pass"; fi
if grep '^\[  FAILED  \] region' "$out/contract" | grep -v huge_sizes || ! grep -q 'PASSED.* [1-9]' "$out/contract"; then
	cat "$out/contract" >&2
	fail "the contract's tests fail for something else"
fi
echo "ok     $dir: builds outside the tree, both bugs found, replayed and minimised, and the contract tested"
