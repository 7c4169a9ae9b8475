"""The world of everyday programs: what it draws, its words; the lab's run of it."""

import ast
import json
import random
import re

import pytest
from conftest import TINY, tiny_flags

import answers
import tasks
import trace  # ours
import tracer
from lab import everyday as lab
from model import Tokenizer
from worlds import NAME_OR_TEXT, RESERVED, UNSEEN, everyday, renamed, split_of


def draw(n, split="train", set_="short", seed=0):
    rng, drawn = random.Random(seed), []
    while len(drawn) < n:
        case = tasks.random_case(rng, everyday, everyday.SIZES["cpu"], split, set_)
        drawn += [case] if case else []
    return drawn


@pytest.fixture(scope="module")
def drawn():
    return draw(500)


def test_programs_are_small_and_of_every_form(drawn):
    kinds, reads, typed, texts = set(), set(), set(), set()
    for case in drawn:
        assert len([*filter(None, case.code.split("\n"))]) <= everyday.LINES and case.steps <= everyday.SENTENCES
        numbers = re.findall(r"\d+", re.sub("We read .*|'.*?'", "", "\n".join(tasks.explanation_lines(case.nlex))))
        texts.add(case.stdin.isdigit() if "= input()" in case.code else None)
        assert max(map(int, numbers), default=0) <= everyday.LARGEST
        reads.add(re.search(r"list\(map|int\(input|input\(\)|$", case.code)[0])
        typed.add(("\n\n" in case.code, " = " in case.code))
        if case.kind == "plain":
            kinds.update(type(node).__name__ for node in ast.walk(ast.parse(case.code)))
    assert reads == {"list(map", "int(input", "input()", ""} and typed >= {(True, True), (False, True), (False, False)}
    assert {"For", "While", "If", "BoolOp", "AugAssign", "List", "Subscript", "Attribute", "Mod", "Mult", "FloorDiv", "In", "Not"} <= kinds
    assert {case.kind for case in drawn} == {"plain", "mutant", "crash"} and texts == {None, True, False}
    assert sum(case.kind == "plain" for case in drawn) > 0.85 * len(drawn)
    assert len({case.code for case in drawn}) > 0.99 * len(drawn)


def in_the_world(run):
    return everyday.fits(run) and run.error == "" and run.code.count("\n") <= everyday.LINES


def form(code):
    """The program without what is drawn anew each time: names, words in quotes, numbers, signs."""
    order = {}

    def plain(match):
        text = match[0]
        if text[0] in "'\"" or text.isdigit():
            return "0"
        for signs in everyday.ALIKE:
            if text in signs:
                return signs[0]
        return text

    def numbered(match):
        name = match[0]
        new = f"v{order.setdefault(name, len(order))}"
        return name if name[0] in "'\"" or name in RESERVED else new
    return NAME_OR_TEXT.sub(numbered, everyday.VARIED.sub(plain, code))


def test_every_seed_can_be_told_and_is_another():
    made, shapes = {"world": "everyday"}, set()
    for seed in everyday.SEEDS:
        for stdin in seed.inputs:
            assert in_the_world(trace.record(seed.code, stdin, max_events=300)), (seed.code, stdin)
        shapes.add(re.sub(r"\d+", "0", form(seed.code)))
    assert len(shapes) > 0.99 * len(everyday.SEEDS) > 10_000
    whole = "\n".join(seed.code for seed in everyday.SEEDS)
    assert not answers.never_seen(re.sub(r".*input\(.*\n", "", whole) + "x = list(map(int, input().split()))\n", made)
    assert answers.never_seen("a = int(input())\nb = input()\nprint(a, b)\n", made) == ["a second input() (line 2)"]


