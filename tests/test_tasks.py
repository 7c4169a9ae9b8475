"""Texts, outcomes, data files, settings."""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from conftest import tiny_flags

import answers
import commands
import runs
import tasks
import worlds
from sandbox import Sandbox
from tasks import parse_outcome, predict_answer, same_outcome
from worlds import Problem, contest

TINY = {"sft_cases": 200, "sft_problems": 120, "rl_cases": 60, "rl_problems": 10, "val_cases": 8, "val_problems": 4, "val_vague": 3,
        "test_cases": 8, "test_problems": 9, "test_vague": 5}


def draw_cases(count, split="train", set_="short", seed=0, size="cpu"):
    rng, cases = random.Random(seed), []
    while len(cases) < count:
        case = tasks.random_case(rng, contest, contest.SIZES[size], split, set_)
        if case:
            cases.append(case)
    return cases


def settings(*argv, section="data"):
    return tasks.settings(argparse.ArgumentParser(), section, argv=[*map(str, argv)])


def data_flags(out, *more, **sizes):
    return [*tiny_flags(**TINY | sizes), "--out", str(out), *more]


# ---------------------------------------------------------------------------------------------------------------------------
# Outcomes and texts.

def test_narrated_output_is_the_true_output_on_300_programs():
    cases = draw_cases(150) + draw_cases(75, set_="longer") + draw_cases(75, size="gpu")
    with Sandbox() as sandbox:
        truth = answers.Runner(sandbox).outcomes([(c.code, c.stdin) for c in cases])
    for case, outcome in zip(cases, truth):
        assert outcome == case.outcome
        for explained, begin in ((True, tasks.EXPLAINED), (False, tasks.AT_ONCE)):
            assert same_outcome(parse_outcome(case.answer(explained)), outcome), case
            assert case.answer(explained).startswith(begin)
        assert case.steps == len(tasks.explanation_lines(case.nlex)) > 0
    assert {"plain", "mutant", "crash", "scratch"} == {case.kind for case in cases}


@pytest.mark.parametrize("outcome", [("", ""), ("3\n", ""), ("", "ValueError"), ("1\n2\n", "ZeroDivisionError"), ("no newline", "")])
def test_outcome_round_trip(outcome):
    for lines in (["r = 3.", "s = 4."], ["r = 3."], []):
        answer = predict_answer(lines, outcome)
        assert same_outcome(parse_outcome(answer), outcome) and tasks.explanation_lines(answer) == lines


@pytest.mark.parametrize("answer", ["", "3", "<output>\n3", "<output>\n3\n</output> and more", "r = 3."])
def test_unreadable_answers_have_no_outcome_and_are_never_right(answer):
    assert parse_outcome(answer) is None
    assert not same_outcome(parse_outcome(answer), ("", ""))


def test_the_answer_is_spelled_like_this():
    assert predict_answer(["r = 3."], ("3\n", "")) == "Step by step:\nr = 3.\n<output>\n3\n</output>"
    assert predict_answer([], ("3\n", "ValueError")) == "<output>\n3\n<error>ValueError\n</output>"
    assert predict_answer([], (" \n", "")) == "<output>\n</output>"


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
    problem = Problem("Print it.", "n", 0, [["3", "4"], ["5", "6"], ["7", "8"]], [["9", "hidden"]], "x", "c")
    results = tasks.feedback(problem, [("4\n", ""), None, ("8\n", "KeyError")])
    assert [right for *_, right in results] == [True, False, False]
    assert tasks.fix_prompt(problem, "print(4)\n", results) == textwrap.dedent("""\
        Submit or fix.
        Print it.
        ```python
        print(4)
        ```
        Test: 3 -> 4 obtained 4 right
        Test: 5 -> 6 obtained nothing wrong
        Test: 7 -> 8 obtained 8 <error>KeyError wrong""")
    assert tasks.solve_prompt(problem) == "Solve.\nPrint it.\nTest: 3 -> 4\nTest: 5 -> 6\nTest: 7 -> 8"
    assert tasks.solve_prompt(problem, show_tests=False) == "Solve.\nPrint it."


