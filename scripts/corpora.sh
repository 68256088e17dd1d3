#!/bin/bash
# SPDX-License-Identifier: MIT
# corpora.sh encode        corpora/<target>/*.prog -> build/corpora/<target>/, engine bytes
# corpora.sh merge TARGET  what fuzzing adds to the corpus: minimised with libFuzzer and afl-cmin, and back as text
#
# Seeds, which people named, stay; claims and regressions lie in folders of their own, which merge never writes to.
# Merged programs are named by their hash: each merge chooses anew among those and the campaign's corpus in build/work.
set -euo pipefail
shopt -s nullglob
tool=build/slabfuzz

is_merged() { [[ $(basename "$1" .prog) =~ ^[0-9a-f]{12}$ ]]; }
encode() {
	local t=$1 p
	rm -rf "build/corpora/$t" && mkdir -p "build/corpora/$t"
	for p in "corpora/$t"/*.prog; do
		"$tool" encode --target "$t" "$p" -o "build/corpora/$t/$(basename "$p" .prog)"
	done
}
# Bytes of one input to text that passes run --check, in $work/text; nothing if it does not.
to_text() {
	local t=$1 input=$2 work=$3 text=$3/candidate.prog
	"$tool" print --target "$t" --expect "$input" -o "$text" 2>>"$work/print.log" || return 0
	"$tool" run --check "$text" >>"$work/print.log" 2>&1 || return 0
	if [[ $t = *_clean || $t = *_safe ]] && ! grep -qx '# expect: clean' "$text"; then
		echo "corpora.sh: $t is not silent on $input" >&2
		return 1
	fi
	mv "$text" "$work/text/$(sha256sum <"$text" | cut -c1-12).prog"
}
merge() {
	local t=$1 work=build/merge/$1 f
	[ -f "targets/$t.c" ] || { echo "corpora.sh: there is no target $t" >&2; exit 2; }
	encode "$t"
	rm -rf "$work" && mkdir -p "$work"/{seeds,old,union,small,text,findings} "build/work/$t/corpus"
	for f in "build/corpora/$t"/*; do
		if is_merged "$f"; then cp "$f" "$work/old/"; else cp "$f" "$work/seeds/"; fi
	done
	# -e: edges, not how often; findings are saved, or an engine would drop each input that has one.
	export SLABFUZZ_FINDINGS=$work/findings SLABFUZZ_KNOWN= SLABFUZZ_SET=
	# An input that adds nothing to the seeds is not wanted: they come first.
	cp "$work/seeds/"* "$work/union/" 2>/dev/null || true
	"build/libfuzzer/fuzz_$t" -merge=1 "$work/union" "$work/old" "build/work/$t/corpus" >"$work/merge.log" 2>&1 ||
		{ tail -n 5 "$work/merge.log" >&2; exit 1; }
	if [ -n "$(ls "$work/union")" ]; then
		rmdir "$work/small"
		AFL_ALLOW_TMP=1 AFL_QUIET=1 afl-cmin -e -i "$work/union" -o "$work/small" -- "build/afl/fuzz_$t" \
			>"$work/cmin.log" 2>&1 || { tail -n 5 "$work/cmin.log" >&2; exit 1; }
	fi
	for f in "$work/small"/*; do
		[ -e "$work/seeds/$(basename "$f")" ] || to_text "$t" "$f" "$work"
	done
	for f in "corpora/$t"/*.prog; do ! is_merged "$f" || rm "$f"; done
	for f in "$work/text"/*.prog; do
		mkdir -p "corpora/$t"
		cp "$f" "corpora/$t/"
	done
	echo "corpora/$t: $(ls "$work/seeds" | wc -l) seeds kept, $(ls "$work/union" | wc -l) inputs after libFuzzer's merge," \
		"$(ls "$work/small" | wc -l) after afl-cmin, $(ls "$work/text" | wc -l) merged programs"
}
case ${1:?encode or merge} in
encode) for f in targets/*.c; do t=$(basename "$f" .c); [ ! -d "corpora/$t" ] || encode "$t"; done ;;
merge) merge "${2:?target}" ;;
*) echo "corpora.sh: encode or merge TARGET" >&2; exit 2 ;;
esac
