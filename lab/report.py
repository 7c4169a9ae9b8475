"""What came out? Every table of a run, and the tables of README.md and results/README.md.

    python -m lab.report --out out        # every table that this run has figures for
    python -m lab.report --write          # make the tables of the README files again, in place

A table is data: rows, columns, and for each cell a path into metrics.json. A README says where a
table stands and whose figures it shows, and `--write` puts it there:

    <!-- solving: results/cpu-seed0 results/cpu-seed1 -->
    <!-- end of solving -->

Of one run a cell is `66.9 (64.1 to 70.0)`: percent, with the 95 % interval. Of several runs it is
the mean (smallest to largest run). Differences have a sign. "-": not measured.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import re
import signal
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SIGNED = ("minus", "differences", "gain", "gap")  # words of a path to a difference


class Table(NamedTuple):
    title: str
    caption: str
    head: str      # of the first column
    rows: str      # a line each: what it is called | its path | further cells of text
    columns: str   # a line each, in the same way; "{}" in one path is filled by the other
    texts: tuple = ()     # heads of the columns of text
    paper: str = ""       # what the paper measured for the same question, at its scale
    show_n: bool = False  # n differs from cell to cell


def lookup(metrics, path: str):
    """What stands at "best_at_k:open:simulate:7"; None where there is nothing. Empty parts of a
    path are left out: "best_at_k::simulate:7" is "best_at_k:simulate:7", "solve:rl/" "solve:rl"."""
    for part in path.split(":"):
        part = part.strip("/")
        if isinstance(metrics, list) and part.isdigit():
            metrics = metrics[int(part)] if int(part) < len(metrics) else None
        elif part:
            metrics = metrics.get(part) if isinstance(metrics, dict) else None
    return metrics


def listed(text: str) -> list[list[str]]:
    """The lines of a table's rows or columns; one without "|" is called what its path is."""
    lines = []
    for line in text.strip("\n").splitlines():
        parts = line.split("|") if "|" in line else [line, line]
        lines.append([part.strip() for part in parts])
    return lines


def expanded(metrics: dict, rows: list) -> list[list[str]]:
    """A row with "*" in a part of its path stands for every key that fits there:
    "predict_by_kind:rl/nlex/*:{}" -> ["rl/nlex/short", "predict_by_kind:rl/nlex/short:{}"], ..."""
    lines = []
    for label, path, *texts in rows:
        if "*" not in path:
            lines.append([label, path, *texts])
            continue
        parts = path.split(":")
        at = next(k for k, part in enumerate(parts) if "*" in part)
        for key in lookup(metrics, ":".join(parts[:at])) or {}:
            if fnmatch.fnmatchcase(key, parts[at]):
                lines.append([key, ":".join([*parts[:at], key, *parts[at + 1:]])])
    return lines


# ----------------------------------------------------------------------------------------------
# Cells and tables.

def cell(runs: list[dict], path: str, show_n: bool = False) -> str:
    found = [lookup(run, path) for run in runs]
    if None in found:
        return "-"
    if isinstance(found[0], list):  # rounds of a measurement
        found = [statistics.median(rounds) for rounds in found]
    if not isinstance(found[0], dict):
        return numbers(found)
    if found[0]["value"] is None:
        return "-"

    scale, digits = (1, 2) if "turns" in path else (100, 1)
    sign = "+" if any(word in path for word in SIGNED) else ""
    values = [figure["value"] for figure in found]
    mean = sum(values) / len(values)
    low, high = min(values), max(values)
    if len(found) == 1:
        low, high = found[0]["lo"], found[0]["hi"]
    pooled = len(found) > 1 and "differences" in path
    if pooled:  # the interval of the mean over independent runs
        squares = [(figure["hi"] - figure["lo"]) ** 2 for figure in found]
        half = math.sqrt(sum(squares)) / 2 / len(found)
        low, high = mean - half, mean + half

    mean, low, high, *each = [f"{scale * v:{sign}.{digits}f}" for v in (mean, low, high, *values)]
    text = f"{mean} ({low} to {high})"
    if pooled:
        text += ": " + " ".join(each)
    if show_n:
        text += f", n = {found[0]['n']}"
    return text


