"""From the rows that eval.py measured to figures, tables and plots.

    python report.py --out out                                  # write out/report.md and the plots again from out/metrics.json
    python report.py --seeds results/cpu-seed0 results/cpu-seed1 results/cpu-seed2     # the README's tables: mean and spread over runs
    python report.py --controls results/controls-seed0          # the README's tables of RL beside its controls
    python report.py --full results/full-seed0                  # the README's tables of a full run

Estimators of the paper's section 3 first, then `summarise` (rows -> metrics.json), then the report. A figure is {value, lo, hi, n}, in
fractions; the report shows percent.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np

from world import OPEN

STEP_BINS = (5, 10, 15, 20, 30)  # lines of the true explanation: 1-5, 6-10, ..., more than 30
SIZE_BINS = (9, 19, 49, 99)      # largest integer of a run: 0-9, 10-19, ..., more than 99
TURNS = (1, 2, 3, 10)            # self-RLEF is reported after so many programs
FAMILIES = {  # runs of RL and what they are held against: the start first, its control is called so
    "default": ("sft", "rl", "rl-outcome", "rl-rejection", "sft-control", "sft-ceiling"),
    "scarce": ("few", "few-rl", "few-rl-outcome", "few-rl-rejection", "few-control", "few-ceiling"),
}
FORMATS = {"sft": "rl", "joint-raw": "joint-raw-rl", "joint-none": "joint-none-rl"}  # trained on all three texts: before and after RL
BEST = {"best": "best_at_k", "best-predict-only": "best_at_k_predict_only", "best-other": "best_at_k_other",
        "best-extra": "best_at_k_extra", "best-extra-without-tests": "best_at_k_extra_without_tests"}  # section: key of the metrics
REPAIR = {"self-rlef": "self_rlef", "self-rlef-sft": "self_rlef_sft", "self-rlef-no-fix": "self_rlef_no_fix"}
GROUPS = {"all": lambda problem: True, "clear": lambda problem: not problem.open, "open": lambda problem: problem.open}

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
    lo, hi = min(lo, value), max(hi, value)
    return {"value": round(float(value), 5), "lo": round(float(lo), 5), "hi": round(float(hi), 5), "n": len(values)}


def paired_difference(a, b, classes, seed: int = 0) -> dict:
    """Figure of a - b, item by item: the items' own difficulty drops out of the interval."""
    return figure(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64), classes, seed)


def compare(values: dict[str, dict], pairs=()) -> dict:
    """values: model -> column -> (values, classes), the same items for every model. -> {"models": model -> column -> figure, "differences":
    "a minus b" -> column -> figure of the paired difference}, for those (a, b) of pairs that are both there."""
    models = {name: {column: figure(*items) for column, items in columns.items()} for name, columns in values.items()}
    differences = {f"{a} minus {b}": {column: paired_difference(items, values[b][column][0], classes)
                                      for column, (items, classes) in values[a].items() if column in values[b]}
                   for a, b in pairs if a in values and b in values}
    return {"models": models, "differences": differences}


# ---------------------------------------------------------------------------------------------------------------------------
# Rows to figures.

def summarise(rows: dict[str, dict], problems: list, names: dict[str, str]) -> dict:
    """What can be said from the sections finished so far. rows: section -> rows of eval.py; names: checkpoint -> stage/format."""
    summary = {}
    predicted = {name: rows[f"predict-{name}"]["items"] for name in names if f"predict-{name}" in rows}
    summary.update(summarise_predictions({names[name]: items for name, items in predicted.items()}))
    for key, a, b in (("nlex_minus_none", "sft-short-nlex", "sft-short-none"), ("nlex_minus_none_full", "sft-predict", "sft-none"),
                      ("nlex_minus_raw_full", "sft-predict", "sft-raw"), ("rl_minus_sft", "rl", "sft"),
                      ("rl_minus_sft_control", "rl", "sft-control")):
        if a in predicted and b in predicted:
            summary[key] = {set_: _paired_predictions(predicted[a], predicted[b], set_) for set_ in ("short", "longer")}
    summary["training"] = {name: rows[f"predict-{name}"]["extra"] for name in predicted}

    cls = [problem.cls for problem in problems]
    groups = {group: [i for i, problem in enumerate(problems) if member(problem)] for group, member in GROUPS.items()}
    pick = lambda values, chosen: [values[i] for i in chosen]
    summary["solve"] = {}
    for section in rows:
        if section.startswith("solve-"):
            stage = section.removeprefix("solve-")
            for group, chosen in groups.items():
                key = stage if group == "all" else f"{stage}/{group}"
                summary["solve"][key] = _solving(rows[section], problems, cls, chosen)
    if "solve-sft" in rows and "solve-rl" in rows and "rl_minus_sft" in summary:
        for k in (1, min(8, len(rows["solve-rl"]["right"][0]))):
            share = lambda stage, k=k: [pass_at_k(len(row), sum(row), k) for row in rows[f"solve-{stage}"]["right"]]
            summary["rl_minus_sft"][f"solve pass@{k}"] = paired_difference(share("rl"), share("sft"), cls)

    for section, key in BEST.items():
        if section in rows:
            judge, of = (rows[section].get(which, "rl") for which in ("judge", "programs_of"))
            best = {group: _best_at_k(rows[f"solve-{of}"], rows[section]["scores"], problems, cls, chosen)
                    for group, chosen in groups.items()}
            summary[key] = {**best["all"], "clear": best["clear"], "open": best["open"], "judge": judge, "programs_of": of}
    if "best_at_k" in summary:
        summary["simulation_gap"] = summary["best_at_k"]["simulation_gap"][_at_8(summary)]

    for section, key in REPAIR.items():
        if section in rows:
            runs = {**rows[section], **rows.get(f"{section}-exchanged", {})}
            parts = {}
            for group, chosen in groups.items():
                part = {run: {k: pick(v, chosen) for k, v in values.items()} for run, values in runs.items()}
                parts[group] = _repairing(part, pick(cls, chosen))
            summary[key] = {**parts["all"], "clear": parts["clear"], "open": parts["open"]}
    return {**summary, **_comparisons(rows, problems, cls, predicted)}


