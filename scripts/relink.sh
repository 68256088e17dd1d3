#!/bin/bash
# SPDX-License-Identifier: MIT
# Sourced: executables of which one object is another, the rest as make left it.  Sets $compiler[BUILD,FOLDER] and
# $linker[BUILD] for the builds plain, asan and libfuzzer; the caller sets $work.
declare -A compiler linker
while IFS='|' read -r relink_build relink_kind relink_value; do
	case $relink_kind in
	link) linker[$relink_build]=$relink_value ;;
	*) compiler[$relink_build,$relink_kind]=$relink_value ;;
	esac
done < <("${MAKE:-make}" --no-print-directory -s framework-commands)
[ -n "${linker[plain]:-}" ] || { echo "relink.sh: make framework-commands says nothing" >&2; exit 1; }

compile_patched() { # BUILD PATCH OUT.o: the file that the patch changes, with that build's flags
	local file
	file=$(sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$2")
	scripts/plant.sh machine "$2" "$3" "${compiler[$1,${file%%/*}]}" 2>"$work/log" || { cat "$work/log"; return 1; }
}

archives() { # DIRECTORY
	local archive
	for archive in libcore libplanted libhelpers libcore; do
		[ ! -f "$1/$archive.a" ] || echo "$1/$archive.a"
	done
}

link_tool() { # BUILD DIRECTORY OUT OBJECT...
	local build=$1 dir=$2 out=$3
	shift 3
	${linker[$build]} -o "$out" "$@" "$dir"/obj/fuzz/main.o "$dir"/obj/targets_registry.o "$dir"/named/*.o \
		"$dir"/obj/planted_registry.o "$dir"/libtool.a $(archives "$dir") -lz 2>"$work/log" ||
		{ cat "$work/log"; return 1; }
}

link_engine() { # DIRECTORY OUT TARGET OBJECT
	${linker[libfuzzer]} -o "$2" "$4" "$1/obj/targets/$3.o" "$1/obj/planted_of/$3.o" "$1"/obj/fuzz/libfuzzer.o \
		$(archives "$1") 2>"$work/log" || { cat "$work/log"; return 1; }
}
