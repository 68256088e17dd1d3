#!/bin/bash -eu
# SPDX-License-Identifier: MIT
# OSS-Fuzz and ClusterFuzzLite run this in their base-builder; all else is in the Makefile.
cd "$SRC/slabfuzz"
make ossfuzz
cp "$WORK"/ossfuzz/out/* "$OUT/"
