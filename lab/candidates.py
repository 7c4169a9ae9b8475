"""Programs that people wrote for contests, picked by simulation: how far is it from the worlds?

    python -m lab.candidates CANDIDATES.jsonl --ckpt out/rl.pt    # writes out/candidates.json

CANDIDATES.jsonl: a problem a line, with sample_tests ([{input, output}]) and candidates ([{code,
status}], right ones all_pass). Each program's output on each sample test is predicted greedily;
what is too long to read is not. Of each problem's programs the one with most tests passed is
picked: by these predictions, by really running the tests, at random.
"""

import json
from pathlib import Path

import tasks
from answers import SHIPPED, Model, Runner
from commands import manual, plainly, replace_text
from eval import figure, rank_score_at_k
from runs import provenance
from sandbox import Sandbox
from tasks import same_outcome


def runs_of(problem):
    """-> [[(program, stdin), ...], ...], a list for each program; what each test should print"""
    tests, runs = problem["sample_tests"], []
    for program in problem["candidates"]:
        runs.append([(program["code"], test["input"]) for test in tests])
    return runs, [(test["output"], "") for test in tests]


def picked(problem, outcomes):
    """outcomes: (program, stdin) -> outcome, those that are known. -> the chance that the program
    with most tests passed is right."""
    runs, wanted = runs_of(problem)
    scores = []
    for pairs in runs:
        passed = [same_outcome(outcomes.get(pair), want) for pair, want in zip(pairs, wanted)]
        scores.append(sum(passed))
    right = [program["status"] == "all_pass" for program in problem["candidates"]]
    return rank_score_at_k(scores, right, len(right))


def measure(problems, model, sandbox):
    pairs = {}
    for problem in problems:
        for runs in runs_of(problem)[0]:
            pairs.update(dict.fromkeys(runs))
    fitting = [pair for pair in pairs if not model.too_long(tasks.predict_prompt(*pair))]
    believed = dict(zip(fitting, model.belief(fitting, 0)))
    real = dict(zip(pairs, Runner(sandbox).outcomes(list(pairs))))
    right = [same_outcome(believed[pair], real[pair] or ("", "Limit")) for pair in fitting]
    names = [problem["problem"] for problem in problems]
    told = {"runs": len(pairs), "fit": len(fitting), "answered": sum(map(bool, believed.values())),
            "right": figure(right, [code for code, _ in fitting])}
    for judge, outcomes in {"simulate": believed, "exec": real, "random": {}}.items():
        told[judge] = figure([picked(problem, outcomes) for problem in problems], names)
    return told


@plainly(ValueError, KeyError, TypeError)
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="CANDIDATES.jsonl")
    parser.add_argument("--ckpt", type=Path, default=SHIPPED, help="who predicts (%(default)s)")
    args = tasks.settings(parser, "answers")
    args.rank, args.ranks = 0, 1
    problems = list(map(json.loads, args.file.read_text(encoding="utf-8").splitlines()))
    with Sandbox() as sandbox:
        record = measure(problems, Model(args.ckpt, args), sandbox)
    print(json.dumps(record, indent=1))
    record |= {"file": args.file.name, "checkpoint": str(args.ckpt), **provenance()}
    replace_text(args.out / "candidates.json", json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
