"""From the rows that eval.py measured to figures, tables and plots.

    python report.py --out out       # write out/report.md and the plots again from out/metrics.json

Estimators of the paper's section 3 first, then `summarise` (rows -> metrics.json), then the report. A figure is {value, lo, hi, n}, fractions;
the report shows percent.
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

STEP_BINS = (5, 10, 15, 20, 30)  # lines of the true explanation: 1-5, 6-10, ..., more than 30
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
    return {"value": round(float(value), 5), "lo": round(float(min(lo, value)), 5), "hi": round(float(max(hi, value)), 5), "n": len(values)}


def paired_difference(a, b, classes, seed: int = 0) -> dict:
    """Figure of a - b, item by item: the items' own difficulty drops out of the interval."""
    return figure(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64), classes, seed)


# ---------------------------------------------------------------------------------------------------------------------------
# Rows to figures.

def summarise(rows: dict[str, dict], problems: list, names: dict[str, str]) -> dict:
    """Everything that can be said from the sections finished so far. rows: section -> rows of eval.py; names: checkpoint -> stage/format."""
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
    for stage in ("sft", "rl"):
        if f"solve-{stage}" in rows:
            for group, chosen in groups.items():
                key = stage if group == "all" else f"{stage}/{group}"
                summary["solve"][key] = _solving(rows[f"solve-{stage}"], problems, cls, chosen)
    if "solve-sft" in rows and "solve-rl" in rows and "rl_minus_sft" in summary:
        share = lambda stage: [sum(row) / len(row) for row in rows[f"solve-{stage}"]["right"]]
        summary["rl_minus_sft"]["solve pass@1"] = paired_difference(share("rl"), share("sft"), cls)

    for section, key in (("best", "best_at_k"), ("best-predict-only", "best_at_k_predict_only")):
        if section in rows:
            best = {group: _best_at_k(rows["solve-rl"], rows[section]["scores"], problems, cls, chosen) for group, chosen in groups.items()}
            summary[key] = {**best["all"], "clear": best["clear"], "open": best["open"]}
    if "best_at_k" in summary:
        summary["simulation_gap"] = summary["best_at_k"]["simulation_gap"][_at_8(summary)]

    for section, key in (("self-rlef", "self_rlef"), ("self-rlef-sft", "self_rlef_sft")):
        if section in rows:
            runs = {**rows[section], **rows.get(f"{section}-exchanged", {})}
            parts = {group: _repairing({run: {k: pick(v, chosen) for k, v in values.items()} for run, values in runs.items()}, pick(cls, chosen))
                     for group, chosen in groups.items()}
            summary[key] = {**parts["all"], "clear": parts["clear"], "open": parts["open"]}
    return summary


def _accuracy(items: list[dict], key: str = "right") -> dict:
    return figure([np.mean(item[key]) for item in items], [item["cls"] for item in items])


def _paired_predictions(a: list[dict], b: list[dict], set_: str) -> dict:
    a, b = ([item for item in items if item["set"] == set_] for items in (a, b))
    return paired_difference([np.mean(x["right"]) for x in a], [np.mean(x["right"]) for x in b], [x["cls"] for x in a])


