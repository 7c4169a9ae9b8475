"""From what was measured to figures: models beside each other, and where simulation goes wrong.

Used by lab/evaluate.py; no model is asked here. Columns are name -> (values, items): a value for
each item, or k rows of them; an item is a case or a problem and has its behaviour class, `cls`.
Every figure is eval.py's {value, lo, hi, n}.
"""

from collections import Counter, defaultdict

import numpy as np

from eval import figure
from tasks import explanation_lines
from trace import first_wrong_step


def of(items, values, name="{}"):
    """Values, by key, as columns of these items; name: of a column, from its key."""
    return {name.format(key): (column, items) for key, column in values.items()}


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


def wording(problem):
    return "open" if problem.vague else "clear"


def by_group(columns):
    """Figures over all problems; under clear and open over those without and with vague phrases."""
    return figures(columns) | split(columns, wording)


def compare(models, pairs):
    """models: name -> columns, of the same items in all of them. pairs: "a minus b" for each paired
    difference wanted. -> {"models": name -> column -> figure, "differences": pair -> column ->
    figure}, of those that are there."""
    made = {"models": {}, "differences": {}}
    for pair in pairs:
        a, b = pair.split(" minus ")
        for name in (b, a):
            if name in models:
                made["models"][name] = figures(models[name])
        if a in models and b in models:
            paired = {}
            for column, (left, items) in models[a].items():
                if column in models[b]:
                    paired[column] = np.subtract(left, models[b][column][0], dtype=float), items
            made["differences"][pair] = figures(paired)
    return made


# --------------------------------------------------------------------------------------------------
# Where predictions go wrong.

def bin_of(value, bins, low):
    """7, (5, 10, 15), 1 -> "6-10". bins: the last value of each; low: the first of the first."""
    for high in bins:
        if value <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


LABELS = {
    "predict_by_kind": lambda case: case.kind,
    "predict_by_steps": lambda case: bin_of(case.steps, (5, 10, 15, 20, 30), 1),
}


def breakdown(cases, right, labels=LABELS):
    """right: of each case, is the prediction right. -> key of metrics.json -> its rows"""
    made = {}
    for key, label in labels.items():
        rows = split(of(cases, {"right": right}), label)
        made[key] = {name: row["right"] for name, row in rows.items()}
    return made


def wrong_steps(cases, right, told):
    """told: the explained answers. -> how many; how many are wrong, by the kind of the first wrong
    step ("none": all are right); of the right ones, the share with a wrong step."""
    kinds, slips, classes = Counter(), [], []
    for case, is_right, answer in zip(cases, right, told):
        wrong = first_wrong_step(explanation_lines(answer), explanation_lines(case.nlex))
        if is_right:
            slips.append(wrong is not None)
            classes.append(case.cls)
        else:
            kinds[wrong[1] if wrong else "none"] += 1
    return {"n": len(cases), "wrong": kinds.total(), "kinds": kinds,
            "right_with_wrong_step": figure(slips, classes)}
