#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each finding and regression replays alike, 100 times out of 100: same exit status and event log in every build."""
import pathlib
import subprocess
import sys
import tempfile


def replay(tool, program):
    with tempfile.NamedTemporaryFile() as events:
        done = subprocess.run([tool, "run", "--events", events.name, program], capture_output=True, check=False)
        return done.returncode, pathlib.Path(events.name).read_bytes()


def main():
    programs = [str(p) for d in ("build/findings", "corpora/claims", "corpora/regressions")
                for p in sorted(pathlib.Path(d).glob("*.prog"))]
    bad = 0
    for program in programs:
        results = [replay(tool, program) for tool in sys.argv[1:] for _ in range(100)]
        alike = sum(r == results[0] for r in results)
        print(f"{alike:4}/{len(results)}  exit {results[0][0]}  {program}")
        bad += alike != len(results)
    return 1 if bad or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
