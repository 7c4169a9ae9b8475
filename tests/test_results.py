"""Is every figure of the README files that of a committed file? And the report and plots of a run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab import curves, plots, report
from lab.report import TABLES, cell, described, expanded, fill, grid, listed, lookup, read, render

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results/README.md"
FILES = sorted([*ROOT.glob("results/*.json"), *ROOT.glob("results/*/*.json")])
COURSE = sorted(ROOT.glob("results/course-seed*/metrics.json"))
of_the_results = pytest.mark.skipif(not COURSE, reason="there is no results/course-seed*/metrics.json yet")


def figure(value, lo=0.0, hi=1.0, n=400) -> dict:
    return {"value": value, "lo": lo, "hi": hi, "n": n}


def shell(*words, cwd=ROOT):
    return subprocess.run([sys.executable, *map(str, words)], cwd=cwd, capture_output=True, text=True)


# ---------------------------------------------------------------------------------------------------------------------
# The README files.

@of_the_results
def test_every_table_of_the_readme_files_is_made_from_the_committed_files():
    assert {path for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")] if report.BLOCK.search(path.read_text())} == {*report.READMES, curves.PAGE}
    for path in report.READMES:
        text = path.read_text()
        assert fill(text) == text, f"{path}: python -m lab.report --write"
        assert len(report.BLOCK.findall(text)) == len(re.findall("^<!-- end of ", text, re.MULTILINE)), path
        assert all(block.strip() for _, _, _, block, _ in report.BLOCK.findall(text)), f"{path} has an empty table"
    assert "<!-- headline: results/course-seed0" in (ROOT / "README.md").read_text()


@of_the_results
def test_a_changed_figure_is_noticed():
    text = RESULTS.read_text()
    changed = re.sub(r"\| \d+\.\d \(", "| 12.3 (", text, count=1)
    assert changed != text == fill(changed)


@of_the_results
def test_all_that_was_measured_is_shown():
    text, runs = RESULTS.read_text(), [read(path) for path in FILES]
    shown = {name for _, name, *_ in report.BLOCK.findall(text)}
    assert shown == {name for name, table in TABLES.items() if any(render(table, [run], ["x"]) for run in runs)}
    kinds = {label for label, _ in TABLES["wrong_steps"].columns}
    for run in runs:
        assert {kind for row in run.get("first_wrong_step", {}).values() for kind in row["kinds"]} <= kinds
    for path in FILES:
        if path.name == "metrics.json":
            assert f"`{path.parent.name}`" in text and (path.parent / "run.txt").exists()


def test_figures_in_the_prose_stand_in_a_table_of_their_section():
    """1.0M and the like aside, every decimal and every percentage: as it stands there, or rounded."""
    for section in RESULTS.read_text().split("\n## ")[3:]:  # after the words and the runs
        tables = "".join(block for _, _, _, block, _ in report.BLOCK.findall(section))
        numbers = {abs(float(number)) for number in re.findall(r"\d+\.\d+", tables)}
        prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", report.BLOCK.sub("", section))
        for number in re.findall(r"\d+\.\d+", prose):
            assert float(number) in numbers, f"{section.splitlines()[0]}: {number}"


def test_what_a_run_should_look_like_is_what_the_logs_say():
    page = curves.PAGE.read_text()
    assert curves.filled(page) == page and curves.band_table() == curves.TABLE.read_text(), "python -m lab.curves"
    assert len(report.BLOCK.findall(page)) == 6 and "| no-end |" in page and "| -" not in page.split("What breaks it")[1].replace("|--", "")
    assert curves.shown([0.58, 0.61], "predict_pass") == "58 to 61" and curves.shown([0.0301, 0.0299], "loss") == "0.030"
    assert curves.shown([None], "loss") == "-" and curves.shown([None, 1.0], "loss") == "1.000" and curves.mean_over([{"step": 1, "x": 2.0}, {"step": 2, "x": 4.0}, {"step": 3}], "x", 1, 3) == 3
    changed = page.replace("| predict_pass   | 2", "| predict_pass   | 3", 1)
    assert changed != page and curves.filled(changed) == page


def test_contents_and_links():
    text = RESULTS.read_text()
    anchor = lambda title: re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
    titles = [anchor(title) for title in re.findall(r"^## (.*)", text, re.MULTILINE)]
    assert re.findall(r"\d+\. \[[^]]*\]\(#(.*?)\)", text) == titles
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "results" / link).exists(), link


# ---------------------------------------------------------------------------------------------------------------------
# Cells and tables.

def test_cells():
    one, two = {"a": figure(0.5, 0.4, 0.65), "gain": figure(-0.004, -0.1, 0.2)}, {"a": figure(0.7), "gain": figure(0.1)}
    assert cell([one], "a") == "50.0 (40.0 to 65.0)" and cell([one, two], "a") == "60.0 (50.0 to 70.0)"
    assert cell([one], "a", show_n=True).endswith(", n = 400")
    assert cell([one], "gain") == "-0.4 (-10.0 to +20.0)" and cell([one, two], "gain") == "+4.8 (-0.4 to +10.0)"
    assert cell([one, {}], "a") == cell([one], "b") == cell([{"a": figure(None, None, None, 0)}], "a") == cell([{"a": {"b": 1}}], "a") == "-"
    assert cell([{"turns": figure(2.357, 2.0, 3.0)}], "turns") == "2.36 (2.00 to 3.00)"
    changes = [{"differences": {"rl minus sft": {"x": figure(value, value - half, value + half)}}}
               for value, half in ((0.04, 0.03), (0.06, 0.04))]
    assert cell(changes, "differences:rl minus sft:x") == "+5.0 (+4.0 to +6.0)"
    assert cell(changes[:1], "differences:rl minus sft:x") == "+4.0 (+1.0 to +7.0)"
    assert cell([{"n": 1234567}], "n") == "1,234,567" and cell([{"n": 7}, {"n": 7}], "n") == "7"
    assert cell([{"n": 512.2}], "n") == "512" and cell([{"n": 1.504}, {"n": 2.5}], "n") == "2.00 (1.50 to 2.50)"
    assert cell([{"rates": [3.0, 900.0, 500.0]}], "rates") == "500"


def test_paths_rows_and_columns():
    metrics = {"best": {"open": {"k": [figure(0.1), figure(0.2)]}, "k": [figure(0.3)]}, "solve": {"rl": 1, "rl-0": 2}}
    assert lookup(metrics, "best:open:k:1")["value"] == 0.2 and lookup(metrics, "best::k:0")["value"] == 0.3
    assert lookup(metrics, "best:k:1") is lookup(metrics, "no:k") is lookup(metrics, "solve:rl:deeper") is None
    assert lookup(metrics, "solve:rl") == lookup(metrics, "solve::rl") == 1
    assert listed("\na | b | c\nd e; g\n | f\n") == [["a", "b", "c"], ["d e", "d e"], ["g", "g"], ["", "f"]]
    assert expanded(metrics, listed("* | solve:rl*:{}\nx | y\n* | none:*")) == [
        ["rl", "solve:rl:{}"], ["rl-0", "solve:rl-0:{}"], ["x", "y"]]
    table = described("""