def numbers(values: list) -> str:
    """Counts, seconds, megabytes, ratios."""
    shown = []
    for value in (sum(values) / len(values), min(values), max(values)):
        whole = isinstance(values[0], int) or value >= 100
        shown.append(f"{value:,.0f}" if whole else f"{value:.2f}")
    mean, low, high = shown
    return mean if low == high else f"{mean} ({low} to {high})"


def grid(table: Table, runs: list[dict]) -> tuple[list[list[str]], set[int]]:
    """The cells, rows and columns without any figure left out; and every n among them."""
    columns, lines, n, used = listed(table.columns), [], set(), set()
    for label, path, *texts in expanded(runs[0], listed(table.rows)):
        cells = []
        for k, (_, column) in enumerate(columns):
            place = column.format(path) if "{}" in column else path.format(column)
            cells.append(cell(runs, place, table.show_n))
            if cells[-1] != "-":
                used.add(k)
                figure = lookup(runs[0], place)
                n |= {figure["n"]} if isinstance(figure, dict) else set()
        if set(cells) != {"-"}:
            lines.append((label, cells, texts))
    shown = [[table.head, *(columns[k][0] for k in sorted(used)), *table.texts]]
    for label, cells, texts in lines:
        texts += [""] * (len(table.texts) - len(texts))
        shown.append([label, *(cells[k] for k in sorted(used)), *texts])
    return shown if lines else [], n


def markdown(lines: list[list[str]]) -> str:
    """Columns aligned, so that it reads as plain text too."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    rows = []
    for line in lines:
        cells = [text.ljust(width) for text, width in zip(line, widths)]
        rows.append("| " + " | ".join(cells) + " |")
    rows.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(rows)


def render(table: Table, runs: list[dict], folders: list[str]) -> str:
    """Title, caption, the paper's figures, the table, where it comes from; "" without figures."""
    lines, n = grid(table, runs)
    if not lines:
        return ""
    paper = f" Paper: {table.paper}" if table.paper else ""
    caption = f"**{table.title}.** {table.caption}{paper}".replace("\n", " ")
    return f"{caption}\n\n{markdown(lines)}\n\n{source(runs, folders, n)}"


def source(runs: list[dict], folders: list[str], n: set[int]) -> str:
    """Which files, seeds, machine, commits, command, and how many items a cell."""
    parts = [", ".join(f"`{folder}`" for folder in folders)]
    if "seed" in runs[0]:
        parts.append("seed " + ", ".join(str(run["seed"]) for run in runs))
    if len(n) == 1:
        parts.append(f"n = {n.pop():,} a cell and run")
    elif n:
        parts.append(f"n = {min(n):,} to {max(n):,}")
    run = runs[0]
    about = run if "commit" in run else next(iter(run.values()))
    if "seed" not in run and "machine" in about:  # of a run, run.txt says more than metrics.json
        parts += [about["machine"], about["date"], f"`{about['command']}`"]
    commits = dict.fromkeys(run["commit"][:7] for run in runs if "commit" in run)
    if commits or "commit" in about:
        parts.append("commit " + ", ".join(commits or [about["commit"][:7]]))
    return f"<sub>{'; '.join(parts)}</sub>"


def read(path: Path) -> dict:
    """A file of figures, or metrics.json of a run's folder and the seconds that RL's log adds up
    to. What cannot be used is one line for the person and status 1."""
    file = path / "metrics.json" if path.is_dir() or not path.suffix else path
    try:
        metrics = json.loads(file.read_text())
        if file.name == "metrics.json" and "predict" not in metrics:
            raise ValueError("it does not hold an evaluation")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        sys.exit(f"report: cannot use {file} ({reason}); python eval.py --out FOLDER makes it")
    seconds = Counter()
    for record in read_log(path / "rl.jsonl"):
        seconds.update(record.get("seconds", {}))
    return metrics | {"rl_seconds": dict(seconds)} if seconds else metrics


