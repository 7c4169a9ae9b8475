"""Did it work? Output prediction, solving, picking by simulation (best@k), repairing by simulation (self-RLEF).

    python eval.py                                          # out/metrics.json, out/report.md, out/*.png (needs sft.py and rl.py to have run)
    python eval.py --full --programs 20 --predictions 5     # the paper's sizes, and two more controls of self-RLEF
    python eval.py --programs FILE.jsonl                    # predict programs from elsewhere (fields code, input, output, maybe level)
    python eval.py --show prog.py --stdin "3 1 2"           # the model's simulation beside the truth, first wrong step marked

Paper sections 3 (best@k), 4 (self-RLEF, Algorithm 1) and 5. The model only ever reads prompts; every program is really run here, in the
sandbox, to know the truth. Everything is sampled at temperature 1; predictions also greedily. A figure is {value, lo, hi, n}: a mean and
its 95 % interval by bootstrap over behaviour classes. Tests of the test split only: nothing may be chosen by these numbers.

The evaluation goes section by section. Each keeps its raw rows in out/eval-cache, so the same command goes on where it was killed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections import Counter
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

import report
import tasks
import trace as nlex  # our trace.py
from model import CheckpointError, Tokenizer, generate, load_checkpoint, pick_device
from sandbox import Sandbox
from tasks import Case, Outcome, Problem, parse_outcome, parse_program, same_outcome

# file: (stage, answer format, what makes it, needed). The keys of metrics["predict"] are stage/format/set.
CHECKPOINTS = {
    "sft": ("sft", "nlex", "python sft.py", True),
    "rl": ("rl", "nlex", "python rl.py", True),
    "sft-short-nlex": ("sft_short_budget", "nlex", "python sft.py --predict-only nlex", True),
    "sft-short-none": ("sft_short_budget", "none", "python sft.py --predict-only none", True),
    "sft-short-raw": ("sft_short_budget", "raw", "python sft.py --predict-only raw", False),
    "sft-predict": ("sft_predict_only", "nlex", "python sft.py --predict-only nlex --name sft-predict --tokens N", False),
    "sft-raw": ("sft", "raw", "python sft.py --predict-only raw --name sft-raw --tokens N", False),
    "sft-none": ("sft", "none", "python sft.py --predict-only none --name sft-none --tokens N", False),
    "sft-control": ("sft_control", "nlex", "SFT continued for as long as RL took", False),
}
STEP_BINS = (5, 10, 15, 20, 30)  # lines of the true explanation: 1-5, 6-10, ..., more than 30


# ---------------------------------------------------------------------------------------------------------------------------
# Estimators.

def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that k of n programs, c of them right, hold a right one; unbiased (Chen et al. 2021): (8, 2, 1) -> 0.25."""
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def rank_score_at_k(scores: list[float], correct: list[float], k: int) -> float:
    """Expected correctness of the best-scored program of a random k-subset, ties broken at random; exact (Hassid et al. 2024, paper
    section 3). Programs of one score form a group of m with a programs above: the pick is theirs in C(n-a, k) - C(n-a-m, k) subsets."""
    n, above, expected = len(scores), 0, 0.0
    groups: dict[float, list[float]] = {}
    for score, right in zip(scores, correct):
        groups.setdefault(score, []).append(right)
    for score in sorted(groups, reverse=True):
        m = len(groups[score])
        expected += (math.comb(n - above, k) - math.comb(n - above - m, k)) * sum(groups[score]) / m
        above += m
    return expected / math.comb(n, k)


@lru_cache(maxsize=16)
def _resamples(n_classes: int, seed: int) -> np.ndarray:
    """(1000, n_classes): how often each class is drawn in each bootstrap resample."""
    return np.random.default_rng(seed).multinomial(n_classes, np.full(n_classes, 1 / n_classes), size=1000).astype(np.float64)


def figure(values, classes, seed: int = 0) -> dict:
    """-> {value, lo, hi, n}: the mean of n values and its 95 % interval by bootstrap over whole classes (values of one class are not
    independent). Without values: value, lo and hi are None."""
    values = np.asarray(values, dtype=np.float64)
    if len(values) == 0:
        return {"value": None, "lo": None, "hi": None, "n": 0}
    _, member = np.unique(np.asarray(classes), return_inverse=True)
    sums, sizes = np.bincount(member, values), np.bincount(member)                           # (n_classes,)
    drawn = _resamples(len(sums), seed)
    lo, hi = np.quantile(drawn @ sums / (drawn @ sizes), (0.025, 0.975))
    value = values.mean()
    return {"value": round(float(value), 5), "lo": round(float(min(lo, value)), 5), "hi": round(float(max(hi, value)), 5), "n": len(values)}


def paired_difference(a, b, classes, seed: int = 0) -> dict:
    """Figure of a - b, item by item: the items' own difficulty drops out of the interval."""
    return figure(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64), classes, seed)


# ---------------------------------------------------------------------------------------------------------------------------
# Asking the model.

