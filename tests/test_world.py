"""The course's world: styles agree, open statements are settled by their tests, classes keep the splits apart. And what all worlds share."""

import ast
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import frozen
import pytest

import worlds
from sandbox import Sandbox
from worlds import NAME, RESERVED, UNSEEN, WORDS, contest, heldout, outputs_on, renamed, split_of
from worlds.contest import (
    FIXED_INPUTS,
    SIZES,
    behaviour_class,
    random_problem,
    random_spec,
    render,
    spec_class,
)

CPU = SIZES["cpu"]


def drawn(split, n_vague, count, seed=0):
    """-> (problem, its spec, its vague slots), so many; the two are drawn again by the same luck."""
    rng, again, found = random.Random(seed), random.Random(), []
    while len(found) < count:
        again.setstate(rng.getstate())
        problem = random_problem(rng, CPU, split, n_vague)
        if problem:
            spec = random_spec(again, CPU)
            slots = [slot for slot in contest.OPEN if contest.open_phrase(spec, slot)]
            vague = frozenset(again.sample(slots, n_vague))
            assert contest.statement(spec, vague) == problem.statement and problem.vague == len(vague) == n_vague
            found.append((problem, spec, vague))
    return found


def problems(split, n_vague, count, seed=0):
    return [problem for problem, _, _ in drawn(split, n_vague, count, seed)]


@pytest.mark.parametrize("size", ["cpu", "gpu"])
def test_every_style_of_a_spec_behaves_alike(size):
    rng = random.Random(size)
    for _ in range(60):
        spec = random_spec(rng, SIZES[size])
        if spec_class(spec):
            assert {behaviour_class(render(spec, rng, SIZES[size]["wide"]), spec.kind) for _ in range(4)} == {spec_class(spec)}, spec


def test_every_style_occurs():
    rng, seen = random.Random(0), ""
    for _ in range(300):
        seen += render(random_spec(rng, SIZES["gpu"]), rng, True)
    for part in ("while ", "for ", " continue", "def main():", "\nmain()", "s = [x for x in ", "range(1, n + 1)", "ord(", "zip(", "% 3 != 0", "*= "):
        assert part in seen, part


def test_statement_and_solution_agree_on_a_hand_computed_case():
    spec = LIST_SUM
    assert contest.statement(spec) == "Read a list of numbers. Keep the even ones. Add 3 to each. Print the sum, plus 4."
    assert outputs_on(render(spec), ["3 8 4"]) == ["22\n"]  # (8 + 3) + (4 + 3) + 4
    vague = frozenset({"keep", "final"})
    assert contest.statement(spec, vague) == "Read a list of numbers. Keep some by parity. Add 3 to each. Print the sum, adjusted by 4."
    found = contest.readings(spec, vague)
    assert found[0] == spec and len(set(found)) == 4
    assert {outputs_on(render(reading), ["3 8 4"])[0] for reading in found} == {"22\n", "14\n", "10\n", "2\n"}


def test_solutions_pass_their_tests():
    for problem in sum((problems("train", n_vague, 13) for n_vague in range(4)), []):
        assert 2 <= len(problem.public) <= 3 and len(problem.hidden) == 8 and len({t[0] for t in problem.tests}) == len(problem.tests)
        got = [o.strip() for o in outputs_on(problem.solution, [t[0] for t in problem.tests])]
        assert got == [t[1] for t in problem.tests]


def test_public_and_hidden_tests_reject_the_other_readings():
    for n_vague, split in ((1, "train"), (2, "train"), (3, "train"), (2, "test")):
        for problem, spec, vague in drawn(split, n_vague, 7, seed=5):
            others = contest.readings(spec, vague)[1:]
            assert len(set(others)) == 2**n_vague - 1
            for other in others:
                assert spec_class(other) not in ("", problem.cls)
                for tests in (problem.public, problem.hidden):
                    got = [o.strip() for o in outputs_on(render(other), [t[0] for t in tests])]
                    assert got != [t[1] for t in tests]


def test_readings_stay_in_the_split_but_outside_training_those_of_several_vague_phrases():
    apart = 0
    for split in ("train", "val", "test"):
        for n_vague in (1, 2, 3):
            for problem, spec, vague in drawn(split, n_vague, 4, seed=3):
                assert split_of(problem.cls) == split and problem.cls == spec_class(spec)
                splits = {split_of(spec_class(reading)) for reading in contest.readings(spec, vague)}
                assert splits == {split} or split != "train" and n_vague > 1
                apart += splits != {split}
    assert apart > 5


