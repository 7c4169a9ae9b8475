"""Did it work? Output prediction, solving, picking by simulation (best@k), repairing by simulation (self-RLEF).

    python eval.py                                          # out/metrics.json, out/report.md, out/*.png; after sft.py and rl.py
    python eval.py --full --samples 20 --predictions 5      # the paper's sizes, more controls, and every ablation that has a checkpoint
    python eval.py --programs FILE.jsonl                    # predict programs from elsewhere (fields code, input, output, maybe level)
    python eval.py --show prog.py --stdin "3 1 2"           # the model's simulation beside the truth, first wrong step marked

Paper sections 3 (best@k), 4 (self-RLEF, Algorithm 1) and 5. The model only ever reads prompts; every program is really run here, in the
sandbox, to know the truth. Everything is sampled at temperature 1; predictions also greedily. A figure is {value, lo, hi, n}: a mean and
its 95 % interval by bootstrap over behaviour classes. Tests of the test split only: nothing may be chosen by these numbers.

The evaluation goes section by section. Each keeps its raw rows in out/eval-cache, so the same command goes on where it was killed.
Sampling is shared by the processes of the run (parallel.py).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch

import figures
import report
import tasks
import trace as nlex  # our trace.py
from model import CheckpointError, Tokenizer, generate, load_checkpoint, pick_device
from parallel import Team, join_processes
from sandbox import Sandbox
from tasks import Case, Outcome, Problem, parse_outcome, parse_program, same_outcome

# file: (stage, answer format); run.sh says how each is made. The keys of metrics["predict"] are stage/format/set.
CHECKPOINTS = {
    "sft": ("sft", "nlex"),
    "rl": ("rl", "nlex"),
    "sft-short-nlex": ("sft_short_budget", "nlex"),
    "sft-short-none": ("sft_short_budget", "none"),
    "sft-predict": ("sft_predict_only", "nlex"),
    "sft-raw": ("sft", "raw"),
    "sft-none": ("sft", "none"),
    "predict-rl": ("rl_predict_only", "nlex"),
    # RL's other rewards, and SFT continued for as long: on its own mixture (control), with explanations of RL's prompts (ceiling)
    "rl-outcome": ("rl_outcome", "nlex"),
    "rl-rejection": ("rl_rejection", "nlex"),
    "sft-control": ("sft_control", "nlex"),
    "sft-ceiling": ("sft_ceiling", "nlex"),
    # the same where explanations are scarce
    "few": ("few", "nlex"),
    "few-rl": ("few_rl", "nlex"),
    "few-rl-outcome": ("few_rl_outcome", "nlex"),
    "few-rl-rejection": ("few_rl_rejection", "nlex"),
    "few-control": ("few_control", "nlex"),
    "few-ceiling": ("few_ceiling", "nlex"),
    # all three texts with another answer format, before and after RL
    "joint-raw": ("joint", "raw"),
    "joint-none": ("joint", "none"),
    "joint-raw-rl": ("joint_rl", "raw"),
    "joint-none-rl": ("joint_rl", "none"),
    # other texts in SFT: no fix turn at all; some solve prompts without tests, some fix prompts with the failing run's explanation
    "no-fix": ("no_fix", "nlex"),
    "extra": ("extra", "nlex"),
    # a copy of another seed's rl.pt, whose programs are judged, too: behaviour decides the split, so what is held out from one seed is
    # held out from all
    "other": ("other", "nlex"),
}
PREDICT_ONLY = ("sft-short-nlex", "sft-short-none", "sft-predict", "sft-raw", "sft-none", "predict-rl")
NEEDED = {"sft": "python sft.py", "rl": "python rl.py", "sft-short-nlex": "python sft.py --predict-only",
          "sft-short-none": "python sft.py --predict-only --format none"}  # made by


class Section(NamedTuple):
    """One part of the evaluation: Evaluation.<work>(the first of reads, **options) gives its rows."""
    title: str
    work: str
    reads: list[str]   # the checkpoints it depends on; where one is missing, the section is left out
    options: dict = {}


def sections(found: list[str], full: bool) -> list[Section]:
    """What there is to do with these checkpoints, in this order."""
    plan = [Section(f"solve-{name}", "solve", [name]) for name in ("sft", "rl")]
    plan += [Section(f"predict-{name}", "predict", [name]) for name in CHECKPOINTS if name != "other"]
    plan += [Section("best", "simulate", ["rl"]), Section("self-rlef", "repair", ["rl"])]
    if full:
        last = lambda start, trained: trained if trained in found else start
        verifier, other = last("sft-predict", "predict-rl"), last(last("joint-none", "joint-none-rl"), "other")
        others = [name for name in ("sft", "sft-predict", "predict-rl") if name in found]
        plan += [Section(f"solve-{name}", "solve", [name])
                 for name in CHECKPOINTS if name not in (*PREDICT_ONLY, "sft", "rl")]
        plan += [
            Section("solve-extra-without-tests", "solve", ["extra"], {"show_tests": False}),
            Section("own", "predict_own", ["rl", *others], {"others": others}),
            Section("self-rlef-exchanged", "exchanged", ["rl"]),
            Section("self-rlef-sft", "repair", ["sft"]),
            Section("self-rlef-no-fix", "repair", ["no-fix"]),
            Section("self-rlef-traces", "repair_with_traces", ["extra"]),
            Section("best-predict-only", "simulate", [verifier, "rl"]),
            Section("best-other", "simulate", ["rl", other], {"programs_of": other, "count": 1}),
            Section("best-extra", "simulate", ["extra"], {"programs_of": "extra", "count": 1}),
            Section("best-extra-without-tests", "simulate", ["extra"], {"programs_of": "extra-without-tests", "count": 1}),
        ]
    return [section for section in plan if set(section.reads) <= set(found)]


EXPLAINED = 100  # of its own programs so many are recorded to find the first wrong step: recording foreign code costs 30 ms a run


# ---------------------------------------------------------------------------------------------------------------------------
# Asking the model.

class Answer(NamedTuple):
    text: str
    tokens: int        # sampled tokens, the end token included; 0: the prompt was too long to be read


class Models(Team):
    """Checkpoints, read once in every process; each samples its share of the prompts."""
    def __init__(self, device: str, rank: int = 0, ranks: int = 1):
        super().__init__(rank, ranks)
        self.read = lru_cache(None)(lambda path: read_checkpoint(path, device))

    def generate(self, path: Path, options: dict, prompts: list[list[int]], max_new_tokens: int, group: int, seed: int) -> list:
        return self.share(prompts, lambda mine: generate(self.read(path)["model"], mine, max_new_tokens, group,
                                                         seed * self.ranks + self.rank, **options))


def make_generate(models: Models, path: Path, tokenizer, max_new_tokens: int, temperature: float = 1.0, seed: int = 0,
                  batch_rows: int = 256):
    """-> function(user texts, group=1) -> per text a list of `group` Answers. Each call draws from its own seed. A prompt that leaves no
    room in the context is answered by an empty text."""
    calls, n_ctx = itertools.count(), models.read(path)["model"].config.n_ctx
    options = {"end": tokenizer.end, "temperature": temperature, "batch_rows": batch_rows}

    def answer(users: list[str], group: int = 1) -> list[list[Answer]]:
        prompts = [tokenizer.prompt(user) for user in users]
        fits = [k for k, prompt in enumerate(prompts) if len(prompt) < n_ctx]
        answers = [[Answer("", 0)] * group for _ in users]
        rollouts = models.everywhere("generate", path, options, [prompts[k] for k in fits], max_new_tokens, group,
                                     1_000_003 * seed + next(calls))
        for k, sampled in zip(fits, rollouts):
            answers[k] = [Answer(tokenizer.decode([t for t in r.tokens if t != tokenizer.end]), len(r.tokens)) for r in sampled]
        return answers
    return answer


class Simulator:
    """The model as an interpreter. Predictions are remembered: each distinct (program, stdin) is simulated once (per replicate)."""

    def __init__(self, answer, path: Path | None = None, stamp=None):
        """answer: as made by make_generate. path: where `save` keeps what is known, valid as long as the stamp is the same."""
        self.answer, self.path, self.stamp, self.known = answer, path, stamp, {}
        if path and path.exists():
            kept = json.loads(path.read_text())
            if kept["stamp"] == stamp:
                self.known = {(code, stdin): texts for code, stdin, texts in kept["known"]}

    def texts(self, pairs: list[tuple[str, str]], count: int = 1) -> list[list[str]]:
        """`count` sampled explanations of each (program, stdin)."""
        missing: dict[int, list] = {}
        for pair in dict.fromkeys(map(tuple, pairs)):
            missing.setdefault(count - len(self.known.get(pair, [])), []).append(pair)
        for group, new in missing.items():
            if group > 0:
                for pair, answers in zip(new, self.answer([tasks.predict_prompt(*pair) for pair in new], group)):
                    self.known[pair] = self.known.get(pair, []) + [a.text for a in answers]
        return [self.known[tuple(pair)][:count] for pair in pairs]

    def outcomes(self, pairs: list[tuple[str, str]], count: int = 1) -> list[list[Outcome | None]]:
        """`count` predicted outcomes of each (program, stdin); None: the answer has no readable output."""
        return [[parse_outcome(text) for text in texts] for texts in self.texts(pairs, count)]

    def first(self, pairs: list[tuple[str, str]]) -> list[Outcome | None]:
        """One predicted outcome of each (program, stdin)."""
        return [outcomes[0] for outcomes in self.outcomes(pairs)]

    def save(self) -> None:
        write_json(self.path, {"stamp": self.stamp, "known": [[*pair, texts] for pair, texts in self.known.items()]}, indent=None)


# ---------------------------------------------------------------------------------------------------------------------------
# Solving, picking, repairing. `observe` is a function from (program, stdin) pairs to outcomes: Runner.outcomes (the truth) or
# Simulator.first (what the model believes).

def on_public_tests(problems: list[Problem], programs: list[str | None], observe) -> list[list[Outcome | None]]:
    """Outcome of each problem's program on each public test, all in one call of observe; None for unreadable programs (None)."""
    pairs = [(code, stdin) for problem, code in zip(problems, programs) if code is not None for stdin, _ in problem.public]
    outcomes = iter(observe(pairs) if pairs else [])
    return [[None if code is None else next(outcomes) for _ in problem.public] for problem, code in zip(problems, programs)]