def test_shares_of_the_texts():
    problem = Problem("Print it.", "n", 0, [["3", "3"]], [], "print(input())", "c", "print(4)", [["4\n", ""]], "Read as: 4.\n")
    solution = "```python\nprint(input())\n```"

    def made():
        return [tasks.sft_texts(problem, random.Random(k)) for k in range(300)]
    assert all(rows[0] == ("solve", "Solve.\nPrint it.\nTest: 3 -> 3", solution) and len(rows) == 2 for rows in made())
    fixes = [rows[1] for rows in made()]
    wrong = [user for _, user, answer in fixes if answer == problem.repair + solution]
    assert 0.82 < len(wrong) / 300 < 0.92 and {task for task, _, _ in fixes} == {"fix"}         # seven eighths
    assert all("print(4)" in user and "obtained 4 wrong" in user for user in wrong)
    submits = [user for _, user, answer in fixes if answer == tasks.SUBMIT]
    assert len(submits) + len(wrong) == 300 and all("obtained 3 right" in user for user in submits)
    problem.wrong, problem.tries = "", "Try sum: 3. Right.\n"
    assert {rows[1][2] for rows in made()} == {tasks.SUBMIT}
    assert all(rows[2:] == [("try", "Try.\nPrint it.\nOn 3 we want 3.", problem.tries)] for rows in made())


def test_repairs_are_told_before_the_program_and_not_to_whom_asks(small_data):
    told = 0
    for problem in tasks.load_problems(small_data / "data" / "sft_problems.jsonl"):
        task, user, answer = tasks.fix_text(problem, problem.wrong)
        assert task == "fix" and "Read as:" not in user + tasks.solve_prompt(problem)
        if problem.wrong:
            assert answer == problem.repair + tasks.fence(problem.solution) and not tasks.is_submit(answer)
            assert tasks.parse_program(answer) == problem.solution
            told += answer.startswith("Read as: ")
        else:
            assert answer == tasks.SUBMIT
    assert told > 40


def test_the_predict_prompt_holds_neither_problem_nor_expected_output():
    case = draw_cases(1)[0]
    assert tasks.predict_prompt(case.code, case.stdin) == f"Predict.\n{case.code.rstrip()}\nInput:\n{case.stdin}"


def test_runner_runs_each_pair_once_and_stops_at_the_first_failed_test():
    with Sandbox(1, cpu_seconds=0.5) as sandbox:
        runner = answers.Runner(sandbox)
        tests = [["1", "1"], ["2", "9"], ["3", "3"]]
        assert runner.solved([("print(input())", tests), ("print(input())", tests[:1]), ("print(1)", []), ("1 / 0", tests)]) == [
            False, True, False, False]
        assert len(runner.known) == 3
        assert runner.outcomes([("while True: pass", "")] * 2) == [None, None]
        assert len(runner.known) == 4 and runner.solved([]) == []
        assert runner.solved([(None, [["", ""]]), ("", [["", ""]]), ("x = 1", [["", ""]])]) == [False, False, True]


def test_every_text_round_trips_through_the_tokenizer():
    from model import Tokenizer
    tokenizer = Tokenizer()
    for case in draw_cases(100, set_="longer") + draw_cases(60, size="gpu"):
        for text in (tasks.predict_prompt(case.code, case.stdin), case.nlex):
            assert tokenizer.decode(tokenizer.encode(text)) == text
        for explained, begin in ((True, tasks.EXPLAINED), (False, tasks.AT_ONCE)):                   # one token each
            assert tokenizer.encode(case.answer(explained))[:1] == tokenizer.encode(begin)


# ---------------------------------------------------------------------------------------------------------------------------
# Data files.