LIST_SUM = contest.Spec(("list", 0), ("even", 0), ("add", 3), ("sum", 0), ("plus", 4))


@pytest.mark.parametrize("size", ["cpu", "gpu"])
def test_a_spec_tried_on_an_input_ends_with_what_its_program_prints(size):
    assert contest.trial(LIST_SUM, "3 8 4") == ["0", "3 skip", "8 11 11", "4 7 18", "22"]
    bare = contest.Spec(("range", 0), ("all", 0), ("same", 0), ("count", 0), ("none", 0))
    assert contest.trial(bare, "3") == ["0", "1 1 1", "2 2 2", "3 3 3", "3"]
    assert contest.trial(replace(bare, keep=("above", 5), final=("minus", 1)), "2") == ["0", "1 skip", "2 skip", "-1"]
    largest = contest.Spec(("gaps", 0), ("all", 0), ("double", 0), ("max", 0), ("none", 0))
    assert contest.trial(largest, "3 8 4 9") == ["0", "3 8 5 10 10", "8 4 4 8 10", "4 9 5 10 10", "10"]
    letters = contest.Spec(("letters", 0), ("above", 2), ("same", 0), ("last", 0), ("none", 0))
    assert contest.trial(letters, "cb") == ["0", "c 3 3 3", "b 2 skip", "3"]
    assert contest.told(LIST_SUM) == "even, add 3, sum, plus 4" and contest.told(bare) == "count"
    rng = random.Random(14)
    for _ in range(300):
        spec = random_spec(rng, SIZES[size])
        stdin = contest.draw_input(spec.kind, rng, SIZES[size], SIZES[size]["longer"])
        assert f"{contest.trial(spec, stdin)[-1]}\n" == outputs_on(render(spec), [stdin])[0], spec


def test_readings_are_tried_on_a_test_until_one_is_right():
    def of(vague, stdin="3 8 4", want="22", **slots):
        return contest.diagnosis(replace(LIST_SUM, **slots), LIST_SUM, vague, stdin, want)
    right = "0, 3 skip, 8 11 11, 4 7 18, 22. Right.\nSo: even, add 3, sum, plus 4.\n"
    assert of({"keep"}, keep=("odd", 0)) == (
        f"Read as: odd, add 3, sum, plus 4.\nOn 3 8 4 we want 22.\nTry even, add 3, sum, plus 4: {right}")
    assert of({"keep", "final"}, keep=("odd", 0)) == (                                                  # round from the wrong one
        "Read as: odd, add 3, sum, plus 4.\nOn 3 8 4 we want 22.\n"
        "Try even, add 3, sum, minus 4: 0, 3 skip, 8 11 11, 4 7 18, 14. Wrong.\n"
        f"Try even, add 3, sum, plus 4: {right}")
    assert of({"keep", "final"}, keep=("odd", 0), final=("minus", 4)) == (
        "Read as: odd, add 3, sum, minus 4.\nOn 3 8 4 we want 22.\n"
        "Try odd, add 3, sum, plus 4: 0, 3 6 6, 8 skip, 4 skip, 10. Wrong.\n"
        "Try even, add 3, sum, minus 4: 0, 3 skip, 8 11 11, 4 7 18, 14. Wrong.\n"
        f"Try even, add 3, sum, plus 4: {right}")
    assert of(frozenset(), change=("same", 0)) == (                                                     # one component
        f"Read as: even, sum, plus 4.\nOn 3 8 4 we want 22.\nTry even, add 3, sum, plus 4: {right}")
    assert of({"fold"}, change=("sub", 3)) == (
        "Read as: even, sub 3, sum, plus 4.\nOn 3 8 4 we want 22.\n"
        "Try even, add 3, count, plus 4: 0, 3 skip, 8 11 1, 4 7 2, 6. Wrong.\n"
        f"Try even, add 3, sum, plus 4: {right}")
    assert of({"keep", "fold"}, "", "4", keep=("odd", 0)) == ""                                       # another is right, too, before


