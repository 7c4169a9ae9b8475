"""The report: tables and plots of metrics.json, and the README's tables over several runs.

    python report.py --out out                                  # write out/report.md and the plots again from out/metrics.json
    python report.py --seeds results/cpu-seed0 results/cpu-seed1 results/cpu-seed2     # the README's tables: mean and spread over runs
    python report.py --controls results/cpu-seed0 results/cpu-seed1 results/cpu-seed2  # the README's tables of RL beside its controls
    python report.py --full results/full-seed1                  # the README's tables of a full run
    python report.py --minutes results/course                   # the README's table of minutes

Figures are fractions in metrics.json, percent here.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from figures import BEST, FAMILIES, GROUPS, REPAIR, TURNS, at_8, bin_start


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
        met = "" if bar is None else "not run" if value is None else "met" if (value >= bar if at_least else value <= bar) else "NOT MET"
        return [what, "reported" if bar is None else text, met]

    value = lambda f: None if f is None else f["value"]
    short, own, rl = metrics["predict"].get("sft/nlex/short"), metrics["predict"].get("rl/nlex/own"), metrics["rl_minus_sft"]
    best, loop, solve = metrics["best_at_k"], metrics["self_rlef"], metrics["solve"]["rl"]
    k, full = at_8(metrics), metrics.get("nlex_minus_none_full", {}).get("short")
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
        (row("self-RLEF: right before, wrong after, of all", 0.03, value(loop["broken"]), "at most 3 %", False), percent(loop["broken"])),
        (row("beside it: resampling until simulation accepts, minus initial", None, None, ""),
         f"{100 * (loop['resample']['value'] - loop['init']['value']):+.1f}"),
        (row("RL minus SFT, predict short", -0.01, value(rl["short"]), "-1"), percent(rl["short"], True)),
        (row("RL minus SFT, predict longer", 0.03, value(rl["longer"]), "+3"), percent(rl["longer"], True)),
        (row("own programs after RL, prediction", 0.85, value(own), "85 %"), percent(own)),
        (row("RL minus SFT, solve pass@1", 0.03, value(rl["solve pass@1"]), "+3"), percent(rl["solve pass@1"], True)),
        (row(f"RL minus SFT, solve pass@{k + 1}", -0.02, value(rl[f"solve pass@{k + 1}"]), "-2"), percent(rl[f"solve pass@{k + 1}"], True)),
    ]
    if "ablations" not in metrics["seconds"] and metrics["preset"] == "cpu":  # the evaluation of a full run is another one
        rows.append((row("wall time of all stages (CPU preset, 2 cores)", 30, minutes, "at most 30 min", False),
                     f"{minutes:.1f} min, {memory:,} MB"))
    return [[what, bar, measured, met] for (what, bar, met), measured in rows]


def headline(metrics: dict) -> str:
    """What the numbers say, in words."""
    value = lambda f: "-" if f is None or f["value"] is None else f"{100 * f['value']:.0f} %"
    best, loop, k = metrics["best_at_k"], metrics["self_rlef"], at_8(metrics)
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
    parts += [f"## {title}\n{caption}\n\n{rows}" for title, caption, rows in beside_each_other(metrics).values()]
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
        parts.append("Accuracy of the commonest prediction (vote), and by how many agree on it:\n\n" + _agreement_table(agreement))
    return parts


def _amounts(seen: dict) -> list[str]:
    return [f"{seen[key]:,.0f}" if seen.get(key) else "-" for key in ("tokens", "examples", "seconds")]


def _wrong_steps_table(wrong: dict) -> str:
    kinds = sorted({kind for row in wrong.values() for kind in row["kinds"]})
    return table(["stage/format/set", "n", "wrong", *kinds, "right with a wrong step"], [
        [key, row["n"], row["wrong"], *(row["kinds"].get(kind, 0) for kind in kinds), percent(row["right_with_wrong_step"])]
        for key, row in wrong.items()])


def _agreement_table(agreement: dict) -> str:
    votes = sorted({v for row in agreement.values() for v in row}, reverse=True)  # the vote first, then 5/5, 4/5 ...
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


class Table(NamedTuple):
    title: str
    caption: str
    rows: str     # markdown


COMPARISONS = {  # key of the metrics: title, caption, head of the first column
    "default": ("RL, other rewards, more imitation", "control: SFT continued on its mixture for as long as RL trained; ceiling: the same "
                "with RL's prompts as half of its explained cases. Greedy answers are blind to the temperature, which RL learns.",
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
PAPER = {  # what the paper measured for the same question, at its scale
    "formats_alone": "CruxEval-O pass@1 without and with explanations in SFT: 37.5 and 68.0 (3B), 48.5 and 75.5 (7B).",
    "default": "output prediction before and after RL, 32B: 30.3 and 89.6 (LCB-IO), 38.4 and 89.2 (DMC).",
    "formats": "output prediction after RL, from SFT without and with explanations (DMC): 45.9 and 59.4 (3B), 71.8 and 77.3 (7B).",
    "own_programs": "joint and prediction alone on own programs (DMC): 80.2 and 85.0 (32B), 68.4 and 74.6 (7B).",
    "judges": "best@k simulate is 2 to 8 points above pass@1; the gap is small at 32B, larger at 7B, smaller with a dedicated verifier.",
    "public_tests": "without public tests in the prompt solving drops, and picking by simulation regains most of it.",
    "repair_controls": "self-RLEF takes 57.8 to 63.2, with true feedback to 65.3; without training the scaffold costs 4.8 and 10.6 points.",
    "repair_turns": "3.33 of 10 turns used; 17.0 % fixed, 1.2 % broken (public tests).",
    "public": "pass rate on public tests, pass@1 and pass@10 (DMC): 73.4 and 87.6.",
}


def beside_each_other(metrics: dict) -> dict[str, Table]:
    """The tables that put models, judges or ways of repairing side by side, as far as there is data."""
    records = {**metrics, **metrics.get("rl_table", {})}

    def compared(*keys):
        return {key: Table(*COMPARISONS[key][:2], _compared(records[key], COMPARISONS[key][2])) for key in keys if key in records}
    parts = compared("default", "scarce", "formats", "own_programs") | _judges_tables(metrics)
    parts |= compared("open_readings", "open_readings_without_tests", "public_tests")
    parts |= _turns_tables(metrics) | compared("self_rlef_traces")
    if traces := metrics.get("self_rlef_traces"):
        written = [f"{run} {f['value']:.2f} ({traces['too_long'][run]})" for run, f in traces["turns"].items()]
        shown = parts["self_rlef_traces"]
        parts["self_rlef_traces"] = shown._replace(caption=f"{shown.caption} Programs written (fix prompts too long for the context, where "
                                                           f"the program is submitted): {', '.join(written)}.")
    if "predict_by_length" in metrics:
        parts["by_length"] = Table("Where simulation goes wrong: length of the input", "Short and longer inputs together. items: numbers "
                                   "of a list, digits, or n itself.", _by_table(metrics, "predict_by_length", "items"))
        parts["by_size"] = Table("Where simulation goes wrong: size of the values", "largest: the largest integer of the run, sign left "
                                 "out.", _by_table(metrics, "predict_by_size", "largest"))
    return parts


def _judges_tables(metrics: dict) -> dict[str, Table]:
    picked = [metrics[key] for key in BEST.values() if "choices" in metrics.get(key, {})]
    if not picked:
        return {}
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
    return {"judges": Table("Picking: judges and programs", "Who judges whose programs, by simulating the public tests.",
                            table(["judge", "statements", *columns], rows)),
            "missed": Table("Picking: what is missed", "Problems by the choice among all programs, one simulation each, against exec's: "
                            "worse because its choice was simulated to pass more than it does (false pass), or only because a right one "
                            "was underrated (false fail). Then single "
                            "programs.", table(["judge", *picked[0]["choices"], "accepts right", "rejects wrong"], missed))}


def _turns_tables(metrics: dict) -> dict[str, Table]:
    rows = []
    for key, model in zip(REPAIR.values(), ("rl", "sft", "no-fix")):
        for run, curve in metrics.get(key, {}).get("curve", {}).items():
            written = metrics[key]["turns" if run == "simulated" else f"{run}_turns"]["value"]
            rows.append([model, run, *map(percent, curve.values()), f"{written:.2f}"])
    against = ("gain", "broken", "final_minus_oracle", "final_minus_resample", "final_minus_exchanged")
    held = [[model, *(percent(metrics[key].get(column), column != "broken") for column in against)]
            for key, model in zip(REPAIR.values(), ("rl", "sft", "no-fix")) if key in metrics]
    return {"repair_controls": Table("Repairing: against its controls", "Paired; broken: share of all problems.",
                                     table(["model", *(column.replace("_", " ") for column in against)], held)),
            "repair_turns": Table("Repairing: program by program", "Solved after so many programs. simulated: self-RLEF; oracle: with true "
                                  "feedback; exchanged: with another problem's; resample: new tries instead of fixes. no-fix: never "
                                  "trained to fix.",
                                  table(["model", "feedback", *(f"after {t}" for t in TURNS), "written"], rows))} if rows else {}


def _picking_part(metrics: dict, key: str, title: str) -> list[str]:
    if key not in metrics:
        return []
    parts = [f"{title}\nOf k programs submit the one with the most public tests predicted right (simulate) or really passed (exec), the "
             "shortest answer (short1), or any (random); simulate_all: most right in all predictions together. pass@k is the ceiling; "
             "simulation gap: exec minus simulate; gain: simulate minus pass@1."]
    for group in GROUPS:
        best = metrics[key] if group == "all" else metrics[key][group]
        parts.append(f"{group} statements:\n\n" + _best_at_k_table(best, best["n"]))
    parts.append(f"As a judge of single programs, simulation accepts {percent(metrics[key]['accepts_right'])} of those that pass the "
                 f"public tests and rejects {percent(metrics[key]['rejects_wrong'])} of those that do not.")
    return parts


def _best_at_k_table(best: dict, most: int) -> str:
    """One row for each k up to `most`."""
    signed = ("simulation_gap", "gain")
    methods = [m for m in ("pass", "exec", "simulate", "simulate_all", "short1", "random", *signed) if m in best]
    return table(["k", *methods], [[k + 1, *(percent(best[m][k], m in signed) for m in methods)] for k in range(most)])


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

    def save(figure_, axes, name, whole=True, outside=False):
        for axis in axes:
            axis.grid(alpha=0.3)
            if whole:  # 0 to 100 %
                axis.set_ylim(-2, 102)
            if axis.get_legend_handles_labels()[0]:
                axis.legend(fontsize=8, **(dict(loc="upper left", bbox_to_anchor=(1, 1)) if outside else {}))
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
        axis.xaxis.get_major_locator().set_params(integer=True)
    save(picture, axes, "best_at_k.png")

    picture, axis = plt.subplots(figsize=(8.5, 4))
    stages = ("sft/", "rl/", "sft_short_budget/", "sft_predict_only/")  # of the others there are too many
    by_steps = {name: row for name, row in metrics["predict_by_steps"].items() if name.startswith(stages)}
    bins = sorted({b for row in by_steps.values() for b in row}, key=bin_start)
    for name, row in by_steps.items():
        have = [b for b in bins if b in row]
        line(axis, [bins.index(b) for b in have], [row[b] for b in have], name)
    axis.set_xticks(range(len(bins)), bins)
    axis.set(title="Output prediction by length of the run", xlabel="steps (lines of the true explanation)", ylabel="right outputs (%)")
    save(picture, [axis], "accuracy_by_steps.png", outside=True)

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
    panels = {"short": "short inputs, right (%); dashed: pass@4", "longer": "longer inputs, right (%); dashed: pass@4",
              "entropy": "entropy (nats a token)", "predict_length": "tokens of a prediction"}
    if runs:
        picture, rows = plt.subplots(len(runs), 4, figsize=(16, 4 * len(runs)), squeeze=False, width_ratios=(3, 3, 2, 2))
        for row, (family, courses) in zip(rows, runs.items()):
            for axis, (panel, words) in zip(row, panels.items()):
                keys = {f"val_{panel}": "-", f"val_{panel}_pass4": "--"} if panel in ("short", "longer") else {panel: "-"}
                for k, course in enumerate(courses.values()):
                    for key, style in keys.items():
                        points = [(x, record[key] * (100 if "val" in key else 1)) for x, record in course if key in record]
                        if points:
                            axis.plot(*zip(*points), style, color=f"C{k}")
                axis.set(title=family, xlabel="training seconds", ylabel=words)
            for k, name in enumerate(courses):
                row[-1].plot([], color=f"C{k}", label=name)
        save(picture, rows.flat, "rl_curves.png", whole=False, outside=True)


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
            "with true feedback, the oracle": loop("oracle_final"), "control: resample until simulation accepts": loop("resample"),
            "final minus resampling": loop("final_minus_resample")}
    second = [[words, *(cell(lambda m, g=group, v=value: v(m, g)) for group in GROUPS)] for words, value in rows.items()]
    second.append(["programs written in self-RLEF, of 10", *(cell(lambda m, g=group: loop("turns")(m, g), 1, 2) for group in GROUPS)])
    changes = {change: [lambda m, c=change, t=tests: m["self_rlef"]["table"][t][c]["value"] for tests in ("all tests", "public tests")]
               for change in runs[0]["self_rlef"]["table"]["all tests"]}
    third = [[change, *map(cell, values)] for change, values in changes.items()]
    head = [["output prediction, pass@1", "after SFT", "after RL", "difference", "short budget, explained", "short budget, output only"],
            ["percent of problems", "all statements", "clear", "open"],
            ["self-RLEF: first -> submitted program", "all tests", "public tests"]]
    return "\n\n".join(map(table, head, (first, second, third)))


def minutes(metrics: dict, rl_log: list[dict]) -> str:
    """The README's table of what the course's stages took, and of what RL's steps are made of."""
    used = {stage: metrics["seconds"][stage] / 60 for stage in ("data", "sft", "short", "rl", "eval")}
    parts = Counter()
    for record in rl_log:
        parts.update(record.get("seconds", {}))
    shares = {f"RL: {part}": f"{seconds / parts.total():.0%}" for part, seconds in parts.items()}
    cells = {**{stage: f"{value:.1f}" for stage, value in used.items()}, "in all": f"{sum(used.values()):.1f}", **shares,
             "peak MB of one process": f"{metrics['peak_memory_mb']:,}"}
    if "peak_gpu_memory_mb" in metrics:
        cells["peak MB of the GPU"] = f"{metrics['peak_gpu_memory_mb']:,}"
    return table(["minutes of", *cells], [["", *cells.values()]])


