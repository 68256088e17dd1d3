#!/bin/bash
# SPDX-License-Identifier: MIT
# corpora.sh encode        corpora/<target>/*.prog -> build/corpora/<target>/, engine bytes
# corpora.sh merge TARGET  minimise with libFuzzer and afl-cmin, and write what is new back as text
# Claims and regressions lie in folders of their own, which merge never writes to.
set -euo pipefail
shopt -s nullglob
tool=build/slabfuzz

encode() {
	local t=$1 p
	rm -rf "build/corpora/$t" && mkdir -p "build/corpora/$t"
	for p in "corpora/$t"/*.prog; do
		"$tool" encode --target "$t" "$p" -o "build/corpora/$t/$(basename "$p" .prog)"
	done
}
merge() {
	local t=$1 work=build/merge/$1 f text
	encode "$t"
	rm -rf "$work" && mkdir -p "$work/union" "$work/text" "build/work/$t/corpus"
	"build/libfuzzer/fuzz_$t" -merge=1 "$work/union" "build/corpora/$t" "build/work/$t/corpus" 2>"$work/merge.log"
	AFL_ALLOW_TMP=1 afl-cmin -i "$work/union" -o "$work/small" -- "build/afl/fuzz_$t" >"$work/cmin.log"
	for f in "$work/small"/*; do
		text=$("$tool" print --target "$t" "$f")
		printf '%s\n' "$text" >"$work/text/$(sha256sum <<<"$text" | cut -c1-12).prog"
	done
	mkdir -p "corpora/$t"
	rm -f "corpora/$t"/*.prog
	cp "$work/text"/*.prog "corpora/$t/"
	echo "corpora/$t: $(ls "corpora/$t" | wc -l) programs"
}
case ${1:?encode or merge} in
encode) for f in targets/*.c; do t=$(basename "$f" .c); [ ! -d "corpora/$t" ] || encode "$t"; done ;;
merge) merge "${2:?target}" ;;
esac