def test_repairs_say_what_the_wrong_program_does_and_every_reading_is_tried():
    seen = {"reading": 0, "component": 0}
    for n_vague in range(4):
        for problem, spec, vague in drawn("train", n_vague, 15, seed=4):
            tries = [contest.try_on(reading, *problem.public[0]) for reading in sorted(contest.readings(spec, vague))]
            assert problem.tries == "".join(tries) and problem.tries.count("Try ") == 2**n_vague
            assert contest.try_on(spec, *problem.public[0]) in problem.tries and "Right.\n" in problem.tries
            assert bool(problem.wrong) == bool(problem.repair)
            if not problem.repair:
                continue
            read, on, *tried, so = problem.repair.splitlines()
            first = next([stdin, want] for (stdin, want), (stdout, error) in zip(problem.public, problem.wrong_outcomes)
                         if error or stdout.strip() != want)                            # the first test that it fails
            assert on == f"On {first[0]} we want {first[1]}." and so == f"So: {contest.told(spec)}." and problem.wrong
            assert 1 <= len(tried) <= 2**n_vague and read.startswith("Read as: ")
            assert [line.split()[-1] for line in tried] == ["Wrong."] * (len(tried) - 1) + ["Right."]
            assert all(line.startswith("Try ") for line in tried) and tried[-1].endswith(f" {first[1]}. Right.")
            told = {contest.diagnosis(reading, spec, vague, *first): reading for reading in contest.readings(spec, vague)[1:]}
            if problem.repair in told:                                                  # what it says is what the program does
                assert behaviour_class(problem.wrong, problem.kind) == spec_class(told[problem.repair])
            seen["reading" if problem.repair in told else "component"] += 1
    assert seen["reading"] > 15 and min(seen.values()) > 3, seen


def test_splits_follow_the_class_and_wrong_attempts_stay_in_training():
    for split in ("train", "val", "test"):
        for problem in problems(split, 0, 5) + problems(split, 1, 3) + problems(split, 2, 3):
            assert split_of(behaviour_class(problem.solution, problem.kind)) == split == split_of(problem.cls)
            assert bool(problem.wrong) <= (split == "train")
            if problem.wrong:
                assert split_of(behaviour_class(problem.wrong, problem.kind)) == "train"
                got = [out.strip() + error for out, error in problem.wrong_outcomes]
                assert got != [t[1] for t in problem.public]
    assert sum(bool(problem.wrong) for problem in problems("train", 1, 9)) >= 7
    shares = [split_of(hashlib.sha1(str(k).encode()).hexdigest()[:12]) for k in range(10_000)]
    assert [round(shares.count(split) / 100) for split in ("train", "val", "test")] == [75, 10, 15]


def test_heldout_in_the_sandbox_agrees_with_the_class_here():
    found = problems("train", 0, 4) + problems("test", 0, 4) + problems("val", 0, 4)
    with Sandbox(1) as sandbox:
        assert heldout([(p.solution, p.kind) for p in found], FIXED_INPUTS, sandbox) == [False] * 4 + [True] * 8
        assert heldout([("import os\nos._exit(0)", "list")], FIXED_INPUTS, sandbox) == [True]  # cannot be classed: never shown


def test_mutants_differ_and_crashes_occur():
    rng, errors, unchanged = random.Random(1), set(), 0
    for _ in range(400):
        spec = random_spec(rng, CPU)
        code = render(spec, rng)
        mutant = contest.mutate(code, rng)
        unchanged += mutant == code                # a name may be drawn again
        for text in outputs_on(mutant, FIXED_INPUTS[spec.kind][:2]):
            errors.add(text.partition("<error>")[2])
    assert {"SyntaxError", "NameError", ""} <= errors and unchanged < 20


def test_scratch_programs_run_and_have_every_shape():
    rng, kinds, seen = random.Random(0), set(), ""
    for _ in range(300):
        code, kind = contest.scratch(rng, CPU)
        kinds.add(kind)
        seen += code
        assert not any("SyntaxError" in text for text in outputs_on(code, FIXED_INPUTS[kind][:1])), code
    assert kinds == {"none", "list", "digits"} and all(word in seen for word in ("elif", "else", "range(", "append", "        ", "''", " * "))


def test_what_is_hard_is_practised_and_what_is_measured_has_not_changed():
    """Training: two-digit numbers and remainders in half of the scratch programs, and half of the mutants crash. Elsewhere: as drawn."""
    crashes, large = {}, {}
    for split in ("train", "val"):
        rng, mutants, scratch = random.Random(0), [], []
        for _ in range(2500):
            program = contest.random_program(rng, CPU, split, "short")
            if program and program.kind == "mutant":
                outcome = outputs_on(program.code, [program.stdin])[0]
                mutants.append("Error" in outcome)
            elif program and program.kind == "scratch":
                scratch.append(any(int(number) > 9 for number in re.findall(r"\b\d+\b", program.code)))
        crashes[split], large[split] = sum(mutants) / len(mutants), sum(scratch) / len(scratch)
    assert crashes["train"] > 0.4 > 0.3 > crashes["val"] and large["train"] > 0.2 and large["val"] == 0, (crashes, large)


