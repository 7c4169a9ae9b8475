"""The course's world: styles agree, open statements are settled by their tests, classes keep the splits apart. And what all worlds share."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import frozen
import pytest

import worlds
from sandbox import Sandbox
from worlds import contest, heldout, outputs_on, split_of
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


def problems(split, openness, count, seed=0):
    rng, found = random.Random(seed), []
    while len(found) < count:
        problem = random_problem(rng, CPU, split, openness)
        if problem:
            found.append(problem)
    return found


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
    spec = contest.Spec(("list", 0), ("even", 0), ("add", 3), ("sum", 0), ("plus", 4))
    assert contest.statement(spec) == "Read a list of numbers. Keep the even ones. Add 3 to each. Print the sum, plus 4."
    assert outputs_on(render(spec), ["3 8 4"]) == ["22\n"]  # (8 + 3) + (4 + 3) + 4
    vague = frozenset({"keep", "final"})
    assert contest.statement(spec, vague) == "Read a list of numbers. Keep some by parity. Add 3 to each. Print the sum, adjusted by 4."
    found = contest.readings(spec, vague)
    assert found[0] == spec and len(set(found)) == 4
    assert {outputs_on(render(reading), ["3 8 4"])[0] for reading in found} == {"22\n", "14\n", "10\n", "2\n"}


def test_solutions_pass_their_tests():
    for problem in problems("train", True, 25) + problems("train", False, 25):
        assert 2 <= len(problem.public) <= 3 and len(problem.hidden) == 8 and len({t[0] for t in problem.tests}) == len(problem.tests)
        got = [o.strip() for o in outputs_on(problem.solution, [t[0] for t in problem.tests])]
        assert got == [t[1] for t in problem.tests]


def test_public_and_hidden_tests_reject_the_other_readings():
    rng, checked = random.Random(5), 0
    draws = random.Random(5)
    while checked < 20:
        state = draws.getstate()
        problem = random_problem(draws, CPU, "train", True)
        if problem is None:
            continue
        rng.setstate(state)                       # draw the same spec and vague slots again
        spec = random_spec(rng, CPU)
        slots = [slot for slot in contest.OPEN if contest.open_phrase(spec, slot)]
        count = 1 if rng.random() < 0.75 else 2
        vague = frozenset(rng.sample(slots, count))
        assert contest.statement(spec, vague) == problem.statement and problem.open
        for other in contest.readings(spec, vague)[1:]:
            if spec_class(other) != problem.cls:
                for tests in (problem.public, problem.hidden):
                    got = [o.strip() for o in outputs_on(render(other), [t[0] for t in tests])]
                    assert got != [t[1] for t in tests]
        checked += 1


def test_splits_follow_the_class_and_wrong_attempts_stay_in_training():
    for split in ("train", "val", "test"):
        for problem in problems(split, False, 5) + problems(split, True, 3):
            assert split_of(behaviour_class(problem.solution, problem.kind)) == split == split_of(problem.cls)
            assert bool(problem.wrong) <= (split == "train")
            if problem.wrong:
                assert split_of(behaviour_class(problem.wrong, problem.kind)) == "train"
                got = [out.strip() + error for out, error in problem.wrong_outcomes]
                assert got != [t[1] for t in problem.public]
    assert sum(bool(problem.wrong) for problem in problems("train", True, 9)) >= 7
    shares = [split_of(hashlib.sha1(str(k).encode()).hexdigest()[:12]) for k in range(10_000)]
    assert [round(shares.count(split) / 100) for split in ("train", "val", "test")] == [75, 10, 15]


def test_heldout_in_the_sandbox_agrees_with_the_class_here():
    found = problems("train", False, 4) + problems("test", False, 4) + problems("val", False, 4)
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


def test_loops_without_end_are_stopped():
    assert outputs_on("while True:\n    pass\n", [""]) == ["<error>Timeout"]
    assert outputs_on("for k in range(int(input())):\n    pass\nprint(k)\n", ["2000", "2001", "2000"]) == ["1999\n", "<error>Timeout", "1999\n"]
    squares = "n = int(input())\nr = 3\nfor v in range(n):\n    r *= r\nprint(r % 7)\n"           # a mutant of the wide world
    assert outputs_on(squares, ["2", "60"]) == ["4\n", "<error>Timeout"]


def test_outputs_name_what_ended_the_run():
    code = "import sys\nx = input()\nprint(x)\nif x == 'a':\n    sys.exit()\nif x == 'b':\n    sys.exit(3)\nprint(1 // int(x))\n"
    assert outputs_on(code, ["a", "b", "0", "1"]) == ["a\n", "b\n<error>SystemExit", "0\n<error>ZeroDivisionError", "1\n1\n"]
    assert outputs_on("print(", ["", ""]) == ["<error>SyntaxError"] * 2


def test_programs_whose_output_never_varies_are_classed_by_their_syntax():
    def of(code):
        return behaviour_class(code, "none")
    assert of("a = 1\nprint(a)\n") == of("b = 7\nprint(b)\n") != of("b = 7\nprint(-b)\n")
    assert of("a = 1\nprint(a\n") == of("b = 7\nprint(b\n") != of("print(a\n")
    assert behaviour_class("print(1)\n", "n") != of("print(1)\n")
    assert behaviour_class("print(int(input()) + 1)\n", "n") == behaviour_class("n = int(input())\nprint(1 + n)\n", "n")


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
