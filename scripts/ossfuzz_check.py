#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs ossfuzz/build.sh as OSS-Fuzz's base-builder does, takes $OUT away, and holds it to OSS-Fuzz's rules.

The build runs without a network in a root that has a compiler and what ossfuzz/Dockerfile installs, nothing else
(scripts/bare_root.sh).  Rows: libfuzzer with address, undefined, memory and coverage, the same on i386 with address, afl
with address and none; with clang-14, and libfuzzer with address once more with clang-19 where there is a package of it;
run_tests.sh is row `tests`.  No target may break.
"""
import argparse
import os
import pathlib
import re
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
DOCKERFILES = ["ossfuzz/Dockerfile", ".clusterfuzzlite/Dockerfile"]
BARE_ROOT = str(pathlib.Path(__file__).resolve().parent / "bare_root.sh")
# Of what the base-builder image has, what we need: the fewer the better.
TOOLCHAIN = ["clang-{clang}", "libclang-rt-{clang}-dev", "binutils"]


def name_of(row):
    engine, sanitizer, architecture, clang = row
    return f"{engine}-{sanitizer}" + ("-i386" if architecture == "i386" else "") + (f"-clang-{clang}" if clang != "14" else "")


def packages_of(dockerfile):
    """What its lines install."""
    text = pathlib.Path(dockerfile).read_text().replace("\\\n", " ")
    return sorted(word for words in re.findall(r"apt-get install ([^&;\n]*)", text) for word in words.split() if word[0] != "-")


def check_dockerfiles(tree):
    """Both images are to have the same."""
    lists = [packages_of(tree / name) for name in DOCKERFILES]
    if lists[0] != lists[1]:
        yield f"packages: {DOCKERFILES[0]} installs {' '.join(lists[0])}, {DOCKERFILES[1]} {' '.join(lists[1])}"


def export(tree, src):
    """The tree as a checkout would have it: no build, nothing ignored."""
    files = subprocess.run(["git", "-C", tree, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], stdout=subprocess.PIPE, check=True).stdout
    (src / "slabfuzz").mkdir(parents=True)
    for name in files.decode().split("\0"):
        if name and os.path.lexists(tree / name):
            target = src / "slabfuzz" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, target, follow_symlinks=False)
    for script in ("build.sh", "run_tests.sh"):
        shutil.copy2(tree / f"ossfuzz/{script}", src / script)


def root_of(row, packages):
    """The directory of a root for this row."""
    engine, _, architecture, clang = row
    base = [package.format(clang=clang) for package in TOOLCHAIN]
    if clang == "14":
        base.append("clang")
    if engine == "afl":
        base.append("afl++")
    if architecture == "i386":
        base.append("g++-multilib")
    lower = subprocess.run([BARE_ROOT, "make", *base], stdout=subprocess.PIPE, text=True, check=False)
    made = lower if lower.returncode else subprocess.run([BARE_ROOT, "make", "--on", lower.stdout.strip(), *packages],
                                                         stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        sys.exit(f"ossfuzz {name_of(row)}: there is no root to build in")
    return made.stdout.strip()


def run_in(root, script, row, src, work, out, sink):
    """Status of the script, which sees the places of the base-builder."""
    binds = [word for place, inside in ((src, "/src"), (work, "/work"), (out, "/out")) for word in ("--bind", str(place), inside)]
    environment = [f"{key}={value}" for key, value in builder(row).items()]
    return subprocess.run([BARE_ROOT, "run", root, *binds, "env", "-i", "-C", "/src", *environment, "bash", "-eu", f"/src/{script}"],
                          stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, check=False).returncode


def builder(row):
    """What `compile` of the base-builder puts into the environment."""
    engine, sanitizer, architecture, clang = row
    flags = f"{BASE} {SANITIZER_FLAGS[sanitizer]}"
    if engine == "libfuzzer" and sanitizer != "coverage":
        flags += " -fsanitize=fuzzer-no-link"
    if architecture == "i386":
        flags += " -m32"
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/work", "LANG": "C.UTF-8",
           "SRC": "/src", "WORK": "/work", "OUT": "/out",
           "FUZZING_ENGINE": engine, "SANITIZER": sanitizer, "ARCHITECTURE": architecture, "FUZZING_LANGUAGE": "c",
           "CC": f"clang-{clang}", "CXX": f"clang++-{clang}", "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "HOST_CC": f"clang-{clang}",
           # -fsanitize=function does not exist for C.
           "CFLAGS": flags + (" -fno-sanitize=function" if sanitizer == "undefined" else ""), "CXXFLAGS": flags}
    if engine == "afl":
        env |= {"CC": "afl-clang-fast", "CXX": "afl-clang-fast++", "LIB_FUZZING_ENGINE": "/usr/lib/afl/libAFLDriver.a",
                "AFL_QUIET": "1", "AFL_NO_FORKSRV": ""}
    return env


def add_engine(engine, root, out):
    """compile_afl leaves its tools in $OUT."""
    if engine == "afl":
        for tool in pathlib.Path(root, "usr/bin").glob("afl-*"):
            shutil.copy(tool, out)
        (out / "afl_options.txt").write_text("")


def told(log):
    """Of a log what a reader wants: the first errors, or else its end."""
    text = log.read_text(errors="replace")
    errors = re.findall(r"^.*(?:error:|not found|Error \d).*$", text, re.M)[:3]
    return " / ".join(errors) or ossfuzz_rules.tail(text, 8)


def run_tests(packages, src, scratch):
    """run_tests.sh, whose programs are not fuzzed: no sanitizer, any compiler."""
    started = time.monotonic()
    work, log = pathlib.Path(tempfile.mkdtemp(dir=scratch)), scratch / "tests.log"
    row = ("libfuzzer", "address", "x86_64", "14")
    root = root_of(row, packages)
    with log.open("wb") as sink:
        status = run_in(root, "run_tests.sh", row, src, work, work, sink)
    shutil.rmtree(work)
    print(f"ossfuzz tests: run_tests.sh ends with {status} after {time.monotonic() - started:.0f} s", flush=True)
    return [f"run_tests.sh ends with {status}: {told(log)}"] if status else []


def run_row(row, packages, src, scratch):
    started = time.monotonic()
    root = root_of(row, packages)
    print(f"ossfuzz {name_of(row):28} a root with {' '.join(packages)} after {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    work, out = pathlib.Path(tempfile.mkdtemp(dir=scratch)), pathlib.Path(tempfile.mkdtemp(dir=scratch))
    add_engine(row[0], root, out)
    log = scratch / f"{name_of(row)}.log"
    with log.open("wb") as sink:
        status = run_in(root, "build.sh", row, src, work, out, sink)
    if status:
        shutil.rmtree(work)
        return [f"build: build.sh ends with {status}: {told(log)}"]
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


def is_packaged(package):
    return subprocess.run(["apt-cache", "show", package], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def become_root():
    """Only root may chroot; where sudo asks nothing, as in CI, it is taken."""
    if os.geteuid() and shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        os.execvp("sudo", ["sudo", "-n", "--preserve-env=CI,SLABFUZZ_ROOTS", sys.executable, *sys.argv])
    status = subprocess.run([BARE_ROOT, "ready"], check=False).returncode
    if status:
        sys.exit(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="as libfuzzer-address; all if none is given")
    parser.add_argument("--tree", type=pathlib.Path, default=pathlib.Path("."), help="another source tree")
    args = parser.parse_args()
    known = {name_of(row): row for row in ROWS}
    unknown = [name for name in args.rows if name not in [*known, TESTS]]
    if unknown:
        parser.error(f"there is no row {unknown[0]}: {' '.join([*known, TESTS])}")
    become_root()
    packages = packages_of(args.tree / DOCKERFILES[0])
    failed = 0
    for complaint in check_dockerfiles(args.tree):
        print(f"FAILED ossfuzz {complaint}", flush=True)
        failed += 1
    with tempfile.TemporaryDirectory(prefix="ossfuzz-", dir="/tmp") as scratch:
        src, scratch_path = pathlib.Path(scratch) / "src", pathlib.Path(scratch)
        export(args.tree, src)
        for name in args.rows or [*known, TESTS]:
            row = known.get(name)
            if row and not is_packaged(f"clang-{row[3]}"):
                print(f"ossfuzz {name}: left out, there is no package clang-{row[3]}")
                continue
            for complaint in run_row(row, packages, src, scratch_path) if row else run_tests(packages, src, scratch_path):
                print(f"FAILED ossfuzz {name}: {complaint}", flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
