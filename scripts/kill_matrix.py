#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Oracle x planted bug: each is found by fuzzing from the seed corpus, in how much time, by which oracles.

Writes docs/kill-matrix.md and exits 1 unless every bug is found with every seed, every program that shows a bug is
silent without it, and every oracle is the only one to see some bug.  An interrupted run goes on with --resume.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

PLANTED = pathlib.Path("tests/planted")
WORK = pathlib.Path("build/kill-matrix")
TOOL, SOUND = "build/planted/slabfuzz", "build/slabfuzz"
# The baseline may miss, which must not cost hours: it has ten times the median of the other engine, within these.
RANDOM_TIMES, RANDOM_LEAST, RANDOM_MOST = 10, 1, 10
Row = collections.namedtuple("Row", "seconds oracles signature later")


def header(patch, key):
    found = re.search(rf"^# {key}: *(.*)$", patch.read_text().split("\ndiff --git")[0], re.M)
    return found.group(1) if found else ""


def is_machine(patch):
    return patch.parent.name == "machine"


def is_of_a_policy(patch):
    """Seen in the cells of that policy only, by scripts/refute.py; clean targets have others."""
    return is_machine(patch) and bool(header(patch, "policy"))


def is_beyond_fuzzing(patch):
    """No target makes such damage or has that heap, or it is too rare: scripts/fault_bugs.sh runs its program."""
    return header(patch, "fuzz") == "none"


def tool_of(patch):
    return f"build/machine/{patch.stem}" if is_machine(patch) else TOOL


def lines_of(command):
    out = subprocess.run(command, capture_output=True, text=True, check=False)
    if out.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {out.returncode}: {out.stderr}")
    return out.stdout.splitlines()


def baseline_seconds(rows):
    return min(RANDOM_MOST, max(RANDOM_LEAST, RANDOM_TIMES * statistics.median(row.seconds for row in rows)))


def hunt(patch, engine, seconds, args):
    """A Row per seed; the programs of the seeds are in WORK/<bug>/."""
    save = WORK / patch.stem / engine
    save.mkdir(parents=True, exist_ok=True)
    for old in save.glob("*.prog"):
        old.unlink()
    command = [tool_of(patch), "kill", "--seeds", str(args.seeds), "--engine", engine, "--save", str(save)]
    if not is_machine(patch):
        command += ["--allocator", f"{header(patch, 'model')}+{patch.stem}"]
    if header(patch, "target"):
        command += ["--target", header(patch, "target")]
    if header(patch, "fuzz"):
        command += ["--also", header(patch, "fuzz"), "--want", header(patch, "expect")]
    command += ["--time", f"{seconds:g}"]
    if engine == "mutate":
        command += ["--beyond", str(args.beyond)]
    rows = []
    for line in lines_of(command):
        _, _, seconds, _, oracles, signature, later = line.split("\t")
        rows.append(Row(float(seconds), oracles.split(",") if oracles else [], signature,
                        later.split(",") if later else []))
    if len(rows) != args.seeds:
        raise RuntimeError(f"{patch}: {len(rows)} lines for {args.seeds} seeds")
    return rows


def findings(patch, command, program):
    """{signature: oracle} of what counts: in worlds of misuse what detection says, in those of an era what is expected."""
    world = re.search(r"^world .*", pathlib.Path(program).read_text(), re.M).group()
    only = ("missed-detection", "repeated-detection") if "misuse=1" in world else ""
    if "dma=era" in world:
        only = header(patch, "expect")
    found, signature = {}, None
    for line in lines_of([*command, str(program)]):
        if line.startswith("BUG: "):
            signature = line.split()[1]
        elif line.startswith("  oracle ") and signature:
            if signature.startswith(only):
                found[signature] = line.split()[1].rstrip(":")
            signature = None
    return found


def noisy_twins(patch):
    """Programs that showed the bug and find something without it, too."""
    return [str(p) for p in sorted((WORK / patch.stem).glob("*/*-twin.prog")) if findings(patch, [TOOL, "run"], p)]


def killers_oracles(patch):
    return sorted(set(findings(patch, [tool_of(patch), "run"], patch.with_suffix(".prog")).values()))


def key_of(patch, args):
    """Whatever decides the result: the binary, the corpus that it reads, the options."""
    digest = hashlib.sha256(pathlib.Path(tool_of(patch)).read_bytes())
    for seed in sorted(pathlib.Path("corpora").glob("*/*.prog")):
        digest.update(seed.read_bytes())
    digest.update(repr((args.seeds, args.time, args.beyond)).encode())
    return digest.hexdigest()


def measure(patch, args):
    """The result of one bug, kept in WORK/<bug>.json as soon as it is there."""
    path, key = WORK / f"{patch.stem}.json", key_of(patch, args)
    if args.resume and path.exists():
        result = json.loads(path.read_text())
        if result["key"] == key:
            for engine in ("mutate", "random"):
                result[engine] = [Row(*row) for row in result[engine]]
            return result
    mutate = hunt(patch, "mutate", args.time, args)
    result = {"key": key, "mutate": mutate, "random": hunt(patch, "random", baseline_seconds(mutate), args),
              "killer": killers_oracles(patch), "noisy": noisy_twins(patch)}
    write_atomically(path, json.dumps(result))
    return result


def write_atomically(path, text):
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    os.replace(temporary, path)


