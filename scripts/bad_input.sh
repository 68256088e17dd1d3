#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad input gives one line `file:line:column: what` on stderr, exit 2, nothing else and no partial output; so does a bad
# command line, whose line names the command and the option.
# usage: bad_input.sh TOOL
set -euo pipefail
tool=$1 work=$(mktemp -d) failed=0 count=0
trap 'rm -rf "$work"' EXIT

# expect WHERE COMMAND...: WHERE is the line:column that must be named.
expect() {
	local where=$1 status=0
	shift
	"$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	count=$((count + 1))
	if [ "$status" != 2 ] || [ -s "$work/stdout" ] || [ "$(wc -l <"$work/stderr")" != 1 ] ||
		! grep -qE "^[^:]+:$where:? ." "$work/stderr" || [ -e "$work/out" ]; then
		echo "FAILED bad input ($where, status $status): $*"
		head -c 300 "$work/stderr"
		failed=1
	fi
}
# refuse WORDS COMMAND...: the line must hold these words, and tell of no file position.
refuse() {
	local words=$1 status=0
	shift
	"$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	count=$((count + 1))
	if [ "$status" != 2 ] || [ -s "$work/stdout" ] || [ "$(wc -l <"$work/stderr")" != 1 ] ||
		! grep -qF -- "$words" "$work/stderr" || grep -qE ':[0-9]+:[0-9]+:' "$work/stderr" || [ -e "$work/out" ]; then
		echo "FAILED bad command line ($words, status $status): $*"
		head -c 300 "$work/stderr"
		failed=1
	fi
}
program() { printf '%b' "$2" >"$work/$1.prog"; }

program unknown_op 'world arch=x86\nfrob o0\n'
program wrong_kind 'o0 = kmalloc 64 GFP_KERNEL\nkfree c0\n'
program out_of_range 'o0 = kmalloc 99999999999 GFP_KERNEL\n'
program no_handle 'kfree o3\n'
program nul 'kfree o-\n\0\n'
program few 'o0 = kmalloc 64\n'
program open_block 'irq 1 0 {\nkfree o-\n'
program far_point 'task 1 1 256 {\ngrace_period\n}\n'
program far_cpu 'migrate 8\n'
program world_key 'world arch=x86 colour=red\nkfree o-\n'
program world_value 'world arch=vax\nkfree o-\n'
expect 2:1 "$tool" run "$work/unknown_op.prog"
expect 2:7 "$tool" run "$work/wrong_kind.prog"
expect 1:14 "$tool" run "$work/out_of_range.prog"
expect 1:7 "$tool" run "$work/no_handle.prog"
expect 2:1 "$tool" run "$work/nul.prog"
expect 1:16 "$tool" run "$work/few.prog"
expect 1:9 "$tool" run "$work/open_block.prog"
expect 1:10 "$tool" run "$work/far_point.prog"
expect 1:9 "$tool" run "$work/far_cpu.prog"
expect 1:16 "$tool" run "$work/world_key.prog"
expect 1:7 "$tool" run "$work/world_value.prog"
head -c 100000000 /dev/zero | tr '\0' 'k' >"$work/long.prog"
expect '[01]:[0-9]+' "$tool" run "$work/long.prog"
expect '0:0: it is a directory,' "$tool" run "$work"
expect '0:0: it is a directory,' "$tool" print "$work" -o "$work/out"
expect '0:0: it is a directory,' "$tool" minimize "$work" -o "$work/out"
for command in run print minimize sweep "import --format mtrace -o $work/out"; do
	# shellcheck disable=SC2086
	expect '0:0: standard input is not read' "$tool" $command -
done
expect 0:0 "$tool" run "$work/absent.prog"
expect 0:0 "$tool" sweep "$work/absent.prog"
expect 2:1 "$tool" sweep "$work/unknown_op.prog"
expect 0:0 "$tool" run "$work/bytes_without_target"
expect 2:1 "$tool" minimize "$work/unknown_op.prog" -o "$work/out"
expect 2:1 "$tool" print "$work/unknown_op.prog" -o "$work/out"
expect 2:1 "$tool" encode --target slub_clean "$work/unknown_op.prog" -o "$work/out"
printf '@ a + 0x10 0x20\n@ a - 0x10\n' | gzip >"$work/whole.gz"
head -c 20 "$work/whole.gz" >"$work/cut.mtrace.gz"
expect 0:0 "$tool" import --format mtrace "$work/cut.mtrace.gz" -o "$work/out"
printf '@ a + 0x10 0x20\n@ a ? 0x10\n' >"$work/strange.mtrace"
expect '2:[0-9]+' "$tool" import --format mtrace "$work/strange.mtrace" -o "$work/out"
expect 0:0 "$tool" import --format ftrace "$work" -o "$work/out"
good=corpora/claims/C01.prog
program unnoted '# assert: byte(o0) = 0\no0 = kmalloc 8 GFP_KERNEL\n'
expect 0:0 "$tool" run --check "$work/unnoted.prog"
refuse "there is no command 'frob'" "$tool" frob
refuse 'slabfuzz run: which file?' "$tool" run
refuse 'slabfuzz run: there is no option --frob' "$tool" run --frob "$good"
refuse 'slabfuzz run: there is no option -x' "$tool" run -x "$good"
refuse 'slabfuzz run: --set wants KEY=VALUE' "$tool" run "$good" --set
refuse 'slabfuzz run: --check takes no value' "$tool" run --check=1 "$good"
refuse 'slabfuzz run: --set colour=red:' "$tool" run --set colour=red "$good"
refuse 'slabfuzz run: --set arch=vax:' "$tool" run --set arch=vax "$good"
refuse 'slabfuzz run: --set arch:' "$tool" run --set arch "$good"
refuse 'slabfuzz run: --grade loud:' "$tool" run --grade loud "$good"
refuse 'slabfuzz run: --repeat 0:' "$tool" run --repeat 0 "$good"
refuse 'slabfuzz run: --target nope:' "$tool" run --target nope "$good"
for command in run print 'encode -o /absent/file' minimize; do
	# shellcheck disable=SC2086
	refuse '--target slub_clean,canary: wants one target, not a list' "$tool" $command -t slub_clean,canary "$good"
