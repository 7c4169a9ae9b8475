"""From what was measured to figures: models beside each other, and where simulation goes wrong.

Used by lab/evaluate.py; no model is asked here. Columns are name -> (values, items): a value for
each item, or k rows of them; an item is a case or a problem and has its behaviour class, `cls`.
Every figure is eval.py's {value, lo, hi, n}.
"""

import re
from collections import Counter, defaultdict

import numpy as np

from eval import figure, pass_rates

TURNS = (1, 2, 3, 10)  # self-RLEF is told after so many programs


def of(items, values, prefix=""):
    """Values, by name, as columns of these items."""
    return {prefix + name: (column, items) for name, column in values.items()}


def split(columns, label):
    """-> label -> a figure of each column over the items that have it (a list where the column has
    rows). label: function from an item."""
    made = defaultdict(dict)
    for name, (values, items) in columns.items():
        members = defaultdict(list)
        for k, item in enumerate(items):
            members[label(item)].append(k)
        for group, chosen in members.items():
            classes, part = [items[k].cls for k in chosen], np.asarray(values)[..., chosen]
            rows = [figure(row, classes) for row in np.atleast_2d(part)]
            made[group][name] = rows if part.ndim == 2 else rows[0]
    return made


def figures(columns):
    """A figure of each column, over all items."""
    return split(columns, lambda item: "all")["all"]


def reading(problem):
    return "open" if problem.open else "clear"


def by_group(columns):
    """Figures over all problems, and under clear and open over those with one reading, with two."""
    return figures(columns) | split(columns, reading)


def compare(models, pairs):
    """models: name -> columns, of the same items in all of them. pairs: a line "a minus b" for each
    paired difference wanted. -> {"models": name -> column -> figure, "differences": line -> column
    -> figure}, of those that are there."""
    made = {"models": {}, "differences": {}}
    for line in pairs.strip().splitlines():
        a, b = line.split(" minus ")
        for name in (b, a):
            if name in models:
                made["models"][name] = figures(models[name])
        if a in models and b in models:
            paired = {}
            for column, (left, items) in models[a].items():
                if column in models[b]:
                    paired[column] = np.subtract(left, models[b][column][0], dtype=float), items
            made["differences"][line] = figures(paired)
    return made


# --------------------------------------------------------------------------------------------------
# Output prediction. N cases.

def rates(right, most):
    """right: (1 + n, N), is the greedy answer right, is each sampled one. -> pass@1, pass@`most`
    (of fewer: pass@n) and greedy, (N,) each."""
    return pass_rates(right[1:], most) | {"greedy": right[0]}


def bin_of(value, bins, low):
    """7, (5, 10, 15), 1 -> "6-10". bins: the last value of each; low: the first of the first."""
    for high in bins:
        if value <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def input_length(stdin):
    """Items of an input of the course's world: "3 1 2" -> 3; "90417" -> 5 digits; "6" -> 6, the
    numbers from 1 to n (digits are never so few)."""
    items = stdin.split()
    if len(items) != 1:
        return len(items)
    return int(items[0]) if items[0].isdecimal() and len(items[0]) <= 2 else len(items[0])


def value_size(answer):
    """The largest integer, sign left out, that a true explanation computes or prints: "Turn 12: x =
    -40." -> 40. Numbers of turns, the line of the input, digits inside strings do not count."""
    text = re.sub(r"We read .*|Turn \d+:|'[^']*'", "", answer)
    return max(map(int, re.findall(r"\d+", text)), default=0)


LABELS = {
    "predict_by_kind": lambda case: case.kind,
    "predict_by_steps": lambda case: bin_of(case.steps, (5, 10, 15, 20, 30), 1),
    "predict_by_length": lambda case: str(input_length(case.stdin)),
    "predict_by_size": lambda case: bin_of(value_size(case.nlex), (9, 19, 49, 99), 0),
}


def breakdown(cases, right, wrong_steps):
    """Where predictions go wrong -> key of metrics.json -> its rows. right: (n, N), of the sampled
    ones; wrong_steps: kind of the first one's first wrong step, "none" where all are right."""
    made, first, steps = {}, right[0], np.array(wrong_steps)
    for key, label in LABELS.items():
        rows = split(of(cases, {"right": right.mean(0)}), label)
        made[key] = {name: row["right"] for name, row in rows.items()}
    kinds, classes = Counter(steps[~first].tolist()), np.array([case.cls for case in cases])
    slips = figure(steps[first] != "none", classes[first])
    return made | {"first_wrong_step": {"n": len(cases), "wrong": kinds.total(), "kinds": kinds,
                                        "right_with_wrong_step": slips}}


# --------------------------------------------------------------------------------------------------
# Repairing.

def curve(right):
    """Is the program right that stands after so many? Who submitted earlier keeps the last.
    right: for each problem, is each program right that was written for it, in order."""
    return {str(turn): [row[:turn][-1] for row in right] for turn in TURNS}

