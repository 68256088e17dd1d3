#!/bin/bash -eu
# SPDX-License-Identifier: MIT
# The tests that need nothing but a compiler: every claim and regression, replayed by the tool.
cd "$SRC/slabfuzz"
unset CFLAGS CXXFLAGS
make CC=clang plain_DIR="$WORK/host" ossfuzz-tests
