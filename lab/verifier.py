"""A dedicated verifier: RL on prediction alone, with the programs that out/rl.pt's run wrote.

    python sft.py --predict-only --short-tokens 16000000 --name sft-predict
    python -m lab.verifier             # out/predict-rl.pt, from out/sft-predict.pt; flags of rl.py
"""

import sys

import rl
import tasks
from commands import fail
from runs import digest, load

train = rl.train


def train_on_its_programs(args, model, own, extra, rank, ranks):
    path = args.out / "rl.pt"
    rows = load(path, remedy="`python rl.py` makes it")["extra"].get("own")
    if rows is None:
        fail(f"{path} is no run of rl.py")
    own, args.programs = [tasks.Case(**row) for row in rows], digest(path)
    train(args, model, own, extra, rank, ranks)


if __name__ == "__main__":
    rl.train = train_on_its_programs
    given = sys.argv[1:]                # of a flag given twice the last one counts
    sys.argv[1:] = ["--start", "sft-predict", "--solve-prompts", "0", "--fix-prompts", "0", *given]
    rl.main("predict-rl", __doc__)
