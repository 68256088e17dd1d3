#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian/Ubuntu packages that slabfuzz is built, fuzzed and tested with; `deps.sh ci` also those of lint,
# pictures, coverage, AFL++ and OSS-Fuzz's checks.  Says what it will do; does nothing if all is there.
set -euo pipefail

# The 32-bit build takes zlib from lib32z1-dev; of llvm-14 is the symbolizer, without which ASan names no function.
packages=(
	gcc make binutils patch python3 git ca-certificates
	gcc-multilib lib32z1-dev
	clang clang-14 libclang-rt-14-dev llvm-14 zlib1g-dev libcmocka-dev
)
ci=(
	clang-format clang-tidy universal-ctags
	afl++ zip unzip file debootstrap python3-jinja2
)
# A browser: Ubuntu has no such package, and CI there another browser.
browser=(chromium chromium-browser google-chrome)

command -v dpkg-query >/dev/null || { echo "deps: not a Debian system; install by hand: ${packages[*]}" >&2; exit 1; }
wanted=()
if [ "${1:-}" = ci ]; then
	packages+=("${ci[@]}")
	command -v "${browser[@]}" >/dev/null || wanted=(chromium)
fi
missing=()
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
for p in "${packages[@]}"; do installed "$p" || missing+=("$p"); done
[ $((${#missing[@]} + ${#wanted[@]})) -gt 0 ] || exit 0

sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
echo "deps: installing with apt-get: ${missing[*]} ${wanted[*]}"
# A stale index of a repository we do not need is no reason to stop: the installation says what is missing.
"${sudo[@]}" apt-get update -q || echo "deps: apt-get update reported errors, going on" >&2
get() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }
[ ${#missing[@]} = 0 ] || get "${missing[@]}"
[ ${#wanted[@]} = 0 ] || get "${wanted[@]}" ||
	echo "deps: going on without ${wanted[*]}: the page of the safety matrix will not be tested" >&2