def count_right(problem: Problem, program: str | None, outcomes: list[Outcome | None]) -> int:
    """Score of a program: public tests passed by these outcomes; -1 if it is unreadable."""
    return -1 if program is None else sum(right for *_, right in tasks.feedback(problem, outcomes))


def self_rlef(problems: list[Problem], first: list[str | None], answer, observe, turns: int, exchange: bool = False,
              explain=None) -> list[list[str | None]]:
    """Algorithm 1 (paper section 4): observe the program on each public test, ask to submit or fix, until it submits or has written `turns`
    programs (then the last one counts). An answer without a program keeps the last program and submits it. All problems go turn by turn
    together. Returns the programs of each problem, the submitted one last. exchange: each gets the next one's first feedback (a control).
    explain: function from (program, stdin) to the lines that tell that run; the first failing test's are shown, too (beyond the paper)."""
    histories = [[program] for program in first]
    active, donors = [i for i in range(len(problems)) if turns > 1], []
    while active:
        outcomes = on_public_tests([problems[i] for i in active], [histories[i][-1] for i in active], observe)
        results = [tasks.feedback(problems[i], got) for i, got in zip(active, outcomes)]
        if exchange:
            donors = donors or results[1:] + results[:1]  # of the first turn, when all are there
            results = [[(stdin, want, *donors[i][t % len(donors[i])][2:]) for t, (stdin, want, *_) in enumerate(own)]
                       for i, own in zip(active, results)]
        tell = lambda code: partial(explain, code) if explain and code is not None else None
        answers = answer([tasks.fix_prompt(problems[i], histories[i][-1] or "", result, tell(histories[i][-1]))
                          for i, result in zip(active, results)])
        again = []
        for i, (reply,) in zip(active, answers):
            program = None if tasks.is_submit(reply.text) else parse_program(reply.text)
            if program is not None:
                histories[i].append(program)
                if len(histories[i]) < turns:
                    again.append(i)
        active = again
    return histories


