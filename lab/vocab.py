"""How was vocab.tiktoken learnt? 256 bytes, then the pieces that occur most in texts of every kind.

    python -m lab.vocab new.tiktoken                      # from draws of both sizes of two worlds
    python -m lab.vocab new.tiktoken --world functions    # worlds/functions.tiktoken

vocab.tiktoken was learnt at commit ab0c2bd; texts that changed since may give a few other pieces.
Names of variables are left out: a name is spelled letter by letter, but for words that statements
have, too (total, last). Checkpoints hold to the vocabulary they were trained with (and refuse
another), so nothing overwrites vocab.tiktoken.
"""

import random
import re
from base64 import b64encode
from collections import Counter
from pathlib import Path

import tasks
from commands import manual
from model import PIECES
from worlds import NAME, RESERVED, contest, functions, tinypy


def draw_texts(draws=6_000):
    """-> one text of many cases and problems; the names that its programs use."""
    contest.renamed = lambda code, *_, **__: code  # else any word would occur
    rng, text, names = random.Random(0), "", set()
    for k in range(draws):
        world = tinypy if k % 4 == 1 else contest
        knobs, problem = world.SIZES["cpu" if k % 3 else "gpu"], None
        case = tasks.random_case(rng, world, knobs, "train", "short" if k % 4 else "longer")
        if world is contest:
            problem = contest.random_problem(rng, knobs, "train", n_vague=k % 4)
        if case:
            prompt = tasks.predict_prompt(case.code, case.stdin)
            text += f"{prompt}\n{case.nlex}\n{case.raw}\n"
            names |= set(NAME.findall(case.code)) - RESERVED
        for _, user, assistant in tasks.sft_texts(problem, rng) if problem else ():
            text += f"{user}\n{assistant}\n"
    return text, names


def draw_functions(draws=20_000):
    """-> the pieces of many cases, but what is spelled, each once a case: a made-up name fills
    one case only."""
    rng, pieces = random.Random(0), []
    for k in range(draws):
        case = tasks.random_case(rng, functions, {}, "train", "longer" if k % 8 == 0 else "short")
        if case:
            text = f"{case.prompt}\n{case.nlex}\n{case.raw}\n"
            text = re.sub(functions.SPELLED, "\0", text)
            pieces += set(re.findall(PIECES, text))
    return pieces


def learn_vocab(pieces, names, path, n_ranks=512):
    """Those of the pieces that occur at least 20 times, by frequency, ties alphabetically."""
    tokens = [bytes([b]) for b in range(256)]
    for piece, n in Counter(sorted(pieces)).most_common():  # ties stay in order
        spelled = names and (piece in names or re.fullmatch("[A-Za-z]{2}", piece))  # or they merge
        if n >= 20 and len(piece) > 1 and not spelled:
            tokens.append(piece.encode())
    lines = ""
    for rank, token in enumerate(tokens[:n_ranks]):
        lines += f"{b64encode(token).decode()} {rank}\n"
    path.write_text(lines)


if __name__ == "__main__":
    parser = manual(__doc__)
    parser.add_argument("path", type=Path, help="file to write")
    parser.add_argument("--world", choices=["functions"], help="of that world alone")
    args = parser.parse_args()
    if args.world:
        learn_vocab(draw_functions(), set(), args.path)
    else:
        text, names = draw_texts()
        learn_vocab(re.findall(PIECES, text), names, args.path)
