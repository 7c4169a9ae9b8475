"""SFT that never saw a submit-or-fix turn.

    python -m lab.no_fix         # out/no-fix.pt; takes the flags of sft.py
"""

import sft


def no_fix(args):
    for task, user, assistant in sft.samples(args):
        if task not in ("fix", "try"):
            yield task, user, assistant


if __name__ == "__main__":
    sft.main(no_fix, "no-fix", __doc__)
