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
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

import rl
import sft
import tasks
import tracer
from answers import Model
from commands import fail, manual, plainly, replace_text
from eval import figure
from lab import figures, programs
from runs import provenance
from sandbox import Sandbox
from tasks import AT_ONCE, EXPLAINED, Case, explanation_lines, parse_outcome
from trace import first_wrong_step
from worlds import functions

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
EVERYWHERE = {*"Module FunctionDef Return arguments arg Name Load Store Constant Expr".split()}


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


def load_mbpp(path):
    """Each assertion of a call's result as a case; the result is what the program really gives."""
    jobs, cases = [], []
    with plainly(ValueError, KeyError, TypeError, OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for assertion in row["test_list"]:
                (test,) = ast.parse(assertion).body
                if isinstance(test.test, ast.Compare) and isinstance(test.test.left, ast.Call):
                    code = f"{row['code'].strip()}\n\nprint(repr({ast.unparse(test.test.left)}))\n"
                    jobs.append((code.replace("\r\n", "\n"), ""))
    with Sandbox() as sandbox:
        for (code, _), run in zip(jobs, sandbox.map(jobs)):
            if run.status == "OK":
                cls = str(zlib.crc32(function_of(code).encode()))
                cases.append(Case(code, "", run.stdout, "", cls, "foreign", "function"))
    return cases


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


def histogram(cases):
    """What the functions are made of: statements and characters in the mean; in which share of them
    each statement, kind of expression, method and builtin occurs, and each type of result."""
    parts, statements, characters = Counter(), 0, 0
    for case in cases:
        code = function_of(case.code)
        nodes = list(ast.walk(ast.parse(code)))
        statements += sum(isinstance(node, ast.stmt) for node in nodes) - 1  # but for the def
        characters += len(code)
        parts.update({type(node).__name__ for node in nodes} - EVERYWHERE | methods(code))
        try:
            parts[f"returns {type(ast.literal_eval(case.stdout.strip())).__name__}"] += 1
        except (ValueError, SyntaxError):
            parts["an error, or a value without notation"] += 1
    told = {"statements": statements, "characters": characters} | dict(parts.most_common())
    return {name: total / len(cases) for name, total in told.items()}


def beside(histograms):
    """set -> name -> share, turned round; without what is rare in all of them."""
    made = {}
    for name in dict.fromkeys(sum(map(list, histograms.values()), [])):
        shares = {set_: shares.get(name, 0) for set_, shares in histograms.items()}
        if max(shares.values()) >= 0.03:
            made[name] = shares
    return made


def true_lines(case):
    """The explanation that is right."""
    if case.nlex:
        return explanation_lines(case.nlex)
    run = tracer.record(case.code, case.stdin)
    return functions.narrate(run) if run.complete else []


def measure(model, cases):
    """-> columns of figures.compare, of each way; details of the explained answers; these."""
    columns, pairs = {}, [(case.code, case.stdin) for case in cases]
    for way, begin in WAYS.items():
        answers = model.simulate(pairs, 0, begin)
        judged = list(map(programs.is_right, cases, map(parse_outcome, answers)))
        columns[way] = judged, cases
        if way == "explained":
            told = answers, judged
    gain = np.subtract(columns["explained"][0], columns["direct"][0], dtype=float)
    columns["explained_minus_direct"] = gain, cases
    return columns, details(cases, *told), told


def details(cases, answers, judged):
    """Where explained answers are right: by construct, length, method; the first wrong step of the
    wrong ones, by kind and by what it calls."""
    right, told = {"right": (judged, cases)}, {}
    for name, label in (("construct", lambda case: construct(case.code)),
                        ("length", lambda case: f"{len(case.code) // 50 * 50}+")):
        rows = figures.split(right, label)
        told[name] = {key: row["right"] for key, row in sorted(rows.items())}
    callers, wrong, at = defaultdict(list), Counter(), Counter()
    for k, (case, answer, good) in enumerate(zip(cases, answers, judged)):
        for name in methods(case.code):
            callers[name].append(k)
        if good:
            continue
        if not answer:
            wrong["cut off"] += 1
            continue
        true = true_lines(case)
        step = first_wrong_step(explanation_lines(answer), true)
        wrong[step[1] if step else "none"] += 1
        if step and step[0] < len(true):
            at.update(set(re.findall(r"\.?\b[a-z]\w*(?=\()", true[step[0]])) or {"no call"})
    told["method"] = {}
    for name, chosen in sorted(callers.items(), key=lambda item: -len(item[1])):
        if 100 * len(chosen) < len(cases):  # the rare ones say nothing
            break
        classes = [cases[k].cls for k in chosen]
        told["method"][name] = figure([judged[k] for k in chosen], classes)
    return told | {"first_wrong_step": wrong, "called_there": dict(at.most_common())}


def examples(cases, answers, judged, n=10):
    """The first n right and the first n wrong explanations, beside what is true."""
    texts = []
    for wanted in (True, False):
        chosen = [k for k, good in enumerate(judged) if good == wanted][:n]
        for k in chosen:
            case, true = cases[k], true_lines(cases[k])
            said = explanation_lines(answers[k])
            step = first_wrong_step(said, true)
            title = "Right" if wanted else f"Wrong, from line {step[0] + 1 if step else len(said)}"
            texts.append(f"== {title}\n{case.code}\n-- said\n{answers[k] or '(cut off)'}\n"
                         "-- true\n" + "\n".join([*true, case.stdout]))
    return "\n".join(texts)


def baselines(cases):
    """Who echoes the first argument, and who gives the commonest answer."""
    outputs = Counter(case.stdout for case in cases)
    echoed = 0
    for case in cases:
        arguments = case.code.rsplit("print(repr(", 1)[1].partition("(")[2]
        echoed += arguments.startswith(case.stdout.strip())
    commonest, n = outputs.most_common(1)[0]
    return {"echo": echoed / len(cases), "commonest": n / len(cases), "which": commonest.strip()}


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="CRUXEVAL.jsonl", help="never trained on")
    parser.add_argument("--mbpp", type=Path, help="a second set: MBPP's JSON lines")
    args = tasks.settings(parser, "answers", argv=[
        "--world", "functions", "--out", "out/functions", *ANSWERS, *sys.argv[1:]])
    args.rank, args.ranks = 0, 1
    sets = {"benchmark": programs.load_programs(args.file)}
    if args.mbpp:
        sets["mbpp"] = load_mbpp(args.mbpp)
    make_data(args, sum(sets.values(), []))
    stage(args, "sft", *SIZES.get(args.preset, SIZES["cpu"])["model"].split(), *ANSWERS)
    sft.main(samples, "sft", __doc__)
    stage(args, "rl", *ANSWERS)
    rl.main("rl", __doc__)
    sets |= tasks.load_split(args, "test", 10**6, 0)[0]
    record, histograms = {"dropped": dropped(args)}, {}
    models = {name: Model(args.out / f"{name}.pt", args) for name in ("sft", "rl")}
    record["parameters"] = models["rl"].checkpoint["model"].n_params()
    for set_, cases in sets.items():
        columns, made = {}, {"baselines": baselines(cases)}
        histograms[set_] = histogram(cases)
        for name, model in models.items():
            columns[name], made[name], told = measure(model, cases)
        record[set_] = figures.compare(columns, ["rl minus sft"]) | made
        replace_text(args.out / f"examples-{set_}.txt", examples(cases, *told))
    record["histogram"] = beside(histograms)
    print(json.dumps(record, indent=1))
    replace_text(args.out / "functions.json", json.dumps(record | provenance(), indent=1) + "\n")


if __name__ == "__main__":
    main()
