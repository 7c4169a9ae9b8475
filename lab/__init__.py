"""May be skipped: every other table, ablation, control, plot and benchmark."""

import argparse


def manual(text):
    """A parser whose --help is the text as it stands."""
    return argparse.ArgumentParser(description=text,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
