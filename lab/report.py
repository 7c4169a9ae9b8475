"""What came out? Every table of a run, and the tables of README.md and results/README.md.

    python -m lab.report --out out        # every table that this run has figures for
    python -m lab.report --write          # make the tables of the README files again, in place

A table is text (DESCRIPTIONS): rows, columns, and for each cell a path into metrics.json. A README
says where a table stands and whose figures it shows, and `--write` puts it there:

    <!-- solving: results/course-seed0 results/course-seed1 -->
    <!-- end of solving -->

Of one run a cell is `66.9 (64.1 to 70.0)`: percent, with the 95 % interval. Of several runs it is
the mean (smallest to largest run). Differences have a sign. "-": not measured.
"""

import json
import re
import signal
import statistics
from collections import Counter, namedtuple
from pathlib import Path

from commands import fail, manual, plainly

ROOT = Path(__file__).resolve().parent.parent
READMES = (ROOT / "README.md", ROOT / "results/README.md")
SIGNED = ("minus", "differences", "gain", "gap")  # words of a path to a difference

# TABLE   its name: its title; below it the caption.
# COLUMNS head of the first column | head of the last one, where that is text; below it the columns.
# ROWS    "with n" if each cell tells its n; below it the rows.
# A column is "label | path", a row "label | path | text of the last column"; several stand on a
# line between ";". Without "|" the label is the path. "{}" in the one path is filled by the other;
# a row with "*" in its path stands for every key that fits there.
DESCRIPTIONS = """
TABLE headline: In percent
Value (95 % interval); of several seeds, mean (smallest to largest). Difference: item by item. The
paper's: its 32B model on LCB-IO, DMC.
COLUMNS effect | the paper's
after SFT | sft
after RL | rl
difference | rl_minus_sft
ROWS
output prediction, greedy, short inputs | predict_greedy:{}/free/short
told to explain | predict_greedy:{}/explained/short
greedy, longer inputs | predict_greedy:{}/free/longer
greedy, names never seen | predict_greedy:{}/free/new_names
sampled, short inputs | predict:{}/free/short | 30.3 and 89.6 (LCB-IO), 38.4 and 89.2 (DMC)
sampled, its own programs | predict:{}/free/own | 80.2 after RL (DMC)
explains unasked, short inputs | explained:{}/free/short
solves with one program (pass@1) | solve:{}:pass@1
**best of 8 by its own simulation** | best_at_k_{}:simulate:7 | 2 to 8 points above pass@1
best of 8 by really running the public tests | best_at_k_{}:exec:7
picked by running minus by simulation | best_at_k_{}:simulation_gap:7 | small (32B)
self-RLEF: first program | self_rlef_{}:init | 57.8 (RL without self-RLEF: 60.8)
**self-RLEF: submitted program** | self_rlef_{}:final | 63.2
control: resample until simulation accepts | self_rlef_{}:resample
with true feedback | self_rlef_{}:oracle_final | 65.3
one vague phrase, told the truth: first fix right | self_rlef_{}:first_fix:right
several vague phrases: first fix right | self_rlef_{}:vague:first_fix:right
four programs, several vague phrases: minus resampling | self_rlef_{}:vague:final_minus_resample_4

TABLE prediction: Output prediction
Sampled at temperature 1 and greedy; explains: share of the sampled answers. An answer is as the
model chooses unless it was told how to begin.
Paper: 32B before and after RL: 30.3 and 89.6 (LCB-IO), 38.4 and 89.2 (DMC).
COLUMNS model
short | predict:{}/short; longer | predict:{}/longer; own | predict:{}/own
greedy, short | predict_greedy:{}/short; greedy, longer | predict_greedy:{}/longer
greedy, names never seen | predict_greedy:{}/new_names; greedy, own | predict_greedy:{}/own
explains, short | explained:{}/short; explains, longer | explained:{}/longer
ROWS
after SFT | sft/free
after SFT, told to explain | sft/explained
after SFT, told to answer at once | sft/direct
after RL | rl/free
after RL, told to explain | rl/explained
after RL, told to answer at once | rl/direct
RL minus SFT | rl_minus_sft/free
RL minus SFT told to explain | rl_minus_explained/free
SFT, explained minus at once | explained_minus_direct/free

TABLE temperatures: Sampling before RL
Right predictions; one of ten: at least one of ten sampled at temperature 1 is right (pass@10).
COLUMNS model
short; longer
ROWS
after SFT, greedy | predict_greedy:sft/free/{}
temperature 0.3 | sft_temperatures:0.3:{}
temperature 0.5 | sft_temperatures:0.5:{}
temperature 0.7 | sft_temperatures:0.7:{}
temperature 1.0 | sft_temperatures:1.0:{}
one of ten | pass_at_10_before:{}
after RL, temperature 1.0 | predict:rl/free/{}

TABLE solving: Solving, picking, repairing
Percent of problems; clear: no phrase is vague, open: some are; vague: problems of their own, two or
three phrases are.
Paper: self-RLEF takes 57.8 to 63.2 (RL without it: 60.8), with true
feedback to 65.3; without training the scaffold
costs 4.8 and 10.6 points.
COLUMNS
all statements |
clear; open; vague
ROWS
solve pass@1, after SFT | solve:sft:{}:pass@1
solve pass@1, after RL | solve:rl:{}:pass@1
greedy, after SFT | solve:sft:{}:greedy
greedy, after RL | solve:rl:{}:greedy
pass@8, the ceiling | best_at_k:{}:pass:7
best@8 exec, the oracle | best_at_k:{}:exec:7
**best@8 simulate** | best_at_k:{}:simulate:7
short1@8 | best_at_k:{}:short1:7
best@8 simulate minus pass@1 | best_at_k:{}:gain:7
simulation gap (exec minus simulate) | best_at_k:{}:simulation_gap:7
self-RLEF: first program | self_rlef:{}:init
**self-RLEF: final program** | self_rlef:{}:final
with true feedback, the oracle | self_rlef:{}:oracle_final
feedback of another problem | self_rlef:{}:exchanged
control: resample until simulation accepts | self_rlef:{}:resample
final minus resampling | self_rlef:{}:final_minus_resample

TABLE time: Time and memory
Seconds; megabytes of one process; play, train: what the steps of RL are made of.
COLUMNS
measured |
ROWS
data | seconds:data
sft | seconds:sft
rl | seconds:rl
eval | seconds:eval
total | seconds:total
* | rl_seconds:*
peak memory | seconds:peak_memory_mb

TABLE training: What they were trained on
Tokens and examples: SFT's, also where RL followed; seconds: the last stage's.
COLUMNS checkpoint
tokens; examples; seconds
ROWS
* | training:*:{}

TABLE best_at_k: Picking: one of k programs
All subsets of k of the programs sampled. simulate: one simulation a test; exec: by
really running the public tests; gain: simulate minus pass@1.
Paper: best@k simulate is 2 to 8 points above pass@1.
COLUMNS k
pass; exec; simulate; short1; random; simulation_gap; gain
ROWS
1 | best_at_k:{}:0
2 | best_at_k:{}:1
4 | best_at_k:{}:3
8 | best_at_k:{}:7

TABLE by_kind: Where simulation goes wrong: kind of program
Sampled once, told to answer at once (direct) or to explain.
COLUMNS stage/format/set
plain; mutant; crash; scratch
ROWS
* | predict_by_kind:sft/direct/*:{}
* | predict_by_kind:sft/explained/*:{}
* | predict_by_kind:rl/explained/*:{}

TABLE by_steps: Where simulation goes wrong: number of steps
Short and longer inputs together, by lines of the true explanation.
COLUMNS model
1-5; 6-10; 11-15; 16-20; 21-30; 31+
ROWS with n
sft/direct | predict_by_steps:sft/direct:{}
sft/explained | predict_by_steps:sft/explained:{}
rl/explained | predict_by_steps:rl/explained:{}

TABLE wrong_steps: Where simulation goes wrong: the first wrong step
Counts among the wrong predictions (-: no such; none: every line right, only the output wrong);
then the share of right ones that hold a wrong line.
COLUMNS stage/format/set
n; wrong
arithmetic | kinds:arithmetic
comparison | kinds:comparison
format | kinds:format
indexing | kinds:indexing
branch | kinds:branch
loop | kinds:loop
print | kinds:print
none | kinds:none
right with a wrong line | right_with_wrong_step
ROWS
* | first_wrong_step:sft/explained/*:{}
* | first_wrong_step:rl/explained/*:{}

TABLE formats_alone: Answer formats, prediction alone
The same number of tokens each, with a schedule of its own. sft-predict: explained; sft-raw:
variable dumps; sft-none: the output alone.
Paper: CruxEval-O pass@1 without and with explanations in SFT: 37.5 and 68.0 (3B), 48.5 and 75.5
(7B).
COLUMNS model
short | predict/short; longer | predict/longer
greedy, short | predict_greedy/short; greedy, longer | predict_greedy/longer
ROWS
* | formats_alone:models:*:{}
* | formats_alone:differences:*:{}

TABLE beside: RL beside what it is held against
sft-control: SFT continued on its mixture for as long as RL trained; sft-explained: every answer of
SFT's was explained; rl-rejection: imitation of own right answers; -0, -5: SFT explained 0 and 5 %.
Paper: 32B before and after RL: 30.3 and 89.6 (LCB-IO), 38.4 and 89.2 (DMC).
COLUMNS checkpoint
short | predict/short; longer | predict/longer
greedy, short | predict_greedy/short; greedy, longer | predict_greedy/longer
explains, short | explained/short
solve pass@1 | solve/pass@1; solve pass@8 | solve/pass@8; solve greedy | solve/greedy
ROWS
* | beside:models:*:{}
* | beside:differences:*:{}

TABLE own_programs: Joint training against prediction alone
All predict the same programs, those that rl wrote.
Paper: joint and prediction alone on own programs (DMC): 80.2 and 85.0 (32B), 68.4 and 74.6 (7B).
COLUMNS checkpoint
sampled | predict; greedy | predict_greedy; explains | explained
ROWS
* | own_programs:models:*:{}
* | own_programs:differences:*:{}

TABLE judges: Picking: judges and programs
Who judges whose programs, by simulating the public tests; predict-rl: trained on prediction
alone; other: another seed's solver.
Paper: best@k simulate is 2 to 8 points above pass@1; the gap is small at 32B, larger at 7B,
smaller with a dedicated verifier.
COLUMNS judge, programs of, statements
pass@1 | random:0
pass@8 | pass:7
best@8 exec | exec:7
best@8 simulate | simulate:7
gap | simulation_gap:7
ROWS
rl, rl, all | best_at_k:{}
rl, rl, clear | best_at_k:clear:{}
rl, rl, open | best_at_k:open:{}
sft, sft, all | best_at_k_sft:{}
predict-rl, rl, all | best_at_k_predict_only:{}
predict-rl, rl, open | best_at_k_predict_only:open:{}
rl, other, all | best_at_k_other:{}
rl, other, open | best_at_k_other:open:{}

TABLE public_tests: Picking: no public tests in the prompt
Programs of the model trained on both kinds of prompt, picked by its own simulation of the public
tests.
Paper: without public tests in the prompt solving drops, and picking by simulation regains most of
it.
COLUMNS solve prompt
pass@1 | random:0
pass@8 | pass:7
best@8 exec | exec:7
best@8 simulate | simulate:7
ROWS
* | public_tests:models:*:{}
* | public_tests:differences:*:{}

TABLE repair_controls: Repairing: against its controls
Paired; broken: share of all problems. Then the programs written, the first one included. vague: two
or three phrases are; no-fix: never trained to fix.
Paper: self-RLEF takes 57.8 to 63.2 (RL without it: 60.8), with true
feedback to 65.3; without training the scaffold
costs 4.8 and 10.6 points.
COLUMNS model
gain; broken
minus oracle | final_minus_oracle
minus resample | final_minus_resample
minus exchanged | final_minus_exchanged
written | turns
oracle | oracle_turns
resample | resample_turns
exchanged | exchanged_turns
ROWS
rl | self_rlef:{}
rl, vague | self_rlef:vague:{}
sft | self_rlef_sft:{}
sft, vague | self_rlef_sft:vague:{}
no-fix | self_rlef_no_fix:{}

TABLE repair_turns: Repairing: program by program
Solved with at most so many programs. simulated: self-RLEF; oracle: with true feedback; resample:
new tries instead of fixes.
Paper: 3.33 of 10 turns used; 17.0 fixed, 1.2 broken (public tests).
COLUMNS model, feedback
2 | _2
4 | _4
10 |
ROWS
rl, simulated | self_rlef:final{}
rl, oracle | self_rlef:oracle_final{}
rl, resample | self_rlef:resample{}
rl, simulated minus resample | self_rlef:final_minus_resample{}
rl, vague, simulated | self_rlef:vague:final{}
rl, vague, oracle | self_rlef:vague:oracle_final{}
rl, vague, resample | self_rlef:vague:resample{}
rl, vague, simulated minus resample | self_rlef:vague:final_minus_resample{}
sft, simulated | self_rlef_sft:final{}
sft, resample | self_rlef_sft:resample{}
no-fix, simulated | self_rlef_no_fix:final{}
no-fix, resample | self_rlef_no_fix:resample{}

TABLE first_fix: Repairing: the first fix, told the truth
After a first program that fails a public test. right: solves it; same: prints what that one
printed; chance: a reading drawn anew is the right one. One phrase is vague; vague: two or three.
COLUMNS model, statements
right; same; chance
ROWS with n
rl, one | self_rlef:first_fix:{}
rl, vague | self_rlef:vague:first_fix:{}
sft, one | self_rlef_sft:first_fix:{}
sft, vague | self_rlef_sft:vague:first_fix:{}
no-fix, one | self_rlef_no_fix:first_fix:{}

TABLE elsewhere: Programs from elsewhere, never trained on
Greedy predictions, percent right.
COLUMNS level
right |
ROWS with n
* | levels:*

TABLE tinypy: TinyPy, explained against at once
Greedy predictions, equal character by character, percent right, after as many tokens.
COLUMNS level
explained | explained
at once | at once
ROWS with n
1.1 | runs:{}:right:exact:1.1
1.2 | runs:{}:right:exact:1.2
2.1 | runs:{}:right:exact:2.1
2.2 | runs:{}:right:exact:2.2
3.1 | runs:{}:right:exact:3.1
3.2 | runs:{}:right:exact:3.2
all | runs:{}:right:exact:all

TABLE everyday: Everyday programs
Greedy, told to explain, percent right. Held out: of seeds that training has not. Others': forty
that were written by who knew a description of the world alone; before: 200 that models before had
been asked.
COLUMNS
short inputs | short
longer inputs | longer
names never seen | new_names
others' | people
others', before | people-before
ROWS with n
all | {}:all
plain | {}:plain
broken on purpose | {}:mutant
ends in an exception | {}:crash
all, the model before | before:{}:all

TABLE functions: Functions, before and after RL
Greedy, equal character by character. CRUXEval-O: 800 functions, never trained on, asked once; the
world is made after counts over them.
Generated: held out by behaviour; longer: longer values. Alone: arguments drawn anew, of functions
as training has them.
COLUMNS
after SFT | models:sft
after RL | models:rl
difference | differences:rl minus sft
ROWS
CRUXEval-O, as it chooses | benchmark:{}:free
told to explain | benchmark:{}:explained
told to answer at once | benchmark:{}:direct
explained minus at once | benchmark:{}:explained_minus_direct
MBPP's assertions, as it chooses | mbpp:{}:free
generated, as it chooses | short:{}:free
told to explain | short:{}:explained
told to answer at once | short:{}:direct
explained minus at once | short:{}:explained_minus_direct
longer, as it chooses | longer:{}:free
names never seen, as it chooses | new_names:{}:free
each template alone, told to explain | primitives:{}:explained

TABLE functions_made_of: What functions are made of
Share of the functions with it; -: below 3 %, or all; characters: in the mean; who echoes the first
argument or always gives the commonest result is right in so many.
COLUMNS
CRUXEval | benchmark; generated | short
ROWS
echo | {}:baselines:echo
commonest result | {}:baselines:commonest
* | histogram:*:{}

TABLE functions_methods: Right when explained after RL, by what a function calls
Alone: functions of one template each, on arguments drawn anew; what they do is in the training
data.
COLUMNS
CRUXEval | benchmark
generated | short
alone | primitives
ROWS with n
* | methods:*:{}

TABLE functions_length: Right when explained after RL, by typing, construct and characters
Plain: function and call are typed as ast.unparse types them; empty lines do not count.
COLUMNS
CRUXEval | benchmark
generated | short
ROWS with n
plain | {}:rl:plain:True
not plain | {}:rl:plain:False
one line | {}:rl:construct:primitive
straight | {}:rl:construct:straight
if | {}:rl:construct:if
for | {}:rl:construct:for
while | {}:rl:construct:while
try | {}:rl:construct:try
0 to 49 characters | {}:rl:length:0-49
50 to 99 | {}:rl:length:50-99
100 to 149 | {}:rl:length:100-149
150 to 199 | {}:rl:length:150-199
200 to 249 | {}:rl:length:200-249
250 to 299 | {}:rl:length:250-299
300 and more | {}:rl:length:300+

TABLE functions_wrong: The first wrong step of wrong explanations after RL
COLUMNS
CRUXEval | benchmark
generated | short
ROWS
arithmetic (any value) | {}:rl:first_wrong_step:kinds:arithmetic
comparison | {}:rl:first_wrong_step:kinds:comparison
branch | {}:rl:first_wrong_step:kinds:branch
indexing | {}:rl:first_wrong_step:kinds:indexing
loop | {}:rl:first_wrong_step:kinds:loop
another sentence | {}:rl:first_wrong_step:kinds:format
print | {}:rl:first_wrong_step:kinds:print
none, but the output | {}:rl:first_wrong_step:kinds:none
cut off | {}:rl:first_wrong_step:kinds:cut off
right with a wrong line | {}:rl:first_wrong_step:right_with_wrong_step

TABLE candidates: Programs that people wrote, picked by simulation
Contest problems with right and wrong programs; of each problem's, the one with most of its sample
tests passed is picked. A run: one program on one test.
COLUMNS
figure |
ROWS
runs | runs
short enough to be read | fit
of these, predicted to the end | answered
of these that could be read, right | right
right program picked by simulation | simulate
by really running the tests | exec
at random | random

TABLE trace: Explanations of real programs
The first test of each, or one call; faults by kind; then why a program is not explained to its end.
COLUMNS programs
all | programs
explained; sentences
wrong output | wrong output
false | faults:false
missing | faults:missing
wrong kind | faults:kind
untold | faults:untold
over 10,000 events | more than 10,000 events
over 10 seconds | more than 10 seconds
over 1 MB | more than 1,000,000 bytes of values
differs when traced | what it prints differs when it is not traced
differs every time | what it prints differs every time (chance, time, addresses)
ROWS
CruxEval, functions | cruxeval:{}
human contest programs | contest_programs:{}
QuixBugs, correct and buggy | quixbugs:{}
TinyPy, generated | tinypy:{}
Python's own examples | library:{}
tests of the package algorithms | algorithms:{}

TABLE trace_speed: The recorder's speed
Small frames, the same program, taking turns.
COLUMNS
microseconds an event | us_per_event
events a second | events_per_second
ROWS
ours | speed:recorder_{}
PySnooper, output discarded | speed:pysnooper_{}
ours in the sandbox, with the untraced run | speed:record_in_sandbox_{}

TABLE sandbox: Runs a second on one core
Median of the rounds.
COLUMNS
trivial program; one that imports eight usual modules
ROWS
* | speed:*:{}

TABLE soak: A long run of mixed programs
The caller's memory and descriptors after the first and the last thousand.
COLUMNS
measured |
ROWS
runs | soak:runs
hostile among them | soak:hostile
wrong outcomes | soak:wrong
runs a second | soak:runs_per_second
MB, first | soak:after_first_thousand:resident_mb
MB, last | soak:after_last_thousand:resident_mb
descriptors, first | soak:after_first_thousand:descriptors
descriptors, last | soak:after_last_thousand:descriptors

TABLE bench: Tokens a second
The contestants take turns; median of the rounds.
COLUMNS
tokens a second | tokens_per_second
ROWS
* | figures:*:{}

TABLE ratios: Ratios, ours to theirs
Median of the rounds' ratios.
COLUMNS
ratio |
ROWS
* | ratios:*
"""


