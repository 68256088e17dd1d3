#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What fuzzing finds by itself of what was claimed: empty corpus, and only allocator, arch and profile chosen.

The world comes from the claim's program, and so do the signatures: those that the program itself shows, of
damage grade if it has any, without those that a mended kernel shows.  Prints processor seconds, and writes docs/rediscovery.md.  An interrupted run goes on:
results are kept in build/rediscovery/.  SLABFUZZ=FILE is another tool than build/slabfuzz, WORK=DIR another place.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

TOOL = os.environ.get("SLABFUZZ", "build/slabfuzz")
WORK = pathlib.Path(os.environ.get("WORK", "build/rediscovery"))
WALL = 20  # a machine may be busy with other things: wall clock seconds for one of the processor
INTERRUPTED = 130  # a campaign that was ended before its time
HAZARDS = ("page-field-alias", "cacheline-overlap", "missed-flush")

# Claim's file, target whose ops are used, settings beyond allocator, arch and profile (an arch in place of the file's).
CLAIMS = [
    ("C01", "history_era", {}),
    ("C10", "history_misuse", {}),
    ("C30", "history_era", {}),
    ("C33", "history_era", {}),
    ("C34-slub", "history_era", {}),
    ("C37", "history_era_io", {}),
    ("C48", "history_era", {}),
    ("C49", "history_era", {}),
    ("C52-read", "history_era", {}),
    ("C52-write", "history_era", {}),
    ("C57", "history_user_alias", {}),
    ("C64", "history_mixedmap", {}),
    ("D1", "history_era", {}),
    ("D2", "history_era", {}),
    ("D3", "history_misuse", {}),
    ("D5", "history_era", {}),
    ("D6", "history_era", {}),
    ("D6-invalidate", "history_era", {}),
    ("D7", "history_era", {"arch": "ppc8xx"}),
    ("D10", "history_era", {}),
    ("D11", "history_era", {}),
    ("D19", "history_era", {}),
    ("D20", "history_misuse", {}),
    ("D21", "history_era", {}),
    ("D21-slab", "history_era", {}),
    ("D22", "history_era", {}),
    ("D24", "history_era", {}),
    ("D25", "history_era", {}),
]


def world_of(program, more):
    words = dict(word.split("=", 1) for word in re.search(r"^world (.*)$", program, re.M).group(1).split())
    return {key: words[key] for key in ("allocator", "arch", "profile") if key in words} | more


def damage(path, *options):
    """Whole signatures that the program finds in its own world, without hazards if there is more."""
    result = subprocess.run([TOOL, "run", *options, str(path)], capture_output=True, text=True, check=False)
    shown = re.findall(r"^BUG: (\S+)", result.stdout, re.M)
    return [s for s in shown if not s.startswith(HAZARDS)] or shown


def wanted(path):
    """Without what the program finds in a mended kernel, too, unless that is all."""
    shown, mended = damage(path), damage(path, "--set", "profile=safe")
    return [s for s in shown if s not in mended] or shown


def found(out, signatures):
    """The signatures that saved programs have in their names."""
    names = {name.rsplit("-", 1)[0].replace("+", "/")
             for directory in (*out.glob("work/*/new"), out / "findings") if directory.exists()
             for name in os.listdir(directory) if name.endswith(".prog")}
    return names & set(signatures)


