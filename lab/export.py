"""python -m lab.export out/rl.pt model.pt      # weights alone, in bf16: small enough to commit"""

import sys

from model import CheckpointError, load_checkpoint, save_checkpoint

if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        save_checkpoint(sys.argv[2], load_checkpoint(sys.argv[1])["model"].bfloat16())
    except CheckpointError as problem:
        sys.exit(f"export.py: {problem}")
