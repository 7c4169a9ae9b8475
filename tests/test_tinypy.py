"""The world of TinyPy: the form of its programs, their splits and explanations; the head-to-head of the lab on a benchmark of ours."""

import argparse
import contextlib
import io
import json
import random
import re
from collections import Counter

import pytest
from conftest import TINY, tiny_flags

import tasks
import trace  # ours
import tracer
from lab import programs
from lab import tinypy as lab
from worlds import split_of, tinypy

TERM = r"[a-z0-9]"
OPERATION = rf"{TERM} [-+*/] {TERM}"
FIRST = r"(?:[a-z] = \d\n)"
COMPUTED = {"1.1": rf"(?:[a-z] = {OPERATION}\n)?", "2.1": "", "3.1": ""}
ANY_COMPUTED = rf"(?:[a-z] = (?:{OPERATION}|\({OPERATION}\)(?:[-+*/]\({OPERATION}\))*)\n)?"
COMPARISON = rf"(?:not | )?[a-z] (?:[<>]=?|[!=]=) {TERM}"
CHAIN = rf"(?:not )?\({COMPARISON}\)(?: (?:and|or) \({COMPARISON}\))*"
SHOWN = rf"print\((?:[a-z]|[a-z] [-+*/] {TERM})\)\n"
HEADER = r"for [a-z] in range\(\d, \d+(?:, [123])?\) :\n"


def form(level):
    """A pattern for whole programs."""
    test, shown = CHAIN if level == "2.2" else COMPARISON, r"print\([a-z]\)\n" if level in ("2.1", "3.1") else SHOWN
    end = {"1": shown, "3": f"{HEADER}\t{shown}",
           "2": f"if {test} :\n\t{shown}(?:(?:elif {test} :\n\t{shown})?else :\n\t{shown})?"}[level[0]]
    return re.compile(FIRST + f"{{1,{tinypy.LEVELS[level].most}}}" + COMPUTED.get(level, ANY_COMPUTED) + end)


def draw(n, split="train", set_="short", seed=0):
    rng, drawn = random.Random(seed), []
    while len(drawn) < n:
        program = tinypy.random_program(rng, tinypy.SIZES["cpu"], split, set_)
        if program:
            drawn.append(program)
    return drawn


def printed(lines):
    """What an explanation says is printed."""
    return [line[len("We print "):-1].split(" = ")[-1] for line in lines if line.startswith("We print ")]


@pytest.fixture(scope="module")
def drawn():
    return draw(1500)


# ---------------------------------------------------------------------------------------------------------------------
# The world.

def test_the_form_of_each_level(drawn):
    assert set(tinypy.LEVELS) == {"1.1", "1.2", "2.1", "2.2", "3.1", "3.2"}
    for program in drawn:
        assert form(program.kind).fullmatch(program.code), program
        assert program.stdin == ""
    counts = Counter(program.kind for program in drawn)
    usual = sum(counts.values()) / 9  # long values are drawn twice as often to train on, and only there
    assert all(0.75 < counts[level] / usual / (1 + (level in tinypy.LONG_VALUES)) < 1.3 for level in tinypy.LEVELS)
    assert all(60 < count < 140 for count in Counter(program.kind for program in draw(600, "val")).values())
    assert {program.kind for program in draw(60, set_="longer")} == set(tinypy.LONGER)


def test_classes_are_texts_and_splits_share_none(drawn):
    cls = {program.code: program.cls for program in drawn}
    assert len(set(cls.values())) == len(cls)                      # other texts, other classes
    held_out = draw(300, "val", seed=1) + draw(300, "test", seed=2)
    assert not cls.keys() & {program.code for program in held_out}
    assert {split_of(program.cls) for program in drawn} == {"train"}
    shapes = {re.sub("[a-z0-9]", "a", program.code) for program in drawn if program.kind == "1.1"}
    assert {re.sub("[a-z0-9]", "a", program.code) for program in held_out if program.kind == "1.1"} & shapes  # not other shapes
    assert draw(20, seed=3) == draw(20, seed=3)                    # the seed names the data


