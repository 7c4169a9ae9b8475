"""How fast is the sandbox beside other ways to run a program, and does it stay right and small?

    python -m lab.sandbox_speed > results/sandbox.json       # 3 minutes on 2 quiet cores
    python -m lab.sandbox_speed --rounds 1 --soak 500        # a look

Speed: each way runs the same programs on the same one core, in turns; runs a second, by round.
Soak: mixed runs on all cores, one in fifty of them hostile (soak in tests/hostile.py); the caller's
memory, descriptors and processes are noted after every thousand. Ends with 1 if a run went wrong.
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import platform
import re
import subprocess
import sys
import time

from sandbox import Sandbox

ADD = "print(int(input()) + 1)"
MODULES = "import bisect, collections, functools, heapq, itertools, math, re, string\n"
PROGRAMS = {"trivial program": ADD, "one that imports eight usual modules": MODULES + ADD}
RUNS = 300   # of each program in a round; the slow ways: a fifth


# Other ways to run a program: code, stdin -> stdout. None of them stops a hostile one.

def fresh(code, stdin):
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(command, input=stdin, capture_output=True, text=True).stdout


def execute(code, stdin):
    """In this process, as the children of multiprocessing do it."""
    sys.stdin = io.StringIO(stdin)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, {})
    return output.getvalue()


def pool(method):
    """A process for every run."""
    workers = multiprocessing.get_context(method).Pool(1, maxtasksperchild=1)
    return lambda *job: workers.apply(execute, job)


def manager(code, stdin):
    """A process and a shared list for every run, as the checkers of several benchmarks do it."""
    context = multiprocessing.get_context("fork")
    with context.Manager() as shared:
        answers = shared.list()
        process = context.Process(target=lambda: answers.append(execute(code, stdin)))
        process.start()
        process.join()
        return answers[0]


def speed(sandbox, rounds: int) -> dict:
    """Way -> program -> runs a second in each round."""
    ways = {
        "this sandbox": lambda *job: sandbox.run(*job).stdout,
        "a fresh `python -I` for each run": fresh,
        "multiprocessing pool, a process for each run, fork": pool("fork"),
        "multiprocessing pool, a process for each run, spawn": pool("spawn"),
        "multiprocessing process and manager for each run": manager,
    }
    rates = {way: {program: [] for program in PROGRAMS} for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            for program, code in PROGRAMS.items():
                runs = RUNS if way == "this sandbox" else RUNS // 5
                run(code, "41")
                began = time.perf_counter()
                for _ in range(runs):
                    assert run(code, "41") == "42\n"
                rates[way][program].append(round(runs / (time.perf_counter() - began), 2))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="of the speed comparison")
    parser.add_argument("--soak", type=int, default=50_000, help="runs of the soak")
    args = parser.parse_args()
    sys.path.insert(0, "tests")   # beside this folder, which python -m finds from there
    from hostile import soak
    with open("/proc/cpuinfo") as file:
        processor = re.search("model name.*: (.*)|$", file.read())[1]
    system = platform.uname()
    commit = ["git", "rev-parse", "--short=12", "HEAD"]
    result = {
        "command": " ".join(["python", *sys.orig_argv[1:]]),
        "commit": subprocess.check_output(commit, text=True).strip(),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores ({processor or system.machine}), {system.system} "
                   f"{system.release.split('-')[0]}, Python {platform.python_version()}",
    }
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})   # callers, workers and programs share one core
    with Sandbox(1) as sandbox:
        result["level"] = sandbox.level
        result["speed"] = speed(sandbox, args.rounds)
    os.sched_setaffinity(0, cores)
    result["soak"] = soak(args.soak)
    print(json.dumps(result, indent=1))
    sys.exit(bool(result["soak"]["wrong"]))


if __name__ == "__main__":
    main()