def step_bin(steps: int) -> str:
    """7 -> "6-10"."""
    low = 1
    for high in STEP_BINS:
        if steps <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def summarise_predictions(predicted: dict[str, list[dict]]) -> dict:
    """stage/format -> items of eval.py's predict section, to accuracy by set, kind and steps, first wrong steps, agreement."""
    out = {key: {} for key in ("predict", "predict_greedy", "predict_readable", "predict_by_kind", "predict_by_steps", "first_wrong_step")}
    for name, everything in predicted.items():
        for set_ in ("short", "longer", "own"):
            items = [item for item in everything if item["set"] == set_]
            if not items:
                continue
            key, samples = f"{name}/{set_}", len(items[0]["right"])
            out["predict"][key] = _accuracy(items)
            out["predict_greedy"][key] = _accuracy(items, "greedy")
            out["predict_readable"][key] = _accuracy(items, "readable")
            if set_ != "own":
                out["predict_by_kind"][key] = {kind: _accuracy([i for i in items if i["kind"] == kind]) for kind in sorted({i["kind"] for i in items})}
            told = [item for item in items if "first_wrong" in item]
            wrong = [item for item in told if not item["right"][0]]
            if told:  # of the first sample of each case
                kinds = Counter(item["first_wrong"][1] if item["first_wrong"] else "none" for item in wrong)
                out["first_wrong_step"][key] = {
                    "wrong": len(wrong), "kinds": dict(kinds.most_common()),
                    "right_with_wrong_step": figure([bool(i["first_wrong"]) for i in told if i["right"][0]], [i["cls"] for i in told if i["right"][0]])}
            if samples >= 5:
                out.setdefault("predict_pass_at_5", {})[key] = figure([pass_at_k(samples, sum(i["right"]), 5) for i in items], [i["cls"] for i in items])
            if samples >= 2:  # is the commonest outcome right, when so many of the samples agree on it?
                out.setdefault("predict_by_agreement", {})[key] = {
                    f"{votes}/{samples}": _accuracy([i for i in items if i["votes"] == votes], "majority") for votes in sorted({i["votes"] for i in items})}
        short_and_longer = [item for item in everything if item["set"] != "own"]
        bins = sorted({step_bin(item["steps"]) for item in short_and_longer}, key=lambda text: int(text.rstrip("+").split("-")[0]))
        out["predict_by_steps"][name] = {b: _accuracy([i for i in short_and_longer if step_bin(i["steps"]) == b]) for b in bins}
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
    expected = {method: [[float(np.mean([rank_score_at_k(replicate[p], row, k) for replicate in replicates])) for p, row in enumerate(right)]
                         for k in range(1, n + 1)] for method, replicates in scores.items()}  # method -> (n, chosen)
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
    return best


def _repairing(runs: dict[str, dict], cls: list[str]) -> dict:
    """runs: simulated | oracle | resample | exchanged -> rows per problem of init, final, init_public, final_public, turns."""
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
    short = metrics["predict"].get("sft/nlex/short")
    best, loop, solve = metrics["best_at_k"], metrics["self_rlef"], metrics["solve"]["rl"]
    k, full = _at_8(metrics), metrics.get("nlex_minus_none_full", {}).get("short")
    gain, gap = best["gain"][k], best["simulation_gap"][k]
    minutes, memory = metrics["seconds"]["total"] / 60, metrics["peak_memory_mb"]
    rows = [
        (row("output prediction after SFT, short inputs, nlex", 0.80, value(short), "80 %"), percent(short)),
        (row("nlex minus none, the same short token budget", None, None, ""), percent(metrics["nlex_minus_none"]["short"], True)),
        (row("nlex minus none, full budget (run.sh full)", 0.40, value(full), "+40"), percent(full, True)),
        (row("solve pass@1, all statements", 0.50, value(solve["pass@1"]), "50 %"), percent(solve["pass@1"])),
        (row(f"best@{k + 1} simulate minus pass@1", 0.15, value(gain), "+15"), percent(gain, True)),
        (row(f"simulation gap at k = {k + 1}", 0.06, value(gap), "at most 6", False), percent(gap, True)),
        (row("self-RLEF final minus initial", 0.06, value(loop["gain"]), "+6"), percent(loop["gain"], True)),
        (row("beside it: resampling until simulation accepts, minus initial", None, None, ""),
         f"{100 * (loop['resample']['value'] - loop['init']['value']):+.1f}"),
        (row("RL minus SFT, predict short", None, None, ""), percent(metrics["rl_minus_sft"]["short"], True)),
        (row("RL minus SFT, predict longer", None, None, ""), percent(metrics["rl_minus_sft"]["longer"], True)),
        (row("RL minus SFT, solve pass@1", None, None, ""), percent(metrics["rl_minus_sft"]["solve pass@1"], True)),
        (row("wall time of all stages (CPU preset, 2 cores)", 30, minutes, "at most 30 min", False), f"{minutes:.1f} min, {memory:,} MB"),
    ]
    return [[what, bar, measured, met] for (what, bar, met), measured in rows]


