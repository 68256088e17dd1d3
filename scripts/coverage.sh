#!/bin/bash
# SPDX-License-Identifier: MIT
# What the corpus of one target reaches in the code under test: one line, and HTML.
set -euo pipefail
command -v llvm-cov-14 >/dev/null || { echo "coverage.sh: there is no llvm-14: make deps-ci" >&2; exit 2; }
t=${1:?target} out=build/coverage/$1
scripts/corpora.sh encode
mkdir -p "$out"
make --no-print-directory msan_DIR="$out/build" msan_FLAGS="-O1 -g -fprofile-instr-generate -fcoverage-mapping" \
	"$out/build/fuzz_$t" >/dev/null
LLVM_PROFILE_FILE=$out/raw "$out/build/fuzz_$t" "build/corpora/$t"
llvm-profdata-14 merge -o "$out/data" "$out/raw"
llvm-cov-14 show -format=html -instr-profile="$out/data" -output-dir="$out" "$out/build/fuzz_$t" sim allocators backends
llvm-cov-14 report -instr-profile="$out/data" "$out/build/fuzz_$t" sim allocators backends | tail -n 1
