"""CRUXEval from random weights: how far do a few million parameters come that may explain?

    python -m lab.functions CRUXEVAL.jsonl    # out/functions/functions.json; hours, in pieces

A model learns worlds/functions.py, explained and at once, by sft.py; rl.py goes on by outcome
rewards on prediction alone; both predict the held-out functions of the world, functions of one
template each and, once, the benchmark, greedily, in three ways: as they choose, told to explain,
told to answer at once. SIZES holds what differs from the preset. A killed run goes on by the same
command.

CRUXEVAL.jsonl: JSON lines with code (a function f), input (its arguments), output (repr of the
result). Right is what equals the output character by character; RL's reward and the logs' val_...
ignore blanks, as everywhere else. The benchmark is never trained on:
functions that are one of its functions, but for names, leave the data of SFT and of RL.
"""

import ast
import json
import random
import sys
from collections import Counter, defaultdict
from itertools import islice
from operator import sub
from pathlib import Path

import rl
import sft
import tasks
import tracer
from answers import Model, constructs
from commands import fail, manual, plainly, replace_text
from eval import figure
from lab import figures, programs
from runs import keep
from tasks import AT_ONCE, EXPLAINED, Case, explanation_lines, predict_answer
from trace import first_wrong_step
from worlds import functions

SIZES = {
    "cpu": {"data": "--sft-cases 120000 --rl-cases 8000 --val-cases 400 --test-cases 800",
            "model": "--n-layer 6 --n-embd 192 --n-head 6 --n-kv-head 2",
            "sft": "--steps 17600 --batch-tokens 6144 --muon-lr 0.02 --val-every 17600",
            "rl": "--steps 24 --predict-prompts 16 --solve-prompts 0 --fix-prompts 0 --val-every 24"
                  " --val-cases 40"},
    "gpu": {"data": "--sft-cases 320000 --rl-cases 10000 --val-cases 400 --test-cases 800",
            "model": "",
            "sft": "--steps 3300 --batch-tokens 32768 --val-every 3300 --val-cases 40",
            "rl": "--steps 24 --predict-prompts 32 --solve-prompts 0 --fix-prompts 0 --val-every 24"
                  " --val-cases 40"}}
ANSWERS = "--max-new-tokens-predict 800"
WAYS = {"free": "", "explained": EXPLAINED, "direct": AT_ONCE}
LENGTHS = range(49, 300, 50)  # characters: the last of each group
NAMED = {ast.FunctionDef: "name", ast.arg: "arg", ast.Name: "id"}  # where a function's names stand


# --------------------------------------------------------------------------------------------------
# The sets. Every program is a function, or several, and print(repr(f(...))).

def load_mbpp(path):
    """Each assertion of a call's result as a case; the result is left to `explain`."""
    def use(row, number):
        code = row["code"].replace("\r\n", "\n").strip()
        for assertion in row["test_list"]:
            test = ast.parse(assertion).body[0].test
            if isinstance(test, ast.Compare) and isinstance(test.left, ast.Call):
                program = f"{code}\n\nprint(repr({ast.unparse(test.left)}))\n"
                cases.append(Case(program, "", "", "", str(number), "foreign", "function"))

    cases = []
    programs.read_rows(path, use)
    return cases


def primitives(n=8):
    """At most n functions of each template alone, on arguments drawn anew. Their behaviour is that
    of training functions: most templates have one only."""
    rng, cases = random.Random("primitives"), []
    tables = functions.EXPRESSIONS | {"mutate": functions.STATEMENTS["mutate"]}
    for kind, (templates, _) in tables.items():
        for template in templates if kind not in ("test", "number") else ():
            knobs = {"alone": (kind, template)}
            drawn = (tasks.random_case(rng, functions, knobs, "train", "short") for _ in range(999))
            cases += islice(filter(None, drawn), n)
    return cases


def function_of(code):
    """Without its call."""
    return code.rpartition("\n\nprint(repr(")[0]