def processor_seconds(pid):
    """Of a process, those it has waited for, and those that run below it."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = [child for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                    for child in (task / "children").read_text().split()]
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(processor_seconds, children))


def hunt(claim, target, settings, signatures, engine, seed, seconds):
    """Processor seconds to each signature that was found; after the first the others have as long again."""
    out = WORK / f"{claim}-{engine}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    command = [TOOL, "fuzz", "--target", target, "--engine", engine, "--seed", str(seed), "--time", str(WALL * seconds),
               "--jobs", "1", "--out", str(out)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    took, times = 0, {}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    while len(times) < len(signatures) and took < min([seconds, *(2 * t + 5 for t in times.values())]) and process.poll() is None:
        time.sleep(0.05)
        took = max(took, processor_seconds(process.pid))
        for signature in found(out, signatures):
            times.setdefault(signature, round(took, 1))
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate()
    if process.returncode not in (0, 1, INTERRUPTED):
        raise RuntimeError(f"{' '.join(command)}: {complaint.decode()[-300:]}")
    shutil.rmtree(out, ignore_errors=True)
    return times


def rediscover(claim, target, more, engine, args):
    """One result, kept as soon as it is there; None if it is not to be measured."""
    path = pathlib.Path("corpora/claims") / f"{claim}.prog"
    program = path.read_text()
    settings, signatures = world_of(program, more), wanted(path)
    kept = WORK / f"{claim}-{engine}.json"
    identity = [target, settings, signatures, args.seeds, args.time]
    if kept.exists() and not args.afresh:
        result = json.loads(kept.read_text())
        if result["identity"] == identity:
            return result
    if args.kept:
        return None
    hunts = [hunt(claim, target, settings, signatures, engine, seed, args.time) for seed in range(1, args.seeds + 1)]
    result = {"identity": identity, "hunts": hunts}
    kept.write_text(json.dumps(result))
    return result


def cells(claim, engine, result):
    target, settings, signatures, *_ = result["identity"]
    hunts = result["hunts"]
    first = [min(times.values()) for times in hunts if times]
    world = " ".join(f"{key}={value}" for key, value in settings.items())
    median = {s: statistics.median(t[s] for t in hunts if s in t) for s in signatures if any(s in t for t in hunts)}
    each = (f"`{s}` {median[s]:.1f}" if s in median else f"`{s}` -" for s in signatures)
    return [claim, engine, target, world, f"{len(first)}/{len(hunts)}", f"{statistics.median(first):.1f}" if first else "-",
            f"{max(first):.1f}" if first else "-", ", ".join(each)]


def worlds_of(target):
    """The variants of a target as a list of Markdown."""
    text = (pathlib.Path("targets") / f"{target}.c").read_text()
    variants = re.search(r"\.variants = \{(.*?)\},\n", text, re.S).group(1)
    joined = re.sub(r'"\s*\n\s*"', "", variants)
    length = re.search(r"\.ops_max = (\d+)", text)
    return [f"`{target}`, programs of at most {length.group(1) if length else 64} ops:", "",
            *(f"- `{variant}`" for variant in re.findall(r'"(.*?)"', joined)), ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=int, default=600, help="seconds of one core, at most, for each seed")
    parser.add_argument("--engines", default="guided,random", help="the next one where the one before did not find it with every seed")
    parser.add_argument("--afresh", action="store_true", help="do not keep what is in build/rediscovery")
    parser.add_argument("--kept", action="store_true", help="only write what build/rediscovery has")
    parser.add_argument("--output", default="docs/rediscovery.md")
    parser.add_argument("claims", nargs="*", help="files without .prog; all of the table if none is given")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    rows, missing, failed = [], [], []
    for claim, target, more in CLAIMS:
        if args.claims and claim not in args.claims:
            continue
        good = False
        for engine in args.engines.split(","):
            if good:
                break
            result = rediscover(claim, target, more, engine, args)
            if not result:
                missing.append(f"{claim} by {engine}")
                continue
            rows.append(cells(claim, engine, result))
            good |= all(result["hunts"])
            print(" ".join(f"{c:{w}}" for c, w in zip(rows[-1], (14, 10, 15, 52, 6, 7, 7, 0))), flush=True)
        if not good and f"{claim} by {args.engines.split(',')[0]}" not in missing:
            failed.append(claim)
    text = ["# Rediscovery", "",
            "`make rediscover`: an empty corpus, the ops and worlds of a history target (`targets/history_*.c`) and only"
            " allocator, arch and profile chosen, by the claim's file. Found: a signature that the file shows, whole;"
            " a hazard counts only where the file shows no damage, and what it shows under profile=safe as well counts"
            " only where that is all. Seconds are those of the processor, of all processes, minimising included;"
            f" {args.seeds} seeds, {args.time} s for each at most. Behind each signature the median until it was there: after"
            " the first, the others had as long again, and 5 s. The engine is guided; random where guided did not find it with"
            " every seed.", "",
            "| claim | engine | target | world | found | median s | slowest s | signatures |", "| --- " * 8 + "|",
            *("| " + " | ".join(row) + " |" for row in rows), "",
            f"Not found with every seed by any engine: {', '.join(failed) or 'none'}. Not measured:"
            f" {', '.join(missing) or 'none'}.", "",
            "The worlds that programs choose from, with the settings of the claim in place of theirs; their ops are in"
            " `targets/`:", "", *(line for target in dict.fromkeys(t for _, t, _ in CLAIMS) for line in worlds_of(target))]
    if not args.claims:
        pathlib.Path(args.output).write_text("\n".join(text))
    print(next(line for line in text if line.startswith("Not found")))
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
