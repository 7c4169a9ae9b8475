"""SFT in which a tenth of the solve prompts shows no tests (paper A.1.3).

    python -m lab.no_tests       # out/no-tests.pt; takes the flags of sft.py
"""

import sft
import tasks

SHARE = 0.1
with_tests = tasks.sft_texts


def sft_texts(problem, rng):
    texts = with_tests(problem, rng)
    if rng.random() < SHARE:
        task, _, program = texts[0]
        texts[0] = task, tasks.solve_prompt(problem, show_tests=False), program
    return texts


def no_tests(args):
    tasks.sft_texts = sft_texts
    yield from sft.samples(args)


if __name__ == "__main__":
    sft.main(no_tests, "no-tests", __doc__)
