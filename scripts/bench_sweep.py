#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a second of a sweep over 200 programs of 32 ops, without repeats, for each allocator.  usage: bench_sweep.py TOOL"""
import pathlib
import random
import subprocess
import sys
import tempfile

SIZES = (16, 32, 64, 100, 192, 500, 1000)


def program(r):
    """32 ops that allocate and free objects of kmalloc and of a kmem_cache, and pages."""
    ops, live, pages, objects, page = [f"c0 = kmem_cache_create {r.choice((24, 40, 72, 136, 200))} 0 0"], [], [], 0, 0
    while len(ops) < 32:
        kind = r.choice("kkkccwpfxx")
        if kind in "kc":
            call = f"kmalloc {r.choice(SIZES)}" if kind == "k" else "kmem_cache_alloc c0"
            ops.append(f"o{objects} = {call} GFP_KERNEL")
            live.append((kind, objects))
            objects += 1
        elif kind == "p":
            ops.append(f"p{page} = alloc_pages 0 GFP_KERNEL")
            pages.append(page)
            page += 1
        elif kind == "f" and pages:
            ops.append(f"free_pages p{pages.pop()}")
        elif kind == "w" and live:
            ops.append(f"obj_write o{r.choice(live)[1]} 0 8 0x11")
        elif kind == "x" and live:
            how, o = live.pop(r.randrange(len(live)))
            ops.append(f"kfree o{o}" if how == "k" else f"kmem_cache_free c0 o{o}")
    return "world arch=x86 profile=safe ram_pages=128\n" + "\n".join(ops) + "\n"


def main():
    r = random.Random(1)
    with tempfile.TemporaryDirectory() as work:
        for n in range(200):
            pathlib.Path(work, f"{n:03}.prog").write_text(program(r))
        for allocator in ("slub", "slab", "slob-2622", "slob-2624"):
            done = subprocess.run([sys.argv[1], "sweep", "--allocators", allocator, work], capture_output=True, text=True,
                                  check=True)
            print(f"{allocator}: {done.stdout.splitlines()[-1]}; {done.stderr.splitlines()[-1]}")


if __name__ == "__main__":
    main()
