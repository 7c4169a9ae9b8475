"""CRUXEval from random weights: how far do a few million parameters come that may explain?

    python -m lab.functions CRUXEVAL.jsonl    # out/functions/functions.json; hours, in pieces

A model learns worlds/functions.py, explained and at once, by sft.py; rl.py goes on by outcome
rewards on prediction alone; both predict the held-out functions of the world and, once, the
benchmark, greedily, in three ways: as they choose, told to explain, told to answer at once. SIZES
holds what differs from the preset. A killed run goes on by the same command.

CRUXEVAL.jsonl: JSON lines with code (a function f), input (its arguments), output (repr of the
result). Right is what equals the output character by character. The benchmark is never trained on:
functions whose text is that of one of its rows are dropped from the training data and counted.
"""

import ast
import json
import re
import sys
from collections import Counter
from pathlib import Path

import rl
import sft
import tasks
from answers import Model
from commands import fail, manual, plainly, replace_text
from lab import figures, programs
from runs import provenance
from tasks import AT_ONCE, EXPLAINED

SIZES = {
    "cpu": {"data": "--sft-cases 160000 --rl-cases 8000 --val-cases 400 --test-cases 800",
            "model": "--n-layer 6 --n-embd 256 --n-head 8 --n-kv-head 2",
            "sft": "--steps 40000 --batch-tokens 4096 --val-every 5000",
            "rl": "--steps 100 --predict-prompts 32 --solve-prompts 0 --fix-prompts 0"},
    "gpu": {"data": "--sft-cases 1000000 --rl-cases 40000 --val-cases 400 --test-cases 800",
            "model": "--n-layer 12 --n-embd 512 --n-head 8 --n-kv-head 2",
            "sft": "--steps 30000 --batch-tokens 65536",
            "rl": "--steps 300 --predict-prompts 128 --solve-prompts 0 --fix-prompts 0"}}
ANSWERS = ["--max-new-tokens-predict", "800"]
WAYS = {"free": "", "explained": EXPLAINED, "direct": AT_ONCE}


def function_of(code):
    """The text of f as Python writes it, whatever is called after it."""
    body = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    return "\n".join(map(ast.unparse, body))


def samples(args):
    """As sft.samples, without the functions of the benchmark."""
    theirs = texts_of_benchmark(args)
    for sample in sft.samples(args):
        code = sample[1].removeprefix("Predict.\n").rpartition("\nInput:")[0]
        if function_of(code) not in theirs:
            yield sample


def texts_of_benchmark(args):
    """They stand in a file beside the data."""
    return set(json.loads((args.out / "data" / "benchmark.jsonl").read_text()))


def dropped(args):
    """How many training functions have the text of one of the benchmark's."""
    cases = tasks.load_cases(args.out / "data" / "sft_cases.jsonl")
    theirs = texts_of_benchmark(args)
    return sum(function_of(case.code) in theirs for case in cases)


def stage(args, section, *more):
    """sys.argv for another script."""
    sizes = SIZES.get(args.preset, SIZES["cpu"])
    given = ["--preset", args.preset, "--seed", str(args.seed), "--out", str(args.out), "--world",
             "functions", *sizes[section].split(), *more]
    sys.argv[1:] = given
    return given


def make_data(args, cases):
    tasks.make_data(tasks.settings(manual(__doc__), "data", argv=stage(args, "data")))
    path = args.out / "data" / "benchmark.jsonl"
    codes = json.dumps(sorted({function_of(case.code) for case in cases}))
    if path.exists() and path.read_text() != codes:
        fail(f"{args.out} belongs to another benchmark: name another folder by --out")
    replace_text(path, codes)


def methods(code):
    """What a function calls: .replace, len()."""
    called = set()
    for node in ast.walk(ast.parse(function_of(code))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called.add(f".{node.func.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(f"{node.func.id}()")
    return called


def construct(code):
    inner = re.search(r"^ +(for|while|if|try)\b", code, re.M)
    return inner[1] if inner else "straight"


def measure(model, cases, right):
    """-> way -> set -> figure, and of what was explained, by construct, method and length."""
    told = {}
    for way, begin in WAYS.items():
        outcomes = model.belief([(case.code, case.stdin) for case in cases], 0, begin)
        judged = list(map(right, cases, outcomes))
        columns = figures.of(cases, {"right": judged})
        told[way] = {"all": figures.figures(columns)["right"]}
        if way == "explained":
            for name, label in (("construct", lambda case: construct(case.code)),
                                ("length", lambda case: f"{len(case.code) // 50 * 50}+")):
                told[name] = {key: figure["right"] for key, figure in
                              figures.split(columns, label).items()}
            calls, well = Counter(), Counter()
            for case, good in zip(cases, judged):
                calls.update(methods(case.code))
                well.update(methods(case.code) if good else ())
            told["method"] = {name: [well[name], n] for name, n in calls.most_common()}
    return told


def baselines(cases):
    """Who echoes the first argument, and who gives the commonest answer."""
    outputs = Counter(case.stdout for case in cases)
    echoed = 0
    for case in cases:
        arguments = case.code.rsplit("print(repr(f(", 1)[1]
        echoed += arguments.startswith(case.stdout.strip())
    commonest, n = outputs.most_common(1)[0]
    return {"echo": echoed / len(cases), "commonest": n / len(cases), "which": commonest.strip()}


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="CRUXEVAL.jsonl", help="never trained on")
    args = tasks.settings(parser, "answers", argv=[
        "--world", "functions", "--out", "out/functions", *ANSWERS, *sys.argv[1:]])
    args.rank, args.ranks = 0, 1
    benchmark = programs.load_programs(args.file)
    make_data(args, benchmark)
    stage(args, "sft", *SIZES.get(args.preset, SIZES["cpu"])["model"].split(), *ANSWERS)
    sft.main(samples, "sft", __doc__)
    stage(args, "rl", *ANSWERS)
    rl.main("rl", __doc__)
    held_out, _ = tasks.load_split(args, "test", 10**6, 0)
    record = {"dropped": dropped(args), "baselines": {"benchmark": baselines(benchmark)}}
    for name in ("sft", "rl"):
        model = Model(args.out / f"{name}.pt", args)
        record[name] = {"parameters": model.checkpoint["model"].n_params(),
                        "benchmark": measure(model, benchmark, programs.is_right)}
        for set_, cases in held_out.items():
            record["baselines"][set_] = baselines(cases)
            record[name][set_] = measure(model, cases, programs.is_right)
    print(json.dumps(record, indent=1))
    replace_text(args.out / "functions.json", json.dumps(record | provenance(), indent=1) + "\n")


if __name__ == "__main__":
    main()