def nameless(code):
    """-> the text of each function, its own name and its variables' numbered: those of two
    programs are equal if they differ in names, spaces and comments alone."""
    texts = set()
    for function in ast.walk(ast.parse(code)):
        if isinstance(function, ast.FunctionDef):
            named, own, numbers = [], set(), {}
            for node in ast.walk(function):
                if place := NAMED.get(type(node)):
                    named.append((node, place))
                    if not isinstance(getattr(node, "ctx", None), ast.Load):
                        own.add(getattr(node, place))
            for node, place in named:
                name = getattr(node, place)
                if name in own:  # not of a builtin
                    setattr(node, place, numbers.setdefault(name, f"v{len(numbers)}"))
            texts.add(ast.unparse(function))
    return texts


# --------------------------------------------------------------------------------------------------
# The stages.

def give(args, *flags):
    """To the next script, by sys.argv."""
    sys.argv[1:] = ["--world", "functions", "--preset", args.preset, "--seed", str(args.seed),
                    "--out", str(args.out), *" ".join(flags).split()]


def make_data(cases):
    """The data files, without the functions of these cases -> how many were dropped of each."""
    args, theirs, dropped = tasks.settings(manual(__doc__), "data"), set(), {}
    tasks.make_data(args)
    for case in cases:
        theirs |= nameless(case.code)
    for name in ("sft_cases", "rl_cases"):
        path, kept = args.out / "data" / f"{name}.jsonl", []
        for line in path.open():
            if not nameless(json.loads(line)["code"]) & theirs:
                kept.append(line)
        replace_text(path, "".join(kept))
        dropped[name] = getattr(args, name) - len(kept)
    return dropped


def predict(model, cases):
    """-> way -> is each prediction right, and explained_minus_direct; the explained answers"""
    right, pairs = {}, [(case.code, case.stdin) for case in cases]
    truths = [case.outcome for case in cases]
    for way, begin in WAYS.items():
        right[way] = list(map(programs.is_exact, model.belief(pairs, 0, begin), truths))
    right["explained_minus_direct"] = list(map(sub, right["explained"], right["direct"]))
    return right, model.simulate(pairs, 0, EXPLAINED)


def explain(cases):
    """Programs from elsewhere get their true explanations, in the words of the world, and, where
    the file does not say it, what they print. -> those that have it."""
    for case in cases:
        if not case.nlex:
            run = tracer.record(case.code)
            if run.status == "OK":
                case.stdout = case.stdout or run.stdout
            case.nlex = predict_answer(functions.narrate(run), case.outcome)
    return [case for case in cases if case.stdout or case.error]


# --------------------------------------------------------------------------------------------------
# What the functions are made of, and where explained answers go wrong.

LABELS = {
    "plain": lambda case: str(  # typed as ast.unparse does, but for an empty line
        case.code.replace("\n\n", "\n") == ast.unparse(ast.parse(case.code)) + "\n"),
    "construct": lambda case: functions.construct(function_of(case.code)),
    "length": lambda case: figures.bin_of(len(function_of(case.code)), LENGTHS, 0)}


def calls(function, ends="()"):
    """{".replace()", "len()"}: methods and builtins; with other ends other constructs."""
    return {name for name in constructs(function) if name.endswith(ends)}


def histogram(cases):
    """What the functions are made of: characters in the mean; in which share of them each kind of
    syntax, method and builtin occurs; the share of each length and type of result. What is rare, or
    in all of them, is left out."""
    found, shares = Counter(), {}
    for case in cases:
        function = function_of(case.code)
        found["characters"] += len(function)
        found[f"{LABELS['length'](case)} characters"] += 1
        found.update({type(node).__name__ for node in ast.walk(ast.parse(function))})
        found.update(calls(function))
        try:
            found[f"returns {type(ast.literal_eval(case.stdout.strip())).__name__}"] += 1
        except (ValueError, SyntaxError):
            found["an error, or a value without notation"] += 1
    for name, total in found.most_common():
        if total != len(cases) and total >= 0.03 * len(cases):
            shares[name] = total / len(cases)
    return shares


