"""What should a run look like? The logs of the reference runs, with the band of their seeds.

    python -m lab.curves              # results/curves.csv and the tables of lab/normal.md

Figures of several steps are means over these steps; bands go from the smallest to the largest run.
"""

import re
from statistics import fmean

from commands import manual
from lab.report import ROOT, markdown, read_log

PAGE, TABLE = ROOT / "lab/normal.md", ROOT / "results/curves.csv"
COURSE = sorted(ROOT.glob("results/course-seed*"))
QUICK, BROKEN = ROOT / "results/quick-seed0", ROOT / "results/broken"
PERCENT = ("pass", "cut", "explained", "val", "multi_first")  # parts of the names of shares


def merged(path) -> list[dict]:
    """Records of a log; "skipped" as a share of the groups."""
    records = read_log(path)
    for record in records:
        if "groups" in record:
            record["skipped"] /= record["groups"]
    return records


def mean_over(records, metric: str, first: int, last: int):
    """Of the steps from first to last that tell it; None if none does."""
    told = [record[metric] for record in records
            if first <= record["step"] <= last and record.get(metric) is not None]
    return fmean(told) if told else None


def shown(values, metric: str) -> str:
    """"58 to 61" of several runs, "58" of one; shares in percent."""
    if None in values or not values:
        return "-"
    percent = metric == "skipped" or any(part in metric for part in PERCENT)
    texts = []
    for value in (min(values), max(values)):
        value *= 100 if percent else 1
        texts.append(f"{value:.0f}" if percent or value >= 20 else f"{value:.3f}")
    return " to ".join(dict.fromkeys(texts))


def by_steps(log: str, metrics: str, spans: str) -> str:
    """The course: a row for each metric, a column for each span of steps ("66-70")."""
    runs = [merged(folder / f"{log}.jsonl") for folder in COURSE]
    columns = [[f"{log}, step", *metrics.split()]]
    for span in spans.split():
        first, last = map(int, span.split("-"))
        cells = []
        for metric in metrics.split():
            cells.append(shown([mean_over(run, metric, first, last) for run in runs], metric))
        columns.append([span if first < last else str(first), *cells])
    return markdown(columns)


def by_runs(metrics: str, log: str, names: str, span: str) -> str:
    """Preset quick: a row for each metric, a column for each run, the healthy one first."""
    first, last = map(int, span.split("-"))
    columns = [[f"{log}, steps {span}", *metrics.split()]]
    paths = {"healthy": QUICK / f"{log}.jsonl"}
    paths |= {name: BROKEN / f"{name}.jsonl" for name in names.split()}
    for name, path in paths.items():
        run, cells = merged(path), []
        for metric in metrics.split():
            cells.append(shown([mean_over(run, metric, first, last)], metric))
        columns.append([name, *cells])
    return markdown(columns)


def band_table() -> str:
    """All of the course's curves: log, step, metric, mean, smallest, largest."""
    lines = ["log,step,metric,mean,smallest,largest"]
    for log in ("sft", "rl"):
        runs = [merged(folder / f"{log}.jsonl") for folder in COURSE]
        for records in zip(*runs):
            for metric in records[0]:
                values = [record.get(metric) for record in records]
                if metric in ("step", "groups", "seconds") or None in values:
                    continue
                told = [fmean(values), min(values), max(values)]
                rounded = ",".join([f"{value:.5g}" for value in told])
                lines.append(f"{log},{records[0]['step']},{metric},{rounded}")
    return "\n".join(lines) + "\n"


BLOCK = re.compile(r"(<!-- (by_\w+): ([^>]+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """normal.md with its tables made again: <!-- by_steps: rl | predict_pass | 1-5 66-70 -->"""
    def block(match):
        opening, name, arguments, _, end = match.groups()
        return f"{opening}{globals()[name](*re.split(r' *[|] *', arguments))}\n{end}"
    return BLOCK.sub(block, text)


def main():
    manual(__doc__).parse_args()
    PAGE.write_text(filled(PAGE.read_text()))
    TABLE.write_text(band_table())
    print(f"{PAGE}\n{TABLE}")


if __name__ == "__main__":
    main()
