"""What does a run look like? One page: what came out, curves, predictions, picks, repairs.

    python -m lab.page                                             # out/page.html
    python -m lab.page --out out/seed1                             # of another run
    python -m lab.page results/course-seed0 results/course-seed1   # of several together

Of one run (--out) the page shows its curves above those of the committed runs of its preset, or of
the runs that are named; of several runs, without --out, how they differ, in the first one's folder.
Where there is a rl.pt, it is asked about the first test cases and problems of its seed, whatever
comes of it: a minute of one core. Without one the page is short.

The page is one file that needs no network: lab/page.html, filled with JSON. `python trace.py
prog.py --html out.html` writes one of that program alone, to be stepped through.
"""

import json
import math
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import tasks
import tracer
from commands import manual, plainly
from lab.report import ROOT, TABLES, grid, listed, read, read_log, source
from rounds import shorten
from trace import first_wrong_step
from tracer.command import ending, lines_of

# Which log | its value | title of the panel.
PANELS = """
sft | loss | SFT: loss (nats a token)
sft | val_short_steps | SFT: told to explain, right (%)
sft | val_short_greedy | SFT: as it chooses, right (%)
sft | val_solve | SFT: solves with one program (%)
rl | val_short_greedy | RL: as it chooses, right (%)
rl | predict_pass | RL: sampled in training, right (%)
rl | explained | RL: explains unasked (%)
rl | predict_length | RL: tokens of a prediction
rl | entropy | RL: entropy (nats a token)
rl | multi_first | RL: first programs that solve (%)
rl | multi_pass | RL: the same after one repair (%)
rl | skipped | RL: groups with equal rewards
"""
CASES, PROBLEMS = 12, 12  # that the model is asked about
ROOM = 700_000            # characters of a program's steps


def packed(data):
    """JSON in ASCII that may stand inside <script>."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def write_page(path, data):
    template = Path(__file__).with_suffix(".html").read_text()
    path.write_text(template.replace("DATA", packed(data)))


# --------------------------------------------------------------------------------------------------
# A program, step by step.

def stepped(trace):
    """-> code, stdin, ending, reason (why it is explained in part), frames ({number: name}) and
    steps: sentence, the line that it is about, what was printed and how the variables of frames
    changed since the step before (None: gone), calls in progress, the innermost last. `cut`: there
    are more steps than room."""
    told, changes, frames, printed = defaultdict(list), defaultdict(dict), {}, ""
    stack, steps, room = [], [], ROOM
    for index, sentence in tracer.explain(trace):
        told[index].append(sentence)
    for index, (event, line) in enumerate(zip(trace.events, lines_of(trace))):
        if event.kind in ("call", "resume"):
            stack.append(event.frame)
            frames[event.frame] = event.extra
        elif event.kind != "exception":
            printed += event.extra or ""
        outer = (event.more or {}).get("globals", {})
        for frame, values in ((0, outer), (event.frame, event.changes)):
            for name, text in values.items():
                changes[frame][name] = text and shorten(text)
        for sentence in told[index]:
            step = {"text": sentence, "line": line, "printed": printed[:1000], "changes": changes,
                    "stack": stack[-5:]}
            room -= len(packed(step))
            if room > 0:
                steps.append(step)
            changes, printed = defaultdict(dict), ""
        if event.kind in ("return", "yield") and event.frame in stack:
            stack.remove(event.frame)
    return {"code": trace.code, "stdin": trace.stdin, "ending": ending(trace), "steps": steps,
            "reason": trace.reason, "frames": frames, "cut": room < 0}


@plainly(ValueError)
def write_program(trace, path):
    """The page of one recorded run."""
    write_page(Path(path), {"program": stepped(trace)})
    print(path)


# --------------------------------------------------------------------------------------------------
# A run of the course.

def curves(folders):
    """-> for each panel its title, and for each folder [step, value] where the log has a number."""
    panels = []
    for log, key, title in listed(PANELS):
        lines = []
        for folder in folders:
            line = []
            for record in read_log(folder / f"{log}.jsonl"):
                value = record.get(key)
                if value is not None and math.isfinite(value):
                    line.append([record["step"], value])
            lines.append(line)
        panels.append([title, lines])
    return panels


def asked(folder, run):
    """-> what the model says: predictions; problems, as episode.play tells them. {} without it."""
    if not (folder / "rl.pt").exists():
        return {}
    from answers import Model, Truth  # these need torch; the page of a program does not
    from lab.episode import play
    from sandbox import Sandbox

    models, played = {}, []
    with TemporaryDirectory() as kept, Sandbox(cpu_seconds=0.5) as sandbox:
        flags = ["--preset", run["preset"], "--seed", str(run["seed"]), "--out", kept]
        args = tasks.settings(manual(""), "answers", "eval", argv=flags)
        for stage in ("sft", "rl"):
            if (folder / f"{stage}.pt").exists():
                models[stage] = Model(folder / f"{stage}.pt", args)
        made, truth = models["rl"].checkpoint["made"], Truth(sandbox)
        args.world, args.world_size = made.get("world", "contest"), made.get("world_size", "cpu")
        for problem in tasks.make_rows(args, "test_problems", 0, PROBLEMS):
            played.append(play(models["rl"], truth, problem, 8, args.turns))
        cases = tasks.make_rows(args, "test_cases", 0, CASES)
    return {"predictions": predictions(models, cases), "problems": played}


def predictions(models, cases):
    """The greedy answers of each stage's model, as it chooses to begin, beside the truth."""
    rows = []
    for case in cases:
        program = stepped(tracer.record(case.code, case.stdin))
        rows.append({"set": case.set, "want": case.outcome, "program": program,
                     "true": tasks.explanation_lines(case.nlex)})
    for stage, model in models.items():
        most, prompts = model.args.max_new_tokens_predict, [case.prompt for case in cases]
        answers = model.sample(most, 0, prompts, cut=True)
        for case, row, answer in zip(cases, rows, answers):
            told, got = tasks.explanation_lines(answer), tasks.parse_outcome(answer)
            row[stage] = {"told": told, "got": got, "right": tasks.same_outcome(got, case.outcome),
                          "wrong": first_wrong_step(told, row["true"])}
    return rows


@plainly(ValueError)
def main(argv=None):
    parser = manual(__doc__)
    parser.add_argument("folders", type=Path, nargs="*", metavar="RUN", help="runs to compare")
    parser.add_argument("--out", type=Path, help="one run, above the others (default: out)")
    args = parser.parse_args(argv)
    shown = others = args.folders
    runs = [read(folder) for folder in others]
    if args.out or not others:
        shown = [args.out or Path("out")]
        runs = [read(shown[0])]
        preset = runs[0]["preset"]
        name = "course" if preset == "cpu" else preset
        others = shown + (others or sorted(ROOT.glob(f"results/{name}-seed*")))
    columns, counts = grid(TABLES["headline"], runs)
    path = shown[0] / "page.html"
    data = {"table": columns, "caption": TABLES["headline"].caption, "own": others != shown,
            "source": source(runs, shown, counts), "curves": curves(others)}
    if not path.exists():
        write_page(path, data)  # what there is without the model, which takes its time
    write_page(path, data | asked(shown[0], runs[0]))
    print(path)


if __name__ == "__main__":
    main()