def baselines(cases):
    """Who echoes the first argument, and who gives the commonest result."""
    results, echoed = Counter(case.stdout.strip() or case.error for case in cases), 0
    for case in cases:
        call = ast.parse(case.code).body[-1].value.args[0].args[0]
        echoed += case.stdout.strip() in map(ast.unparse, call.args[:1])
    return {"echo": echoed / len(cases), "commonest": max(results.values()) / len(cases)}


def details(cases, answers, right):
    """Where explained answers are right, by construct, length and what is called; the first wrong
    step."""
    told = figures.breakdown(cases, right, LABELS)
    callers, told["method"] = defaultdict(list), {}
    for case, good in zip(cases, right):
        for name in calls(function_of(case.code), ("()", "]")):  # [], [:], comprehensions, too
            callers[name].append((good, case.cls))
    for name, rows in sorted(callers.items(), key=lambda item: -len(item[1])):
        if len(rows) > 7:  # the rare ones say nothing
            told["method"][name] = figure(*zip(*rows))
    told["first_wrong_step"] = figures.wrong_steps(cases, right, answers)
    kinds, cut_off = told["first_wrong_step"]["kinds"], answers.count("")
    kinds["format"] -= cut_off  # where nothing is said, the first line is missing
    kinds["cut off"] = cut_off
    return told


def examples(cases, answers, right):
    """The first ten right and the first ten wrong explanations, above what is true."""
    texts = []
    for verdict in ("Right", "Wrong"):
        chosen = [k for k, good in enumerate(right) if good == (verdict == "Right")]
        for k in chosen[:10]:
            said, true = answers[k] or "(cut off)", cases[k].nlex
            step = first_wrong_step(explanation_lines(said), explanation_lines(true))
            line = f"wrong from line {step[0] + 1}" if step else "every line right"
            texts += [f"== {verdict}, {line}", cases[k].code, "-- said", said, "-- true", true, ""]
    return "\n".join(texts)


# --------------------------------------------------------------------------------------------------

def measure(models, sets, out):
    """-> figures of each set, histogram, the last model's methods; writes its examples."""
    record, shares, methods = {}, defaultdict(dict), defaultdict(dict)
    for set_, cases in sets.items():
        for name, share in histogram(cases).items():
            shares[name][set_] = share
        columns, told = {}, {"baselines": baselines(cases)}
        for name, model in models.items():
            right, answers = predict(model, cases)
            columns[name] = figures.of(cases, right)
            told[name] = details(cases, answers, right["explained"])
            called = told[name].pop("method")
        for method, share in called.items():
            methods[method][set_] = share
        record[set_] = figures.compare(columns, ["rl minus sft"]) | told
        text = examples(cases, answers, right["explained"])
        replace_text(out / f"examples-{set_}.txt", text)
    return record | {"histogram": shares, "methods": methods}


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="CRUXEVAL.jsonl", help="never trained on")
    parser.add_argument("--mbpp", type=Path, help="a second set: MBPP's JSON lines")
    args = tasks.settings(parser, "answers", argv=[
        "--world", "functions", "--out", "out/functions", *ANSWERS.split(), *sys.argv[1:]])
    if args.preset not in SIZES:
        fail(f"--preset must be one of {', '.join(SIZES)}")
    sets, sizes = {"benchmark": programs.load_programs(args.file)}, SIZES[args.preset]
    if args.mbpp:
        sets["mbpp"] = explain(load_mbpp(args.mbpp))
    for name, cases in sets.items():
        if {case.kind for case in cases} != {"function"}:
            fail(f"{name}: every row must be a function with its call, and one must end")

    give(args, sizes["data"])
    dropped = make_data(sum(sets.values(), []))
    give(args, sizes["model"], sizes["sft"], ANSWERS)
    sft.main()
    give(args, sizes["rl"], ANSWERS)
    rl.main()

    models = {name: Model(args.out / f"{name}.pt", args) for name in ("sft", "rl")}
    sets |= tasks.load_split(args, "test", 10**6, 0)[0]
    explain(sets["benchmark"])
    sets["primitives"] = primitives()
    record = {"dropped": dropped} | measure(models, sets, args.out)
    keep(args.out / "functions.json", record)


if __name__ == "__main__":
    main()
