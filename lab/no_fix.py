"""SFT that never saw a submit-or-fix turn, nor readings tried on a test.

    python -m lab.no_fix         # out/no-fix.pt; takes the flags of sft.py
"""

import sft


def no_fix(args):
    for sample in sft.samples(args):
        if sample[0] not in ("fix", "try"):
            yield sample


if __name__ == "__main__":
    sft.main(no_fix, "no-fix", __doc__)
