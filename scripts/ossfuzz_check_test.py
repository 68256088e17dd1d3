#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Negative controls of ossfuzz_check.py: builds that break a rule each are told by that rule's name, a sound one by none.

Then trees that must not build in the bare root: a package taken from the Dockerfiles, and a target that wants cmocka.
With --quick only the first of them.
"""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import ossfuzz_check
import ossfuzz_rules

SOUND = """
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
static volatile int sink;
PLACE
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BODY
	if (size > 1 && data[0] == 's')
		sink = data[1];
	return 0;
}
"""
ADDRESS = ["-fsanitize=address,fuzzer"]
# What breaks, flags, code at file scope, code in the body, sanitizer it is presented as, rule that must tell.
CONTROLS = [
    ("sound", ADDRESS, "", "", "address", None),
    ("asan_as_ubsan", ADDRESS, "", "", "undefined", "compiled with asan"),
    ("ubsan_beside_asan", ["-fsanitize=address,undefined,fuzzer"], "", "volatile int many[300]; (void)many;\n" + "".join(
        f"many[{i}] = many[data[0] + {i}] + sink * {i};\n" for i in range(300)), "address", "compiled with ubsan"),
    ("uninstrumented", ["-fsanitize=address,fuzzer", "-fno-sanitize=fuzzer-no-link", "-fno-sanitize-coverage=inline-8bit-counters,"
     "trace-cmp,indirect-calls,pc-table,stack-depth,edge,bb,func,trace-pc-guard"], "", "", "address", "instrumented:"),
    ("writes_into_cwd", ADDRESS, "", 'FILE *f = fopen("left-here", "w"); if (f) fclose(f);', "address", "read-only:"),
    ("needs_out", ADDRESS, "", 'if (!getenv("OUT")) exit(1);', "address", "starts:"),
    ("hard_coded_place", ADDRESS, "", 'FILE *f = fopen(BUILT_IN "/data", "r"); if (!f) abort(); fclose(f);', "address", "starts:"),
    ("crash_on_seed", ADDRESS, "", 'if (size == 3 && data[0] == 0x42) abort();', "address", "seeds:"),
    ("bad.name", ADDRESS, "", "", "address", "name:"),
    ("no_seeds", ADDRESS, "", "", "address", "seeds:"),
]

# What is changed in which files of the tree, from, to, what must be told.
BOTH = ossfuzz_check.DOCKERFILES
TREES = [
    ("without make", BOTH, " make ", " ", "make: command not found"),
    ("without patch", BOTH, " patch ", " ", "patch: command not found"),
    ("without zip", BOTH, " zip ", " ", "zip: command not found"),
    ("without zlib1g-dev", BOTH, " zlib1g-dev", " ", "'zlib.h' file not found"),
    ("a package in one only", BOTH[1:], " zip ", " ", "packages:"),
    ("a target with test code", ["targets/slub_clean.c"], "#include", "#include <cmocka.h>\n#include", "'cmocka.h' file not found"),
]


def build(name, flags, place, body, directory):
    source = directory.parent / f"{name}.c"
    source.write_text(SOUND.replace("PLACE", place).replace("BODY", body))
    subprocess.run(["clang-14", "-O1", "-w", f'-DBUILT_IN="{directory}"', *flags, "-o", str(directory / name), str(source)], check=True)
    if name != "no_seeds":
        with zipfile.ZipFile(directory / f"{name}_seed_corpus.zip", "w") as seeds:
            seeds.writestr("seed", b"\x42ab")
    (directory / "data").write_text("here")


def tell_tree(name, files, old, new, wanted):
    """1 unless the check of the tree with that change fails and says why."""
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
        ossfuzz_check.export(pathlib.Path("."), pathlib.Path(scratch))
        tree = pathlib.Path(scratch) / "slabfuzz"
        subprocess.run(["git", "init", "-q", tree], check=True)
        for file in files:
            text = (tree / file).read_text()
            assert old in text, f"{file}: no '{old}'"
            (tree / file).write_text(text.replace(old, new, 1))
        if name == "a package in one only":
            out, status = "\n".join(ossfuzz_check.check_dockerfiles(tree)), 1
        else:
            done = subprocess.run([sys.executable, ossfuzz_check.__file__, "--tree", tree, "libfuzzer-address"], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            out, status = done.stdout, done.returncode
    good = status == 1 and wanted in out
    print(f"{'ok' if good else 'FAILED'} ossfuzz tree {name}: {out.strip().splitlines()[-1][:120] if out.strip() else 'no complaint'}",
          flush=True)
    return not good


def main():
    failed = 0
    trees = [tree for tree in TREES if "--quick" not in sys.argv or tree[0] in ("without make", "a package in one only")]
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
        for name, flags, place, body, sanitizer, rule in CONTROLS:
            there = pathlib.Path(scratch) / name / "out"
            there.mkdir(parents=True)
            build(name, flags, place, body, there)
            moved = pathlib.Path(scratch) / name / "elsewhere"
            there.rename(moved)
            told = ossfuzz_rules.check(moved, "libfuzzer", sanitizer, scratch=scratch)
            good = (not told) if rule is None else any(rule in complaint and name in complaint for complaint in told)
            print(f"{'ok' if good else 'FAILED'} ossfuzz control {name}: {told[0][:120] if told else 'no complaint'}")
            failed += not good
    for tree in trees:
        failed += tell_tree(*tree)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
