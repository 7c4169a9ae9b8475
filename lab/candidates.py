"""Programs that people wrote for contests, picked by simulation: how far is it from the worlds?

    python -m lab.candidates FILE.jsonl --ckpt out/rl.pt    # writes out/candidates.json

FILE.jsonl: a problem a line, with sample_tests ([{input, output}]) and candidates ([{code,
status}], right ones all_pass). Each program's output on each sample test is predicted greedily;
what is too long to read is not. Of each problem's programs the one with most tests passed is
picked: by these predictions, by really running the tests, at random.
"""

import json

import tasks
from answers import Model, Runner
from commands import plainly
from eval import figure, rank_score_at_k
from lab.programs import asked, read_rows
from runs import keep
from sandbox import Sandbox
from tasks import same_outcome


def to_problem(row, number):
    """-> is each program right; its runs, (program, stdin); the outcome that each test wants"""
    right, runs, tests = [], [], row["sample_tests"]
    for program in row["candidates"]:
        right.append(program["status"] == "all_pass")
        runs.append([(program["code"] + "", test["input"] + "") for test in tests])  # texts?
    return right, runs, [(test["output"] + "", "") for test in tests]


def picked(right, runs, wanted, outcomes):
    """outcomes: of the runs that are known. -> the chance that the program with most tests passed
    is right."""
    scores = [sum(map(same_outcome, map(outcomes.get, pairs), wanted)) for pairs in runs]
    return rank_score_at_k(scores, right, len(right))


def measure(problems, model, sandbox):
    whose = {}  # run -> number of its problem
    for number, (_, runs, _) in enumerate(problems):
        whose |= dict.fromkeys(sum(runs, []), number)
    fitting = [run for run in whose if not model.too_long(tasks.predict_prompt(*run))]
    believed = dict(zip(fitting, model.belief(fitting, 0)))
    real = dict(zip(whose, Runner(sandbox).outcomes(whose)))
    right = [same_outcome(believed[run], real[run] or ("", "Limit")) for run in fitting]
    told = {"runs": len(whose), "fit": len(fitting), "answered": sum(map(bool, believed.values())),
            "right": figure(right, list(map(whose.get, fitting)))}
    for judge, outcomes in {"simulate": believed, "exec": real, "random": {}}.items():
        chances = [picked(*problem, outcomes) for problem in problems]
        told[judge] = figure(chances, range(len(problems)))
    return told


@plainly()
def main():
    args = asked(__doc__)
    problems = read_rows(args.file, to_problem)
    with Sandbox() as sandbox:
        record = measure(problems, Model(args.ckpt, args), sandbox)
    print(json.dumps(keep(args.out / "candidates.json", record), indent=1))


if __name__ == "__main__":
    main()