# head: of the first column; note: of the last one, which is text, or ""; columns: [label, path]
# each; rows: [label, path] or [label, path, text of the last column]; show_n: in each cell.
Table = namedtuple("Table", "title caption head note columns rows show_n")


def listed(text):
    """Items on lines of their own or between ";", cut at "|": "a | b | c" -> [a, b, c]; one without
    "|" is called what its path is: "a" -> [a, a]."""
    found = []
    for item in re.split("[;\n]", text.strip()):
        parts = re.split(r" *\| *", item.strip())
        found.append(parts if len(parts) > 1 else 2 * parts)
    return found


def described(text):
    """-> name -> Table."""
    tables = {}
    for block in re.split("^TABLE ", text, flags=re.MULTILINE)[1:]:
        about, columns, rows = re.split("^COLUMNS|^ROWS", block, flags=re.MULTILINE)
        name, about = about.split(": ", 1)
        title, caption = about.split("\n", 1)
        heads, columns = columns.split("\n", 1)
        option, rows = rows.split("\n", 1)
        head, _, note = heads.partition("|")
        caption = " ".join(caption.split())
        tables[name] = Table(title, caption, head.strip(), note.strip(), listed(columns),
                             listed(rows), show_n=option == " with n")
    return tables


TABLES = described(DESCRIPTIONS)