def test_seeds_vary_are_woven_and_shaken():
    code, rng = 'n = int(input())\nif n > 1 and n % 2 == 0:\n    print("Big dog: ", n + 12)\nelse:\n    print("")\n', random.Random(0)
    others = {everyday.varied(code, "4", rng)[0] for _ in range(300)}
    assert code in others and len(others) > 100 and all(other.endswith('print("")\n') for other in others)
    words = set(re.findall(r"\w+: ", " ".join(others)))
    signs = set(re.findall(r"if n (\S+) ", " ".join(others))), set(re.findall(r"n (\S+) \d+\)", " ".join(others)))
    assert len(words) > 50 and signs == ({"<", ">", "<=", ">=", "==", "!="}, {"+", "-", "*"})
    assert {*re.findall(r"n . (\d+)\)", " ".join(others))} == {str(n) for n in range(6, 19)}
    asked = [everyday.varied('w = input()\nprint(w == "rain", "rain", "x")\n', "rain", rng) for _ in range(99)]
    assert len({*asked}) > 20 and all(text.count(f'"{like}"') == 2 for text, like in asked)   # one word, everywhere
    two = "a = 3\nb = int(input())\nfor i in range(a):\n    b += i\nprint(b)\n"
    one, two = (everyday.Seed("n", ["4"], text) for text in (code, two))
    woven = [everyday.woven(one, two, rng) for _ in range(200)]
    assert all(text.startswith("n = int(input())\n") and text.count("input()") == 1 and text.count("\n") <= everyday.LINES for text in woven)
    assert len({*woven}) > 10 and any(re.search(r"for i in range\(n\d*\)", text) for text in woven)   # a name of the first
    clash = [everyday.woven(two, two._replace(code="c = int(input())\nb = 7\nprint(b + c)\n"), rng) for _ in range(100)]
    assert {"b += i", "print(b)"} & {*" ".join(clash).split("\n")} and re.search(r"b\d+ = 7", " ".join(clash))  # a name of both
    shaken = [everyday.shaken("a = 1\nb = 2\nif a:\n    c = 'a'\n    a = b\n", rng) for _ in range(200)]
    assert {"b = 2\na = 1\nif a:\n    c = 'a'\n    a = b\n", "a = 1\nb = 2\nif a:\n    a = b\n    c = 'a'\n", "a = 1\nb = 2\nif b:\n    c = 'a'\n    a = b\n"} <= {*shaken}
    assert all(text.count("\n") == 5 and "if " in text and "'a'" in text for text in shaken)
    forms = [everyday.typed("a = b - 2\nprint('x - y', a)\n", rng) for _ in range(300)]
    assert {*forms} == {"a = b - 2\nprint('x - y', a)\n", "a=b-2\nprint('x - y',a)\n", "a = b - 2\n\nprint('x - y', a)\n"}


def test_inputs_are_like_the_examples():
    rng = random.Random(0)
    lists = [list(map(int, everyday.draw_input("list", rng, (3, 5), "12 40 20").split())) for _ in range(300)]
    assert {*map(len, lists)} == {3, 4, 5} and min(map(min, lists)) == 8 and max(map(max, lists)) == 50
    assert 0.1 < sum(items == sorted(items) for items in lists) / 300 < 0.4
    below = [int(n) for _ in range(99) for n in everyday.draw_input("list", rng, (3, 5), "-9 -4").split()]
    assert {*below} == {*range(-12, -2)}
    assert {int(everyday.draw_input("n", rng, (3, 5), "-9")) for _ in range(500)} == {*range(-13, -3)}
    assert {int(everyday.draw_input("n", rng, (3, 5), "20")) for _ in range(500)} == {*range(13, 29)}
    words = [everyday.draw_input("word", rng, (3, 5), "level") for _ in range(300)]
    assert 0.35 < words.count("level") / 300 < 0.6 and 0.1 < sum(w == w[::-1] != "level" for w in words) / 300 < 0.3
    assert {len(everyday.draw_input("word", rng, (6, 7), "ox")) for _ in range(99)} == {6, 7}


def test_what_is_read_printed_or_in_quotes_is_spelled():
    tokenizer = Tokenizer(everyday.VOCABULARY, everyday.SPELLED)
    assert len(tokenizer.encode("total")) == 1 and len(tokenizer.encode("total = total + 1")) == 5
    for text in ("Predict.\nx = 1\nInput:\ntotal", "print('total')", "We read total, so w = 'x'.\n", "We print total.\n", "We print 'x', n = 3 -> total 3.\n",
                 "w = 'total'.\n", "<output>\ntotal\n</output>"):
        plain, other = tokenizer.encode(text), tokenizer.encode(text.replace("total", "qwxyz"))
        assert len(plain) == len(other) and tokenizer.decode(plain) == text


