#!/bin/bash
# SPDX-License-Identifier: MIT
# Campaigns in a hostile world: full and read-only disks, signals, killed parents, closed terminals, busy machines.  A
# campaign loses nothing, leaves nothing running, and says what happened in one line.
# usage: campaign_test.sh TOOL; engines' binaries beside it are tried as well
set -euo pipefail
tool=$1 work=$(mktemp -d) mounts=() busy=() count=0 tab=$'\t'
cleanup() {
	[ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null || true
	for m in "${mounts[@]}"; do umount -l "$m" 2>/dev/null || true; done
	rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "FAILED campaign: $*"; tail -n 20 "$work/stdout" "$work/stderr" 2>/dev/null; exit 1; }
ok() { count=$((count + 1)); }
# run STATUS COMMAND...: into $work/stdout and $work/stderr
run() {
	local wanted=$1 status=0
	shift
	"$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	[ "$status" = "$wanted" ] || fail "exit $status, wanted $wanted: $*"
}
fuzz() { run "$1" "$tool" fuzz --engine random --jobs 2 "${@:2}"; }
# refused WORDS: one line on stderr with these words, nothing else
refused() {
	[ "$(wc -l <"$work/stderr")" = 1 ] && [ ! -s "$work/stdout" ] && grep -qF -- "$1" "$work/stderr" || fail "no line '$1' alone"
	ok
}
# no_process WORD: nothing that has the word in its command line is left after a second
no_process() {
	for _ in $(seq 20); do
		pgrep -f -- "$1" >/dev/null || { ok && return; }
		sleep 0.1
	done
	ps -ef | grep -- "$1" | grep -v grep >"$work/stderr" || true
	pkill -9 -f -- "$1" || true
	fail "processes are left: $1"
}
wait_for() { for _ in $(seq 200); do compgen -G "$1" >/dev/null && return; sleep 0.05; done; fail "no $1"; }

lists_and_names() {
	fuzz 0 --target canary,history_2622_dma --until-declared --out "$work/a b"
	grep -q 'verdict: as declared' "$work/stdout" || fail "two targets by a comma"
	[ "$(cut -f 2 "$work/a b/findings.tsv" | sort -u | tr '\n' ' ')" = 'canary history_2622_dma target ' ] || fail "the list"
	sed -n 's/^    \(.* run .*\)/\1/p' "$work/stdout" | while read -r line; do
		status=0 && bash -c "$line" >"$work/replayed" 2>&1 </dev/null || status=$?
		[ $status = 1 ] || fail "a blank in a path: exit $status: $line"
	done
	ok
	fuzz 2 --target canary,nope --out "$work/none" && refused 'nope'
	fuzz 2 --target canary --out "$work/$(printf %0300d 0)" && refused 'longer than 200'
}

# The same directory again: findings stay, are replayed, and are gone where this build does not show them.
goes_on() {
	local first
	first=$(sort "$work/a b/findings.tsv" | cut -f 4,9)
	fuzz 0 --target canary,history_2622_dma --until-declared --out "$work/a b"
	[ "$(sort "$work/a b/findings.tsv" | cut -f 4,9)" = "$first" ] || fail "findings did not stay"
	grep -q ' from before; ' "$work/stdout" || fail "nothing from before"
	fuzz 0 --target slub_clean --time 1 --out "$work/a b"
	[ "$(sort "$work/a b/findings.tsv" | cut -f 4,9)" = "$first" ] || fail "a campaign on another target dropped findings"
	# A clean target that was found guilty before: innocent if this build does not show it, guilty if it does.
	printf 'world arch=x86 profile=safe\n' >"$work/a b/findings/harmless.prog"
	printf 'shown\tslub_clean\t\toverlap/slub/object/kmalloc\tobject_lifetime\t1\t0.1\tyes\tfindings/harmless.prog\n' \
		>>"$work/a b/findings.tsv"
	fuzz 0 --target slub_clean --time 1 --out "$work/a b"
	grep -q 'no longer shows' "$work/stdout" && grep -q "^gone${tab}slub_clean" "$work/a b/findings.tsv" || fail "gone is not gone"
	cp "$(ls "$work/a b"/findings/overlap+slub+object+kmalloc-*.prog | head -n 1)" "$work/a b/findings/harmless.prog"
	fuzz 1 --target slub_clean --time 1 --out "$work/a b"
	grep -q 'slub_clean: must stay silent, but found 1' "$work/stdout" || fail "a finding that is still there does not count"
	ok
	printf 'strange\n' >"$work/a b/findings.tsv"
	fuzz 2 --target canary --out "$work/a b" && refused 'findings.tsv:1:1: '
}

bad_places() {
	: >"$work/file"
	fuzz 2 --target canary --out "$work/file" && refused 'Not a directory'
	"$tool" fuzz --engine random --target slub_clean --time 20 --out "$work/held" >/dev/null 2>&1 &
	wait_for "$work/held/work/slub_clean/log"
	fuzz 2 --target canary --out "$work/held" && refused "another campaign runs there, process $!"
	kill -9 $! && wait $! 2>/dev/null || true
	no_process "$work/held"
	fuzz 0 --target canary --until-declared --out "$work/held"
}

disks() {
	if [ "$(id -u)" != 0 ] || ! mkdir "$work/small" || ! mount -t tmpfs -o size=400k none "$work/small" 2>/dev/null; then
		[ "${CI:-}" != true ] || fail "no tmpfs can be mounted here"
		echo "campaign: full and read-only disks are left out: mounting one wants root"
		return
	fi
	mounts+=("$work/small")
	fuzz 2 --target history_era --time 20 --out "$work/small/out" && refused 'No space left on device'
	[ "$(head -c 22 "$work/stderr")" = "slabfuzz fuzz: $work/small" ] || grep -q "^slabfuzz fuzz: $work/small" "$work/stderr" ||
		fail "which directory?"
	rm -rf "$work/small/out"
	head -c 300k /dev/zero >"$work/small/ballast" || true
	fuzz 2 --target history_era --time 20 --out "$work/small/out" && refused 'No space left on device'
	rm -rf "$work/small/ballast" "$work/small/out"
	mkdir "$work/small/out" && mount -o remount,ro "$work/small"
	fuzz 2 --target canary --out "$work/small/out" && refused 'Read-only file system'
}

signals() {
	"$tool" fuzz --engine random --jobs 1 --time 60 --out "$work/stopped" >"$work/stdout" 2>"$work/stderr" &
	wait_for "$work/stopped/work/*/log"
	sleep 0.5
	kill -INT $!
	status=0 && wait $! || status=$?
	[ $status = 130 ] || [ $status = 1 ] || fail "exit $status after SIGINT"
	grep -q '^verdict: interrupted with [1-9][0-9]* of .* unfinished' "$work/stdout" || fail "no verdict after SIGINT"
	awk '/^clean/ { if ($4 > 0) found = 1 } END { exit !found }' "$work/stdout" || fail "nothing is told not to have run"
	no_process "$work/stopped"
	"$tool" fuzz --engine random --target slub_clean --time 60 --out "$work/quiet" >"$work/stdout" 2>"$work/stderr" &
	wait_for "$work/quiet/work/slub_clean/log"
	kill -TERM $!
	status=0 && wait $! || status=$?
	[ $status = 130 ] || fail "exit $status of a silent campaign after SIGTERM"
	ok
}

# kill -9 of the campaign, and a terminal that is closed; what was found before is there when it goes on.
parents() {
	local engine
	for engine in random libfuzzer afl; do
		[ $engine = random ] || [ -x "$(dirname "$tool")/$engine/fuzz_history_era" ] || continue
		"$tool" fuzz --engine $engine --target history_era --time 60 --out "$work/killed-$engine" >/dev/null 2>&1 &
		wait_for "$work/killed-$engine/findings/*.prog"
		kill -9 $! && wait $! 2>/dev/null || true
		no_process "$work/killed-$engine"
		find "$work/killed-$engine" -name '*.prog' -path '*/new/*' | sed 's|.*/||; s/-[0-9a-f]*.prog$//' | sort -u >"$work/raw"
		run 0 "$tool" fuzz --engine random --target history_era --until-declared --out "$work/killed-$engine"
		cut -f 4 "$work/killed-$engine/findings.tsv" | tr / + | sort -u >"$work/filed"
		[ -z "$(comm -23 "$work/raw" "$work/filed")" ] || fail "findings were lost by kill -9: $engine"
		ok
	done
	python3 - "$tool" "$work/terminal" <<-'PYTHON'
		import os, pty, sys, time
		pid, terminal = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1], "fuzz", "--engine", "random", "--target", "slub_clean", "--time", "60", "--out", sys.argv[2]])
		while not os.path.exists(sys.argv[2] + "/work/slub_clean/log"):
		    time.sleep(0.05)
		os.close(terminal)
		os.waitpid(pid, 0)
	PYTHON
	no_process "$work/terminal"
}

