#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds ossfuzz/build.sh as OSS-Fuzz's base-builder does, moves $OUT away, and holds it to OSS-Fuzz's rules.

Rows: libfuzzer with address, undefined, memory and coverage, the same on i386 with address, afl with address and none;
with clang-14, and libfuzzer with address once more with clang-19 where that is installed; run_tests.sh is row `tests`.
No target may break.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import ossfuzz_rules

BASE = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
SANITIZER_FLAGS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
    "returns-nonnull-attribute,shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr "
    "-fno-sanitize-recover=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
    "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm "
    "-Wno-unused-command-line-argument",
    "none": "",
}
ROWS = [("libfuzzer", "address", "x86_64", "14"), ("libfuzzer", "undefined", "x86_64", "14"),
        ("libfuzzer", "memory", "x86_64", "14"), ("libfuzzer", "coverage", "x86_64", "14"),
        ("libfuzzer", "address", "i386", "14"), ("afl", "address", "x86_64", "14"), ("afl", "none", "x86_64", "14"),
        ("libfuzzer", "address", "x86_64", "19")]
TESTS = "tests"


def name_of(row):
    engine, sanitizer, architecture, clang = row
    return f"{engine}-{sanitizer}" + ("-i386" if architecture == "i386" else "") + (f"-clang-{clang}" if clang != "14" else "")


def export(src):
    """The tree as a checkout would have it: no build, nothing ignored."""
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], stdout=subprocess.PIPE, check=True).stdout
    (src / "slabfuzz").mkdir(parents=True)
    for name in files.decode().split("\0"):
        if name and os.path.lexists(name):
            target = src / "slabfuzz" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target, follow_symlinks=False)
    for script in ("build.sh", "run_tests.sh"):
        shutil.copy2(f"ossfuzz/{script}", src / script)


def builder(row, src, work, out):
    """What `compile` of the base-builder puts into the environment."""
    engine, sanitizer, architecture, clang = row
    flags = f"{BASE} {SANITIZER_FLAGS[sanitizer]}"
    if engine == "libfuzzer" and sanitizer != "coverage":
        flags += " -fsanitize=fuzzer-no-link"
    if architecture == "i386":
        flags += " -m32"
    env = {"PATH": os.environ["PATH"], "HOME": str(work), "LANG": "C.UTF-8", "SRC": str(src), "WORK": str(work), "OUT": str(out),
           "FUZZING_ENGINE": engine, "SANITIZER": sanitizer, "ARCHITECTURE": architecture, "FUZZING_LANGUAGE": "c",
           "CC": f"clang-{clang}", "CXX": f"clang++-{clang}", "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "HOST_CC": f"clang-{clang}",
           # -fsanitize=function does not exist for C.
           "CFLAGS": flags + (" -fno-sanitize=function" if sanitizer == "undefined" else ""), "CXXFLAGS": flags}
    if engine == "afl":
        env |= {"CC": "afl-clang-fast", "CXX": "afl-clang-fast++", "LIB_FUZZING_ENGINE": "/usr/lib/afl/libAFLDriver.a",
                "AFL_QUIET": "1", "AFL_NO_FORKSRV": ""}
    return env


def add_engine(engine, out):
    """compile_afl leaves its tools in $OUT."""
    if engine == "afl":
        for tool in pathlib.Path("/usr/bin").glob("afl-*"):
            shutil.copy(tool, out)
        (out / "afl_options.txt").write_text("")


def run_tests(src, scratch):
    """run_tests.sh, whose programs are not fuzzed: no sanitizer, any compiler."""
    started = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    row = ("libfuzzer", "address", "x86_64", "14")
    done = subprocess.run(["bash", "-eu", src / "run_tests.sh"], cwd=src, env=builder(row, src, work, work), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    shutil.rmtree(work)
    print(f"ossfuzz tests: run_tests.sh ends with {done.returncode} after {time.monotonic() - started:.0f} s", flush=True)
    return [f"run_tests.sh ends with {done.returncode}: {ossfuzz_rules.tail(done.stdout, 8)}"] if done.returncode else []


def run_row(row, src, scratch):
    started = time.monotonic()
    work, out = pathlib.Path(tempfile.mkdtemp(dir=scratch)), pathlib.Path(tempfile.mkdtemp(dir=scratch))
    add_engine(row[0], out)
    log = scratch / f"{name_of(row)}.log"
    with log.open("wb") as sink:
        status = subprocess.run(["bash", "-eu", src / "build.sh"], cwd=src, env=builder(row, src, work, out), stdout=sink,
                                stderr=subprocess.STDOUT, check=False).returncode
    if status:
        return [f"build: build.sh ends with {status}: {ossfuzz_rules.tail(log.read_text(errors='replace'), 8)}"]
    elsewhere = pathlib.Path(tempfile.mkdtemp(prefix="not-out-", dir="/tmp")) / "out"
    shutil.move(out, elsewhere)
    shutil.rmtree(work)
    built = time.monotonic() - started
    try:
        complaints = ossfuzz_rules.check(elsewhere, row[0], row[1], row[2], scratch)
        count = len(ossfuzz_rules.targets(elsewhere))
    finally:
        shutil.rmtree(elsewhere.parent)
    print(f"ossfuzz {name_of(row):28} {count} targets, {len(complaints)} complaints, built in {built:.0f} s, checked in "
          f"{time.monotonic() - started - built:.0f} s", flush=True)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="as libfuzzer-address; all if none is given")
    args = parser.parse_args()
    known = {name_of(row): row for row in ROWS}
    unknown = [name for name in args.rows if name not in [*known, TESTS]]
    if unknown:
        parser.error(f"there is no row {unknown[0]}: {' '.join([*known, TESTS])}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="ossfuzz-", dir="/tmp") as scratch:
        src = pathlib.Path(scratch) / "src"
        export(src)
        for name in args.rows or [*known, TESTS]:
            row = known.get(name)
            if row and (not shutil.which(f"clang-{row[3]}") or (row[0] == "afl" and not shutil.which("afl-clang-fast"))):
                print(f"ossfuzz {name}: left out, there is no {'afl++' if row[0] == 'afl' else 'clang-' + row[3]} here")
                continue
            scratch_path = pathlib.Path(scratch)
            for complaint in run_row(row, src, scratch_path) if row else run_tests(src, scratch_path):
                print(f"FAILED ossfuzz {name}: {complaint}", flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
