"""Everyday programs: what of that which people type does a small model simulate?

    python -m lab.everyday PROGRAMS.jsonl --init before.pt    # out/everyday/everyday.json

Takes the flags of sft.py but for sizes, and some two hours of one core; on two, sft.py by torchrun
first, by hand (results/everyday/run.txt), takes half of that. A model of the same vocabulary
(--init) goes on learning worlds/everyday.py by sft.py, predictions alone, all explained. It
predicts the world's held-out programs and those of PROGRAMS.jsonl (code, input, output), which are
not trained on, greedily, told to explain; "other form" are those that are no program of training
but for names, words, numbers and signs. Right is what the sandbox's rule calls equal. A killed run
goes on by the same command.
"""

import sys
from pathlib import Path

import sft
import tasks
from answers import Model
from commands import manual, plainly
from lab import programs
from lab.report import TABLES, render
from lab.tinypy import flags
from runs import keep
from worlds import NAME_OR_TEXT, RESERVED
from worlds.everyday import ALIKE, VARIED

OWN = ("--world everyday --out out/everyday --explained 1 --steps 10000 --batch-tokens 3072 "
       "--val-every 30000 --max-new-tokens-predict 800")


def form(code):
    """The program without what is drawn anew each time: names, words in quotes, numbers, signs."""
    order = {}

    def plain(match):
        text = match[0]
        if text[0] in "'\"" or text.isdigit():
            return "0"
        for signs in ALIKE:
            if text in signs:
                return signs[0]
        return text

    def numbered(match):
        name = match[0]
        new = f"v{order.setdefault(name, len(order))}"
        return name if name[0] in "'\"" or name in RESERVED else new
    return NAME_OR_TEXT.sub(numbered, VARIED.sub(plain, code))


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("file", type=Path, metavar="PROGRAMS.jsonl", help="never trained on")
    parser.add_argument("--programs", type=int, default=200_000, help="made for training")
    parser.add_argument("--init", required=True, help="a .pt of ours to begin with")
    args = tasks.settings(parser, "sft", "answers", argv=[*OWN.split(), *sys.argv[1:]])
    people = programs.load_programs(args.file)
    tasks.make_data(tasks.settings(manual(__doc__), "data",
                                   argv=[*flags(args), "--sft-cases", str(args.programs)]))
    sys.argv[1:] = [*flags(args, "sft", "answers"), "--predict-only", "--init", args.init]
    sft.main(name="everyday")
    model, record = Model(args.out / "everyday.pt", args), {}
    trained = {form(case.code) for case in tasks.load_cases(args.out / "data" / "sft_cases.jsonl")}
    for name, cases in {**tasks.load_split(args, "test", 10**6, 0)[0], "people": people}.items():
        said = programs.predict(cases, model, tasks.EXPLAINED)
        right = list(map(programs.is_right, cases, said))
        record[name] = programs.right_by_level(cases, right)
        new = [k for k, case in enumerate(cases) if form(case.code) not in trained]
        among = programs.right_by_level([cases[k] for k in new], [right[k] for k in new])
        record[name]["other form"] = among["all"]
    extra = model.checkpoint["extra"]
    record |= {"parameters": model.checkpoint["model"].n_params(), "tokens": extra["tokens"],
               "minutes": round(extra["seconds"] / 60, 1)}
    path = args.out / "everyday.json"
    print(render(TABLES["everyday"], [keep(path, record)], [path]))


if __name__ == "__main__":
    main()