def _comparisons(rows: dict[str, dict], problems: list, cls: list[str], predicted: dict[str, list[dict]]) -> dict:
    """The tables in which models stand beside each other on the same items. predicted: checkpoint -> items of its predict section."""
    out: dict[str, dict] = {}
    told = {name: _predicted_columns(items, ("short", "longer")) for name, items in predicted.items()}
    for family, (start, *others) in FAMILIES.items():
        bases = (start, next(name for name in others if name.endswith("-control")))
        here = {name: told[name] | (_solved_columns(rows[f"solve-{name}"], cls) if f"solve-{name}" in rows else {})
                for name in (start, *others) if name in told}
        if start in here and len(here) > 1:
            out.setdefault("rl_table", {})[family] = compare(here, [(name, base) for name in others for base in bases if name != base])

    joint = {name: {**told[name], **_solved_columns(rows[f"solve-{name}"], cls)} for pair in FORMATS.items() for name in pair
             if name in told and f"solve-{name}" in rows}
    if set(joint) - {"sft", "rl"}:
        formats = [pair for pair in zip(*FORMATS.items())]  # before RL, after RL
        out["formats"] = compare(joint, [*((after, before) for before, after in FORMATS.items()),
                                         *((first, other) for first, *rest in formats for other in rest)])
    if "own" in rows:
        own = {name: _predicted_columns(items, ("own",)) for name, items in rows["own"]["items"].items()}
        out["own_programs"] = compare(own, [("predict-rl", "rl"), ("sft-predict", "sft"), ("rl", "sft"), ("predict-rl", "sft-predict")])

    picks = {words: _picked_columns(rows, section, cls) for words, section in
             (("with tests", "best-extra"), ("without tests", "best-extra-without-tests")) if section in rows}
    if len(picks) == 2:
        out["public_tests"] = compare(picks, [("without tests", "with tests")])
    for section, key in (("best", "open_readings"), ("best-extra-without-tests", "open_readings_without_tests")):
        if section not in rows:
            continue
        vague, columns = [*map(vague_phrases, problems)], _picked_columns(rows, section, cls)
        chance = [0.5 ** count for count in vague]
        columns = {"chance": (chance, cls), **columns,
                   "pass@1 minus chance": ([a - b for a, b in zip(columns["solve pass@1"][0], chance)], cls)}
        out[key] = compare({
            f"{count} vague": {column: tuple([value for value, v in zip(part, vague) if v == count] for part in both)
                               for column, both in columns.items()} for count in sorted(set(vague))})
    if "self-rlef-traces" in rows:
        runs = rows["self-rlef-traces"]
        out["self_rlef_traces"] = {
            **compare({run: {f"after {t}": (_right_after(row["right"], t), cls) for t in TURNS} for run, row in runs.items()},
                      [("simulated_trace", "simulated"), ("oracle_trace", "oracle")]),
            "turns": {run: figure(row["turns"], cls) for run, row in runs.items()},
            "too_long": {run: row["too_long"] for run, row in runs.items()}}  # fix prompts beyond the context
    return out


def _predicted_columns(items: list[dict], sets: tuple) -> dict:
    """"short pass@1" -> (values, classes), and so on: pass@1, of five predictions or more pass@5, and the greedy prediction."""
    columns = {}
    for set_ in sets:
        chosen = [item for item in items if item["set"] == set_]
        for k in (1, 5):
            if chosen and len(chosen[0]["right"]) >= k:
                values = [pass_at_k(len(item["right"]), sum(item["right"]), k) for item in chosen]
                columns[f"{set_} pass@{k}"] = values, [item["cls"] for item in chosen]
        if chosen:
            columns[f"{set_} greedy"] = [item["greedy"] for item in chosen], [item["cls"] for item in chosen]
    return columns


def _solved_columns(rows: dict, cls: list[str]) -> dict:
    n = len(rows["right"][0])
    return {f"solve pass@{k}": ([pass_at_k(n, sum(row), k) for row in rows["right"]], cls) for k in (1, 8) if k <= n}


def _picked_columns(rows: dict, section: str, cls: list[str]) -> dict:
    """Solving, and the best of 8 (of all, if fewer were sampled) by really running the public tests and by simulation."""
    solved = rows[f"solve-{rows[section].get('programs_of', 'rl')}"]
    k = min(8, len(solved["right"][0]))
    pick = lambda scores: [rank_score_at_k(row, right, k) for row, right in zip(scores, solved["right"])]
    return {**_solved_columns(solved, cls), f"best@{k} exec": (pick(solved["passed"]), cls),
            f"best@{k} simulate": (list(np.mean([pick(scores) for scores in rows[section]["scores"]], axis=0)), cls)}


def vague_phrases(problem) -> int:
    """How many phrases of the statement leave the reading open; each can be read in two ways: "Grow each. Print the total." -> 2."""
    return sum(phrase.partition("{c}")[0] in problem.statement for pairs in OPEN.values() for phrase in pairs.values())


def _right_after(right: list[list[bool]], turn: int) -> list[bool]:
    """Per problem: is the program that stands after `turn` programs right? Who submitted earlier keeps the submitted one."""
    return [row[min(turn, len(row)) - 1] for row in right]


def _figure_of(items: list[dict], value) -> dict:
    """Figure of value(item) over prediction items."""
    return figure([value(item) for item in items], [item["cls"] for item in items])


def _accuracy(item: dict) -> float:
    return float(np.mean(item["right"]))


def _paired_predictions(a: list[dict], b: list[dict], set_: str) -> dict:
    a, b = ([item for item in items if item["set"] == set_] for items in (a, b))
    return paired_difference([*map(_accuracy, a)], [*map(_accuracy, b)], [item["cls"] for item in a])


def bin_of(value: int, bins: tuple = STEP_BINS, low: int = 1) -> str:
    """7 -> "6-10". bins: the last value of each; low: the first value of the first."""
    for high in bins:
        if value <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def _bin_start(text: str) -> int:
    return int(text.rstrip("+").split("-")[0])


def _by(items: list[dict], key, value=_accuracy, order=None) -> dict:
    """Figures of the items that share key(item)."""
    groups: dict = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return {group: _figure_of(groups[group], value) for group in sorted(groups, key=order)}


def summarise_predictions(predicted: dict[str, list[dict]]) -> dict:
    """stage/format -> items of eval.py's predict section, to accuracy by set, kind, steps, length of the input and size of its values,
    first wrong steps, agreement."""
    out: dict[str, dict] = {key: {} for key in ("predict", "predict_greedy", "predict_readable", "predict_by_kind", "predict_by_steps",
                                                "first_wrong_step")}
    for name, everything in predicted.items():
        for set_ in ("short", "longer", "own"):
            items = [item for item in everything if item["set"] == set_]
            if not items:
                continue
            key, samples = f"{name}/{set_}", len(items[0]["right"])
            out["predict"][key] = _figure_of(items, _accuracy)
            out["predict_greedy"][key] = _figure_of(items, lambda item: item["greedy"])
            out["predict_readable"][key] = _figure_of(items, lambda item: item["readable"])
            if set_ != "own":
                out["predict_by_kind"][key] = _by(items, lambda item: item["kind"])
            told = [item for item in items if "first_wrong" in item]
            if told:  # the first sample of each case
                wrong = Counter(item["first_wrong"][1] if item["first_wrong"] else "none" for item in told if not item["right"][0])
                out["first_wrong_step"][key] = {
                    "n": len(told), "wrong": wrong.total(), "kinds": dict(wrong.most_common()),
                    "right_with_wrong_step": _figure_of([i for i in told if i["right"][0]], lambda item: bool(item["first_wrong"]))}
            if samples >= 5:
                pass_at_5 = lambda item: pass_at_k(len(item["right"]), sum(item["right"]), 5)
                out.setdefault("predict_pass_at_5", {})[key] = _figure_of(items, pass_at_5)
            if samples >= 2:  # is the commonest outcome right, when so many of the samples agree on it?
                by_votes = _by(items, lambda item: item["votes"], lambda item: item["majority"])
                out.setdefault("predict_by_agreement", {})[key] = {f"{v}/{samples}": value for v, value in by_votes.items()}
        given = [item for item in everything if item["set"] != "own"]
        out["predict_by_steps"][name] = _by(given, lambda item: bin_of(item["steps"]), order=_bin_start)
        out.setdefault("predict_by_length", {})[name] = _by(given, lambda item: str(item["length"]), order=int)
        out.setdefault("predict_by_size", {})[name] = _by(given, lambda item: bin_of(item["size"], SIZE_BINS, 0), order=_bin_start)
    return out


