#!/bin/bash
# SPDX-License-Identifier: MIT
# Clean targets (targets/*_clean.c, *_dma_safe.c, differential) stay silent for MINUTES each, in each flavour, one per
# processor (or JOBS=N) at a time.  libfuzzer* run with that engine, others (msan, m32) with the random one of their tool.
#
#   soak.sh MINUTES FLAVOUR...
set -euo pipefail
shopt -s nullglob
seconds=$((${1:?minutes} * 60)) out=build/soak
shift
rm -rf $out && mkdir -p $out

# FLAVOUR TARGET SECONDS OUT
with_libfuzzer() {
	local rest=()
	[ ! -d "build/corpora/$2" ] || rest=("build/corpora/$2")
	mkdir -p "$4/corpus"
	"build/$1/fuzz_$2" -max_total_time="$3" -timeout=10 -entropic_scale_per_exec_time=1 -use_counters=0 \
		-artifact_prefix="$4/" "$4/corpus" "${rest[@]}"
}
with_random() { "build/$1/slabfuzz" fuzz --engine random --target "$2" --time "$3" --jobs 1 --out "$4"; }
# LOG...: how many the engine says it ran
programs() { grep -ohE '^#[0-9]+|[0-9]+ programs' "$@" 2>/dev/null | tr -dc '0-9\n' | sort -n | tail -n 1; }
one() {
	local flavour=$1 target=$2 seconds=$3 out=$4/$1-$2 run=with_random
	[[ $flavour != libfuzzer* ]] || run=with_libfuzzer
	mkdir -p "$out"
	if $run "$flavour" "$target" "$seconds" "$out" >"$out.log" 2>&1; then
		echo "$flavour $target silent for $seconds s, $(programs "$out.log" "$out/work/$target/log") programs"
	else
		echo "FAILED $flavour $target: $out.log"
		return 1
	fi
}
export -f one programs with_libfuzzer with_random
for flavour; do
	for f in targets/*_clean.c targets/*_dma_safe.c targets/differential.c; do
		echo "$flavour $(basename "$f" .c)"
	done
done | xargs -r -P "${JOBS:-$(nproc)}" -L 1 bash -c "one \$0 \$1 $seconds $out"