def headline(metrics: dict) -> str:
    """What the numbers say, in words."""
    value = lambda f: "-" if f is None or f["value"] is None else f"{100 * f['value']:.0f} %"
    predict, best, loop, k = metrics["predict"], metrics["best_at_k"], metrics["self_rlef"], _at_8(metrics)
    toy = "**Toy size: these numbers mean nothing.** " if metrics["preset"] == "quick" else ""
    return (
        f"{toy}A transformer of {metrics['parameters']:,} parameters, from random weights, predicts the output of {value(predict.get('rl/nlex/short'))} of "
        f"held-out programs on short inputs, {value(predict.get('rl/nlex/longer'))} on longer ones and {value(predict.get('rl/nlex/own'))} of its own programs "
        f"(before RL: {value(predict.get('sft/nlex/short'))}, {value(predict.get('sft/nlex/longer'))}, {value(predict.get('sft/nlex/own'))}). One program of its "
        f"own solves {value(best['pass'][0])} of the problems; the best of {k + 1} picked by its own simulation, {value(best['simulate'][k])}; picked by really "
        f"running the public tests, {value(best['exec'][k])}. Repairing by simulation takes {value(loop['init'])} to {value(loop['final'])} (with true feedback "
        f"{value(loop['oracle_final'])}; resampling until simulation accepts {value(loop['resample'])}).\n\n"
        f"Preset {metrics['preset']}, seed {metrics['seed']}, {metrics['device']}, commit {metrics['commit'][:12]}, "
        f"{metrics['seconds']['total'] / 60:.1f} minutes in all, peak memory {metrics['peak_memory_mb']:,} MB. All figures in percent with 95 % intervals "
        f"(bootstrap over behaviour classes); test split; temperature 1 unless said otherwise.")


