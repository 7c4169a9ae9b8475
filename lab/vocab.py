"""How was vocab.tiktoken learnt? 256 bytes, then the pieces that occur most in texts of every kind.

    python -m lab.vocab new.tiktoken     # learn one from 6,000 draws of both sizes of the world

Checkpoints hold to the vocabulary they were trained with, so nothing overwrites vocab.tiktoken. It
lacks one piece that this command finds, `IndexError`: the texts have gained it since.
"""

import argparse
import base64
import collections
import random
import re
from pathlib import Path

import tasks
from model import PIECES
from worlds import contest


def draw_texts(count, seed=0):
    """Texts of every kind from `count` draws, one string."""
    tasks.FIX_SHARE = 1.0
    rng, texts = random.Random(seed), []
    for k in range(count):
        knobs = contest.SIZES["gpu" if k % 3 == 0 else "cpu"]
        set_ = "longer" if k % 4 == 0 else "short"
        case = tasks.random_case(rng, contest, knobs, "train", set_)
        problem = contest.random_problem(rng, knobs, "train", k % 2 == 0)
        if case:
            texts += [tasks.predict_prompt(case.code, case.stdin), case.nlex, case.raw]
        if problem:
            for _, user, assistant in tasks.sft_texts(problem, rng):
                texts += [user, assistant]
    return "\n".join([*texts, ""])


def learn_vocab(text, path, n_ranks=512):
    """The pieces that occur at least 20 times, by frequency, ties alphabetically."""
    counts = collections.Counter(re.findall(PIECES, text))
    pieces = [(-n, piece.encode()) for piece, n in counts.items() if n >= 20]
    tokens = [bytes([b]) for b in range(256)]
    tokens += [piece for _, piece in sorted(pieces) if len(piece) > 1]
    lines = []
    for rank, token in enumerate(tokens[:n_ranks]):
        lines.append(f"{base64.b64encode(token).decode()} {rank}\n")
    path.write_text("".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="file to write")
    args = parser.parse_args()
    learn_vocab(draw_texts(6000), args.path)
