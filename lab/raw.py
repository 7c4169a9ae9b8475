"""SFT on variable dumps in place of sentences: the paper's raw traces.

    python -m lab.raw       # out/sft-raw.pt; takes the flags of sft.py
"""

import sft
import tasks
import trace


def answer(case, explained):
    lines = trace.raw(trace.record(case.code, case.stdin)) if explained else []
    return tasks.predict_answer(lines, case.outcome)


def samples(args):
    tasks.Case.answer = answer
    yield from sft.samples(args)


if __name__ == "__main__":
    sft.main(samples, "sft-raw", __doc__)
