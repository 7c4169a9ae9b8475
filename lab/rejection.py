"""Instead of REINFORCE, imitation of the model's own right answers (rejection fine-tuning).

    python -m lab.rejection      # out/rl-rejection.pt; takes the flags of rl.py

A is 1 for right episodes and 0 for wrong ones, without a baseline. Of two turns only the last is
imitated: the first program may have been wrong.
"""

import rl


def right_ones(group: list[rl.Episode], weight: float) -> None:
    for episode in group:
        for turn in episode.turns:
            turn.advantage = 0.0
        episode.turns[-1].advantage = weight if episode.rewards[-1] > 0 else 0.0


if __name__ == "__main__":
    rl.set_advantages = right_ones
    rl.main("rl-rejection", __doc__)