def assert_equal(parts):
    assert len({eval(part) for part in parts if not re.search(r"\b[a-z]\b", part)}) == 1, parts


def test_programs_run_and_are_told_truly(drawn):
    for program in drawn:
        out, scope = io.StringIO(), {}
        with contextlib.redirect_stdout(out):
            exec(program.code, scope)
        run = tinypy.TELLER.record(program.code, program.stdin)
        lines = tinypy.TELLER.narrate(run)
        assert (run.stdout, run.error, run.complete) == (out.getvalue(), "", True)
        assert printed(lines) == run.stdout.split()
        for line in lines:                                         # every equation holds, and those in brackets
            if not line.startswith("Turn") and " = " in line:
                told = line[:-1].removeprefix("We print ")
                for inner in re.findall(r"\(([^()]*)\)", told):
                    assert_equal(inner.split(" = "))
                assert_equal(re.sub(r"\([^()]* = ([^()]*)\)", r"(\1)", told).split(" = "))
            condition, _, then = line.partition(" is ")
            if then:
                assert all(eval(part, scope) in (True, False) for part in condition.split(": ")), line
                assert eval(condition.split(": ")[-1], scope) is then.startswith("true, "), line


def test_python_at_large_is_told_the_same(drawn):
    """tracer/ has a narrator of its own, on the same sentences."""
    for program in drawn[:40]:
        assert list(map(tracer.in_fewer_words, tracer.narrate(tracer.record(program.code, "")))) == trace.narrate(trace.record(program.code))


@pytest.mark.parametrize("condition, sentence", [
    ("a > 1 or a / 0 > 1", "3 > 1 or 3 / 0 > 1: True or 3 / 0 > 1 is true, so we enter the if."),
    ("a < 1 and a / 0 > 1", "3 < 1 and 3 / 0 > 1: False and 3 / 0 > 1 is false, so we skip the if."),
    ("a > 1 and a < b", "3 > 1 and 3 < 2: True and 3 < 2: 3 < 2 is false, so we skip the if."),
    ("not (not a > 1)", "not not 3 > 1: not not True: not False is true, so we enter the if."),
    ("(a > b) and (a == b) or (not b > 5)",
     "(3 > 2 and 3 == 2) or not 2 > 5: (True and 3 == 2) or not 2 > 5: 3 == 2 or not 2 > 5: False or not 2 > 5: "
     "not 2 > 5: not False is true, so we enter the if."),
])
def test_and_and_or_work_out_what_python_does(condition, sentence):
    lines = trace.narrate(trace.record(f"a = 3\nb = 2\nif {condition} :\n\tprint(a)\n"))
    assert lines[2] == sentence


@pytest.mark.parametrize("line, sentence", [
    ("c = (a - b)*(2 * a)-(9 / b)", "c = (a - b = 3 - 2 = 1) * (2 * a = 2 * 3 = 6) - (9 / b = 9 / 2 = 4.5) = 1 * 6 - 4.5 = 6 - 4.5 = 1.5."),
    ("c = (b - a)/(7 * 9)", "c = (b - a = 2 - 3 = -1) / (7 * 9 = 63) = -1 / 63 = -0.015873015873015872."),
    ("c = a + 1", "c = a + 1 = 3 + 1 = 4."),
    ("c = a", "c = a = 3."),
    ("c = (1 + 1)" + "*(1 + 1)" * 30, f"c = {' * '.join(['(1 + 1 = 2)'] * 31)} = "),
    ("if (a < b) and (a == b) or ( a > 1) :\n\tprint(a)", "a < b: 3 < 2: False and a == b: False or a > 1: 3 > 1 is true, so we enter the if."),
    ("if not (a > b) and (a == b) :\n\tprint(a)", "not a > b: not 3 > 2: not True: False and a == b is false, so we skip the if."),
])
def test_nothing_is_copied_twice(line, sentence):
    lines = tinypy.TELLER.narrate(trace.record(f"a = 3\nb = 2\n{line}\n"))
    assert lines[2].startswith(sentence) and (lines[2] == sentence or len(sentence) > 200)


