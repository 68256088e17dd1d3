#!/bin/bash
# SPDX-License-Identifier: MIT
# left_out.sh WHAT MISSING [TARGET]: says that a test is left out for what TARGET, deps-ci if none is given, installs.
# In continuous integration, where CI is true, nothing is left out: exit 1.
set -euo pipefail
echo "$1: left out, there is no $2: make ${3:-deps-ci}"
[ "${CI:-}" != true ] || { echo "FAILED $1: with CI=true nothing is left out"; exit 1; }
