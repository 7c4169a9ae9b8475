"""What does a run look like with one change that should break it? (lab/normal.md has the curves)

    python -m lab.broken high-rates       # RL with rates that are 20 and 60 times as high
    python -m lab.broken no-baseline      # RL whose advantage is the reward itself
    python -m lab.broken equal-rewards    # RL that rewards every answer alike
    python -m lab.broken no-end           # SFT that never shows where an answer ends

The log is out/<name>.jsonl; more flags go to rl.py or sft.py, as --preset quick --out out/quick.
"""

import sys

import rl
import sft
from commands import manual
from model import Tokenizer

HIGH_RATES = ["--muon-lr", "0.03", "--adam-lr", "0.03"]
compare = rl.set_advantages


def no_baseline(group: list[rl.Episode], weight: float) -> None:
    for episode in group:
        for turn in episode.turns:
            turn.advantage = weight * episode.rewards[-1]


def equal_rewards(group: list[rl.Episode], weight: float) -> None:
    for episode in group:
        episode.rewards[-1] = 1.0
    compare(group, weight)


def samples(args):
    """As the course's: its tokens are kept under this file's name."""
    yield from sft.samples(args)


def answer_without_end(tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text)


RUNS = {"high-rates": compare, "no-baseline": no_baseline, "equal-rewards": equal_rewards}


def main():
    parser = manual(__doc__)
    parser.add_argument("name", choices=[*RUNS, "no-end"], help="which run")
    args, given = parser.parse_known_args()
    sys.argv[1:] = [*HIGH_RATES, *given] if args.name == "high-rates" else given
    if args.name == "no-end":
        Tokenizer.answer = answer_without_end
        sft.main(samples, args.name, __doc__)
    else:
        rl.set_advantages = RUNS[args.name]
        rl.main(args.name, __doc__)


if __name__ == "__main__":
    main()