@pytest.mark.parametrize("seed", [0, 3])
def test_an_elif_is_called_so(seed):
    code = "a = 3\nif a < 1 :\n\tprint(1)\nelif a > {} :\n\tprint(2)\nelse :\n\tprint(3)\n"
    assert tinypy.TELLER.narrate(trace.record(code.format(2)), seed) == [
        "a = 3.", "a < 1: 3 < 1 is false, so we go to the elif.", "a > 2: 3 > 2 is true, so we enter the elif.", "We print 2."]
    assert tinypy.TELLER.narrate(trace.record(code.format(3)), seed)[2:] == ["a > 3: 3 > 3 is false, so we go to the else.", "We print 3."]
    code = "a = 3\nif a < 1 :\n\tprint(1)\nelif a > 4 :\n\tprint(2)\n"
    assert tinypy.TELLER.narrate(trace.record(code), seed)[2] == "a > 4: 3 > 4 is false, so we skip the elif."


def test_what_the_world_has_not_is_told_all_the_same():
    """eval.py --show tells any program's truth in the world's words."""
    lines = tinypy.TELLER.narrate(trace.record("a = [3, 1]\nb = sorted(a)\nc = (1 + 2) * len(a)\nif a[0] > 2 and b[0] < 0:\n    print(b)\n"))
    assert lines == ["a = [3, 1].", "b = [1, 3].", "c = (1 + 2 = 3) * len(a) = 3 * 2 = 6.",
                     "a[0] > 2: 3 > 2: True and b[0] < 0: 1 < 0 is false, so we skip the if."]
    code = "a = 3\nif a < 1:\n    b = 1\nelse:\n    if a > 2 and (a < 2 or a == 3):\n        b = 2\n"
    assert tinypy.TELLER.narrate(trace.record(code))[1:3] == [
        "a < 1: 3 < 1 is false, so we go to the else.",
        "a > 2: 3 > 2: True and (a < 2 or a == 3): a < 2: 3 < 2: False or a == 3: 3 == 3 is true, so we enter the if."]


def test_division_ends_a_program_where_it_must():
    run = trace.record("a = 0\nb = (4 / 2)-(3 / a)\nprint(b)\n")
    assert trace.narrate(run) == ["a = 0.", "4 / 2 - 3 / 0 stops with ZeroDivisionError."]
    assert tinypy.divides_by_zero(run.code) and not tinypy.divides_by_zero("print(1 / 2)\n")


# ---------------------------------------------------------------------------------------------------------------------
# Beside the benchmark.

@pytest.fixture(scope="module")
def benchmark(real_data):
    return programs.load_programs(real_data / "tinypy.jsonl")


def test_the_benchmarks_programs_have_our_form_and_are_told_truly(benchmark):
    assert Counter(case.kind for case in benchmark) == dict.fromkeys(tinypy.LEVELS, 200)
    for case in benchmark:
        assert form(case.kind).fullmatch(case.code), case
        run = trace.record(case.code)
        assert programs.is_exact((run.stdout, run.error), case.outcome)
        assert printed(trace.narrate(run)) == run.stdout.split()


def features(kind, code):
    """Counts that a program adds to."""
    return [kind + " lines", *re.findall(r"[-+*/<>=!]+|and|or|not|if  |elif|else|\d|\t|, [123]\)|\)[-+*/]\(", code)]