def _solving(rows: dict, problems: list, cls: list[str], chosen: list[int]) -> dict:
    n, cls = len(rows["right"][0]), [cls[i] for i in chosen]
    right = [sum(rows["right"][i]) for i in chosen]
    public = [sum(passed == len(problems[i].public) for passed in rows["passed"][i]) for i in chosen]
    ks = sorted({k for k in (1, 2, 4, 8, 10, 16, 20) if k <= n} | {n})
    return {**{f"pass@{k}": figure([pass_at_k(n, c, k) for c in right], cls) for k in ks},
            **{f"public@{k}": figure([pass_at_k(n, c, k) for c in public], cls) for k in (1, min(10, n))},
            "readable": figure([np.mean([passed >= 0 for passed in rows["passed"][i]]) for i in chosen], cls)}


def _best_at_k(rows: dict, simulated: list, problems: list, cls: list[str], chosen: list[int]) -> dict:
    """Lists over k = 1..n: pass@k, best@k with each score, and the paired differences. simulated: (replicates, problems, n) scores."""
    n, cls = len(rows["right"][0]), [cls[i] for i in chosen]
    readable = lambda i, scores: [score if passed >= 0 else -math.inf for score, passed in zip(scores, rows["passed"][i])]
    scores = {  # per method: (replicates, chosen problems, n)
        "simulate": [[replicate[i] for i in chosen] for replicate in simulated],
        "exec": [[rows["passed"][i] for i in chosen]],
        "short1": [[readable(i, [-tokens for tokens in rows["tokens"][i]]) for i in chosen]],
        "random": [[[0] * n for _ in chosen]],
    }
    if len(simulated) > 1:  # beyond the paper: all predictions of all tests together
        scores["simulate_all"] = [[list(np.sum([replicate[i] for replicate in simulated], axis=0)) for i in chosen]]
    right = [rows["right"][i] for i in chosen]
    best = {"pass": [figure([pass_at_k(n, sum(row), k) for row in right], cls) for k in range(1, n + 1)]}
    expected = {}  # method -> (n, chosen problems)
    for method, replicates in scores.items():
        expected[method] = [[float(np.mean([rank_score_at_k(replicate[p], row, k) for replicate in replicates]))
                             for p, row in enumerate(right)] for k in range(1, n + 1)]
    best.update({method: [figure(values, cls) for values in by_k] for method, by_k in expected.items()})
    best["n"] = n
    best["gain"] = [paired_difference(values, expected["random"][0], cls) for values in expected["simulate"]]  # random at k = 1: pass@1
    best["simulation_gap"] = [paired_difference(a, b, cls) for a, b in zip(expected["exec"], expected["simulate"])]
    # the simulator as a judge of single programs: does it accept those that pass the public tests, and reject the others?
    accepts, rejects = ([], []), ([], [])
    for p, i in enumerate(chosen):
        full = len(problems[i].public)
        for passed, score in zip(rows["passed"][i], simulated[0][i]):
            if passed >= 0:
                values, classes = accepts if passed == full else rejects
                values.append((score == full) == (passed == full))
                classes.append(cls[p])
    best["accepts_right"], best["rejects_wrong"] = figure(*accepts), figure(*rejects)
    choices = Counter(compare_choices(simulated[0][i], rows["passed"][i], rows["right"][i]) for i in chosen)
    best["choices"] = {kind: choices[kind] for kind in ("same", "false fail", "false pass", "better")}
    return best


def compare_choices(simulated: list[int], passed: list[int], right: list[bool]) -> str:
    """Choosing among all programs of one problem: how often right is the choice by simulated scores, against that by the number of public
    tests really passed (ties broken at random)? "same" or "better"; or worse, and then there are two ways. "false pass": among those
    simulation puts on top, one is simulated to pass more tests than it does (a wrong program was accepted). "false fail": there is none, so
    one of the really best is simulated to pass fewer than it does (a right program was rejected)."""
    n = len(right)
    by_running, by_simulation = (rank_score_at_k(scores, right, n) for scores in (passed, simulated))
    if by_simulation >= by_running:
        return "better" if by_simulation > by_running else "same"
    top = max(simulated)
    return "false pass" if any(score == top > true for score, true in zip(simulated, passed)) else "false fail"


def _repairing(runs: dict[str, dict], cls: list[str]) -> dict:
    """runs: simulated | oracle | resample | exchanged -> rows per problem of init, final, init_public, final_public, turns, right."""
    rows = runs.get("simulated")
    init, final = np.array(rows["init"], bool), np.array(rows["final"], bool)
    result = {"init": figure(init, cls), "final": figure(final, cls), "gain": paired_difference(final, init, cls),
              "fixed": figure(~init & final, cls), "broken": figure(init & ~final, cls), "turns": figure(rows["turns"], cls)}
    for run in ("oracle", "resample", "exchanged"):
        if run in runs:
            result["oracle_final" if run == "oracle" else run] = figure(runs[run]["final"], cls)
            result[f"{run}_turns"] = figure(runs[run]["turns"], cls)
            result[f"final_minus_{run}"] = paired_difference(final, runs[run]["final"], cls)
    result["table"] = {}
    for tests, ending in (("all tests", ""), ("public tests", "_public")):
        a, b = np.array(rows[f"init{ending}"], bool), np.array(rows[f"final{ending}"], bool)
        result["table"][tests] = {f"{'right' if x else 'wrong'} -> {'right' if y else 'wrong'}": figure((a == x) & (b == y), cls)
                                  for x in (True, False) for y in (True, False)}
    result["curve"] = {run: {str(t): figure(_right_after(row["right"], t), cls) for t in TURNS} for run, row in runs.items()}
    return result


def _at_8(metrics: dict) -> int:
    """Index of k = 8 in the lists of best@k (the last k if fewer programs were sampled)."""
    return min(8, metrics["best_at_k"]["n"]) - 1


