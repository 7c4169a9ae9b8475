"""Programs that nobody here wrote, and how their explanation went. The files are no part of the project."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "real"
sys.path.append(str(ROOT / "tests"))

from claims import check  # noqa: E402

import tracer  # noqa: E402
from sandbox import Sandbox, same_output  # noqa: E402


def programs(part: str):
    """-> (name, code, stdin, true output) of every program of one file. Of a buggy program the true
    output is its own (None: not told)."""
    for line in (REAL / f"{part}.jsonl").open():
        row = json.loads(line)
        if part == "cruxeval":
            code = f"{row['code']}\nprint(repr(f({row['input']})))\n"
            yield row["id"], code, "", row["output"] + "\n"
        elif part == "contest_programs":
            test = row["tests"][0]
            yield row["id"], row["code"], test["input"], test["output"]
        elif part == "tinypy":
            yield row["id"], row["code"], row["input"], row["output"]
        else:
            with Sandbox(1) as sandbox:
                yield from quixbugs(row, sandbox)


def quixbugs(row: dict, sandbox: Sandbox):
    """The correct and the buggy program on the smallest test that the buggy one fails."""
    def code(version, test):
        call = f"{row['entry_point']}({', '.join(map(repr, test['args']))})"
        if re.search(r"^ +yield", row[version], re.MULTILINE):
            call = f"list({call})"
        return f"{row[version]}\nprint(repr({call}))\n"

    def output(version, test):
        return sandbox.run(code(version, test)).stdout.strip()
    tests = sorted(row["tests"], key=lambda test: len(repr(test["args"])))
    failed = (test for test in tests if output("buggy", test) != output("correct", test))
    test = next(failed, tests[0])
    for version in ("correct", "buggy"):
        yield f"{row['id']}/{version}", code(version, test), "", None


def explained(name: str, code: str, stdin: str, want: str | None, sandbox: Sandbox):
    """-> how it went (explained, a named limit, wrong), number of sentences, false claims."""
    trace = tracer.record(code, stdin)
    steps = tracer.explain(trace)
    false = check(trace, steps)
    if want is None:
        result = sandbox.run(code, stdin)
        right = (trace.stdout, trace.error) == (result.stdout, result.error)
    else:
        right = same_output(trace.stdout, want) and not trace.error
    way = "explained" if right else "wrong"
    return way if trace.complete else trace.reason, len(steps), false
