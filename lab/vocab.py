"""How is a world's vocabulary learnt? 256 bytes, then the pieces that occur most in its texts.

    python -m lab.vocab new.tiktoken --world functions

A world names its file as VOCABULARY; without one it shares vocab.tiktoken, which was learnt by
other rules at commit ab0c2bd (its names are spelled, but for words of statements);
worlds/functions.tiktoken was learnt at bf28660, worlds/everyday.tiktoken at f0b356b. Names that
many programs share become tokens, too; a world in which only looking up shall help spells them
(SPELLED). Checkpoints hold to the vocabulary they were trained with, and refuse another.
"""

import random
import re
from base64 import b64encode
from collections import Counter
from pathlib import Path

import tasks
import worlds
from commands import manual, plainly
from model import PIECES


def draw_pieces(world, draws=20_000):
    """-> the pieces of many cases and problems, but what is spelled, each once a draw: a name that
    one draw repeats counts once."""
    rng, pieces, knobs = random.Random(0), [], world.SIZES["cpu"]
    problem_of = getattr(world, "random_problem", lambda *_: None)
    for k in range(draws):
        text, problem = "", problem_of(rng, knobs, "train", k % 4)
        case = tasks.random_case(rng, world, knobs, "train", "short" if k % 8 else "longer")
        if case:
            text += f"{case.prompt}\n{case.nlex}\n"
        for _, user, assistant in tasks.sft_texts(problem, rng) if problem else ():
            text += f"{user}\n{assistant}\n"
        text = re.sub(getattr(world, "SPELLED", "$(nowhere)"), "\0", text)
        pieces += set(re.findall(PIECES, text))
    return pieces


def learn_vocab(pieces, path, n_ranks=512):
    """Those of the pieces that occur at least 20 times, by frequency, ties alphabetically."""
    tokens = [bytes([b]) for b in range(256)]
    for piece, n in Counter(sorted(pieces)).most_common():  # ties stay in order
        if n >= 20 and len(piece) > 1:
            tokens.append(piece.encode())
    lines = ""
    for rank, token in enumerate(tokens[:n_ranks]):
        lines += f"{b64encode(token).decode()} {rank}\n"
    path.write_text(lines)


@plainly(ValueError)
def main():
    parser = manual(__doc__)
    parser.add_argument("path", type=Path, help="file to write")
    parser.add_argument("--world", required=True, help="a file in worlds/")
    args = parser.parse_args()
    learn_vocab(draw_pieces(worlds.load(args.world)), args.path)


if __name__ == "__main__":
    main()