TABLE t: T: U
C
c.
Paper: 1.0.
COLUMNS k | note
all | ; open
none
ROWS
1 | best:{}:k:0 | a
2 | best:{}:k:1
3 | best:{}:k:2
""")["t"]
    columns, n = grid(table, [metrics])
    assert columns == [("k", "1", "2"), ("all", "30.0 (0.0 to 100.0)", "-"),
                       ("open", "10.0 (0.0 to 100.0)", "20.0 (0.0 to 100.0)"), ("note", "a", "")]
    assert n == {400}
    text = render(table, [metrics | {"seed": 3, "commit": "0123456789"}], ["results/x"])
    assert text.startswith("**T: U.** C c. Paper: 1.0.\n\n| k | all ")
    assert text.endswith("<sub>`results/x`; seed 3; n = 400 a cell and run; commit 0123456</sub>")
    assert render(table, [{}], ["x"]) == ""
    each = described("TABLE a: A\nB\nCOLUMNS c\nd\nROWS with n\ne\n\nTABLE f: F\nG\nCOLUMNS\nh\nROWS\ni\n")
    assert [(name, table.head, table.note, table.rows, table.show_n) for name, table in each.items()] == [
        ("a", "c", "", [["e", "e"]], True), ("f", "", "", [["i", "i"]], False)]


def a_run(folder, **more):
    """metrics.json and the log of a run, as far as tables and the picture of the course need them."""
    judges = {judge: [figure(0.25), figure(0.5)] for judge, *_ in listed(plots.JUDGES)}
    metrics = {"preset": "cpu", "seed": 0, "commit": "abc", "seconds": {"data": 1.5, "rl": 2, "rl-0": 90, "peak_memory_mb": 900},
               "predict": {"sft/free/short": figure(0.5), "rl/free/short": figure(0.6)},
               "rl_minus_sft": {"predict/short": figure(0.1, 0.05, 0.15)}, "best_at_k": judges | {"open": judges}}
    (folder / "metrics.json").write_text(json.dumps(metrics | more))
    (folder / "rl.jsonl").write_text('{"step": 0}\n' + 2 * '{"seconds": {"play": 2, "train": 3}}\n')


def test_the_report_of_a_run(tmp_path):
    a_run(tmp_path)
    run = read(tmp_path)
    assert run["seconds"]["total"] == 3.5 and run["rl_seconds"] == {"play": 4, "train": 6}  # of the course
    done = shell("-m", "lab.report", "--out", tmp_path)
    assert done.returncode == 0 and not done.stderr and "**Time and memory.**" in done.stdout and "| play " in done.stdout
    assert re.search(r"\| sampled, short inputs +\| 50.0 \(0.0 to 100.0\) \| 60.0 \(0.0 to 100.0\) \| \+10.0 \(\+5.0 to \+15.0\) ", done.stdout)
    for text, words in (("{", "cannot use"), ('{"preset": "cpu"}', "does not hold an evaluation")):
        (tmp_path / "metrics.json").write_text(text)
        done = shell("-m", "lab.report", "--out", tmp_path)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1
    done = shell("-m", "lab.report", "--out", tmp_path / "absent")
    assert done.returncode == 2 and "No such file" in done.stderr and done.stderr.count("\n") == 1
    (tmp_path / "metrics.json").write_text(json.dumps({"preset": "quick", "seed": 0, "commit": "abc", "predict": {}}))
    assert "Preset quick: a smaller world" in shell("-m", "lab.report", "--out", tmp_path).stdout


# ---------------------------------------------------------------------------------------------------------------------
# Plots.

def test_logs(tmp_path):
    (tmp_path / "sft.jsonl").write_text('{"step": 50}\n{"step": 100}\n{"ste')
    assert report.read_log(tmp_path / "sft.jsonl") == [{"step": 50}, {"step": 100}] and report.read_log(tmp_path / "none") == []


def test_without_matplotlib_one_line(tmp_path):
    code = "import sys; sys.modules['matplotlib'] = None; sys.argv[1:] = ['x']; from lab.plots import main; main()"
    done = shell("-c", code)
    assert done.returncode == 0 and done.stdout.count("\n") == 1 and "matplotlib is not installed" in done.stdout and not done.stderr


def test_plots(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    a_run(tmp_path)

    def drawn(*argv):
        monkeypatch.setattr(sys, "argv", ["plots", *map(str, argv)])
        plots.main()
        names = {path.stem for path in tmp_path.glob("*.png")}
        for name in names:
            (tmp_path / f"{name}.png").unlink()
        return names
    assert drawn(tmp_path) == {"best_at_k"}
    assert drawn("--best", tmp_path / "all.png", tmp_path, tmp_path) == {"all"}
    a_run(tmp_path, best_at_k={})
    assert not drawn(tmp_path)