def test_programs_are_of_the_split_and_longer_ones_have_longer_inputs():
    rng, found = random.Random(2), {"short": [], "longer": []}
    for k in range(800):
        set_ = ("short", "longer")[k % 2]
        program = contest.random_program(rng, CPU, "val", set_)
        if program:
            assert split_of(program.cls) == "val"
            found[set_].append(program)
    kinds = {program.kind for program in found["short"] + found["longer"]}
    assert kinds == {"plain", "mutant", "scratch"}
    lengths = {set_: {len(p.stdin.split()) for p in rows if " " in p.stdin} for set_, rows in found.items()}
    assert lengths["short"] <= {3, 4, 5} and lengths["longer"] <= {6, 7} and len(lengths["longer"]) == 2
    assert all(p.stdin for p in found["longer"]) and not all(p.stdin for p in found["short"])


# ---------------------------------------------------------------------------------------------------------------------
# Names.

def untouched(code):
    """What renaming must leave alone: keywords (the kinds of nodes), builtins, attributes, keyword arguments, constants."""
    parts = []
    for node in ast.walk(ast.parse(code)):
        kept = [getattr(node, field, None) for field in ("attr", "arg", "value") if not isinstance(getattr(node, field, None), ast.AST)]
        builtin = node.id if isinstance(node, ast.Name) and node.id in RESERVED else None
        parts.append((type(node).__name__, builtin, kept))
    return parts


def programs_to_rename(count):
    """(code, kind of its input): of every kind and of both sizes."""
    rng = random.Random(6)
    for k in range(count):
        knobs = SIZES["gpu" if k % 2 else "cpu"]
        if k % 5:
            spec = random_spec(rng, knobs)
            code, kind = render(spec, rng, knobs["wide"]), spec.kind
        else:
            code, kind = contest.scratch(rng, knobs)
        yield (contest.mutate(code, rng) if k % 3 else code), kind


def test_renaming_keeps_behaviour_and_all_that_is_no_name():
    rng, parsed = random.Random(7), 0
    for k, (code, kind) in enumerate(programs_to_rename(600)):
        new = renamed(code, rng, unseen=k % 4 == 0)
        old_names, new_names = ([name for name in NAME.findall(text) if name not in RESERVED] for text in (code, new))
        assert len(set(old_names)) == len(set(new_names)) == len(set(zip(old_names, new_names))), new  # one to one
        assert NAME.sub("", code) == NAME.sub("", new)
        inputs = FIXED_INPUTS[kind][:6]
        assert outputs_on(code, inputs) == outputs_on(new, inputs), new
        if outputs_on(code, [""]) != ["<error>SyntaxError"]:
            assert untouched(code) == untouched(new), new
            parsed += 1
    assert parsed > 500


def test_half_of_the_programs_have_only_letters_and_the_others_any_names():
    rng, lettered, seen = random.Random(8), 0, set()
    code = render(LIST_SUM)
    for _ in range(3_000):
        names = set(NAME.findall(renamed(code, rng))) - RESERVED
        lettered += all(len(name) == 1 for name in names)
        seen |= names
    assert 1_470 < lettered < 1_800                                     # a program of letters and words may come to letters alone
    assert set(WORDS) <= seen and {name for name in seen if re.fullmatch("[A-Za-z]", name)} == set(worlds.LETTERS)
    for form in ("[a-z]+_[a-z]+", "[A-Za-z][0-9]", "[A-Za-z]{2,5}"):
        assert any(re.fullmatch(form, name) and name not in WORDS for name in seen), form


def test_unseen_words_name_what_is_in_new_names_and_nothing_else():
    assert not set(UNSEEN) & (set(WORDS) | RESERVED) and not set(WORDS) & RESERVED
    rng = random.Random(9)
    for size, split, set_ in [("cpu", "train", "short"), ("cpu", "train", "longer"), ("cpu", "val", "short"), ("gpu", "train", "short"),
                              ("cpu", "val", "new_names"), ("cpu", "test", "new_names"), ("gpu", "test", "new_names")]:
        for _ in range(150):
            program = contest.random_program(rng, SIZES[size], split, set_)
            names = set(NAME.findall(program.code)) - RESERVED if program else set()
            assert names <= set(UNSEEN) if set_ == "new_names" else not names & set(UNSEEN), program.code


