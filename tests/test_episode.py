"""eval.py --episode: one problem as data and as text, by a model that follows a script; and by the shipped checkpoint."""

import re
import sys
from argparse import Namespace

import pytest

pytest.importorskip("torch")

import eval as course  # noqa: E402
import tasks  # noqa: E402
from answers import COURSE, EVERYDAY, Truth, checkpoint_of  # noqa: E402
from lab import episode  # noqa: E402
from tasks import Problem  # noqa: E402

RIGHT, WRONG, UNREADABLE = "print(2 * int(input()))\n", "print(int(input()))\n", ""
PROBLEM = Problem("Double it.", "n", 0, [["1", "2"], ["4", "8"]], [["5", "10"]], RIGHT, "a class")


def simulation(*lines, printed):
    return tasks.predict_answer(list(lines), (printed, ""))


class Script:
    """A model whose programs and simulations are given: of WRONG it believes on 1 that it prints 2, and why."""
    told = {(WRONG, "1"): simulation("We print 7.", "int('1') = 2.", "We print 2.", printed="2"),
            (WRONG, "4"): simulation("We print 4.", printed="4"),
            (RIGHT, "1"): "never to its end", (RIGHT, "4"): simulation("We print 8.", printed="8")}

    def __init__(self, *programs, fixes=()):
        self.programs, self.fixes = programs, dict(enumerate(fixes, 1))

    def write(self, prompts, turn):
        if not prompts:                                                 # all have submitted
            return []
        (prompt,) = prompts
        if prompt.startswith("Solve."):
            return [tasks.fence(self.programs[turn - 1]) if self.programs[turn - 1] else "no program"]
        assert prompt.startswith("Submit or fix.")
        return [self.fixes[turn]]

    def simulate(self, pairs):
        return [self.told.get(pair, "") for pair in pairs]

    def belief(self, pairs):
        return [tasks.parse_outcome(answer) for answer in self.simulate(pairs)]


@pytest.fixture
def truth(sandbox):
    return Truth(sandbox)


def test_an_episode_tells_beliefs_truths_the_pick_and_every_turn(truth):
    model = Script(UNREADABLE, WRONG, RIGHT, fixes=["#SUBMIT"])
    played = episode.play(model, truth, PROBLEM, 3, 4)
    assert played["statement"] == "Double it." and played["public"] == PROBLEM.public
    assert [program["code"] for program in played["programs"]] == [UNREADABLE, WRONG, RIGHT]
    assert [program["solves"] for program in played["programs"]] == [False, False, True]
    assert (played["pick"], played["tied"]) == (1, 2)                   # one of two believed right, as of the next: the first of them
    assert played["programs"][0]["runs"] == []
    first, second = played["programs"][1]["runs"]
    assert (first["stdin"], first["want"], first["believed"], first["true"], first["verdict"], first["mark"]) == (
        "1", "2", "2", "1", "right", ">>")
    assert (second["believed"], second["true"], second["verdict"], second["mark"], second["line"]) == ("4", "4", "wrong", "  ", None)
    cut_off, _ = played["programs"][2]["runs"]
    assert (cut_off["believed"], cut_off["verdict"], cut_off["mark"]) == ("nothing readable", "wrong", ">>")
    (turn,) = played["turns"]                                           # a program that cannot be read, and then #SUBMIT
    assert turn == {"code": "", "solves": False, "runs": [], "answer": "#SUBMIT"}


def test_the_first_wrong_line_is_found_in_the_words_that_the_model_learns(truth):
    """Explanations of any program name their loops; those that SFT teaches do not: that is no wrong line."""
    code = "r = 0\nfor x in [1, 2]:\n    r += x\nprint(r)\n"
    told = ["r = 0.", "Turn 1: x = 1.", "r = 0 + 1 = 1.", "Turn 2: x = 2.", "r = 1 + 2 = 3.", "The loop ends.", "We print 4."]
    model = Script(code)
    model.told = {(code, "1"): simulation(*told, printed="4")}
    run = episode.look(model, truth, episode.course.Attempt(PROBLEM, [code]))["runs"][0]
    assert (run["mark"], run["line"]) == (">>", 6)


def test_turns_are_those_of_self_rlef_and_the_last_program_is_not_asked_about(truth):
    fixes = [tasks.fence(WRONG), "first\n" + tasks.fence(RIGHT), "#SUBMIT"]
    played = episode.play(Script(WRONG, fixes=fixes), truth, PROBLEM, 1, 3)
    assert [turn["code"] for turn in played["turns"]] == [WRONG, WRONG, RIGHT]
    assert [turn["answer"] for turn in played["turns"]] == [fixes[0], fixes[1], ""]
    assert [turn["solves"] for turn in played["turns"]] == [False, False, True]
    played = episode.play(Script(WRONG, fixes=fixes), truth, PROBLEM, 1, 4)
    assert [turn["answer"] for turn in played["turns"]] == fixes


def test_the_text_marks_wrong_beliefs_and_their_first_wrong_line(truth):
    said = episode.text(episode.play(Script(WRONG, RIGHT, fixes=["#SUBMIT"]), truth, PROBLEM, 2, 3)).splitlines()
    assert "Program 0 (picked: the first of 2 believed to pass as many): really run, it fails a test" in said and "Program 1: really run, it passes all tests" in said
    (line,) = [k for k, row in enumerate(said) if "on 1: it believes 2, where 2 is wanted: right. Truly 1." in row][1:]
    assert said[line].lstrip().startswith(">>")
    told = said[line + 1:line + 4]
    assert [row.split("!")[-1].strip() for row in told] == ["We print 7.", "int('1') = 2.", "We print 2."]
    assert ["!" in row for row in told] == [True, False, False]         # the first wrong one alone
    assert not any(">>" in row for row in said if "it believes 4" in row)
    assert said[-1] == "    #SUBMIT"


def test_whom_it_asks(tmp_path):
    args = Namespace(ckpt=None, out=tmp_path, show=None)
    assert checkpoint_of(args) == COURSE
    assert checkpoint_of(Namespace(ckpt=None, out=tmp_path, show="prog.py")) == EVERYDAY
    for name in ("sft.pt", "rl.pt"):
        (tmp_path / name).touch()
        assert checkpoint_of(args) == tmp_path / name
    args.ckpt = tmp_path / "other.pt"
    assert checkpoint_of(args) == args.ckpt


def play(monkeypatch, *flags):
    monkeypatch.setattr(sys, "argv", ["eval.py", *map(str, flags)])
    course.main()


@pytest.mark.usefixtures("one_cpu_thread")
def test_the_shipped_model_plays_a_test_problem_of_the_seed_and_writes_nothing(tmp_path, monkeypatch, capsys):
    flags = ("--samples", 1, "--turns", 1, "--out", tmp_path / "out", "--preset", "quick", "--max-new-tokens-predict", 60, "--max-new-tokens-solve", 60)
    play(monkeypatch, "--episode", 2, *flags)
    said = capsys.readouterr().out
    problem = tasks.make_rows(Namespace(world="contest", world_size="cpu", seed=0), "test_problems", 0, 3)[2]  # as in the data file
    assert said.startswith("Test problem 2, ") and problem.statement in said and "course-seed0" in said
    assert len(re.findall(r"^Program \d", said, re.MULTILINE)) == 1 and "\nAttempt 1: " in said and not (tmp_path / "out").exists()
    with pytest.raises(SystemExit) as stop:
        play(monkeypatch, "--episode", -1, *flags)
    assert stop.value.code == 2 and "a number from 0 to 99, not -1" in capsys.readouterr().err