def rl_beside_controls(runs: list[dict]) -> str:
    """The README's tables of `bash run.sh controls`, one a family, over the runs that have it: RL, its start and its control, means; and
    the paired differences, each with the 95 % interval of all items together, then the value of every run, for runs differ, too."""
    columns = ("short pass@1", "longer pass@1", "short greedy", "longer greedy", "solve pass@1", "solve pass@8")
    tables = []
    for family, (start, rl, *_, control, _) in FAMILIES.items():
        having = [m for m in runs if {start, rl, control} <= m.get("rl_table", {}).get(family, {}).get("models", {}).keys()]
        have = [m["rl_table"][family] for m in having]

        def cell(kind, name, column, have=have):
            figures = [record[kind][name][column] for record in have if column in record[kind][name]]
            if not figures:
                return "-"
            value = sum(f["value"] for f in figures) / len(figures)
            if kind == "models":
                return f"{100 * value:.1f}"
            half = math.sqrt(sum((f["hi"] - f["lo"]) ** 2 for f in figures)) / 2 / len(figures)
            lo, hi = (value - half, value + half) if len(figures) > 1 else (figures[0]["lo"], figures[0]["hi"])
            told = percent({"value": value, "lo": lo, "hi": hi}, True)
            return told + (": " + " ".join(f"{100 * f['value']:+.1f}" for f in figures) if len(figures) > 1 else "")
        if have:
            n = have[0]["models"][start][columns[0]]["n"]
            rows = [[f"`{name}`", *(cell("models", name, column) for column in columns)] for name in (start, control, rl)]
            rows += [[f"`{rl}` minus `{base}`", *(cell("differences", f"{rl} minus {base}", column) for column in columns)]
                     for base in (start, control)]
            used = {name: sum(m["training"][name]["seconds"] for m in having) / len(having) for name in (start, control, rl)}
            rows = [[*row, f"{used[row[0].strip('`')]:.0f}" if row[0].strip("`") in used else ""] for row in rows]
            tables.append(table([f"{family}, {len(have)} seed{'s' * (len(have) > 1)}, n = {n} each", *columns, "seconds"], rows))
    return "\n\n".join(tables)