@pytest.mark.parametrize("size", ["cpu", "gpu"])
def test_solutions_are_plain_in_the_worlds_names_and_wrong_programs_fail_as_recorded(size):
    rng, found, usual = random.Random(10), [], set()
    for _ in range(600):
        usual |= set(NAME.findall(render(random_spec(rng, SIZES[size]), rng, True)))
    assert not usual & set(UNSEEN)
    while len(found) < 40:
        problem = random_problem(rng, SIZES[size], "train", len(found) % 4)
        if problem and problem.wrong:
            found.append(problem)
    for problem in found:
        assert set(NAME.findall(problem.solution)) <= usual and not re.search("while|continue|s = .for", problem.solution + problem.wrong)
        assert set(NAME.findall(problem.wrong)) <= usual
        inputs, want = zip(*problem.tests)
        assert tuple(text.strip() for text in outputs_on(problem.solution, inputs)) == want
        got = [tuple(text.partition("<error>")[::2]) for text in outputs_on(problem.wrong, inputs[:len(problem.public)])]
        assert got == [tuple(outcome) for outcome in problem.wrong_outcomes]
        assert any(error or out.strip() != stdout for (out, error), (_, stdout) in zip(got, problem.public))


def test_a_third_of_the_training_programs_keeps_the_worlds_names(monkeypatch):
    calls = []
    monkeypatch.setattr(contest, "renamed", lambda code, rng, unseen=False: calls.append(unseen) or code)
    shares, rng = [], random.Random(12)
    for split, set_, draws in (("train", "short", 900), ("val", "short", 200), ("test", "new_names", 200)):
        found = [contest.random_program(rng, CPU, split, set_) for _ in range(draws)]
        shares.append(len(calls) / sum(map(bool, found)))
        assert set(calls) == {set_ == "new_names"}
        calls.clear()
    assert 0.6 < shares[0] < 0.73 and shares[1:] == [1, 1]


def test_no_name_is_better_known_than_another():
    """A bare word that is one token is a word of Python, or one of WORDS (the texts have it; it occurs as a name, too), or what repairs
    call a component: never a name."""
    tokenizer = pytest.importorskip("model").Tokenizer()
    tokens = [tokenizer.decode([k]) for k in range(256, tokenizer.n_vocab)]
    never = {"skip"}.union(*contest.TABLES.values())
    for word in filter(re.compile("[a-z_]+").fullmatch, tokens):
        assert word in RESERVED or word in WORDS or word in never, word
    assert not set(UNSEEN) & set(tokens)
    short = {"at", "by", "of", "on", "one", "to"}  # words of the texts: in names that are no token they may stand between the letters
    for name in [*UNSEEN, *WORDS]:
        parts = [tokenizer.decode([token]) for token in tokenizer.encode(name)]
        assert parts == [name] or all(len(part) == 1 or part in short for part in parts), name


BEFORE = ("", "\n", "\n    ", " = ", "(", "[", ", ", "for ", " in ", "if ", "elif ", "while ", "return ", "not ", " and ", "-", " + ",
          "Turn 1: ", "We print ", "{")
AFTER = ("", " = ", ".append(", ")", "\n", ", ", ":", "[0]", " += 1", " in ", " for ", " if ", " == 3", " % 2", "]", "}", ".\n",
         " is true, so", " - 1 = 2.\n")


def test_a_name_is_the_same_tokens_wherever_it_stands():
    tokenizer, rng = pytest.importorskip("model").Tokenizer(), random.Random(11)
    names = [*WORDS, *UNSEEN, *set(worlds.LETTERS), *[worlds.random_name(rng, WORDS + UNSEEN) for _ in range(300)]]
    for name in names:
        own = tokenizer.encode(name)
        before, after = rng.sample(BEFORE, 6), rng.sample(AFTER, 6)
        for head in before:
            for tail in after:
                assert tokenizer.encode(head + name + tail) == tokenizer.encode(head) + own + tokenizer.encode(tail), (head, name, tail)
    for _ in range(200):                                               # and in whole programs
        program = contest.random_program(rng, CPU, "train", "short") or contest.random_program(rng, CPU, "val", "new_names")
        if program:
            ids, place, starts = tokenizer.encode(program.code), 0, {}
            for k, token in enumerate(ids):
                starts[place] = k
                place += len(tokenizer.decode([token]))
            for match in NAME.finditer(program.code):
                own = tokenizer.encode(match[0])
                if match[0] not in RESERVED:
                    assert ids[starts[match.start()]:starts[match.start()] + len(own)] == own and match.end() in starts, match


