"""Is every explanation of real programs true, and how fast is the recorder? -> results/trace.json

    python -m lab.trace_speed                # everything: about a quarter of an hour
    python -m lab.trace_speed --only speed   # one part; the others in the file stay

Real programs are no part of the project: a part (cruxeval, contest_programs, quixbugs, tinypy,
algorithms) whose file is absent from the folder that tests/real.py names is left out. algorithms:
the tests of a package on PyPI; library: examples of Python's standard library, which need no file.
tests/oracle.py judges them and says what kinds of faults there are. Speed needs PySnooper and a
quiet machine.
"""

import io
import json
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import tracer
from commands import manual
from tracer.recorder import Recorder

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from oracle import KINDS_OF_FAULT, explained  # noqa: E402
from real import place, programs  # noqa: E402


def coverage(part):
    """Counts over all programs of one part."""
    ways, faults, examples, sentences = Counter(), Counter(), [], 0
    began = time.monotonic()
    for name, *program in programs(part):
        found = explained(*program)
        ways[found.refused or "explained"] += 1
        sentences += len(found.sentences)
        for fault in found.faults:
            faults[fault.kind] += 1
            examples.append(f"{name}: {fault.kind}: {fault.text[:200]}  [{fault.why[:200]}]")
    return {"programs": sum(ways.values()), **ways, "sentences": sentences,
            "faults": {kind: faults[kind] for kind in KINDS_OF_FAULT},
            "examples_of_faults": examples[:5], "seconds": round(time.monotonic() - began, 1)}


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


def recorded(code):
    """Events of a run under the recorder, in this process."""
    events = []
    kept = sys.stdin, sys.stdout, sys.settrace, sys.modules["__main__"]
    Recorder(code, io.BytesIO(), 100_000, 10**8, events.append).run()
    sys.stdin, sys.stdout, sys.settrace, sys.modules["__main__"] = kept
    return len(events)


def snooped(output):
    """The same program under PySnooper: a function to call."""
    import pysnooper
    space = {}
    exec(compile(SMALL_FRAMES, __file__, "exec"), space)  # it wants a file that exists
    return pysnooper.snoop(output=output, depth=9)(space["main"])


def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def speed(rounds=9):
    """The recorder and PySnooper, output discarded, taking turns; medians."""
    import pysnooper
    code, lines, times = SMALL_FRAMES + "\nmain()\n", [], []
    ours = recorded(code)
    snooped(lines.append)()
    pattern = re.compile(r"\d\d:\d\d:\d\d\.\d+ (call|line|return|exception) ")
    theirs = len(list(filter(pattern.search, lines)))
    for _ in range(rounds):
        times.append((seconds(lambda: recorded(code)), seconds(snooped(len)),
                      seconds(lambda: tracer.record(code, "", 100_000, 10**8))))
    made = {"events": ours, "rounds": rounds, "pysnooper": pysnooper.__version__}
    who = ("recorder", ours), ("pysnooper", theirs), ("record_in_sandbox", ours)
    for (name, events), spent in zip(who, map(statistics.median, zip(*times))):
        made[f"{name}_us_per_event"] = round(1e6 * spent / events, 2)
        made[f"{name}_events_per_second"] = round(events / spent)
    return made


def main():
    needs_file = ("cruxeval", "contest_programs", "quixbugs", "tinypy", "algorithms")
    parts = ("speed", *needs_file, "library")  # speed: a fresh heap
    parser = manual(__doc__)
    parser.add_argument("--only", choices=parts, help="one part")
    parser.add_argument("--out", type=Path, default=ROOT / "results/trace.json", help="the results")
    args = parser.parse_args()
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    for part in [args.only] if args.only else parts:
        if part in needs_file and not place(part).exists():
            print(f"{part}: no such file, left out")
            continue
        results[part] = speed() if part == "speed" else coverage(part)
        from runs import provenance  # here: torch would weigh on the heap of "speed"
        results[part] |= provenance()
        args.out.write_text(json.dumps(results, indent=1) + "\n")
        print(part, results[part])


if __name__ == "__main__":
    main()
