"""The world: styles agree, open statements are settled by their tests, classes keep the splits apart."""

import random

import pytest

import world
from sandbox import Sandbox
from world import FIXED_INPUTS, KNOBS, behaviour_class, outputs_on, random_problem, random_spec, render, spec_class, split_of

CPU = KNOBS["cpu"]


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
        spec = random_spec(rng, KNOBS[size])
        if spec_class(spec):
            assert {behaviour_class(render(spec, rng, KNOBS[size]["wide"]), spec.kind) for _ in range(4)} == {spec_class(spec)}, spec


def test_statement_and_solution_agree_on_a_hand_computed_case():
    spec = world.Spec("list", ("even", 0), ("add", 3), "sum", ("plus", 4))
    assert world.statement(spec) == "Read a list of numbers. Keep the even ones. Add 3 to each. Print the sum, plus 4."
    assert outputs_on(render(spec), ["3 8 4"]) == ["22\n"]  # (8 + 3) + (4 + 3) + 4
    assert world.statement(spec, frozenset({"keep", "final"})) == (
        "Read a list of numbers. Keep some by parity. Add 3 to each. Print the sum, adjusted by 4.")
    assert len(world.readings(spec, frozenset({"keep", "final"}))) == 4


def test_solutions_pass_their_tests():
    for problem in problems("train", True, 25) + problems("train", False, 25):
        assert 2 <= len(problem.public) <= 3 and len(problem.hidden) == 8
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
        slots = world.vague_slots(spec)
        count = 1 if rng.random() < 0.75 else 2
        vague = frozenset(rng.sample(slots, count))
        assert world.statement(spec, vague) == problem.statement
        for other in world.readings(spec, vague)[1:]:
            if spec_class(other) != problem.cls:
                for tests in (problem.public, problem.hidden):
                    got = [o.strip() for o in outputs_on(render(other), [t[0] for t in tests])]
                    assert got != [t[1] for t in tests]
        checked += 1


def test_splits_follow_the_class_and_wrong_attempts_stay_in_training():
    for split in ("train", "val", "test"):
        for problem in problems(split, False, 8) + problems(split, True, 4):
            assert split_of(behaviour_class(problem.solution, problem.kind)) == split
            assert bool(problem.wrong) <= (split == "train")
            if problem.wrong:
                assert split_of(behaviour_class(problem.wrong, problem.kind)) == "train"
                got = [out.strip() + error for out, error in problem.wrong_outcomes]
                assert got != [t[1] for t in problem.public]


def test_heldout_in_the_sandbox_agrees_with_the_class_here():
    found = problems("train", False, 4) + problems("test", False, 4) + problems("val", False, 4)
    with Sandbox(1) as sandbox:
        assert world.heldout([(p.solution, p.kind) for p in found], sandbox) == [False] * 4 + [True] * 8
        assert world.heldout([("import os\nos._exit(0)", "list")], sandbox) == [True]  # cannot be classed: never shown


def test_mutants_differ_and_crashes_occur():
    rng, errors = random.Random(1), set()
    for _ in range(400):
        spec = random_spec(rng, CPU)
        for text in outputs_on(world.mutate(render(spec, rng), rng), FIXED_INPUTS[spec.kind][:2]):
            errors.add(text.partition("<error>")[2])
    assert {"SyntaxError", "NameError", ""} <= errors


def test_loops_without_end_are_stopped():
    assert outputs_on("while True:\n    pass\n", [""]) == ["<error>Timeout"]
    squares = "n = int(input())\nr = 3\nfor v in range(n):\n    r *= r\nprint(r % 7)\n"           # a mutant of the wide world
    assert outputs_on(squares, ["2", "60"]) == ["4\n", "<error>Timeout"]
