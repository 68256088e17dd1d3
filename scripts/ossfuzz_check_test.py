#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Negative controls of ossfuzz_check.py: builds that break a rule each are told by that rule's name, a sound one by none."""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

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


def build(name, flags, place, body, directory):
    source = directory.parent / f"{name}.c"
    source.write_text(SOUND.replace("PLACE", place).replace("BODY", body))
    subprocess.run(["clang-14", "-O1", "-w", f'-DBUILT_IN="{directory}"', *flags, "-o", str(directory / name), str(source)], check=True)
    if name != "no_seeds":
        with zipfile.ZipFile(directory / f"{name}_seed_corpus.zip", "w") as seeds:
            seeds.writestr("seed", b"\x42ab")
    (directory / "data").write_text("here")


def main():
    failed = 0
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
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
