"""How fast is the sandbox beside other ways to run a program, and does it stay right and small over many runs?

    python tests/sandbox_speed.py --out results/sandbox.json                 # about 3 minutes on 2 quiet cores
    python tests/sandbox_speed.py --rounds 1 --runs 20 --soak 500            # a look
    python tests/sandbox_speed.py --show results/sandbox.json                # the README's block from a result

Speed: each way runs the same programs on the same one core, in turns; a figure is the median over the rounds. Soak: mixed runs, one in
fifty hostile, on all cores; the caller's memory, descriptors and processes are noted after every thousand.
"""

import argparse
import contextlib
import gc
import io
import json
import math
import multiprocessing
import os
import platform
import random
import shlex
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from hostile import CASES, COMMON  # noqa: E402  (needs this folder, which Python puts first)

from sandbox import Sandbox  # noqa: E402

TRIVIAL = ("print(int(input()) + 1)", "41", "42\n")
MODULES = ("import bisect, collections, functools, heapq, itertools, math, re, string\nprint(int(input()) + 1)", "41", "42\n")
PROGRAMS = {"trivial program": TRIVIAL, "one that imports eight usual modules": MODULES}


# ---------------------------------------------------------------------------------------------------------------------------
# Other ways to run a program. None of them stops a hostile one.

def fresh_process(code: str, stdin: str) -> str:
    """python -I for every run."""
    return subprocess.run([sys.executable, "-I", "-c", code], input=stdin, capture_output=True, text=True, timeout=10).stdout


def execute(code: str, stdin: str) -> str:
    """In this process, as the children of multiprocessing do it."""
    sys.stdin, output = io.StringIO(stdin), io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, {"__name__": "__main__"})
    return output.getvalue()


def execute_into(answers, code: str, stdin: str) -> None:
    answers.append(execute(code, stdin))


def process_and_manager(code: str, stdin: str) -> str:
    """A process and a shared list for every run, as the checkers of several benchmarks do it."""
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        answers = manager.list()
        process = context.Process(target=execute_into, args=(answers, code, stdin))
        process.start()
        process.join(10)
        return answers[0]


def ways() -> dict:
    """name -> (start: returns the function that runs one program, and the one that ends it)."""
    def sandbox():
        pool = Sandbox(1)
        return lambda code, stdin: pool.run(code, stdin).stdout, pool.close

    def pool(method):
        def start():
            workers = multiprocessing.get_context(method).Pool(1, maxtasksperchild=1)
            return lambda code, stdin: workers.apply(execute, (code, stdin)), workers.terminate
        return start

    return {"this sandbox": sandbox,
            "a fresh `python -I` for each run": lambda: (fresh_process, lambda: None),
            "multiprocessing pool, a process for each run, fork": pool("fork"),
            "multiprocessing pool, a process for each run, spawn": pool("spawn"),
            "multiprocessing process and manager for each run": lambda: (process_and_manager, lambda: None)}