def test_splits_sets_and_names(drawn, monkeypatch):
    for split in ("train", "val", "test"):
        assert {split_of(case.cls) for case in draw(40, split)} == {split}
    for kind, seeds in everyday.HELD_OUT.items():
        assert len(seeds) > 2 and not {seed.code for seed in seeds} & {seed.code for seed in everyday.TRAINING[kind]}
    assert all(seed.kind == "none" or re.search(r"^\w+ = .*input\(", seed.code, re.M) for seed in everyday.SEEDS)
    for split, other in ("train", "HELD_OUT"), ("val", "TRAINING"), ("test", "TRAINING"):
        with monkeypatch.context() as patch:
            patch.setattr(everyday, other, None)  # no use of it
            assert draw(20, split)
    assert all(len(re.findall(r"\w", case.stdin)) >= 6 or re.search(r"int\(*input", case.code) for case in draw(40, "val", "longer"))
    words = set(NAME_OR_TEXT.findall(" ".join(case.code for case in drawn)))
    unseen = set(NAME_OR_TEXT.findall(" ".join(case.code for case in draw(200, "test", "new_names"))))
    assert not words & {*UNSEEN} and unseen & {*UNSEEN}
    text = "print('total', total)\nx = \"x\" + 'nums'\n"
    for seed in range(20):
        changed = renamed(text, random.Random(seed))
        assert changed.startswith("print('total', ") and "\"x\" + 'nums'" in changed


def told(code, stdin=""):
    return everyday.narrate(trace.record(code, stdin))


def test_what_the_words_are():
    code = 'nums = list(map(int, input().split()))\ns = 0\nfor n in nums:\n    s += n * 2\nprint("sum", s, len(nums))\nprint(s)\n'
    assert told(code, "3 4") == [
        "We read 3 4, so nums = [3, 4].", "s = 0.", "for n in nums = [3, 4].", "Turn 1: n = 3, rest [4].", "s = s + (n * 2 = 3 * 2 = 6) = 0 + 6 = 6.",
        "Turn 2: n = 4, rest [].", "s = s + (n * 2 = 4 * 2 = 8) = 6 + 8 = 14.", "The loop ends.",
        "We print 'sum', s = 14, len(nums) = len(1: 3, 2: 4) = 2 -> sum 14 2.", "We print s = 14."]
    code = "nums = list(map(int, input().split()))\nm = sum(nums) // len(nums)\nprint('avg', m, max(nums) - 1)\nif 3 in nums and not m > 9:\n    print(nums[0])\n"
    assert told(code, "8 3 4") == [
        "We read 8 3 4, so nums = [8, 3, 4].", "m = sum(nums) // len(nums) = (8 + 3 + 4) // len(1: 8, 2: 3, 3: 4) = (11 + 4) // 3 = 15 // 3 = 5.",
        "We print 'avg', m = 5, max(nums) - 1 = max([8, 3, 4]) - 1 = max([8, 4]) - 1 = 8 - 1 = 7 -> avg 5 7.",
        "3 in nums: 3 in [8, 3, 4]: 3 in [3, 4]: True and not m > 9: not 5 > 9: not False is true, so we enter the if.", "We print nums[0] = 8."]
    lines = told("nums = list(map(int, input().split()))\nprint(sum(nums, 10))\nif sum(nums, 1) > 5:\n    print(max(nums, nums))\n", "3 8")
    assert lines[1:] == ["We print 21.", "sum(nums, 1) > 5 is true, so we enter the if.", "We print max(nums, nums) = max([3, 8], [3, 8]) = [3, 8]."]
    lines = told("xs = [3, -1]\na = max(2, xs[-1]) + min(-xs[0], 1)\nif a in [a + 1, 0]:\n    print([a])\n")
    assert lines == ["xs = [3, -1].", "a = max(2, xs[-1]) + min(-xs[0], 1) = max(2, -1) + min(-3, 1) = 2 + min(-3, 1) = 2 + -3 = -1.",
                     "a in [a + 1, 0]: -1 in [-1 + 1, 0]: -1 in [0, 0]: -1 in [0]: -1 in [] is false, so we skip the if."]
    assert answers.never_seen("print(max(1, 2))\nprint(abs(1))\n", {"world": "everyday"}) == ["abs() (line 2)"]
    assert told("print()\nprint('a')\n") == ["We print an empty line.", "We print a."]


