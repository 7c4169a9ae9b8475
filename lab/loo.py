"""Another baseline: the mean of the other G - 1 rollouts (leave-one-out). A grows by G / (G - 1).

    python -m lab.loo            # out/rl-loo.pt; takes the flags of rl.py
"""

import torch

import rl


def leave_one_out(rewards: torch.Tensor) -> torch.Tensor:
    """(G,) -> (G,): [1, -1, -1, -1] -> [2, -2/3, -2/3, -2/3]."""
    return rewards - (rewards.sum() - rewards) / (len(rewards) - 1)


if __name__ == "__main__":
    rl.advantages = leave_one_out
    rl.main("rl-loo", __doc__)
