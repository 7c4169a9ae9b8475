"""How was vocab.tiktoken learnt? 256 bytes, then the pieces that occur most in texts of every kind.

    python -m lab.vocab new.tiktoken     # learn one from 6,000 draws of both sizes of the world

This does not give vocab.tiktoken exactly: the texts have changed a little since, so it finds one
piece more, `IndexError`, and some in another order. Checkpoints hold to the vocabulary they were
trained with, so nothing overwrites vocab.tiktoken.
"""

import argparse
import random
import re
from base64 import b64encode
from collections import Counter
from pathlib import Path

import tasks
from model import PIECES
from worlds import contest


def draw_texts():
    """One text of many cases and problems."""
    tasks.FIX_SHARE = 1.0  # a fix prompt for every problem
    rng, text = random.Random(0), ""
    for k in range(6_000):
        knobs = contest.SIZES["cpu" if k % 3 else "gpu"]
        case = tasks.random_case(rng, contest, knobs, "train", "short" if k % 4 else "longer")
        problem = contest.random_problem(rng, knobs, "train", openness=k % 2 == 0)
        if case:
            prompt = tasks.predict_prompt(case.code, case.stdin)
            text += f"{prompt}\n{case.nlex}\n{case.raw}\n"
        for _, user, assistant in tasks.sft_texts(problem, rng) if problem else ():
            text += f"{user}\n{assistant}\n"
    return text


def learn_vocab(text, path, n_ranks=512):
    """The pieces that occur at least 20 times, by frequency, ties alphabetically."""
    counts = Counter(sorted(re.findall(PIECES, text))).most_common()  # ties stay in order
    tokens = [bytes([b]) for b in range(256)]
    tokens += [piece.encode() for piece, n in counts if n >= 20 and len(piece) > 1]
    lines = ""
    for rank, token in enumerate(tokens[:n_ranks]):
        lines += f"{b64encode(token).decode()} {rank}\n"
    path.write_text(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="file to write")
    path = parser.parse_args().path
    learn_vocab(draw_texts(), path)
