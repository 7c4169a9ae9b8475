"""A trace format of one's own: a line for each step that changed or printed something, no words.

    python -m lab.exercises.terse       # out/terse.pt: SFT on it; takes the flags of sft.py
"""

import sft
import tasks
import trace


def told(run):
    """The lines of a recorded run (trace.Trace): of each event what has changed, then what was
    printed, as in ["x = 3", "r = 9; y = 2", "prints 9"]. Events without either have no line."""
    lines = []
    for event in run.events:
        changed = [f"{name} = {text}" for name, text in event.changes.items()]
        if changed:
            lines.append("; ".join(changed))
        if event.kind in ("line", "return") and event.extra.strip():
            lines.append(f"prints {event.extra.strip()}")
    return lines


def answer(case, explained):
    lines = told(trace.record(case.code, case.stdin)) if explained else []
    return tasks.predict_answer(lines, case.outcome)


def samples(args):
    tasks.Case.answer = answer
    yield from sft.samples(args)


if __name__ == "__main__":
    sft.main(samples, "terse", __doc__)
