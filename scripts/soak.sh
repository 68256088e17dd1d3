#!/bin/bash
# SPDX-License-Identifier: MIT
# Clean targets (targets/*_clean.c, *_dma_safe.c) stay silent for MINUTES each, one per processor at a time.
set -euo pipefail
shopt -s nullglob
seconds=$((${1:?minutes} * 60)) out=build/soak
rm -rf $out && mkdir -p $out
one() {
	local t=$1 rest=()
	mkdir -p "$3/$t"
	[ ! -d "build/corpora/$t" ] || rest=("build/corpora/$t")
	if "build/libfuzzer/fuzz_$t" -max_total_time="$2" -timeout=10 -entropic_scale_per_exec_time=1 -artifact_prefix="$3/$t-" "$3/$t" "${rest[@]}" \
		>"$3/$t.log" 2>&1; then echo "$t silent for $2 s"; else echo "FAILED $t: $3/$t.log"; return 1; fi
}
export -f one
for f in targets/*_clean.c targets/*_dma_safe.c targets/differential.c; do basename "$f" .c; done |
	xargs -r -P "$(nproc)" -I{} bash -c "one {} $seconds $out"
