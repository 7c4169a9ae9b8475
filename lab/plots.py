"""Plots of a run, beside its figures: how it learnt, and what picking by simulation gains.

    python -m lab.plots out                       # out/*.png, as far as there are figures and logs
    python -m lab.plots --best results/best_at_k.png results/course-*    # best@k of several runs

Without matplotlib (pip install matplotlib) it says so in one line and stops.
"""

from pathlib import Path

import numpy as np

from commands import manual
from lab.report import listed, lookup, read, read_log

# What a log tells: title | over what | which of its values | which logs: RL first, then what it is
# held against. Only what there is a log of is drawn.
LEARNING = """
SFT: short inputs (%) | tokens | val_short val_short_greedy val_short_steps val_explained | sft
SFT: longer inputs (%) | tokens | val_longer val_longer_greedy val_longer_steps val_solve | sft
RL: short inputs (%) | step | val_short val_short_greedy val_short_steps val_explained | rl
RL: longer inputs (%) | step | val_longer val_longer_greedy val_longer_steps val_solve | rl
"""
RL_CURVES = """
short inputs, right (%) | training seconds | val_short | rl rl-* sft-control
short inputs, greedy (%) | training seconds | val_short_greedy | rl rl-* sft-control
longer inputs, right (%) | training seconds | val_longer | rl rl-* sft-control
longer inputs, greedy (%) | training seconds | val_longer_greedy | rl rl-* sft-control
solving, right (%) | training seconds | val_solve | rl rl-* sft-control
told step by step (%) | training seconds | explained | rl rl-*
entropy (nats a token) | training seconds | entropy | rl rl-*
tokens of a prediction | training seconds | predict_length | rl rl-*
"""
# Who picks one of k programs: its name in metrics.json | colour | line | its width | label
JUDGES = """
pass | 0.8 | - | 5 | pass@k: any of the k is right
exec | C2 | - | 1.5 | best@k, picked by really running the public tests
simulate | C0 | - | 1.5 | best@k, picked by its own simulation of them
short1 | C1 | - | 1.5 | the shortest of the k
random | 0.4 | -- | 1.5 | any one: pass@1
"""
STATEMENTS = """
problems solved (%), all statements | best_at_k
no phrase is vague | best_at_k:clear
some phrase is vague | best_at_k:open
"""
STYLE = {
    "backend": "Agg",  # no windows
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.fontsize": 7,
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
}


def canvas(plt, count, sharey):
    """-> the picture and `count` axes, four in a row."""
    columns, rows = min(count, 4), -(-count // 4)
    picture, axes = plt.subplots(rows, columns, figsize=(4 * columns, 4.6 * rows), sharey=sharey,
                                 squeeze=False)
    return picture, axes.flat


def best_at_k(plt, runs, path):
    """Problems solved by one of k programs. Of one run with its 95 % intervals; of several the
    mean, smallest to largest."""
    parts = []
    for title, place in listed(STATEMENTS):
        if None not in [lookup(run, f"{place}:pass:0:value") for run in runs]:
            parts.append((title, place))
    if not parts:
        return
    picture, axes = canvas(plt, len(parts), sharey=True)
    for axis, (title, place) in zip(axes, parts):
        for judge, color, line, width, label in listed(JUDGES):
            value, low, high = percents([lookup(run, f"{place}:{judge}") for run in runs])
            if len(runs) > 1:
                low = high = value
            ks = range(1, len(value) + 1)
            axis.plot(ks, value.mean(1), line, color=color, lw=width, label=label)
            axis.fill_between(ks, low.min(1), high.max(1), color=color, alpha=0.15, lw=0)
        axis.set(title=title, xlabel="k, programs sampled")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set(ylim=(None, 101))
    picture.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center")
    picture.savefig(path)
    print(path)


def percents(curves):
    """Of each run a list of k figures -> value, low, high, (k, runs) each."""
    rows = [[(f["value"], f["lo"], f["hi"]) for f in curve] for curve in curves]
    return 100 * np.transpose(rows, (2, 1, 0))


def training_log(path, first):
    """Records of a log with the seconds of training so far. SFT continued, which RL is held
    against, begins where RL does: with the first record of RL's log."""
    records, trained = read_log(path), 0.0
    if records and "train_seconds" in records[0]:
        records = read_log(first)[:1] + records
    for record in records:
        spent = sum(record.get("seconds", {}).values())
        trained = record.get("train_seconds", trained + spent)
        record["training seconds"] = trained
    return records


def found(out, names):
    """Logs by names such as "rl rl-*", those of one name in alphabetical order."""
    paths = []
    for name in names.split():
        paths += sorted(out.glob(f"{name}.jsonl"))
    return paths


def draw_logs(plt, out, description, path):
    """A panel for each line of the description, as far as there are logs."""
    panels = [panel for panel in listed(description) if found(out, panel[-1])]
    if not panels:
        return
    picture, axes = canvas(plt, len(panels), sharey=False)
    for axis, (title, x, keys, names) in zip(axes, panels):
        logs = found(out, names)
        for log in logs:
            records = training_log(log, logs[0]) if x == "training seconds" else read_log(log)
            for key in keys.split():
                label = f"{log.stem} {key.removeprefix('val_')}"
                draw(axis, records, x, key, label, 100 if "%" in title else 1)
        axis.set(title=title, xlabel=x)
    picture.savefig(path)
    print(path)


def draw(axis, records, x, key, label, scale):
    """The records that tell both."""
    told = [record for record in records if x in record and record.get(key) is not None]
    if told:
        xs = [record[x] for record in told]
        axis.plot(xs, [scale * record[key] for record in told], ".-", label=label)
        axis.legend()


def main():
    parser = manual(__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="OUT", help="runs")
    parser.add_argument("--best", type=Path, metavar="FILE", help="only best@k, of all together")
    args = parser.parse_args()
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("no plots: matplotlib is not installed (pip install matplotlib)")
        return
    plt.rcParams.update(STYLE)
    runs = [read(folder) for folder in args.folders]
    if args.best:
        return best_at_k(plt, runs, args.best)
    for out, run in zip(args.folders, runs):
        best_at_k(plt, [run], out / "best_at_k.png")
        draw_logs(plt, out, LEARNING, out / "learning.png")
        draw_logs(plt, out, RL_CURVES, out / "rl_curves.png")


if __name__ == "__main__":
    main()
