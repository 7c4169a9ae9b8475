"""What do the numbers say? From the rows that eval.py measured to figures.

The estimators of the paper's section 3, then `summarise`: rows -> metrics.json. A figure is {value, lo, hi, n}, in fractions.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache

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
        summary["simulation_gap"] = summary["best_at_k"]["simulation_gap"][at_8(summary)]

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
            pairs = [(name, base) for name in others for base in bases if name != base] + [others[:2]]  # RL by lines minus by outcome
            out.setdefault("rl_table", {})[family] = compare(here, pairs)

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


def bin_start(text: str) -> int:
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
            if samples >= 2:  # is the commonest outcome right: always, and when so many of the samples agree on it?
                by_votes = _by(items, lambda item: item["votes"], lambda item: item["majority"])
                out.setdefault("predict_by_agreement", {})[key] = {"vote": _figure_of(items, lambda item: item["majority"]), **{
                    f"{v}/{samples}": value for v, value in by_votes.items()}}
        given = [item for item in everything if item["set"] != "own"]
        out["predict_by_steps"][name] = _by(given, lambda item: bin_of(item["steps"]), order=bin_start)
        out.setdefault("predict_by_length", {})[name] = _by(given, lambda item: str(item["length"]), order=int)
        out.setdefault("predict_by_size", {})[name] = _by(given, lambda item: bin_of(item["size"], SIZE_BINS, 0), order=bin_start)
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
    simulation puts on top, one is simulated to pass more tests than it does (it is overrated). "false fail": there is none, so
    one of the really best is simulated to pass fewer than it does (it is underrated)."""
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


def at_8(metrics: dict) -> int:
    """Index of k = 8 in the lists of best@k (the last k if fewer programs were sampled)."""
    return min(8, metrics["best_at_k"]["n"]) - 1