done
refuse 'build/fuzz_parser_text' "$tool" run --target parser_text "$good"
refuse 'slabfuzz run: --events /absent/file:' "$tool" run --events /absent/file "$good"
refuse 'slabfuzz print: --output /absent/file:' "$tool" print "$good" -o /absent/file
refuse 'slabfuzz encode: --target and --output are needed' "$tool" encode "$good"
refuse 'slabfuzz minimize: --set x=y:' "$tool" minimize --set x=y "$good" -o "$work/out"
refuse 'slabfuzz sweep: which file?' "$tool" sweep
refuse 'slabfuzz sweep: --faults nope:' "$tool" sweep --faults nope "$good"
refuse 'slabfuzz sweep: --allocators nope:' "$tool" sweep --allocators nope "$good"
refuse 'slabfuzz sweep: --limit 0:' "$tool" sweep --limit 0 "$good"
refuse 'slabfuzz sweep: --out /absent/a/b:' "$tool" sweep --out /absent/a/b "$good"
refuse 'slabfuzz sweep: --irq fails nothing' "$tool" sweep --irq --pairs "$good"
refuse 'slabfuzz import: --format elf:' "$tool" import --format elf "$work/whole.gz" -o "$work/out"
refuse 'slabfuzz import: --ops 513:' "$tool" import --ops 513 "$work/whole.gz" -o "$work/out"
refuse 'slabfuzz import: --set x=y:' "$tool" import --format mtrace --set x=y "$work/whole.gz" -o "$work/out"
printf 'kept\n' >"$work/file"
refuse "slabfuzz sweep: --out $work/file: Not a directory" "$tool" sweep --out "$work/file" "$good"
refuse "slabfuzz pairs: --out $work/file: Not a directory" "$tool" pairs --out "$work/file"
refuse "slabfuzz pairs: --out /absent/a/b: No such file" "$tool" pairs --out /absent/a/b
refuse "slabfuzz kill: --save $work/file: Not a directory" "$tool" kill --allocator slub+double-alloc --save "$work/file"
refuse "slabfuzz matrix: --out $work/file: Not a directory" "$tool" matrix --out "$work/file"
refuse "slabfuzz matrix: --out $(printf '%0160d' 0): is too long" "$tool" matrix --out "$(printf '%0160d' 0)"
refuse "slabfuzz run: --events $work: Is a directory" "$tool" run --events "$work" "$good"
refuse "slabfuzz print: --output $work: Is a directory" "$tool" print "$good" -o "$work"
[ "$(cat "$work/file")" = kept ] || { echo "FAILED bad command line: a file was overwritten"; failed=1; }
refuse 'slabfuzz import: --output /absent/directory:' \
	"$tool" import --format mtrace "$work/whole.gz" -o /absent/directory
refuse 'slabfuzz list: there is no kind' "$tool" list nothing
refuse 'slabfuzz fuzz: --out DIR is needed' "$tool" fuzz
refuse 'slabfuzz fuzz: --jobs many:' "$tool" fuzz --jobs many --out "$work/out"
refuse 'slabfuzz fuzz: --time 0:' "$tool" fuzz --time 0 --out "$work/out"
refuse 'slabfuzz fuzz: --engine hope:' "$tool" fuzz --engine hope --out "$work/out"
refuse 'slabfuzz fuzz: --set allocator' "$tool" fuzz --set allocator=slub+double-alloc --out "$work/out"
refuse 'slabfuzz fuzz: --until-declared' "$tool" fuzz --set arch=x86 --until-declared --out "$work/out"
refuse 'slabfuzz fuzz: --target import_mtrace' "$tool" fuzz --target import_mtrace --engine random --out "$work/out"
refuse 'slabfuzz fuzz: --out /absent/a/b:' "$tool" fuzz --engine random --target canary --out /absent/a/b
refuse 'slabfuzz bench: nope:' "$tool" bench nope
echo "bad input: $count cases with $tool"
exit $failed
