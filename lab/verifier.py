"""A dedicated verifier: RL on prediction alone, with the programs that out/rl.pt's run wrote.

    python sft.py --predict-only --short-tokens 16000000 --name sft-predict
    python -m lab.verifier             # out/predict-rl.pt, from out/sft-predict.pt; flags of rl.py
"""

import sys

import rl
import tasks
from model import CheckpointError, load_checkpoint

train = rl.train


def train_on_its_programs(args, model, own: list, extra: dict, rank: int, ranks: int) -> None:
    try:
        own = [tasks.Case(**row) for row in load_checkpoint(args.out / "rl.pt")["extra"]["own"]]
    except (CheckpointError, KeyError) as problem:
        tasks.fail(f"needs a finished RL run: {problem}")
    train(args, model, own, extra, rank, ranks)


if __name__ == "__main__":
    rl.train = train_on_its_programs
    given = sys.argv[1:]                # of a flag given twice the last one counts
    sys.argv[1:] = ["--start", "sft-predict", "--solve-prompts", "0", "--fix-prompts", "0", *given]
    rl.main("predict-rl", __doc__)