def resample(problems: list[Problem], programs: list[list[str | None]], answer, observe, turns: int) -> list[list[str | None]]:
    """Control for self-RLEF: programs from the solve prompt until one is observed to pass all public tests, `turns` at most (then the last
    one counts). programs: samples already drawn, used first. Returns the programs of each problem, the submitted one last."""
    histories: list[list] = [[] for _ in problems]
    active, rows = list(range(len(problems))), [list(row[:turns]) for row in programs]
    while active:
        for i in active:
            histories[i].append(rows[i][len(histories[i])])
        outcomes = on_public_tests([problems[i] for i in active], [histories[i][-1] for i in active], observe)
        active = [i for i, got in zip(active, outcomes) if len(histories[i]) < turns
                  and count_right(problems[i], histories[i][-1], got) < len(problems[i].public)]
        short = [i for i in active if len(rows[i]) == len(histories[i])]
        if short:  # all the rest at once: they are few
            more = answer([tasks.solve_prompt(problems[i]) for i in short], turns - len(rows[short[0]]))
            for i, answers in zip(short, more):
                rows[i] += [parse_program(a.text) for a in answers]
    return histories


# ---------------------------------------------------------------------------------------------------------------------------
# What a case is like.

def input_length(stdin: str) -> int:
    """Items of an input of the world: "3 1 2" -> 3; "90417" -> 5 digits; "6" -> 6, the numbers from 1 to n (digits are never so few)."""
    items = stdin.split()
    if len(items) != 1:
        return len(items)
    return int(stdin) if stdin.strip().isdecimal() and len(stdin.strip()) <= 2 else len(stdin.strip())


