#!/bin/bash
# SPDX-License-Identifier: MIT
# What OSS-Fuzz ships: binaries of an engine with their seeds, dictionaries and options, in DIR/out.
#
#   ossfuzz_out.sh DIR TARGET...
#
# Seeds are the programs of corpora/ that are noted as clean and whose world is one of the target's.  A native tool
# encodes them; it is built aside, without the environment's sanitizers.
set -euo pipefail
shopt -s nullglob
dir=$(realpath "$1") tool=$1/host/slabfuzz
out=$dir/out
shift
rm -rf "$out" "$dir/seeds" && mkdir -p "$out" "$dir/seeds"

env -u CFLAGS -u CXXFLAGS -u CXX -u LIB_FUZZING_ENGINE -u MAKEFLAGS -u MFLAGS make -s CC="${HOST_CC:-clang}" CFLAGS=-O1 WORK= \
	plain_DIR="$dir/host" "$tool" >"$dir/host.log" 2>&1 ||
	{ tail -n 20 "$dir/host.log" >&2; exit 1; }

# Folders have programs of the same name.
seed_name() { local name=${1#corpora/}; echo "${name//\//-}"; }
clean=$(grep -lxF '# expect: clean' corpora/*/*.prog)
for t in "$@"; do
	seeds=$dir/seeds/$t
	mkdir -p "$seeds"
	cp "$dir/fuzz_$t" "$out/"
	if [[ $t == parser_* ]]; then
		"$tool" dictionary >"$out/fuzz_$t.dict"
		for p in corpora/*/*.prog; do cp "$p" "$seeds/$(seed_name "$p")"; done
		printf '[libfuzzer]\nmax_len = 4096\n' >"$out/fuzz_$t.options"
	else
		"$tool" dictionary --target "$t" >"$out/fuzz_$t.dict"
		for p in $clean; do
			"$tool" encode --target "$t" "$p" -o "$seeds/$(seed_name "$p")" 2>/dev/null || true
		done
		# Edits are made on ops: what it measures of comparisons and counters steers nothing.
		printf '[libfuzzer]\nmax_len = 1537\nuse_counters = 0\nentropic_scale_per_exec_time = 1\n' >"$out/fuzz_$t.options"
	fi
	[ -n "$(ls "$seeds")" ] || { echo "ossfuzz: $t has no seed" >&2; exit 1; }
	(cd "$seeds" && zip -q -X "$out/fuzz_${t}_seed_corpus.zip" -- *)
done