def markdown(metrics: dict) -> str:
    """The whole report."""
    parts = ["# What came out", headline(metrics), "## What the course should show"]
    parts.append(table(["what", "at least", "measured", ""], bars(metrics)))

    parts.append("## Output prediction\nsft = after imitation, rl = after reinforcement; nlex = explanation in words, raw = variable dumps, none = output only. "
                 "own = the model's own programs.")
    keys = metrics["predict"]
    five = metrics.get("predict_pass_at_5")
    parts.append(table(["stage/format/set", "pass@1", "greedy", "readable", *(["pass@5"] if five else []), "n"],
                       [[key, percent(keys[key]), percent(metrics["predict_greedy"][key]), percent(metrics["predict_readable"][key]),
                         *([percent(five.get(key))] if five else []), keys[key]["n"]] for key in keys]))
    budget = [[name, *(f"{seen[key]:,.0f}" if seen.get(key) else "-" for key in ("tokens", "examples", "seconds"))]
              for name, seen in metrics["training"].items()]
    parts.append("What they were trained on (rl: on top of sft):\n\n" + table(["checkpoint", "tokens", "examples", "seconds"], budget))
    for key, title in (("nlex_minus_none", "nlex minus none, short budget"), ("nlex_minus_none_full", "nlex minus none, full budget"),
                       ("nlex_minus_raw_full", "nlex minus raw, full budget"), ("rl_minus_sft", "RL minus SFT"),
                       ("rl_minus_sft_control", "RL minus SFT continued for the same time")):
        if key in metrics:
            parts.append(f"{title} (paired): " + "; ".join(f"{set_} {percent(f, True)}" for set_, f in metrics[key].items()))
    main = [name for name in ("sft/nlex", "rl/nlex") if name in metrics["predict_by_steps"]]
    kinds = sorted({kind for key in metrics["predict_by_kind"] if key.rsplit("/", 1)[0] in main for kind in metrics["predict_by_kind"][key]})
    parts.append("By kind of program:\n\n" + table(["stage/format/set", *kinds], [
        [key, *(percent(values.get(kind)) for kind in kinds)] for key, values in metrics["predict_by_kind"].items() if key.rsplit("/", 1)[0] in main]))
    steps = list(dict.fromkeys(b for name in main for b in metrics["predict_by_steps"][name]))
    parts.append("By number of steps (short and longer together):\n\n" + table(["steps", *main, "n"], [
        [b, *(percent(metrics["predict_by_steps"][name].get(b)) for name in main), metrics["predict_by_steps"][main[0]].get(b, {}).get("n", "-")]
        for b in steps]))
    wrong = metrics["first_wrong_step"]
    names = sorted({kind for row in wrong.values() for kind in row["kinds"]})
    parts.append("First wrong step of the wrong predictions, number by kind (none: every step right, only the stated output wrong); and how many right "
                 "predictions have a wrong step:\n\n" + table(["stage/format/set", "wrong", *names, "right, with a wrong step"], [
                     [key, row["wrong"], *(row["kinds"].get(kind, 0) for kind in names), percent(row["right_with_wrong_step"])] for key, row in wrong.items()]))
    for key, row in metrics.get("predict_by_agreement", {}).items():
        parts.append(f"Agreement, {key}: " + "; ".join(f"{votes} agree: {percent(f)} right, n = {f['n']}" for votes, f in row.items()))

    parts.append("## Solving")
    columns = list(metrics["solve"]["rl"])
    parts.append(table(["stage", *columns], [[stage, *(percent(values.get(c)) for c in columns)] for stage, values in metrics["solve"].items()]))

    for key, title in (("best_at_k", "## Picking: best@k"), ("best_at_k_predict_only", "## Picking, with a verifier trained on prediction alone")):
        if key not in metrics:
            continue
        parts.append(f"{title}\nOf k programs, submit the one with the most public tests predicted right (simulate) or really passed (exec), the shortest (short1), "
                     "any (random). pass@k is the ceiling, the gap is exec minus simulate, the gain is simulate minus pass@1.")
        for group in ("all", "clear", "open"):
            best = metrics[key] if group == "all" else metrics[key][group]
            methods = [m for m in ("pass", "exec", "simulate", "simulate_all", "short1", "random", "simulation_gap", "gain") if m in best]
            parts.append(f"{group} statements:\n\n" + table(["k", *methods], [
                [k + 1, *(percent(best[m][k], m in ("simulation_gap", "gain")) for m in methods)] for k in range(best["n"])]))
        parts.append(f"As a judge of single programs, simulation accepts {percent(metrics[key]['accepts_right'])} of those that pass the public tests and "
                     f"rejects {percent(metrics[key]['rejects_wrong'])} of those that do not.")

    for key, title in (("self_rlef", "## Repairing: self-RLEF"), ("self_rlef_sft", "## Repairing without RL: the same on the SFT checkpoint")):
        if key not in metrics:
            continue
        parts.append(f"{title}\nfixed, broken: shares of all problems. turns: programs written, 1 at least. oracle: true outcomes as feedback. resample: new "
                     "programs from the solve prompt until simulation accepts one." + (" exchanged: feedback of another problem."
                                                                                        if "exchanged" in metrics[key] else ""))
        groups = {"all": metrics[key], "clear": metrics[key]["clear"], "open": metrics[key]["open"]}
        number = lambda f: "-" if f["value"] is None else f"{f['value']:.2f}"
        rows = [name for name in ("init", "final", "gain", "fixed", "broken", "oracle_final", "resample", "final_minus_resample", "exchanged")
                if name in metrics[key]]
        parts.append(table(["", *groups], [[name, *(percent(g[name], name in ("gain", "final_minus_resample")) for g in groups.values())] for name in rows]
                           + [[name, *(number(g[name]) for g in groups.values())] for name in metrics[key] if name.endswith("turns")]))
        tables = metrics[key]["table"]
        parts.append("First program -> submitted program, shares of all problems:\n\n" + table(["", *tables], [
            [change, *(percent(tables[tests][change]) for tests in tables)] for change in next(iter(tables.values()))]))

    parts.append("## Seconds\n" + ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in metrics["seconds"].items()))
    return "\n\n".join(parts) + "\n"