def read_log(path: Path) -> list[dict]:
    """Records of a JSON-lines log; a half-written last line is left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            pass
    return records


# ----------------------------------------------------------------------------------------------
# The tables, by the names of their blocks. best@k at 8 of k = 1, 2, ... is entry 7.

COMPARED = """short pass@1
short pass@5
short greedy
longer pass@1
longer pass@5
longer greedy
solve pass@1
solve pass@8"""
READINGS = """chance
solve pass@1
solve pass@8
best@8 exec
best@8 simulate
pass@1 minus chance"""
BEFORE_AFTER_RL = "32B before and after RL: 30.3 and 89.6 (LCB-IO), 38.4 and 89.2 (DMC)."
REPAIRED = """self-RLEF takes 57.8 to 63.2, with true feedback to 65.3; without training the
scaffold costs 4.8 and 10.6 points."""

KS = "\n".join(f"{k} | best_at_k:{{}}:{k - 1}" for k in range(1, 11))

TABLES = {
    # What the course measures.
    "headline": Table(
        "In percent",
        """Mean (smallest to largest seed). The paper's figures are those of its 32B model, on its
own sets, unless they say otherwise.""",
        "effect", """
output prediction, short inputs, after SFT | predict:sft/nlex/short | 30.3 (LCB-IO), 38.4 (DMC)
the same after RL | predict:rl/nlex/short | 89.6 (LCB-IO), 89.2 (DMC)
longer inputs, after SFT | predict:sft/nlex/longer
longer inputs, after RL | predict:rl/nlex/longer
its own programs, after RL | predict:rl/nlex/own | 80.2 (DMC)
explained minus output only, short budget | nlex_minus_none:short | +30.5 (3B), full budget
solves with one program (pass@1), after RL | solve:rl:pass@1
**best of 8 by its own simulation** | best_at_k:simulate:7 | 2 to 8 points above pass@1
best of 8 by really running the public tests | best_at_k:exec:7
simulation gap: exec minus simulate | best_at_k:simulation_gap:7 | small (32B)
self-RLEF: first program | self_rlef:init | 57.8
**self-RLEF: submitted program** | self_rlef:final | 63.2
with true feedback | self_rlef:oracle_final | 65.3
control: resample until simulation accepts | self_rlef:resample
broken: first right, submitted wrong | self_rlef:broken | 1.2 (public tests)
""", "ours | ", texts=("the paper's",)),
    "prediction": Table(
        "Output prediction, pass@1",
        "Explained answers; short budget: little training, prediction alone.",
        "programs", """
held-out, short inputs | short
held-out, longer inputs | longer
the model's own | own
""", """
after SFT | predict:sft/nlex/{}
after RL | predict:rl/nlex/{}
difference | rl_minus_sft:{}
greedy, after SFT | predict_greedy:sft/nlex/{}
greedy, after RL | predict_greedy:rl/nlex/{}
short budget, explained | predict:sft_short_budget/nlex/{}
short budget, output only | predict:sft_short_budget/none/{}
""",
        paper=BEFORE_AFTER_RL),
    "solving": Table(
        "Solving, picking, repairing",
        "Percent of problems; clear: one reading, open: two.",
        "", """
solve pass@1, after SFT | solve:sft/{}:pass@1
solve pass@1, after RL | solve:rl/{}:pass@1
public tests passed by one program | solve:rl/{}:public@1
pass@8, the ceiling | best_at_k:{}:pass:7
best@8 exec, the oracle | best_at_k:{}:exec:7
**best@8 simulate** | best_at_k:{}:simulate:7
short1@8 | best_at_k:{}:short1:7
best@8 simulate minus pass@1 | best_at_k:{}:gain:7
simulation gap (exec minus simulate) | best_at_k:{}:simulation_gap:7
self-RLEF: first program | self_rlef:{}:init
**self-RLEF: final program** | self_rlef:{}:final
final minus first | self_rlef:{}:gain
with true feedback, the oracle | self_rlef:{}:oracle_final
feedback of another problem | self_rlef:{}:exchanged
control: resample until simulation accepts | self_rlef:{}:resample
final minus resampling | self_rlef:{}:final_minus_resample
programs written in self-RLEF, of 10 | self_rlef:{}:turns
""", """
all statements |
clear
open
""",
        paper=REPAIRED),
    "changes": Table(
        "Self-RLEF, from the first to the submitted program",
        "Percent of problems.",
        "change", """
