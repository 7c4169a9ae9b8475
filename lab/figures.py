"""From what was measured to figures: models beside each other, and where simulation goes wrong.

Used by lab/evaluate.py; no model is asked here. Columns are name -> (values, classes): one value an
item, and the item's class for the bootstrap. Every figure is eval.py's {value, lo, hi, n}.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from eval import figure, paired_difference, pass_at_k, rank_score_at_k
from worlds.contest import OPEN

STEP_BINS = (5, 10, 15, 20, 30)  # lines of the true explanation: 1-5, 6-10, ..., more than 30
SIZE_BINS = (9, 19, 49, 99)      # largest integer of a run: 0-9, 10-19, ..., more than 99
TURNS = (1, 2, 3, 10)            # self-RLEF is told after so many programs


def columns_of(values: dict, items: list) -> dict[str, tuple]:
    """One value of each column for each item (case or problem)."""
    classes = np.array([item.cls for item in items])
    columns = {}
    for name, column in values.items():
        columns[name] = np.asarray(column, dtype=float), classes
    return columns


def figures(columns: dict[str, tuple]) -> dict:
    """A figure of each column; a list of them for (k, P) values."""
    made = {}
    for name, (values, classes) in columns.items():
        rows = [figure(row, classes) for row in np.atleast_2d(values)]
        made[name] = rows if values.ndim == 2 else rows[0]
    return made


def select(columns: dict[str, tuple], chosen: np.ndarray) -> dict[str, tuple]:
    """The chosen items only; chosen: a bool for each."""
    kept = {}
    for name, (values, classes) in columns.items():
        kept[name] = values[..., chosen], classes[chosen]
    return kept


def by_group(columns: dict[str, tuple], problems: list) -> dict:
    """Figures over all problems, and under clear and open over those with one reading, with two."""
    is_open = np.array([problem.open for problem in problems], dtype=bool)
    return {**figures(columns), "clear": figures(select(columns, ~is_open)),
            "open": figures(select(columns, is_open))}


def compare(models: dict[str, dict], pairs: str) -> dict:
    """models: name -> columns, the same items for all of them. pairs: a line "a minus b" for each paired
    difference wanted. -> {"models": name -> column -> figure, "differences": line -> column -> figure},
    of those that are there."""
    lines, made = [line for line in pairs.splitlines() if line], {"models": {}, "differences": {}}
    for line in lines:
        a, b = line.split(" minus ")
        for name in (b, a):
            if name in models:
                made["models"][name] = figures(models[name])
        if a in models and b in models:
            row = made["differences"][line] = {}
            for column, (values, classes) in models[a].items():
                if column in models[b]:
                    row[column] = paired_difference(values, models[b][column][0], classes)
    return made


# --------------------------------------------------------------------------------------------------
# Output prediction.

@dataclass
class Item:
    """A case as it was predicted."""
    cls: str
    set: str            # short | longer | own
    kind: str           # plain | mutant | crash | scratch | own
    steps: int          # lines of the true explanation, 0: not told
    length: int         # items of the input
    size: int           # largest integer of the run
    greedy: bool        # is the greedy prediction right
    right: list         # is each sampled one
    votes: int          # how many agree on the commonest
    majority: bool      # is the commonest right
    wrong_step: str     # kind of the first sampled one's first wrong step, "none": every step is right


def predicted(items: list[Item]) -> dict[str, tuple]:
    """Columns "short pass@1", "short greedy", ...: one model's predictions."""
    columns = {}
    for set_ in dict.fromkeys(item.set for item in items):
        chosen = [item for item in items if item.set == set_]
        values = {f"{set_} greedy": [item.greedy for item in chosen]}
        for k in (1, 5):
            if k <= len(chosen[0].right):
                counts = [(len(item.right), sum(item.right)) for item in chosen]
                values[f"{set_} pass@{k}"] = [pass_at_k(n, c, k) for n, c in counts]
        columns |= columns_of(values, chosen)
    return columns


def accuracy_by(items: list[Item], label, value=lambda item: np.mean(item.right)) -> dict:
    """Figures of the items of one label; the labels in the order of (first number in it, label)."""
    groups: dict = {}
    for item in items:
        groups.setdefault(label(item), []).append(item)
    made = {}
    for name in sorted(groups, key=lambda name: (int(name.rstrip("+").split("-")[0].split("/")[0])
                                                 if name[0].isdigit() else 0, name)):
        columns = columns_of({name: [value(item) for item in groups[name]]}, groups[name])
        made |= figures(columns)
    return made


