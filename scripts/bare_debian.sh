#!/bin/bash
# SPDX-License-Identifier: MIT
# bare_debian.sh [--tree DIR] [fuzz] [test]: what a newcomer meets.  In a root that has nothing but git and make the last commit is
# cloned, `make deps fuzz` and then `make deps test` run, each line with the seconds since the command.  Exit 1 if one
# fails, fuzzing is not as declared, nothing is printed for more than 10 s, or a goal (two idle cores) is missed.
# With `deps-ci` in place of these only that is installed, and its size told.
set -euo pipefail
cd "$(dirname "$0")/.."
# Only root may chroot; where sudo asks nothing, as in CI, it is taken.
[ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || exec sudo -n "scripts/${0##*/}" "$@"
tree_of=.
[ "${1:-}" != --tree ] || { tree_of=$2 && shift 2; }
FIRST_FINDING=180 FUZZ_END=360 SILENCE=10
[ $# -gt 0 ] || set -- fuzz test
failed=0
complain() { echo "FAILED bare Debian: $*"; failed=1; }

scripts/bare_root.sh ready
bare=$(scripts/bare_root.sh make git make)
work=$(mktemp -d "$(dirname "$bare")/bare.XXXXXX")
trap '[ -z "${watcher:-}" ] || kill "$watcher" 2>/dev/null || true; rm -rf "$work"' EXIT
cp -a --reflink=auto "$bare" "$work/root"
tree=$work/root/root/slabfuzz
[ -z "$(git -C "$tree_of" status --porcelain)" ] || echo "bare Debian: what is not committed is not in it"
git -C "$tree_of" bundle create -q "$work/root/root/slabfuzz.bundle" HEAD
inside() { scripts/bare_root.sh run "$work/root" --net --writable env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
inside git clone -q /root/slabfuzz.bundle /root/slabfuzz
# The cache of packages is not what they take.
megabytes() { du -sm --exclude=archives "$work/root" | cut -f1; }

# Milliseconds since the command was given, when the first finding is there.
watch_findings() {
	while ! compgen -G "$tree/build/findings/*.prog" >/dev/null; do sleep 0.2; done
	since >"$work/first"
}
since() { echo $((($(date +%s%N) - started) / 1000000)); }

# Lines of stdin with their seconds; where compiling began and the longest silence are noted.
stamp() {
	local line now last=0 longest=0 before=start
	while IFS= read -r line || [ -n "$line" ]; do
		now=$(since)
		[ -e "$work/deps" ] || [[ $line != "  CC "* ]] || echo "$now" >"$work/deps"
		if [ $((now - last)) -gt $longest ]; then longest=$((now - last)) && echo "$longest $before" >"$work/silence"; fi
		printf '%6d.%d  %s\n' $((now / 1000)) $((now % 1000 / 100)) "$line"
		last=$now before=$line
	done
}

# A number of seconds from a file of milliseconds.
seconds() { [ -s "$1" ] && echo $(($(cat "$1") / 1000)) || echo never; }

try() {
	local status=0 silent
	rm -f "$work/deps" "$work/first"
	echo "bare Debian: make $*, $(megabytes) MB before"
	started=$(date +%s%N)
	watch_findings & watcher=$!
	inside make -C /root/slabfuzz "$@" 2>&1 | stamp | tee "$work/log" || status=$?
	since >"$work/end"
	kill "$watcher" 2>/dev/null || true
	watcher=
	[ $status = 0 ] || complain "make $* ends with $status"
	grep -aE 'Need to get|After this operation' "$work/log" | sed 's/^[ 0-9.]*/bare Debian: /' || true
	echo "bare Debian: make $*: $(megabytes) MB after"
	silent=$(cut -d' ' -f1 "$work/silence")
	[ "$silent" -le $((SILENCE * 1000 + 500)) ] || complain "make $*: silent for $((silent / 1000)) s after: $(cut -d' ' -f2- "$work/silence")"
}
by() { [ "$2" != never ] && [ "$2" -le "$3" ] || complain "$1 after $2 s, goal $3 s"; }

try_fuzz() {
	try deps fuzz
	echo "bare Debian: $(seconds "$work/deps") s to the end of deps, $(seconds "$work/first") s to the first finding," \
		"$(seconds "$work/end") s to the end"
	grep -a 'verdict: ' "$work/log" | tail -n 1 | sed 's/^[ 0-9.]*/bare Debian: /'
	grep -aq 'verdict: as declared$' "$work/log" || complain "no verdict 'as declared'"
	by "first finding" "$(seconds "$work/first")" $FIRST_FINDING
	by end "$(seconds "$work/end")" $FUZZ_END
}

for what; do
	case $what in
	fuzz) try_fuzz ;;
	test)
		try deps test
		echo "bare Debian: make deps test: $(seconds "$work/end") s"
		;;
	*) try "$what" ;;
	esac
done
exit $failed
