"""Programs that nobody here wrote. The files are no part of the project."""

import json
import re
from itertools import islice
from pathlib import Path

from sandbox import Sandbox

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "real"


def programs(part: str, every: int = 1):
    """-> (name, code, stdin, true output) of the programs of one file, or of one line of so many. Of a
    buggy program the true output is its own (None: not told)."""
    with (REAL / f"{part}.jsonl").open() as lines, Sandbox(1) as sandbox:
        for row in map(json.loads, islice(lines, 0, None, every)):
            if part == "cruxeval":
                code = f"{row['code']}\nprint(repr(f({row['input']})))\n"
                yield row["id"], code, "", row["output"] + "\n"
            elif part == "contest_programs":
                test = row["tests"][0]
                yield row["id"], row["code"], test["input"], test["output"]
            elif part == "tinypy":
                yield row["id"], row["code"], row["input"], row["output"]
            else:
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
