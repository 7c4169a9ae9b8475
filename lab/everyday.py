"""Everyday programs: what of that which people type does a small model simulate?

    python -m lab.everyday PROGRAMS.jsonl ... --init before.pt    # out/everyday/everyday.json

Takes the flags of sft.py but for sizes, and some four hours of one core; on two, sft.py by
torchrun first, by hand (results/everyday/run.txt), takes half of that. A model of the same
vocabulary (--init) goes on learning worlds/everyday.py by sft.py, predictions alone, all explained.
It predicts the world's held-out programs and those of each file (code, input, output), which are
not trained on, greedily, told to explain, as does the model that it began with; figures go by the
files' names. Right is what the sandbox's rule calls equal. Killed, it goes on by the same command.
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

OWN = ("--world everyday --out out/everyday --explained 1 --steps 18000 --batch-tokens 3072 "
       "--val-every 30000 --max-new-tokens-predict 900 --muon-lr 0.01 --adam-lr 0.002")


def right_in(model, sets):
    """-> {name of a set: shares that are predicted rightly}"""
    record = {}
    for name, cases in sets.items():
        said = programs.predict(cases, model, tasks.EXPLAINED)
        record[name] = programs.right_by_level(cases, list(map(programs.is_right, cases, said)))
    return record


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="PROGRAMS.jsonl",
                        help="never trained on")
    parser.add_argument("--programs", type=int, default=120_000, help="made for training")
    parser.add_argument("--init", required=True, help="a .pt of ours to begin with")
    args = tasks.settings(parser, "sft", "answers", argv=[*OWN.split(), *sys.argv[1:]])
    others = {path.stem: programs.load_programs(path) for path in args.files}
    tasks.make_data(tasks.settings(manual(__doc__), "data",
                                   argv=[*flags(args), "--sft-cases", str(args.programs)]))
    sys.argv[1:] = [*flags(args, "sft", "answers"), "--predict-only", "--init", args.init]
    sft.main(name="everyday")
    sets = tasks.load_split(args, "test", 10**6, 0)[0] | others
    model = Model(args.out / "everyday.pt", args)
    record, extra = right_in(model, sets), model.checkpoint["extra"]
    record |= {"parameters": model.checkpoint["model"].n_params(), "tokens": extra["tokens"],
               "minutes": round(extra["seconds"] / 60, 1),
               "before": right_in(Model(Path(args.init), args), sets)}
    path = args.out / "everyday.json"
    print(render(TABLES["everyday"], [keep(path, record)], [path]))


if __name__ == "__main__":
    main()
