"""TinyPy, head to head: what are words worth beside more data and larger models?

    python -m lab.tinypy BENCHMARK.jsonl     # out/tinypy/tinypy.json; takes the flags of sft.py

results/tinypy/run.txt has the flags of the committed run, of 15 and 19 minutes. Two models
learn from programs of worlds/tinypy.py alone: one explains what happens, then answers
(out/tinypy/explained.pt); the other answers at once (at-once.pt), from as many tokens, so that it
sees more programs. Both predict the benchmark's programs greedily. BENCHMARK.jsonl: JSON lines with
code, input, output, level. It is never trained on: programs of ours whose text is that of one of
its rows are dropped and counted, and no program is in the training data twice.

Right is an output that is equal character by character; also given is the sandbox's rule, which
lets decimals differ by 1e-5. TEX's models are character-level transformers that answer at once,
trained and tested on programs from the public generator that the benchmark's rows come from, not
tested on these very rows. Minutes are of training alone. A killed run goes on by the same command.
"""

import json
import sys
from pathlib import Path

import sft
import tasks
from answers import Model
from commands import fail, manual, plainly, replace_text
from lab import programs
from lab.report import TABLES, render
from runs import keep

TEX = [("0.5M", "48M", 85.8), ("1M", "2M", 63.2), ("1M", "8M", 84.0), ("1M", "16M", 87.0),
       ("1M", "48M", 90.4), ("2M", "48M", 90.1), ("15M", "480M", 99.13)]
PUBLISHED = ("parameters", "programs", "percent right")  # what TEX's rows hold


def make_data(args, cases):
    """The world's data, and beside it the rows of the benchmark, which must stay the same ones: its
    programs are what the training data are without."""
    tasks.make_data(tasks.settings(manual(__doc__), "data",
                                   argv=[*flags(args), "--sft-cases", str(args.programs)]))
    path = args.out / "data" / "benchmark.jsonl"
    codes = json.dumps([case.code.rstrip() for case in cases])
    if not path.exists():
        replace_text(path, codes)
    if path.read_text() != codes:
        fail(f"{args.out} belongs to another benchmark: name another folder by --out")


def training_cases(args):
    """-> every program once, but those of the benchmark; how many were left out."""
    data, distinct = args.out / "data", {}
    for case in tasks.load_cases(data / "sft_cases.jsonl"):
        distinct[case.code.rstrip()] = case
    overlaps = distinct.keys() & json.loads((data / "benchmark.jsonl").read_text())
    for code in overlaps:
        del distinct[code]
    return list(distinct.values()), len(overlaps)


def samples(args):
    """As sft.samples; no explanation is asked for, whatever --asked says."""
    for case in training_cases(args)[0]:
        yield "predict", case.prompt, case.answer(args.explained)


def flags(args, *sections):
    """These values of args, as another script takes them."""
    names = ["preset", "seed", "out", "world"]
    for section in sections:
        names += tasks.PRESETS[args.preset][section]
    given = []
    for name in names:
        given += ["--" + name.replace("_", "-"), str(vars(args)[name])]
    return given


def train(args, format, *budget):
    """By sft.py; nothing where the checkpoint is there."""
    sys.argv[1:] = [*flags(args, "sft", "model", "answers"), "--explained",
                    str(int(format == "explained")), "--name", format, *budget]
    sft.main(samples, format, __doc__)


def evaluate(args, format, cases):
    """-> parameters, what it was trained on, and its figures: exact and within 1e-5, by level."""
    model = Model(args.out / f"{format}.pt", args)
    outcomes, trained = programs.predict(cases, model), model.checkpoint["extra"]
    rules, right = {"exact": programs.is_exact, "within 1e-5": tasks.same_outcome}, {}
    for name, rule in rules.items():
        judged = [rule(got, case.outcome) for got, case in zip(outcomes, cases)]
        right[name] = programs.right_by_level(cases, judged)
    return {"parameters": model.checkpoint["model"].n_params(), "programs": trained["examples"],
            "tokens": trained["tokens"], "minutes": round(trained["seconds"] / 60, 1),
            "right": right}


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="BENCHMARK.jsonl", help="never trained on")
    parser.add_argument("--programs", type=int, default=240_000, help="made for training")
    args = tasks.settings(parser, "sft", "model", "answers",
                          argv=["--world", "tinypy", "--out", "out/tinypy", *sys.argv[1:]])
    cases = programs.load_programs(args.file)
    make_data(args, cases)
    train(args, "explained")
    explained = evaluate(args, "explained", cases)
    train(args, "at-once", "--tokens", str(explained["tokens"]), "--steps", "1000000")
    runs = {"explained": explained, "at once": evaluate(args, "at-once", cases)}
    kept, overlaps = training_cases(args)
    for run in runs.values():  # none comes again before all have been read
        run["distinct"] = min(run["programs"], len(kept))
    print(f"{overlaps:,} distinct programs were dropped: rows of the benchmark")
    record = {"benchmark": args.file.name, "dropped": overlaps, "runs": runs,
              "flags": flags(args, "sft", "model", "answers") + ["--programs", str(args.programs)],
              "TEX": [dict(zip(PUBLISHED, row)) for row in TEX]}
    path = args.out / "tinypy.json"
    print(render(TABLES["tinypy"], [keep(path, record)], [path]))
    for parameters, seen, right in TEX:
        print(f"TEX at once: {parameters:>4s} parameters, {seen:>4s} programs {right:6.1f} %")


if __name__ == "__main__":
    main()
