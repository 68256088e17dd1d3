#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules that OSS-Fuzz's bad_build_check, run_fuzzer and runner hold a directory of fuzz targets to.

Each rule yields sentences that begin with its name; none means that it holds.  Limits are those of the base-runner image.
"""
import os
import pathlib
import re
import signal
import stat
import subprocess
import tempfile
import time
import zipfile

ELF = b"\x7fELF"
ENTRY = b"LLVMFuzzerTestOneInput"
ASAN_CALLS, MSAN_CALLS, UBSAN_CALLS = 1000, 1000, 168  # at least, in a build with that sanitizer
ASAN_BESIDE, MSAN_BESIDE, UBSAN_BESIDE, DFSAN_BESIDE = 0, 3, 200, 0  # at most, in a build with another
UBSAN_BESIDE_I386 = 300  # the run-time of an empty target makes 225 there, more than the limit for x86_64
RUNNER = {
    "ASAN_OPTIONS": "alloc_dealloc_mismatch=0:allocator_may_return_null=1:allocator_release_to_os_interval_ms=500:"
    "check_malloc_usable_size=0:detect_leaks=1:detect_odr_violation=0:detect_stack_use_after_return=1:"
    "fast_unwind_on_fatal=0:handle_abort=1:handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:"
    "print_scariness=1:quarantine_size_mb=10:strict_memcmp=1:symbolize=1:use_sigaltstack=1:dedup_token_length=3",
    "MSAN_OPTIONS": "print_stats=1:symbolize=1:dedup_token_length=3",
    "UBSAN_OPTIONS": "print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1:symbolize=1:dedup_token_length=3",
}
FUZZER_ARGS = ["-rss_limit_mb=2560", "-timeout=25"]
AFL_SECONDS = 35


def targets(out):
    """ELF or shell files that may run and hold the entry point, as test_all.py lists them."""
    found = []
    for path in sorted(pathlib.Path(out).iterdir()):
        if not path.is_file() or not path.stat().st_mode & stat.S_IXUSR or path.name.startswith(("afl-", "jazzer_")):
            continue
        data = path.read_bytes()
        if path.name != "llvm-symbolizer" and data[:4] in (ELF, b"#!/b") and ENTRY in data:
            found.append(path)
    return found


def environment(**more):
    """What a target sees: no OUT, nothing of the build."""
    kept = {"PATH": os.environ["PATH"], "HOME": "/tmp", "TMPDIR": "/tmp", "TERM": "dumb", **RUNNER}
    return kept | more


def listing(*directories):
    return {(str(p), p.stat().st_mtime_ns) for d in directories for p in pathlib.Path(d).rglob("*") if not p.is_dir()}


def run(command, cwd, seconds, **more):
    """Output of both kinds; a negative status is a signal or the end of the time."""
    try:
        result = subprocess.run(command, cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL, timeout=seconds,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return result.returncode, result.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as expired:
        return -signal.SIGALRM, (expired.stdout or b"").decode(errors="replace")


def tail(text, lines=3):
    return " / ".join(text.strip().splitlines()[-lines:])


def check_names(path):
    if not re.fullmatch(r"[A-Za-z0-9_-]+", path.name):
        yield f"name: {path.name} is not of [A-Za-z0-9_-]"


def check_architecture(path, architecture):
    about = subprocess.run(["file", "-b", str(path)], capture_output=True, text=True, check=True).stdout
    wanted = {"x86_64": "x86-64", "i386": "Intel 80386"}[architecture]
    if wanted not in about:
        yield f"architecture: {path.name} is {about.split(',')[1].strip()}, not {wanted}"


def sanitizer_calls(path):
    """How often code calls each sanitizer's run-time, objdump -dC."""
    count = {"asan": 0, "msan": 0, "ubsan": 0, "dfsan": 0}
    with subprocess.Popen(["objdump", "-dC", "--no-show-raw-insn", str(path)], stdout=subprocess.PIPE, text=True) as lines:
        for line in lines.stdout:
            found = re.search(r"call.*<__(asan|msan|ubsan|dfsan)", line)
            if found:
                count[found.group(1)] += 1
    return count


