"""What RL is held against: its start trained on by imitation, for as long as RL trained.

    python -m lab.control        # out/sft-control.pt: beside out/rl.pt, same mixture
    (of sft.py's flags: --preset, --out, --seed, rates, batches, validation, lengths)

Validation counts for neither. A run that goes on from a finished schedule starts at 0.3 of the
learning rates, the only value tried.
"""

import zlib

import numpy as np

import sft
import tasks
from commands import fail, manual, plainly, refuse_others
from model import pick_device
from runs import digest, is_there, join_processes, leave_processes, load, maker, need_rates


@plainly()
def main():
    args = tasks.settings(manual(__doc__), "sft", "model", "answers")
    rank, ranks = join_processes(device := pick_device())
    rl_path = args.out / "rl.pt"
    rl = load(rl_path, remedy=maker("rl.py", args))["extra"]
    if "start" not in rl:
        fail(f"{rl_path} is no run of rl.py")
    start_path = args.out / f"{rl['start']}.pt"
    start = load(start_path, device, "it needs what RL started from")
    if "texts" not in start["extra"]:
        fail(f"{start_path} is a shipped copy, which does not know its texts: train it by sft.py")
    need_rates(start["extra"])
    keys = {"texts", "pretrained"} & start["extra"].keys()
    kept = {key: start["extra"][key] for key in keys}
    args.name = f"{rl['start']}-control"
    args.rl_and_start = digest(rl_path, start_path)
    steps = max(1, round(start["step"] * rl["seconds"] / start["extra"]["seconds"]))
    args.val_every = min(args.val_every, -(-steps // 4))
    args.muon_lr, args.adam_lr = 0.3 * args.muon_lr, 0.3 * args.adam_lr
    if not is_there(args):
        samples = np.load(args.out / "data" / kept["texts"])
        tokens = samples["tokens"]
        refuse_others(start_path, start["made"], {"texts": str(zlib.crc32(tokens))})
        index = samples["index"]
        index = index[index[:, 2] <= args.n_ctx]
        plan = sft.plan_batches(index[:, 2], args.batch_tokens, steps, None, args.seed + 1_000)
        sft.train(args, start["model"], tokens, index, plan, kept, rank, ranks)
    leave_processes()


if __name__ == "__main__":
    main()