def speed(rounds: int, runs: int) -> dict:
    """way -> program -> [runs per second of each round]"""
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})    # callers, workers and programs share one core
    figures: dict = {name: {program: [] for program in PROGRAMS} for name in ways()}
    for _ in range(rounds):
        for name, start in ways().items():
            execute_one, end = start()
            for program, (code, stdin, stdout) in PROGRAMS.items():
                count = runs if name == "this sandbox" else max(runs // 5, 5)
                execute_one(code, stdin)
                began = time.perf_counter()
                for _ in range(count):
                    assert execute_one(code, stdin) == stdout
                figures[name][program].append(round(count / (time.perf_counter() - began), 2))
            end()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    return figures


# ---------------------------------------------------------------------------------------------------------------------------
# The soak.

def ordinary(rng: random.Random) -> tuple:
    """-> ((code, stdin), status, stdout, error)"""
    a, b = rng.randrange(1000), rng.randrange(1, 1000)
    return rng.choice([
        (("print(int(input()) * 2)", str(a)), "OK", f"{2 * a}\n", ""),
        ((f"import sys\nprint(sum(map(int, sys.stdin)) + {b})", f"{a}\n{b}\n"), "OK", f"{a + 2 * b}\n", ""),
        ((f"import math, collections\nprint(math.gcd({a}, {b}))", ""), "OK", f"{math.gcd(a, b)}\n", ""),
        ((f"def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f({b % 12}), {a})", ""), "OK", None, ""),
        ((f"print({a})\n1 / 0", ""), "ERROR", f"{a}\n", "ZeroDivisionError"),
        ((f"x = [{a}]\nprint(x[{b}])", ""), "ERROR", "", "IndexError"),
        (("import sys\nprint(input())\nsys.exit(1)", str(a)), "ERROR", f"{a}\n", "SystemExit"),
        (("print(sys.stdin.read())", str(a)), "ERROR", "", "NameError"),
    ])


HARMFUL = [case for case in CASES if case.promise in ("output", "memory", "processes", "network", "calls", "survival") and not case.stdin
           and case.status in ("ERROR", "OUTPUT_LIMIT", "SIGNAL 6", "SIGNAL 9", "SIGNAL 11") or case.name in ("endless loop", "7**7**9")]


def hostile(rng: random.Random) -> tuple:
    """One of the programs above, with what must come of it; stdout is not compared."""
    case = rng.choice(HARMFUL)
    return (COMMON.get(case.promise, "") + "\n" + case.code, ""), case.status, None, case.detail if case.status == "ERROR" else ""


def state() -> dict:
    """Of this process: resident memory, open descriptors, processes below it."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    below = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid=,comm="], capture_output=True, text=True).stdout.splitlines()
    return {"resident_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2), "descriptors": len(os.listdir("/proc/self/fd")),
            "processes": sum(not row.endswith(" ps") for row in below)}


def soak(total: int) -> dict:
    rng, wrong, states, harmful, began = random.Random(0), [], [], 0, time.time()
    with Sandbox(cpu_seconds=0.5, memory_mb=160, output_bytes=20_000) as sandbox:
        while (done := 1000 * len(states)) < total:
            jobs = [hostile(rng) if rng.random() < 0.02 else ordinary(rng) for _ in range(min(1000, total - done))]
            for (job, status, stdout, error), result in zip(jobs, sandbox.map([job for job, *_ in jobs])):
                harmful += stdout is None and status != "OK"
                if (result.status, result.error) != (status, error) or stdout is not None and result.stdout != stdout:
                    wrong.append([job[0][-200:], status, error, result.status, result.error])
            states.append(state())
    return {"runs": total, "hostile": harmful, "wrong": len(wrong), "examples": wrong[:20], "seconds": round(time.time() - began, 1),
            "runs_per_second": round(total / (time.time() - began), 1),
            "after_first_thousand": states[0], "after_last_thousand": states[-1]}


# ---------------------------------------------------------------------------------------------------------------------------

def table(result: dict) -> str:
    """The README's block."""
    median = {way: {program: statistics.median(rates) for program, rates in rates.items()} for way, rates in result["speed"].items()}
    head = list(PROGRAMS)
    rows = [["runs per second on one core", head[0], "", head[1], ""], ["---", "---:", "---:", "---:", "---:"]]
    for way, rates in median.items():
        ratios = ["" if way == "this sandbox" else f"{median['this sandbox'][program] / rates[program]:.1f}x slower" for program in head]
        rows.append([way, f"{rates[head[0]]:,.0f}", ratios[0], f"{rates[head[1]]:,.0f}", ratios[1]])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    s, first, last = result["soak"], result["soak"]["after_first_thousand"], result["soak"]["after_last_thousand"]
    lines += ["", f"Soak: {s['runs']:,} mixed runs, {s['hostile']:,} of them hostile: {s['wrong']} wrong outcomes, "
              f"{s['runs_per_second']:,.0f} runs a second. The caller after the first and the last thousand: "
              f"{first['resident_mb']:.1f} and {last['resident_mb']:.1f} MB, {first['descriptors']} and {last['descriptors']} descriptors, "
              f"{first['processes']} and {last['processes']} processes.",
              "", f"Level `{result['level']}`, {result['machine']}, {result['date']}, commit {result['commit']}: `{result['command']}`"]
    return "\n".join(lines)


def machine() -> str:
    """Kind of processor, cores, system, Python; no names."""
    model = platform.machine()
    with contextlib.suppress(OSError):
        rows = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((row.split(":")[1].strip() for row in rows if row.startswith("model name")), model)
    return f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the speed comparison; a figure is their median")
    parser.add_argument("--runs", type=int, default=300, help="runs of each program in a round (the slow ways: a fifth)")
    parser.add_argument("--soak", type=int, default=50_000, help="runs of the soak")
    parser.add_argument("--out", type=Path, help="file for the result (default: print it)")
    parser.add_argument("--show", type=Path, help="print the README's block from this result, and measure nothing")
    args = parser.parse_args()
    if args.show:
        print(table(json.loads(args.show.read_text())))
        return
    with Sandbox(1) as sandbox:
        level = sandbox.level
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    result = {"command": shlex.join(["python", "tests/sandbox_speed.py", *sys.argv[1:]]), "commit": commit,
              "date": date.today().isoformat(), "machine": machine(), "level": level,
              "speed": speed(args.rounds, args.runs), "soak": soak(args.soak)}
    text = json.dumps(result, indent=1)
    if args.out:
        args.out.write_text(text + "\n")
    print(table(result) if not result["soak"]["wrong"] else text)
    sys.exit(1 if result["soak"]["wrong"] else 0)


if __name__ == "__main__":
    main()