# ---------------------------------------------------------------------------------------------------------------------------
# The report.

def percent(value: dict | None, signed: bool = False) -> str:
    """{value: 0.803, lo: 0.77, hi: 0.83} -> "80.3 (77.0 to 83.0)"."""
    if value is None or value["value"] is None:
        return "-"
    sign = "+" if signed else ""
    return f"{100 * value['value']:{sign}.1f} ({100 * value['lo']:{sign}.1f} to {100 * value['hi']:{sign}.1f})"


def table(header: list[str], rows: list[list]) -> str:
    """A markdown table, columns aligned so that it reads as plain text too."""
    rows = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[k]) for row in rows) for k in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def bars(metrics: dict) -> list[list[str]]:
    """Rows of what the course is expected to show: what, at least, measured, met or not."""
    def row(what, bar, value, text, at_least=True):
        met = "" if bar is None else "?" if value is None else "met" if (value >= bar if at_least else value <= bar) else "NOT MET"
        return [what, "reported" if bar is None else text, met]

    value = lambda f: None if f is None else f["value"]
    short, own, rl = metrics["predict"].get("sft/nlex/short"), metrics["predict"].get("rl/nlex/own"), metrics["rl_minus_sft"]
    best, loop, solve = metrics["best_at_k"], metrics["self_rlef"], metrics["solve"]["rl"]
    k, full = _at_8(metrics), metrics.get("nlex_minus_none_full", {}).get("short")
    gain, gap = best["gain"][k], best["simulation_gap"][k]
    minutes = sum(metrics["seconds"].get(stage, 0) for stage in ("data", "sft", "short", "rl", "eval")) / 60
    memory = metrics["peak_memory_mb"]
    rows = [
        (row("output prediction after SFT, short inputs, nlex", 0.80, value(short), "80 %"), percent(short)),
        (row("nlex minus none, the same short token budget", None, None, ""), percent(metrics["nlex_minus_none"]["short"], True)),
        (row("nlex minus none, full budget (run.sh full)", 0.40, value(full), "+40"), percent(full, True)),
        (row("solve pass@1, all statements", 0.50, value(solve["pass@1"]), "50 %"), percent(solve["pass@1"])),
        (row(f"best@{k + 1} simulate minus pass@1", 0.15, value(gain), "+15"), percent(gain, True)),
        (row(f"simulation gap at k = {k + 1}", 0.04, value(gap), "at most 4", False), percent(gap, True)),
        (row("self-RLEF final minus initial", 0.08, value(loop["gain"]), "+8"), percent(loop["gain"], True)),
        (row("self-RLEF: right programs broken", 0.03, value(loop["broken"]), "at most 3 %", False), percent(loop["broken"])),
        (row("beside it: resampling until simulation accepts, minus initial", None, None, ""),
         f"{100 * (loop['resample']['value'] - loop['init']['value']):+.1f}"),
        (row("RL minus SFT, predict short", -0.01, value(rl["short"]), "-1"), percent(rl["short"], True)),
        (row("RL minus SFT, predict longer", 0.03, value(rl["longer"]), "+3"), percent(rl["longer"], True)),
        (row("own programs after RL, prediction", 0.85, value(own), "85 %"), percent(own)),
        (row("RL minus SFT, solve pass@1", None, None, ""), percent(metrics["rl_minus_sft"]["solve pass@1"], True)),
    ]
    if "ablations" not in metrics["seconds"]:  # the evaluation of a full run is another one
        rows.append((row("wall time of all stages (CPU preset, 2 cores)", 30, minutes, "at most 30 min", False),
                     f"{minutes:.1f} min, {memory:,} MB"))
    return [[what, bar, measured, met] for (what, bar, met), measured in rows]


def headline(metrics: dict) -> str:
    """What the numbers say, in words."""
    value = lambda f: "-" if f is None or f["value"] is None else f"{100 * f['value']:.0f} %"
    best, loop, k = metrics["best_at_k"], metrics["self_rlef"], _at_8(metrics)
    rl, sft = ([value(metrics["predict"].get(f"{stage}/nlex/{set_}")) for set_ in ("short", "longer", "own")] for stage in ("rl", "sft"))
    lines = ["**Toy size: these numbers mean nothing.**"] if metrics["preset"] == "quick" else []
    lines += [
        f"A transformer of {metrics['parameters']:,} parameters, started from random weights, predicts what held-out programs print:",
        f"{rl[0]} right on short inputs, {rl[1]} on longer ones, {rl[2]} on its own programs (before RL: {sft[0]}, {sft[1]}, {sft[2]}).",
        f"One program of its own solves {value(best['pass'][0])} of the problems; the best of {k + 1} by its own simulation, "
        f"{value(best['simulate'][k])}; by really running the public tests, {value(best['exec'][k])}.",
        f"Repairing by its own simulation takes {value(loop['init'])} to {value(loop['final'])}; with true feedback, "
        f"{value(loop['oracle_final'])}; resampling until simulation accepts, {value(loop['resample'])}.",
        "",
        f"Preset {metrics['preset']}, seed {metrics['seed']}, {metrics['device']}, commit {metrics['commit'][:12]}, "
        f"{metrics['seconds']['total'] / 60:.1f} minutes in all, peak memory {metrics['peak_memory_mb']:,} MB.",
        "Figures in percent with 95 % intervals (bootstrap over behaviour classes), test split, temperature 1 unless said otherwise.",
    ]
    return "\n".join(lines)


def markdown(metrics: dict) -> str:
    """The whole report."""
    parts = ["# What came out", headline(metrics), "## What the course should show", bars_table(metrics)]
    parts += _predictions_part(metrics)
    columns = list(metrics["solve"]["rl"])
    parts += ["## Solving", table(["stage", *columns], [
        [stage, *(percent(values.get(column)) for column in columns)] for stage, values in metrics["solve"].items()])]
    parts += _picking_part(metrics, "best_at_k", "## Picking: best@k")
    parts += _picking_part(metrics, "best_at_k_predict_only", "## Picking with a verifier trained on prediction alone")
    parts += _repairing_part(metrics, "self_rlef", "## Repairing: self-RLEF")
    parts += _repairing_part(metrics, "self_rlef_sft", "## Repairing without RL: the same on the SFT checkpoint")
    parts += _repairing_part(metrics, "self_rlef_no_fix", "## Repairing by a model that never saw a fix turn")
    parts += [f"## {title}\n{caption}\n\n{rows}" for title, caption, rows in beside_each_other(metrics)]
    parts += ["## Seconds", table(list(metrics["seconds"]), [[f"{seconds:.0f}" for seconds in metrics["seconds"].values()]])]
    return "\n\n".join(parts) + "\n"


def bars_table(metrics: dict) -> str:
    return table(["what", "at least", "measured", ""], bars(metrics))


