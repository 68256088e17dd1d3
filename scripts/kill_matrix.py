#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Oracle x planted bug: each is found by fuzzing from the seed corpus, in how much time, by which oracles.

Writes docs/kill-matrix.md and exits 1 unless every bug is found with every seed and every oracle is needed.
"""
import argparse
import collections
import pathlib
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

PLANTED = pathlib.Path("tests/planted")


def header(patch, key):
    found = re.search(rf"^# {key}: *(.*)$", patch.read_text().split("\ndiff --git")[0], re.M)
    return found.group(1) if found else ""


RANDOM_SECONDS = 10  # the baseline may miss: it must not cost hours


def hunt(patch, engine, args):
    """Rows (seconds, set of oracles, signature) per seed."""
    if patch.parent.name == "machine":
        command = [f"build/machine/{patch.stem}", "kill"]
    else:
        command = ["build/slabfuzz", "kill", "--allocator", f"{header(patch, 'model')}+{patch.stem}"]
    out = subprocess.run([*command, "--seeds", str(args.seeds), "--time",
                          str(args.time if engine == "mutate" else min(args.time, RANDOM_SECONDS)), "--engine", engine],
                         capture_output=True, text=True, check=False)
    rows = []
    for line in out.stdout.splitlines():
        _, _, seconds, _, oracles, signature = line.split("\t")
        rows.append((float(seconds), frozenset(o for o in oracles.split(",") if o), signature))
    if len(rows) != args.seeds:
        sys.exit(f"{patch}: {out.stderr}")
    return rows


def describe(rows):
    """(share found, median, slowest) of the seeds."""
    times = [s for s, _, signature in rows if signature != "-"]
    if not times:
        return f"0/{len(rows)}", "-", "-"
    return f"{len(times)}/{len(rows)}", f"{statistics.median(times):.3f}", f"{max(times):.2f}"


def table(bugs, oracles, results):
    lines = ["| bug | model | " + " | ".join(oracles) + " | found | median s | slowest s | random | median s |",
             "| --- " * (7 + len(oracles)) + "|"]
    for patch in bugs:
        mutate, random = results[patch]
        seen = collections.Counter(o for _, names, _ in mutate for o in names)
        marks = [str(seen[o]) if seen[o] else "" for o in oracles]
        cells = [patch.stem, header(patch, "model"), *marks, *describe(mutate), *describe(random)[:2]]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def only_catches(bugs, results):
    """Oracle -> bugs that no other oracle ever reported."""
    only = collections.defaultdict(list)
    for patch in bugs:
        names = {o for _, found, _ in results[patch][0] for o in found}
        if len(names) == 1:
            only[names.pop()].append(patch.stem)
    return only


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--time", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", default="docs/kill-matrix.md")
    parser.add_argument("bugs", nargs="*", help="names; all if none is given")
    args = parser.parse_args()
    bugs = sorted(p for p in [*PLANTED.glob("*.patch"), *PLANTED.glob("machine/*.patch")]
                  if not args.bugs or p.stem in args.bugs)
    with ThreadPoolExecutor(args.jobs) as pool:
        mutate = pool.map(lambda p: hunt(p, "mutate", args), bugs)
        random = pool.map(lambda p: hunt(p, "random", args), bugs)
        results = {}
        for patch, a, b in zip(bugs, mutate, random):
            results[patch] = (a, b)
            print(f"{patch.stem:32} {' '.join(describe(a)):24} random {' '.join(describe(b))}", flush=True)
    listed = subprocess.run(["build/slabfuzz", "list", "oracles"], capture_output=True, text=True, check=True).stdout
    oracles = [line.split()[0] for line in listed.splitlines() if line]
    only = only_catches(bugs, results)
    missed = [p.stem for p in bugs if any(signature == "-" for _, _, signature in results[p][0])]
    medians = [statistics.median(s for s, _, _ in results[p][0]) for p in bugs]
    slowest = max(s for p in bugs for s, _, _ in results[p][0])
    idle = [o for o in oracles if o not in only]
    text = ["# Kill matrix", "",
            f"`make kill-matrix`: {len(bugs)} planted bugs, {args.seeds} seeds each, at most {args.time:g} s of one core a"
            " seed. A number in an oracle's column: in how many seeds it saw the bug. `random` is the baseline, generated"
            f" programs without a corpus, at most {RANDOM_SECONDS} s.", "",
            f"Median of the medians {statistics.median(medians):.3f} s, slowest {slowest:.2f} s. Not found with every seed:"
            f" {', '.join(missed) or 'none'}.", "",
            "Only this oracle sees: " + "; ".join(f"{o}: {', '.join(only[o])}" for o in oracles if o in only) + ".", "",
            f"Never the only one: {', '.join(idle) or 'none'}.", "", *table(bugs, oracles, results), ""]
    if not args.bugs:
        pathlib.Path(args.output).write_text("\n".join(text))
    print("\n".join(text[2:8]))
    return 1 if missed or idle else 0


if __name__ == "__main__":
    sys.exit(main())
