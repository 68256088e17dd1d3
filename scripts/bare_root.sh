#!/bin/bash
# SPDX-License-Identifier: MIT
# Roots that have only what they are given, of this machine's own distribution.  Wants root and debootstrap.
#
#   bare_root.sh make [--on ROOT] PACKAGE...      prints the directory of a root with these packages, on top of another one
#   bare_root.sh run ROOT [--net] [--writable] [--bind FROM TO]... COMMAND...
#                                                 the command in it: no network, nothing but /tmp and what is bound writable
#   bare_root.sh ready                            exit 0, or 2 and a line that says what is missing
#
# A week long roots are kept in $SLABFUZZ_ROOTS, /var/cache/slabfuzz if that is unset.
set -euo pipefail
cache=${SLABFUZZ_ROOTS:-/var/cache/slabfuzz}

refuse() { echo "bare_root.sh: $*" >&2; exit 2; }
ready() {
	[ "$(id -u)" = 0 ] || refuse "a root of its own wants the right to chroot: run it as root (sudo)"
	command -v debootstrap >/dev/null || refuse "there is no debootstrap: make deps-ci"
	unshare --mount --pid --fork --net true 2>/dev/null || refuse "namespaces are not allowed here (unshare)"
}

suite() { . /etc/os-release && echo "$VERSION_CODENAME"; }
# What this machine's apt has of the suite, a column.
sources() { apt-get indextargets --format "\$(RELEASE) $1" 'Created-By: Packages' 2>/dev/null | sed -n "s/^$(suite) //p" | sort -u; }
mirror() { sources '$(SITE)' | grep '^https\?://' | head -n 1 || true; }
components() { { echo main; sources '$(COMPONENT)' | grep -x universe || true; } | paste -sd,; }

# Proxies and the like, but nothing about where files are.
copy_settings() {
	cp -L /etc/resolv.conf "$1/etc/resolv.conf"
	apt-config dump | grep -iE '^Acquire::(Check-|(http|https)::?(Proxy|Timeout|$))' >"$1/etc/apt/apt.conf.d/90of-the-host" || true
}

install() {
	local root=$1
	shift
	copy_settings "$root"
	get() { DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -q --no-install-recommends \
		-o Dpkg::Options::=--force-unsafe-io "$@"; }
	# What the root below has read of the archive is a week old at most.
	{ [ -e "$root/var/lib/slabfuzz-index" ] && get "$@"; } || { chroot "$root" apt-get update -q && get "$@"; }
	touch "$root/var/lib/slabfuzz-index"
	chroot "$root" apt-get clean
}

bootstrap() {
	local from
	from=$(mirror)
	# shellcheck disable=SC2046
	debootstrap --variant=minbase --components="$(components)" $([[ $from != https* ]] || echo --include=ca-certificates) \
		"$(suite)" "$1" $from
}

# cached NAME COMMAND...: the command makes the directory that is its last argument
cached() {
	local dir=$cache/$1
	shift
	if [ -e "$dir" ] && [ -z "$(find "$dir" -maxdepth 0 -newermt '7 days ago')" ]; then rm -rf "$dir"; fi
	if [ ! -e "$dir" ]; then
		rm -rf "$dir.new"
		"$@" "$dir.new" >"$dir.log" 2>&1 || { tail -n 15 "$dir.log" >&2; rm -rf "$dir.new"; refuse "$1: see $dir.log"; }
		touch "$dir.new" && mv "$dir.new" "$dir"
	fi
	echo "$dir"
}
copy_and_install() {
	local root=${*: -1}
	cp -a --reflink=auto "$1" "$root"
	install "$root" "${@:2:$#-2}"
}

make_root() {
	local on=
	[ "${1:-}" != --on ] || { on=$2; shift 2; }
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
	[ -n "$on" ] || on=$(cached "$(suite)" bootstrap)
	[ $# -gt 0 ] || { echo "$on"; return; }
	cached "$(suite)-$(printf '%s\n' "$on" "$@" | sha256sum | cut -c1-16)" copy_and_install "$on" "$@"
}

# The inner half of run, in namespaces of its own: what is mounted goes with them.
inside() {
	local root=$1 writable=$2
	shift 2
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t tmpfs tmpfs "$root/tmp"
	while [ "$1" = --bind ]; do mkdir -p "$root$3" && mount --bind "$2" "$root$3" && shift 3; done
	$writable || mount -o remount,bind,ro "$root"
	exec chroot "$root" "${@:2}"
}

run() {
	local root=$1 net=--net writable=false binds=()
	shift
	while :; do
		case $1 in
		--net) net= && shift ;;
		--writable) writable=true && shift ;;
		--bind) binds+=("${@:1:3}") && shift 3 ;;
		*) break ;;
		esac
	done
	# shellcheck disable=SC2086
	exec unshare --mount --pid --fork --kill-child $net "$0" inside "$root" $writable "${binds[@]}" -- "$@"
}

command=${1:?} && shift
case $command in
ready) ready ;;
make) ready && make_root "$@" ;;
run) run "$@" ;;
inside) inside "$@" ;;
*) refuse "unknown command $command" ;;
esac