def _predictions_part(metrics: dict) -> list[str]:
    parts = ["## Output prediction\nsft: after imitation, rl: after reinforcement. nlex: explanation in words, raw: variable dumps, none: "
             "output only. own: the model's own programs."]
    keys, five = metrics["predict"], metrics.get("predict_pass_at_5", {})
    columns = {"pass@1": keys, "greedy": metrics["predict_greedy"], "readable": metrics["predict_readable"],
               **({"pass@5": five} if five else {})}
    parts.append(table(["stage/format/set", *columns, "n"], [
        [key, *(percent(column.get(key)) for column in columns.values()), keys[key]["n"]] for key in keys]))
    parts.append("What they were trained on (rl: on top of sft):\n\n" + table(["checkpoint", "tokens", "examples", "seconds"], [
        [name, *_amounts(seen)] for name, seen in metrics["training"].items()]))
    titles = {"nlex_minus_none": "nlex minus none, short budget", "nlex_minus_none_full": "nlex minus none, full budget",
              "nlex_minus_raw_full": "nlex minus raw, full budget", "rl_minus_sft": "RL minus SFT",
              "rl_minus_sft_control": "RL minus SFT continued for the same time"}
    parts.append("Paired differences:\n\n" + table(["", "short", "longer", "solve pass@1"], [
        [title, *(percent(metrics[key].get(column), True) for column in ("short", "longer", "solve pass@1"))]
        for key, title in titles.items() if key in metrics]))

    names = [name for name in ("sft/nlex", "rl/nlex") if name in metrics["predict_by_steps"]]
    by_kind = {key: row for key, row in metrics["predict_by_kind"].items() if key.rsplit("/", 1)[0] in names}
    kinds = sorted({kind for row in by_kind.values() for kind in row})
    parts.append("By kind of program:\n\n" + table(["stage/format/set", *kinds], [
        [key, *(percent(row.get(kind)) for kind in kinds)] for key, row in by_kind.items()]))
    parts.append("By number of steps (lines of the true explanation; short and longer inputs together):\n\n"
                 + _by_table(metrics, "predict_by_steps", "steps"))
    parts.append("First wrong step of the wrong predictions, counted by kind (none: every step is right, only the stated output is wrong), "
                 "and the share of right predictions that have a wrong step:\n\n" + _wrong_steps_table(metrics["first_wrong_step"]))
    agreement = metrics.get("predict_by_agreement", {})
    if agreement:
        parts.append("Accuracy of the commonest prediction, by how many agree on it:\n\n" + _agreement_table(agreement))
    return parts


def _amounts(seen: dict) -> list[str]:
    return [f"{seen[key]:,.0f}" if seen.get(key) else "-" for key in ("tokens", "examples", "seconds")]


def _wrong_steps_table(wrong: dict) -> str:
    kinds = sorted({kind for row in wrong.values() for kind in row["kinds"]})
    return table(["stage/format/set", "n", "wrong", *kinds, "right with a wrong step"], [
        [key, row["n"], row["wrong"], *(row["kinds"].get(kind, 0) for kind in kinds), percent(row["right_with_wrong_step"])]
        for key, row in wrong.items()])


def _agreement_table(agreement: dict) -> str:
    votes = sorted({v for row in agreement.values() for v in row})
    return table(["stage/format/set", *votes], [
        [key, *(f"{percent(row[v])}, n = {row[v]['n']}" if v in row else "-" for v in votes)] for key, row in agreement.items()])


def _by_table(metrics: dict, key: str, head: str) -> str:
    """Accuracy by bins, the model before RL beside the one after."""
    columns = {name: metrics[key][name] for name in ("sft/nlex", "rl/nlex") if name in metrics[key]}
    first = next(iter(columns.values()))
    return table([head, *columns, "n"], [[bin_, *(percent(row[bin_]) for row in columns.values()), first[bin_]["n"]] for bin_ in first])


def _compared(record: dict, head: str = "checkpoint") -> str:
    """A record of compare: a row for each model, then one for each paired difference."""
    columns = list(dict.fromkeys(column for row in record["models"].values() for column in row))
    return table([head, *columns], [[name, *(percent(row.get(column), signed) for column in columns)]
                                    for part, signed in (("models", False), ("differences", True)) for name, row in record[part].items()])


COMPARISONS = {  # key of the metrics: title, caption, head of the first column
    "default": ("RL, other rewards, more imitation", "control: SFT continued on its mixture for as long as RL trained; ceiling: the same "
                "with half of the explanations of RL's prompts. Greedy answers are blind to the temperature, which RL learns.",
                "checkpoint"),
    "scarce": ("The same where explanations are scarce", "few: SFT on few explained cases.", "checkpoint"),
    "formats": ("Answer formats, one model for all three texts", "sft and rl: explained; raw: variable dumps; none: output only. "
                "RL rewards explained answers line by line, the others by their outcome.",
                "checkpoint"),
    "own_programs": ("Joint training against prediction alone", "All predict the same programs, those that rl wrote.", "checkpoint"),
    "open_readings": ("Picking: the reading of a vague statement", "Programs of rl. A vague phrase has two readings: the chance to guess "
                      "is 1/2, with two phrases 1/4 (counted in the statement; higher where readings do the same).", "phrases"),
    "open_readings_without_tests": ("Picking: the reading, where the prompt shows no tests", "Programs of extra; pass@1 is guessing, best "
                                    "of 8 is told the reading by the public tests.", "phrases"),
    "public_tests": ("Picking: no public tests in the prompt", "Programs of the model trained on both kinds of prompt, picked by its own "
                     "simulation of the public tests.", "solve prompt"),
    "self_rlef_traces": ("Repairing: the whole trace as feedback", "Solved after so many programs. trace: the fix prompt also tells the "
                         "failing run step by step; simulated or true (oracle).", "feedback"),
}


def beside_each_other(metrics: dict) -> list[tuple[str, str, str]]:
    """(title, caption, table) of the tables that put models, judges or ways of repairing side by side, as far as there is data."""
    records = {**metrics, **metrics.get("rl_table", {})}

    def compared(*keys):
        return [(*COMPARISONS[key][:2], _compared(records[key], COMPARISONS[key][2])) for key in keys if key in records]
    parts = compared("default", "scarce", "formats", "own_programs") + _judges_tables(metrics)
    parts += compared("open_readings", "open_readings_without_tests", "public_tests")
    parts += _turns_table(metrics) + compared("self_rlef_traces")
    if "predict_by_length" in metrics:
        parts += [("Where simulation goes wrong: length of the input", "Short and longer inputs together. items: numbers of a list, "
                   "digits, or n itself.", _by_table(metrics, "predict_by_length", "items")),
                  ("Where simulation goes wrong: size of the values", "largest: the largest integer of the run, sign left out.",
                   _by_table(metrics, "predict_by_size", "largest"))]
    return parts


