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
from worlds import UNSEEN, everyday, renamed, split_of


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
        assert case.code.count("\n") <= everyday.LINES and case.steps <= everyday.SENTENCES
        numbers = re.findall(r"\d+", re.sub("We read .*|'.*?'", "", "\n".join(tasks.explanation_lines(case.nlex))))
        texts.add(case.stdin.isdigit() if "= input()" in case.code else None)
        assert max(map(int, numbers), default=0) <= everyday.LARGEST
        reads.add(re.search(r"list\(map|int\(input|input\(\)|$", case.code)[0])
        typed.add(("\n\n" in case.code, " = " in case.code))
        if case.kind == "plain":
            kinds.update(type(node).__name__ for node in ast.walk(ast.parse(case.code)))
    assert reads == {"list(map", "int(input", "input()", ""} and typed >= {(True, True), (False, True), (False, False)}
    assert {"For", "While", "If", "BoolOp", "AugAssign", "List", "Subscript", "Attribute", "Mod", "Mult"} <= kinds
    assert {case.kind for case in drawn} == {"plain", "mutant", "crash"} and texts == {None, True, False}
    assert sum(case.kind == "plain" for case in drawn) > 0.85 * len(drawn)
    assert len({case.code for case in drawn}) > 0.99 * len(drawn)


def test_splits_sets_and_names(drawn):
    for split in ("train", "val", "test"):
        assert {split_of(case.cls) for case in draw(40, split)} == {split}
    assert all(len(re.findall(r"\w", case.stdin)) >= 6 or "int(input" in case.code for case in draw(40, "val", "longer"))
    words = set(re.findall(r"[A-Za-z_]\w*", " ".join(case.code for case in drawn)))
    unseen = set(re.findall(r"[A-Za-z_]\w*", " ".join(case.code for case in draw(200, "test", "new_names"))))
    assert not words & {*UNSEEN} and unseen & {*UNSEEN}
    text = "print('total', total)\nx = \"x\" + 'nums'\n"
    for seed in range(20):
        changed = renamed(text, random.Random(seed))
        assert changed.startswith("print('total', ") and "\"x\" + 'nums'" in changed


def test_what_the_words_are():
    code = 'nums = list(map(int, input().split()))\ns = 0\nfor n in nums:\n    s += n * 2\nprint("sum", s, len(nums))\nprint(s)\n'
    assert everyday.narrate(trace.record(code, "3 4")) == [
        "We read 3 4, so nums = [3, 4].", "s = 0.", "Turn 1: n = 3.", "s = s + (n * 2 = 3 * 2 = 6) = 0 + 6 = 6.",
        "Turn 2: n = 4.", "s = s + (n * 2 = 4 * 2 = 8) = 6 + 8 = 14.", "The loop ends.",
        "We print 'sum', s, len(nums) = sum 14 2.", "We print s = 14."]
    assert everyday.narrate(trace.record("print()\nprint('a')\n")) == ["We print an empty line.", "We print a."]


@pytest.mark.parametrize("code", [
    "def f(x):\n    return x // 2\nprint(f(9))\n", "xs = [1, 3]\nxs.remove(3)\n", "xs = [1]\nxs.insert(0, 5)\n", "xs = [1, 2]\nxs.pop(0)\n",
    "xs = [1, 2]\nx = xs.pop()\n", "a = 1\nb = 2\na, b = b, a\n", "a = b = 3\n", "xs = [1, 2]\nxs[0] = 4\n", "x = int(input('how many? '))\n", "for i in range(3):\n    break\n"])
def test_a_program_that_the_world_has_not_is_told_in_other_words(code):
    run, made = tracer.record(code), {"world": "everyday"}
    new = answers.never_seen(code, made)
    assert new and answers.as_taught(run, made, new) == (list(map(tracer.in_fewer_words, tracer.narrate(run))), False)


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
    flags = tiny_flags("sft", "model", "answers", programs=60, steps=3, n_layer=1, val_cases=1, max_new_tokens_predict=8)
    monkeypatch.setattr("sys.argv", ["everyday.py", str(file), "--out", str(tmp_path / "out"), *flags])
    lab.main()
    kept = json.loads((tmp_path / "out" / "everyday.json").read_text())
    assert kept["people"]["all"]["n"] == 2 and kept["short"]["all"]["n"] == TINY["data"]["test_cases"]
    assert {"commit", "machine", "parameters", "tokens", "minutes"} <= kept.keys() and "| people's" in capsys.readouterr().out