right -> right | self_rlef:table:{}:right -> right
right -> wrong | self_rlef:table:{}:right -> wrong
wrong -> right | self_rlef:table:{}:wrong -> right
wrong -> wrong | self_rlef:table:{}:wrong -> wrong
""", "all tests\npublic tests",
        paper="17.0 fixed, 1.2 broken (public tests)."),
    "aims": Table(
        "What the course should show",
        "Bars set before it was measured.",
        "", """
output prediction after SFT, short inputs | predict:sft/nlex/short | 80 or more
explained minus output only, short budget | nlex_minus_none:short
explained minus output only, full budget | nlex_minus_none_full:short | +40 or more
solve pass@1, all statements | solve:rl:pass@1 | 50 or more
best@8 simulate minus pass@1 | best_at_k:gain:7 | +15 or more
simulation gap at k = 8 | best_at_k:simulation_gap:7 | +4 or less
self-RLEF, final minus first | self_rlef:gain | +8 or more
self-RLEF, broken | self_rlef:broken | 3 or less
self-RLEF, final minus resampling | self_rlef:final_minus_resample
RL minus SFT, prediction, short inputs | rl_minus_sft:short | -1 or more
RL minus SFT, prediction, longer inputs | rl_minus_sft:longer | +3 or more
own programs after RL, prediction | predict:rl/nlex/own | 85 or more
RL minus SFT, solve pass@1 | rl_minus_sft:solve pass@1 | +3 or more
RL minus SFT, solve pass@8 | rl_minus_sft:solve pass@8 | -2 or more
""", "measured | ", texts=('aim',)),
    "time": Table(
        "Time and memory",
        """Seconds; megabytes of one process; sample, run, train, validate: what the steps of RL
are made of.""",
        "", """
data | seconds:data
sft | seconds:sft
short | seconds:short
rl | seconds:rl
eval | seconds:eval
total | seconds:total
* | rl_seconds:*
peak memory | peak_memory_mb
peak GPU memory | peak_gpu_memory_mb
""", "measured | "),
    "training": Table(
        "What they were trained on",
        "RL: on top of SFT's tokens.",
        "checkpoint", "* | training:*:{}", "tokens\nexamples\nseconds"),
    "best_at_k": Table(
        "Picking: one of k programs",
        """All subsets of k of the programs sampled. simulate: one simulation a test;
simulate_all: all predictions; exec: by really running the public tests; gain: simulate minus
pass@1.""",
        "k", KS, """
pass
exec
simulate
simulate_all
short1
random
simulation_gap
gain
""",
        paper="best@k simulate is 2 to 8 points above pass@1."),
    "by_kind": Table(
        "Where simulation goes wrong: kind of program",
        "pass@1.",
        "stage/format/set", """