def check_sanitizer(path, engine, sanitizer, architecture="x86_64"):
    calls = sanitizer_calls(path)
    ubsan_beside = UBSAN_BESIDE_I386 if architecture == "i386" else UBSAN_BESIDE
    limits = []  # which, least, most
    if sanitizer == "address":
        limits = [("asan", ASAN_CALLS, None), ("dfsan", 0, DFSAN_BESIDE), ("msan", 0, MSAN_BESIDE), ("ubsan", 0, ubsan_beside)]
    elif sanitizer == "undefined" and engine == "libfuzzer":
        limits = [("ubsan", UBSAN_CALLS, None), ("asan", 0, ASAN_BESIDE), ("dfsan", 0, DFSAN_BESIDE), ("msan", 0, MSAN_BESIDE)]
    elif sanitizer == "memory":
        limits = [("msan", MSAN_CALLS, None), ("asan", 0, ASAN_BESIDE), ("dfsan", 0, DFSAN_BESIDE), ("ubsan", 0, ubsan_beside)]
    for which, least, most in limits:
        if calls[which] < least:
            yield f"sanitizer: {path.name}: {sanitizer} build has {calls[which]} {which} calls, fewer than {least}"
        if most is not None and calls[which] > most:
            yield f"sanitizer: {path.name}: {sanitizer} build was compiled with {which}: {calls[which]} calls, more than {most}"


def check_startup(path, scratch):
    """bad_build_check and run_fuzzer of libFuzzer: four runs, instrumented, nothing written."""
    options, complaints = read_options(path)
    yield from complaints
    with tempfile.TemporaryDirectory(dir=scratch) as cwd:
        before = listing(cwd, path.parent)
        status, text = run([path, *FUZZER_ARGS, *options, "-seed=1337", "-runs=4"], cwd, 120)
        if "ERROR: no interesting inputs were found" in text:
            yield f"instrumented: {path.name}: no coverage, is the code instrumented?"
        elif "Done 4 runs" not in text:
            yield f"starts: {path.name} does not print 'Done 4 runs' (status {status}): {tail(text)}"
        written = {name for name, _ in listing(cwd, path.parent) - before}
        if written:
            yield f"read-only: {path.name} writes {', '.join(sorted(written))}: only /tmp is writable"


def read_options(path):
    """-key=value of PATH.options, and what is wrong with it or with the dictionary."""
    options, complaints = [], []
    file, dictionary = path.parent / f"{path.name}.options", path.parent / f"{path.name}.dict"
    section = ""
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
        if line.startswith("["):
            section = line.strip("[] ")
            if section not in ("libfuzzer", "asan", "msan", "ubsan"):
                complaints.append(f"options: {file.name}:{number}: no section [{section}]")
        elif line.strip():
            key, equals, value = (part.strip() for part in line.partition("="))
            if not (key and equals and value):
                complaints.append(f"options: {file.name}:{number}: wants key = value")
            elif section == "libfuzzer":
                options.append(f"-{key}={value}")
    if dictionary.exists():
        options.append(f"-dict={dictionary}")
    return options, complaints


def seeds_of(path, scratch):
    """The seed corpus as a directory, or None."""
    archive = path.parent / f"{path.name}_seed_corpus.zip"
    if not archive.exists():
        return None
    directory = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(directory)
    return directory


def check_seeds(path, scratch):
    seeds = seeds_of(path, scratch)
    if not seeds or not any(seeds.iterdir()):
        yield f"seeds: {path.name} has no seed corpus"
        return
    options, _ = read_options(path)
    with tempfile.TemporaryDirectory(dir=scratch) as cwd:
        status, text = run([path, *FUZZER_ARGS, *options, "-runs=0", seeds], cwd, 600)
        if status != 0:
            yield f"seeds: {path.name} reports on its seeds (status {status}): {tail(text, 6)}"


