#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Include arrows point down.  Every rule has an example that must trigger it; they are tried before each run."""
import pathlib
import re
import sys

CONTRACTS = {"allocators/allocator.h", "backends/cache.h", "backends/dma.h"}
# Folder -> folders it may include from.  Anything in tests/ and bench/ may include anything.
MAY = {
    "sim": {"sim"},
    "allocators": {"allocators", "sim"},
    "backends": {"backends", "sim"},
    "oracles": {"oracles", "sim"},
    "program": {"program"},
    "fuzz": {"fuzz", "program", "oracles", "allocators", "backends", "sim"},
    "targets": {"targets", "fuzz", "program"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def problem(path, included):
    """What is wrong with `path` including `included`, or None."""
    layer = path.split("/")[0]
    if layer not in MAY:
        return None
    if "/" not in included:
        return f'"{included}" is not written from the root'
    target = included.split("/")[0]
    if target in MAY[layer]:
        return None
    if layer == "program" and target == "sim":
        return None if included.endswith(".def") or included == "sim/invariant.h" else \
            f"program/ sees only name lists of sim/ and its invariants, not {included}"
    if layer == "oracles" and included in CONTRACTS:
        return None
    if layer == "oracles" and target in ("allocators", "backends"):
        return f"oracles/ sees only contracts of {target}/, not {included}"
    return f"{layer}/ may not include {target}/"


EXAMPLES = [
    ("sim/page.c", "program/program.h"),
    ("sim/page.c", "page.h"),
    ("allocators/slub.c", "backends/cache.h"),
    ("backends/dma.c", "allocators/allocator.h"),
    ("oracles/leak.c", "allocators/slub_internal.h"),
    ("oracles/leak.c", "program/program.h"),
    ("program/text.c", "sim/page.h"),
    ("fuzz/world.c", "targets/slub.h"),
    ("targets/slub.c", "sim/page.h"),
]
INNOCENT = [
    ("program/text.c", "sim/gfp.def"),
    ("program/text.c", "sim/invariant.h"),
    ("oracles/leak.c", "backends/cache.h"),
    ("fuzz/world.c", "sim/page.h"),
    ("tests/test_page.c", "sim/page.h"),
]


def self_test():
    for path, included in EXAMPLES:
        if not problem(path, included):
            sys.exit(f"check_layers.py: self-test: {path} including {included} was not reported")
    for path, included in INNOCENT:
        if problem(path, included):
            sys.exit(f"check_layers.py: self-test: {path} including {included} was reported")


def main():
    self_test()
    if "--self-test" in sys.argv:
        return 0
    bad = 0
    for layer in MAY:
        for path in sorted(pathlib.Path(layer).glob("*.[chd]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                what = found and problem(str(path), found.group(1))
                if what:
                    print(f"{path}:{number}:1: {what}", file=sys.stderr)
                    bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
