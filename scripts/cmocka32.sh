#!/bin/bash
# SPDX-License-Identifier: MIT
# cmocka for 32-bit x86, unpacked into DIR: Debian has it as a package of the i386 architecture only, and a unit test is
# no reason to add an architecture to somebody's system.  Exit 0 with one line, and no DIR, where it cannot be had.
set -euo pipefail
dir=$1
[ ! -e "$dir/libcmocka.so.0" ] || exit 0
none() { echo "cmocka32: $1: the unit tests will not run in 32 bit" >&2; exit 0; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || none "not a Debian system"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
cat >"$work/apt.conf" <<CONF
APT::Architectures { "amd64"; "i386"; };
APT::Sandbox::User "";
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
echo "cmocka32: getting libcmocka0:i386 for the unit tests in 32 bit"
export APT_CONFIG=$work/apt.conf
# An index of a repository that has no i386 is no reason to stop: the download says what is missing.
apt-get update -q >/dev/null 2>&1 || true
(cd "$work" && apt-get download -q libcmocka0:i386 >/dev/null 2>&1) || none "libcmocka0:i386 cannot be downloaded"
dpkg-deb -x "$work"/libcmocka0_*_i386.deb "$work/root"
mkdir -p "$dir"
cp "$(find "$work/root" -name 'libcmocka.so.0.*' -type f)" "$dir/libcmocka.so.0.new"
mv "$dir/libcmocka.so.0.new" "$dir/libcmocka.so.0"