@pytest.fixture(scope="module")
def small_data(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    tasks.make_data(settings(*data_flags(out)))
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
                shown[split].add(contest.behaviour_class(problem.solution, problem.kind))
                if problem.wrong:
                    shown[split].add(contest.behaviour_class(problem.wrong, problem.kind))
    assert all(shown.values())
    assert not shown["train"] & shown["val"] and not shown["train"] & shown["test"] and not shown["val"] & shown["test"]
    for split, classes in shown.items():
        assert {worlds.split_of(cls) for cls in classes} == {split}


def test_the_files_hold_what_the_table_says(small_data):
    sets = {}
    for name, size in TINY.items():
        load = tasks.load_cases if name.endswith("cases") else tasks.load_problems
        rows = load(small_data / "data" / f"{name}.jsonl")
        assert len(rows) == (len(worlds.SETS) * size if name in ("val_cases", "test_cases") else size)
        if name.endswith("cases"):
            sets[name] = [row.set for row in rows].count("longer") / len(rows)
        else:
            pattern = [2, 3] if "vague" in name else [0, 1, 0, 2, 1, 3] if name[:2] in ("sf", "rl") else [0, 1, 0, 1, 0, 1, 0, 2]
            assert [row.vague for row in rows] == [pattern[k % tasks.CHUNK % len(pattern)] for k in range(size)]
            training = name in ("sft_problems", "rl_problems")
            assert all(bool(row.repair) == bool(row.wrong) <= bool(row.tries) == training for row in rows)
    assert sets["val_cases"] == sets["test_cases"] == 1 / len(worlds.SETS) and 0.3 < sets["rl_cases"] < 0.7 and 0 < sets["sft_cases"] < 0.2


def test_every_component_occurs_in_training(small_data):
    words = " ".join(p.statement for p in tasks.load_problems(small_data / "data" / "sft_problems.jsonl"))
    for slot in ("keep", "change", "fold", "final"):
        for name, entry in contest.TABLES[slot].items():
            if (slot, name) not in contest.NOT_QUICK:
                assert re.search(re.escape(entry.words).replace(r"\{c\}", r"\d+"), words), name


def test_data_does_not_depend_on_the_number_of_cores():
    def chunk(seed=0, number=0):
        return tasks.make_chunk((argparse.Namespace(world="contest", world_size="cpu", seed=seed), "val_cases", number, 6))
    assert chunk() == chunk() and chunk().count("\n") == 6
    assert len({chunk(), chunk(seed=1), chunk(number=1)}) == 3


def test_a_killed_run_goes_on_by_the_same_command(small_data, root, tmp_path):
    command = [sys.executable, "tasks.py", *data_flags(tmp_path, sft_cases=20, sft_problems=20, rl_cases=5, val_cases=2, test_cases=2)]
    first = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    done = tmp_path / "data" / "sft_cases.jsonl"
    for _ in range(600):
        if done.exists():
            break
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    before, left = done.stat().st_mtime_ns, [path for path in (tmp_path / "data").glob("*.jsonl")]
    assert len(left) < len(TINY)
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert done.stat().st_mtime_ns == before and said.count("is there") == len(left)
    for path in (small_data / "data").glob("*.jsonl"):       # a smaller file is the beginning of a larger one
        rows = (tmp_path / "data" / path.name).read_text()
        assert rows and path.read_text().startswith(rows)


def refused(capsys, call, *args):
    """The one line it says."""
    with pytest.raises(SystemExit) as stop:
        call(*args)
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1, said
    return said


def test_data_of_other_settings_are_refused(small_data, tmp_path, capsys):
    flags = data_flags(small_data)
    assert re.fullmatch("[0-9a-f]{40}(-dirty)?|unknown", json.loads((small_data / "data" / "settings.json").read_text())["commit"])
    path = small_data / "data" / "settings.json"
    killed = tmp_path / "killed" / "data" / "settings.json"                              # before its first file was whole
    killed.parent.mkdir(parents=True)
    killed.write_text(path.read_text())
    tasks.make_data(settings("--preset", "quick", *tiny_flags(**{name: 1 for name in TINY}), "--out", tmp_path / "killed", "--seed", 1))
    assert json.loads(killed.read_text())["seed"] == 1
    path.write_text(path.read_text().replace('"commit": "', '"commit": "older '))
    tasks.make_data(settings(*flags))                                                   # the same: nothing to do
    assert "older " in path.read_text()                                                 # they are of the commit that made them
    assert capsys.readouterr().out.count("is there") == len(TINY)
    for more, told in ((["--seed", "1"], "seed 0, not 1"), (["--sft-cases", "201"], "sft_cases 200, not 201"),
                       (["--test-problems", "13"], "test_problems 9, not 13")):
        said = refused(capsys, lambda more=more: tasks.make_data(settings(*flags, *more)))
        assert told in said and "--out" in said and str(small_data) in said
    # Every script looks at the world, its size and the seed.
    assert settings("--preset", "quick", "--out", small_data, section="sft").world_size == "quick"
    assert "seed 0, not 5" in refused(capsys, lambda: settings("--preset", "quick", "--seed", 5, "--out", small_data, section="sft"))
    assert "world_size quick, not gpu" in refused(capsys, lambda: settings("--preset", "gpu", "--out", small_data, section="rl"))
    assert "no world is called 'nosuch'; worlds/ has contest" in refused(capsys, lambda: settings("--world", "nosuch", section="eval"))
    # Files that do not say how they were made.
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rl_cases.jsonl").write_text("")
    assert "unknown" in refused(capsys, lambda: tasks.make_data(settings("--preset", "quick", "--out", tmp_path)))


def test_a_world_is_one_new_file(root, tmp_path):
    """The example in worlds/__init__.py, run: cases of every split, no problems; and the course's world is refused there."""
    for name in ("worlds", "tracer", "jail"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in root.glob("*.py"):
        shutil.copy(path, tmp_path)
    source = (root / "worlds" / "__init__.py").read_text()              # as a person would copy it
    example = re.search(r"\n    from worlds import.*?\n(?=\S)", source, re.DOTALL)[0]
    (tmp_path / "worlds" / "sums.py").write_text(textwrap.dedent(example))

    def run(*flags):
        return subprocess.run([sys.executable, "tasks.py", *flags], cwd=tmp_path, capture_output=True, text=True)
    made = run("--world", "sums", *data_flags("out", sft_cases=40, rl_cases=20))
    assert made.returncode == 0, made.stderr
    splits = {}
    for path in sorted((tmp_path / "out/data").glob("*.jsonl")):
        if not path.stem.endswith("cases"):
            assert tasks.load_problems(path) == []
        else:
            cases = tasks.load_cases(path)
            splits[path.stem] = {worlds.split_of(case.cls) for case in cases}
            assert {len(case.stdin) for case in cases} == {1, 2} and all("n = " in case.nlex for case in cases)
            assert all(int(case.stdout) >= int(case.stdin) for case in cases)
    assert splits == {"sft_cases": {"train"}, "rl_cases": {"train"}, "val_cases": {"val"}, "test_cases": {"test"}}
    other = run(*data_flags("out"))
    assert other.returncode == 2 and other.stderr.count("\n") == 1 and "world sums, not contest" in other.stderr
    assert "contest, everyday, functions, sums" in run("--world", "x", *data_flags("out")).stderr
    shown = run("--world", "sums", "--preset", "quick", "--show", "--out", "out/new")
    assert shown.returncode == 0 and "=== predict, longer" in shown.stdout and not (tmp_path / "out/new").exists()


def test_show_has_every_kind_of_text(capsys, tmp_path):
    tasks.show(settings("--preset", "quick", "--out", tmp_path))
    said = capsys.readouterr().out
    for part in ("predict, short", "predict, longer", "Predict.\n", "<output>\n", "Solve.\n", "Submit or fix.\n", "wrong\n", "#SUBMIT", "Try.\n", "at once", "--- assistant\nStep by step:\n"):
        assert part in said, part
    assert not list(tmp_path.iterdir())


def test_damaged_files_name_the_line_and_what_to_do(tmp_path, capsys):
    path = tmp_path / "data" / "cases.jsonl"
    path.parent.mkdir()
    assert f"python tasks.py --out {tmp_path}" in refused(capsys, tasks.load_cases, path)
    for row in (json.dumps({"code": "x"}), '{"code": "x', "[1]", "3", "\udc80"):
        path.write_bytes((row + "\n").encode("utf-8", "surrogateescape"))
        assert "line 1" in refused(capsys, tasks.load_cases, path)
    case = draw_cases(1)[0]
    path.write_text(json.dumps(vars(case)) + "\n")
    assert tasks.load_cases(path) == [case]
    del vars(case)["nlex"]                                              # made before there was this field
    path.write_text(json.dumps(vars(case)) + "\n")
    assert "line 1: not a Case (fields are missing); delete the file" in refused(capsys, tasks.load_cases, path)
    path = path.rename(path.with_name("val_cases.jsonl"))
    path.write_text("")
    assert "val_cases.jsonl is empty: delete it" in refused(capsys, tasks.load_cases, path)
    for text in ("{", "[1]", "garbage"):
        (path.parent / "settings.json").write_text(text)
        assert "settings.json is damaged: delete it" in refused(capsys, lambda: settings("--preset", "quick", "--out", tmp_path))
        (tmp_path / "seconds.json").write_text(text)
        assert "seconds.json is damaged: delete it" in refused(capsys, commands.add_seconds, tmp_path, "sft", 1)


# ---------------------------------------------------------------------------------------------------------------------------
# Settings and logs.

def test_the_table_says_what_every_value_is():
    assert tasks.PRESETS["cpu"]["sft"]["steps"] == 13_000 and tasks.PRESETS["gpu"]["model"]["n_embd"] == 512
    assert tasks.PRESETS["quick"]["rl"]["predict_weight"] == 0.8 and tasks.PRESETS["cpu"]["rl"]["clip"] == 0.1
    for preset in tasks.PRESETS.values():
        assert list(preset) == ["data", "model", "answers", "sft", "rl", "eval"]
        for section, values in preset.items():
            for name, value in values.items():
                assert type(value) is type(tasks.PRESETS["cpu"][section][name]) and len(tasks.HELP[section, name]) > 4


def test_flags_are_the_presets_values_unless_given():
    args = tasks.settings(argparse.ArgumentParser(), "rl", "answers", argv=["--preset", "gpu", "--group", "3", "--clip", "2"])
    gpu = tasks.PRESETS["gpu"]
    assert (args.steps, args.max_new_tokens_solve) == (gpu["rl"]["steps"], gpu["answers"]["max_new_tokens_solve"])
    assert (args.group, args.clip, args.world, args.world_size) == (3, 2.0, "contest", "gpu")
    assert str(args.out) == "out" and args.seed == 0 and not hasattr(args, "n_layer")


def test_a_preset_has_the_size_of_its_name_or_cpu():
    for world, sizes in (("contest", ["cpu", "gpu", "quick"]), ("tinypy", ["cpu", "gpu", "cpu"])):
        assert [settings("--world", world, "--preset", preset).world_size for preset in ("cpu", "gpu", "quick")] == sizes


def test_quick_is_a_smaller_world_whose_answers_fit(tokenizer):
    lengths = {}
    for size in ("quick", "cpu"):
        for set_ in worlds.SETS:
            cases = draw_cases(60, "val", set_, size=size)
            lengths[size, set_] = [len(tokenizer.answer(case.nlex)) for case in cases]
    for set_ in worlds.SETS:
        assert sum(lengths["quick", set_]) < 0.8 * sum(lengths["cpu", set_])
        limit = tasks.PRESETS["quick"]["answers"]["max_new_tokens_predict"]
        assert sum(length <= limit for length in lengths["quick", set_]) >= 57


def test_sizes_that_make_no_sense_are_refused(capsys):
    for flag, value in (("--steps", "0"), ("--val-every", "0"), ("--clip", "-1"), ("--clip", "nan"), ("--seed", "-1"), ("--steps", "9" * 20)):
        with pytest.raises(SystemExit):
            settings(flag, value, section="sft")
        assert f"{flag} must be at least" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        settings("--step", "3", section="sft")                      # no abbreviations
    assert settings("--fix-prompts", 0, section="rl").fix_prompts == 0


def test_in_the_course_every_stage_takes_the_flags_of_the_others(monkeypatch, capsys):
    flags = ["--preset", "quick", "--sft-cases", "7", "--n-layer=3", "--steps", "5", "--val-cases", "2"]
    with pytest.raises(SystemExit):
        settings(*flags)
    monkeypatch.setenv("COURSE", "1")
    sizes = settings(*flags)
    assert (sizes.sft_cases, sizes.val_cases) == (7, 2) and not hasattr(sizes, "steps")
    steps = tasks.settings(argparse.ArgumentParser(), "sft", "model", argv=flags)
    assert (steps.steps, steps.n_layer, steps.val_cases) == (5, 3, 2) and not hasattr(steps, "sft_cases")
    alone = tasks.settings(argparse.ArgumentParser(), "sft", "model", argv=[*flags[:2], *flags[4:]])
    assert runs.made_with(alone) == runs.made_with(steps)                # whatever other stages were told
    capsys.readouterr()
    for wrong in ("--stpes", "--sft-case", "--n-layer=x"):               # of no stage, no abbreviations, no number
        with pytest.raises(SystemExit) as stop:
            settings(*flags, wrong, "3")
        assert stop.value.code == 2 and wrong.partition("=")[0] in capsys.readouterr().err


def ended(process):
    """-> what a process says that is to end soon, and its status."""
    try:
        _, said = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return said, process.returncode


def started(root, out):
    """A run that makes data, and its workers."""
    command = [sys.executable, "tasks.py", *data_flags(out, sft_cases=20_000)]
    process = subprocess.Popen(command, cwd=root, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # which a shell's background jobs ignore
    workers, deadline = [], time.time() + 30
    while len(workers) < min(2, os.cpu_count()) and time.time() < deadline:
        time.sleep(0.2)
        found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
        workers = [int(word) for word in found.split()]
    time.sleep(0.5)
    return process, workers


needs_pgrep = pytest.mark.skipif(not shutil.which("pgrep"), reason="no pgrep")


@needs_pgrep
def test_a_dead_worker_ends_the_data_stage(root, tmp_path):
    process, workers = started(root, tmp_path)
    os.kill(workers[-1], signal.SIGKILL)
    said, status = ended(process)
    assert status == 2 and said.count("\n") == 1 and said.startswith("tasks.py: ") and "the same command goes on" in said, said
    assert not list((tmp_path / "data").glob("*.jsonl"))


@needs_pgrep
def test_ctrl_c_is_one_line_and_leaves_no_worker(root, tmp_path):
    for signals, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)) if sys.platform == "linux" else ((signal.SIGINT, 130),):
        process, workers = started(root, tmp_path)
        if signals == signal.SIGINT:
            os.killpg(process.pid, signals)                             # as a terminal does: to all of them
        else:
            process.kill()
        said, status = ended(process)                                   # returns when all that could write have ended
        assert status == code and said == ("stopped; the same command goes on\n" if code == 130 else "")
        assert workers


def test_what_cannot_be_written_is_one_line(root, tmp_path):
    file = tmp_path / "README.md"
    file.write_text("mine")
    for out in (file, file / "out", *(["/proc/x"] if sys.platform == "linux" else [])):
        done = subprocess.run([sys.executable, "tasks.py", *data_flags(out)], cwd=root, capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and str(out) in done.stderr, done.stderr
    assert file.read_text() == "mine"


def test_the_log_is_cut_at_the_checkpoint(tmp_path):
    log = tmp_path / "rl.jsonl"
    runs.cut_log(log, 1)
    log.write_text('{"step": 0}\n{"step": 1}\n{"step": 2}\n{"ste')   # killed in the middle of a line
    runs.cut_log(log, 1)
    assert log.read_text() == '{"step": 0}\n{"step": 1}\n'


def test_seconds_add_up_and_the_peak_memory_is_the_largest(tmp_path):
    tasks.add_seconds(tmp_path, "sft", 1.5)
    tasks.add_seconds(tmp_path, "sft", 2.0)
    tasks.add_seconds(tmp_path, "rl", 1.0)
    record = json.loads((tmp_path / "seconds.json").read_text())
    assert record["sft"] == 3.5 and record["rl"] == 1.0 and 10 < record["peak_memory_mb"] < 100_000
