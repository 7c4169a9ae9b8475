"""Programs from elsewhere, never trained on: greedy predictions, by level.

    python -m lab.programs FILE.jsonl --ckpt out/rl.pt      # writes out/programs-FILE.json

FILE: JSON lines with code, input, output (and maybe level, id). A row whose code only defines a function
f (CRUXEval) becomes a program, the function and print(repr(f(arguments))); CRUXEval's rule is exact
equality of the repr. Tables: python -m lab.report --write.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path

import tasks
from eval import SHIPPED, Model, figure


def load_programs(path: Path) -> list[tasks.Case]:
    """Each row as a case; its class is its id, its kind the level, or "function"."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as problem:  # not there, a folder, not UTF-8
        tasks.fail(f"cannot read {path}: {problem}")
    cases = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            code, stdin, stdout = row["code"], row["input"], row["output"]
            code + stdin + stdout  # all are text
        except (ValueError, KeyError, TypeError) as problem:
            tasks.fail(f"{path}, line {number}: needs the texts code, input, output ({problem!r})")
        level = str(row.get("level", "all"))
        if re.search(r"^def f\(", code, re.M) and not re.search(r"^print\(|input\(", code, re.M):
            code, stdin, level = f"{code.rstrip()}\n\nprint(repr(f({stdin})))\n", "", "function"
        cases.append(tasks.Case(code, stdin, stdout, "", str(row.get("id", number)), "foreign", level))
    return cases


def is_right(case: tasks.Case, outcome) -> bool:
    if case.kind != "function" or outcome is None:
        return tasks.same_outcome(outcome, case.outcome)
    stdout, error = outcome
    return error == "" and stdout.removesuffix("\n") == case.stdout.removesuffix("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl", help="the programs")
    parser.add_argument("--ckpt", type=Path, default=SHIPPED, help="whose predictions (%(default)s)")
    args = tasks.settings(parser, "answers", "eval")
    args.rank, args.ranks, started = 0, 1, time.time()
    cases, model = load_programs(args.file), Model(args.ckpt, args)
    pairs = [(case.code, case.stdin) for case in cases]
    outcomes = model.belief(pairs, 0)
    n_ctx, levels, too_long, unreadable = model.checkpoint["model"].config.n_ctx, {"all": []}, 0, 0
    for case, pair, outcome in zip(cases, pairs, outcomes):
        unread = len(model.tokenizer.prompt(tasks.predict_prompt(*pair))) >= n_ctx
        too_long += unread
        unreadable += outcome is None and not unread
        levels["all"].append((is_right(case, outcome), case.cls))
        if case.kind != "all":
            levels.setdefault(case.kind, []).append((is_right(case, outcome), case.cls))
    print(f"{args.file.name}: {len(cases):,} programs, predicted greedily by {args.ckpt} "
          f"in {time.time() - started:.0f} s")
    for level in sorted(levels):
        levels[level] = figure(*zip(*levels[level]))
        print(f"  {level:12s} {100 * levels[level]['value']:.1f} %   n = {levels[level]['n']}")
    print(f"  wrong: {too_long} too long ({n_ctx} tokens), {unreadable} without a readable output")
    record = {"file": args.file.name, "checkpoint": str(args.ckpt), "commit": os.popen("git rev-parse HEAD").read().strip(),
              "levels": levels, "too_long": too_long, "unreadable": unreadable}
    path = args.out / f"programs-{args.file.stem}.json"
    tasks.replace_text(path, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
