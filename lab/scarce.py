"""Explanations are scarce: SFT that learns a twentieth of its data by heart, then RL where no
explanation is imitated.

    python -m lab.scarce --steps 4000                        # out/few.pt; takes the flags of sft.py
    python rl.py --start few --steps 150 --name few-rl
    python -m lab.control --of few-rl                        # out/few-control.pt
"""

import random

import sft
import tasks

SHARE = 0.05


def first_rows(rows: list) -> list:
    return rows[:max(1, round(SHARE * len(rows)))]


def few(args):
    """sft.samples of the first rows of each file alone."""
    data = args.out / "data"
    for case in first_rows(tasks.load_cases(data / "sft_cases.jsonl")):
        yield "predict", tasks.predict_prompt(case.code, case.stdin), case.answer(args.format)
    rng = random.Random(args.seed)
    for problem in first_rows(tasks.load_problems(data / "sft_problems.jsonl")):
        yield from tasks.sft_texts(problem, rng)


if __name__ == "__main__":
    sft.main(few, "few", __doc__)