def describe(rows):
    """(share found, median, slowest) of the seeds."""
    times = [row.seconds for row in rows if row.signature != "-"]
    if not times:
        return f"0/{len(rows)}", "-", "-"
    return f"{len(times)}/{len(rows)}", f"{statistics.median(times):.3f}", f"{max(times):.2f}"


def witnesses(result):
    """(oracle -> seeds whose first finding it saw, set of those that saw the bug in any other way)."""
    first = collections.Counter(o for row in result["mutate"] for o in row.oracles)
    later = {o for row in result["mutate"] for o in row.later} | set(result["killer"])
    return first, later - set(first)


def table(bugs, oracles, results):
    lines = ["| bug | model | " + " | ".join(oracles) + " | found | median s | slowest s | random | median s |",
             "| --- " * (7 + len(oracles)) + "|"]
    for patch in bugs:
        result = results[patch]
        first, later = witnesses(result)
        marks = [str(first[o]) if first[o] else "+" if o in later else "" for o in oracles]
        cells = [patch.stem, header(patch, "model"), *marks, *describe(result["mutate"]),
                 *describe(result["random"])[:2]]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def only_catches(bugs, results):
    """Oracle -> bugs that no other oracle ever reported."""
    only = collections.defaultdict(list)
    for patch in bugs:
        first, later = witnesses(results[patch])
        names = set(first) | later
        if len(names) == 1:
            only[names.pop()].append(patch.stem)
    return only


def refuse_stale(bugs):
    """All of these are binaries beside the tool; `make kill-matrix` builds them."""
    for patch in bugs:
        binary = pathlib.Path(tool_of(patch))
        if not binary.exists() or binary.stat().st_mtime < pathlib.Path(SOUND).stat().st_mtime:
            sys.exit(f"{binary} is missing or older than {SOUND}: make kill-matrix")


def measure_all(bugs, args):
    results = {}
    pool = ThreadPoolExecutor(args.jobs)
    jobs = {pool.submit(measure, patch, args): patch for patch in bugs}
    try:
        for done in as_completed(jobs):
            patch = jobs[done]
            results[patch] = done.result()
            first, later = witnesses(results[patch])
            print(f"{len(results):3}/{len(bugs)} {patch.stem:28} {' '.join(describe(results[patch]['mutate'])):20} random "
                  f"{' '.join(describe(results[patch]['random'])[:2]):12} {','.join([*sorted(first), *sorted('+' + o for o in later)])}",
                  flush=True)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return results


def report(bugs, oracles, results, args):
    """(lines of the page, all is well)."""
    only = only_catches(bugs, results)
    missed = [p.stem for p in bugs if any(row.signature == "-" for row in results[p]["mutate"])]
    noisy = [program for p in bugs for program in results[p]["noisy"]]
    medians = [statistics.median(row.seconds for row in results[p]["mutate"]) for p in bugs]
    slowest = max(row.seconds for p in bugs for row in results[p]["mutate"])
    idle = [o for o in oracles if o not in only]
    text = ["# Kill matrix", "",
            f"`make kill-matrix`: {len(bugs)} planted bugs, {args.seeds} seeds each, at most {args.time:g} s of one core a"
            " seed, over all clean and misuse targets of the model. A number in an oracle's column: in how many seeds it"
            " reported on the program that showed the bug first; `+`: it did so only on the committed killer, or when"
            f" fuzzing went on for {args.beyond:g} s with the oracle that was first muted (tried in every seed as long as"
            " only one had seen the bug). `random` is the baseline, generated programs without a corpus, for"
            f" {RANDOM_TIMES} times the median of the corpus, at least {RANDOM_LEAST} s and at most {RANDOM_MOST} s a seed."
            " Without the bug all these programs are silent.", "",
            f"Median of the medians {statistics.median(medians):.3f} s, slowest median {max(medians):.2f} s, slowest seed"
            f" {slowest:.2f} s. Not found with every seed: {', '.join(missed) or 'none'}.", "",
            "Only this oracle sees: " + "; ".join(f"{o}: {', '.join(only[o])}" for o in oracles if o in only) + ".", "",
            f"Never the only one: {', '.join(idle) or 'none'}.", "", *table(bugs, oracles, results), ""]
    for program in noisy:
        print(f"FAILED: {program} finds something without the bug")
    return text, not (missed or idle or noisy)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--time", type=float, default=60)
    parser.add_argument("--beyond", type=float, default=2, help="seconds to look for a second oracle")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="keep results of the same binaries, corpus and options")
    parser.add_argument("--output", default="docs/kill-matrix.md")
    parser.add_argument("bugs", nargs="*", help="names; all if none is given")
    args = parser.parse_args()
    bugs = sorted((p for p in [*PLANTED.glob("*.patch"), *PLANTED.glob("machine/*.patch")]
                   if (p.stem in args.bugs if args.bugs else not is_of_a_policy(p) and not is_beyond_fuzzing(p))), key=lambda p: p.stem)
    if not bugs or (args.bugs and len(bugs) != len(set(args.bugs))):
        sys.exit("no such planted bug")
    refuse_stale(bugs)
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        results = measure_all(bugs, args)
    except KeyboardInterrupt:
        sys.exit("interrupted: go on with scripts/kill_matrix.py --resume")
    oracles = [line.split()[0] for line in lines_of([TOOL, "list", "oracles"]) if line]
    text, well = report(bugs, oracles, results, args)
    if not args.bugs:
        write_atomically(pathlib.Path(args.output), "\n".join(text))
    print("\n".join(text[4:9]))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