def test_what_is_counted_or_found_is_told_in_steps():
    assert told("w = 'lemon'\ni = 1\na = w[i + 1]\nb = w[-3]\nprint(w[i], 'ab'[i], w[0])\nprint(w[i * 9])\n")[2:] == [
        "a = w[i + 1 = 1 + 1 = 2] = w[0: 'l', 1: 'e', 2: 'm'] = 'm'.", "b = w[-3] = w[-1: 'n', -2: 'o', -3: 'm'] = 'm'.",
        "We print w[i] = w[1] = 'e', 'ab'[i] = 'ab'[1] = 'b', w[0] = 'l' -> e b l.", "w[i * 9 = 1 * 9 = 9] stops with IndexError."]
    assert told("a = 97\nb = a // 3\nc = a % 3 + a % 18\nd = a // 30 + 7 // 2 + a % 10 + -7 // 3\n")[1:] == [
        "b = a // 3 = 97 // 3 = 30 + 7 // 3 = 32.", "c = (a % 3 = 97 % 3 = 7 % 3 = 1) + (a % 18 = 97 % 18 = 79 % 18 = 61 % 18 = 43 % 18 = 25 % 18 = 7 % 18 = 7) = 1 + 7 = 8.",
        "d = (a // 30 = 97 // 30 = 1 + 67 // 30 = 2 + 37 // 30 = 3 + 7 // 30 = 3) + (7 // 2 = 3) + (a % 10 = 97 % 10 = 7) + (-7 // 3 = -3) = 3 + 3 + 7 + -3 = 6 + 7 + -3 = 13 + -3 = 10."]
    assert told("w = 'abc'\nx = 'b' in w\ny = 'b' in 'abc'\nz = 'bc' in w\n")[1:] == [
        "x = 'b' in w = 'b' in 'abc' = 'b' in 'bc' = True.", "y = 'b' in 'abc' = True.", "z = 'bc' in w = 'bc' in 'abc' = True."]
    code = "n = 2\nwhile n // 2:\n    n = n - 1\nok = n == 1\nif ok and n % 2:\n    print(n)\nif ok:\n    print(ok)\n"
    assert told(code)[1:] == [
        "n // 2: 2 // 2: 1 is true, so the loop goes on.", "n = n - 1 = 2 - 1 = 1.", "n // 2: 1 // 2: 0 is false, so the loop ends.", "ok = n == 1 = 1 == 1 = True.",
        "ok: True and n % 2: 1 % 2: 1 is true, so we enter the if.", "We print n = 1.", "ok: True is true, so we enter the if.", "We print ok = True."]


