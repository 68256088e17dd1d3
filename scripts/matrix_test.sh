#!/bin/bash
# SPDX-License-Identifier: MIT
# A small matrix: killed in the middle it goes on where it was, its data are whole, and its page opens in Chromium.
# usage: matrix_test.sh TOOL
set -euo pipefail
tool=$1 work=$(mktemp -d) pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "FAILED matrix: $*"; tail -n 20 "$work"/err* "$work"/out* 2>/dev/null; exit 1; }
small=("$tool" matrix --out "$work/m" --time 6 --jobs 2 --allocators "slub,slab" --arches "arm926,x86"
	--policies "page_mapping,require_line_alignment")
cells() { find "$work/m/cells" -type f 2>/dev/null | wc -l; }

"${small[@]}" >"$work/out1" 2>"$work/err1" & pid=$!
for ((i = 0; i < 600; i++)); do [ "$(cells)" -lt 3 ] || break; sleep 0.05; done
kill -TERM "$pid" || fail "it was done before it could be killed"
status=0
wait "$pid" || status=$?
pid=
[ "$status" = 1 ] && grep -q 'go on with the same --out' "$work/err1" || fail "interrupted: exit $status"
done_before=$(sed -n 's/^\([0-9]*\) of [0-9]* cells;.*/\1/p' "$work/out1")
"${small[@]}" >"$work/out2" 2>"$work/err2" || fail "second run"
grep -q "^$done_before of .* cells are done already" "$work/err2" || fail "does not go on where it was"
grep -q 'page_mapping=hugh *green' "$work/out2" || fail "page_mapping=hugh is not green"
grep -q 'page_mapping=none *damage: oops/slub/slub-page/' "$work/out2" || fail "page_mapping=none does not fall"
! grep -q 'TOO LONG' "$work/out2" || fail "a program is longer than wanted"
# What breaks a policy replays by itself.
program=$(find "$work/m/programs" -name 'oops+slub+slub-page+*.prog' | sort | head -n 1)
status=0
"$tool" run "$program" >"$work/out3" 2>&1 || status=$?
[ "$status" = 1 ] || fail "$program does not replay"
python3 -m json.tool "$work/m/matrix.json" >/dev/null || fail "matrix.json"
# Another engine is asked in the world of the cell, and what it leaves is judged: here a script is the engine.
engine() {
	mkdir -p "$work/e/libfuzzer" "$work/e/corpora/claims"
	cp "$tool" "$work/e/slabfuzz"
	(cd "$work/e" && ./slabfuzz matrix --engine libfuzzer --policies memory_order --allocators slub --arches x86 \
		--time 1 --jobs 1 --out m "$@")
}
refused() {
	status=0
	engine "${@:2}" >"$work/out5" 2>"$work/err5" || status=$?
	[ "$status" = 2 ] && [ "$(wc -l <"$work/err5")" = 1 ] && grep -qF -- "$1" "$work/err5" || fail "$1: exit $status"
}
refused 'libfuzzer/fuzz_rcu_clean is missing: make libfuzzer'
refused '--engine: planted bugs are in this tool only' --allocators slub+double-alloc
cat >"$work/e/libfuzzer/fuzz_rcu_clean" <<'END'
#!/bin/bash
[[ $SLABFUZZ_SET != *memory_order=alpha* ]] || exit 2
cat >"$SLABFUZZ_FINDINGS/stale-read.prog" <<PROG
world $SLABFUZZ_SET debug=- dma=era cpus=2
o0 = kmalloc 64 GFP_KERNEL
kmap o0
obj_write o0 0 64 0x11
publish 0 o0
store_drain 0 1
cpu 1 2 {
	rcu_read_lock
	load_pointer 0 0 64
}
PROG
END
chmod +x "$work/e/libfuzzer/fuzz_rcu_clean"
engine >"$work/out6" 2>"$work/err6" || fail "with another engine"
grep -q 'memory_order=strong *green' "$work/out6" || fail "strong order is not green"
grep -q 'memory_order=weak *damage: stale-read/client/object/load_pointer' "$work/out6" || fail "the engine's finding is lost"
grep -q '"from": "libfuzzer"' "$work/e/m/matrix.json" || fail "nothing is from the engine"
grep -q "libFuzzer's fuzz_rcu_clean failed in the world .*memory_order=alpha" "$work/err6" || fail "a failed engine is not told"
[ -z "$(ls "$work/e/m/work")" ] || fail "what the engine left is not cleared away"
if ! command -v chromium chromium-browser google-chrome >/dev/null; then
	scripts/left_out.sh "the matrix's page" chromium
elif ! python3 -c 'import jinja2' 2>/dev/null; then
	scripts/left_out.sh "the matrix's page" python3-jinja2
else
	scripts/matrix_html.py "$work/m" >"$work/out4" 2>&1 || fail "matrix_html.py"
	scripts/matrix_page.py "$work/m/matrix.html" || fail "page"
fi
echo "matrix: $done_before cells, killed, $(cells) cells"
