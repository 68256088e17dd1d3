#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What fuzzing finds by itself of what was claimed: empty corpus, and only allocator, arch and profile chosen.

The world comes from the claim's program, and so do the signatures: a hit is the first finding with a whole signature
that the program itself shows, of damage grade if it has one.  Prints claim, engine and seconds to the first hit of each seed, and writes
docs/rediscovery.md.  An interrupted run goes on: results are kept in build/rediscovery/.
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

TOOL = "build/slabfuzz"
WORK = pathlib.Path("build/rediscovery")
HAZARDS = ("page-field-alias", "cacheline-overlap", "missed-flush")

# Claim's file, target whose ops are used, settings beyond allocator, arch and profile (an arch in place of the file's).
CLAIMS = [
    ("C01", "history_era", {}),
    ("C10", "history_misuse", {}),
    ("C30", "history_era", {}),
    ("C33", "history_era", {}),
    ("C34-slub", "history_era", {}),
    ("C37", "history_era", {}),
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


def wanted(path):
    """Whole signatures: what the program finds in its own world."""
    result = subprocess.run([TOOL, "run", str(path)], capture_output=True, text=True, check=False)
    shown = re.findall(r"^BUG: (\S+)", result.stdout, re.M)
    return [s for s in shown if not s.startswith(HAZARDS)] or shown


def found(out, signatures):
    """The signature that a saved program has in its name."""
    for directory in (*out.glob("work/*/new"), out / "findings"):
        for name in os.listdir(directory) if directory.exists() else []:
            signature = name.rsplit("-", 1)[0].replace("+", "/")
            if name.endswith(".prog") and signature in signatures:
                return signature
    return None


def hunt(claim, target, settings, signatures, engine, seed, seconds):
    """(seconds to the first hit or None, signature)"""
    out = WORK / f"{claim}-{engine}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    command = [TOOL, "fuzz", "--target", target, "--engine", engine, "--seed", str(seed), "--time", str(seconds),
               "--jobs", "1", "--out", str(out)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    begin, signature = time.monotonic(), None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    while not signature and process.poll() is None:
        time.sleep(0.05)
        signature = found(out, signatures)
    took = time.monotonic() - begin
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate()
    if process.returncode > 1:
        raise RuntimeError(f"{' '.join(command)}: {complaint.decode()[-300:]}")
    signature = signature or found(out, signatures)
    shutil.rmtree(out, ignore_errors=True)
    return (round(took, 2), signature) if signature else (None, None)


def rediscover(claim, target, more, engine, args):
    """One result, kept as soon as it is there; None if the claim has no program yet."""
    path = pathlib.Path("corpora/claims") / f"{claim}.prog"
    if not path.exists():
        return None
    program = path.read_text()
    settings, signatures = world_of(program, more), wanted(path)
    kept = WORK / f"{claim}-{engine}.json"
    identity = [target, settings, signatures, args.seeds, args.time]
    if kept.exists() and not args.afresh:
        result = json.loads(kept.read_text())
        if result["identity"] == identity:
            return result
    hits = [hunt(claim, target, settings, signatures, engine, seed, args.time) for seed in range(1, args.seeds + 1)]
    result = {"identity": identity, "times": [hit[0] for hit in hits],
              "signature": next((hit[1] for hit in hits if hit[1]), "")}
    kept.write_text(json.dumps(result))
    return result


def cells(claim, engine, result):
    settings, times = result["identity"][1], [t for t in result["times"] if t is not None]
    world = " ".join(f"{key}={value}" for key, value in settings.items())
    return [claim, engine, world, f"{len(times)}/{len(result['times'])}", f"{statistics.median(times):.1f}" if times else "-",
            f"{max(times):.1f}" if times else "-", f"`{result['signature']}`" if times else "-"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=int, default=600, help="seconds of one core, at most, for each seed")
    parser.add_argument("--engines", default="random,libfuzzer")
    parser.add_argument("--afresh", action="store_true", help="do not keep what is in build/rediscovery")
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
            result = rediscover(claim, target, more, engine, args)
            if not result:
                missing.append(claim)
                break
            rows.append(cells(claim, engine, result))
            good |= None not in result["times"]
            print(" ".join(f"{c:{w}}" for c, w in zip(rows[-1], (14, 10, 52, 6, 7, 7, 0))), flush=True)
        if not good and claim not in missing:
            failed.append(claim)
    text = ["# Rediscovery", "",
            f"`make rediscover`: an empty corpus and the era of `targets/history_era.c` or `history_misuse.c`; only allocator,"
            f" arch and profile are chosen, by the claim's file. {args.seeds} seeds, at most {args.time} s of one core each;"
            " seconds until the first finding with a whole signature of that file.", "",
            "| claim | engine | world | found | median s | slowest s | signature |", "| --- " * 7 + "|",
            *("| " + " | ".join(row) + " |" for row in rows), "",
            f"Not found with every seed by any engine: {', '.join(failed) or 'none'}. Without a program yet:"
            f" {', '.join(missing) or 'none'}.", ""]
    if not args.claims:
        pathlib.Path(args.output).write_text("\n".join(text))
    print(text[-2])
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