def value_size(answer: str) -> int:
    """The largest absolute integer that a true explanation computes or prints: "Turn 12: x = -40." -> 40. Numbers of turns, the line of
    the input, and digits inside strings do not count."""
    return max(map(int, re.findall(r"\d+", re.sub(r"We read .*|Turn \d+:|'[^']*'", "", answer))), default=0)


# ---------------------------------------------------------------------------------------------------------------------------
# The evaluation.

def fail(message: str) -> NoReturn:
    """One line for the person, exit status 2."""
    print(f"eval.py: {message}", file=sys.stderr)
    sys.exit(2)


def write_json(path: Path, record, indent: int | None = 1) -> None:
    """Whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, indent=indent) + "\n")
    os.replace(temporary, path)


def stamp(path: Path) -> list[int]:
    """Changes when the file changes."""
    return [path.stat().st_mtime_ns, path.stat().st_size]


def read_checkpoint(path: Path, device: str) -> dict:
    try:
        return load_checkpoint(path, device)
    except CheckpointError as problem:
        fail(str(problem))


def find(out: Path) -> list[str]:
    """The checkpoints that are there. Fails where one is needed and missing, or cannot be read."""
    for name, command in NEEDED.items():
        if not (out / f"{name}.pt").exists():
            fail(f"{out / name}.pt is missing: make it with `{command} --out {out}`, or everything with `bash run.sh`")
    found = [name for name in CHECKPOINTS if (out / f"{name}.pt").exists()]
    for name in found:
        read_checkpoint(out / f"{name}.pt", "cpu")
    return found


class Evaluation:
    """The test data, the models, and one method per section; each returns rows that JSON can hold."""

    def __init__(self, args: argparse.Namespace, models: Models, found: list[str], sandbox: Sandbox):
        self.args, self.models, self.found, self.sandbox, self.runner = args, models, found, sandbox, tasks.Runner(sandbox)
        data = args.out / "data"
        self.problems = tasks.load_problems(data / "test_problems.jsonl")[:args.problems]
        cases = tasks.load_cases(data / "test_cases.jsonl")
        self.cases = [c for set_ in ("short", "longer") for c in [c for c in cases if c.set == set_][:args.cases]]
        self.paths = {name: args.out / f"{name}.pt" for name in CHECKPOINTS}
        self.tokenizer, self.device = Tokenizer(), pick_device()
        self.cache = args.out / "eval-cache"
        self.cache.mkdir(exist_ok=True)
        # a section's rows are valid as long as the sizes, the test data and the checkpoints it reads are the same
        sizes = {k: v for k, v in vars(args).items() if type(v) in (int, float) or k == "preset"}
        self.stamp = [{**sizes, "processes": models.ranks}, stamp(data / "test_cases.jsonl"),
                      stamp(data / "test_problems.jsonl")]
        self.checkpoint = lambda name: models.read(self.paths[name])
        self.simulator = lru_cache(None)(lambda name: Simulator(
            self.ask(name, "predict"), self.cache / f"simulated-{name}.json", [self.stamp, stamp(self.paths[name])]))
        self.rows: dict[str, dict] = {}

    def ask(self, name: str, kind: str, temperature: float = 1.0, salt: int = 0):
        """Function from user texts to Answers of a checkpoint. kind: predict | solve (sets the length)."""
        return make_generate(self.models, self.paths[name], self.tokenizer, getattr(self.args, f"max_new_tokens_{kind}"), temperature,
                             100 * self.args.seed + salt, self.args.batch_rows)

    def section(self, section: Section) -> float:
        """Do it unless its rows are in the cache; keep them in self.rows[title]. Returns the seconds it took, now or then."""
        title = section.title
        path, key = self.cache / f"{title}.json", [self.stamp, *(stamp(self.paths[name]) for name in sorted(section.reads))]
        if path.exists():
            kept = json.loads(path.read_text())
            if kept["key"] == key:
                self.rows[title] = kept["rows"]
                print(f"eval   {title:26s} is there")
                return kept["seconds"]
        started = time.time()
        if sys.stdout.isatty():
            print(f"eval   {title} ...", end="\r", flush=True)
        rows = getattr(self, section.work)(section.reads[0], **section.options)
        for simulator in rows.pop("simulators", []):
            simulator.save()
        seconds = round(time.time() - started, 1)
        write_json(path, {"key": key, "seconds": seconds, "rows": rows}, indent=None)
        self.rows[title] = json.loads(json.dumps(rows))
        print(f"eval   {title:26s} {seconds:6.1f} s", flush=True)
        return seconds

    # ------------------------------------------------------------------------------------------------------------------ sections

    def solve(self, name: str, show_tests: bool = True) -> dict:
        """Programs of each problem, their lengths in tokens, right on all tests, and the number of public tests really passed."""
        answers = self.ask(name, "solve", salt=1)([tasks.solve_prompt(p, show_tests) for p in self.problems], self.args.samples)
        programs = [[parse_program(a.text) for a in row] for row in answers]
        flat = [(problem, code) for problem, row in zip(self.problems, programs) for code in row]
        passed = on_public_tests([p for p, _ in flat], [code for _, code in flat], self.runner.outcomes)
        right = self.right(flat)
        n = self.args.samples
        split = lambda values: [values[i:i + n] for i in range(0, len(values), n)]
        return {"programs": programs, "tokens": [[a.tokens for a in row] for row in answers], "right": split(right),
                "passed": split([count_right(p, code, got) for (p, code), got in zip(flat, passed)])}

    def right(self, jobs: list[tuple[Problem, str | None]], tests: str = "tests") -> list[bool]:
        """Whether each program passes all tests of its problem (tests: tests | public); unreadable programs do not."""
        solved = iter(self.runner.solved([(code, getattr(problem, tests)) for problem, code in jobs if code is not None]))
        return [code is not None and next(solved) for _, code in jobs]

    def true_lines(self, code: str, stdin: str, max_events: int = 10_000) -> list[str]:
        """The explanation of a run; none where it cannot be recorded to its end."""
        run = nlex.record(code, stdin, max_events, sandbox=self.sandbox)
        return nlex.narrate(run) if run.complete and run.status != "LIMIT" else []

    def own_cases(self, name: str) -> list[Case]:
        """Prediction cases from the model's own programs: distinct (program, public input) pairs, the truth by running them."""
        pairs = {(code, stdin): problem.cls for problem, row in zip(self.problems, self.rows[f"solve-{name}"]["programs"])
                 for code in row if code is not None for stdin, _ in problem.public}
        chosen = random.Random(self.args.seed).sample(list(pairs), min(self.args.cases, len(pairs)))
        cases = []
        for pair, outcome in zip(chosen, self.runner.outcomes(chosen)):
            if outcome is not None:  # a run that hit a limit is no prediction
                lines = self.true_lines(*pair) if len(cases) < EXPLAINED else []
                cases.append(Case(*pair, *outcome, pairs[pair], "own", "own", len(lines), tasks.predict_answer(lines, outcome)))
        return cases

    def predict(self, name: str) -> dict:
        """Per case: are the sampled predictions right, is the greedy one, how many agree, and where the first wrong step is."""
        cases = self.cases + (self.own_cases(name) if name in ("sft", "rl") else [])
        extra = self.checkpoint(name)["extra"] or {}
        return {"items": self.predictions(name, cases), "extra": {
            "tokens": extra.get("tokens"), "examples": extra.get("examples"),
            "seconds": extra.get("seconds")}, "simulators": [self.simulator(name)]}

    def predict_own(self, name: str, others: list[str]) -> dict:
        """The same for several models on the same cases: programs that `name` wrote."""
        cases, models = self.own_cases(name), [name, *others]
        return {"items": {model: self.predictions(model, cases) for model in models}, "simulators": [*map(self.simulator, models)]}

    def predictions(self, name: str, cases: list[Case]) -> list[dict]:
        pairs = [(c.code, c.stdin) for c in cases]
        simulator = self.simulator(name)
        sampled = simulator.texts(pairs, self.args.predictions)
        greedy = self.ask(name, "predict", temperature=0.0)([tasks.predict_prompt(*pair) for pair in pairs])
        items = []
        for case, texts, (first,) in zip(cases, sampled, greedy):
            outcomes = [parse_outcome(text) for text in texts]
            common, votes = Counter((tuple(got[0].split()), got[1]) if got else None for got in outcomes).most_common(1)[0]
            item = {"set": case.set, "kind": case.kind, "cls": case.cls, "steps": case.steps, "votes": votes,
                    "length": input_length(case.stdin), "size": value_size(case.nlex),
                    "right": [same_outcome(got, case.outcome) for got in outcomes], "readable": outcomes[0] is not None,
                    "majority": bool(common) and same_outcome((" ".join(common[0]), common[1]), case.outcome),
                    "greedy": same_outcome(parse_outcome(first.text), case.outcome)}
            if CHECKPOINTS[name][1] == "nlex" and case.steps:
                wrong = nlex.first_wrong_step(tasks.explanation_lines(texts[0]), tasks.explanation_lines(case.nlex))
                item["first_wrong"] = wrong and [wrong[0], wrong[1]]
            items.append(item)
        return items

    def simulate(self, name: str, programs_of: str = "rl", count: int = 0) -> dict:
        """Per replicate, problem and program: number of public tests that checkpoint `name` predicts to be passed. programs_of: the solve
        section whose programs they are; count: replicates (0: the flag's)."""
        programs, simulator = self.rows[f"solve-{programs_of}"]["programs"], self.simulator(name)
        count = count or self.args.predictions
        simulator.texts([(code, stdin) for problem, row in zip(self.problems, programs) for code in row if code is not None
                         for stdin, _ in problem.public], count)
        scores = []
        for r in range(count):
            observe = lambda pairs, r=r: [outcomes[r] for outcomes in simulator.outcomes(pairs, count)]
            scores.append([[count_right(problem, code, got) for code, got in zip(row, on_public_tests([problem] * len(row), row, observe))]
                           for problem, row in zip(self.problems, programs)])
        return {"scores": scores, "judge": name, "programs_of": programs_of, "simulators": [simulator]}

    def outcome_of(self, histories: list[list[str | None]]) -> dict:
        """Per problem: programs written; is each right on all tests; are the first and the submitted one, on all and on public tests."""
        flat = [(problem, code) for problem, history in zip(self.problems, histories) for code in history]
        right = iter(self.right(flat))
        rows = {"turns": [len(history) for history in histories], "right": [[next(right) for _ in history] for history in histories]}
        for when, k in (("init", 0), ("final", -1)):
            rows[when] = [row[k] for row in rows["right"]]
            rows[f"{when}_public"] = self.right([(problem, history[k]) for problem, history in zip(self.problems, histories)], "public")
        return rows

    def repair(self, name: str) -> dict:
        """Self-RLEF by simulation and by true outcomes, and resampling until simulation accepts, from the same first programs."""
        programs, simulator, turns = self.rows[f"solve-{name}"]["programs"], self.simulator(name), self.args.turns
        first, fix = [row[0] for row in programs], self.ask(name, "solve", salt=2)
        runs = {"simulated": self_rlef(self.problems, first, fix, simulator.first, turns),
                "oracle": self_rlef(self.problems, first, fix, self.runner.outcomes, turns),
                "resample": resample(self.problems, programs, self.ask(name, "solve", salt=3), simulator.first, turns)}
        return {**{run: self.outcome_of(histories) for run, histories in runs.items()}, "simulators": [simulator]}

    def exchanged(self, name: str) -> dict:
        """Self-RLEF with another problem's feedback: what does the feedback itself contribute?"""
        first, simulator = [row[0] for row in self.rows[f"solve-{name}"]["programs"]], self.simulator(name)
        histories = self_rlef(self.problems, first, self.ask(name, "solve", salt=4), simulator.first, self.args.turns, exchange=True)
        return {"exchanged": self.outcome_of(histories), "simulators": [simulator]}

    def repair_with_traces(self, name: str) -> dict:
        """Self-RLEF that is told the outputs, and self-RLEF that is also told how the failing run went; by simulation and by true runs."""
        first, simulator = [row[0] for row in self.rows[f"solve-{name}"]["programs"]], self.simulator(name)
        simulated_lines = lambda code, stdin: tasks.explanation_lines(simulator.texts([(code, stdin)])[0][0])
        true_lines = partial(self.true_lines, max_events=1_000)  # as in SFT; a longer one would not fit into the prompt
        rows = {}
        for run, observe, explain in (("simulated", simulator.first, None), ("simulated_trace", simulator.first, simulated_lines),
                                      ("oracle", self.runner.outcomes, None), ("oracle_trace", self.runner.outcomes, true_lines)):
            ask, too_long = self.ask(name, "solve", salt=5), []

            def fix(users, ask=ask, too_long=too_long):
                answers = ask(users)
                too_long += [user for user, (reply,) in zip(users, answers) if reply.tokens == 0]  # no room left: submits what it has
                return answers
            rows[run] = self.outcome_of(self_rlef(self.problems, first, fix, observe, self.args.turns, explain=explain))
            rows[run]["too_long"] = len(too_long)
        return {**rows, "simulators": [simulator]}

    # ------------------------------------------------------------------------------------------------------------------

    def run(self) -> dict:
        """All sections, then metrics.json. Returns the metrics."""
        begun = time.time()
        spent = sum(map(self.section, sections(self.found, self.args.full)))
        metrics = self.metrics(max(spent, time.time() - begun))
        write_json(self.args.out / "metrics.json", metrics)
        return metrics

    def metrics(self, eval_seconds: float) -> dict:
        """What the rows say, and how they were made."""
        args, path = self.args, self.args.out / "seconds.json"
        used = json.loads(path.read_text()) if path.exists() else {}
        tasks.add_seconds(args.out, "eval", eval_seconds - used.get("eval", 0))  # finished sections count once, however often this is run
        used = json.loads(path.read_text())
        peaks = {key: used.pop(key) for key in ("peak_memory_mb", "peak_gpu_memory_mb") if key in used}
        seconds = {**{stage: 0.0 for stage in ("data", "sft", "rl", "eval")}, **used}
        return {
            "command": shlex.join(["python", Path(sys.argv[0]).name, *sys.argv[1:]]), "date": time.strftime("%Y-%m-%d"),
            "machine": f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}",
            "preset": args.preset, "device": describe_device(self.device, self.models.ranks), "commit": commit(), "seed": args.seed,
            "seconds": {**seconds, "total": round(sum(seconds.values()), 1)}, **peaks,
            "parameters": self.checkpoint("rl")["model"].n_params(), "settings": self.stamp[0],
            **figures.summarise(self.rows, self.problems, {name: "/".join(stage) for name, stage in CHECKPOINTS.items()})}