def _judges_tables(metrics: dict) -> list[tuple[str, str, str]]:
    picked = [metrics[key] for key in BEST.values() if "choices" in metrics.get(key, {})]
    if not picked:
        return []
    k = min(8, picked[0]["n"])
    columns = {"pass@1": ("random", 0), f"pass@{k}": ("pass", k - 1), f"best@{k} exec": ("exec", k - 1),
               f"best@{k} simulate": ("simulate", k - 1), "gap": ("simulation_gap", k - 1)}
    rows, missed = [], []
    for best in picked:
        words = f"{best['judge']}, programs of {best['programs_of']}"
        for group in GROUPS:
            part = best if group == "all" else best[group]
            rows.append([words, group, *(percent(part[method][at], method == "simulation_gap") for method, at in columns.values())])
        judged = [best["accepts_right"], best["rejects_wrong"]]
        missed.append([words, *best["choices"].values(), *(f"{percent(f)}, n = {f['n']}" for f in judged)])
    return [("Picking: judges and programs", "Who judges whose programs, by simulating the public tests.",
             table(["judge", "statements", *columns], rows)),
            ("Picking: what is missed", "Problems by the choice among all programs, one simulation each, against exec's: worse because a "
             "right program was rejected (false fail) or a wrong one accepted (false pass). Then single programs.",
             table(["judge", *picked[0]["choices"], "accepts right", "rejects wrong"], missed))]


def _turns_table(metrics: dict) -> list[tuple[str, str, str]]:
    rows = []
    for key, model in zip(REPAIR.values(), ("rl", "sft", "no-fix")):
        for run, curve in metrics.get(key, {}).get("curve", {}).items():
            written = metrics[key]["turns" if run == "simulated" else f"{run}_turns"]["value"]
            rows.append([model, run, *map(percent, curve.values()), f"{written:.2f}"])
    against = ("gain", "broken", "final_minus_oracle", "final_minus_resample", "final_minus_exchanged")
    held = [[model, *(percent(metrics[key].get(column), column != "broken") for column in against)]
            for key, model in zip(REPAIR.values(), ("rl", "sft", "no-fix")) if key in metrics]
    return [("Repairing: against its controls", "Paired; broken: share of all problems.",
             table(["model", *(column.replace("_", " ") for column in against)], held)),
            ("Repairing: program by program", "Solved after so many programs. simulated: self-RLEF; oracle: with true feedback; exchanged: "
             "with another problem's; resample: new tries instead of fixes. no-fix: never trained to fix.",
             table(["model", "feedback", *(f"after {t}" for t in TURNS), "written"], rows))] if rows else []


def _picking_part(metrics: dict, key: str, title: str) -> list[str]:
    if key not in metrics:
        return []
    parts = [f"{title}\nOf k programs submit the one with the most public tests predicted right (simulate) or really passed (exec), the "
             "shortest answer (short1), or any (random). pass@k is the ceiling; simulation gap: exec minus simulate; gain: simulate minus "
             "pass@1."]
    for group in GROUPS:
        best = metrics[key] if group == "all" else metrics[key][group]
        signed = ("simulation_gap", "gain")
        methods = [m for m in ("pass", "exec", "simulate", "simulate_all", "short1", "random", *signed) if m in best]
        parts.append(f"{group} statements:\n\n" + table(["k", *methods], [
            [k + 1, *(percent(best[m][k], m in signed) for m in methods)] for k in range(best["n"])]))
    parts.append(f"As a judge of single programs, simulation accepts {percent(metrics[key]['accepts_right'])} of those that pass the "
                 f"public tests and rejects {percent(metrics[key]['rejects_wrong'])} of those that do not.")
    return parts


def _repairing_part(metrics: dict, key: str, title: str) -> list[str]:
    if key not in metrics:
        return []
    groups = {group: metrics[key] if group == "all" else metrics[key][group] for group in GROUPS}
    shares = [name for name in ("init", "final", "gain", "fixed", "broken", "oracle_final", "resample", "final_minus_resample", "exchanged")
              if name in metrics[key]]
    turns = [name for name in metrics[key] if name.endswith("turns")]
    number = lambda f: "-" if f["value"] is None else f"{f['value']:.2f} ({f['lo']:.2f} to {f['hi']:.2f})"
    rows = [[name, *(percent(part[name], name in ("gain", "final_minus_resample")) for part in groups.values())] for name in shares]
    rows += [[name, *(number(part[name]) for part in groups.values())] for name in turns]
    changes = metrics[key]["table"]
    return [f"{title}\nfixed, broken: shares of all problems. turns: programs written, the first one included. oracle: true outcomes as "
            "feedback. resample: new programs from the solve prompt until simulation accepts one. exchanged: feedback of another problem.",
            table(["", *groups], rows),
            "First program -> submitted program, shares of all problems:\n\n" + table(["", *changes], [
                [change, *(percent(changes[tests][change]) for tests in changes)] for change in changes["all tests"]])]


