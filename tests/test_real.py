"""Explanations of programs that nobody here wrote, of random ones and of awkward ones, by the oracle; the README's; the command."""

import ast
import json
import random
import re
import shlex
import subprocess
import sys
from collections import Counter

import pytest
from methods import methods
from oracle import explained, judge
from real import example, imports, programs
from test_trace import drawn, random_program
from witness import witness

import tracer

EVERY = {"cruxeval": 40, "contest_programs": 17, "quixbugs": 8, "tinypy": 80}  # one of so many; all: python -m lab.trace_speed
LIMITS = {"more than 10 seconds", "more than 3,000 events", "more than 1,000,000 bytes of values", ""}


@pytest.mark.parametrize("part", EVERY)
def test_real_programs_are_explained_truly(part, real_data):
    if not (real_data / f"{part}.jsonl").exists():
        pytest.skip(f"no {part}.jsonl in the real data")
    ways = Counter()
    for name, *program in programs(part, EVERY[part]):
        found = explained(*program, max_events=3000)
        assert not found.faults, (name, found.faults[:3])
        ways[found.refused] += 1
    assert set(ways) <= LIMITS and ways[""] >= 0.8 * sum(ways.values()), ways


def test_an_example_of_a_text_is_a_program():
    text = """Doubles.

    >>> two = double(1)  # a comment
    >>> two  # another
    2
    >>> print(two)
    2
    >>> double()
    Traceback (most recent call last):
    TypeError: no
    """
    code = example(text)
    assert code == ("two = double(1)  # a comment\nprint(repr((two  # another\n)))\nprint(two)\n"
                    "try:\n    double()\nexcept Exception as problem:\n    print(problem)\n")
    module = ast.parse("import re\ndouble = twice = 2\nclass two_more: pass\n")
    assert imports(code, module, "some.where") == "from some.where import double\n" and imports("x = 1\n", module, "m") == ""
    assert example("no examples") == "" == example("    >>> f(\n  ... 1)\n")  # a wrong indent


