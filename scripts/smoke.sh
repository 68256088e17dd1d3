#!/bin/bash
# SPDX-License-Identifier: MIT
# Every target for a few seconds, two at a time, at most four minutes in all.
#   parser and importer targets   10 s, ASan+UBSan: must stay silent
#   the canary                    must be found
#   clean targets                 must stay silent
#   history and misuse targets    may find what they like, but must not fail otherwise
set -euo pipefail
shopt -s nullglob
out=build/smoke && rm -rf $out && mkdir -p $out
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=0 SLABFUZZ_FINDINGS= SLABFUZZ_KNOWN=
all=$(cd targets && echo *.c) && count=$(wc -w <<<"$all")
# 120 s of two processors shared by all targets, between 2 and 10 s each.
seconds=$((120 * 2 / (count ? count : 1))) && seconds=$((seconds > 10 ? 10 : seconds < 2 ? 2 : seconds))

one() {
	local t=$1 flavour=libfuzzer time=$2 status=0 rest=()
	case $t in parser_* | import_*) flavour=libfuzzer-asan ;; esac
	mkdir -p "$3/$t"
	[ ! -d "build/corpora/$t" ] || rest=("build/corpora/$t")
	"build/$flavour/fuzz_$t" -max_total_time="$time" -timeout=10 -rss_limit_mb=2000 -seed=1 -print_final_stats=1 \
		-artifact_prefix="$3/$t-" "$3/$t" "${rest[@]}" >"$3/$t.log" 2>&1 || status=$?
	echo "$status" >"$3/$t.status"
	echo "smoke: $t has run"
}
export -f one
for f in targets/*.c; do basename "$f" .c; done | xargs -r -P 2 -I{} bash -c "one {} $seconds $out"

failed=0
for f in targets/*.c; do
	t=$(basename "$f" .c) verdict=ok
	status=$(cat "$out/$t.status" 2>/dev/null || echo none)
	case $t in
	canary*) [ "$status" != 0 ] && grep -q '^BUG: ' "$out/$t.log" || verdict="FAILED: the canary was not found" ;;
	history_* | *_misuse) [ "$status" = 0 ] || grep -q '^BUG: ' "$out/$t.log" || verdict="FAILED: exit $status" ;;
	*) [ "$status" = 0 ] || verdict="FAILED: exit $status" ;;
	esac
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$t.log" || true)
	printf '%-32s %10s runs  %s\n' "$t" "${runs:--}" "$verdict"
	case $verdict in FAILED*) failed=1; tail -n 30 "$out/$t.log" ;; esac
done
exit $failed