def check_afl(path, scratch, out):
    """run_fuzzer of AFL++, ended as soon as it has started."""
    seeds = seeds_of(path, scratch) or pathlib.Path(tempfile.mkdtemp(dir=scratch))
    (seeds / "nothing").write_bytes(b"\0" * 100)
    with tempfile.TemporaryDirectory(dir=scratch) as cwd, tempfile.TemporaryDirectory(dir=scratch) as work:
        log = pathlib.Path(work) / "log"
        env = environment(AFL_SKIP_CPUFREQ="1", AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_NO_UI="1", AFL_FAST_CAL="1",
                          AFL_NO_AFFINITY="1", AFL_MAP_SIZE="2621440",
                          ASAN_OPTIONS=RUNNER["ASAN_OPTIONS"].replace("symbolize=1", "symbolize=0") + ":abort_on_error=1:detect_leaks=0",
                          MSAN_OPTIONS=RUNNER["MSAN_OPTIONS"].replace("symbolize=1", "symbolize=0") + ":exit_code=86",
                          UBSAN_OPTIONS=RUNNER["UBSAN_OPTIONS"].replace("symbolize=1", "symbolize=0"))
        command = [out / "afl-fuzz", "-m", "none", "-t", "5000+", "-i", seeds, "-o", pathlib.Path(work) / "o", "--", path]
        before = listing(cwd, path.parent)
        with log.open("wb") as sink, subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=sink,
                                                     stderr=subprocess.STDOUT, start_new_session=True) as process:
            deadline = time.monotonic() + 4 * AFL_SECONDS
            while process.poll() is None and time.monotonic() < deadline and b"All set and ready to roll" not in log.read_bytes():
                time.sleep(0.1)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended by itself, and says why below
        text = log.read_text(errors="replace")
        if "All set and ready to roll" not in text:
            yield f"starts: {path.name} does not reach 'All set and ready to roll': {tail(text)}"
        crashed = re.search(r"target binary (crashed|terminated)", text)
        if crashed:
            yield f"starts: {path.name}: afl-fuzz says: {crashed.group(0)}"
        written = {name for name, _ in listing(cwd, path.parent) - before}
        if written:
            yield f"read-only: {path.name} writes {', '.join(sorted(written))}: only /tmp is writable"


def check_coverage(path, scratch):
    """Profiles of the seeds, and a summary of them that covers something."""
    seeds = seeds_of(path, scratch)
    if not seeds:
        return
    profile = pathlib.Path(scratch) / path.name
    with tempfile.TemporaryDirectory(dir=scratch) as cwd:
        status, text = run([path, *sorted(seeds.iterdir())], cwd, 600, LLVM_PROFILE_FILE=f"{profile}.profraw")
    if status != 0:
        yield f"coverage: {path.name} fails on its seeds (status {status}): {tail(text)}"
        return
    merged = subprocess.run(["llvm-profdata-14", "merge", "-sparse", f"{profile}.profraw", "-o", f"{profile}.profdata"],
                            capture_output=True, text=True, check=False)
    report = subprocess.run(["llvm-cov-14", "export", "-summary-only", f"-instr-profile={profile}.profdata", str(path)],
                            capture_output=True, text=True, check=False)
    covered = re.search(r'"totals":.*?"lines":\{"count":(\d+),"covered":(\d+)', report.stdout)
    if merged.returncode or not covered or int(covered.group(2)) < 100:
        yield f"coverage: {path.name}: no report: {tail(merged.stderr + report.stderr)}"


def check(out, engine, sanitizer, architecture="x86_64", scratch="/tmp"):
    """All complaints about a directory of targets that was built somewhere else."""
    out, complaints = pathlib.Path(out), []
    found = targets(out)
    if not found:
        return [f"targets: nothing in {out} is a fuzz target"]
    if len(found) > 12:
        complaints.append(f"targets: {len(found)}, more than 12")
    for path in found:
        rules = [check_names(path), check_architecture(path, architecture)]
        if engine == "afl":
            rules += [check_sanitizer(path, engine, sanitizer, architecture), check_afl(path, scratch, out)]
        elif sanitizer == "coverage":
            rules += [check_coverage(path, scratch)]
        else:
            rules += [check_sanitizer(path, engine, sanitizer, architecture), check_startup(path, scratch), check_seeds(path, scratch)]
        for rule in rules:
            complaints += rule
    return complaints