* | predict_by_kind:sft/nlex/*:{}
* | predict_by_kind:rl/nlex/*:{}
""", "plain\nmutant\ncrash\nscratch"),
    "by_steps": Table(
        "Where simulation goes wrong: number of steps",
        "pass@1, short and longer inputs together, by lines of the true explanation.",
        "model", """
sft/nlex | predict_by_steps:sft/nlex:{}
rl/nlex | predict_by_steps:rl/nlex:{}
""", "1-5\n6-10\n11-15\n16-20\n21-30\n31+", show_n=True),
    "by_length": Table(
        "Where simulation goes wrong: length of the input",
        "Numbers of a list, digits, or n itself.",
        "model", """
sft/nlex | predict_by_length:sft/nlex:{}
rl/nlex | predict_by_length:rl/nlex:{}
""", "0\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12", show_n=True),
    "by_size": Table(
        "Where simulation goes wrong: size of the values",
        "By the largest integer of the run, sign left out.",
        "model", """
sft/nlex | predict_by_size:sft/nlex:{}
rl/nlex | predict_by_size:rl/nlex:{}
""", "0-9\n10-19\n20-49\n50-99\n100+", show_n=True),
    "wrong_steps": Table(
        "Where simulation goes wrong: the first wrong step",
        """Counts among the wrong predictions (-: no such; none: every line right, only the
output wrong); then the share of right ones that hold a wrong line.""",
        "stage/format/set", """
* | first_wrong_step:sft/nlex/*:{}
* | first_wrong_step:rl/nlex/*:{}
""", """
n
wrong
arithmetic | kinds:arithmetic
comparison | kinds:comparison
format | kinds:format
indexing | kinds:indexing
branch | kinds:branch
loop | kinds:loop
print | kinds:print
none | kinds:none
right with a wrong line | right_with_wrong_step
"""),
    "agreement": Table(
        "Agreement of five predictions",
        "Accuracy of the commonest of them (vote), and by how many agree on it.",
        "stage/format/set", """
* | predict_by_agreement:sft/nlex/*:{}
* | predict_by_agreement:rl/nlex/*:{}
""", "vote\n5/5\n4/5\n3/5\n2/5\n1/5", show_n=True),

    # What lab/evaluate.py adds: other rewards, formats, judges, controls.
    "formats_alone": Table(
        "Answer formats, prediction alone",
        "The same number of tokens each, with a schedule of its own.",
        "answer format", """
explained (`nlex`) | predict:sft_predict_only/nlex/{}
variable dumps (`raw`) | predict:sft/raw/{}
output only (`none`) | predict:sft/none/{}
explained minus output only | nlex_minus_none_full:{}
explained minus variable dumps | nlex_minus_raw_full:{}
""", "short\nlonger",
        paper="""CruxEval-O pass@1 without and with explanations in SFT: 37.5 and 68.0 (3B), 48.5
and 75.5 (7B)."""),
    "formats": Table(
        "Answer formats, one model for all three texts",
        "sft and rl: explained; raw: variable dumps; none: output only.",
        "checkpoint", """
* | formats:models:*:{}
* | formats:differences:*:{}
""", COMPARED,
        paper="""output prediction after RL, from SFT without and with explanations (DMC): 45.9
and 59.4 (3B), 71.8 and 77.3 (7B)."""),
    "default": Table(
        "RL, other rewards, more imitation",
        """control: SFT continued on its mixture for as long as RL trained; ceiling: the same
with RL's prompts as half of its explained cases.""",
        "checkpoint", """
* | rl_table:default:models:*:{}
* | rl_table:default:differences:*:{}
""", COMPARED,
        paper=BEFORE_AFTER_RL),
    "scarce": Table(
        "The same where explanations are scarce",
        "few: SFT on a twentieth of the explained cases.",
        "checkpoint", """
* | rl_table:scarce:models:*:{}
* | rl_table:scarce:differences:*:{}
""", COMPARED),
    "validation": Table(
        "Rewards, on all validation cases",
        "pass@1 from four samples.",
        "checkpoint", """
* | models:*:{}
* | differences:*:{}
""", "short\nlonger"),
    "own_programs": Table(
        "Joint training against prediction alone",
        "All predict the same programs, those that rl wrote.",
        "checkpoint", """
* | own_programs:models:*:{}
* | own_programs:differences:*:{}
""", "own pass@1\nown pass@5\nown greedy",
        paper="""joint and prediction alone on own programs (DMC): 80.2 and 85.0 (32B), 68.4 and
74.6 (7B)."""),
    "judges": Table(
        "Picking: judges and programs",
        """Who judges whose programs, by simulating the public tests; predict-rl: trained on
prediction alone; other: another seed's solver.""",
        "judge, programs of, statements", """
rl, rl, all | best_at_k:{}
rl, rl, clear | best_at_k:clear:{}
rl, rl, open | best_at_k:open:{}
predict-rl, rl, all | best_at_k_predict_only:{}
predict-rl, rl, clear | best_at_k_predict_only:clear:{}
predict-rl, rl, open | best_at_k_predict_only:open:{}
rl, other, all | best_at_k_other:{}
rl, other, clear | best_at_k_other:clear:{}
rl, other, open | best_at_k_other:open:{}
extra, extra, all | best_at_k_extra:{}
extra, extra, clear | best_at_k_extra:clear:{}
extra, extra, open | best_at_k_extra:open:{}
extra, extra without tests, all | best_at_k_extra_without_tests:{}
extra, extra without tests, clear | best_at_k_extra_without_tests:clear:{}
extra, extra without tests, open | best_at_k_extra_without_tests:open:{}
""", """
pass@1 | random:0
pass@8 | pass:7
best@8 exec | exec:7
best@8 simulate | simulate:7
gap | simulation_gap:7
""",
        paper="""best@k simulate is 2 to 8 points above pass@1; the gap is small at 32B, larger
at 7B, smaller with a dedicated verifier."""),
    "missed": Table(
        "Picking: what is missed",
        """Problems by the choice among all programs, one simulation each, against exec's: worse
because its choice was simulated to pass more than it does (false pass), or only because a right
one was underrated (false fail). Then single programs.""",
        "judge, programs of", """
rl, rl | best_at_k:{}
predict-rl, rl | best_at_k_predict_only:{}
rl, other | best_at_k_other:{}
extra, extra | best_at_k_extra:{}
extra, extra without tests | best_at_k_extra_without_tests:{}
""", """
same | choices:same
false fail | choices:false fail
false pass | choices:false pass
better | choices:better
accepts right | accepts_right
rejects wrong | rejects_wrong
""", show_n=True),
    "open_readings": Table(
        "Picking: the reading of a vague statement",
        """Programs of rl. A vague phrase has two readings: the chance to guess is 1/2, with two
phrases 1/4 (counted in the statement; higher where readings do the same).""",
        "phrases", "* | open_readings:models:*:{}", READINGS, show_n=True),
    "public_tests": Table(
        "Picking: no public tests in the prompt",
        """Programs of the model trained on both kinds of prompt, picked by its own simulation of
the public tests.""",
        "solve prompt", """
* | public_tests:models:*:{}
* | public_tests:differences:*:{}
""", READINGS,
        paper="""without public tests in the prompt solving drops, and picking by simulation
regains most of it."""),
    "open_readings_without_tests": Table(
        "Picking: the reading, where the prompt shows no tests",
        "Programs of extra; pass@1 is guessing, best of 8 is told the reading by the public tests.",
        "phrases", "* | open_readings_without_tests:models:*:{}", READINGS, show_n=True),
    "public": Table(
        "Public tests",
        "public@k: one of k programs passes the tests that its prompt shows.",
        "programs of", """
sft
rl
rl-steps
rl-outcome
rl-rejection
rl-loo
sft-control
few
few-rl
few-rl-steps
few-rl-outcome
few-control
few-ceiling
joint-raw
joint-raw-rl
joint-none
joint-none-rl
no-fix
extra
extra-without-tests
other
""", """
pass@1 | solve:{}:pass@1
pass@8 | solve:{}:pass@8
public@1 | solve:{}:public@1
public@10 | solve:{}:public@10
""",
        paper="pass rate on public tests, pass@1 and pass@10 (DMC): 73.4 and 87.6."),
    "repair_controls": Table(
        "Repairing: against its controls",
        """Paired; broken: share of all problems. Then the programs written, the first one
included. no-fix: never trained to fix.""",
        "model", """
rl | self_rlef:{}
sft | self_rlef_sft:{}
no-fix | self_rlef_no_fix:{}
""", """
gain
broken
minus oracle | final_minus_oracle
minus resample | final_minus_resample
minus exchanged | final_minus_exchanged
written | turns
oracle | oracle_turns
resample | resample_turns
exchanged | exchanged_turns
""",
        paper=REPAIRED),
    "repair_turns": Table(
        "Repairing: program by program",
        """Solved after so many programs. simulated: self-RLEF; oracle: with true feedback;
exchanged: with another problem's; resample: new tries instead of fixes.""",
        "model, feedback", """
rl, simulated | self_rlef:curve:simulated:{}
rl, oracle | self_rlef:curve:oracle:{}
rl, resample | self_rlef:curve:resample:{}
rl, exchanged | self_rlef:curve:exchanged:{}
sft, simulated | self_rlef_sft:curve:simulated:{}
sft, oracle | self_rlef_sft:curve:oracle:{}
sft, resample | self_rlef_sft:curve:resample:{}
no-fix, simulated | self_rlef_no_fix:curve:simulated:{}
no-fix, oracle | self_rlef_no_fix:curve:oracle:{}
no-fix, resample | self_rlef_no_fix:curve:resample:{}
""", "1\n2\n3\n10",
        paper="3.33 of 10 turns used; 17.0 fixed, 1.2 broken (public tests)."),
    "self_rlef_traces": Table(
        "Repairing: the whole trace as feedback",
        """Solved after so many programs. trace: the fix prompt also tells the failing run step
by step; simulated or true (oracle).""",
        "feedback", """
* | self_rlef_traces:models:*:{}
* | self_rlef_traces:differences:*:{}
""", "after 1\nafter 2\nafter 3\nafter 10"),
    "self_rlef_traces_written": Table(
        "Repairing with traces: programs written",
        "too long: fix prompts beyond the context, where the program is submitted.",
        "feedback", "simulated\nsimulated_trace\noracle\noracle_trace", """
programs | self_rlef_traces:turns:{}
too long | self_rlef_traces:too_long:{}
"""),

    # Files of other measurements: explanations, sandbox, speed, programs from elsewhere.
    "elsewhere": Table(
        "Programs from elsewhere, never trained on",
        "Greedy predictions, percent right.",
        "level", "* | levels:*", "right | ", show_n=True),
    "trace": Table(
        "Explanations of real programs",
        "The first test of each, or one call; then why a program is not explained to its end.",
        "programs", """
CruxEval, functions | cruxeval:{}
human contest programs | contest_programs:{}
QuixBugs, correct and buggy | quixbugs:{}
TinyPy, generated | tinypy:{}
""", """
all | programs
explained
wrong
sentences
false claims | false_claims
over 10,000 events | more than 10,000 events
over 1 MB | more than 1,000,000 bytes of values
differs when traced | what it prints differs when it is not traced
"""),
    "trace_speed": Table(
        "The recorder's speed",
        "Small frames, the same program, taking turns.",
        "", """
ours | speed:recorder_{}
PySnooper, output discarded | speed:pysnooper_{}
ours in the sandbox, with the untraced run | speed:record_in_sandbox_{}
""", """
microseconds an event | us_per_event
events a second | events_per_second
"""),
    "sandbox": Table(
        "Runs a second on one core",
        "Median of the rounds.",
        "", "* | speed:*:{}", "trivial program\none that imports eight usual modules"),
    "soak": Table(
        "A long run of mixed programs",
        "The caller's memory and descriptors after the first and the last thousand.",
        "", """
runs | soak:runs
hostile among them | soak:hostile
wrong outcomes | soak:wrong
runs a second | soak:runs_per_second
MB, first | soak:after_first_thousand:resident_mb
MB, last | soak:after_last_thousand:resident_mb
descriptors, first | soak:after_first_thousand:descriptors
descriptors, last | soak:after_last_thousand:descriptors
""", "measured | "),
    "bench": Table(
        "Tokens a second",
        "The contestants take turns; median of the rounds.",
        "", "* | figures:*:{}", "tokens a second | tokens_per_second"),
    "growth": Table(
        "How the cost of a training step grows",
        "Ours.",
        "", "* | figures:growth*:{}", """
parameters
microseconds a token | microseconds_per_token
"""),
    "ratios": Table(
        "Ratios, ours to theirs",
        "Median of the rounds' ratios.",
        "", "* | ratios:*", "ratio | "),
}


# ----------------------------------------------------------------------------------------------
# README files.

BLOCK = re.compile(r"(<!-- (\w+): ([^>]+?) -->\n)(.*?)(<!-- end of \2 -->)", re.DOTALL)


def fill(text: str) -> str:
    """The text of a README with every table in it made again."""
    def block(match) -> str:
        opening, name, folders, _, end = match.groups()
        runs = [read(ROOT / folder) for folder in folders.split()]
        return f"{opening}{render(TABLES[name], runs, folders.split())}\n{end}"
    return BLOCK.sub(block, text)


def readmes() -> list[Path]:
    paths = [ROOT / "README.md", *ROOT.glob("*/README.md")]
    return [path for path in paths if BLOCK.search(path.read_text())]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder with metrics.json")
    parser.add_argument("--write", action="store_true", help="make the README files' tables again")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    if args.write:
        for path in readmes():
            path.write_text(fill(path.read_text()))
            print(path.relative_to(ROOT))
        return
    run = read(args.out)
    if run.get("preset") == "quick":
        print("**Toy size: these numbers mean nothing.**\n")
    for table in TABLES.values():
        text = render(table, [run], [str(args.out)])
        if text:
            print(text + "\n")


if __name__ == "__main__":
    main()