def training_log(path: Path) -> list[dict]:
    """Records of a JSON-lines log, a half-written last line left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            pass
    return records


def plots(metrics: dict, out: Path) -> None:
    """best_at_k.png, accuracy_by_steps.png, first_wrong_step.png, learning.png, rl_curves.png; without matplotlib one line, no plots."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("eval   no plots: matplotlib is not installed (pip install matplotlib)")
        return

    def line(axis, xs, figures, label):
        xs, figures = zip(*[(x, f) for x, f in zip(xs, figures) if f["value"] is not None])
        drawn, = axis.plot(xs, [100 * f["value"] for f in figures], marker="o", markersize=3, label=label)
        axis.fill_between(xs, [100 * f["lo"] for f in figures], [100 * f["hi"] for f in figures], color=drawn.get_color(), alpha=0.12)

    def save(figure_, axes, name, whole=True):
        for axis in axes:
            axis.grid(alpha=0.3)
            if whole:  # 0 to 100 %
                axis.set_ylim(-2, 102)
            if axis.get_legend_handles_labels()[0]:
                axis.legend(fontsize=8)
        figure_.tight_layout()
        figure_.savefig(out / name, dpi=130)
        plt.close(figure_)

    best = metrics["best_at_k"]
    picture, axes = plt.subplots(1, 3, figsize=(13, 4), sharey=True)
    for axis, (title, part) in zip(axes, {"all statements": best, "clear": best["clear"], "open": best["open"]}.items()):
        for method, label in (("pass", "pass@k (ceiling)"), ("exec", "best@k exec (oracle)"), ("simulate", "best@k simulate"),
                              ("short1", "short1@k"), ("random", "random")):
            if part[method][0]["value"] is not None:
                line(axis, range(1, best["n"] + 1), part[method], label)
        axis.set(title=f"Picking one of k programs: {title}", xlabel="k, programs sampled", ylabel="problems solved (%)")
    save(picture, axes, "best_at_k.png")

    picture, axis = plt.subplots(figsize=(6.5, 4))
    stages = ("sft/", "rl/", "sft_short_budget/", "sft_predict_only/")  # of the others there are too many
    by_steps = {name: row for name, row in metrics["predict_by_steps"].items() if name.startswith(stages)}
    bins = sorted({b for row in by_steps.values() for b in row}, key=_bin_start)
    for name, row in by_steps.items():
        have = [b for b in bins if b in row]
        line(axis, [bins.index(b) for b in have], [row[b] for b in have], name)
    axis.set_xticks(range(len(bins)), bins)
    axis.set(title="Output prediction by length of the run", xlabel="steps (lines of the true explanation)", ylabel="right outputs (%)")
    save(picture, [axis], "accuracy_by_steps.png")

    shares = wrong_step_shares(metrics)
    kinds = sorted({kind for row in shares.values() for kind in row})
    picture, axis = plt.subplots(figsize=(8, 4))
    for k, (name, row) in enumerate(shares.items()):
        axis.bar([x + 0.4 * k - 0.2 for x in range(len(kinds))], [100 * row.get(kind, 0) for kind in kinds], 0.4, label=name)
    axis.set_xticks(range(len(kinds)), kinds)
    axis.set(title="First wrong step of wrong predictions, by kind", ylabel="of all predictions (%)")
    save(picture, [axis], "first_wrong_step.png", whole=False)

    picture, (sft, rl) = plt.subplots(1, 2, figsize=(11, 4))
    stages = [(out / f"{name}.jsonl", sft, "tokens") for name in ("sft", "sft-short-nlex", "sft-short-none")]
    for path, axis, x in [*stages, (out / "rl.jsonl", rl, "step")]:
        records = training_log(path)
        for key in sorted({key for record in records for key in record if key in ("val_short", "val_longer", "val_solve")}):
            points = [(record[x], 100 * record[key]) for record in records if isinstance(record.get(key), int | float) and x in record]
            if points:
                axis.plot(*zip(*points), marker="o", markersize=3, label=f"{path.stem}: {key.removeprefix('val_')}")
    sft.set(title="Imitation (SFT)", xlabel="training tokens, prompts included", ylabel="validation, right (%)")
    rl.set(title="Reinforcement (RL)", xlabel="optimizer step", ylabel="validation, right (%)")
    save(picture, [sft, rl], "learning.png")

    runs = {family: {name: course for name in others if (course := training_course(out, name, others[0]))}
            for family, (_, *others) in FAMILIES.items()}
    runs = {family: courses for family, courses in runs.items() if courses}
    panels = {"short": "short inputs, right (%)", "longer": "longer inputs, right (%)", "entropy": "entropy (nats a token)",
              "predict_length": "tokens of a prediction"}
    if runs:
        picture, rows = plt.subplots(len(runs), 4, figsize=(16, 4 * len(runs)), squeeze=False, width_ratios=(3, 3, 2, 2))
        for row, (family, courses) in zip(rows, runs.items()):
            for axis, (panel, words) in zip(row, panels.items()):
                keys = {f"val_{panel}": "-", f"val_{panel}_pass4": "--"} if panel in ("short", "longer") else {panel: "-"}
                for k, (name, course) in enumerate(courses.items()):
                    for key, style in keys.items():
                        points = [(x, record[key] * (100 if "val" in key else 1)) for x, record in course if key in record]
                        if points:
                            axis.plot(*zip(*points), style, color=f"C{k}", label=name + (", pass@4" if style == "--" else ""))
                axis.set(title=family, xlabel="training seconds", ylabel=words)
        save(picture, rows.flat, "rl_curves.png", whole=False)


def wrong_step_shares(metrics: dict) -> dict[str, dict[str, float]]:
    """sft/nlex and rl/nlex -> kind of first wrong step -> share of all predictions, short and longer inputs together."""
    shares = {}
    for name in ("sft/nlex", "rl/nlex"):
        rows = [metrics["first_wrong_step"][key] for key in (f"{name}/short", f"{name}/longer") if key in metrics["first_wrong_step"]]
        counts = sum((Counter(row["kinds"]) for row in rows), Counter())
        shares[name] = {kind: count / sum(row["n"] for row in rows) for kind, count in counts.items()}
    return shares


def training_course(out: Path, name: str, rl: str) -> list[tuple[float, dict]]:
    """(seconds trained so far, record) of the log of an RL run, or of SFT continued: that begins where the run it is a control of did."""
    course, seconds = [], 0.0
    for record in training_log(out / f"{name}.jsonl"):
        parts = record.get("seconds", {})
        seconds = record.get("train_seconds", seconds + sum(spent for part, spent in parts.items() if part != "validate"))
        course.append((seconds, record))
    if course and "train_seconds" in course[0][1]:
        course = [(0.0, record) for record in training_log(out / f"{rl}.jsonl") if record["step"] == 0] + course
    return course


def write(metrics: dict, out: Path) -> str:
    """report.md and the plots in `out`; returns the first part, for the terminal."""
    (out / "report.md").write_text(markdown(metrics))
    plots(metrics, out)
    return headline(metrics) + "\n\n" + bars_table(metrics)


