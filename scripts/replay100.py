#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each finding, also under faults, claim and regression replays alike, 100 times out of 100: same event log and exit status in every build.

usage: replay100.py [--faults] TOOL...

Once alone in a process of its own, then 99 times in a process with all the others, begun at another place each time: what
a program leaves behind must not reach the next one.

--faults: only what sweeps find under faults, minimised: each 100 times in a process of its own, with each tool.  It must
say the signature of its report, trip the faults that it sets, and show nothing of the kind without them.
"""
import concurrent.futures
import os
import pathlib
import re
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


def sweep(tool, out, *options):
    done = subprocess.run([tool, "sweep", "--out", out, *options], capture_output=True, check=False)
    if done.returncode != 1:
        sys.exit(f"sweep: exit {done.returncode}")


def find_under_faults(tool, out):
    """What sweeping the era's allocators finds, minimised: a report tells of the fault that its program
    injects.  (What a smaller program shows without any has none.)"""
    shutil.rmtree(out, ignore_errors=True)
    sweep(tool, out, "--set", "profile=2.6.22", "--limit", "8", "--allocators", "slab,slub,slob-2622,slob-2624",
          *map(str, pathlib.Path("corpora").glob("*_clean")))
    return tell_of_faults(out)


def tell_of_faults(out):
    programs = [p for p in sorted(pathlib.Path(out).glob("*.prog")) if "\nfault_set" in p.read_text()]
    mute = [str(p) for p in programs if "injected faults:" not in p.with_suffix(".txt").read_text()]
    if not programs or mute:
        sys.exit(f"{len(programs)} reports, without a fault: {mute}")
    return programs


def find_damage(tool, out):
    """The same of flipped bits and of writes after the unmap, which sound allocators show, too."""
    shutil.rmtree(out, ignore_errors=True)
    names = subprocess.run([tool, "list", "faults"], capture_output=True, text=True, check=True).stdout
    damage = ",".join(line.split()[0] for line in names.splitlines() if " damage " in line)
    sweep(tool, out, "--safe", "--faults", damage, "--limit", "3", "--allocators", "slab,slub",
          "corpora/slub_debug_clean", "corpora/dma_api_clean")
    return tell_of_faults(out)


def shows_its_fault(tool, program):
    """(signature of the report, what is wrong or "")"""
    report = program.with_suffix(".txt").read_text()
    signature = re.search(r"^BUG: (\S+)", report, re.M).group(1)
    bug = f"BUG: {signature}\n"
    _, log = replay(tool, [str(program)])
    shown = subprocess.run([tool, "run", str(program)], capture_output=True, text=True, check=False)
    if shown.returncode != 1 or bug not in shown.stdout + shown.stderr:
        return signature, "is not shown again"
    if not re.search(rb"^fault ", log, re.M):
        return signature, "trips no fault"
    with tempfile.NamedTemporaryFile("w", suffix=".prog") as without:
        without.write(re.sub(r" fail_nth=\d+", "", re.sub(r"^fault_.*\n", "", program.read_text(), flags=re.M)))
        without.flush()
        plain = subprocess.run([tool, "run", without.name], capture_output=True, text=True, check=False)
    return signature, "is shown without its fault, too" if bug in plain.stdout + plain.stderr else ""


def replay_faults(tools):
    """Each report made under faults, TIMES times with each tool."""
    programs = [*find_under_faults(tools[0], "build/fault_findings"), *find_damage(tools[0], "build/damage_findings")]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for program in programs:
            expected = replay(tools[0], [str(program)])
            signature, wrong = shows_its_fault(tools[0], program)
            alike = [sum(pool.map(lambda _, t=tool, p=program, e=expected: replay(t, [str(p)]) == e, range(TIMES)))
                     for tool in tools]
            good = not wrong and all(n == TIMES for n in alike)
            failed += not good
            print("ok    " if good else "FAILED", *(f"{n}/{TIMES}" for n in alike), signature, wrong, flush=True)
    print(f"{len(programs) - failed} of {len(programs)} reports made under faults replay with their faults, {TIMES} of "
          f"{TIMES} times in each of {len(tools)} builds: same signature, same event log")
    return 1 if failed or len(programs) < 10 else 0


def main():
    tools = sys.argv[1:]
    if tools[:1] == ["--faults"]:
        return replay_faults(tools[1:])
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