def bin_of(value: int, bins: tuple = STEP_BINS, low: int = 1) -> str:
    """7 -> "6-10". bins: the last value of each; low: the first value of the first."""
    for high in bins:
        if value <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def breakdown(items: list[Item], stage: str) -> dict[str, dict]:
    """Where one model's predictions go wrong -> the keys of metrics.json that it adds to."""
    given = [item for item in items if item.set != "own"]
    made: dict = {
        "predict_by_steps": {stage: accuracy_by(given, lambda item: bin_of(item.steps))},
        "predict_by_length": {stage: accuracy_by(given, lambda item: str(item.length))},
        "predict_by_size": {stage: accuracy_by(given, lambda item: bin_of(item.size, SIZE_BINS, 0))},
        "predict_by_kind": {}, "first_wrong_step": {}, "predict_by_agreement": {}}
    for set_ in dict.fromkeys(item.set for item in items):
        chosen, key = [item for item in items if item.set == set_], f"{stage}/{set_}"
        made["predict_by_kind"][key] = accuracy_by(chosen, lambda item: item.kind)
        told = [item for item in chosen if item.steps]
        wrong = [item.wrong_step for item in told if not item.right[0]]
        right = [item for item in told if item.right[0]]
        slips = [item.wrong_step != "none" for item in right]
        made["first_wrong_step"][key] = {
            "n": len(told), "wrong": len(wrong), "kinds": dict(Counter(wrong).most_common()),
            "right_with_wrong_step": figure(slips, [item.cls for item in right])}
        majority, of = [item.majority for item in chosen], len(chosen[0].right)
        if of > 1:
            made["predict_by_agreement"][key] = {
                "vote": figure(majority, [item.cls for item in chosen]),
                **accuracy_by(chosen, lambda item: f"{item.votes}/{of}", lambda item: item.majority)}
    return made


# --------------------------------------------------------------------------------------------------
# Solving and picking. (n, P): n programs of each of P problems.

def solved(right: np.ndarray, accepted: np.ndarray) -> dict:
    """pass@k: one of k programs is right; public@k: one of k passes all public tests."""
    n, values = len(right), {}
    for name, good in (("pass", right), ("public", accepted)):
        for k in (1, 2, 4, 8, 10, 16, 20):
            if k <= n:
                values[f"{name}@{k}"] = [pass_at_k(n, c, k) for c in good.sum(0, dtype=int)]
    return values


def judged(simulated: np.ndarray, passed: np.ndarray, right: np.ndarray, problems: list) -> dict:
    """Simulation as a judge: of single programs (does it accept those that pass all public tests, and
    reject the others?), and of all programs of a problem (`choice`)."""
    n_public = np.array([len(problem.public) for problem in problems])
    truly, agrees = passed == n_public, (simulated == n_public) == (passed == n_public)
    classes = np.tile([problem.cls for problem in problems], (len(right), 1))
    readable = passed >= 0
    choices = Counter(map(choice, simulated.T, passed.T, right.T))
    return {"accepts_right": figure(agrees[truly], classes[truly]),
            "rejects_wrong": figure(agrees[~truly & readable], classes[~truly & readable]),
            "choices": {kind: choices[kind] for kind in ("same", "false fail", "false pass", "better")}}


def choice(simulated: np.ndarray, passed: np.ndarray, right: np.ndarray) -> str:
    """Choosing among all programs of one problem: how often right is the choice by simulated scores,
    against that by the number of public tests really passed (ties broken at random)? "same" or
    "better"; or worse, and then "false pass": among those simulation puts on top, one is simulated to
    pass more tests than it does; or "false fail": there is none, so one of the really best is simulated
    to pass fewer than it does."""
    by_simulation = rank_score_at_k(simulated.tolist(), right, len(right))
    by_running = rank_score_at_k(passed.tolist(), right, len(right))
    if by_simulation >= by_running:
        return "better" if by_simulation > by_running else "same"
    overrated = (simulated == simulated.max()) & (simulated > passed)
    return "false pass" if overrated.any() else "false fail"


def vague_phrases(problem) -> int:
    """How many phrases of the statement leave the reading open, each can be read in two ways:
    "Grow each. Print the total." -> 2."""
    count = 0
    for phrases in OPEN.values():
        for phrase in phrases.values():
            count += phrase.partition("{c}")[0] in problem.statement
    return count


def open_readings(values: dict, problems: list) -> dict:
    """Solving and picking by the number of vague phrases, beside the chance to guess all readings."""
    vague = np.array([vague_phrases(problem) for problem in problems])
    chance = 0.5 ** vague
    guessing = {"chance": chance, "pass@1 minus chance": values["solve pass@1"] - chance}
    columns, made = columns_of(values | guessing, problems), {}
    for count in sorted(set(vague.tolist())):
        made[f"{count} vague"] = figures(select(columns, vague == count))
    return {"models": made, "differences": {}}


# --------------------------------------------------------------------------------------------------
# Repairing. right: for each problem, is each program right that was written for it, in order.

def after(right: list[list], turn: int) -> list:
    """Is the program right that stands after `turn` programs? Who submitted earlier keeps the last."""
    return [row[min(turn, len(row)) - 1] for row in right]


def curve(right: list[list], problems: list, name: str = "{}") -> dict[str, tuple]:
    return columns_of({name.format(turn): after(right, turn) for turn in TURNS}, problems)


def changes(first: np.ndarray, last: np.ndarray) -> dict:
    """From the first to the submitted program: shares of all problems."""
    words, values = {1: "right", 0: "wrong"}, {}
    for before in (1, 0):
        for now in (1, 0):
            values[f"{words[before]} -> {words[now]}"] = (first == before) & (last == now)
    return values