# --------------------------------------------------------------------------------------------------
# Figures by their paths.

def lookup(metrics, path):
    """What stands at "best_at_k:open:simulate:7"; None where there is nothing. Empty parts of a
    path are left out: "best_at_k::simulate:7" is "best_at_k:simulate:7"."""
    for part in path.split(":"):
        try:
            if part:
                metrics = metrics[int(part) if isinstance(metrics, list) else part]
        except (LookupError, TypeError, ValueError):
            return None
    return metrics


def expanded(metrics, rows):
    """The rows, each with "*" in its path replaced by those of the keys that fit there:
    "training:*:{}" -> ["sft", "training:sft:{}"], ["rl", "training:rl:{}"], ..."""
    lines = []
    for row in rows:
        before, star, after = row[1].partition("*")
        if not star:
            lines.append(row)
            continue
        place, _, start = before.rpartition(":")
        for key in lookup(metrics, place) or {}:
            if key.startswith(start):
                lines.append([key, f"{place}:{key}{after}"])
    return lines


def read(path):
    """A file of figures, or metrics.json of a run's folder, with seconds and RL's log added up, and
    RL's figures and the differences under names like SFT's, so that a column can be any of them.
    What cannot be used is one line for the person and status 2."""
    file = path if path.suffix == ".json" else path / "metrics.json"
    try:
        metrics = json.loads(file.read_text())
        if file.name == "metrics.json" and not {"predict", "preset", "seed"} <= set(metrics):
            raise ValueError("it does not hold an evaluation")
    except (OSError, ValueError, TypeError) as problem:
        fail(f"cannot use {file} ({problem}); python eval.py --out FOLDER makes it")
    for key in ("best_at_k", "self_rlef"):
        metrics[f"{key}_rl"] = metrics.get(key)
    for name in ("rl_minus_sft", "rl_minus_explained", "explained_minus_direct"):
        for key, told in metrics.get(name, {}).items():
            kind, set_ = key.split("/")
            metrics[kind][f"{name}/free/{set_}"] = told
    seconds = metrics.get("seconds", {})
    stages = [seconds.get(stage, 0) for stage in ("data", "sft", "rl", "eval")]
    seconds.setdefault("total", round(sum(stages), 1))
    metrics["rl_seconds"] = Counter()
    for record in read_log(path / "rl.jsonl"):
        metrics["rl_seconds"].update(record.get("seconds", {}))
    return metrics


