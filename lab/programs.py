"""Programs from elsewhere, never trained on: greedy predictions, by level.

    python -m lab.programs FILE.jsonl --ckpt out/rl.pt      # writes out/programs-FILE.json

FILE: JSON lines with code, input, output (and maybe level, id). A row whose code only defines a
function f (CRUXEval) becomes a program, the function and print(repr(f(arguments))); there the rule
is exact equality of the repr.
"""

import ast
import json
import re
from pathlib import Path

import tasks
from answers import COURSE, Model
from commands import fail, manual, plainly
from lab import figures
from lab.report import TABLES, render
from runs import keep


def read_rows(path, use):
    """-> use(row, its number) of each JSON line. A file or a row that cannot be used is one line
    for the person and status 2."""
    made, number = [], 0
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if line:
                made.append(use(json.loads(line), number))
    except OSError as problem:
        fail(f"cannot read {path}: {problem.strerror}")
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError) as problem:
        fail(f"cannot use {path}, line {number}: {problem!r}")
    return made


def load_programs(path):
    """Each row as a case."""
    return read_rows(path, to_case)


def to_case(row, number):
    """Its class is its id, its kind the level, or "function"."""
    code, stdin, stdout = row["code"], row["input"], row["output"]
    "".join((code, stdin, stdout))  # each is a text
    level = str(row.get("level", "all"))
    if re.search(r"^def f\(", code, re.M) and not re.search(r"^print\(|input\(", code, re.M):
        code, stdin, level = f"{code.rstrip()}\n\nprint(repr(f({stdin})))\n", "", "function"
        ast.parse(code)
    cls = str(row.get("id", number))
    return tasks.Case(code, stdin, stdout, "", cls, "foreign", level)


def is_right(case, outcome):
    judge = is_exact if case.kind == "function" else tasks.same_outcome
    return judge(outcome, case.outcome)


def is_exact(got, want):
    """Character by character, but for a newline at the end. None is never right."""
    if got is None:
        return False
    return (got[0].removesuffix("\n"), got[1]) == (want[0].removesuffix("\n"), want[1])


def right_by_level(cases, right):
    """right: of each case, was the prediction right. -> level -> figure; "all" is among them."""
    columns = figures.of(cases, {"right": right})
    levels = {"all": figures.figures(columns)} | figures.split(columns, lambda case: case.kind)
    return {level: levels[level]["right"] for level in sorted(levels)}


def predict(cases, model, begin=""):
    """Greedily. -> outcomes"""
    return model.belief([(case.code, case.stdin) for case in cases], 0, begin)


def asked(doc):
    """-> args of a command of one FILE.jsonl and one --ckpt; doc: what --help says."""
    parser = manual(doc)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl", help="never trained on")
    parser.add_argument("--ckpt", type=Path, default=COURSE, help="who predicts (%(default)s)")
    return tasks.settings(parser, "answers")


@plainly()
def main():
    args = asked(__doc__)
    cases, model = load_programs(args.file), Model(args.ckpt, args)
    levels = right_by_level(cases, list(map(is_right, cases, predict(cases, model))))
    too_long = 0
    for case in cases:
        too_long += model.too_long(case.prompt)
    path = args.out / f"programs-{args.file.stem}.json"
    record = keep(path, {"file": args.file.name, "levels": levels, "too_long": too_long})
    print(render(TABLES["elsewhere"], [record], [path]))
    print(f"Among the wrong ones {too_long} are too long to read.")


if __name__ == "__main__":
    main()