# What a campaign had no time to file is filed by the next one, a program whose report is not written yet, too.
leftovers() {
	local found new=$work/left/work/slub_clean/new
	fuzz 0 --target canary --until-declared --out "$work/left"
	found=$(ls "$work"/left/findings/overlap+slub+object+kmalloc-*.prog)
	mkdir -p "$new" && cp "$found" "${found%.prog}.txt" "$new"
	cp "$found" "$new/overlap+slub+object+kzalloc-00000000.prog" && : >"$new/half.prog.1.tmp"
	sed -i s/kmalloc/kzalloc/ "$new/overlap+slub+object+kzalloc-00000000.prog"
	fuzz 1 --target slub_clean --time 1 --out "$work/left"
	[ "$(grep -c "^shown${tab}slub_clean" "$work/left/findings.tsv")" = 2 ] || fail "leftovers are not filed"
	[ -z "$(ls "$new")" ] || fail "leftovers stay"
	ok
}

# --time is kept within a tenth, whatever else the machine does and however many findings wait.
busy_machine() {
	local started took
	for _ in 1 2 3 4; do while :; do :; done & busy+=($!); done
	started=$(date +%s%N)
	status=0 && "$tool" fuzz --engine random --time 10 --out "$work/busy" >"$work/stdout" 2>"$work/stderr" || status=$?
	took=$((($(date +%s%N) - started) / 1000000))
	kill "${busy[@]}" && busy=()
	[ $took -lt 11000 ] || fail "--time 10 took $took ms"
	[ "$(grep -c . "$work/stdout")" -le 50 ] || fail "the table does not fit a screen"
	ok
}

# Variables of make are refused before anything is built.
variables() {
	local word
	for word in TIME=abc TIME=0 T=nosuch T=canary,nosuch SEEDS=x MINUTES=-1 JOBS=many; do
		run 2 env -u MAKEFLAGS -u MAKELEVEL "${MAKE:-make}" --no-print-directory -s fuzz "$word"
		[ ! -s "$work/stdout" ] && [ "$(wc -l <"$work/stderr")" = 1 ] && grep -qF "${word/=*/=${word#*=}}" "$work/stderr" ||
			fail "make fuzz $word"
		ok
	done
}

lists_and_names
goes_on
bad_places
disks
signals
parents
leftovers
busy_machine
variables
echo "campaign: $count checks with $tool"
