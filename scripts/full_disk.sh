#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk that is full or read only, a file where a directory is wanted and the reverse: one line on stderr that names
# the file and the reason, exit 2, nothing half written, no path of a file that is not there.  A parent that is killed
# leaves no child.  Mounts small file systems in a name space of its own.
#
#   full_disk.sh TOOL                   everything but bugs of the framework
#   full_disk.sh broken TOOL PROGRAM    what a tool saves that has a fault of the framework, which this program meets
set -euo pipefail
what=all
[ "$1" != broken ] || { what=broken && shift; }
tool=$1 program=${2:-}
if [ "${FULL_DISK_INSIDE:-}" != 1 ]; then
	probe=$(mktemp -d)
	trap 'rmdir "$probe"' EXIT
	for way in 'unshare -m' 'unshare -rm' 'sudo -n unshare -m'; do
		# shellcheck disable=SC2086
		if $way mount -t tmpfs none "$probe" 2>/dev/null; then
			$way env FULL_DISK_INSIDE=1 "$0" ${program:+broken} "$@"
			exit
		fi
	done
	"$(dirname "$0")/left_out.sh" 'full disk' 'right to mount: run it as root' && exit
	exit 1
fi
work=$(mktemp -d) failed=0 count=0
leave() {
	umount "$work/full" "$work/small" "$work/read only" "$work/device full" "$work/device null" 2>/dev/null || true
	rm -rf "$work"
}
trap leave EXIT
fail() {
	echo "FAILED full disk: $*"
	head -c 600 "$work/stderr"
	failed=1
}

space='No space left on device' read_only='Read-only file system' no_directory='Not a directory'
good=corpora/claims/C01.prog
mkdir "$work/full" "$work/small" "$work/read only" "$work/directory" "$work/a b"
mount -t tmpfs -o size=64k none "$work/full"
mount -t tmpfs -o size=64k none "$work/small"
mount -t tmpfs -o size=64k none "$work/read only"
mkdir "$work/read only/there"
mount -o remount,ro "$work/read only"
# Mounted here, a device cannot be replaced, whatever the tool does.
touch "$work/device full" "$work/device null"
mount --bind /dev/full "$work/device full"
mount --bind /dev/null "$work/device null"
cat /dev/zero >"$work/full/filler" 2>/dev/null || true
echo "$good" >"$work/file"
bug="$work/a b/it's broken.prog"
printf 'world profile=2.6.22 allocator=slob-2624\no0 = kmalloc 64 GFP_KERNEL\nobj_read o0 0 8\nkfree o0\n' >"$work/path.prog"
cp "$good" "$bug"

# Of what must not be there: files below the small file systems, and temporary ones anywhere.
left_behind() {
	find "$work/full" "$work/small" -type f ! -name filler ! -name stdout
	find "$work" -name '*.tmp' -o -name '*.??????' -type d
}
# Files that the tool says it wrote, but for the line that tells what it could not.
is_honest() {
	local path
	while IFS= read -r path; do
		[ -e "$path" ] || { fail "there is no $path"; return; }
	done < <(cat "$work/stdout" "$work/stderr" 2>/dev/null | grep -vF "$1" | sed "s/'\\\\''/'/g" | grep -oE "$work/[^:]*\.(prog|txt|json)" || true)
}
stdout=$work/stdout
# lost REASON NAME COMMAND...: the line must hold both.
lost() {
	local reason=$1 name=$2 status=0 left
	shift 2
	rm -f "$work/stdout"
	timeout 60 "$@" >"$stdout" 2>"$work/stderr" || status=$?
	count=$((count + 1))
	sed -i '/^\[[0-9]*\/[0-9]* cells,/d' "$work/stderr" # progress
	[ "$status" = 2 ] && [ "$(wc -l <"$work/stderr")" = 1 ] && grep -qF -- "$reason" "$work/stderr" &&
		grep -qF -- "$name" "$work/stderr" || fail "exit $status, wanted 2 and a line with '$name' and '$reason': $*"
	is_honest "$reason"
	left=$(left_behind)
	[ -z "$left" ] || fail "left behind: $left: $*"
	find "$work/full" "$work/small" -mindepth 1 ! -name filler -delete
}

