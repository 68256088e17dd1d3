#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Time to discovery: history targets and the canary from an empty corpus, per engine, over several seeds.

Prints one row per target, engine and declared signature: how many seeds found it within the time, median and slowest
seconds.  The random engine is the baseline.  Exit 0 iff libFuzzer and AFL++ found everything in every seed.
"""
import argparse
import collections
import csv
import os
import shutil
import statistics
import subprocess
import sys

TARGETS = ["history_2622rc5_arm926", "history_2622_ppc8xx", "canary"]
ENGINES = ["libfuzzer", "afl", "random"]
EXPECTS = {
    "history_2622rc5_arm926": ["oops/slub/slub-page/flush_dcache_page", "lost-dma-write|stale-read"],
    "history_2622_ppc8xx": ["lost-write/dma/object"],
    "canary": ["overlap"],
}


def campaign(target, engine, seed, seconds):
    """Signature -> seconds to first hit."""
    out = f"build/discovery/{target}-{engine}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(
        ["build/slabfuzz", "fuzz", "--target", target, "--engine", engine, "--seed", str(seed), "--time", str(seconds),
         "--jobs", "1", "--until-declared", "--out", out],
        capture_output=True, text=True, check=False)
    with open(f"{out}/findings.tsv", encoding="utf-8", newline="") as rows:
        return {row["signature"]: float(row["seconds"]) for row in csv.DictReader(rows, delimiter="\t")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--time", type=int, default=60)
    parser.add_argument("--engines", default=",".join(ENGINES))
    args = parser.parse_args()
    os.makedirs("build/discovery", exist_ok=True)
    failed = False
    print(f"{'target':26} {'engine':10} {'signature':46} {'found':>7} {'median':>8} {'slowest':>8}", flush=True)
    for target in TARGETS:
        for engine in args.engines.split(","):
            times = collections.defaultdict(list)
            for seed in range(1, args.seeds + 1):
                hits = campaign(target, engine, seed, args.time)
                for pattern in EXPECTS[target]:
                    found = [t for s, t in hits.items() if any(s.startswith(p) for p in pattern.split("|"))]
                    if found:
                        times[pattern].append(min(found))
            for pattern in EXPECTS[target]:
                t = times[pattern]
                failed |= engine != "random" and len(t) < args.seeds
                median = f"{statistics.median(t):8.2f}" if t else "       -"
                slowest = f"{max(t):8.2f}" if t else "       -"
                print(f"{target:26} {engine:10} {pattern:46} {len(t):3}/{args.seeds:<3} {median} {slowest}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