def read_log(path):
    """Records of a JSON-lines log; a half-written last line is left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            pass
    return records


# --------------------------------------------------------------------------------------------------
# Cells and tables.

def cell(runs, path, show_n=False):
    """The text of one: of what all the runs have at this path."""
    found = [lookup(run, path) for run in runs]
    first = found[0]
    if None in found or isinstance(first, dict) and first.get("value") is None:
        return "-"
    if isinstance(first, dict):
        return percent(found, path) + (f", n = {first['n']}" if show_n else "")
    if isinstance(first, list):  # rounds of a measurement
        found = list(map(statistics.median, found))
    return number(found)


def percent(figures, path):
    """Figures of several runs with the spread of the runs, of one run with its interval."""
    scale, digits = (1, 2) if "turns" in path else (100, 1)
    sign = "+" if any(word in path for word in SIGNED) else ""
    values = [figure["value"] for figure in figures]
    mean, low, high = sum(values) / len(values), min(values), max(values)
    if len(figures) == 1:
        low, high = figures[0]["lo"], figures[0]["hi"]
    mean, low, high = [f"{scale * v:{sign}.{digits}f}" for v in (mean, low, high)]
    return f"{mean} ({low} to {high})"


def number(values):
    """Counts, seconds, megabytes, ratios."""
    shown = []
    for value in (sum(values) / len(values), min(values), max(values)):
        whole = isinstance(values[0], int) or value >= 100
        shown.append(f"{value:,.0f}" if whole else f"{value:.2f}")
    mean, low, high = shown
    return mean if low == high else f"{mean} ({low} to {high})"


def grid(table, runs):
    """-> the columns, each with its head first (rows and columns without any figure are left out);
    every n among the figures."""
    heads = [label for label, _ in table.columns]
    lines, counts = [[table.head, *heads, table.note]], set()
    for label, path, *note in expanded(runs[0], table.rows):
        cells = []
        for _, column in table.columns:
            place = column.replace("{}", path) if "{}" in column else path.replace("{}", column)
            cells.append(cell(runs, place, table.show_n))
            figure = lookup(runs[0], place)
            if cells[-1] != "-" and isinstance(figure, dict):
                counts.add(figure["n"])
        if set(cells) != {"-"}:
            lines.append([label, *cells, *(note or [""])])
    columns = [column for column in zip(*lines) if set(column[1:]) - {"-", ""}]
    return columns, counts


def markdown(columns):
    """The text of a table, aligned, so that it reads as plain text too."""
    padded = []
    for column in columns:
        width = max(map(len, column))
        head, *cells = [f" {text:{width}} " for text in column]
        padded.append([head, "-" * len(head), *cells])
    return "\n".join("|" + "|".join(line) + "|" for line in zip(*padded))


def render(table, runs, folders):
    """Title, caption, the table, where it comes from; "" without figures."""
    columns, counts = grid(table, runs)
    if not columns:
        return ""
    about = source(runs, folders, counts, table.rows[0][1].partition(":")[0])
    return f"**{table.title}.** {table.caption}\n\n{markdown(columns)}\n\n<sub>{about}</sub>"


def source(runs, folders, counts, part=""):
    """Which files, seeds, machine, commits, command, and how many items a cell. part: of the file,
    where each part has its own."""
    run, parts = runs[0], [", ".join(f"`{folder}`" for folder in folders)]
    if "seed" in run:
        parts.append("seed " + ", ".join(str(run["seed"]) for run in runs))
    if len(counts) == 1:
        parts.append(f"n = {max(counts):,} a cell and run")
    elif counts:
        parts.append(f"n = {min(counts):,} to {max(counts):,}")
    if "seed" not in run:  # of a run, run.txt says more than metrics.json
        run = run if "commit" in run else run[part]
        if "machine" in run:
            parts += [run["machine"], run["date"], f"`{run['command']}`"]
    if "commit" in run:
        commits = dict.fromkeys(other.get("commit", run["commit"])[:7] for other in runs)
        parts.append(f"commit {', '.join(commits)}")
    return "; ".join(parts)


# --------------------------------------------------------------------------------------------------
# README files.

BLOCK = re.compile(r"(<!-- (\w+): ([^>]+?) -->\n)(.*?)(<!-- end of \2 -->)", re.DOTALL)


def of_runs(name, folders):
    """The text of a table of these runs."""
    runs = [read(ROOT / folder) for folder in folders.split()]
    return render(TABLES[name], runs, folders.split())


def fill(text, table=of_runs):
    """The text of a README with every table in it made again."""
    def block(match):
        opening, name, told, _, end = match.groups()
        return f"{opening}{table(name, told)}\n{end}"
    return BLOCK.sub(block, text)


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder with metrics.json")
    parser.add_argument("--write", action="store_true", help="make the README files' tables again")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    if args.write:
        for path in READMES:
            path.write_text(fill(path.read_text()))
            print(path.relative_to(ROOT))
        return
    run = read(args.out)
    if run.get("preset") == "quick":
        print("**Preset quick: a smaller world; RL and picking show, repairs fail.**\n")
    for table in TABLES.values():
        if text := render(table, [run], [str(args.out)]):
            print(text + "\n")


if __name__ == "__main__":
    main()