def test_a_test_method_is_a_program(tmp_path):
    """Its names from modules and from the test file, by whatever way they are imported; checks printed."""
    files = {"pack/__init__.py": "from .one import f as g\n", "pack/one.py": "import math\nK = 2\n\ndef f(x):\n    return helper(x) + K\n\ndef helper(x):\n"
             "    return math.floor(x)\n\ndef unused():\n    pass\n", "pack/two.py": "def helper(x):\n    pass\n",
             "tests/test_it.py": "import unittest\nfrom pack import g, one\nfrom pack.two import helper\nclass TestG(unittest.TestCase):\n    def setUp(self):\n"
             "        self.x = 1.5\n    def test_g(self):\n        self.assertEqual(g(self.x), 3)\n        with self.assertRaises(TypeError):\n            g('')\n"
             "    def test_one(self):\n        self.assertTrue(one.f(1))\n    def test_two(self):\n        self.assertTrue(g(1) or helper(2))\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (name, code), = methods(tmp_path, "pack")
    assert name == "test_it.TestG.test_g" and "unused" not in code
    found = explained(code)
    assert found.trace.stdout == "3 3\nmust be real number, not str\n" and not found.faults


def truth(code, stdin="", max_events=10_000):
    found = explained(code, stdin, max_events=max_events)
    assert not found.faults, (code, found.faults[:3])
    return found.sentences


def test_every_sentence_about_random_programs_is_true():
    rng, sentences = random.Random(3), 0
    for _ in range(30):
        sentences += len(truth(random_program(rng), "", 1000))
    for code, stdin in drawn(3, 10):  # trace.py tells them alike: test_trace.py
        sentences += len(truth(code, stdin))
    assert sentences > 400


AWKWARD = {
    "classes": '''
class Shape:
    count = 0
    def __init__(self, name):
        self.name = name
        Shape.count += 1
    def area(self):
        raise NotImplementedError(self.name)
class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side
    def area(self):
        return self.side ** 2
    @property
    def double(self):
        return 2 * self.area()
s = Square(3)
print(s.area() + s.double, Shape.count)
try:
    Shape("blob").area()
except NotImplementedError as e:
    print("no area of", e)
''',
    "aliases, slices, stars, deletions": '''
xs = [3, 1, 2]
ys = xs
ys.append(9)
xs[0], xs[1] = xs[1], xs[0]
xs[1:3] = [7]
first, *rest = xs
grid = [[0] * 2 for _ in range(2)]
grid[1][0] += 5
d = {"a": 1, **{"b": 2}}
del d["a"], xs[0]
d.setdefault("c", []).append(4)
d["c"][0] -= 1
print(first, rest, grid, d, xs, ys[-1])
''',
    "generators and closures": '''
def numbers(n):
    try:
        while n:
            got = yield n
            n -= got or 1
    finally:
        print("closed")
def counter():
    count = 0
    def add(step=1):
        nonlocal count
        count += step
        return count
    return add
g = numbers(5)
print(next(g), g.send(3), list(g))
add = counter()
print(add() + add(10))
h = numbers(2)
next(h)
h.close()
print(sum(x * x for x in numbers(2)), sorted("bca", key=lambda c: -ord(c)))
''',
    "exceptions": '''
def risky(n):
    try:
        if n == 2:
            return "two"
        return 10 // n
    except ZeroDivisionError as e:
        raise ValueError("no") from e
    finally:
        print("finally", n)
for n in (1, 0, 2):
    try:
        print(risky(n))
    except (KeyError, IndexError):
        print("never")
    except ValueError as e:
        print("caught", e)
        continue
    else:
        print("fine")
assert n == 2, "order"
import contextlib
with contextlib.suppress(KeyError) as nothing:
    {}["x"]
[1, 2][n]
''',
    "match, walrus, chains, one line": '''
def what(x):
    match x:
        case [a, *rest] if a: return len(rest)
        case {"k": v}: return v
        case int() | float(): return "number"
        case _: return None
print(what([1, 2]), what({"k": 3}), what(2.5), what("s"))
n = 7
while (m := n // 2) > 0 and m != 1: n = m; print(m)
else: print("done", n)
for i in range(2): print(i, end=" "); n += i
if 0 < n < 10 <= 11 or n: x = 1 if n > 3 else 2
print(f"{n=} {x:>3}")
''',
    "globals, recursion, methods of builtins": '''
memo, calls = {}, 0
def fib(n):
    global calls
    calls += 1
    if n not in memo:
        memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
    return memo[n]
print(fib(5), calls, memo)
words = "to be or not to be".split()
seen = {w: words.count(w) for w in set(words)}
best = max(sorted(seen), key=seen.get)
text = ", ".join(w.upper() for w in words if seen[w] > 1)
a, (b, c) = 1, (2, 3)
print(best, text[::2], a | b << c, -a ** 2, not a)
''',
    "objects that misbehave": '''
calls = []
class Odd:
    def __repr__(self):
        calls.append("repr"); print("repr!")
        raise SystemExit
    def __eq__(self, other): raise RuntimeError
    def __len__(self): return -1
    __hash__ = None
class Meta(type):
    def __getattribute__(cls, name): raise KeyError(name)
class Strange(metaclass=Meta): pass
odd = Odd()
box = [odd, {"k": odd}]
print(len(box), calls)
''',
    "iterators, with, decorators": '''
import functools
class Down:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n
class Timer:
    def __enter__(self):
        print("in")
        return self
    def __exit__(self, *problem):
        print("out", problem[0] is None)
        return True
def twice(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs) + f(*args, **kwargs)
    return inner
@twice
def add(a, b=1):
    return a + b
for k in Down(2):
    print(add(k, b=3))
print(list(Down(3)), next(Down(0), "none"))
with Timer() as t:
    print(1 / 0)
''',
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_programs_are_explained_truly(name):
    assert explained(AWKWARD[name])[2:] == ([], "")


HOSTILE = {
    "def down(n):\n    return down(n + 1)\ntry:\n    down(0)\nexcept RecursionError:\n    print('too deep')":
        "near the recursion limit nothing can be recorded",
    "import sys\nsys.settrace(None)\nx = 1": "the program switched tracing off",
    "import os\nx = 3\nprint('hi', flush=True)\nos._exit(0)": "the program ended its process",
    "import ctypes\nx = 3\nctypes.string_at(0)": "the process died: SIGNAL 11",
    "import time\nprint(time.time())": "what it prints differs every time (chance, time, addresses)",
    "import secrets\nprint(secrets.token_hex())": "what it prints differs every time (chance, time, addresses)",
    "print(id(object()), object())": "what it prints differs every time (chance, time, addresses)",
    "while True:\n    try:\n        x = 1\n    except BaseException:\n        pass": "more than 10,000 events",
    "n = 100\nwhile True:\n    n += 1\n    x = str(n) * 500": "more than 1,000,000 bytes of values",
}


@pytest.mark.parametrize("code", HOSTILE)
def test_what_cannot_be_explained_to_its_end_is_marked_with_the_reason(code):
    trace = tracer.record(code)
    assert not trace.complete and trace.reason == HOSTILE[code] and tracer.narrate(trace)


def test_huge_values_cost_the_narrator_nothing():
    """The explanation is read off the recording: nothing large is computed again."""
    for code in ("y = 'a' * 10 ** 7\nprint(len(y))", "xs = [i for i in range(300000)]\nprint(sum(xs))", "x = 10 ** 10 ** 5\nprint(x % 7)",
                 "y = '%100000d' % 5\nprint(len(y))", "x = round(5, -10 ** 6) if False else 1 << 100000\nprint(x & 1)"):
        trace = tracer.record(code)
        assert trace.complete and sum(map(len, tracer.narrate(trace))) < 2000


def test_a_changed_value_is_found_in_its_sentence():
    rng, tried = random.Random(5), 0
    for code in AWKWARD.values():
        steps, seen = tracer.narrate(tracer.record(code)), witness(code)
        for _ in range(12):
            k = rng.randrange(min(len(steps), 300))
            text = steps[k]
            spots = list(re.finditer(r"(?<![\w.])\d+(?![\w.])|\b(?:True|False|true|false)\b", text))
            if not spots:
                continue
            spot = rng.choice(spots)
            other = {"True": "False", "False": "True", "true": "false", "false": "true"}.get(spot[0]) or str(int(spot[0]) + 1)
            changed = [*steps[:k], text[:spot.start()] + other + text[spot.end():], *steps[k + 1:]]
            faults = judge(code, "", changed, seen=seen)
            tried += 1
            assert faults and faults[0].place == k, (text, spot[0], other, faults[:2])
    assert tried > 40


# ---------------------------------------------------------------------------------------------------------------------
# The command line.

def ask(root, *arguments, stdin=""):
    return subprocess.run([sys.executable, "trace.py", *arguments], cwd=root, input=stdin, capture_output=True, text=True, timeout=60)


def test_the_examples_are_what_is_printed(root):
    pages = [root / "README.md", root / "tracer/README.md"]
    blocks = re.findall(r"^```text\n\$ python trace\.py (.*?)\n(.*?)^```", "\n".join(page.read_text() for page in pages),
                        re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3
    for command, shown in blocks:
        done = ask(root, *shlex.split(command))
        assert done.returncode == 0 and done.stdout == shown, command


def test_bad_input_is_one_clear_line_and_status_2(root, tmp_path):
    (tmp_path / "bad.py").write_text("x = (\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe")
    (tmp_path / "own.py").write_text("x = 1\n")
    good = str(root / "examples/power.py")
    for arguments, words in ((["absent.py"], "cannot read absent.py: No such file"), ([str(tmp_path)], "cannot read"),
                             ([str(tmp_path / "bad.py")], "line 1: '(' was never closed"), ([str(tmp_path / "bytes.py")], "cannot read"),
                             ([good, "--stdin-file", "absent.txt"], "cannot read absent.txt"),
                             ([good, "--call", "power(2"], "--call needs"),
                             ([good, "--html", "x.html", "--format", "raw"], "leave out --format"), ([str(tmp_path / "own.py"), "--html", str(tmp_path / "own.py")], "would write over"),
                             ([good, "--max-events", "0"], "--max-events must")):
        done = ask(root, *arguments)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1 and not done.stdout, arguments
    assert (tmp_path / "own.py").read_text() == "x = 1\n"


def test_calls_formats_and_input_from_elsewhere(root, tmp_path):
    (tmp_path / "two.py").write_text("n = int(input())\nm = int(input())\nprint(n // m)\n")
    (tmp_path / "in.txt").write_text("6\n0\n")
    program = str(tmp_path / "two.py")
    crash = ask(root, program, "--stdin-file", str(tmp_path / "in.txt"))
    assert crash.returncode == 0
    (tmp_path / "lines.py").write_text("import sys\nfor line in sys.stdin:\n    print(line)\n")
    lines = str(tmp_path / "lines.py")
    assert "the program reads input: give it" in ask(root, lines, stdin="1\n").stderr and not ask(root, lines, "--stdin", "").stderr  # empty on purpose
    assert "The program stops with ZeroDivisionError: integer division or modulo by zero (line 3)." in crash.stdout
    assert "We print 6 // 2 = 3." in ask(root, program, "--stdin", "-", stdin="6\n2\n").stdout
    called = ask(root, "examples/power.py", "--call", "power(2, 0)").stdout
    assert "We print repr(power(2, 0)) = repr(1) = 1." in called and called.endswith("<output>\n243\n1\n</output>\n")
    assert "\x1b[" not in called
    steps = json.loads(ask(root, program, "--stdin", "6\n2\n", "--format", "json").stdout)["steps"]
    assert [step["line"] for step in steps] == [1, 2, 3] and steps[0]["text"] == "We read 6, so n = 6."
    short = ask(root, "examples/power.py", "--max-events", "5")
    assert short.returncode == 1 and "explained only in part: more than 5 events" in short.stderr and "We call power" in short.stdout
