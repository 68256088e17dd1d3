#!/bin/bash
# SPDX-License-Identifier: MIT
# The command line from end to end: campaigns and their verdicts, worlds that --set makes, and lines to replay.
# usage: command_line.sh TOOL
set -euo pipefail
tool=$1 work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED command line: $*"; tail -n 20 "$work/out"; exit 1; }
# expect STATUS WORDS COMMAND...
expect() {
	local wanted=$1 words=$2 status=0
	shift 2
	"$@" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" = "$wanted" ] && grep -qF -- "$words" "$work/out" || fail "exit $status, wanted $wanted and '$words': $*"
}
campaign() { expect "$1" "$2" "$tool" fuzz --engine random --jobs 1 --out "$work/$3" "${@:4}"; }

campaign 0 'verdict: as declared' canary --target canary --time 10 --until-declared
campaign 0 'verdict: clean in another world' sound --target canary --time 1 --set allocator=slub
campaign 1 'verdict: findings in another world' planted --target slub_clean --time 1 --set allocator=slub+double-alloc
cp "$work/out" "$work/table"
campaign 1 'overlap/slub' guided --target slub_clean --time 2 --set allocator=slub+double-alloc --engine guided
grep -q '^guided: [0-9]* programs' "$work/guided/work/slub_clean/log" || fail "it was not the guided engine"

# Saved programs carry the world; the table's command and the report's replay.
for program in "$work"/planted/findings/*.prog; do
	grep -q '^world .*allocator=slub+double-alloc' "$program" || fail "$program lost its world"
	signature=$(sed -n 's/^BUG: //p' "${program%.prog}.txt")
	grep -qxF "  replay: build/slabfuzz run $program" "${program%.prog}.txt" || fail "$program: replay line"
	grep -qF "${program#"$work/planted/"}" "$work/planted/findings.tsv" || fail "$program: not in the list"
	expect 1 "BUG: $signature" "$tool" run "$program"
done
[ "$(grep -c "^    $tool run " "$work/table")" = 10 ] || fail "the table does not show ten findings"
sed -n 's/^    [^ ]* run //p' "$work/table" | while read -r program; do [ -e "$program" ] || fail "$program is printed and not there"; done
good=corpora/claims/C01.prog
expect 1 "  replay: build/slabfuzz run --set debug=F $good" "$tool" run --set debug=F "$good"

# A sweep finds the error path that is wrong; what it saves is minimal, tells of the fault, and shows it again.
printf 'world profile=2.6.22 allocator=slob-2624\no0 = kmalloc 64 GFP_KERNEL\nobj_read o0 0 8\nkfree o0\n' >"$work/path.prog"
expect 1 'kmalloc                  page_alloc' "$tool" sweep --pairs --out "$work/swept" "$work/path.prog"
for program in "$work"/swept/*.prog; do
	expect 1 "BUG: $(sed -n 's/^BUG: //p' "${program%.prog}.txt")" "$tool" run "$program"
	grep -q '^  injected faults:' "$work/out" || fail "$program: no fault in the report"
done
expect 0 '0 signatures' "$tool" sweep --safe "$work/path.prog"
expect 0 'free_pointer' "$tool" sweep --bit-flips

# What is skipped goes, what is found is noted, and the result passes its own check.
printf 'world arch=x86 profile=safe\no0 = kmalloc 8 GFP_KERNEL\nkfree o0\nkfree o0\n' >"$work/twice.prog"
printf '# expect: clean\nworld arch=x86 profile=safe\no0 = kmalloc 8 GFP_KERNEL\nkfree o0\n' >"$work/once.prog"
expect 0 'kfree o0' "$tool" print --expect "$work/twice.prog"
diff "$work/out" "$work/once.prog" || fail "print --expect keeps what is skipped"
cp "$good" "$work/unnoted.prog" && sed -i '/^#/d' "$work/unnoted.prog"
expect 0 '# expect: oops/slub/slub-page/flush_dcache_page' "$tool" print --expect "$work/unnoted.prog"
cp "$work/out" "$work/noted.prog"
"$tool" run --check "$work/noted.prog" >"$work/out" || fail "print --expect notes what run --check does not find"

expect 0 'slabfuzz ' "$tool" --version
for command in $("$tool" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
	expect 0 'exit status: 0' "$tool" "$command" --help
	expect 0 "usage: slabfuzz $command" "$tool" help "$command"
done
echo "command line: $tool"
