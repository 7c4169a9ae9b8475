"""Other prompts in SFT: a tenth of the solve prompts shows no tests (paper A.1.3), half of the fix
prompts after a wrong attempt tell how the failing run went, step by step (beyond the paper).

    python -m lab.extra          # out/extra.pt; takes the flags of sft.py
"""

import random

import sft
import tasks
import trace as nlex  # our trace.py

WITHOUT_TESTS, TRACES = 0.1, 0.5


def sft_texts(problem: tasks.Problem, rng: random.Random) -> list[tuple[str, str, str]]:
    """As tasks.sft_texts."""
    solve_prompt = tasks.solve_prompt(problem, show_tests=rng.random() >= WITHOUT_TESTS)
    texts = [("solve", solve_prompt, tasks.fence(problem.solution))]
    if rng.random() < tasks.FIX_SHARE:
        wrong = bool(problem.wrong) and rng.random() < 2 / 3
        texts.append(tasks.fix_text(problem, wrong))
        if wrong and rng.random() < TRACES:
            run = lambda stdin: nlex.narrate(nlex.record(problem.wrong, stdin), rng.randint(0, 3))
            results = tasks.feedback(problem, problem.wrong_outcomes)
            prompt = tasks.fix_prompt(problem, problem.wrong, results, run)
            texts[-1] = ("fix", prompt, tasks.fence(problem.solution))
    return texts


def extra(args):
    tasks.sft_texts = sft_texts
    yield from sft.samples(args)


if __name__ == "__main__":
    sft.main(extra, "extra", __doc__)
