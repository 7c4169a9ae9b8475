"""Texts, outcomes, data files."""

import argparse
import json
import random
import re

import pytest

import tasks
import trace as nlex
import world
from model import Tokenizer
from sandbox import Sandbox
from tasks import parse_outcome, predict_answer, same_outcome

CPU = world.KNOBS["cpu"]


def draw_cases(count, split="train", set_="short", seed=0, size="cpu"):
    rng, cases = random.Random(seed), []
    while len(cases) < count:
        case = tasks.random_case(rng, world.KNOBS[size], split, set_)
        if case:
            cases.append(case)
    return cases


def test_narrated_output_is_the_true_output_on_2000_programs():
    cases = draw_cases(1200) + draw_cases(500, set_="longer") + draw_cases(300, size="gpu")
    with Sandbox() as sandbox:
        truth = tasks.Runner(sandbox).outcomes([(c.code, c.stdin) for c in cases])
    for case, outcome in zip(cases, truth):
        assert outcome == case.outcome
        for format in ("nlex", "raw", "none"):
            assert same_outcome(parse_outcome(case.answer(format)), outcome), case
    assert {"plain", "mutant", "crash", "scratch"} == {case.kind for case in cases}


@pytest.mark.parametrize("outcome", [("", ""), ("3\n", ""), ("", "ValueError"), ("1\n2\n", "ZeroDivisionError"), ("no newline", "")])
def test_outcome_round_trip(outcome):
    assert same_outcome(parse_outcome(predict_answer(["r = 3."], outcome)), outcome)


@pytest.mark.parametrize("answer", ["", "3", "<output>\n3", "<output>3</output> and more", "r = 3."])
def test_unreadable_answers_have_no_outcome_and_are_never_right(answer):
    assert parse_outcome(answer) is None
    assert not same_outcome(parse_outcome(answer), ("", ""))


def test_same_outcome_compares_both_parts():
    assert same_outcome(("3\n", ""), ("3", ""))
    assert same_outcome(("", ""), ("", ""))
    assert not same_outcome(("3", "ValueError"), ("3", ""))
    assert not same_outcome(("4", ""), ("3", ""))


def test_programs_are_read_from_the_last_fenced_block():
    assert tasks.parse_program("```python\nprint(1)\n```") == "print(1)\n"
    assert tasks.parse_program("```python\nprint(1)\n```\n```python\nprint(2)\n```") == "print(2)\n"
    assert tasks.parse_program("print(1)") is None
    assert tasks.is_submit(" #SUBMIT\n") and not tasks.is_submit("#SUBMIT now")


def test_fix_prompts_state_expected_obtained_and_verdict():
    problem = world.Problem("Print it.", "n", False, [["3", "4"], ["5", "6"]], [], "x", "c")
    results = tasks.feedback(problem, [("4\n", ""), None])
    assert [right for *_, right in results] == [True, False]
    text = tasks.fix_prompt(problem, "print(4)\n", results)
    assert "Test: 3 -> 4 obtained 4 right" in text and "Test: 5 -> 6 obtained nothing wrong" in text


def test_fix_prompts_may_tell_the_first_failing_run():
    problem = world.Problem("Print it.", "n", False, [["3", "3"], ["5", "9"], ["7", "8"]], [], "x", "c")
    results = tasks.feedback(problem, [("3\n", ""), ("5\n", ""), ("7\n", "")])
    told = tasks.fix_prompt(problem, "print(input())", results, lambda stdin: [f"We print {stdin}."])
    assert told == tasks.fix_prompt(problem, "print(input())", results) + "\nThe run on 5:\nWe print 5."
    right = tasks.feedback(problem, [("3\n", ""), ("9\n", ""), ("8\n", "")])
    assert "The run on" not in tasks.fix_prompt(problem, "x", right, lambda stdin: ["never asked"])


def test_shares_of_the_texts_of_ablations():
    problem = world.Problem("Print it.", "n", False, [["3", "3"]], [], "print(input())", "c", "print(4)", [["4\n", ""]])
    def texts(**shares):
        made = [tasks.sft_texts(problem, random.Random(k), 1.0, **shares) for k in range(200)]
        hidden = sum("Test:" not in user for rows in made for task, user, _ in rows if task == "solve")
        told = sum("The run on 3:\nWe print 4." in user for rows in made for task, user, _ in rows if task == "fix")
        return hidden, told
    assert texts() == (0, 0)
    hidden, told = texts(without_tests=0.1, fix_traces=0.5)
    assert 8 <= hidden <= 35 and 45 <= told <= 90        # 10 % of 200; half of the two thirds that are wrong attempts


def test_the_predict_prompt_holds_neither_problem_nor_expected_output():
    case = draw_cases(1)[0]
    assert tasks.predict_prompt(case.code, case.stdin) == f"Predict.\n{case.code.rstrip()}\nInput:\n{case.stdin}"