# A bug of the framework: exit 3, and what is named is there.
broken() { # DIRECTORY
	local status=0
	SLABFUZZ_ASAN='' SLABFUZZ_FINDINGS=$1 "$tool" run "$program" "$bug" >"$work/stdout" 2>"$work/stderr" || status=$?
	count=$((count + 1))
	[ $status = 3 ] && grep -q '^FRAMEWORK BUG: ' "$work/stderr" || fail "exit $status, not 3: $program"
	is_honest ' NOT saved in '
	grep -qxF "slabfuzz run: not run after that: $bug" "$work/stderr" || fail "it hides that $bug was not run"
}
told() { grep -qE "$1" "$work/stderr" || fail "no line like '$1'"; }
check_broken() {
	local saved
	broken "$work/full"
	told "^program NOT saved in $work/full: $space; it is$"
	[ -z "$(left_behind)" ] || fail "left behind: $(left_behind)"
	broken "$work/read only/out"
	told "^program NOT saved in .*/read only/out: $read_only; it is$"
	broken "$work/file"
	told "^program NOT saved in $work/file: $no_directory; it is$"
	broken "$work/a b"
	told "^program saved: $work/a b/framework-bug-[0-9a-f]*\.prog$"
	saved=$(sed -n 's/^program saved: //p' "$work/stderr")
	grep -qxF "  replay: build/slabfuzz run '$saved'" "${saved%.prog}.txt" || fail "the replay line is not quoted"
	rm -f "${saved%.prog}.txt" "$saved"
	mkdir -p "${saved%.prog}.txt/in the way"
	broken "$work/a b"
	told '^program saved: '
	told '^note NOT saved in .*: Is a directory$'
}
if [ $what = broken ]; then
	check_broken
	echo "full disk: $count bugs of the framework"
	exit $failed
fi

# Standard output.
for stdout in /dev/full "$work/full/stdout"; do
	for command in --version --help 'help run' 'list ops' 'list claims' dictionary claims "print $good" "run $good" \
		"minimize $good" "sweep --limit 1 $work/path.prog" 'bench canary' \
		'kill --allocator slub+double-alloc --seeds 1 --time 20'; do
		# shellcheck disable=SC2086
		lost "$space" 'slabfuzz: standard output: ' "$tool" $command
	done
	lost "$space" 'slabfuzz: standard output: ' "$tool" matrix --questions FLUSH --allocators slab --arches x86 --time 1 --jobs 1 \
		--out "$work/matrix"
	rm -rf "$work/matrix"
done
stdout=$work/small/stdout
lost "$space" 'slabfuzz: standard output: ' "$tool" run --repeat 1 corpora/claims/C*.prog
stdout=$work/stdout
lost 'Bad file descriptor' 'slabfuzz: standard output: ' bash -c "'$tool' list ops >&-"

# Files: FILE stands for each bad place in turn.
for command in "print $good -o FILE" "encode --target slub_clean $work/bytes.prog -o FILE" "minimize $good -o FILE" \
	"run --events FILE $good"; do
	printf 'world arch=x86 allocator=slub profile=safe debug=- ram_pages=128\no0 = kmalloc 64 GFP_KERNEL\nkfree o0\n' >"$work/bytes.prog"
	for place in "$space:$work/full/out" "$space:$work/device full" "$read_only:$work/read only/out" "Is a directory:$work/directory" \
		"$no_directory:$work/file/out" "No such file:$work/absent/out"; do
		words=()
		for word in $command; do
			words+=("${word/#FILE/${place#*:}}")
		done
		lost "${place%%:*}" "${place#*:}" "$tool" "${words[@]}"
	done
done
lost "$space" "$work/small/events" "$tool" run --events "$work/small/events" --repeat 50 "$good"