def over_seeds(runs: list[dict]) -> str:
    """The README's tables over the metrics of runs that differ by their seed; each cell is the mean (smallest to largest), in percent;
    of a single run just its value."""
    def cell(value, scale=100, digits=1) -> str:
        values = [value(metrics) for metrics in runs]
        if None in values:
            return "-"
        if len(values) == 1:
            return f"{scale * values[0]:.{digits}f}"
        mean, low, high = (f"{scale * v:.{digits}f}" for v in (sum(values) / len(values), min(values), max(values)))
        return f"{mean} ({low} to {high})"

    def predicted(stage_format: str, set_: str):
        return lambda m: m["predict"].get(f"{stage_format}/{set_}", {}).get("value")

    sets = {"short": "held-out programs, short inputs", "longer": "held-out programs, longer inputs", "own": "the model's own programs"}
    columns = [lambda set_, s=stage: predicted(s, set_) for stage in ("sft/nlex", "rl/nlex")]
    columns += [lambda set_: lambda m: m["rl_minus_sft"].get(set_, {}).get("value")]
    columns += [lambda set_, s=f"sft_short_budget/{format}": predicted(s, set_) for format in ("nlex", "none")]
    first = [[words, *(cell(column(set_)) for column in columns)] for set_, words in sets.items()]

    def solve(stage, key):
        return lambda m, group: m["solve"][stage if group == "all" else f"{stage}/{group}"][key]["value"]

    def best(method, k):
        return lambda m, group: (m["best_at_k"] if group == "all" else m["best_at_k"][group])[method][k - 1]["value"]

    def loop(key):
        return lambda m, group: (m["self_rlef"] if group == "all" else m["self_rlef"][group])[key]["value"]

    rows = {"solve pass@1, after SFT": solve("sft", "pass@1"), "solve pass@1, after RL": solve("rl", "pass@1"),
            "public tests passed by one program": solve("rl", "public@1"), "pass@8, the ceiling": best("pass", 8),
            "best@8 exec, the oracle": best("exec", 8), "**best@8 simulate**": best("simulate", 8), "short1@8": best("short1", 8),
            "best@8 simulate minus pass@1": best("gain", 8), "simulation gap (exec minus simulate)": best("simulation_gap", 8),
            "self-RLEF: first program": loop("init"), "**self-RLEF: final program**": loop("final"), "final minus first": loop("gain"),
            "with true feedback, the oracle": loop("oracle_final"), "control: resample until simulation accepts": loop("resample")}
    second = [[words, *(cell(lambda m, g=group, v=value: v(m, g)) for group in GROUPS)] for words, value in rows.items()]
    second.append(["programs written in self-RLEF, of 10", *(cell(lambda m, g=group: loop("turns")(m, g), 1, 2) for group in GROUPS)])
    changes = {change: [lambda m, c=change, t=tests: m["self_rlef"]["table"][t][c]["value"] for tests in ("all tests", "public tests")]
               for change in runs[0]["self_rlef"]["table"]["all tests"]}
    third = [[change, *map(cell, values)] for change, values in changes.items()]
    fourth = [[stage, cell(lambda m, s=stage: m["seconds"].get(s, 0) / 60, 1)] for stage in ("data", "sft", "short", "rl", "eval", "total")]
    fourth.append(["peak memory of one process, MB", cell(lambda m: m["peak_memory_mb"], 1, 0)])
    head = [["output prediction, pass@1", "after SFT", "after RL", "difference", "short budget, explained", "short budget, output only"],
            ["percent of problems", "all statements", "clear", "open"],
            ["self-RLEF: first -> submitted program", "all tests", "public tests"], ["minutes", "2 CPU cores"]]
    return "\n\n".join(map(table, head, (first, second, third, fourth)))


def rl_beside_controls(runs: list[dict]) -> str:
    """The README's tables of `bash run.sh controls`, one a family: RL, its start and its control, means over the runs; and the paired
    differences with the 95 % interval of all their items together (how the runs themselves vary is not in it)."""
    columns = ("short pass@1", "longer pass@1", "short greedy", "longer greedy", "solve pass@1", "solve pass@8")
    tables = []
    for family, (start, rl, *_, control, _) in FAMILIES.items():
        def cell(kind, name, column, family=family):
            figures = [m["rl_table"][family][kind].get(name, {}).get(column) for m in runs]
            if None in figures:
                return "-"
            value = sum(f["value"] for f in figures) / len(figures)
            half = math.sqrt(sum((f["hi"] - f["lo"]) ** 2 for f in figures)) / 2 / len(figures)
            lo, hi = (value - half, value + half) if len(figures) > 1 else (figures[0]["lo"], figures[0]["hi"])
            return percent({"value": value, "lo": lo, "hi": hi}, True) if kind == "differences" else f"{100 * value:.1f}"
        if all(family in m.get("rl_table", {}) for m in runs):
            rows = [[f"`{name}`", *(cell("models", name, column) for column in columns)] for name in (start, control, rl)]
            rows += [[f"`{rl}` minus `{base}`", *(cell("differences", f"{rl} minus {base}", column) for column in columns)]
                     for base in (start, control)]
            tables.append(table([f"{family}, n = {runs[0]['rl_table'][family]['models'][start][columns[0]]['n']}", *columns], rows))
    return "\n\n".join(tables)


def full_budget(metrics: dict) -> str:
    """The README's tables of a full run: RL beside its controls; answer formats, each on the same tokens with its own whole schedule, and
    in one model for all texts; own programs; picking; repairing; where simulation goes wrong."""
    names = {"sft_predict_only/nlex": ("explained (`nlex`)", "sft-predict"), "sft/raw": ("variable dumps (`raw`)", "sft-raw"),
             "sft/none": ("output only (`none`)", "sft-none")}
    formats = [[words, *(percent(metrics["predict"].get(f"{key}/{set_}")) for set_ in ("short", "longer")),
                *_amounts(metrics["training"][file])]
               for key, (words, file) in names.items() if file in metrics["training"]]
    differences = {"nlex_minus_none_full": "explained minus output only", "nlex_minus_raw_full": "explained minus variable dumps",
                   "rl_minus_sft": "RL minus SFT", "rl_minus_sft_control": "RL minus SFT continued for the same time"}
    paired = [[words, *(percent(metrics[key][set_], True) for set_ in ("short", "longer"))]
              for key, words in differences.items() if key in metrics]
    tables = [rows for _, _, rows in beside_each_other(metrics)]
    after = len(metrics.get("rl_table", {}))
    tables[after:after] = [table(["answer format", "short", "longer", "tokens", "examples", "seconds"], formats),
                           table(["paired difference", "short", "longer"], paired)]
    columns = ("pass@1", "pass@8", "public@1", "public@10")
    tables.append(table(["programs of", *columns], [[stage, *(percent(values.get(column)) for column in columns)]
                                                    for stage, values in metrics["solve"].items()]))
    if "predict_by_length" in metrics:
        main = lambda record: {key: row for key, row in record.items() if key.startswith(("sft/nlex", "rl/nlex"))}
        tables += [_by_table(metrics, "predict_by_steps", "steps"), _wrong_steps_table(main(metrics["first_wrong_step"]))]
        tables += [_agreement_table(main(metrics["predict_by_agreement"]))] if "predict_by_agreement" in metrics else []
    return "\n\n".join(tables)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder with metrics.json")
    parser.add_argument("--seeds", type=Path, nargs="+", metavar="FOLDER", help="print the README's tables of these runs")
    parser.add_argument("--full", type=Path, metavar="FOLDER", help="print the README's tables of a run of `bash run.sh full`")
    parser.add_argument("--controls", type=Path, nargs="+", metavar="FOLDER", help="print those of runs of `bash run.sh controls`")
    args = parser.parse_args()
    folders = args.seeds or args.controls or ([args.full] if args.full else [])
    if folders:
        missing = [str(folder / "metrics.json") for folder in folders if not (folder / "metrics.json").exists()]
        if missing:
            sys.exit(f"report.py: {missing[0]} is missing")
        runs = [json.loads((folder / "metrics.json").read_text()) for folder in folders]
        print(over_seeds(runs) if args.seeds else rl_beside_controls(runs) if args.controls else full_budget(runs[0]))
        sys.exit(0)
    if not (args.out / "metrics.json").exists():
        sys.exit(f"{args.out / 'metrics.json'} is missing: make it with `python eval.py --out {args.out}`")
    print(write(json.loads((args.out / "metrics.json").read_text()), args.out))
