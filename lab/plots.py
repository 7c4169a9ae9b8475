"""Plots of a run, beside its figures: how it learnt, what it can do, where it goes wrong.

    python -m lab.plots out                       # out/*.png, as far as there are figures and logs
    python -m lab.plots --best results/best_at_k.png results/cpu-seed?    # best@k of several runs

Without matplotlib (pip install matplotlib) it says so in one line and stops.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from lab.report import lookup, read, read_log

METHODS = {  # of picking one of k programs: label, colour, line
    "pass": ("pass@k: any of the k is right", "0.8", dict(lw=5)),
    "exec": ("best@k, picked by really running the public tests", "C2", {}),
    "simulate": ("best@k, picked by its own simulation of them", "C0", {}),
    "short1": ("the shortest of the k", "C1", {}),
    "random": ("any one: pass@1", "0.4", dict(ls="--")),
}
MODELS = ("sft/nlex", "rl/nlex")
RL_LOGS = (  # RL and what it is held against; controls begin where RL began: at its log's step 0
    "rl rl-steps rl-outcome rl-rejection rl-loo sft-control sft-ceiling".split(),
    "few-rl few-rl-steps few-rl-outcome few-rl-rejection few-control few-ceiling".split(),
)
PANELS = {
    "val_short": "short inputs, right (%)", "val_longer": "longer inputs, right (%)",
    "val_solve": "solving, right (%)", "entropy": "entropy (nats a token)",
    "predict_length": "tokens of a prediction",
}


def save(picture, axes, path: Path) -> None:
    for axis in axes:
        axis.grid(alpha=0.25)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=8)
    picture.tight_layout()
    picture.savefig(path, dpi=150)
    print(path)


def band(axis, xs, values, lows, highs, **style) -> None:
    """A curve in percent and what lies between lows and highs."""
    drawn, = axis.plot(xs, [100 * v for v in values], **style)
    lows, highs = [100 * v for v in lows], [100 * v for v in highs]
    axis.fill_between(xs, lows, highs, color=drawn.get_color(), alpha=0.15, lw=0)


def best_at_k(plt, runs: list[dict], path: Path) -> None:
    """Problems solved by one of k programs. Of one run with its 95 % intervals; of several the
    mean, smallest to largest."""
    picture, axes = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True)
    parts = {"all statements": "", "clear: one reading": "clear", "open: two readings": "open"}
    for axis, (title, part) in zip(axes, parts.items()):
        for method, (label, color, line) in METHODS.items():
            curves = [lookup(run, f"best_at_k:{part}:{method}") for run in runs]
            if None in curves or curves[0][0]["value"] is None:
                continue
            values, lows, highs = [], [], []
            for figures in zip(*curves):  # of every run, for one k
                each = [figure["value"] for figure in figures]
                values.append(sum(each) / len(each))
                lows.append(min(each) if len(runs) > 1 else figures[0]["lo"])
                highs.append(max(each) if len(runs) > 1 else figures[0]["hi"])
            ks = range(1, len(values) + 1)
            shown = label if axis is axes[0] else None
            band(axis, ks, values, lows, highs, label=shown, color=color, **line)
        axis.set(title=title, xlabel="k, programs sampled")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set(ylabel="problems solved (%)", ylim=(None, 101))
    save(picture, axes, path)


def accuracy_by_steps(plt, run: dict, path: Path) -> None:
    picture, axis = plt.subplots(figsize=(7, 4))
    for model in MODELS:
        row = lookup(run, f"predict_by_steps:{model}") or {}
        values, lows, highs = ([f[key] for f in row.values()] for key in ("value", "lo", "hi"))
        band(axis, list(row), values, lows, highs, label=model)
    axis.set(xlabel="steps (lines of the true explanation)", ylabel="right outputs (%)",
             title="Output prediction by length of the run", ylim=(0, 101))
    save(picture, [axis], path)


def wrong_step_shares(run: dict, model: str) -> dict[str, float]:
    """Kind of first wrong step -> its share of all predictions, short and longer together."""
    counts, n = Counter(), 0
    for set_ in ("short", "longer"):
        row = lookup(run, f"first_wrong_step:{model}/{set_}") or {"kinds": {}, "n": 0}
        counts.update(row["kinds"])
        n += row["n"]
    return {kind: count / n for kind, count in counts.items()}


def first_wrong_step(plt, run: dict, path: Path) -> None:
    picture, axis = plt.subplots(figsize=(7, 4))
    shares = {model: wrong_step_shares(run, model) for model in MODELS}
    kinds = sorted(set().union(*shares.values()))
    for width, (model, row) in zip((-0.4, 0.4), shares.items()):  # to the left, to the right
        heights = [100 * row.get(kind, 0) for kind in kinds]
        axis.bar(kinds, heights, width, align="edge", label=model)
    axis.set(title="First wrong step of wrong predictions", ylabel="of all predictions (%)")
    save(picture, [axis], path)


def curve(axis, records: list[dict], x: str, y: str, label: str) -> None:
    """What a log says of y, over x; keys that begin with val are shares."""
    told = [record for record in records if x in record and isinstance(record.get(y), int | float)]
    if told:
        scale = 100 if y.startswith("val") else 1
        ys = [scale * record[y] for record in told]
        axis.plot([record[x] for record in told], ys, label=label, marker="o", ms=3 * (scale > 1))


def learning(plt, out: Path) -> None:
    picture, (sft, rl) = plt.subplots(1, 2, figsize=(11, 4))
    for name in ("sft", "sft-short-nlex", "sft-short-none", "rl"):
        records = read_log(out / f"{name}.jsonl")
        axis, x = (rl, "step") if name == "rl" else (sft, "tokens")
        for key in ("val_short", "val_longer", "val_solve"):
            curve(axis, records, x, key, f"{name}: {key.removeprefix('val_')}")
    words = dict(ylabel="validation, right (%)", ylim=(0, 101))
    sft.set(title="Imitation (SFT)", xlabel="training tokens", **words)
    rl.set(title="Reinforcement (RL)", xlabel="optimizer step", **words)
    save(picture, [sft, rl], out / "learning.png")


def training_course(out: Path, name: str, rl: str) -> list[dict]:
    """Records of an RL run, or of SFT continued, which begins where the run `rl` that it is a
    control of began; trained: seconds of training so far, validation left out."""
    records, trained = read_log(out / f"{name}.jsonl"), 0.0
    if records and "train_seconds" in records[0]:
        records = read_log(out / f"{rl}.jsonl")[:1] + records
    for record in records:
        spent = dict(record.get("seconds", {}), validate=0)
        trained = record.get("train_seconds", trained + sum(spent.values()))
        record["trained"] = trained
    return records


def rl_curves(plt, out: Path) -> None:
    families = [names for names in RL_LOGS if (out / f"{names[0]}.jsonl").exists()]
    if not families:
        return
    picture, grid = plt.subplots(
        len(families), len(PANELS), figsize=(18, 3.5 * len(families)), squeeze=False)
    for axes, names in zip(grid, families):
        for name in names:
            records = training_course(out, name, names[0])
            for axis, key in zip(axes, PANELS):
                curve(axis, records, "trained", key, name)
        for axis, words in zip(axes, PANELS.values()):
            axis.set(title=words, xlabel="training seconds")
    save(picture, grid.flat, out / "rl_curves.png")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="OUT", help="runs")
    parser.add_argument("--best", type=Path, metavar="FILE", help="only best@k, of all together")
    args = parser.parse_args()
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("no plots: matplotlib is not installed (pip install matplotlib)")
        return
    runs = [read(folder) for folder in args.folders]
    if args.best:
        return best_at_k(plt, runs, args.best)
    for out, run in zip(args.folders, runs):
        if "best_at_k" in run:
            best_at_k(plt, [run], out / "best_at_k.png")
        accuracy_by_steps(plt, run, out / "accuracy_by_steps.png")
        first_wrong_step(plt, run, out / "first_wrong_step.png")
        learning(plt, out)
        rl_curves(plt, out)


if __name__ == "__main__":
    main()
