"""SFT that never saw a submit-or-fix turn.

    python -m lab.no_fix         # out/no-fix.pt; takes the flags of sft.py
"""

import sft
import tasks


def no_fix(args):
    tasks.FIX_SHARE = 0.0
    yield from sft.samples(args)


if __name__ == "__main__":
    sft.main(no_fix, "no-fix", __doc__)
