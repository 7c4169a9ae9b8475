"""What RL is held against: its start trained on by imitation, for as long as RL trained.

    python -m lab.control              # out/sft-control.pt: beside out/rl.pt, same mixture
    python -m lab.control --ceiling    # out/sft-ceiling.pt: half of the explained cases are RL's
                                       # prompts, explained, which RL's model never sees
    python -m lab.control --of few-rl  # beside another run of rl.py
    (of sft.py's flags: --preset, --out, --seed, rates, batches, validation, lengths)

Validation counts for neither. A run that goes on from a finished schedule starts at 0.3 of the
learning rates, the only value tried.
"""

from __future__ import annotations

import argparse

import numpy as np

import sft
import tasks
from commands import fail, plainly
from model import pick_device
from runs import digest, is_there, join_processes, leave_processes, load


def rl_prompts(args):
    """The cases of RL, explained."""
    for case in tasks.load_cases(args.out / "data" / "rl_cases.jsonl"):
        yield "predict", tasks.predict_prompt(case.code, case.stdin), case.answer(args.format)


def with_rl_prompts(tokens, index, args, rank: int):
    """The start's samples and as many of RL's prompts as it has explained cases; problems twice, so
    that predict keeps its share."""
    more, added, _ = sft.read_samples(rl_prompts, args, rank)
    predict, others = index[index[:, 3] == 0], index[index[:, 3] > 0]
    added = np.resize(added, predict.shape)
    added[:, 0] += len(tokens)
    return np.concatenate([tokens, more]), np.concatenate([predict, added, others, others])


@plainly()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", default="rl", metavar="RL", help="the RL run (default: rl)")
    parser.add_argument("--ceiling", action="store_true", help="with RL's prompts, explained")
    args = tasks.settings(parser, "sft", "model", "answers")
    rank, ranks = join_processes(device := pick_device())
    rl_path = args.out / f"{args.of}.pt"
    rl = load(rl_path, remedy="it needs a finished run of rl.py")["extra"]
    if "start" not in rl:
        fail(f"it needs a finished run of rl.py, which {rl_path} is not")
    start_path = args.out / f"{rl['start']}.pt"
    start = load(start_path, device, "it needs what RL started from")
    kept = {key: start["extra"][key] for key in ("format", "texts")}
    args.name = f"{rl['start']}-{'ceiling' if args.ceiling else 'control'}"
    args.rl_and_start, args.format = digest(rl_path, start_path), kept["format"]
    steps = max(1, round(start["step"] * rl["seconds"] / start["extra"]["seconds"]))
    args.val_every = min(args.val_every, -(-steps // 4))
    args.muon_lr, args.adam_lr = 0.3 * args.muon_lr, 0.3 * args.adam_lr
    if is_there(args):
        return leave_processes()
    samples = np.load(args.out / "data" / kept["texts"])
    tokens, index = samples["tokens"], samples["index"]
    if args.ceiling:
        tokens, index = with_rl_prompts(tokens, index, args, rank)
    index = index[index[:, 2] <= args.n_ctx]
    plan = sft.plan_batches(index[:, 2], args.batch_tokens, steps, None, args.seed + 1_000)
    sft.train(args, start["model"], tokens, index, plan, kept, rank, ranks)
    leave_processes()


if __name__ == "__main__":
    main()
