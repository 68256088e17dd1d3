#!/bin/bash
# SPDX-License-Identifier: MIT
# Faults of the framework, tests/planted/framework/<name>.patch: each ends as a bug of the framework, at an invariant or
# as exit 3, and never as a finding: the tool and the tool under ASan run <name>.prog, libFuzzer's binary of the
# patch's target runs its bytes, and a campaign of that target meets the fault by itself.
#
#   framework_faults.sh all            every fault in every build that there is, and in a campaign
#   framework_faults.sh test           a few of them
#   framework_faults.sh only NAME...
#
# One object is compiled for each fault and build; the rest is linked as make left it.
set -uo pipefail
cd "$(dirname "$0")/.."
mode=${1:?all, test or only NAME...} && shift
few=(handle-slots-short null-in-oracle order-beyond-last drain-frees-twice oracle-loops)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. scripts/relink.sh
export SLABFUZZ_TIMEOUT=1
unset SLABFUZZ_FINDINGS SLABFUZZ_KNOWN SLABFUZZ_SET
failed=0 shown=0

header() { sed -n "/^--- /q;s/^# $2: *//p" "$1" | head -n 1; }
fail() { echo "FAILED $*"; failed=1; }

# A line for each build: its directory, its compiler, and what links there.
builds() {
	echo plain build
	[ -f build/asan/libcore.a ] && echo asan build/asan
	[ -f build/libfuzzer/libcore.a ] && echo libfuzzer build/libfuzzer
	return 0
}

# One program under one binary: exit 3, the line, the artefact, and nothing that looks like a finding.
judge() { # WHAT COMMAND...
	local what=$1 out=$work/out dir=$work/found status=0
	shift
	rm -rf "$dir" && mkdir "$dir"
	SLABFUZZ_FINDINGS=$dir timeout 60 "$@" >"$out" 2>&1 || status=$?
	shown=$((shown + 1))
	[ $status = 3 ] || { fail "$what: exit $status"; tail -n 5 "$out"; return; }
	grep -q '^FRAMEWORK BUG: ' "$out" || { fail "$what: no line"; return; }
	! grep -q '^BUG: ' "$out" || { fail "$what: told of as a finding"; return; }
	compgen -G "$dir/framework-bug-*.txt" >/dev/null || { fail "$what: nothing was saved"; return; }
	compgen -G "$dir/framework-bug-*.prog" >/dev/null || { fail "$what: the program was not saved"; return; }
	[ -z "$(find "$dir" "$work/artifacts" -type f ! -name 'framework-bug-*')" ] || fail "$what: left something else"
}

judge_campaign() { # NAME TOOL TARGET
	local out=$work/campaign status=0
	rm -rf "$out"
	timeout 120 "$2" fuzz --target "$3" --engine random --jobs 1 --time 4 --out "$out" >"$work/out" 2>&1 || status=$?
	shown=$((shown + 1))
	[ $status = 3 ] || { fail "$1: campaign: exit $status"; tail -n 5 "$work/out"; return; }
	compgen -G "$out/framework-bugs/framework-bug-*.txt" >/dev/null || fail "$1: campaign: nothing was kept"
	[ -z "$(find "$out/findings" -type f 2>/dev/null)" ] || fail "$1: campaign: told of as a finding"
}

try() { # NAME
	local patch=tests/planted/framework/$1.patch program=tests/planted/framework/$1.prog target build dir
	[ -f "$patch" ] && [ -f "$program" ] || { fail "$1: no such fault"; return; }
	target=$(header "$patch" target)
	mkdir -p "$work/artifacts"
	build/slabfuzz run "$program" >"$work/out" 2>&1 || { fail "$1: its program is not clean without the fault"; return; }
	while read -r build dir; do
		compile_patched "$build" "$patch" "$work/$build.o" || { fail "$1: $build: does not compile"; continue; }
		if [ "$build" = libfuzzer ]; then
			[ -f "$dir/obj/targets/$target.o" ] && [ -f "$dir/obj/planted_of/$target.o" ] || continue
			link_engine "$dir" "$work/engine" "$target" "$work/$build.o" || { fail "$1: $build: does not link"; continue; }
			build/slabfuzz encode --target "$target" --output "$work/bytes" "$program" || { fail "$1: encode"; continue; }
			judge "$1: $build" "$work/engine" -artifact_prefix="$work/artifacts/" "$work/bytes"
		else
			link_tool "$build" "$dir" "$work/tool-$build" "$work/$build.o" || { fail "$1: $build: does not link"; continue; }
			judge "$1: $build" "$work/tool-$build" run "$program"
		fi
	done < <(builds)
	judge_campaign "$1" "$work/tool-plain" "$target"
	[ "$1" != null-in-oracle ] || scripts/full_disk.sh broken "$work/tool-plain" "$program" || fail "$1: full disk"
	echo "done   $1"
}

case $mode in
all) names=$(basename -as .patch tests/planted/framework/*.patch) ;;
test) names=${few[*]} ;;
only) names=$* ;;
*) echo "framework_faults.sh: all, test or only NAME..." >&2; exit 2 ;;
esac
for name in $names; do try "$name"; done
echo "framework faults: $(wc -w <<<"$names"), shown $shown times"
exit $failed