def training_log(path: Path) -> list[dict]:
    """Records of a JSON-lines log, a half-written last line left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            pass
    return records


def training_seconds(path: Path) -> float | None:
    """Seconds of the optimizer steps of a log of sft.py: tokens over tokens per second; None without a log."""
    seconds, before = 0.0, 0
    for record in training_log(path):
        if "tokens_per_second" in record and record["tokens_per_second"]:
            seconds += (record["tokens"] - before) / record["tokens_per_second"]
            before = record["tokens"]
    return round(seconds, 1) or None


def plots(metrics: dict, out: Path) -> None:
    """best_at_k.png, accuracy_by_steps.png, learning.png; without matplotlib one line and no plots."""
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

    def save(figure_, axes, name):
        for axis in axes:
            axis.grid(alpha=0.3)
            if axis.get_legend_handles_labels()[0]:
                axis.legend(fontsize=8)
        figure_.tight_layout()
        figure_.savefig(out / name, dpi=130)
        plt.close(figure_)

    best = metrics["best_at_k"]
    picture, axes = plt.subplots(1, 3, figsize=(13, 4), sharey=True)
    for axis, (title, part) in zip(axes, {"all statements": best, "clear": best["clear"], "open": best["open"]}.items()):
        for method, label in (("pass", "pass@k (ceiling)"), ("exec", "best@k exec (oracle)"), ("simulate", "best@k simulate"), ("short1", "short1@k"),
                              ("random", "random")):
            if part[method][0]["value"] is not None:
                line(axis, range(1, best["n"] + 1), part[method], label)
        axis.set(title=f"Picking one of k programs: {title}", xlabel="k, programs sampled", ylabel="problems solved (%)")
    save(picture, axes, "best_at_k.png")

    picture, axis = plt.subplots(figsize=(6.5, 4))
    bins = sorted({b for row in metrics["predict_by_steps"].values() for b in row}, key=lambda text: int(text.rstrip("+").split("-")[0]))
    for name, row in metrics["predict_by_steps"].items():
        have = [b for b in bins if b in row]
        line(axis, [bins.index(b) for b in have], [row[b] for b in have], name)
    axis.set_xticks(range(len(bins)), bins)
    axis.set(title="Output prediction by length of the run", xlabel="steps (lines of the true explanation)", ylabel="right outputs (%)")
    save(picture, [axis], "accuracy_by_steps.png")

    picture, (sft, rl) = plt.subplots(1, 2, figsize=(11, 4))
    for path, axis, x in [(path, sft, "tokens") for path in sorted(out.glob("sft*.jsonl"))] + [(out / "rl.jsonl", rl, "step")]:
        records = training_log(path)
        for key in sorted({key for record in records for key in record if key.startswith("val_")}):
            points = [(record[x], 100 * record[key]) for record in records if isinstance(record.get(key), int | float) and x in record]
            if points:
                axis.plot(*zip(*points), marker="o", markersize=3, label=f"{path.stem}: {key.removeprefix('val_')}")
    sft.set(title="Imitation (SFT)", xlabel="training tokens, prompts included", ylabel="validation, right (%)")
    rl.set(title="Reinforcement (RL)", xlabel="optimizer step", ylabel="validation, right (%)")
    save(picture, [sft, rl], "learning.png")


def write(metrics: dict, out: Path) -> str:
    """report.md and the plots in `out`; returns the first part, for the terminal."""
    (out / "report.md").write_text(markdown(metrics))
    plots(metrics, out)
    return headline(metrics) + "\n\n" + table(["what", "at least", "measured", ""], bars(metrics))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder with metrics.json")
    args = parser.parse_args()
    if not (args.out / "metrics.json").exists():
        sys.exit(f"{args.out / 'metrics.json'} is missing: make it with `python eval.py --out {args.out}`")
    print(write(json.loads((args.out / "metrics.json").read_text()), args.out))
