#!/bin/bash
# SPDX-License-Identifier: MIT
# All lint checks; reports everything before it fails.
set -euo pipefail
shopt -s nullglob
status=0
sources=({sim,allocators,backends,oracles,program,fuzz,targets,tests,bench}/*.c examples/*/*.c examples/*/targets/*.c)
headers=({sim,allocators,backends,oracles,program,fuzz,targets,tests,bench}/*.h)

for tool in clang-format clang-tidy ctags; do
	command -v $tool >/dev/null || { echo "lint: there is no $tool: make deps-ci" >&2; exit 1; }
done
step() { echo "lint: $1"; shift; "$@" || status=1; }
# clang-tidy's count of suppressed warnings goes to stderr and is noise; findings are on stdout.  The analyzer follows a
# third of the paths it would by default: they take three quarters of the time.
tidy() {
	printf '%s\n' "${sources[@]}" | xargs -r -P "$(nproc)" -n 4 \
		bash -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -I. \
			-Xclang -analyzer-config -Xclang max-nodes=75000 2> >(grep -v "warnings\? generated" >&2)' tidy
}
step formatting clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
step layers scripts/check_layers.py
step style scripts/check_style.py
step "shell scripts" bash -n scripts/*.sh .ci/run .ci/nightly ossfuzz/*.sh
step "docs/adding.md" scripts/check_adding.sh
step clang-tidy tidy
if [ -x build/slabfuzz ]; then step "generated docs" scripts/generated_docs.sh check build/slabfuzz; fi
exit $status
