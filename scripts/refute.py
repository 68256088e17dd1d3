#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Refutation works both ways: what the matrix says of each column is tried.

A column that the matrix shows unsafe must fall to a program of at most 12 ops, which is run once more.  A column that it
shows safe must not be safe by blindness: a bug planted in that policy (tests/planted, header `# policy: SETTINGS`) has
to be seen, by the claims and the fuzzing of the same cells.  Reads DIR/matrix.json; exit 0 iff all is so.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOOL, PLANTED = "build/slabfuzz", "build/planted/slabfuzz"
GRAVITY = ["not applicable", "green", "hazard", "damage"]


def headers(patch, key):
    return re.findall(rf"^# {key}: *(.*)$", patch.read_text().split("\n--- ")[0], re.M)


def planted():
    """Settings of a column -> patches that break it."""
    patches = collections.defaultdict(list)
    for patch in sorted([*pathlib.Path("tests/planted").glob("*.patch"),
                         *pathlib.Path("tests/planted/machine").glob("*.patch")]):
        for settings in headers(patch, "policy"):
            patches[settings].append(patch)
    return patches


def policies_of(settings):
    return ",".join(re.findall(r"policy\.([a-z0-9_.]+)=", settings))


def matrix_with(patch, column, args):
    """The gravest cell of the column in a matrix of the tool with the bug."""
    machine = patch.parent.name == "machine"
    tool = f"build/machine/{patch.stem}" if machine else PLANTED
    chosen = [] if machine else ["--allocators", f"{headers(patch, 'model')[0]}+{patch.stem}"]
    chosen += ["--questions", column["question"]]
    if column["question"] != "BOOK":
        chosen += ["--policies", policies_of(column["settings"])]
    with tempfile.TemporaryDirectory() as out:
        result = subprocess.run([tool, "matrix", "--out", out, "--time", str(args.time), *chosen], capture_output=True, text=True, check=False)
        if result.returncode > 1:
            raise RuntimeError(f"{tool} matrix: exit {result.returncode}: {result.stderr}")
        data = json.loads((pathlib.Path(out) / "matrix.json").read_text())
    return worst(cell for cell in data["cells"] if key(data["columns"][cell["column"]]) == key(column))


def key(column):
    return column["question"], column["settings"]


def worst(cells):
    return max(cells, key=lambda c: (GRAVITY.index(c["verdict"]), -c.get("ops", 0)), default={"verdict": "not applicable"})


def falls_again(directory, cell):
    program = directory / "programs" / f"{cell['program']}.prog"
    result = subprocess.run([TOOL, "run", str(program)], capture_output=True, text=True, check=False)
    return result.returncode == 1 and f"BUG: {cell['signature']}" in result.stdout


def try_unsafe(directory, cell, wanted):
    """(verdict, words)"""
    if cell["ops"] > wanted:
        return False, f"its shortest program has {cell['ops']} ops"
    if not falls_again(directory, cell):
        return False, f"{cell['program']} does not show {cell['signature']} again"
    return True, f"falls to {cell['ops']} ops: {cell['signature']} ({cell['allocator']}, {cell['arch']}, from {cell['from']})"


def try_safe(column, verdict, patches, args):
    if not patches:
        return None, "no regression is planted"
    told = []
    for patch in patches:
        cell = matrix_with(patch, column, args)
        if GRAVITY.index(cell["verdict"]) <= GRAVITY.index(verdict):
            return False, f"does not see {patch.stem}: {cell['verdict']}"
        told.append(f"{patch.stem}: {cell['signature']} in {cell['ops']} ops, from {cell['from']}")
    return True, "; ".join(told)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path, nargs="?", default=pathlib.Path("build/matrix"))
    parser.add_argument("--time", type=int, default=20, help="seconds of fuzzing for a matrix with a planted bug")
    args = parser.parse_args()
    data = json.loads((args.directory / "matrix.json").read_text())
    patches, count = planted(), collections.Counter()
    for number, column in enumerate(data["columns"]):
        cell = worst(c for c in data["cells"] if c["column"] == number)
        if cell["verdict"] == "not applicable" or column["question"] in ("PROFILES", "OTHER_POLICIES"):
            continue
        if cell["verdict"] == "damage":
            good, words = try_unsafe(args.directory, cell, data["ops_wanted"])
        else:
            plants = patches[column["settings"].removeprefix("profile=safe ")]
            good, words = try_safe(column, cell["verdict"], plants, args)
        mark = {True: "ok", False: "FAILED", None: "open"}[good]
        count[mark] += 1
        print(f"{mark:6} {column['question']:12} {column['label']:40} {cell['verdict']:7} {words}", flush=True)
    print(f"refute: {count['ok']} ok, {count['FAILED']} failed, {count['open']} safe columns without a planted regression")
    return 1 if count["FAILED"] or count["open"] else 0


if __name__ == "__main__":
    sys.exit(main())
