#!/bin/bash
# SPDX-License-Identifier: MIT
# Negative controls of bare_root.sh and bare_debian.sh: a root has what it was given and no more, and small trees that do
# not keep a promise each are told by it, a sound one by none.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || exec sudo -n "scripts/${0##*/}" "$@"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED bare test: $*"; tail -n 20 "$work/out" 2>/dev/null; exit 1; }
# expect STATUS WORDS COMMAND...
expect() {
	local status=0
	"${@:3}" >"$work/out" 2>&1 || status=$?
	[ "$status" = "$1" ] && grep -qF -- "$2" "$work/out" || fail "exit $status, wanted $1 and '$2': ${*:3}"
	echo "ok     ${*:3} ... $2"
}

expect 2 'run it as root' setpriv --reuid=65534 --clear-groups scripts/bare_root.sh ready
mkdir "$work/bin"
for tool in bash id; do ln -s "$(command -v $tool)" "$work/bin/"; done
expect 2 'there is no debootstrap: make deps-ci' env PATH="$work/bin" bash scripts/bare_root.sh ready
root=$(scripts/bare_root.sh make git make)
expect 127 'zip' scripts/bare_root.sh run "$root" zip --version
expect 0 'GNU Make' scripts/bare_root.sh run "$root" make --version
expect 1 'Read-only file system' scripts/bare_root.sh run "$root" touch /usr/here
expect 2 'Network is unreachable' scripts/bare_root.sh run "$root" bash -c 'echo >/dev/tcp/192.0.2.1/80 || exit 2'
expect 0 'bash' scripts/bare_root.sh run "$root" --bind "$work/bin" /work ls /work
expect 0 'this: left out, there is no that: make deps-ci' env -u CI scripts/left_out.sh this that
expect 1 'FAILED this' env CI=true scripts/left_out.sh this that

# tree NAME RECIPE: a repository whose `make fuzz` does that
tree() {
	mkdir "$work/$1"
	printf 'deps:\n\t@echo deps\nfuzz: deps\n\t@echo "  CC    x"\n%s\n' "$2" >"$work/$1/Makefile"
	git -C "$work/$1" init -q
	git -C "$work/$1" add .
	git -C "$work/$1" -c user.name=test -c user.email=test@invalid commit -q -m test
}
found=$'\t@mkdir -p build/findings\n\t@touch build/findings/a.prog\n\t@sleep 0.5\n'
tree sound "$found"$'\t@echo verdict: as declared'
tree undeclared "$found"$'\t@echo "verdict: NOT as declared: why"'
tree broken $'\t@false'
tree nothing $'\t@echo verdict: as declared'
tree silent "$found"$'\t@sleep 11\n\t@echo verdict: as declared'
expect 0 's to the first finding' scripts/bare_debian.sh --tree "$work/sound" fuzz
expect 1 "no verdict 'as declared'" scripts/bare_debian.sh --tree "$work/undeclared" fuzz
expect 1 'make deps fuzz ends with 2' scripts/bare_debian.sh --tree "$work/broken" fuzz
expect 1 'first finding after never s' scripts/bare_debian.sh --tree "$work/nothing" fuzz
expect 1 'make deps fuzz: silent for 11 s' scripts/bare_debian.sh --tree "$work/silent" fuzz