class Answer(NamedTuple):
    text: str
    tokens: int        # sampled tokens, the end token included; 0: the prompt was too long to be read


def make_generate(model, tokenizer, max_new_tokens: int, temperature: float = 1.0, seed: int = 0, batch_rows: int = 256, title: str = ""):
    """-> function(user texts, group=1) -> per text a list of `group` Answers. Each call draws from its own seed. A prompt that leaves no
    room in the context is answered by an empty text."""
    calls = itertools.count()

    def answer(users: list[str], group: int = 1) -> list[list[Answer]]:
        prompts = [tokenizer.prompt(user) for user in users]
        fits = [k for k, prompt in enumerate(prompts) if len(prompt) < model.config.n_ctx]
        answers = [[Answer("", 0)] * group for _ in users]
        with tqdm(total=len(fits) * group, desc=title, leave=False, mininterval=2, disable=not sys.stderr.isatty()) as bar:
            rollouts = generate(model, [prompts[k] for k in fits], max_new_tokens=max_new_tokens, end=tokenizer.end, temperature=temperature,
                                group=group, seed=1_000_003 * seed + next(calls), batch_rows=batch_rows, progress=bar.update)
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


def self_rlef(problems: list[Problem], first: list[str | None], answer, observe, turns: int, exchange: bool = False) -> list[list[str | None]]:
    """Algorithm 1 (paper section 4): observe the program on each public test, ask to submit or fix, until it submits or has written `turns`
    programs (then the last one counts). An answer without a program keeps the last program and submits it. All problems go turn by turn
    together. Returns the programs of each problem, the submitted one last. exchange: each gets the next problem's feedback (a control)."""
    histories = [[program] for program in first]
    active = [i for i in range(len(problems)) if turns > 1]
    while active:
        outcomes = on_public_tests([problems[i] for i in active], [histories[i][-1] for i in active], observe)
        results = [tasks.feedback(problems[i], got) for i, got in zip(active, outcomes)]
        if exchange:
            donors = results[1:] + results[:1]
            results = [[(stdin, want, *donor[t % len(donor)][2:]) for t, (stdin, want, *_) in enumerate(own)] for own, donor in zip(results, donors)]
        answers = answer([tasks.fix_prompt(problems[i], histories[i][-1] or "", result) for i, result in zip(active, results)])
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
# The evaluation.

def write_json(path: Path, record, indent: int | None = 1) -> None:
    """Whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, indent=indent) + "\n")
    os.replace(temporary, path)


class Evaluation:
    """Test data, models, sections. Each section returns plain rows; measures.py-style arithmetic on them is in `metrics`."""

    def __init__(self, args: argparse.Namespace, sandbox: Sandbox):
        self.args, self.sandbox, self.runner = args, sandbox, tasks.Runner(sandbox)
        data = args.out / "data"
        self.problems = tasks.load_problems(data / "test_problems.jsonl")[:args.problems]
        everything = tasks.load_cases(data / "test_cases.jsonl")
        self.cases = [c for set_ in ("short", "longer") for c in [c for c in everything if c.set == set_][:args.cases]]
        need = [name for name, (*_, needed) in CHECKPOINTS.items() if needed and not self.path(name).exists()]
        if need:
            fail(f"{self.path(need[0])} is missing: make it with `{CHECKPOINTS[need[0]][2]} --out {args.out}` (or everything with `bash run.sh`)")
        self.found = [name for name in CHECKPOINTS if self.path(name).exists()]
        self.tokenizer, self.device = Tokenizer(), pick_device()
        self.cache = args.out / "eval-cache"
        self.cache.mkdir(exist_ok=True)
        sizes = {k: v for k, v in vars(args).items() if isinstance(v, int | float) and k != "full"}
        self.settings = [sizes, [self.stamp(data / f"test_{kind}.jsonl") for kind in ("cases", "problems")]]
        self.results: dict[str, dict] = {}
        self.seconds, self.started, self.spent = 0.0, time.time(), 0.0
        self.model, self.simulator = cache(self._model), cache(self._simulator)

    def path(self, name: str) -> Path:
        return self.args.out / f"{name}.pt"

    @staticmethod
    def stamp(path: Path) -> list[int]:
        return [path.stat().st_mtime_ns, path.stat().st_size]

    def _model(self, name: str):
        return read_model(self.path(name), self.device)

    def generate(self, name: str, kind: str, temperature: float = 1.0, salt: int = 0):
        return make_generate(self.model(name), self.tokenizer, getattr(self.args, f"max_new_tokens_{kind}"), temperature,
                             10 * self.args.seed + salt, self.args.batch_rows, f"{name} {kind}")

    def _simulator(self, name: str) -> Simulator:
        return Simulator(lambda users, group: self.generate(name, "predict", salt=len(simulator.known))(users, group),
                         self.cache / f"simulated-{name}.json", [self.stamp(self.path(name)), self.settings]) \
            if False else self._new_simulator(name)
