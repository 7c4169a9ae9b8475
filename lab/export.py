"""Which file is small enough to commit? A checkpoint's weights alone, in bf16.

    python -m lab.export out/rl.pt model.pt
"""

import argparse
import sys

from model import CheckpointError, load_checkpoint, save_checkpoint

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="checkpoint")
    parser.add_argument("target", help="file to write")
    args = parser.parse_args()
    try:
        save_checkpoint(args.target, load_checkpoint(args.source)["model"].bfloat16())
    except CheckpointError as problem:
        sys.exit(f"export.py: {problem}")
