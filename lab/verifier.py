"""A dedicated verifier: RL on prediction alone, with the programs that out/rl.pt's run wrote.

    python sft.py --predict-only --tokens 21660000 --steps 1000000 --explained 1 --name sft-predict
    python -m lab.verifier             # out/predict-rl.pt, from out/sft-predict.pt; flags of rl.py
"""

import sys

import rl
import tasks
from commands import fail
from runs import digest, load, maker

train, is_there = rl.train, rl.is_there


def is_there_for_its_programs(args):
    path = args.out / "rl.pt"
    if "own" not in load(path, remedy=maker("rl.py", args))["extra"]:
        fail(f"{path} is no run of rl.py")
    args.programs = digest(path)
    return is_there(args)


def train_on_its_programs(args, model, own, extra, rank, ranks):
    rows = load(args.out / "rl.pt")["extra"]["own"]
    train(args, model, [tasks.Case(**row) for row in rows], extra, rank, ranks)


if __name__ == "__main__":
    rl.train, rl.is_there = train_on_its_programs, is_there_for_its_programs
    given = sys.argv[1:]                # of a flag given twice the last one counts
    sys.argv[1:] = ["--start", "sft-predict", "--solve-prompts", "0", "--fix-prompts", "0", *given]
    rl.main("predict-rl", __doc__)