def describe_device(device: str, processes: int) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"cpu, processes: {processes}, threads each: {torch.get_num_threads()}" if device == "cpu" else device


def commit() -> str:
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).resolve().parent, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


# ---------------------------------------------------------------------------------------------------------------------------
# Programs from elsewhere, and one program shown.

def default_checkpoint(out: Path) -> Path:
    """The best there is: out/rl.pt, out/sft.pt, or the one that comes with the project."""
    shipped = Path(__file__).resolve().with_name("results") / "cpu-seed0" / "model.pt"
    for path in (out / "rl.pt", out / "sft.pt", shipped):
        if path.exists():
            return Path(os.path.relpath(path))
    fail(f"no checkpoint: {out / 'rl.pt'} is missing (make it with `bash run.sh`, or name one with --ckpt)")


def predict_programs(args: argparse.Namespace, path: Path) -> None:
    """Greedy predictions of foreign programs, by level. CruxEval's rule (kind `function`) is exact equality of the repr."""
    checkpoint = args.ckpt or default_checkpoint(args.out)
    cases, models = tasks.load_programs(path), Models(pick_device())
    answer = make_generate(models, checkpoint, Tokenizer(), args.max_new_tokens_predict, 0.0, args.seed, args.batch_rows)
    started, right, unreadable, too_long = time.time(), [], 0, 0
    for case, (reply,) in zip(cases, answer([tasks.predict_prompt(c.code, c.stdin) for c in cases])):
        got = parse_outcome(reply.text)
        too_long += reply.tokens == 0
        unreadable += reply.tokens > 0 and got is None
        if case.kind == "function":
            right.append(got is not None and got[1] == "" and got[0].removesuffix("\n") == case.stdout.removesuffix("\n"))
        else:
            right.append(same_outcome(got, case.outcome))
    levels = {"all": figures.figure(right, [c.cls for c in cases])}
    for level in sorted({c.kind for c in cases} - {"all"}):
        chosen = [k for k, c in enumerate(cases) if c.kind == level]
        levels[level] = figures.figure([right[k] for k in chosen], [cases[k].cls for k in chosen])
    print(f"{path.name}: {len(cases):,} programs, predicted greedily by {checkpoint} in {time.time() - started:.0f} s")
    for level, value in levels.items():
        print(f"  {level:12s} {report.percent(value)}   n = {value['n']}")
    n_ctx = models.read(checkpoint)["model"].config.n_ctx
    print(f"  counted as wrong: {too_long} too long to read ({n_ctx} tokens), {unreadable} without a readable output")
    args.out.mkdir(parents=True, exist_ok=True)
    write_json(args.out / f"programs-{path.stem}.json", {"file": path.name, "checkpoint": str(checkpoint), "commit": commit(),
                                                         "levels": levels, "too_long": too_long, "unreadable": unreadable})