def test_runner_runs_each_pair_once_and_stops_at_the_first_failed_test():
    with Sandbox(1) as sandbox:
        runner = tasks.Runner(sandbox)
        tests = [["1", "1"], ["2", "9"], ["3", "3"]]
        assert runner.solved([("print(input())", tests), ("print(input())", tests[:1])]) == [False, True]
        assert runner.runs == 2
        assert runner.outcomes([("while True: pass", "")] * 2) == [None, None]
        assert runner.runs == 3


@pytest.fixture(scope="module")
def small_data(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    argv = ["--preset", "quick", "--out", str(out), "--sft-cases", "200", "--sft-problems", "120"]
    args = tasks.settings(argparse.ArgumentParser(), "data", argv)
    tasks.make_data(out, args)
    return out


def test_no_class_of_validation_or_test_is_shown_in_training(small_data):
    """Everything any stage shows: cases, solutions, wrong attempts."""
    shown = {"train": set(), "val": set(), "test": set()}
    for path in sorted((small_data / "data").glob("*.jsonl")):
        split = {"sft": "train", "rl": "train"}.get(path.stem.split("_")[0], path.stem.split("_")[0])
        if path.stem.endswith("cases"):
            shown[split] |= {case.cls for case in tasks.load_cases(path)}
        else:
            for problem in tasks.load_problems(path):
                shown[split].add(world.behaviour_class(problem.solution, problem.kind))
                if problem.wrong:
                    shown[split].add(world.behaviour_class(problem.wrong, problem.kind))
    assert all(shown.values())
    assert not shown["train"] & shown["val"] and not shown["train"] & shown["test"] and not shown["val"] & shown["test"]
    for split, classes in shown.items():
        assert {world.split_of(cls) for cls in classes} == {split}


def test_every_component_occurs_in_training(small_data):
    words = " ".join(p.statement for p in tasks.load_problems(small_data / "data" / "sft_problems.jsonl"))
    for table in (world.KEEP, world.CHANGE, world.FINAL, world.FOLD):
        for name, (phrase, *_) in table.items():
            if not {name, ("change" if table is world.CHANGE else "", name)} & world.WIDE_ONLY:
                assert re.search(re.escape(phrase).replace(r"\{c\}", r"\d+"), words), name


def test_data_does_not_depend_on_the_number_of_cores():
    job = ("val_cases", "val", CPU, 0, 0, 6)
    assert tasks._make_chunk(job) == tasks._make_chunk(job)
    assert tasks._make_chunk(("val_cases", "val", CPU, 1, 0, 6)) != tasks._make_chunk(job)


def test_every_text_round_trips_through_the_tokenizer():
    tokenizer = Tokenizer()
    for case in draw_cases(100, set_="longer") + draw_cases(60, size="gpu"):
        for text in (tasks.predict_prompt(case.code, case.stdin), case.nlex, case.raw):
            assert tokenizer.decode(tokenizer.encode(text)) == text


def test_damaged_files_name_the_line_and_what_to_do(tmp_path):
    path = tmp_path / "data" / "cases.jsonl"
    path.parent.mkdir()
    with pytest.raises(SystemExit, match="python tasks.py"):
        tasks.load_cases(path)
    path.write_text(json.dumps({"code": "x"}) + "\n")
    with pytest.raises(SystemExit, match="line 1"):
        tasks.load_cases(path)
    for row, told in (('{"code": "print(1)", "input": ""}', "line 1.*output"),
                      ('{"code": 1, "input": "", "output": ""}', "line 1.*string")):
        path.write_text(row + "\n")
        with pytest.raises(SystemExit, match=told):
            tasks.load_programs(path)
    with pytest.raises(SystemExit, match="directory"):
        tasks.load_programs(path.parent)


def test_sizes_that_make_no_sense_are_refused(capsys):
    for flag, value in (("--steps", "0"), ("--val-every", "0"), ("--clip", "-1"), ("--clip", "nan")):
        with pytest.raises(SystemExit):
            tasks.settings(argparse.ArgumentParser(), "sft", [flag, value])
        assert f"{flag} must be at least" in capsys.readouterr().err
    assert tasks.settings(argparse.ArgumentParser(), "rl", ["--fix-prompts", "0"]).fix_prompts == 0


def test_function_rows_become_programs(tmp_path):
    path = tmp_path / "programs.jsonl"
    path.write_text(json.dumps({"code": "def f(x):\n    return x + 1", "input": "2", "output": "3"}) + "\n")
    case, = tasks.load_programs(path)
    trace = nlex.record(case.code, case.stdin, trusted=True)
    assert same_outcome((trace.stdout, trace.error), case.outcome)
