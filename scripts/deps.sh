#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian/Ubuntu packages that slabfuzz is built with.  Says what it will do; does nothing if all is there.
# The 32-bit build takes zlib from lib32z1-dev.
set -euo pipefail

packages=(
	gcc make binutils patch python3 git ca-certificates
	gcc-multilib g++-multilib lib32z1-dev
	clang clang-14 libclang-rt-14-dev llvm-14 clang-format clang-tidy universal-ctags
	afl++ zlib1g-dev libcmocka-dev
	zip unzip file
)
# Only the page of the safety matrix and its test need these; without them that test says so and is left out.
wanted=(python3-jinja2 chromium)

command -v dpkg-query >/dev/null || { echo "deps: not a Debian system; install by hand: ${packages[*]}" >&2; exit 1; }
missing=() missing_wanted=()
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
for p in "${packages[@]}"; do installed "$p" || missing+=("$p"); done
for p in "${wanted[@]}"; do installed "$p" || missing_wanted+=("$p"); done
[ $((${#missing[@]} + ${#missing_wanted[@]})) -gt 0 ] || exit 0

sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
echo "deps: installing with apt-get: ${missing[*]} ${missing_wanted[*]}"
# A stale index of a repository we do not need is no reason to stop: the installation says what is missing.
"${sudo[@]}" apt-get update -q || echo "deps: apt-get update reported errors, going on" >&2
get() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }
[ ${#missing[@]} = 0 ] || get "${missing[@]}"
[ ${#missing_wanted[@]} = 0 ] || get "${missing_wanted[@]}" ||
	echo "deps: going on without ${missing_wanted[*]}: the page of the safety matrix will not be tested" >&2