def test_what_a_loop_has_yet_to_go_through():
    assert told("n = 2\nfor i in range(1, n * 2 + 1, 2):\n    for k in range(n - i):\n        x = i\n") == [
        "n = 2.", "for i in range(1, (n * 2 = 2 * 2 = 4) + 1, 2) = range(1, 4 + 1, 2) = range(1, 5, 2), last 3.", "Turn 1: i = 1, last 3.",
        "for k in range(n - i) = range(2 - 1) = range(1) = range(0, 1), last 0.", "Turn 1: k = 0, last 0.", "x = i = 1.", "The loop ends.", "Turn 2: i = 3, last 3.",
        "for k in range(n - i) = range(2 - 3) = range(-1) = range(0, -1), none.", "The loop ends.", "The loop ends."]
    assert told("xs = [1]\nfor x in xs:\n    if x < 2:\n        xs.append(x + 1)\n")[1:] == [
        "for x in xs = [1].", "Turn 1: x = 1, rest [].", "x < 2: 1 < 2 is true, so we enter the if.", "We append x + 1 = 1 + 1 = 2, so xs = [1, 2].",
        "Turn 2: x = 2, rest [].", "x < 2: 2 < 2 is false, so we skip the if.", "The loop ends."]
    for again in "xs = [5]", "xs = 7":      # another list, or no list, under its name
        assert [line for line in told(f"xs = [1, 2]\nfor x in xs:\n    {again}\n") if line.startswith("Turn")] == ["Turn 1: x = 1, rest [2].", "Turn 2: x = 2, rest []."]
    assert told("for xs in [1, 2]:\n    print(xs)\nfor c in 'ab':\n    c = c + c\n")[0:7:6] == ["for xs in [1, 2].", "for c in 'ab'."]
    assert told("for i, c in enumerate('ab'):\n    print(c)\n")[0] == "Turn 1: i = 0, c = 'a'."
    code = "a = [1]\nfor x in a:\n    data = x\n    if x == 1:\n        a.append(2)\n        a.append(3)\nb = [1, 2]\nfor x in b:\n    b, k = [7, 8, 9], 5\n"
    assert [line for line in told(code) if line.startswith("Turn")] == [
        "Turn 1: x = 1, rest [].", "Turn 2: x = 2, rest [3].", "Turn 3: x = 3, rest [].", "Turn 1: x = 1, rest [2].", "Turn 2: x = 2, rest []."]
    assert [line for line in told("xs = [[1], [2], [3]]\nfor xs in xs:\n    print(xs)\n") if line.startswith("Turn")][1] == "Turn 2: xs = [2], rest [[3]]."


def test_what_the_world_has_not_is_not_told_wrongly():
    assert told("xs = [2]\nzs = [[1], [2]]\nok = [y for y in xs] or 5\nif [y for y in xs] in zs:\n    m = max([y * 2 for y in xs])\n")[2:] == [
        "ok = [2].", "[y for y in [2]] in zs: [y for y in [2]] in [[1], [2]] is true, so we enter the if.", "m = max([y * 2 for y in [2]]) = 4."]
    assert told("d = {'a': 1}\nx = 3 in (1, 3)\nif 'a' in d:\n    print(4 in range(5))\nws = ['aaa', 'b']\nprint('m', max(ws, key=len))\na = 999\nprint(a % 11)\n")[1:] == [
        "x = 3 in 1, 3 = True.", "'a' in d: 'a' in {'a': 1} is true, so we enter the if.", "We print 4 in range(5) = 4 in range(0, 5) = True.", "ws = ['aaa', 'b'].", "We print m aaa.", "a = 999.",
        "We print a % 11 = 999 % 11 = 9 % 11 = 9."]


def test_sentences_are_true(drawn):
    """What is left of a loop is what comes; numbers that are worked out stay equal; so does what is
    asked of a list; places and lengths are counted to the item that is meant."""
    counts = dict.fromkeys(("turns", "sums", "members", "places", "lengths"), 0)
    for case in drawn:
        loops = []  # of each that goes on: the items that are to come
        for line in tasks.explanation_lines(case.nlex):
            if match := re.match(r"for \w+ in (?:.* = )?(.*?)(, none|, last -?\d+)?\.$", line):
                loops.append([*eval(match[1])])
                assert match[2] in (None, f", last {loops[-1][-1]}" if loops[-1] else ", none")
            elif match := re.match(r"Turn \d+: \w+ = (.*), (rest|last) (.*)\.$", line):
                item, *loops[-1] = loops[-1] or [None]  # None: what goes through it makes it longer
                longer = match[2] == "rest" and re.search(r"for \w+ in (\w+):\n(?s:.*)\1(\.append| \+=)", case.code)
                assert eval(match[1]) == item or longer
                assert eval(match[3]) == (loops[-1] if match[2] == "rest" else [item, *loops[-1]][-1]) or longer or isinstance(eval(match[3]), str)
                loops[-1] = [*eval(match[3])] if match[2] == "rest" else loops[-1]
                counts["turns"] += 1
            elif line == "The loop ends.":
                assert loops.pop() == []
            for items, count in re.findall(r"(?<=[^=!<>] = )len\((1: [^()]*)\) = (\d+)", line):
                assert re.findall(r"(?:^|, )(\d+): ", items) == [str(k + 1) for k in range(int(count))], line
                counts["lengths"] += 1
            for items, value in re.findall(r"(?<=[^=!<>] = )\w+\[(-?\d: [^][]*)\] = ('[^']*'|-?\w+)", line):
                step = -1 if items[0] == "-" else 1
                keys = [int(key) for key in re.findall(r"(?:^|, )(-?\d+): ", items)]
                assert keys == [*range(min(step, 0), keys[-1] + step, step)] and items.endswith((f": {value}", f": '{value}'")), line
                counts["places"] += 1
            for one, two in zip(parts := re.split(" = |: ", line), parts[1:]):
                if all(re.fullmatch(r"[-+*%/ \d]*\d", part.rstrip(".")) for part in (one, two)) and not line.startswith("Turn"):
                    assert eval(one) == eval(two.rstrip(".")), line
                    counts["sums"] += 1
                if all(re.fullmatch(r"[-\w]+ (not )?in \[[^a-z]*\]", part) for part in (one, two)):
                    assert eval(one) == eval(two), line
                    counts["members"] += 1
    assert min(counts.values()) > 20, counts