# ---------------------------------------------------------------------------------------------------------------------

def test_loops_without_end_are_stopped():
    assert outputs_on("while True:\n    pass\n", [""]) == ["<error>Timeout"]
    assert outputs_on("for k in range(int(input())):\n    pass\nprint(k)\n", ["2000", "2001", "2000"]) == ["1999\n", "<error>Timeout", "1999\n"]
    squares = "n = int(input())\nr = 3\nfor v in range(n):\n    r *= r\nprint(r % 7)\n"           # a mutant of the wide world
    assert outputs_on(squares, ["2", "60"]) == ["4\n", "<error>Timeout"]
    assert outputs_on(squares, ["2", "5"], max_bits=8) == ["4\n", "<error>Timeout"] != outputs_on(squares, ["2", "5"])


def test_outputs_name_what_ended_the_run():
    code = "import sys\nx = input()\nprint(x)\nif x == 'a':\n    sys.exit()\nif x == 'b':\n    sys.exit(3)\nprint(1 // int(x))\n"
    assert outputs_on(code, ["a", "b", "0", "1"]) == ["a\n", "b\n<error>SystemExit", "0\n<error>ZeroDivisionError", "1\n1\n"]
    assert outputs_on("print(", ["", ""]) == ["<error>SyntaxError"] * 2


def test_programs_whose_output_never_varies_are_classed_by_their_syntax():
    def of(code):
        return behaviour_class(code, "none")
    assert of("a = 1\nprint(a)\n") == of("b = 7\nprint(b)\n") != of("b = 7\nprint(-b)\n")
    assert of("a = 1\nprint(a\n") == of("b = 7\nprint(b\n") != of("print(a\n")
    assert of("def f(a):\n    return a\nprint(f(1))\n") == of("def go(n):\n    return n\nprint(go(2))\n") != of("print(1)\n")
    assert of("go 12 = x1\nprint(x1)\n") == of("b 7 = total\nprint(total)\n") != of("b 7 = -total\nprint(total)\n")
    assert behaviour_class("print(1)\n", "n") != of("print(1)\n")
    assert behaviour_class("print(int(input()) + 1)\n", "n") == behaviour_class("n = int(input())\nprint(1 + n)\n", "n")


def test_syntax_is_the_same_under_other_names():
    rng, broken = random.Random(13), 0
    programs = [code for code, _ in programs_to_rename(300)]
    programs += [code for _, _, code in frozen.CLASSES if "f'" not in code and "match" not in code]  # renaming is not for those
    for code in programs:
        for unseen in (False, True):
            new = renamed(code, rng, unseen)
            assert worlds.abstract_syntax(new) == worlds.abstract_syntax(code), (code, new)
        broken += outputs_on(code, [""]) == ["<error>SyntaxError"]
    assert broken > 5 and sum("def main()" in code for code in programs) > 5


def test_classes_are_the_same_for_ever():
    for (_, expected, code), cls in zip(frozen.CLASSES, frozen.classes()):
        assert cls == expected, code
    assert len(set(frozen.classes())) == len(frozen.CLASSES)


FROZEN = json.loads(Path(frozen.__file__).with_suffix(".json").read_text())


def test_the_same_seed_makes_the_same_data_files():
    """After a change of a world or of the wording of explanations: python tests/frozen.py > tests/frozen.json"""
    assert frozen.files() == FROZEN


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_every_python_makes_these_classes_and_files(minor):
    python = shutil.which(f"python3.{minor}") or ""
    if sys.version_info[:2] == (3, minor) or not python or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip(f"no other Python 3.{minor} here")
    made = subprocess.run([python, frozen.__file__], capture_output=True, text=True, check=True)
    assert json.loads(made.stdout) == FROZEN and made.stderr == ""


def test_an_unknown_world_is_one_line_that_lists_those_there_are():
    assert worlds.load("contest") is contest
    with pytest.raises(ValueError, match=r"no world is called 'nosuch'; worlds/ has .*contest") as caught:
        worlds.load("nosuch")
    assert "\n" not in str(caught.value)
