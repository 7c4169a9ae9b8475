"""Is every explanation of real programs true, and how fast is the recorder? Writes results/trace.json, which the README quotes.

    python tests/measure_trace.py                     # everything: about three minutes
    python tests/measure_trace.py --only speed        # one part; the others in the file stay (cruxeval, contest_programs, quixbugs, tinypy)

The programs (shared/real beside the project's folder) are not part of the project; a part whose file is absent is left out. Speed needs
PySnooper (the extra dev) and a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from claims import check  # noqa: E402

import trace as nlex  # noqa: E402
from tracer.recorder import run_traced  # noqa: E402
from sandbox import Sandbox, same_output  # noqa: E402

REAL = ROOT.parent / "shared" / "real"
PARTS = ("speed", "cruxeval", "contest_programs", "quixbugs", "tinypy")  # speed first: no heap of finished work to collect


def programs(part: str):
    """-> (name, code, stdin, true output) of every program of one file. Of a buggy program the true output is its own (None: not told)."""
    for line in (REAL / f"{part}.jsonl").open():
        row = json.loads(line)
        if part == "cruxeval":
            yield row["id"], f"{row['code']}\nprint(repr(f({row['input']})))\n", "", row["output"] + "\n"
        elif part == "contest_programs":
            yield row["id"], row["code"], row["tests"][0]["input"], row["tests"][0]["output"]
        elif part == "tinypy":
            yield row["id"], row["code"], row["input"], row["output"]
        else:
            with Sandbox(1) as sandbox:
                yield from quixbugs(row, sandbox)


def quixbugs(row: dict, sandbox: Sandbox):
    """The correct and the buggy program on the smallest test that the buggy one fails."""
    def code(version, test):
        call = f"{row['entry_point']}({', '.join(map(repr, test['args']))})"
        lazy = re.search(r"^ +yield", row[version], re.MULTILINE)
        return f"{row[version]}\nprint(repr({f'list({call})' if lazy else call}))\n"
    tests = sorted(row["tests"], key=lambda test: len(repr(test["args"])))
    fails = (t for t in tests if sandbox.run(code("buggy", t)).stdout.strip() != sandbox.run(code("correct", t)).stdout.strip())
    test = next(fails, tests[0])
    for version in ("correct", "buggy"):
        yield f"{row['id']}/{version}", code(version, test), "", None


def explained(name: str, code: str, stdin: str, want: str | None, sandbox: Sandbox | None = None) -> tuple[str, int, list]:
    """-> how it went (explained, a named limit, or `wrong`), number of sentences, false claims."""
    trace = nlex.record(code, stdin)
    steps = nlex.explain(trace)
    false = check(trace, steps)
    if want is None:  # its own output or error, from a run without us
        result = (sandbox or Sandbox(1)).run(code, stdin)
        right = (trace.stdout, trace.error) == (result.stdout, result.error)
    else:
        right = same_output(trace.stdout, want) and not trace.error
    return (trace.reason if not trace.complete else "explained" if right else "wrong"), len(steps), false


def coverage(part: str) -> dict:
    """Counts over all programs of one file."""
    ways, sentences, false, n, began = {}, 0, [], 0, time.monotonic()
    with Sandbox(1) as sandbox:
        for row in programs(part):
            way, count, wrong = explained(*row, sandbox)
            n, sentences, ways[way] = n + 1, sentences + count, ways.get(way, 0) + 1
            false += [f"{row[0]}: {what}" for _, what in wrong]
            if way != "explained" or wrong:
                print(f"{row[0]}: {way}", *[what for _, what in wrong[:2]], sep="\n    ")
    return {"programs": n, **ways, "sentences": sentences, "false_claims": len(false), "examples_of_false_claims": false[:5],
            "seconds": round(time.monotonic() - began, 1)}


SMALL_FRAMES = """
def gcd(a, b):
    while b:
        a, b = b, a % b
    return a

def digits(n):
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total

def main():
    found = 0
    for k in range(1, 250):
        d = digits(k * k)
        if gcd(k, d) == 1:
            found += 1
    return found