@pytest.mark.parametrize("code", [
    "def f(x):\n    return x // 2\nprint(f(9))\n", "xs = [1, 3]\nxs.remove(3)\n", "xs = [1]\nxs.insert(0, 5)\n", "xs = [1, 2]\nxs.pop(0)\n",
    "xs = [1, 2]\nx = xs.pop()\n", "a = 1\nb = 2\na, b = b, a\n", "a = b = 3\n", "xs = [1, 2]\nxs[0] = 4\n", "x = int(input('how many? '))\n", "for i in range(3):\n    break\n"])
def test_a_program_that_the_world_has_not_is_told_in_other_words(code):
    run, made = tracer.record(code), {"world": "everyday"}
    new = answers.never_seen(code, made)
    assert new and answers.as_taught(run, made, new) == (list(map(tracer.in_fewer_words, tracer.narrate(run))), False)


def test_what_is_longer_or_larger_is_said():
    made = {"world": "everyday"}
    for code, beyond in ("x = 7\nprint(x + 9)\n", False), ("x = 7\n" * 9 + "\n", False), ("x = 7\n" * 10, True), ("x = 70\nprint(x + 90)\n", True), ("for i in range(50):\n    print(i)\n", True):
        assert answers.is_beyond(tracer.record(code), made) is beyond
    assert not answers.is_beyond(tracer.record("x = 700\n"), {"world": "contest"}) and not answers.is_beyond(tracer.record("x = 700\n"), {"world": "gone"})


def test_what_is_typed_otherwise_is_told_all_the_same():
    made = {"world": "everyday"}
    for code in ("x = 7; y = 8\n", "x = 4\nif x > 3: print('yes')\n"):
        assert answers.as_taught(tracer.record(code), made)[1] is False
    code = "nums = list(map(int, input().split()))\nfor i in range(len(nums)):\n    print(nums[i] + 1)\n"
    assert not answers.never_seen(code, made)
    assert answers.as_taught(tracer.record(code, "3 4"), made) == (everyday.narrate(trace.record(code, "3 4")), True)


def test_the_labs_run(tmp_path, monkeypatch, capsys):
    for name, size in TINY["data"].items():
        monkeypatch.setitem(tasks.PRESETS["quick"]["data"], name, size)
    rows = [{"code": "a = 2\nprint(a + 1)\n", "input": "", "output": "3\n"}] * 2
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    flags = tiny_flags("sft", "answers", programs=60, steps=3, val_cases=1, max_new_tokens_predict=8)
    monkeypatch.setattr("sys.argv", ["everyday.py", str(file), "--init", str(answers.EVERYDAY), "--out", str(tmp_path / "out"), *flags])
    lab.main()
    kept = json.loads((tmp_path / "out" / "everyday.json").read_text())
    assert kept["rows"]["all"]["n"] == 2 and kept["short"]["all"]["n"] == TINY["data"]["test_cases"]
    assert {"commit", "machine", "parameters", "tokens", "minutes"} <= kept.keys() and kept["before"]["rows"]["all"]["n"] == 2 and "| short inputs" in capsys.readouterr().out
