#!/bin/bash
# SPDX-License-Identifier: MIT
# Speed as ratios; see bench.py.
set -euo pipefail
exec python3 scripts/bench.py "$@"
