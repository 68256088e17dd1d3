#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""House rules that no compiler knows.  Each rule carries an example that must trigger it, tried before each run."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

FUNCTION_LINES = 60
FILE_LINES = 600
HOT = ("sim", "allocators", "backends", "oracles", "program")
SOURCES = HOT + ("fuzz", "targets", "tests", "bench")
CHANCE = re.compile(r"\b(rand|random|srand|drand48|time|gettimeofday|clock|clock_gettime|localtime)\s*\(")
HEAP = re.compile(r"\b(malloc|calloc|realloc|strdup|asprintf)\s*\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def code_lines(text):
    """Lines with comments and strings blanked, line numbers kept."""
    text = COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
    return STRING.sub('""', text).splitlines()


def spdx(path, text):
    first = text.splitlines()[0] if text else ""
    if "SPDX-License-Identifier: MIT" not in first:
        yield 1, "first line is not the SPDX line"


def file_length(path, text):
    count = len(text.splitlines())
    if count > FILE_LINES:
        yield FILE_LINES, f"{count} lines, at most {FILE_LINES}"


def chance(path, text):
    if path.split("/")[0] in HOT:
        for number, line in enumerate(code_lines(text), 1):
            if CHANCE.search(line):
                yield number, "chance or a clock: a run depends on its input only"


def heap(path, text):
    if path.split("/")[0] in HOT:
        for number, line in enumerate(code_lines(text), 1):
            if HEAP.search(line):
                yield number, "host heap in a hot layer"


def todo(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line):
            yield number, "TODO without an issue: TODO(#n)"


def functions(path):
    """(name, line, length) of the functions of a C file."""
    out = subprocess.run(["ctags", "--languages=C", "--kinds-C=f", "--fields=+ne", "--output-format=json", "-f", "-",
                          path], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            yield tag["name"], tag["line"], tag["end"] - tag["line"] + 1


def function_length(path, text):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as copy:
        copy.write(text)
        copy.flush()
        for name, line, length in functions(copy.name):
            if length > FUNCTION_LINES:
                yield line, f"{name}() has {length} lines, at most {FUNCTION_LINES}"


RULES = [
    (spdx, "sim/a.c", "int x;\n", "/* SPDX-License-Identifier: MIT */\n"),
    (file_length, "sim/a.c", "\n" * 601, "\n" * 600),
    (chance, "program/a.c", "x = rand();\n", "/* rand() */ x = mutate_rand_below (r);\n"),
    (chance, "oracles/a.c", "t = time(NULL);\n", "e->time = 3; page_time(p);\n"),
    (heap, "sim/a.c", "p = malloc(3);\n", 'puts("malloc("); kmalloc(3);\n'),
    (todo, "fuzz/a.c", "/* TODO later */\n", "/* TODO(#12) later */\n"),
    (function_length, "sim/a.c", "int f(void)\n{\n" + "\tg();\n" * 58 + "}\n", "int f(void)\n{\n" + "\tg();\n" * 57 + "}\n"),
]


def self_test():
    for rule, path, guilty, innocent in RULES:
        if not list(rule(path, guilty)):
            sys.exit(f"check_style.py: self-test: {rule.__name__} missed its example")
        if list(rule(path, innocent)):
            sys.exit(f"check_style.py: self-test: {rule.__name__} reported an innocent text")
    ghost = {"oracles/ghost.c": "const struct oracle oracle_ghost = {"}
    if unregistered(ghost, "ORACLE(leak)") != ["oracles/ghost.c"]:
        sys.exit("check_style.py: self-test: unregistered missed its example")
    if unregistered({"oracles/leak.c": "const struct oracle oracle_leak = {", "oracles/log.c": "int x;"}, "ORACLE(leak)"):
        sys.exit("check_style.py: self-test: unregistered reported an innocent file")


def unregistered(texts, registry):
    """Files that define an allocator or oracle the registry does not name; helpers of a folder define none."""
    names = set(re.findall(r"\w+", COMMENT.sub("", registry)))
    defined = re.compile(r"^const struct (?:allocator_ops allocator|oracle oracle)_(\w+) = ", re.M)
    return [path for path, text in texts.items() if set(defined.findall(text)) - names]


def main():
    self_test()
    if "--self-test" in sys.argv:
        return 0
    bad = 0
    folders = [pathlib.Path(folder) for folder in SOURCES] + sorted(pathlib.Path("examples").glob("*/")) + sorted(
        pathlib.Path("examples").glob("*/targets"))
    files = [p for folder in folders for p in sorted(folder.glob("*")) if p.suffix in (".c", ".h", ".def")]
    for path in files:
        text = path.read_text()
        for rule in dict.fromkeys(r[0] for r in RULES):
            if rule is function_length and path.suffix != ".c":
                continue
            for line, what in rule(str(path), text):
                print(f"{path}:{line}:1: {what}", file=sys.stderr)
                bad += 1
    registry = pathlib.Path("fuzz/registry.def")
    if registry.exists():
        texts = {str(p): p.read_text() for p in files if p.suffix == ".c" and p.parts[0] in ("allocators", "oracles")}
        for path in unregistered(texts, registry.read_text()):
            print(f"{path}:1:1: not named in {registry}", file=sys.stderr)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