"""


def speed(rounds: int = 9) -> dict:
    """The same program under our recorder and under PySnooper, output discarded, taking turns; medians."""
    import pysnooper
    code = SMALL_FRAMES + "\nmain()\n"
    lines = []

    def snooped(output):
        space = {}
        exec(compile(SMALL_FRAMES, __file__, "exec"), space)  # PySnooper wants a file that exists
        return pysnooper.snoop(output=output, depth=9)(space["main"])

    snooped(lines.append)()
    theirs = sum(bool(re.search(r"\d\d:\d\d:\d\d\.\d+ (call|line|return|exception) ", line)) for line in lines)
    ours = len(run_traced(code, "", 100_000, 10**8)["events"])
    seconds = {"recorder": [], "PySnooper": [], "complete": []}
    for _ in range(rounds):
        began = time.perf_counter()
        run_traced(code, "", 100_000, 10**8)
        seconds["recorder"].append(time.perf_counter() - began)
        main = snooped(lambda text: None)
        began = time.perf_counter()
        main()
        seconds["PySnooper"].append(time.perf_counter() - began)
        began = time.perf_counter()
        nlex.record(code, max_events=100_000, max_bytes=10**8)
        seconds["complete"].append(time.perf_counter() - began)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    return {"events": ours, "rounds": rounds, "recorder_us_per_event": round(1e6 * median["recorder"] / ours, 2),
            "recorder_events_per_second": round(ours / median["recorder"]),
            "pysnooper_events": theirs, "pysnooper_us_per_event": round(1e6 * median["PySnooper"] / theirs, 2),
            "pysnooper_events_per_second": round(theirs / median["PySnooper"]),
            "times_faster": round(ours / median["recorder"] / (theirs / median["PySnooper"]), 1),
            "record_in_sandbox_us_per_event": round(1e6 * median["complete"] / ours, 2), "pysnooper": pysnooper.__version__}


def table(results: dict) -> str:
    """The README's tables."""
    titles = {"cruxeval": "CruxEval, functions", "contest_programs": "human contest programs", "quixbugs": "QuixBugs, correct and buggy",
              "tinypy": "TinyPy, generated"}
    lines = ["| programs (first test, or one call) | all | explained | over 10,000 events | other refusals | wrong | sentences "
             "| false claims |", "|---|---|---|---|---|---|---|---|"]
    for part in [part for part in titles if part in results]:
        r = results[part]
        events, wrong = r.get("more than 10,000 events", 0), r.get("wrong", 0)
        others = r["programs"] - r.get("explained", 0) - events - wrong
        lines.append(f"| {titles[part]} | {r['programs']:,} | {r.get('explained', 0):,} | {events} | {others} | {wrong} "
                     f"| {r['sentences']:,} | {r['false_claims']} |")
    if "speed" in results:
        r = results["speed"]
        lines += ["", "| recorder, small frames | microseconds an event | events a second |", "|---|---|---|",
                  f"| `recorder.py` | {r['recorder_us_per_event']} | {r['recorder_events_per_second']:,} |",
                  f"| PySnooper {r['pysnooper']}, output discarded | {r['pysnooper_us_per_event']} "
                  f"| {r['pysnooper_events_per_second']:,} |",
                  f"| `recorder.py` in the sandbox, with the untraced run | {r['record_in_sandbox_us_per_event']} "
                  f"| {round(1e6 / r['record_in_sandbox_us_per_event']):,} |",
                  "", f"Same program, {r['events']:,} events, taking turns, median of {r['rounds']} rounds: {r['times_faster']} times as "
                  f"many events a second. {r['machine']}."]
    return "\n".join(lines)


def machine() -> str:
    """What it ran on, without names of the host."""
    try:
        model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[1]
    except (OSError, TypeError):
        model = platform.machine()
    return f"{os.cpu_count()} cores of {model}; {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "trace.json", help="the file of results")
    args = parser.parse_args()
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    for part in [args.only] if args.only else PARTS:
        if part != "speed" and not (REAL / f"{part}.jsonl").exists():
            print(f"{part}: no such file, left out")
            continue
        numbers = speed() if part == "speed" else coverage(part)
        results[part] = {**numbers, "command": "python tests/measure_trace.py" + (f" --only {args.only}" if args.only else ""),
                         "commit": commit, "machine": machine(), "date": date.today().isoformat()}
        args.out.write_text(json.dumps(results, indent=1) + "\n")
        print(part, json.dumps(results[part]))
    print(f"\n{table(results)}")


if __name__ == "__main__":
    main()