def show(args: argparse.Namespace) -> None:
    """The model's simulation (greedy) beside the truth, line by line."""
    try:
        code = args.show.read_text()
        compile(code, str(args.show), "exec", dont_inherit=True)
    except SyntaxError as problem:
        fail(f"{args.show}, line {problem.lineno}: {problem.msg}")
    except (OSError, ValueError) as problem:  # not there, not UTF-8, null bytes
        fail(f"cannot read {args.show}: {getattr(problem, 'strerror', None) or problem}")
    checkpoint = args.ckpt or default_checkpoint(args.out)
    models = Models(pick_device())
    (reply,), = make_generate(models, checkpoint, Tokenizer(), args.max_new_tokens_predict, 0.0)([tasks.predict_prompt(code, args.stdin)])
    with Sandbox(workers=1) as sandbox:
        run = nlex.record(code, args.stdin, sandbox=sandbox)
    if run.status == "LIMIT":
        fail(f"this run is too long to explain: {run.reason}")
    if reply.tokens == 0:
        fail(f"the program and its input are longer than the {models.read(checkpoint)['model'].config.n_ctx} tokens this model reads")
    said, true = tasks.explanation_lines(reply.text), nlex.narrate(run)
    wrong, got, want = nlex.first_wrong_step(said, true), parse_outcome(reply.text), (run.stdout, run.error)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    width = max(30, (shutil.get_terminal_size((160, 24)).columns - 7) // 2)
    print(code.rstrip() + f"\n--- input\n{args.stdin.rstrip()}\n")
    print(f"     {f'simulated by {checkpoint}':{width}s}  what happened")
    for k, (left, right) in enumerate(itertools.zip_longest(said, true, fillvalue="")):
        columns = itertools.zip_longest(*(textwrap.wrap(text, width) for text in (left, right)), fillvalue="")
        for n, (a, b) in enumerate(columns):
            print(f"{'>>' if wrong and wrong[0] == k else '  '} {k + 1 if n == 0 else '':>2} {a:{width}s}  {b}".rstrip())
        if wrong and wrong[0] == k:
            print(f">>    first wrong step: {wrong[1]}")

    def text(outcome: Outcome | None) -> str:
        return "nothing readable" if outcome is None else repr(outcome[0].rstrip()) + (f" and {outcome[1]}" if outcome[1] else "")
    print(f"\noutput  simulated {text(got)}, true {text(want)}: {'right' if same_outcome(got, want) else 'wrong'}"
          + (f"; first wrong step: line {wrong[0] + 1}, {wrong[1]}" if wrong else "; every step is right"))


# ---------------------------------------------------------------------------------------------------------------------------

def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="more controls; solving, picking, repairing with the ablations, too")
    parser.add_argument("--programs", type=Path, metavar="FILE.jsonl", help="predict these programs (fields code, input, output)")
    parser.add_argument("--show", type=Path, metavar="PROG.PY", help="show the simulation of this program beside the truth")
    parser.add_argument("--stdin", default="", help="with --show: the program's standard input, as text")
    parser.add_argument("--ckpt", type=Path, help="with --show and --programs FILE: the checkpoint (default: rl.pt, else sft.pt, of --out)")
    args = tasks.settings(parser, "eval")
    if args.show:
        show(args)
    elif args.programs:
        predict_programs(args, args.programs)
    else:
        found = find(args.out)
        for name, load in (("test_cases", tasks.load_cases), ("test_problems", tasks.load_problems)):
            load(args.out / "data" / f"{name}.jsonl")
        models = Models(device := pick_device(), *join_processes(args.processes, device))  # after all that a person may have to mend
        if models.rank > 0:
            models.serve()
        with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
            metrics = Evaluation(args, models, found, sandbox).run()
        text = report.write(metrics, args.out)
        print(f"\n{text}\neval   wrote {args.out / 'metrics.json'} and {args.out / 'report.md'}")
        models.everywhere("leave")


if __name__ == "__main__":
    main()
