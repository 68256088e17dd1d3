#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each finding, also under faults, claim and regression replays alike, 100 times out of 100: same event log and exit status in every build.

usage: replay100.py TOOL...

Once alone in a process of its own, then 99 times in a process with all the others, begun at another place each time: what
a program leaves behind must not reach the next one.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TIMES = 100


def replay(tool, programs):
    """(exit status, event log) of programs run one after the other in one process."""
    with tempfile.NamedTemporaryFile() as events:
        done = subprocess.run([tool, "run", "--events", events.name, *programs], capture_output=True, check=False)
        return done.returncode, pathlib.Path(events.name).read_bytes()


def count_alike(tool, rotated, expected):
    """How many programs show what they should in one run of all; by their events, which stand in order."""
    status, log = replay(tool, rotated)
    if status in (0, 1) and log == b"".join(expected[p][1] for p in rotated):
        return rotated
    return [p for p in rotated if replay(tool, [p]) == expected[p] and expected[p][1] in log]


def find_under_faults(tool, out):
    """What sweeping the era's allocators finds, minimised: a report tells of the fault that its program
    injects.  (What a smaller program shows without any has none.)"""
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([tool, "sweep", "--set", "profile=2.6.22", "--limit", "8", "--out", out, "--allocators",
                           "slab,slub,slob-2622,slob-2624", *map(str, pathlib.Path("corpora").glob("*_clean"))],
                          capture_output=True, check=False)
    reports = [p.with_suffix(".txt") for p in pathlib.Path(out).glob("*.prog") if "fault_set" in p.read_text()]
    mute = [str(r) for r in reports if "injected faults:" not in r.read_text()]
    if done.returncode != 1 or not reports or mute:
        sys.exit(f"sweep: exit {done.returncode}, {len(reports)} reports, without a fault: {mute}")


def main():
    tools = sys.argv[1:]
    find_under_faults(tools[0], "build/fault_findings")
    programs = [str(p) for d in ("build/findings", "build/fault_findings", "corpora/claims", "corpora/regressions")
                for p in sorted(pathlib.Path(d).glob("*.prog"))]
    alike = dict.fromkeys(programs, 0)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        expected = dict(zip(programs, pool.map(lambda p: replay(tools[0], [p]), programs)))
        for tool in tools:
            for p, result in zip(programs, pool.map(lambda p, t=tool: replay(t, [p]), programs)):
                alike[p] += result == expected[p]
            print(f"{tool}: {len(programs)} programs, each alone", flush=True)
            step = max(1, len(programs) // TIMES)
            rounds = [programs[k * step % len(programs):] + programs[:k * step % len(programs)]
                      for k in range(1, TIMES)]
            for n, good in enumerate(pool.map(lambda r, t=tool: count_alike(t, r, expected), rounds), 2):
                for p in good:
                    alike[p] += 1
                if n % 20 == 0:
                    print(f"{tool}: {n} of {TIMES}", flush=True)
    wanted = TIMES * len(tools)
    for p in programs:
        if alike[p] != wanted:
            print(f"{alike[p]:4}/{wanted}  exit {expected[p][0]}  {p}")
    bad = sum(n != wanted for n in alike.values())
    print(f"{len(programs) - bad} of {len(programs)} programs replay alike, {wanted} times of {wanted}")
    return 1 if bad or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
