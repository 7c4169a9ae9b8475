"""Programs from elsewhere, never trained on: greedy predictions, by level.

    python -m lab.programs FILE.jsonl --ckpt out/rl.pt      # writes out/programs-FILE.json

FILE: JSON lines with code, input, output (and maybe level, id). A row whose code only defines a
function f (CRUXEval) becomes a program, the function and print(repr(f(arguments))); there the rule
is exact equality of the repr.
"""

import json
import re
from pathlib import Path

import tasks
from answers import SHIPPED, Model
from commands import fail, manual, plainly, replace_text
from lab import figures
from lab.report import TABLES, render
from runs import provenance


def load_programs(path):
    """Each row as a case; its class is its id, its kind the level, or "function"."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as problem:  # not there, a folder, not UTF-8
        fail(f"cannot read {path}: {problem}")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            row = json.loads(line)
            code, stdin, stdout = row["code"], row["input"], row["output"]
            code + stdin + stdout  # each is a text
        except (ValueError, KeyError, TypeError) as problem:
            fail(f"{path}, line {number}: needs texts code, input, output ({problem!r})")
        level = str(row.get("level", "all"))
        if re.search(r"^def f\(", code, re.M) and not re.search(r"^print\(|input\(", code, re.M):
            code, stdin, level = f"{code.rstrip()}\n\nprint(repr(f({stdin})))\n", "", "function"
        cls = str(row.get("id", number))
        cases.append(tasks.Case(code, stdin, stdout, "", cls, "foreign", level))
    return cases


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


def predict(cases, model):
    """Greedily. -> outcomes"""
    return model.belief([(case.code, case.stdin) for case in cases], 0)


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl", help="the programs")
    parser.add_argument("--ckpt", type=Path, default=SHIPPED, help="who predicts (%(default)s)")
    args = tasks.settings(parser, "answers")
    args.rank, args.ranks = 0, 1
    cases, model = load_programs(args.file), Model(args.ckpt, args)
    levels = right_by_level(cases, list(map(is_right, cases, predict(cases, model))))
    too_long = 0
    for case in cases:
        too_long += model.too_long(tasks.predict_prompt(case.code, case.stdin))
    record = {"file": args.file.name, "checkpoint": str(args.ckpt), "levels": levels,
              "too_long": too_long, **provenance()}
    path = args.out / f"programs-{args.file.stem}.json"
    replace_text(path, json.dumps(record, indent=1) + "\n")
    print(render(TABLES["elsewhere"], [record], [path]))
    print(f"Among the wrong ones {too_long} are too long to read.")


if __name__ == "__main__":
    main()
