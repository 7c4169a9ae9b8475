"""What should a run look like? The logs of the reference runs, with the band of their seeds.

    python -m lab.curves              # results/curves.csv and the tables of lab/normal.md

Figures of several steps are means over these steps; bands go from the smallest to the largest run.
"""

from statistics import fmean

from commands import manual, plainly
from lab.report import ROOT, fill, markdown, read_log

PAGE, TABLE = ROOT / "lab/normal.md", ROOT / "results/curves.csv"
COURSE = sorted(ROOT.glob("results/course-seed*"))
QUICK, BROKEN = ROOT / "results/quick-seed0", ROOT / "results/broken"
PERCENT = ("pass", "cut", "explained", "val", "multi_first", "skipped")  # parts of names of shares


def read_logs(name: str, log: str) -> list[list[dict]]:
    """Of the course's runs, of the healthy quick one, or of a broken one. -> the records of each;
    "skipped" as a share of the groups."""
    paths = {"course": [folder / f"{log}.jsonl" for folder in COURSE],
             "healthy": [QUICK / f"{log}.jsonl"]}
    runs = [read_log(path) for path in paths.get(name, [BROKEN / f"{name}.jsonl"])]
    for record in sum(runs, []):
        if "groups" in record:
            record["skipped"] /= record["groups"]
    return runs


def mean_over(records, metric: str, first: int, last: int):
    """Of the steps from first to last that tell it; None if none does."""
    told = [record[metric] for record in records
            if first <= record["step"] <= last and record.get(metric) is not None]
    return fmean(told) if told else None


def shown(values, metric: str) -> str:
    """"58 to 61" of the runs that tell it, "58" of one; shares in percent."""
    percent, texts = any(part in metric for part in PERCENT), []
    values = [value for value in values if value is not None]
    for value in (min(values), max(values)) if values else ():
        value *= 100 if percent else 1
        texts.append(f"{value:.0f}" if percent or value >= 20 else f"{value:.3f}")
    return " to ".join(dict.fromkeys(texts)) or "-"


def table(log: str, metrics: str, spans: str, names: str = "course") -> str:
    """A row for each metric. Columns: spans of steps ("50 66-70"), or, of one span, runs."""
    over = "" if names == "course" else f"s {spans}"
    columns = [[f"{log}, step{over}", *metrics.split()]]
    for name in names.split():
        runs = read_logs(name, log)
        for span in spans.split():
            first, _, last = span.partition("-")
            cells = [name if over else span]
            for metric in metrics.split():
                means = [mean_over(run, metric, int(first), int(last or first)) for run in runs]
                cells.append(shown(means, metric))
            columns.append(cells)
    return markdown(columns)


def band_table() -> str:
    """All of the course's curves: log, step, metric, mean, smallest, largest."""
    lines = ["log,step,metric,mean,smallest,largest"]
    for log in ("sft", "rl"):
        for records in zip(*read_logs("course", log)):
            for metric in max(records, key=len):
                values = [record[metric] for record in records if record.get(metric) is not None]
                if metric in ("step", "groups", "seconds") or not values:
                    continue
                told = [fmean(values), min(values), max(values)]
                rounded = ",".join([f"{value:.5g}" for value in told])
                lines.append(f"{log},{records[0]['step']},{metric},{rounded}")
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """normal.md with its tables made again: <!-- steps: rl | predict_pass | 1-5 66-70 -->"""
    return fill(text, lambda name, told: table(*told.split(" | ")))


@plainly()
def main():
    manual(__doc__).parse_args()
    PAGE.write_text(filled(PAGE.read_text()))
    TABLE.write_text(band_table())
    print(f"{PAGE}\n{TABLE}")


if __name__ == "__main__":
    main()
