"""Splits and data are the same on every Python, for ever: what tests/test_world.py holds against frozen hashes.

    python tests/frozen.py                            # prints what this Python makes
    python tests/frozen.py > tests/frozen.json        # after a change of a world or of the wording of explanations; then commit

Needs nothing beyond the standard library, so any Python may run it. frozen.json changes with the worlds; CLASSES never does: who
changes a class moves programs between training and test."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tasks  # noqa: E402
import worlds  # noqa: E402

WORLDS = ("contest", "everyday", "functions")
ROWS = 6  # of each file
INPUTS = {"n": [str(n) for n in range(8)], "none": [""] * 4}
CLASSES = [  # kind of input, class, program. Where the output never varies, the class is that of the syntax.
    ("none", "8cd2e539ba50", "a = 1\nprint(a)\n"),
    ("none", "2c9599b9f62e", "print(None)\n"),
    ("none", "9b1df9705e55", "print('a', 1.5, True, ...)\n"),
    ("none", "f04cbd18ff09", "def f(x, *a, y=2, **k):\n    return\nprint(f(1))\n"),
    ("none", "0dff0f1538d0", "async def f():\n    await g()\nclass A(B, c=1):\n    x: int\nlambda: 0\nprint(1)\n"),
    ("none", "8fe498554a92", "s = [x * y for x in range(3) if x for y in {1: 2}]\nprint({x for x in s}, {x: 1 for x in s}, sum(x for x in s))\n"),
    ("none", "a0330e442d6b", "x = 3\nw = 4\nprint(f'{x:{w}}|{x!r:>3}|{x=}' 'b')\n"),
    ("none", "00abfb86703a", "match 3:\n    case [1, *_] | {'a': 2}:\n        pass\n    case _:\n        print(1 < 2 < 3)\n"),
    ("none", "c63a502eb1c1", "try:\n    x[1:2] = y = 0\nexcept (NameError, OSError) as e:\n    print(4)\nelse:\n    pass\nfinally:\n    del e\n"),
    ("none", "65391cbef2ae", "while True:\n    pass\n"),
    ("none", "2a57b6b63eb7", "print(1\n"),
    ("n", "be5a4d93991c", "input()\nprint(3 if not 0 else -2)\n"),
    ("n", "1072fa10a2e1", "n = int(input())\nprint(n + 1)\n"),
    ("n", "db6fa7163bb2", "print(1 // int(input()))\n"),
    ("n", "67f4583f5412", "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(int(input())))\n"),
]


def classes():
    return [worlds.class_of(code, kind, worlds.outputs_on(code, INPUTS[kind])) for kind, _, code in CLASSES]


def files():
    """World, its size and file -> hash of the first rows, texts of explanations included."""
    made = {}
    for world in WORLDS:
        for size in worlds.load(world).SIZES:
            args = argparse.Namespace(world=world, world_size=size, seed=0)
            for name in tasks.PRESETS["cpu"]["data"]:
                rows = tasks.make_chunk((args, name, 0, ROWS))
                made[f"{world} {size} {name}"] = hashlib.sha1(rows.encode()).hexdigest()[:12]
    return made


if __name__ == "__main__":
    if classes() != [cls for _, cls, _ in CLASSES]:
        sys.exit(f"this Python ({sys.version.split()[0]}) has other classes: {classes()}")
    print(json.dumps(files(), indent=1))
