#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Speed as ratios in one run: fuzz_slub_clean against an empty target (plain) and a naive malloc/free harness (ASan).

All inputs have up to 32 ops (385 bytes).  Each figure is the median of several runs on one pinned core, interleaved.
"""
import argparse
import os
import pathlib
import random
import re
import resource
import statistics
import subprocess
import sys

LENGTH = 1 + 32 * 12
INPUTS, REPEATS = 256, 200
# As campaigns run (fuzz/campaign_job.c), and libFuzzer left alone.
SCHEDULES = [["-entropic_scale_per_exec_time=1", "-use_counters=0"], []]


def runs_per_second(binary, seconds, seed, flags):
    """libFuzzer's own count over a time slice, from nothing and with the corpus in memory."""
    env = dict(os.environ, SLABFUZZ_KNOWN="", SLABFUZZ_FINDINGS="", ASAN_OPTIONS="quarantine_size_mb=10:detect_leaks=0")
    out = subprocess.run(
        ["taskset", "-c", "1" if os.cpu_count() > 1 else "0", binary, f"-max_total_time={seconds}", f"-max_len={LENGTH}",
         "-len_control=0", f"-seed={seed}", "-print_final_stats=1", *flags],
        capture_output=True, text=True, env=env, check=False)
    executed = re.search(r"number_of_executed_units:\s*(\d+)", out.stderr)
    done = re.search(r"Done \d+ runs in (\d+) second", out.stderr)
    if out.returncode or not executed or not done:
        sys.exit(f"{binary} failed:\n{out.stderr[-2000:]}")
    return int(executed.group(1)) / max(1, int(done.group(1)))


def compile_bench(name, flags, out):
    subprocess.run(["clang", "-O2", "-g", *flags, f"bench/{name}.c", "-o", out], check=True)


def compare(subjects, args, flags):
    figures = {name: [] for name in subjects}
    for run in range(args.runs):
        for name, binary in subjects.items():
            figures[name].append(runs_per_second(binary, args.seconds, run + 1, flags))
    median = {name: statistics.median(values) for name, values in figures.items()}
    print(f"all with {' '.join(flags) or 'the flags that libFuzzer has by itself'}:")
    for name, value in median.items():
        print(f"{name:18} {value:12.0f} exec/s  ({min(figures[name]):.0f}..{max(figures[name]):.0f})")
    plain = median["slub_clean"] / median["empty"]
    asan = median["slub_clean-asan"] / median["naive-asan"]
    print(f"plain: slub_clean / empty = {plain:.3f} (goal 0.05)")
    print(f"ASan:  slub_clean / naive = {asan:.3f} (goal 0.3)\n")


def same_inputs(subjects, args):
    """Processor time of the same inputs for both, INPUTS of 32 ops each, without mutation: schedules drift to inputs of
    different length."""
    random_bytes = random.Random(1).randbytes
    os.makedirs("build/bench/inputs", exist_ok=True)
    files = [f"build/bench/inputs/{i}" for i in range(INPUTS)]
    for file in files:
        pathlib.Path(file).write_bytes(random_bytes(LENGTH))
    env = dict(os.environ, SLABFUZZ_KNOWN="", SLABFUZZ_FINDINGS="", ASAN_OPTIONS="quarantine_size_mb=10:detect_leaks=0")
    figures = {name: [] for name in subjects}
    for _ in range(args.runs):
        for name, binary in subjects.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([binary, f"-runs={REPEATS}", *files], env=env, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            figures[name].append(INPUTS * REPEATS / (after.ru_utime - before.ru_utime))
    print(f"the same {INPUTS} inputs of {LENGTH} bytes, {REPEATS} times each, no mutation:")
    median = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in median.items():
        print(f"{name:18} {value:12.0f} exec/s  ({min(figures[name]):.0f}..{max(figures[name]):.0f})")
    print(f"ASan:  slub_clean / naive = {median['slub_clean-asan'] / median['naive-asan']:.3f} (goal 0.3)\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    os.makedirs("build/bench", exist_ok=True)
    compile_bench("empty", ["-fsanitize=fuzzer"], "build/bench/empty")
    compile_bench("naive", ["-fsanitize=fuzzer,address"], "build/bench/naive-asan")
    subjects = {
        "empty": "build/bench/empty",
        "slub_clean": "build/libfuzzer/fuzz_slub_clean",
        "naive-asan": "build/bench/naive-asan",
        "slub_clean-asan": "build/libfuzzer-asan/fuzz_slub_clean",
    }
    for flags in SCHEDULES:
        compare(subjects, args, flags)
    same_inputs({name: subjects[name] for name in ("naive-asan", "slub_clean-asan")}, args)
    subprocess.run(["build/slabfuzz", "bench"], check=True)


if __name__ == "__main__":
    main()
