#!/bin/bash
# SPDX-License-Identifier: MIT
# A crash of the framework in a world with native code is filed by what AddressSanitizer says of the same program:
# tests/wild_heap.c stores over an oracle's memory, which crashes later.  With an ASan tool that is a finding of the
# heap; without one, and where the fault is the framework's own, it is a bug of the framework.  A heap that never ends is
# a hang by the clock.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. scripts/relink.sh
unset SLABFUZZ_FINDINGS SLABFUZZ_KNOWN SLABFUZZ_SET
failed=0
fail() { echo "FAILED native_crashes.sh: $*"; [ ! -f "$work/out" ] || tail -n 8 "$work/out"; failed=1; }

# The tool that knows the wild heap, and perhaps has a fault of its own: BUILD DIRECTORY OUT [OBJECT].
build_tool() {
	local build=$1 dir=$2 out=$3
	shift 3
	${compiler[$build,fuzz]} -DSLABFUZZ_REGISTRY_EXTRA='"tests/wild_heaps.def"' -c -o "$work/registry.o" fuzz/registry.c &&
		${compiler[$build,fuzz]} -c -o "$work/wild.o" tests/wild_heap.c &&
		${compiler[$build,fuzz]} -c -o "$work/bump.o" tests/bump_heap.c &&
		link_tool "$build" "$dir" "$out" "$@" "$work/registry.o" "$work/wild.o" "$work/bump.o"
}

cat >"$work/wild.prog" <<'PROG'
world arch=x86 allocator=wild-heap
o0 = kmalloc 48 GFP_KERNEL repeat=4
obj_write o0 0 48 0x11
k0 = alloc_skb
kfree o1
PROG
# The heap's third alloc() is never reached.
cat >"$work/tame.prog" <<'PROG'
world arch=x86 allocator=wild-heap
p0 = alloc_pages 0 GFP_KERNEL
o0 = kmalloc 48 GFP_KERNEL
free_pages p0
PROG

run() { # ASAN-TOOL COMMAND...
	local asan=$1
	shift
	rm -rf "$work/found" && mkdir "$work/found"
	SLABFUZZ_ASAN=$asan SLABFUZZ_FINDINGS=$work/found timeout 60 "$@" >"$work/out" 2>&1
}

is_finding() {
	grep -q '^BUG: [a-z-]*/wild-heap/' "$work/out" && ! grep -q 'FRAMEWORK BUG' "$work/out" &&
		compgen -G "$work/found/*+wild-heap+*.prog" >/dev/null && compgen -G "$work/found/*+wild-heap+*.txt" >/dev/null &&
		! compgen -G "$work/found/framework-bug-*" >/dev/null
}

is_framework_bug() {
	grep -q '^FRAMEWORK BUG: ' "$work/out" && ! grep -q '^BUG: ' "$work/out" &&
		compgen -G "$work/found/framework-bug-*.prog" >/dev/null
}

build_tool plain build "$work/plain" || { fail "plain: does not build"; exit 1; }
build_tool asan build/asan "$work/asan" || { fail "asan: does not build"; exit 1; }

run "$work/asan" "$work/plain" run "$work/wild.prog"
status=$?
[ $status = 1 ] && is_finding || fail "a wild store that ASan sees: exit $status"
run "" "$work/plain" run "$work/wild.prog"
status=$?
[ $status = 3 ] && is_framework_bug || fail "the same without an ASan tool: exit $status"
run "" "$work/asan" run "$work/wild.prog"
status=$?
[ $status = 1 ] && is_finding || fail "the ASan tool itself: exit $status"
run "$work/asan" "$work/plain" run "$work/tame.prog"
status=$?
[ $status = 0 ] || fail "the tame program: exit $status"

# A heap that never ends is ended by the clock, in the tool, its engines and its sweeps.
cat >"$work/spin.prog" <<'PROG'
world arch=x86 allocator=bump+spin
o0 = kmalloc 48 GFP_KERNEL repeat=4
PROG
run "" "$work/plain" run --timeout 1 --events "$work/events" "$work/spin.prog"
status=$?
[ $status = 1 ] && grep -q '^BUG: hang/bump+spin/clock/kmalloc' "$work/out" && grep -q 'the clock decided' "$work/out" ||
	fail "a heap that never ends: exit $status"
! grep -q '^hang' "$work/events" && grep -q '^over' "$work/events" || fail "the clock is in the event log"
run "" "$work/plain" minimize --timeout 1 "$work/spin.prog"
status=$?
[ $status = 0 ] && grep -q 'not minimised' "$work/out" || fail "minimize of a hang by the clock: exit $status"
run "" "$work/plain" run --timeout soon "$work/spin.prog"
status=$?
[ $status = 2 ] && [ "$(wc -l <"$work/out")" = 1 ] || fail "--timeout soon: exit $status"
run "" "$work/plain" fuzz --target slub_clean --set allocator=bump+spin --engine random --jobs 1 --time 4 --timeout 1 \
	--out "$work/campaign"
status=$?
[ $status = 1 ] && compgen -G "$work/campaign/findings/hang+bump+spin+clock+*.txt" >/dev/null ||
	fail "a campaign with a heap that never ends: exit $status"

fault=tests/planted/framework/null-in-oracle.patch
compile_patched plain $fault "$work/fault-plain.o" && build_tool plain build "$work/plain" "$work/fault-plain.o" &&
	compile_patched asan $fault "$work/fault-asan.o" && build_tool asan build/asan "$work/asan" "$work/fault-asan.o" ||
	fail "the fault does not build"
run "$work/asan" "$work/plain" run "$work/tame.prog"
status=$?
[ $status = 3 ] && is_framework_bug || fail "a fault of the framework beside native code: exit $status"
[ $failed = 1 ] || echo "ok     crashes beside native code are filed by what ASan says, and endless loops by the clock: 10 of 10"
exit $failed
