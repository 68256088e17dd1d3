#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad input gives one line `file:line:column: what` on stderr, exit 2, nothing else and no partial output.
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
		! grep -qE "^[^:]+:$where: ." "$work/stderr" || [ -e "$work/out" ]; then
		echo "FAILED bad input ($where, status $status): $*"
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
program world_key 'world arch=x86 colour=red\nkfree o-\n'
program world_value 'world arch=vax\nkfree o-\n'
expect 2:1 "$tool" run "$work/unknown_op.prog"
expect 2:7 "$tool" run "$work/wrong_kind.prog"
expect 1:14 "$tool" run "$work/out_of_range.prog"
expect 1:7 "$tool" run "$work/no_handle.prog"
expect 2:1 "$tool" run "$work/nul.prog"
expect 1:16 "$tool" run "$work/few.prog"
expect 1:9 "$tool" run "$work/open_block.prog"
expect 1:16 "$tool" run "$work/world_key.prog"
expect 1:7 "$tool" run "$work/world_value.prog"
head -c 100000000 /dev/zero | tr '\0' 'k' >"$work/long.prog"
expect '[01]:[0-9]+' "$tool" run "$work/long.prog"
expect 0:0 "$tool" run "$work"
expect 0:0 "$tool" run "$work/absent.prog"
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
echo "bad input: $count cases with $tool"
exit $failed