def full_budget(metrics: dict) -> dict[str, str]:
    """The README's tables of a full run, by name, each below its caption and the paper's own figures."""
    names = {"sft_predict_only/nlex": ("explained (`nlex`)", "sft-predict"), "sft/raw": ("variable dumps (`raw`)", "sft-raw"),
             "sft/none": ("output only (`none`)", "sft-none")}
    formats = [[words, *(percent(metrics["predict"].get(f"{key}/{set_}")) for set_ in ("short", "longer")),
                *_amounts(metrics["training"][file])]
               for key, (words, file) in names.items() if file in metrics["training"]]
    differences = {"nlex_minus_none_full": "explained minus output only", "nlex_minus_raw_full": "explained minus variable dumps"}
    formats += [[words, *(percent(metrics[key][set_], True) for set_ in ("short", "longer")), "", "", ""]
                for key, words in differences.items() if key in metrics]
    tables = {}
    if formats:
        tables["formats_alone"] = Table("Answer formats, prediction alone", "The same number of tokens each, with a schedule of its own.",
                                        table(["answer format", "short", "longer", "tokens", "examples", "seconds"], formats))
    tables |= beside_each_other(metrics)
    best = metrics["best_at_k"]
    tables["best_at_k"] = Table("Picking: one of k programs", f"Of {best['n']} programs of rl a problem, all subsets of k. simulate: one "
                                "simulation a test; simulate_all: all predictions; exec: by really running the public tests.",
                                _best_at_k_table(best, min(10, best["n"])))
    columns = ("pass@1", "pass@8", "public@1", "public@10")
    tables["public"] = Table("Public tests", "public@k: one of k programs passes the tests that its prompt shows.",
                             table(["programs of", *columns], [[stage, *(percent(values.get(column)) for column in columns)]
                                                               for stage, values in metrics["solve"].items() if "/" not in stage]))
    if "predict_by_length" in metrics:
        main = lambda record: {key: row for key, row in record.items() if key.startswith(("sft/nlex", "rl/nlex"))}
        tables["by_steps"] = Table("Where simulation goes wrong: number of steps", "Lines of the true explanation.",
                                   _by_table(metrics, "predict_by_steps", "steps"))
        tables["wrong_steps"] = Table("Where simulation goes wrong: the first wrong step", "Counts among the wrong predictions.",
                                      _wrong_steps_table(main(metrics["first_wrong_step"])))
        if "predict_by_agreement" in metrics:
            tables["agreement"] = Table("Agreement of five predictions", "Accuracy of the commonest of them (vote), and by how many "
                                        "agree on it.", _agreement_table(main(metrics["predict_by_agreement"])))
    return {key: f"**{title}.** {caption}{f' Paper: {PAPER[key]}' if key in PAPER else ''}\n\n{rows}"
            for key, (title, caption, rows) in tables.items()}


