"""What picking by simulation gains, as a picture: problems solved by one of k programs.

    python -m lab.plots out                                              # out/best_at_k.png
    python -m lab.plots --best results/best_at_k.png results/course-*    # of several runs together

Of one run with its 95 % intervals; of several the mean, smallest to largest. How a run learnt is
drawn by lab/page.py. Without matplotlib (pip install matplotlib) it says so in one line and stops.
"""

from pathlib import Path

import numpy as np

from commands import manual
from lab.report import listed, lookup, read

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


def percents(curves):
    """Of each run a list of k figures -> value, low, high, (k, runs) each."""
    rows = [[(f["value"], f["lo"], f["hi"]) for f in curve] for curve in curves]
    return 100 * np.transpose(rows, (2, 1, 0))


def best_at_k(plt, runs, path):
    """A panel for all statements, and for those without and with vague phrases that there are."""
    parts = []
    for title, place in listed(STATEMENTS):
        if None not in [lookup(run, f"{place}:pass:0:value") for run in runs]:
            parts.append((title, place))
    if not parts:
        return
    picture, axes = plt.subplots(1, len(parts), figsize=(4 * len(parts), 4.6), sharey=True,
                                 squeeze=False)
    for axis, (title, place) in zip(axes.flat, parts):
        for judge, color, line, width, label in listed(JUDGES):
            value, low, high = percents([lookup(run, f"{place}:{judge}") for run in runs])
            if len(runs) > 1:
                low = high = value
            ks = range(1, len(value) + 1)
            axis.plot(ks, value.mean(1), line, color=color, lw=width, label=label)
            axis.fill_between(ks, low.min(1), high.max(1), color=color, alpha=0.15, lw=0)
        axis.set(title=title, xlabel="k, programs sampled")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes.flat[0].set(ylim=(None, 101))
    picture.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center")
    picture.savefig(path)
    print(path)


def main():
    parser = manual(__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="OUT", help="runs")
    parser.add_argument("--best", type=Path, metavar="FILE", help="default: OUT/best_at_k.png")
    args = parser.parse_args()
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("no plots: matplotlib is not installed (pip install matplotlib)")
        return
    plt.rcParams.update(STYLE)
    runs = [read(folder) for folder in args.folders]
    best_at_k(plt, runs, args.best or args.folders[0] / "best_at_k.png")


if __name__ == "__main__":
    main()
