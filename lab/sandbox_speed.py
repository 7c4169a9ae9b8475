"""How fast is the sandbox beside other ways to run a program, and does it stay right and small?

    python -m lab.sandbox_speed > results/sandbox.json       # 4 minutes on 2 quiet cores

Soak: 50,000 mixed runs on all cores, one in fifty of them hostile (tests/hostile.py); the caller's
memory, descriptors and processes after the first and the last thousand. Speed: each way runs the
same programs on the same one core, in turns; runs a second, by round.
"""

import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from multiprocessing import get_context
from time import perf_counter

from commands import manual, plainly
from sandbox import Sandbox

ROUNDS, RUNS, SOAK = 5, 150, 50_000  # RUNS: of each program, each way, in a round
ADD = "print(int(input()) + 1)"
PROGRAMS = {
    "trivial program": ADD,
    "one that imports eight usual modules":
        "import bisect, collections, functools, heapq, itertools, math, re, string\n" + ADD,
}


# Other ways to run a program: code, stdin -> stdout. None of them stops a hostile one.

def fresh(code, stdin):
    return subprocess.check_output([sys.executable, "-I", "-c", code], input=stdin, text=True)


def execute(code, stdin):
    """In this process, which multiprocessing has made for this run."""
    sys.stdin, sys.stdout = io.StringIO(stdin), io.StringIO()
    exec(code, {})
    return sys.stdout.getvalue()


def pool(method):
    workers = get_context(method).Pool(1, maxtasksperchild=1)
    return lambda *job: workers.apply(execute, job)


def manager(code, stdin):
    """A process and a shared list for every run, as the checkers of several benchmarks do it."""
    context = get_context("fork")
    with context.Manager() as shared:
        answers = shared.list()
        process = context.Process(target=lambda: answers.append(execute(code, stdin)))
        process.start()
        process.join()
        return answers[0]


def speed(sandbox):
    """Way -> program -> runs a second in each round."""
    ways = {
        "this sandbox": lambda *job: sandbox.run(*job).stdout,
        "a fresh `python -I` for each run": fresh,
        "multiprocessing pool, a process for each run, fork": pool("fork"),
        "multiprocessing pool, a process for each run, spawn": pool("spawn"),
        "multiprocessing process and manager for each run": manager,
    }
    rates = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for way, run in ways.items():
            for program, code in PROGRAMS.items():
                began = perf_counter()
                for _ in range(RUNS):
                    assert run(code, "41") == "42\n"
                rates[way][program].append(RUNS / (perf_counter() - began))
    return rates


@plainly()
def main():
    manual(__doc__).parse_args()
    from tests.hostile import soak  # here: the processes of "spawn" import what stands above

    result = {"soak": soak(SOAK)}
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # callers, workers, programs: one core
    with Sandbox(1) as sandbox:
        result["speed"] = speed(sandbox)
    from runs import provenance  # with torch, which would weigh on every fork above
    print(json.dumps(result | provenance(), indent=1))


if __name__ == "__main__":
    main()