# Directories.
for ((i = 0; i < 400; i++)); do printf '@ a + 0x%x000 0x%x\n' $((i + 1)) $((i + 16)); done >"$work/long.mtrace"
for ((i = 0; i < 400; i++)); do printf '@ a - 0x%x000\n' $((i + 1)); done >>"$work/long.mtrace"
for command in "import --format mtrace --ops 2 $work/long.mtrace -o" "sweep $work/path.prog --out" \
	'matrix --questions FLUSH --allocators slub --arches arm926 --time 1 --jobs 2 --out' \
	'kill --allocator slub+double-alloc --seeds 2 --time 20 --save'; do
	for place in "$space:$work/full/out" "$read_only:$work/read only/out" "$no_directory:$work/file"; do
		# shellcheck disable=SC2086
		lost "${place%%:*}" "${place#*:}" "$tool" $command "${place#*:}"
	done
done
lost "$space" "$work/small/out" "$tool" import --format mtrace --ops 2 "$work/long.mtrace" -o "$work/small/out"
lost 'Directory not empty' "$work/a b" "$tool" import --format mtrace "$work/long.mtrace" -o "$work/a b"
for command in 'sweep path.prog --out' 'kill --allocator slub+double-alloc --seeds 1 --time 2 --save' 'pairs --every 9999 --out' \
	'matrix --questions FLUSH --allocators slab --arches x86 --time 1 --out'; do
	# shellcheck disable=SC2086
	lost "$read_only" "$work/read only/there" "$tool" ${command/path.prog/$work/path.prog} "$work/read only/there"
done
lost "$no_directory" "$work/file" "$tool" pairs --every 9999 --out "$work/file"
lost "$read_only" "$work/read only/out" "$tool" pairs --every 9999 --out "$work/read only/out"

# Blanks and quotes in paths.
# works STATUS COMMAND...
works() {
	local wanted=$1 status=0
	shift
	timeout 60 "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	count=$((count + 1))
	[ $status = "$wanted" ] || fail "exit $status, wanted $wanted: $*"
	is_honest 'no such line'
}
works 1 "$tool" run "$bug"
replay=$(sed -n 's/^  replay: build\/slabfuzz //p' "$work/stdout" | sort -u)
cp "$work/stdout" "$work/first"
works 1 bash -c "'$tool' $replay"
cmp -s "$work/first" "$work/stdout" || fail "the replay line says something else: $replay"
works 0 "$tool" print "$bug" -o "$work/a b/printed again.prog"
works 0 "$tool" minimize "$bug" -o "$work/a b/small one.prog"
works 1 "$tool" run --events "$work/a b/some events" "$work/a b/small one.prog"
[ -s "$work/a b/some events" ] || fail "no event log"
works 1 "$tool" sweep --out "$work/a b/swept here" "$work/path.prog"
grep -q "^  $work/a b/swept here/.*\.prog" "$work/stdout" || fail "the sweep does not say where"
works 0 "$tool" import --format mtrace "$work/long.mtrace" -o "$work/a b/imported there"
works 0 "$tool" print "$good" -o "$work/device null"
works 0 "$tool" run --events "$work/device null" "$work/path.prog"

# orphans SIGNAL COMMAND...: who kills the parent, kills the children.
orphans() {
	local signal=$1 pid children='' child
	shift
	"$@" >"$work/stdout" 2>"$work/stderr" &
	pid=$!
	for _ in $(seq 100); do
		children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
		[ -z "$children" ] || break
		sleep 0.05
	done
	count=$((count + 1))
	[ -n "$children" ] || fail "no child to leave behind: $*"
	sleep 0.3
	kill "-$signal" $pid
	{ wait $pid || true; } 2>/dev/null
	sleep 0.3
	for child in $children; do
		! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$child/status" 2>/dev/null || fail "process $child goes on after kill -$signal of its parent: $*"
	done
}
for signal in KILL HUP; do
	orphans $signal "$tool" matrix --questions FLUSH --allocators slub --arches arm926 --time 20 --jobs 1 --out "$work/orphans"
	orphans $signal "$tool" pairs --jobs 2 --out "$work/orphans"
done
echo "full disk: $count cases with $tool"
exit $failed