def test_constructs_are_as_frequent_as_in_the_benchmark(benchmark):
    """Mean count a program, of each construct, level by level; of those to train on half of the hard ones are harder."""
    drawn = draw(4000, "val")
    for level in tinypy.LEVELS:
        shares = []
        for some in (drawn, benchmark):
            chosen = [item.code for item in some if item.kind == level]
            counts = Counter(feature for code in chosen for feature in features(level, code))
            shares.append({feature: count / len(chosen) for feature, count in counts.items()})
            shares[-1]["length"] = sum(map(len, chosen)) / len(chosen) / 40
        for feature in shares[0].keys() | shares[1].keys():
            ours, theirs = (share.get(feature, 0) for share in shares)
            assert abs(ours - theirs) < 0.25, (level, feature, ours, theirs)


# ---------------------------------------------------------------------------------------------------------------------
# The laboratory's head-to-head, on a small benchmark of ours.

SMALL = tiny_flags("sft", "model", "answers", programs=150, steps=3, n_layer=1, val_cases=1, max_new_tokens_predict=8)


def call(monkeypatch, capsys, *given):
    monkeypatch.setattr("sys.argv", ["tinypy.py", *map(str, given)])
    lab.main()
    return capsys.readouterr().out


def test_head_to_head(tmp_path, monkeypatch, capsys):
    for name, size in TINY["data"].items():
        monkeypatch.setitem(tasks.PRESETS["quick"]["data"], name, size)
    args = tasks.settings(argparse.ArgumentParser(), "data",
                          argv=["--world", "tinypy", "--preset", "quick", "--out", str(tmp_path / "out")])
    copied = tasks.make_rows(args, "sft_cases", 0, 5)              # programs that training would contain
    rows = [{"code": case.code, "input": "", "output": case.stdout, "level": case.kind} for case in copied]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = call(monkeypatch, capsys, file, "--out", tmp_path / "out", *SMALL)

    kept = json.loads((tmp_path / "out" / "tinypy.json").read_text())
    explained, at_once = kept["runs"]["explained"], kept["runs"]["at once"]
    assert kept["dropped"] == 5 and "5 distinct programs were dropped" in said
    assert {"machine", "commit", "flags"} <= kept.keys() and len(kept["TEX"]) == 7 and "99.1 %" in said and "| all   | " in said
    assert 0 <= at_once["tokens"] - explained["tokens"] < 2048     # as many, to within a batch
    assert at_once["programs"] > explained["programs"] and explained["distinct"] <= 150 - 5
    assert explained["right"]["exact"]["all"]["n"] == 5 and explained["right"].keys() == {"exact", "within 1e-5"}

    texts = {path.name for path in (tmp_path / "out/data").glob("*.npz")}
    assert texts == {"tinypy-1.0-0.7-0.npz", "tinypy-0.0-0.7-0.npz"}  # from lab.samples
    args.explained = 1
    assert all(answer.startswith(tasks.EXPLAINED) for _, _, answer in lab.samples(args))
    prompts = [prompt for _, prompt, _ in lab.samples(args)]
    assert len(prompts) == len(set(prompts)) > 100
    assert not {tasks.predict_prompt(case.code, "") for case in copied} & set(prompts)
    call(monkeypatch, capsys, file, "--out", tmp_path / "out", *SMALL)              # again: nothing is trained anew
    assert json.loads((tmp_path / "out" / "tinypy.json").read_text())["runs"] == kept["runs"]
    file.write_text(json.dumps(rows[0]) + "\n")
    with pytest.raises(SystemExit):
        call(monkeypatch, capsys, file, "--out", tmp_path / "out", *SMALL)
    assert "another benchmark" in capsys.readouterr().err


def test_exact_is_stricter_than_the_sandboxs_rule():
    for got, want, exact, near in (("3", "3\n", True, True), ("3", "3.0", False, True), ("3.0\n", "3.0", True, True),
                                   ("", "\n", True, True), ("1 2", "1\n2", False, True), ("0.3333333", "0.3333334", False, True)):
        assert programs.is_exact((got, ""), (want, "")) == exact
        assert tasks.same_outcome((got, ""), (want, "")) == near
    assert not programs.is_exact(None, ("", ""))