def read_metrics(folder: Path) -> dict:
    """metrics.json of a run; where there is none, or not a whole one, one line for the person and status 1."""
    path = folder / "metrics.json"
    try:
        metrics = json.loads(path.read_text())
        if "self_rlef" not in metrics:
            raise ValueError("it does not hold a whole evaluation")
        return metrics
    except (OSError, ValueError, TypeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        sys.exit(f"report.py: cannot use {path} ({reason}); make it with `python eval.py --out {folder}`")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder with metrics.json")
    parser.add_argument("--seeds", type=Path, nargs="+", metavar="FOLDER", help="print the README's tables of these runs")
    parser.add_argument("--full", type=Path, metavar="FOLDER", help="print the README's tables of a run of `bash run.sh full`")
    parser.add_argument("--minutes", type=Path, metavar="FOLDER", help="print what the stages of this run of `bash run.sh` took")
    parser.add_argument("--controls", type=Path, nargs="+", metavar="FOLDER", help="print those of runs of `bash run.sh controls`")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    folders = args.seeds or args.controls or [folder for folder in (args.full, args.minutes) if folder]
    if folders:
        runs = [read_metrics(folder) for folder in folders]
        if args.minutes:
            print(minutes(runs[0], training_log(args.minutes / "rl.jsonl")))
        elif args.full:
            for name, text in full_budget(runs[0]).items():
                print(f"<!-- {name} -->\n{text}\n<!-- end of {name} -->\n")
        else:
            print(over_seeds(runs) if args.seeds else rl_beside_controls(runs) or "no controls in these runs: see `bash run.sh controls`")
        sys.exit(0)
    print(write(read_metrics(args.out), args.out))
